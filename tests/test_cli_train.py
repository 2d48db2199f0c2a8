import re
from argparse import Namespace

import numpy as np
import pytest

from minigrad.cli import main
from minigrad.cli.parser import build_parser
from minigrad.cli.problem import kind_of, load_problem
from minigrad.cli.settings import settings_from
from minigrad.data import load_digits, load_iris, write_csv, write_idx
from minigrad.training import load_model_state

HEADING = """\
data          iris: 150 samples, 4 features, 3 classes
split         105 to train, 15 to validate, 30 to test
features      standardized

Name  Layer          Output shape  Parameters
---------------------------------------------
0     Linear(4, 16)  (N, 16)               80
1     Sigmoid()      (N, 16)                0
2     Linear(16, 3)  (N, 3)                51
---------------------------------------------
131 parameters, 131 trainable, 1,048 bytes

loss          cross-entropy
optimizer     SGD, lr 0.1, momentum 0.9
run           2 epochs, batch size 16, float64, seed 0

           train      train validation validation
epoch       loss   accuracy       loss   accuracy         lr    seconds
    1 """


def run(capsys, *argv):
    """What a successful run wrote to stdout; pytest's stderr is no terminal, so no bar."""
    assert main([str(arg) for arg in argv]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert all(len(line) <= 80 for line in out.splitlines() if "/" not in line)
    return out


def number(out, name):
    return float(re.search(rf"^{name} +(\S+)", out, re.MULTILINE)[1])


def epochs_in(out):
    return [int(n) for n in re.findall(r"^ +(\d+)(?: +[\d.e+-]+)+$", out, re.MULTILINE)]


def problem_of(*argv):
    args = build_parser().parse_args(["train", *map(str, argv)])
    kind = kind_of(args.data)
    settings = settings_from(args, kind)
    split_rng, _, _ = np.random.default_rng(settings.seed).spawn(3)
    return load_problem(args.data, kind, settings, split_rng)


def plane(path, rows=200):
    """price = 1000 + 300 · rooms − 20 · age, exactly."""
    rng = np.random.default_rng(5)
    rooms, age = rng.integers(1, 9, rows), rng.integers(0, 90, rows)
    price = 1000 + 300 * rooms - 20 * age
    write_csv(path, ["rooms", "price", "age"], np.stack([rooms, price, age], 1).tolist())
    return path


def idx_folder(folder, classes=4):
    rng = np.random.default_rng(7)
    folder.mkdir()
    for part, count in (("train", 200), ("t10k", 40)):
        labels = np.arange(count) % classes
        images = rng.integers(0, 60, (count, 6, 6))
        images[np.arange(count), labels] += 180
        write_idx(folder / f"{part}-images-idx3-ubyte", images.astype(np.uint8))
        write_idx(folder / f"{part}-labels-idx1-ubyte", labels.astype(np.uint8))
    return folder


def test_digits_with_the_readme_command(capsys, tmp_path):
    plot = tmp_path / "curves.png"
    out = run(capsys, "train", "digits", "--seed", 0, "--plot", plot)
    assert number(out, "test accuracy") >= 0.96
    assert epochs_in(out) == list(range(1, 31))
    assert "1,258 to train, 180 to validate, 359 to test" in out
    assert plot.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_iris(capsys, seed):
    out = run(capsys, "train", "iris", "--seed", seed)
    assert number(out, "test accuracy") >= 0.93


def test_digits_do_as_well_as_with_scikit_learn(capsys):
    neural_network = pytest.importorskip("sklearn.neural_network")
    problem = problem_of("digits")
    theirs = neural_network.MLPClassifier(
        (64,),
        activation="logistic",
        solver="sgd",
        learning_rate_init=0.5,
        momentum=0.9,
        nesterovs_momentum=False,
        batch_size=16,
        alpha=0,
        max_iter=30,
        n_iter_no_change=30,
        random_state=0,
    )
    with pytest.warns(neural_network._multilayer_perceptron.ConvergenceWarning):
        theirs.fit(*problem.train)
    ours = number(run(capsys, "train", "digits"), "test accuracy")
    assert ours >= theirs.score(*problem.test) - 0.01


def test_it_says_first_what_is_trained_on_what(capsys):
    assert run(capsys, "train", "iris", "--epochs", 2).startswith(HEADING)


def test_the_final_table_counts_every_test_sample(capsys):
    out = run(capsys, "train", "iris", "--epochs", 3, "--lr", 0.01)
    table = out[out.index("true \\ predicted") :].splitlines()
    assert table[0].split() == ["true", "\\", "predicted", "setosa", "versicolor", "virginica"]
    counts = np.array([line.split()[1:] for line in table[1:4]], int)
    assert counts.sum(axis=1).tolist() == [10, 10, 10]
    assert f"({counts.trace()} of 30)" in out
    assert number(out, "test accuracy") == pytest.approx(counts.trace() / 30, abs=1e-4)


def test_the_reported_loss_is_that_of_the_saved_model(capsys, tmp_path):
    path = tmp_path / "m.npz"
    out = run(capsys, "train", "iris", "--epochs", 5, "--hidden", "--save", path)
    state, _ = load_model_state(path)
    x, labels = problem_of("iris").test
    logits = x @ state["0.weight"] + state["0.bias"]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(30), labels]).mean()
    assert number(out, "test loss") == pytest.approx(loss, abs=1e-4)


