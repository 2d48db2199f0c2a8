import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import MissingExtraError, NonFiniteError
from minigrad.nn import mlp
from minigrad.optim import SGD
from minigrad.training import accuracy, fit

SCRIPT = """
import numpy as np
import minigrad as mg
from minigrad.nn import mlp
from minigrad.optim import SGD
from minigrad.training import fit
model = mlp([4, 3], rng=0)
data = np.ones((40, 4)), np.zeros(40, int)
fit(model, mg.softmax_cross_entropy, SGD(model.parameters(), lr=0.1), data, epochs=2, batch_size=1)
"""


class Terminal(io.StringIO):
    def isatty(self):
        return True


def small_fit(**options):
    model = mlp([4, 3], rng=0)
    data = np.ones((40, 4)), np.zeros(40, int)
    optimizer = SGD(model.parameters(), lr=0.1)
    loss = options.pop("loss", mg.softmax_cross_entropy)
    return fit(model, loss, optimizer, data, epochs=2, batch_size=10, **options)


def environment():
    return {**os.environ, "PYTHONPATH": str(Path(mg.__file__).parents[1])}


def test_silence(capsys):
    small_fit(progress=False)
    assert capsys.readouterr() == ("", "")


def test_lines_where_there_is_no_terminal(capsys):
    history = small_fit(metrics=[accuracy])
    out, err = capsys.readouterr()
    assert out == ""
    first, second = err.splitlines()
    row = history.rows[0]
    assert first == (
        f"epoch 1/2: loss {row['loss']:.4g}, accuracy {row['accuracy']:.4g}, lr 0.1, "
        f"{row['seconds']:.2g} s"
    )
    assert second.startswith("epoch 2/2: ")


def test_a_bar_on_a_terminal(monkeypatch):
    pytest.importorskip("tqdm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    small_fit()
    text = terminal.getvalue()
    assert "| 0/8 [" in text
    assert "loss " in text
    assert "lr 0.1" in text
    assert text.count("epoch 1/2: ") == text.count("epoch 2/2: ") == 1


def test_on_a_narrow_terminal_lines_break_between_words(monkeypatch):
    pytest.importorskip("tqdm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "40")
    history = small_fit(metrics=[accuracy])
    lines = [line.split("\r")[-1] for line in terminal.getvalue().split("\n")]
    assert max(map(len, lines)) <= 40
    first, second = lines[:2]
    assert first.startswith("epoch 1/2: loss ")
    assert second.startswith("    ")
    row = history.rows[0]
    assert f"{first} {second.strip()}" == (
        f"epoch 1/2: loss {row['loss']:.4g}, accuracy {row['accuracy']:.4g}, lr 0.1, "
        f"{row['seconds']:.2g} s"
    )


def test_a_bar_wherever_it_is_asked_for(capsys):
    pytest.importorskip("tqdm")
    small_fit(progress=True)
    err = capsys.readouterr().err
    assert "| 0/8 [" in err
    assert "epoch 2/2: " in err


def test_the_bar_is_closed_and_the_note_told_on_ctrl_c(capsys):
    pytest.importorskip("tqdm")

    def loss(predictions, targets):
        raise KeyboardInterrupt

    assert small_fit(progress=True, loss=loss).interrupted
    assert "fit: interrupted after 0 of 2 epochs\n" in capsys.readouterr().err


def test_the_bar_is_closed_after_an_error(monkeypatch):
    pytest.importorskip("tqdm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with pytest.raises(NonFiniteError) as caught:
        small_fit(loss=lambda p, t: mg.softmax_cross_entropy(p, t) * float("nan"))
    assert caught.tb is not None  # as long as it lives, so does the bar
    *_, bar, line = terminal.getvalue().split("\r")
    assert line == bar.strip() == ""


def test_without_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    small_fit()
    assert terminal.getvalue().count("\n") == 2
    assert "\r" not in terminal.getvalue()
    with pytest.raises(MissingExtraError, match=r"'tqdm'.*pip install 'minigrad\[train\]'"):
        small_fit(progress=True)


def test_no_bar_in_a_pipe():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment(), capture_output=True, check=True
    )
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 2
    assert b"\r" not in done.stderr.replace(b"\r\n", b"\n")


def test_a_bar_in_a_real_terminal():
    pytest.importorskip("tqdm")
    pty, termios = pytest.importorskip("pty"), pytest.importorskip("termios")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    with subprocess.Popen([sys.executable, "-c", SCRIPT], env=environment(), stderr=theirs):
        os.close(theirs)
        text = b""
        try:
            while part := os.read(ours, 1024):
                text += part
        except OSError:
            pass  # how Linux tells that the other side is closed
    os.close(ours)
    assert b"/80 [" in text
    assert text.count(b"epoch 2/2: ") == 1


def test_a_run_without_stderr(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert small_fit().epochs == 2
