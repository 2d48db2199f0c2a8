"""``minigrad draw``: from a function of the user's, or a model file, to a picture in a file."""

from argparse import Namespace

import pytest

from minigrad.cli import main
from minigrad.cli.draw import draw_command
from minigrad.errors import DataError, DomainError

SOURCE = """
import minigrad as mg
from minigrad.nn import mlp

def loss():
    x = mg.Tensor(3.0, requires_grad=True, name="x")
    return x * x

def model():
    return mlp([4, 3, 2], rng=0)

def drawing():
    return mg.draw(loss(), direction="right")

def number():
    return 3

def broken():
    return 1 / 0

constant = 3
"""


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """The name of a module with things to draw, in the current folder."""
    monkeypatch.chdir(tmp_path)
    name = f"to_draw_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(SOURCE)
    return name


def draw(what, output, input_shape=None, direction="down"):
    return draw_command(
        Namespace(what=what, output=output, input_shape=input_shape, direction=direction)
    )


def test_a_loss_a_model_and_a_drawing(pictures, tmp_path):
    assert draw(f"{pictures}:loss", "loss.dot") == 0
    assert 'label="Multiply  ()' in (tmp_path / "loss.dot").read_text()
    assert draw(f"{pictures}:model", "model.mmd", [4], "right") == 0
    text = (tmp_path / "model.mmd").read_text()
    assert text.startswith("flowchart LR\n")
    assert "out #40;N, 2#41;" in text
    assert draw(f"{pictures}:drawing", "drawing.svg") == 0
    assert (tmp_path / "drawing.svg").read_text().startswith("<svg ")


def test_a_model_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "iris", "--epochs", "1", "--hidden", "5", "--save", "iris.npz"]) == 0
    capsys.readouterr()
    assert draw("iris.npz", "iris.mmd") == 0
    text = (tmp_path / "iris.mmd").read_text()
    assert "input  #40;N, 4#41;" in text
    assert "out #40;N, 3#41;" in text
    with pytest.raises(DomainError, match="must end in one of"):
        draw("iris.npz", "iris.npz")


@pytest.mark.parametrize(
    ("what", "output", "input_shape", "error", "message"),
    [
        ("{}:loss", "x.png", None, DomainError, "must end in one of .svg, .dot, .mmd, .html"),
        ("{}:loss", "nowhere/x.svg", None, DataError, "cannot write"),
        ("{}:loss", "x.svg", [4], DomainError, "--input-shape would have no effect"),
        ("{}:number", "x.svg", None, DomainError, "returned int; expected a Tensor"),
        ("{}:constant", "x.svg", None, DataError, "has no function 'constant'"),
        ("{}", "x.svg", None, DomainError, "expected MODULE:FUNCTION"),
        ("no_such_module:f", "x.svg", None, DataError, "there is no module 'no_such_module'"),
    ],
)
def test_what_is_at_fault_is_said(pictures, tmp_path, what, output, input_shape, error, message):
    with pytest.raises(error, match=message.replace(".", r"\.")):
        draw(what.format(pictures), output, input_shape)
    assert not (tmp_path / "x.svg").exists()


def test_an_error_in_the_users_code_is_shown_as_python_does(pictures, capsys):
    assert draw(f"{pictures}:broken", "x.svg") == 2
    shown = capsys.readouterr().err
    assert "return 1 / 0" in shown
    assert "ZeroDivisionError" in shown


def test_the_command_draws_what_a_function_returns(tmp_path, monkeypatch, capsys):
    (tmp_path / "drawn.py").write_text(
        "import minigrad as mg\n\n\ndef loss():\n    x = mg.Tensor(2.0, requires_grad=True)\n"
        "    return mg.exp(x)\n"
    )
    monkeypatch.chdir(tmp_path)
    assert main(["draw", "drawn:loss", "loss.svg", "--direction", "right"]) == 0
    assert "Exp" in (tmp_path / "loss.svg").read_text()
    assert main(["draw", "drawn:loss", "loss.gif"]) == 2
    assert "'loss.gif' must end in one of" in capsys.readouterr().err
    assert main(["draw", "drawn:loss", "loss.svg", "--direction", "up"]) == 2
