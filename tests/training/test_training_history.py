import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad
from minigrad.errors import DomainError, MissingExtraError, StateError
from minigrad.training import History


def history_of(losses, **columns):
    history = History()
    for index, loss in enumerate(losses):
        row = {name: values[index] for name, values in columns.items()}
        history.append({"loss": loss, **row, "lr": 0.1, "seconds": 0.5})
    return history


@pytest.fixture
def history():
    return history_of(
        [3.0, 2.0, 1.0],
        accuracy=[0.3, 0.4, 0.9],
        validation_loss=[2.5, 1.5, 1.75],
        validation_accuracy=[0.5, 0.5, 0.25],
    )


def test_columns_are_plain_lists(history):
    assert history["loss"] == [3.0, 2.0, 1.0]
    assert history["epoch"] == [1, 2, 3]
    assert history.epochs == 3
    assert list(dict(history)) == list(history.names)
    assert "validation_loss" in history
    with pytest.raises(KeyError, match="no column 'val_loss'; there are epoch, loss, accuracy"):
        history["val_loss"]


def test_best(history):
    assert history.best() == {
        "epoch": 2,
        "loss": 2.0,
        "accuracy": 0.4,
        "validation_loss": 1.5,
        "validation_accuracy": 0.5,
        "lr": 0.1,
        "seconds": 0.5,
    }
    assert history.best("loss")["epoch"] == 3
    assert history.best("accuracy")["epoch"] == 3
    assert history.best("validation_accuracy")["epoch"] == 1
    assert history.best("accuracy", "min")["epoch"] == 1
    assert history_of([2.0, 1.0]).best()["epoch"] == 2
    with pytest.raises(DomainError, match=r"say with 'min' or 'max' whether less or more seconds"):
        history.best("seconds")
    with pytest.raises(DomainError, match="no epoch is finished"):
        History(["loss"]).best()


def test_a_nan_metric_is_never_the_best():
    history = history_of([1.0, 1.0, 1.0], f1=[float("nan"), 0.5, 0.75])
    assert history.best("f1", "max")["epoch"] == 3
    assert history.best("f1", "min")["epoch"] == 2


def test_rows_must_agree(history):
    with pytest.raises(StateError, match=r"the row has epoch, loss; the columns are epoch"):
        history.append({"loss": 1.0})


def test_to_dict_and_back_through_json(history):
    history.interrupted = True
    again = History.from_dict(json.loads(json.dumps(history.to_dict())))
    assert again.rows == history.rows
    assert again.names == history.names
    assert again.interrupted
    assert not again.stopped_early
    again.append(history.rows[0])
    assert again["epoch"] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"columns": {"loss": [1.0], "lr": []}, "stopped_early": False, "interrupted": False},
        {"columns": [1, 2], "stopped_early": False, "interrupted": False},
        {"columns": {"loss": 3.0}, "stopped_early": False, "interrupted": False},
    ],
)
def test_from_something_else(state):
    with pytest.raises(StateError, match="not what to_dict"):
        History.from_dict(state)


def test_repr_is_a_small_table(history):
    lines = repr(history).splitlines()
    assert lines[0] == "History of 3 epochs, * the best by validation_loss"
    assert len(lines) == 5
    assert lines[3].split() == ["*", "2", "2", "0.4", "1.5", "0.5", "0.1", "0.5"]
    assert repr(History(["loss"])) == "History of 0 epochs"
    losses = [1.0] * 100
    losses[49] = 0.5
    long = repr(history_of(losses)).splitlines()
    assert [line.split()[0] for line in long[2:]] == [
        *"1234",
        "...",
        "*",
        "...",
        *map(str, range(97, 101)),
    ]


def test_plot_has_a_panel_of_losses_and_one_of_metrics(history):
    pytest.importorskip("matplotlib")
    figure = history.plot()
    losses, metrics = figure.axes
    assert losses.get_title() == "Loss by epoch"
    assert metrics.get_title() == "Accuracy by epoch"
    for axes, name in ((losses, "loss"), (metrics, "accuracy")):
        assert axes.get_xlabel() == "epoch"
        assert axes.get_ylabel() == name
        train, validation, best = axes.get_lines()
        assert list(train.get_ydata()) == history[name]
        assert list(validation.get_ydata()) == history[f"validation_{name}"]
        assert list(validation.get_xdata()) == [1, 2, 3]
        assert list(best.get_xdata()) == [2, 2]
        assert [text.get_text() for text in axes.get_legend().get_texts()] == [
            f"train {name}",
            f"validation {name}",
            "best validation_loss: epoch 2",
        ]


def test_plot_without_metrics_or_validation():
    pytest.importorskip("matplotlib")
    (axes,) = history_of([2.0]).plot().axes
    assert len(axes.get_lines()) == 2
    with pytest.raises(DomainError, match="no epoch is finished"):
        History(["loss"]).plot()


@pytest.mark.parametrize("epochs", [1, 2, 3, 40])
def test_the_ticks_are_whole_epochs(epochs):
    pytest.importorskip("matplotlib")
    (axes,) = history_of([2.0] * epochs).plot().axes
    low, high = axes.get_xlim()
    ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
    assert ticks
    assert all(tick == round(tick) for tick in ticks)


def test_plot_of_several_metrics():
    pytest.importorskip("matplotlib")
    figure = history_of([2.0, 1.0], accuracy=[0.1, 0.2], recall=[0.3, 0.4]).plot()
    assert figure.axes[1].get_ylabel() == "metrics"
    labels = [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    assert labels == ["train accuracy", "train recall", "best loss: epoch 2"]


@pytest.mark.parametrize(
    ("suffix", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")]
)
def test_saving_a_plot_needs_no_display_and_no_pyplot(history, tmp_path, suffix, start):
    pytest.importorskip("matplotlib")
    path = tmp_path / f"curves.{suffix}"
    code = (
        "import json, sys\n"
        "from minigrad.training import History\n"
        f"History.from_dict(json.loads({json.dumps(history.to_dict())!r})).plot({str(path)!r})\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    environment["PYTHONPATH"] = str(Path(minigrad.__file__).parents[1])
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert path.read_bytes().startswith(start)


def test_plot_without_matplotlib(history, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.delitem(sys.modules, "minigrad.training.notebook_figure", raising=False)
    with pytest.raises(MissingExtraError, match=r"History.plot needs .*minigrad\[train\]"):
        history.plot()


def test_a_notebook_shows_the_plot_without_pyplot(history):
    """IPython asks the last value of a cell for ``_repr_png_()``."""
    pytest.importorskip("matplotlib")
    assert history.plot()._repr_png_().startswith(b"\x89PNG")
