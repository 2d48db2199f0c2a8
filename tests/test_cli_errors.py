import sys

import pytest

from minigrad.cli import main
from minigrad.data import write_csv

PETS = "weight,age,kind\n4.5,3,cat\n22,7,dog\n"


def snapshot(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fails(capsys, folder, argv, code=2):
    """The one line on stderr of a command that leaves every file as it was."""
    before = snapshot(folder)
    assert main([str(arg) for arg in argv]) == code
    out, err = capsys.readouterr()
    assert snapshot(folder) == before
    assert err.startswith("minigrad: error: ")
    assert err.count("\n") == 1
    if code == 2:
        assert out == ""
    return err.removeprefix("minigrad: error: ")


def write(folder, text):
    path = folder / "pets.csv"
    path.write_text(text)
    return path


@pytest.fixture
def outputs(tmp_path):
    return [
        "--save", tmp_path / "m.npz", "--plot", tmp_path / "c.png",
        "--checkpoint", tmp_path / "run.npz",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "the following arguments are required: COMMAND (see minigrad --help)"),
        (["trian", "iris"], "invalid choice: 'trian'"),
        (["train"], "the following arguments are required: DATA (see minigrad train --help)"),
        (["train", "iris", "--lrate", "1"], "unrecognized arguments: --lrate"),
        (["train", "iris", "--lr", "0"], "argument --lr: expected a number above 0, found '0'"),
        (["train", "iris", "--lr", "-1"], "argument --lr: expected a number above 0, found '-1'"),
        (["train", "iris", "--lr", "nan"], "argument --lr: expected a number above 0, found 'nan'"),
        (["train", "iris", "--lr", "inf"], "argument --lr: expected a number above 0, found 'inf'"),
        (["train", "iris", "--lr", "fast"], "expected a number above 0, found 'fast'"),
        (["train", "iris", "--momentum", "1"], "--momentum: expected a number from 0 to below 1"),
        (["train", "iris", "--momentum", "-0.1"], "expected a number from 0 to below 1"),
        (["train", "iris", "--epochs", "0"], "--epochs: expected a whole number from 1 on"),
        (["train", "iris", "--epochs", "1.5"], "--epochs: expected a whole number from 1 on"),
        (["train", "iris", "--batch-size", "0"], "--batch-size: expected a whole number from 1"),
        (["train", "iris", "--hidden", "8", "0"], "--hidden: expected a whole number from 1 on"),
        (["train", "--hidden", "8", "iris"], "--hidden: expected a whole number from 1 on, found"),
        (["train", "iris", "--patience", "0"], "--patience: expected a whole number from 1 on"),
        (["train", "iris", "--seed", "-1"], "--seed: expected a whole number from 0 on, found"),
        (["train", "iris", "--test-size", "1"], "--test-size: expected a number between 0 and 1"),
        (["train", "iris", "--validation-size", "0"], "expected a number between 0 and 1, both"),
        (["train", "iris", "--activation", "sigmiod"], "'sigmiod' (did you mean 'sigmoid'?)"),
        (["train", "iris", "--loss", "cross_entropy"], "(did you mean 'cross-entropy'?)"),
        (["train", "iris", "--dtype", "float16"], "expected one of float32, float64, found"),
        (["train", "iris", "--task", "clustering"], "expected one of classification, regression"),
        (["train", "iris", "--task", "regression"], "--task is for a CSV file; 'iris' is none"),
        (["train", "digits", "--target", "x"], "--target is for a CSV file; 'digits' is none"),
        (["train", "iris", "--test-size", "0.6", "--validation-size", "0.5"], "cannot be split"),
        (["train", "digts"], "there is no 'digts' (did you mean digits?); give digits, iris, "),
        (["train", "Iris"], "there is no 'Iris' (did you mean iris?)"),
        (["train", "no/such.csv"], "there is no 'no/such.csv'; give digits, iris, a CSV file"),
        (["train", "iris", "--resume"], "--resume needs --checkpoint FILE"),
        (["predict", "m.npz"], "the following arguments are required: FILE.csv"),
    ],
)
def test_options(capsys, tmp_path, argv, message):
    assert message in fails(capsys, tmp_path, argv)


