import os
import subprocess
import sys

import pytest

from minigrad.cli import main
from minigrad.graph import backpropagate, backward_pass

SCRIPT = """\
import sys

import numpy as np

import beside
import minigrad as mg

p = mg.Tensor([0.5, float(sys.argv[1])], requires_grad=True, name="p")
with np.errstate(divide="ignore"):
    loss = mg.sqrt(p).sum()
loss.backward()
print(__name__, sys.argv[1:], beside.NAME, p.grad.round(2).tolist())
sys.exit(int(sys.argv[2]))
"""


@pytest.fixture
def script(tmp_path):
    (tmp_path / "beside.py").write_text("NAME = 'beside'\n")
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


def run(*arguments, typed=None, folder=None):
    return subprocess.run(
        [sys.executable, "-m", "minigrad", "debug", *map(str, arguments)],
        capture_output=True,
        text=True,
        input=typed,
        cwd=folder,
        check=False,
    )


def test_the_script_runs_as_by_itself(script, tmp_path):
    done = run(script, "4.0", "7", "--at", folder=tmp_path.parent)
    assert done.stdout == "__main__ ['4.0', '7', '--at'] beside [0.71, 0.25]\n"
    assert done.stderr == "minigrad: nobody is at a terminal to answer: nothing stops\n"
    assert done.returncode == 7


def test_an_end_without_exit_is_success(script):
    script.write_text("print('done')\n")
    done = run(script)
    assert (done.stdout, done.returncode) == ("done\n", 0)


def test_without_a_terminal_a_nan_is_an_error_of_the_script(script):
    done = run("--on", "nonfinite", script, "0.0", "0")
    assert done.returncode == 1
    assert "NonFiniteError: backward pass 1: a gradient of" in done.stderr
    assert "an infinite slope" in done.stderr
    assert "runpy" not in done.stderr
    assert done.stderr.splitlines()[1].startswith(f'  File "{script}", line 11, in <module>')


def test_an_exception_is_shown_from_the_script_on(script):
    script.write_text("def f():\n    return 1 / 0\n\n\nf()\n")
    done = run(script)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[2] == f'  File "{script}", line 5, in <module>'
    assert lines[-1] == "ZeroDivisionError: division by zero"


def test_a_script_that_is_no_python(script):
    script.write_text("for\n")
    done = run(script)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "SyntaxError: invalid syntax"
    assert "debug.py" not in done.stderr


def read(terminal):
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux: the other end was closed
        return b""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("leave", "code"), [("c", 3), ("q", 0)])
def test_at_a_terminal_it_prompts(script, leave, code):
    import pty

    terminal, other_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "minigrad", "debug", "--at", "1", script, "4.0", "3"],
        stdin=other_end,
        stdout=other_end,
        stderr=other_end,
        env={**os.environ, "TERM": "dumb"},
    )
    os.close(other_end)
    os.write(terminal, f"n\ng\n{leave}\n".encode())
    shown = b""
    while part := read(terminal):
        shown += part
    os.close(terminal)
    text = shown.decode()
    assert process.wait() == code
    assert "start of backward pass 1" in text
    assert "step 2 of 2" in text
    assert "[1. 1.]" in text
    if leave == "q":
        assert "left backward pass 1 at step 2 of 2; no .grad has changed" in text
    else:
        assert "beside [0.71, 0.25]" in text


def test_what_it_changed_is_put_back(script, capsys):
    before = list(sys.path), list(sys.argv)
    script.write_text("import beside\n")
    assert main(["debug", str(script)]) == 0
    assert (sys.path, sys.argv) == before
    assert backward_pass.get() is backpropagate
    sys.modules.pop("beside")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: SCRIPT.py"),
        (["nowhere.py"], "there is no script 'nowhere.py'"),
        (["--at", "0", "x.py"], "argument --at: expected a whole number from 1 on, found '0'"),
        (["--on", "nan", "x.py"], "argument --on: expected one of nonfinite, found 'nan'"),
    ],
)
def test_what_is_wrong_with_the_command(arguments, message, capsys):
    assert main(["debug", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"minigrad: error: {message}")
    assert err.count("\n") == 1


def test_a_pass_that_never_came(script, capsys, monkeypatch):
    monkeypatch.setattr("minigrad.cli.debug.at_a_terminal", lambda: True)
    script.write_text("import beside\n")
    assert main(["debug", "--at", "3", str(script)]) == 0
    sys.modules.pop("beside")
    said = "minigrad: nothing stopped at backward pass 3: there were 0\n"
    assert capsys.readouterr().err == said
