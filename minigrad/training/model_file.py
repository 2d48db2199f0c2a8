"""Model files: a trained model's parameters, and what is needed to build it and read its output."""

from typing import Any

from numpy.typing import NDArray

from minigrad.data.files import PathLike
from minigrad.nn.module import Module
from minigrad.training.archive import read_archive, write_archive
from minigrad.training.inputs import check_model

__all__ = ["load_model_state", "save_model"]


def save_model(path: PathLike, model: Module, **metadata: Any) -> None:
    """Write a model's parameters and a description of it to one file, replacing it in one step.

    Parameters
    ----------
    path : str or Path
        The file; it is an ``.npz`` archive whatever its suffix.
    model : Module
        Whose ``state_dict()`` to save.
    **metadata
        Whatever else a reader must know, as JSON can hold it, arrays included: how to build the
        model, the names of features and classes, the standardizer. Tuples and arrays come back as
        lists, a `Standardizer` as a dict of ``mean`` and ``std``; all numbers come back exactly.

    Raises
    ------
    DTypeError
        If ``model`` is no Module, or JSON cannot hold the metadata.
    DataError
        If the file cannot be written; an older one is then as it was.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from minigrad.data import Standardizer, load_iris
    >>> from minigrad.nn import mlp
    >>> from minigrad.training import load_model_state, save_model
    >>> iris = load_iris()
    >>> architecture = {"sizes": [4, 8, 3], "activation": "tanh"}
    >>> model = mlp(**architecture, rng=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "iris.npz")
    ...     save_model(
    ...         path,
    ...         model,
    ...         mlp=architecture,
    ...         task="classification",
    ...         target_names=iris.target_names,
    ...         standardizer=Standardizer.fit(iris.x),
    ...     )
    ...     state, metadata = load_model_state(path)
    >>> again = mlp(**metadata["mlp"])
    >>> again.load_state_dict(state)
    >>> x = Standardizer(**metadata["standardizer"]).transform(iris.x)
    >>> bool((again(x) == model(x)).all())
    True
    >>> metadata["target_names"]
    ['setosa', 'versicolor', 'virginica']
    """
    check_model("save_model", model)
    write_archive("save_model", path, "model", metadata, {"model": dict(model.state_dict())})


def load_model_state(path: PathLike) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Read a file that `save_model` wrote.

    Returns
    -------
    state : dict of str to ndarray
        For ``model.load_state_dict``.
    metadata : dict
        What `save_model` was given beside the model.

    Raises
    ------
    StateError
        If the file cannot be read, is damaged, or is no model file.
    """
    metadata, groups = read_archive("load_model_state", path, "model")
    return groups.get("model", {}), metadata