@pytest.mark.parametrize(
    ("text", "argv", "message"),
    [
        ("", [], "'{path}' is empty; expected a header row"),
        ("weight,kind\n", [], "'{path}' has a header row only"),
        (PETS + "1,2\n", [], "'{path}', line 4: expected 3 cells, one per column, found 2"),
        (PETS + "1,x,cat\n", [], "'{path}', line 4, column 'age': expected a finite number, found"),
        (PETS + "1,nan,cat\n", [], "'{path}', line 4, column 'age': expected a finite number"),
        (
            PETS + "1,,cat\n",
            [],
            "line 4, column 'age': expected a finite number, the cell is empty",
        ),
        (PETS, ["--target", "kin"], "'{path}' has no column 'kin' (did you mean 'kind'?)"),
        (PETS, ["--task", "regression"], "line 2, column 'kind': expected a finite number"),
        (PETS, ["--target", "age"], "line 2, column 'kind': expected a finite number, found 'cat'"),
        (PETS, [], "'{path}': 2 samples cannot be split so that each set has all 2 classes, of "),
        (
            "x,y\n1,2\n3,4\n",
            ["--task", "regression"],
            "'{path}': 2 samples are too few for a training, a validation and a test set",
        ),
        (
            PETS,
            ["--task", "regression", "--loss", "cross-entropy"],
            "--loss cross-entropy is for classes; regression takes squared-error",
        ),
    ],
)
def test_csv_files(capsys, tmp_path, outputs, text, argv, message):
    path = write(tmp_path, text)
    err = fails(capsys, tmp_path, ["train", path, *argv, *outputs])
    assert message.format(path=path) in err


def test_a_class_too_rare_to_split_is_named(capsys, tmp_path):
    path = tmp_path / "pets.csv"
    write_csv(path, ["x", "kind"], [[n, "emu" if n == 7 else "cat"] for n in range(50)])
    err = fails(capsys, tmp_path, ["train", path])
    assert "each set has all 2 classes, of which 'emu' has 1; change --test-size" in err
    assert "--task regression" in err


def test_a_folder_without_images(capsys, tmp_path):
    err = fails(capsys, tmp_path, ["train", tmp_path])
    assert f"'{tmp_path}' has no train-images file" in err
    err = fails(capsys, tmp_path, ["train", tmp_path, "--test-size", "0.3"])
    assert err == "--test-size: a folder of IDX files has a test set of its own\n"


@pytest.mark.parametrize("option", ["--save", "--plot", "--checkpoint"])
def test_places_that_cannot_be_written(capsys, tmp_path, option, monkeypatch):
    monkeypatch.setattr("minigrad.cli.train.fit", None)  # Nothing may have been trained by then.
    file = tmp_path / "file.txt"
    file.write_text("kept")
    for path, reason in (
        (tmp_path / "no" / "a.png", "No such file or directory"),
        (file / "a.png", "Not a directory"),
    ):
        err = fails(capsys, tmp_path, ["train", "iris", option, path])
        assert err == f"{option}: cannot write '{path}': {reason}\n"
    err = fails(capsys, tmp_path, ["train", "iris", option, tmp_path])
    assert err == f"{option}: '{tmp_path}' is a folder; give the name of a file\n"


def test_one_file_for_two_things(capsys, tmp_path):
    path = write(tmp_path, PETS)
    err = fails(capsys, tmp_path, ["train", path, "--save", tmp_path / "." / "pets.csv"])
    assert f"--save would overwrite '{path}', which is read" in err
    run = tmp_path / "run.npz"
    err = fails(capsys, tmp_path, ["train", "iris", "--save", run, "--checkpoint", run])
    assert err == "--checkpoint would overwrite the --save file; give another file\n"


@pytest.mark.parametrize("name", ["curves.xyz", "curves", "curves.txt"])
def test_a_picture_of_no_known_format(capsys, tmp_path, name):
    pytest.importorskip("matplotlib")
    path = tmp_path / name
    err = fails(capsys, tmp_path, ["train", "iris", "--plot", path])
    assert f"--plot: matplotlib cannot write '{path}'; its name must end in one of " in err
    assert ".png" in err


def test_matplotlib_is_missed_before_the_training(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backend_bases", None)
    err = fails(capsys, tmp_path, ["train", "iris", "--plot", tmp_path / "c.png"])
    assert err == (
        "--plot needs the package 'matplotlib', which is not installed: "
        "pip install 'minigrad[train]'\n"
    )


def test_a_run_that_diverges(capsys, tmp_path):
    argv = ["train", "iris", "--activation", "relu", "--lr", "1e300"]
    err = fails(
        capsys, tmp_path,
        [*argv, "--save", tmp_path / "m.npz", "--plot", tmp_path / "c.png"],
        code=1,
    )  # fmt: skip
    assert err.startswith("the loss is nan in epoch 1, batch 2, at lr 1e+300: ")
    assert err.endswith("; try a smaller --lr\n")


def test_a_bug_keeps_its_traceback(monkeypatch):
    def broken(*args, **options):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("minigrad.cli.train.fit", broken)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        main(["train", "iris"])