def test_squared_error_of_classes(capsys, tmp_path):
    path = tmp_path / "m.npz"
    out = run(
        capsys, "train", "iris", "--loss", "squared-error", "--hidden", "--epochs", 30,
        "--save", path,
    )  # fmt: skip
    state, metadata = load_model_state(path)
    assert metadata["mlp"]["output"] == "softmax"
    x, rows = problem_of("iris", "--loss", "squared-error").test
    logits = x @ state["0.weight"] + state["0.bias"]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert rows.shape == (30, 3)
    assert number(out, "test loss") == pytest.approx(((p - rows) ** 2).sum() / 30, abs=1e-4)
    assert number(out, "test accuracy") >= 0.8


def test_regression_finds_a_plane(capsys, tmp_path):
    path = plane(tmp_path / "houses.csv")
    out = run(
        capsys, "train", path, "--target", "price", "--task", "regression", "--hidden",
        "--epochs", 200, "--dtype", "float64",
    )  # fmt: skip
    assert "2 features, target 'price'" in out
    assert "squared-error" in out
    assert "accuracy" not in out
    assert number(out, "test R2") == 1
    assert number(out, "test RMSE") < 1e-6


def test_regression_reports_in_the_unit_of_the_target(capsys, tmp_path):
    path, model = plane(tmp_path / "houses.csv"), tmp_path / "m.npz"
    argv = [path, "--target", "price", "--task", "regression", "--hidden", "--epochs", 1]
    out = run(capsys, "train", *argv, "--save", model)
    state, metadata = load_model_state(model)
    problem = problem_of(*argv)
    (mean,), (std,) = metadata["target_standardizer"].values()
    x, z = problem.test
    prices = z[:, 0] * std + mean
    found = (x @ state["0.weight"] + state["0.bias"])[:, 0] * std + mean
    squares = ((found - prices) ** 2).mean()
    assert std > 100
    assert number(out, "test RMSE") == pytest.approx(squares**0.5, rel=1e-4)
    assert number(out, "test R2") == pytest.approx(1 - squares / prices.var(), abs=1e-4)


def test_equal_targets_leave_r2_undefined(capsys, tmp_path):
    path = tmp_path / "flat.csv"
    write_csv(path, ["x", "y"], [[n, 5] for n in range(20)])
    out = run(capsys, "train", path, "--task", "regression", "--epochs", 1)
    assert "test R2       undefined: all targets equal" in out


