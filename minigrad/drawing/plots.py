"""Plots of what learning walks on: a loss over two of its parameters, gradients over the layers.

Both draw into axes that you made, so that they stand beside whatever else you plot.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from minigrad.errors import DomainError, GraphError, ShapeError
from minigrad.nn.module import Module
from minigrad.tensor import no_grad

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_gradient_flow", "plot_loss_surface"]

RINGS = 12


def plot_loss_surface(
    axes: "Axes",
    loss: Callable[[float, float], Any],
    x: ArrayLike,
    y: ArrayLike,
    path: ArrayLike | None = None,
    label: str = "path",
) -> None:
    """Draw a loss over two parameters as contour lines, and the path of a descent on it.

    Parameters
    ----------
    axes : matplotlib Axes
        Where to draw. Titles and names of the axes are left to you.
    loss : function of two floats
        Its value there: a scalar, or a Tensor of a single element.
    x, y : array_like, shapes (X,) and (Y,)
        The grid: each parameter's values, rising.
    path : array_like, shape (S, 2), optional
        The points (x, y) of a descent, in order. The first is marked with a circle, the last with a
        star.
    label : str
        The path's entry in a legend.

    Raises
    ------
    ShapeError
        If the grid's values or the path have another shape.
    DomainError
        If the loss is the same wherever it is finite. Where it is not finite, no line is drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> import minigrad as mg
    >>> axes = Figure().add_subplot()
    >>> grid, path = np.linspace(-1, 1, 21), [(1, 1), (0, 0)]
    >>> mg.drawing.plot_loss_surface(axes, lambda a, b: a**2 + 4 * b**2, grid, grid, path)
    >>> axes.get_legend_handles_labels()[1]
    ['path']
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim != 1 or y.ndim != 1 or min(x.size, y.size) < 2:
        raise ShapeError(
            f"plot_loss_surface: x has shape {x.shape} and y {y.shape}; both must be 1-D, with at "
            "least 2 values"
        )
    with no_grad():
        losses = np.array([[float(loss(a, b)) for a in x.tolist()] for b in y.tolist()])
    heights = np.ma.masked_invalid(losses)
    lowest, highest = heights.min(), heights.max()
    if heights.count() == 0 or lowest == highest:
        raise DomainError(
            f"plot_loss_surface: the loss is {losses[0, 0]} at every point of the grid, or not "
            "finite; there are no contours to draw"
        )
    # Squares, so that the rings around the bottom of a bowl are evenly spaced.
    levels = lowest + (highest - lowest) * np.linspace(0, 1, RINGS + 2)[1:-1] ** 2
    labelled = levels[3::3]
    grey: dict[str, Any] = {"colors": "grey", "linewidths": 0.8}
    axes.contour(x, y, heights, np.setdiff1d(levels, labelled), **grey)
    # A set of their own: before Matplotlib 3.11 `clabel` cannot place labels at some of a set.
    rings = axes.contour(x, y, heights, labelled, **grey)
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])
    if path is None:
        axes.clabel(rings, fmt="%.3g", fontsize=8)
    else:
        points = np.asarray(path, dtype=float)
        draw_path(axes, points, label)
        places = places_off_the_path(rings, points, x, y)
        axes.clabel(rings, fmt="%.3g", fontsize=8, manual=places)


def places_off_the_path(
    rings: Any,
    path: np.ndarray[Any, Any],
    x: np.ndarray[Any, Any],
    y: np.ndarray[Any, Any],
) -> list[tuple[float, float]]:
    """For each ring the point of it, well inside the axes, that is farthest from the path.

    So a label is never crossed by the path as long as there is room for it anywhere.
    """
    corner, extent = np.array([x[0], y[0]]), np.array([x[-1] - x[0], y[-1] - y[0]])
    on_the_way = np.linspace(path[:-1], path[1:], 30).reshape(-1, 2) if len(path) > 1 else path
    obstacles = (on_the_way - corner) / extent
    places = []
    for line in rings.get_paths():
        points = (line.vertices - corner) / extent
        points = points[np.all((points > 0.08) & (points < 0.92), axis=1)]
        if len(points):
            gaps = np.linalg.norm(points[:, None] - obstacles, axis=-1).min(axis=1)
            place = corner + points[int(gaps.argmax())] * extent
            places.append((float(place[0]), float(place[1])))
    return places


def draw_path(axes: "Axes", path: np.ndarray[Any, Any], label: str) -> None:
    if path.ndim != 2 or path.shape[1] != 2:
        raise ShapeError(f"plot_loss_surface: path has shape {path.shape}; it must be (S, 2)")
    (line,) = axes.plot(path[:, 0], path[:, 1], ".-", markersize=4, linewidth=1, label=label)
    axes.plot(*path[0], "o", color=line.get_color(), markersize=7)
    axes.plot(*path[-1], "*", color=line.get_color(), markersize=11)


def plot_gradient_flow(axes: "Axes", model: Module, label: str = "gradient") -> None:
    """Draw how large the gradient of each layer is: √(mean of its squared entries), on a log scale.

    Call it after ``backward()``; once more, with another label, for another model or loss. Where a
    line falls steeply towards the input, the gradient vanishes on its way back.

    Parameters
    ----------
    axes : matplotlib Axes
        Where to draw.
    model : Module
        Its parameters' ``.grad`` is what is drawn, those of a layer taken together.
    label : str
        The line's entry in a legend.

    Raises
    ------
    GraphError
        If no parameter has a gradient.

    Examples
    --------
    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> import minigrad as mg
    >>> model = mg.nn.mlp([2, 3, 1], rng=0)
    >>> mg.sum_squared_error(model(np.ones((4, 2))), np.ones((4, 1))).backward()
    >>> axes = Figure().add_subplot()
    >>> mg.drawing.plot_gradient_flow(axes, model)
    >>> [tick.get_text() for tick in axes.get_xticklabels()]
    ['0', '2']
    """
    squares: dict[str, list[np.ndarray[Any, Any]]] = {}
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            layer = name.rpartition(".")[0] or name
            squares.setdefault(layer, []).append(np.square(parameter.grad).ravel())
    if not squares:
        raise GraphError(
            f"plot_gradient_flow: no parameter of {type(model).__name__} has a gradient; call "
            "backward() on a loss first"
        )
    sizes = [float(np.sqrt(np.concatenate(parts).mean())) for parts in squares.values()]
    positions: Sequence[int] = range(len(sizes))
    axes.plot(positions, sizes, "o-", label=label)
    axes.set_yscale("log")
    axes.set_xticks(positions, list(squares))
