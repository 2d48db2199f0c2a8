"""``minigrad check``: what a function returns is checked, and the exit code tells."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad
from minigrad.cli import main

MODULE = """
import numpy as np
import minigrad as mg
from minigrad.checking import check_model
from minigrad.errors import DomainError
from minigrad.nn import mlp

class Cube(mg.Op):
    @staticmethod
    def forward(x):
        return x * x * x

    @staticmethod
    def grad_x(grad_out, out, x):
        return grad_out * 2 * x * x

def wrong(x):
    return mg.call(Cube, x)

X = np.array([1.0, -2.0])

def pair():
    return lambda x: x**3, X

def wrong_pair():
    return wrong, X

def by_hand():
    return lambda x: np.sum(x * x), X, lambda x: 2 * x

def wrong_by_hand():
    return lambda x: np.sum(x * x), X, lambda x: x

def kink():
    return mg.relu, np.array([0.0, 1.0])

def loss():
    return mg.exp(mg.Tensor(X, requires_grad=True)).sum()

def wrong_loss():
    return wrong(mg.Tensor(X, requires_grad=True)).sum()

def model():
    batch = np.ones((2, 4)), np.array([0, 1])
    return check_model(mlp([4, 3], rng=0), mg.softmax_cross_entropy, batch)

def number():
    return 3

def broken():
    raise DomainError("out of range")

def breaks_later():
    def fn(x):
        raise KeyError("later")
    return fn, X