def test_a_folder_of_images_has_its_own_test_set(capsys, tmp_path):
    folder = idx_folder(tmp_path / "images")
    out = run(capsys, "train", folder, "--epochs", 10)
    assert "180 to train, 20 to validate, 40 to test" in out
    assert "pixels in [0, 1]" in out
    assert "float32" in out
    assert number(out, "test accuracy") == 1


def test_the_sets_are_stratified_disjoint_and_all_there_is():
    digits = load_digits()
    problem = problem_of("digits", "--seed", 3)
    sets = [problem.train, problem.validation, problem.test]
    for (_, y), size in zip(sets, (1258, 180, 359), strict=True):
        shares = np.bincount(y) / np.bincount(digits.y)
        assert len(y) == size
        np.testing.assert_allclose(shares, size / 1797, atol=0.006)
    together = np.concatenate([x for x, _ in sets])
    assert sorted(map(bytes, together)) == sorted(map(bytes, digits.x))


def test_features_are_standardized_by_the_training_set(tmp_path):
    problem = problem_of("iris")
    x, _ = problem.train
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(x.std(axis=0), 1)
    everything = np.concatenate([s[0] for s in (problem.train, problem.validation, problem.test)])
    in_cm = everything * problem.standardizer.std + problem.standardizer.mean
    np.testing.assert_allclose(np.sort(in_cm, axis=0), np.sort(load_iris().x, axis=0))
    assert problem_of("digits").standardizer is None


def test_the_split_depends_on_the_seed_alone():
    base = problem_of("digits").test[0]
    np.testing.assert_array_equal(base, problem_of("digits", "--hidden", 5, "--lr", 1).test[0])
    assert not np.array_equal(base, problem_of("digits", "--seed", 1).test[0])


def test_shares_are_of_all_samples(capsys):
    out = run(capsys, "train", "iris", "--test-size", 0.4, "--validation-size", 0.4, "--epochs", 1)
    assert "30 to train, 60 to validate, 60 to test" in out


def test_the_same_command_gives_the_same_network(capsys, tmp_path):
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        run(capsys, "train", "iris", "--epochs", 3, "--seed", seed, "--save", tmp_path / name)
    a, b, c = (load_model_state(tmp_path / name)[0] for name in "abc")
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], strict=True)
    assert not np.array_equal(a["0.weight"], c["0.weight"])


def test_the_saved_model_is_described(capsys, tmp_path):
    path = tmp_path / "m.npz"
    run(
        capsys, "train", "iris", "--hidden", 7, 5, "--activation", "tanh", "--dtype", "float32",
        "--epochs", 1, "--save", path,
    )  # fmt: skip
    state, metadata = load_model_state(path)
    assert [(a.shape, a.dtype.name) for a in state.values()] == [
        ((4, 7), "float32"), ((7,), "float32"), ((7, 5), "float32"),
        ((5,), "float32"), ((5, 3), "float32"), ((3,), "float32"),
    ]  # fmt: skip
    assert metadata["mlp"] == {
        "sizes": [4, 7, 5, 3], "activation": "tanh", "output": None, "dtype": "float32",
    }  # fmt: skip
    assert metadata["task"] == "classification"
    assert metadata["feature_names"] == list(load_iris().feature_names)
    assert metadata["target_names"] == ["setosa", "versicolor", "virginica"]
    assert metadata["standardizer"]["mean"] == problem_of("iris").standardizer.mean.tolist()
    assert metadata["settings"]["--hidden"] == "7 5"


def test_patience_ends_the_run_and_keeps_the_best_network(capsys, tmp_path):
    out = run(
        capsys, "train", "digits", "--patience", 2, "--epochs", 200, "--lr", 1,
        "--save", tmp_path / "m.npz",
    )  # fmt: skip
    best = int(re.search(r"best validation loss after epoch (\d+)", out)[1])
    assert epochs_in(out)[-1] == best + 2 < 200
    run(capsys, "train", "digits", "--epochs", best, "--lr", 1, "--save", tmp_path / "best.npz")
    kept, expected = (load_model_state(tmp_path / name)[0] for name in ("m.npz", "best.npz"))
    for name in expected:
        np.testing.assert_array_equal(kept[name], expected[name])


