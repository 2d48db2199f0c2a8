import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minigrad.cli import main
from minigrad.data import write_csv
from minigrad.nn import mlp
from minigrad.optim import SGD
from minigrad.training import Run, load_model_state, save_checkpoint

ROOT = Path(__file__).parents[1]
# A process in the background may have inherited that Ctrl-C is ignored.
PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from minigrad.cli import main
sys.exit(main())
"""
IRIS = ["train", "iris", "--hidden", "5", "--epochs", "300"]


def started(*argv):
    """A run in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *map(str, argv)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def read_until_epoch(process, epoch):
    for line in process.stdout:
        if line.split()[:1] == [str(epoch)]:
            return
    raise AssertionError(process.stderr.read())


def run(capsys, *argv):
    assert main([str(arg) for arg in argv]) == 0
    return capsys.readouterr().out


def fails(capsys, *argv):
    assert main([str(arg) for arg in argv]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.removeprefix("minigrad: error: ")


def assert_same_model(first, second):
    (state, metadata), (other_state, other_metadata) = map(load_model_state, (first, second))
    assert list(state) == list(other_state)
    for name in state:
        np.testing.assert_array_equal(state[name], other_state[name], strict=True)
    assert metadata == other_metadata


@pytest.mark.parametrize("options", [[], ["--patience", "250"]])
def test_a_killed_run_goes_on_to_the_same_parameters(capsys, tmp_path, options):
    checkpoint, resumed, whole = (tmp_path / name for name in ("run.npz", "m.npz", "whole.npz"))
    argv = [*IRIS, *options, "--checkpoint", checkpoint, "--save", resumed]
    with started(*argv) as process:
        read_until_epoch(process, 20)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert not resumed.exists()
    out = run(capsys, *argv, "--resume")
    done = int(re.search(r"going on after epoch (\d+) of", out)[1])
    assert 19 <= done < 300
    assert re.search(rf"^ +{done + 1} ", out, re.MULTILINE)
    assert not re.search(rf"^ +{done} ", out, re.MULTILINE)
    run(capsys, *IRIS, *options, "--save", whole)
    assert_same_model(resumed, whole)


def test_ctrl_c_saves_what_there_is_and_the_run_can_go_on(capsys, tmp_path):
    checkpoint, model, plot = (tmp_path / name for name in ("run.npz", "m.npz", "c.png"))
    argv = [*IRIS, "--checkpoint", checkpoint, "--save", model, "--plot", plot]
    with started(*argv) as process:
        read_until_epoch(process, 20)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert "test accuracy" in out
    assert re.fullmatch(r"fit: interrupted after \d+ of 300 epochs\n", err)
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert load_model_state(model)[1]["target_names"] == ["setosa", "versicolor", "virginica"]
    run(capsys, *argv, "--resume")
    run(capsys, *IRIS, "--save", tmp_path / "whole.npz")
    assert_same_model(model, tmp_path / "whole.npz")


def test_a_finished_run_goes_on_for_more_epochs(capsys, tmp_path):
    checkpoint, model, whole = (tmp_path / name for name in ("run.npz", "m.npz", "whole.npz"))
    argv = ["train", "iris", "--checkpoint", checkpoint, "--save", model]
    run(capsys, *argv, "--epochs", 4)
    assert "after epoch 4" in run(capsys, *argv, "--epochs", 9, "--resume")
    run(capsys, "train", "iris", "--epochs", 9, "--save", whole)
    assert_same_model(model, whole)
    assert "test accuracy" in run(capsys, *argv, "--epochs", 9, "--resume")
    assert_same_model(model, whole)
    before = checkpoint.read_bytes()
    err = fails(capsys, *argv, "--epochs", 8, "--resume")
    assert err.endswith("it has 9 epochs behind it, more than --epochs 8\n")
    assert checkpoint.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        (["--lr", "0.2"], "--lr 0.1 there, 0.2 here"),
        (["--momentum", "0"], "--momentum 0.9 there, 0.0 here"),
        (["--hidden", "3", "4"], "--hidden 16 there, 3 4 here"),
        (["--activation", "tanh"], "--activation sigmoid there, tanh here"),
        (["--loss", "squared-error"], "--loss cross-entropy there, squared-error here"),
        (["--batch-size", "8"], "--batch-size 16 there, 8 here"),
        (["--dtype", "float32"], "--dtype float64 there, float32 here"),
        (["--patience", "3"], "--patience None there, 3 here"),
        (["--seed", "1", "--lr", "1"], "--lr 0.1 there, 1.0 here; --seed 0 there, 1 here"),
    ],
)
def test_other_settings_are_named(capsys, tmp_path, options, difference):
    argv = ["train", "iris", "--checkpoint", tmp_path / "run.npz"]
    run(capsys, *argv, "--epochs", 2)
    before = (tmp_path / "run.npz").read_bytes()
    err = fails(capsys, *argv, "--resume", *options, "--save", tmp_path / "m.npz")
    assert f"'{tmp_path / 'run.npz'}', a run with other settings: {difference}" in err
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]
    assert (tmp_path / "run.npz").read_bytes() == before


def test_other_data_are_noticed(capsys, tmp_path):
    data = tmp_path / "data.csv"
    rows = [[n, n % 2] for n in range(40)]
    write_csv(data, ["x", "kind"], rows)
    argv = ["train", data, "--epochs", 2, "--checkpoint", tmp_path / "run.npz"]
    run(capsys, *argv)
    run(capsys, *argv, "--resume")
    rows[5][0] = 5.5
    write_csv(data, ["x", "kind"], rows)
    err = fails(capsys, *argv, "--resume")
    assert re.search(r"other settings: data checksum \w{8} there, checksum \w{8} here\n", err)


def test_there_is_nothing_to_resume_from(capsys, tmp_path):
    path = tmp_path / "run.npz"
    argv = ["train", "iris", "--checkpoint", path, "--resume"]
    assert fails(capsys, *argv) == f"cannot read '{path}': No such file or directory\n"
    assert not path.exists()
    path.write_text("something else")
    assert f"'{path}' is no minigrad checkpoint" in fails(capsys, *argv)
    model = mlp([4, 16, 3], rng=0)
    save_checkpoint(path, Run(model, SGD(model.parameters(), lr=0.1)))
    assert fails(capsys, *argv) == f"'{path}' is no checkpoint of 'minigrad train'\n"
