import csv
import io

import numpy as np
import pytest

from minigrad.cli import main
from minigrad.data import Standardizer, load_digits, load_iris, write_csv
from minigrad.nn import mlp
from minigrad.ops.activation import softmax
from minigrad.training import load_model_state, save_model


def run(capsys, *argv):
    assert main([str(arg) for arg in argv]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def table(text):
    header, *rows = csv.reader(io.StringIO(text))
    return header, rows


@pytest.fixture
def flowers(tmp_path):
    """All flowers, columns in another order, with a name in front and no species."""
    iris = load_iris()
    header = ["name", *reversed(iris.feature_names)]
    rows = [[f"flower {n}", *reversed(x)] for n, x in enumerate(iris.x.tolist())]
    write_csv(tmp_path / "flowers.csv", header, rows)
    return tmp_path / "flowers.csv"


@pytest.mark.parametrize("loss", ["cross-entropy", "squared-error"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_classes_and_probabilities(capsys, tmp_path, flowers, loss, dtype):
    model = tmp_path / "m.npz"
    run(
        capsys, "train", "iris", "--epochs", 60, "--loss", loss, "--dtype", dtype,
        "--hidden", "--save", model,
    )  # fmt: skip
    header, rows = table(run(capsys, "predict", model, flowers))
    names = ["setosa", "versicolor", "virginica"]
    assert header == ["prediction", *(f"probability_{name}" for name in names)]
    state, metadata = load_model_state(model)
    iris = load_iris()
    x = (iris.x - metadata["standardizer"]["mean"]) / metadata["standardizer"]["std"]
    logits = x @ state["0.weight"].astype(float) + state["0.bias"]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = np.array([row[1:] for row in rows], float)
    np.testing.assert_allclose(found, p, rtol=1e-3 if dtype == "float32" else 1e-9, atol=1e-6)
    assert [row[0] for row in rows] == [names[k] for k in found.argmax(axis=1)]
    assert np.mean([row[0] == names[y] for row, y in zip(rows, iris.y, strict=True)]) > 0.8


def test_a_file_gets_what_stdout_gets(capsys, tmp_path, flowers):
    model, output = tmp_path / "m.npz", tmp_path / "species.csv"
    run(capsys, "train", "iris", "--epochs", 2, "--save", model)
    text = run(capsys, "predict", model, flowers)
    assert run(capsys, "predict", model, flowers, "--output", output) == ""
    assert output.read_text() == text
    assert len(text.splitlines()) == 151


def test_a_model_of_the_digits_takes_their_pixels(capsys, tmp_path):
    digits, model, path = load_digits(), tmp_path / "m.npz", tmp_path / "digits.csv"
    run(capsys, "train", "digits", "--epochs", 10, "--save", model)
    write_csv(path, digits.feature_names, digits.x[:300].tolist())
    header, rows = table(run(capsys, "predict", model, path))
    assert header[:2] == ["prediction", "probability_0"]
    assert np.mean([int(row[0]) == y for row, y in zip(rows, digits.y, strict=False)]) > 0.96


def test_regression_predicts_in_the_unit_of_the_target(capsys, tmp_path):
    data, model = tmp_path / "lines.csv", tmp_path / "m.npz"
    write_csv(data, ["x", "y"], [[n, 5000 + 40 * n] for n in range(60)])
    run(capsys, "train", data, "--task", "regression", "--hidden", "--epochs", 300, "--save", model)
    write_csv(tmp_path / "new.csv", ["x"], [[0], [7.5], [100]])
    header, rows = table(run(capsys, "predict", model, tmp_path / "new.csv"))
    assert header == ["prediction"]
    np.testing.assert_allclose(np.array(rows, float)[:, 0], [5000, 5300, 9000], rtol=1e-6)


def test_labels_of_a_csv_file_come_back_as_they_were(capsys, tmp_path):
    data, model = tmp_path / "pets.csv", tmp_path / "m.npz"
    rows = [[n % 2 + n / 100, "größe, L" if n % 2 else "7"] for n in range(40)]
    write_csv(data, ["weight", "kind"], rows)
    run(capsys, "train", data, "--save", model, "--lr", 0.5)
    header, predicted = table(run(capsys, "predict", model, data))
    assert header[1:] == ["probability_7", "probability_größe, L"]
    assert [row[0] for row in predicted] == [row[1] for row in rows]


def fails(capsys, folder, *argv):
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert main([str(arg) for arg in argv]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert err.startswith("minigrad: error: ")
    assert err.count("\n") == 1
    return err


def test_what_predict_refuses(capsys, tmp_path, flowers):
    model, output = tmp_path / "m.npz", tmp_path / "out.csv"
    run(capsys, "train", "iris", "--epochs", 2, "--save", model)

    other = tmp_path / "other.csv"
    write_csv(other, ["petal lenght (cm)", "petal width (cm)"], [[1, 2]])
    err = fails(capsys, tmp_path, "predict", model, other, "--output", output)
    assert f"'{other}' has no column 'sepal length (cm)'" in err

    write_csv(other, load_iris().feature_names, [[1, 2, 3, 4], [1, 2, "x", 4]])
    err = fails(capsys, tmp_path, "predict", model, other, "--output", output)
    place = f"'{other}', line 3, column 'petal length (cm)'"
    assert f"{place}: expected a finite number, found 'x'" in err

    err = fails(capsys, tmp_path, "predict", flowers, flowers, "--output", output)
    assert f"'{flowers}' is no minigrad model" in err
    err = fails(capsys, tmp_path, "predict", tmp_path / "no.npz", flowers)
    assert f"cannot read '{tmp_path / 'no.npz'}': No such file" in err
    err = fails(capsys, tmp_path, "predict", model, tmp_path / "no.csv")
    assert f"cannot read '{tmp_path / 'no.csv'}': No such file" in err
    err = fails(capsys, tmp_path, "predict", model, flowers, "--output", tmp_path / "no" / "a.csv")
    assert f"--output: cannot write '{tmp_path / 'no' / 'a.csv'}': No such file" in err
    err = fails(capsys, tmp_path, "predict", model, flowers, "--output", flowers)
    assert f"--output would overwrite '{flowers}', which is read" in err


def test_a_model_file_that_minigrad_train_did_not_write(capsys, tmp_path, flowers):
    save_model(tmp_path / "own.npz", mlp([4, 3], rng=0), task="classification")
    err = fails(capsys, tmp_path, "predict", tmp_path / "own.npz", flowers)
    assert "was not written by 'minigrad train --save': it tells nothing of mlp, " in err


def test_values_too_large_to_predict_from(capsys, tmp_path):
    path, model = tmp_path / "far.csv", tmp_path / "m.npz"
    run(capsys, "train", "iris", "--epochs", 1, "--dtype", "float32", "--save", model)
    write_csv(path, load_iris().feature_names, [[1, 2, 3, 4], [1e300, 1e300, 1e300, 1e300]])
    err = fails(capsys, tmp_path, "predict", model, path)
    assert "row 2 below the header leads to a prediction that is not finite" in err


def test_probabilities_do_not_overflow(capsys, tmp_path, flowers):
    iris, path = load_iris(), tmp_path / "m.npz"
    model = mlp([4, 3], rng=0)
    model[0].weight.data *= 1e4
    save_model(
        path,
        model,
        mlp={"sizes": [4, 3], "activation": "sigmoid", "output": None, "dtype": "float64"},
        task="classification",
        feature_names=iris.feature_names,
        target_names=iris.target_names,
        standardizer=Standardizer.fit(iris.x),
        target_standardizer=None,
    )
    _, rows = table(run(capsys, "predict", path, flowers))
    x = Standardizer.fit(iris.x).transform(iris.x)
    np.testing.assert_allclose(np.array([row[1:] for row in rows], float), softmax(model(x).data))


def test_a_model_file_that_contradicts_itself(tmp_path, capsys):
    model = mlp([2, 3], rng=0)
    mlp_of = {"sizes": [2, 3], "activation": "sigmoid", "output": None, "dtype": "float64"}
    facts = {
        "task": "classification",
        "feature_names": ["a", "b"],
        "target_names": ["x", "y"],
        "standardizer": None,
        "target_standardizer": None,
    }
    path = tmp_path / "model.npz"
    save_model(path, model, mlp=mlp_of, **facts)
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    assert main(["predict", str(path), str(tmp_path / "rows.csv")]) == 2
    error = capsys.readouterr().err
    assert "contradicts itself: target_names has 2 entries, the network 3" in error