def test_curves_in_the_format_of_the_suffix(capsys, tmp_path):
    for name, start in (("c.SVG", b"<?xml"), ("c.pdf", b"%PDF")):
        out = run(capsys, "train", "iris", "--epochs", 2, "--plot", tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)
        assert f"curves        '{tmp_path / name}'" in out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.SVG", "c.pdf"]


def test_a_table_too_wide_for_80_columns_is_left_out(capsys, tmp_path):
    path = tmp_path / "letters.csv"
    rows = [[n % 26, chr(97 + n % 26) * 4] for n in range(26 * 12)]
    write_csv(path, ["x", "letter"], rows)
    out = run(capsys, "train", path, "--epochs", 1)
    assert "26 classes" in out
    assert "predicted" not in out


def test_an_interrupted_run_is_tested_drawn_and_saved(capsys, tmp_path, monkeypatch):
    def interrupt_in_epoch_3(table, run):
        if run.history.epochs == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("minigrad.cli.epoch_table.EpochTable.on_epoch_end", interrupt_in_epoch_3)
    plot, model = tmp_path / "c.png", tmp_path / "m.npz"
    assert main(["train", "iris", "--plot", str(plot), "--save", str(model)]) == 130
    out, err = capsys.readouterr()
    assert "test accuracy" in out
    assert err == "fit: interrupted after 3 of 100 epochs\n"
    assert plot.exists()
    assert load_model_state(model)[1]["mlp"]["sizes"] == [4, 16, 3]


def test_a_run_interrupted_in_its_first_epoch_has_no_curves(capsys, tmp_path, monkeypatch):
    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("minigrad.training.loop.train_epoch", interrupt)
    plot, model = tmp_path / "c.png", tmp_path / "m.npz"
    argv = ["train", "iris", "--patience", "3", "--plot", str(plot), "--save", str(model)]
    assert main(argv) == 130
    out = capsys.readouterr().out
    assert "test accuracy" in out
    assert "best" not in out
    assert not plot.exists()
    assert model.exists()


def test_an_interruption_before_the_training_is_quiet(capsys, monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("minigrad.cli.problem.load_digits", interrupt)
    assert main(["train", "digits"]) == 130
    assert capsys.readouterr() == ("", "")


def test_help_shows_the_defaults_that_are_used(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit, match="0"):
        main(["train", "--help"])
    out = capsys.readouterr().out
    assert all(len(line) <= 80 for line in out.splitlines())
    rows = re.findall(r"^  --([a-z-]+) +(\S+) +(\S+) +(\S+) +(its own|\S+)$", out, re.MULTILINE)
    shown = {name.replace("-", "_"): values for name, *values in rows}
    assert list(shown) == ["hidden", "lr", "epochs", "batch_size", "test_size", "dtype"]
    args = build_parser().parse_args(["train", "digits"])
    for column, kind in enumerate(["digits", "iris", "CSV file", "IDX folder"]):
        settings = settings_from(Namespace(**vars(args)), kind)
        for name, values in shown.items():
            value = getattr(settings, name)
            text = {"hidden": lambda v: str(v[0]), "test_size": lambda v: str(v or "its own")}
            assert text.get(name, str)(value) == values[column]


def test_one_feature_is_one(capsys, tmp_path):
    path = tmp_path / "line.csv"
    path.write_text("x,y\n" + "".join(f"{i},{2 * i}\n" for i in range(30)))
    out = run(capsys, "train", path, "--task", "regression", "--epochs", 1)
    assert "30 samples, 1 feature, target 'y'" in out