constant = 3
"""


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Run ``minigrad check`` in a folder that holds the module; gives exit code, out and err."""
    (tmp_path / "own_gradients.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "own_gradients", raising=False)

    def check(function, *options):
        code = main(["check", function, *map(str, options)])
        out, err = capsys.readouterr()
        return code, out, err

    return check


@pytest.mark.parametrize(
    ("function", "code", "title"),
    [
        ("pair", 0, "gradcheck of <lambda>: ok"),
        ("wrong_pair", 1, "gradcheck of wrong: FAIL"),
        ("by_hand", 0, "gradcheck of <lambda>: ok"),
        ("wrong_by_hand", 1, "gradcheck of <lambda>: FAIL"),
        ("kink", 0, "gradcheck of relu: kink"),
        ("loss", 0, "check_graph of Tensor() float64 2.85362 = Sum(x) own_gradients.py:"),
        ("wrong_loss", 1, "check_graph of Tensor() float64 -7 = Sum(x) own_gradients.py:"),
        ("model", 0, "check_model of Sequential: ok"),
    ],
)
def test_what_a_function_returns_is_checked(check, function, code, title):
    found, out, err = check(f"own_gradients:{function}")
    assert (found, err) == (code, "")
    assert title in out.splitlines()[0]


def test_the_wrong_rule_is_named(check):
    _, out, _ = check("own_gradients:wrong_loss")
    (row,) = [line for line in out.splitlines() if line.startswith("Cube.grad_x")]
    assert row.endswith("FAIL")
    assert "own_gradients.py:18  return mg.call(Cube, x)" in out


def test_the_search_path_is_left_as_it_was(check):
    before = list(sys.path)
    check("own_gradients:pair")
    check("own_gradients:broken")
    assert sys.path == before


def test_options(check):
    code, out, _ = check(
        "own_gradients:pair", "--mode", "fast", "--order", 2, "--seed", 7, "--directions", 2
    )
    assert code == 0
    assert "grad of input 0" in out
    assert " fast " in out
    _, out, _ = check("own_gradients:wrong_pair", "--mode", "subset", "--seed", 7)
    assert "mode='subset'" in out
    assert "seed=7" in out


def test_strict_lets_a_kink_fail(check):
    assert check("own_gradients:kink", "--strict")[0] == 1
    assert check("own_gradients:model", "--strict")[0] == 0


def test_json(check, tmp_path):
    for function, ok in [("pair", True), ("wrong_loss", False)]:
        code, out, _ = check(f"own_gradients:{function}", "--json", tmp_path / "report.json")
        assert code == (0 if ok else 1)
        assert out.startswith(("gradcheck", "check_graph"))
        assert json.loads((tmp_path / "report.json").read_text())["ok"] is ok


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "the following arguments are required: MODULE:FUNCTION (see minigrad check --help)"),
        (["own_gradients"], "expected MODULE:FUNCTION, found 'own_gradients'"),
        ([":pair"], "expected MODULE:FUNCTION, found ':pair'"),
        (
            ["own_gradients.py:pair"],
            "'own_gradients.py' is a file; give the module's name, own_gradients:pair",
        ),
        (["own_gradient:pair"], "there is no module 'own_gradient' here or installed"),
        (["no.such:pair"], "there is no module 'no' here or installed"),
        (
            ["./own_gradients.py:pair"],
            "'./own_gradients.py' is a file; give the module's name, own_gradients:pair",
        ),
        (
            ["../elsewhere/own.py:pair"],
            "'../elsewhere/own.py' is a file; in its folder give own:pair",
        ),
        (["own_gradients:pare"], "'own_gradients' has no function 'pare'; 'pair'?"),
        (["own_gradients:zzz"], "'own_gradients' has no function 'zzz'\n"),
        (["own_gradients:constant"], "'constant' in 'own_gradients' is no function but 3"),
        (
            ["own_gradients:number"],
            "own_gradients:number returned int; expected a Tensor, whose graph is checked, "
            "(function, inputs), (function, inputs, gradient), or a Report, such as check_model's",
        ),
        (
            ["own_gradients:loss", "--order", "2"],
            "--order would have no effect: own_gradients:loss returned a Tensor",
        ),
        (
            ["own_gradients:model", "--mode", "full", "--seed", "1"],
            "--mode, --seed would have no effect: own_gradients:model returned a report that is "
            "complete",
        ),
        (["own_gradients:pair", "--order", "3"], "argument --order: expected one of 1, 2, found"),
        (["own_gradients:pair", "--mode", "quick"], "expected one of auto, full, fast, subset"),
        (["own_gradients:pair", "--directions", "0"], "expected a whole number from 1 on"),
        (["own_gradients:pair", "--seed", "-1"], "argument --seed: expected a whole number from 0"),
        (["own_gradients:pair", "--json", "no/such/file"], "--json: cannot write 'no/such/file'"),
    ],
)
def test_a_misuse_is_one_line_and_exit_code_2(check, argv, message, capsys):
    code, out, err = (main(["check"]), *capsys.readouterr()) if not argv else check(*argv)
    assert (code, out) == (2, "")
    assert err.startswith("minigrad: error: ")
    assert err.count("\n") == 1
    assert message in err


@pytest.mark.parametrize(
    ("function", "last"),
    [
        ("broken", "minigrad.errors.DomainError: out of range"),
        ("breaks_later", "KeyError: 'later'"),
    ],
)
def test_code_that_fails_shows_where_and_is_no_verdict(check, function, last):
    code, out, err = check(f"own_gradients:{function}")
    assert (code, out) == (2, "")
    assert err.startswith("Traceback")
    assert "own_gradients.py" in err
    assert err.endswith(f"{last}\n")


def test_a_module_that_fails_shows_where(check, tmp_path):
    (tmp_path / "needs_more.py").write_text("import no_such_module_at_all\n")
    code, _, err = check("needs_more:pair")
    assert code == 2
    assert 'needs_more.py", line 1' in err
    assert "No module named 'no_such_module_at_all'" in err


def test_as_a_command_in_a_folder(tmp_path):
    (tmp_path / "own_gradients.py").write_text(MODULE)
    done = subprocess.run(
        [sys.executable, "-m", "minigrad", "check", "own_gradients:wrong_pair"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(Path(minigrad.__file__).parents[1])},
    )
    assert done.returncode == 1
    assert done.stderr == ""
    assert done.stdout.startswith("gradcheck of wrong: FAIL in input 0 at [0]\n")
