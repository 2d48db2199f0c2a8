import numpy as np
import pytest

from minigrad.data import Standardizer
from minigrad.errors import DataError, DTypeError, StateError
from minigrad.nn import mlp
from minigrad.optim import SGD
from minigrad.training import Run, load_model_state, save_checkpoint, save_model


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_round_trip_is_exact(tmp_path, dtype):
    rng = np.random.default_rng(0)
    x = rng.normal(3, 2, size=(20, 4)).astype(dtype)
    standardizer = Standardizer.fit(x)
    architecture = {"sizes": (4, 6, 3), "activation": "relu", "output": "softmax"}
    model = mlp(**architecture, rng=1, dtype=dtype)
    path = tmp_path / "model.npz"
    save_model(
        path,
        model,
        mlp=architecture | {"dtype": np.dtype(dtype).name},
        task="classification",
        target_names=("a", "b", "ü"),
        standardizer=standardizer,
        accuracy=np.float32(0.5),
        nothing=None,
    )
    state, metadata = load_model_state(path)
    assert metadata["target_names"] == ["a", "b", "ü"]
    assert metadata["accuracy"] == 0.5
    assert metadata["nothing"] is None
    again = mlp(**metadata["mlp"])
    again.load_state_dict(state)
    rebuilt = Standardizer(**metadata["standardizer"])
    np.testing.assert_array_equal(rebuilt.mean, standardizer.mean)
    np.testing.assert_array_equal(rebuilt.std, standardizer.std)
    expected = model(standardizer.transform(x)).data
    np.testing.assert_array_equal(again(rebuilt.transform(x)).data, expected, strict=True)
    with np.load(path, allow_pickle=False) as archive:
        assert sorted(archive.files) == sorted(["header", *(f"model/{name}" for name in state)])


def test_metadata_json_cannot_hold(tmp_path):
    path = tmp_path / "model.npz"
    with pytest.raises(DTypeError, match=r"save_model: .*object.*metadata must be what JSON can"):
        save_model(path, mlp([2, 1]), something=object())
    assert not path.exists()


def test_a_state_in_place_of_the_model(tmp_path):
    path = tmp_path / "model.npz"
    with pytest.raises(
        DTypeError, match=r"(?s)save_model: model is .* \(dict\); it must be a Module"
    ):
        save_model(path, mlp([2, 1]).state_dict())
    assert not path.exists()


def test_files_that_are_none(tmp_path):
    path = tmp_path / "model.npz"
    with pytest.raises(StateError, match=r"load_model_state: cannot read .*No such file"):
        load_model_state(path)
    path.write_bytes(b"\x93NUMPY")
    with pytest.raises(StateError, match=r"is no minigrad model"):
        load_model_state(path)
    model = mlp([2, 1])
    save_checkpoint(path, Run(model, SGD(model.parameters(), lr=0.1)))
    with pytest.raises(StateError, match=r"is a minigrad checkpoint, not a minigrad model"):
        load_model_state(path)
    with pytest.raises(DataError, match="cannot write"):
        save_model(tmp_path / "no" / "model.npz", model)


def test_a_later_version_of_the_format(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    monkeypatch.setattr("minigrad.training.archive.VERSION", 2)
    save_model(path, mlp([2, 1]))
    monkeypatch.undo()
    with pytest.raises(StateError, match=r"has version 2 .* reads version 1"):
        load_model_state(path)
