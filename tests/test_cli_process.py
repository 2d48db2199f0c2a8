import os
import pty
import subprocess
import sys
import termios
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import minigrad
from minigrad.cli import main

ROOT = Path(__file__).parents[1]


def minigrad_process(*argv, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "minigrad", *argv],
        cwd=ROOT,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )


def test_the_module_runs_and_tells_its_version():
    with minigrad_process("--version") as process:
        out, err = process.communicate()
    assert (process.returncode, out, err) == (0, f"minigrad {minigrad.__version__}\n".encode(), b"")


def test_an_error_is_the_exit_code():
    with minigrad_process("train", "digts") as process:
        out, err = process.communicate()
    assert (process.returncode, out) == (2, b"")
    assert err.startswith(b"minigrad: error: there is no 'digts'")


def test_the_installed_command_is_main():
    path = ROOT / "pyproject.toml"
    declared = tomllib.loads(path.read_text())["project"]["scripts"]["minigrad"]
    module, _, name = declared.partition(":")
    assert getattr(import_module(module), name) is main


def test_help_does_not_import_what_only_training_needs():
    code = (
        "import sys\n"
        "from minigrad.cli import main\n"
        "try:\n    main(['train', '--help'])\n"
        "finally:\n    sys.stderr.write(str({'matplotlib', 'tqdm'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stderr == "set()"
    assert done.stdout.startswith("usage: minigrad train")


def test_a_command_imports_only_its_own_rooms():
    code = (
        "import sys\n"
        "from minigrad.cli.parser import build_parser\n"
        "build_parser().parse_args(['debug', 'script.py'])\n"
        "rooms = {name.split('.')[1] for name in sys.modules if name.startswith('minigrad.')}\n"
        "print(rooms & {'checking', 'data', 'debugger', 'drawing', 'optim', 'training'})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


@pytest.mark.parametrize("argv", [["train", "iris", "--epochs", "300"], ["train", "--help"]])
def test_a_reader_that_leaves_is_no_error(argv):
    read_end, write_end = os.pipe()
    os.close(read_end)
    with minigrad_process(*argv, stdout=write_end) as process:
        os.close(write_end)
        _, err = process.communicate()
    assert err == b""
    # Where Python does not buffer, argparse itself passes over the error.
    assert process.returncode in ([141, 0] if "--help" in argv else [141])


def on_a_terminal(*argv):
    """What a run writes to stdout, a pipe, and to stderr, a terminal."""
    terminal, end = pty.openpty()
    termios.tcsetwinsize(end, (24, 80))
    with minigrad_process(*argv, stderr=end) as process:
        os.close(end)
        out = process.stdout.read()
        shown = b""
        try:
            while chunk := os.read(terminal, 1024):
                shown += chunk
        except OSError:  # Linux ends a closed terminal's output so.
            pass
    os.close(terminal)
    assert process.returncode == 0
    return out, shown


def test_a_bar_on_a_terminal_only():
    pytest.importorskip("tqdm")
    out, shown = on_a_terminal("train", "iris", "--epochs", "30")
    assert b"/30 [" in shown
    assert b"epoch" in shown
    assert b"[" not in out.partition(b"seconds")[2]
    assert out.count(b"\n    ") + out.count(b"\n   ") >= 30


def read_until(terminal, wanted):
    """What a terminal shows up to a text, or to its end."""
    shown = b""
    try:
        while wanted not in shown and (chunk := os.read(terminal, 1024)):
            shown += chunk
    except OSError:
        pass
    return shown


def test_ctrl_c_typed_at_a_terminal(tmp_path):
    """A line of its own tells it; the test set is judged, and the run goes on where it was left."""
    pytest.importorskip("tqdm")
    run = ["train", "iris", "--checkpoint", str(tmp_path / "run.npz"), "--epochs"]
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "minigrad", *run, "100000"])
    termios.tcsetwinsize(terminal, (24, 100))
    before = read_until(terminal, b"\r   30 ")
    os.write(terminal, b"\x03")
    after = read_until(terminal, b"never shown")
    os.close(terminal)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    assert b"/100000 [" in before
    assert b"^C\r\nfit: interrupted after " in after
    assert b"test accuracy" in after
    epochs = int(after.partition(b"interrupted after ")[2].split()[0])
    with minigrad_process(*run, str(epochs + 1), "--resume") as again:
        out, err = again.communicate()
    assert again.returncode == 0
    assert err == b""
    assert b"going on after epoch " in out


def test_no_bar_without_tqdm(capsys, monkeypatch):
    monkeypatch.setattr("minigrad.cli.epoch_table.find_spec", lambda name: None)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["train", "iris", "--epochs", "2"]) == 0
    assert capsys.readouterr().err == ""
