"""The replay page: a whole backward pass in one HTML file, to be stepped through in a browser."""

import json
import re
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from minigrad.data.files import PathLike, replace_bytes
from minigrad.debugger.backward_pass import BackwardPass
from minigrad.debugger.replay_data import Recorder
from minigrad.debugger.replay_graph import replay_graph
from minigrad.tensor import Tensor

__all__ = ["Replay", "replay"]

SCRIPTS = (
    "replay_page.js",
    "replay_arrays.js",
    "replay_cards.js",
    "replay_graph.js",
    "replay.js",
)
RECURRING = {
    "after",
    "array",
    "before",
    "contribution",
    "gradient",
    "out",
    "ruleSource",
    "source",
    "value",
}
"""What is the same in many steps: arrays, and pieces of source."""


class Replay:
    """A recorded backward pass, as `replay` returns it. A notebook shows it as the page itself.

    Attributes
    ----------
    steps : int
        How many steps it has; the last is the one that fails, if one does.
    problem : str or None
        What is wrong with that step: ``Log.grad_x raises ValueError: ...``.
    data : dict
        All that the page shows, as plain values that JSON knows.
    svg : str
        The drawing of the graph.
    """

    def __init__(self, title: str, data: dict[str, Any], svg: str) -> None:
        self.title = title
        self.data = data
        self.svg = svg
        self.steps = len(data["steps"])
        self.problem = data["steps"][-1]["problem"] if self.steps else None

    def __repr__(self) -> str:
        how = "; the last one fails" if self.problem else ""
        return (
            f"Replay({self.steps} steps from {self.data['root']}{how}; "
            ".save('backprop.html') writes it)"
        )

    def html(self) -> str:
        """The page: one document with style, script, drawing and data in it."""
        parts = {
            "title": escape(self.title),
            "style": packaged("replay.css"),
            "script": "\n".join(map(packaged, SCRIPTS)),
            "graph": self.svg,
            # Nothing in a string can then end the script element or open a comment.
            "data": as_json(packed(self.data)).replace("<", "\\u003c"),
        }
        return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], packaged("replay.html"))

    def save(self, path: PathLike) -> None:
        """Write the page to a file, replacing it in one step.

        Raises
        ------
        DataError
            If the file cannot be written; an older one is then as it was.
        """
        replace_bytes("Replay.save", path, self.html().encode(errors="replace"))

    def _repr_html_(self) -> str:
        """The page in a frame of its own, where its script may run; without frames the drawing."""
        page = escape(self.html())
        style = "width: 100%; height: 820px; border: 1px solid #888; border-radius: 8px"
        title = escape(self.title)
        return f'<iframe srcdoc="{page}" title="{title}" style="{style}">{self.svg}</iframe>'

    def _repr_svg_(self) -> str:
        """The drawing of the graph, for notebooks exported to where no page can be."""
        return self.svg


def replay(root: Tensor, gradient: ArrayLike | None = None, check: bool | None = None) -> Replay:
    """Record the backward pass from a tensor as a page to step through, forwards and backwards.

    The page shows, step by step, the gradient that arrived and the contributions it is the sum of,
    the rule of each input in numbers at an entry of your choice, the line of source that made the
    tensor, and whether finite differences agree. Of large arrays it has corners and statistics.

    Parameters
    ----------
    root : Tensor
        Where the pass starts, usually a loss.
    gradient : array_like, optional
        The gradient with respect to ``root``, as for `Tensor.backward`.
    check : bool, optional
        Whether to check the rules of every step against finite differences, which takes longest; by
        default in a pass of up to 300 steps, and those that compute with up to 10,000 numbers.

    Returns
    -------
    Replay
        With ``.save(path)``, ``.html()``, and a display of its own in notebooks. No ``.grad`` has
        changed.

    Raises
    ------
    GraphError, GradientError
        As `Tensor.backward`, where the pass cannot start. If one of its steps fails, the page ends
        there and says why.

    Notes
    -----
    The page of a small network has 0.1 to 0.3 MB, that of a thousand ops about two.

    Examples
    --------
    >>> import minigrad as mg
    >>> w = mg.Tensor(0.6, requires_grad=True, name="w")
    >>> page = mg.replay(mg.sum_squared_error(mg.sigmoid(w * 1.5)[None], [0.0], factor=0.5))
    >>> page
    Replay(7 steps from Multiply at ...; .save('backprop.html') writes it)
    >>> page.save("backprop.html")  # doctest: +SKIP
    """
    with np.errstate(all="ignore"):  # the page is where one looks for what NumPy would warn of
        run = BackwardPass(root, gradient)
        data = Recorder(run, check).data()
    svg, said = replay_graph(run)
    for found, tensor in zip(data["tensors"], run.grads, strict=True):
        found |= said[tensor]
    return Replay(f"Backward pass from {data['root']}", data, svg)


def packed(data: dict[str, Any]) -> dict[str, Any]:
    """The same with all that recurs written once: what leaves a step arrives in the next one.

    In its place stands ``{"$": n}``, for the n-th of ``shared``, which comes first.
    """
    numbers: dict[str, int] = {}

    def put(node: Any) -> Any:
        if isinstance(node, list):
            return [put(part) for part in node]
        if not isinstance(node, dict):
            return node
        return {
            name: {"$": numbers.setdefault(as_json(part), len(numbers))}
            if name in RECURRING and part is not None
            else put(part)
            for name, part in node.items()
        }

    page = put(data)
    return {"shared": [json.loads(text) for text in numbers], "page": page}


def as_json(data: Any) -> str:
    return json.dumps(data, allow_nan=False, separators=(",", ":"))


@cache
def packaged(name: str) -> str:
    """The text of a file that lies beside this one."""
    return files("minigrad.debugger").joinpath(name).read_text(encoding="utf-8")
