"""Plots of learning: what is drawn is what was computed."""

from io import BytesIO

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DomainError, GraphError, ShapeError

figures = pytest.importorskip("matplotlib.figure")


@pytest.fixture
def axes():
    figure = figures.Figure()
    yield figure.add_subplot()
    figure.savefig(BytesIO())  # a plot that cannot be rendered is none


def bowl(a, b):
    return mg.Tensor(a, requires_grad=True) ** 2 + 4 * mg.Tensor(b) ** 2


def rings_of(axes):
    """The levels and lines of all contours, in order."""
    sets = [zip(each.levels, each.get_paths(), strict=True) for each in axes.collections]
    return sorted((ring for each in sets for ring in each), key=lambda ring: ring[0])


def test_the_contours_of_a_bowl_are_evenly_spaced_ellipses(axes):
    grid = np.linspace(-1, 1, 201)
    mg.drawing.plot_loss_surface(axes, bowl, grid, grid)
    half_axes = []
    for level, path in rings_of(axes):
        x, y = path.vertices.T
        np.testing.assert_allclose(x**2 + 4 * y**2, np.full(len(x), level), atol=2e-4)
        half_axes.append(np.abs(y).max())
    np.testing.assert_allclose(np.diff(half_axes[:-1]), np.sqrt(5) / 13 / 2, rtol=0.01)


def test_x_is_the_first_argument_and_runs_to_the_right(axes):
    x, y = np.linspace(0, 1, 3), np.linspace(0, 10, 4)
    mg.drawing.plot_loss_surface(axes, lambda a, b: a, x, y)
    for level, path in rings_of(axes):
        np.testing.assert_allclose(path.vertices[:, 0], level)
        assert set(path.vertices[[0, -1], 1]) == {0, 10}
    assert axes.get_xlim() == (0, 1)
    assert axes.get_ylim() == (0, 10)


def test_the_path_is_drawn_point_by_point(axes):
    grid, path = np.linspace(-1, 1, 9), [(1.0, 0.5), (0.2, -0.5), (0.0, 0.1)]
    mg.drawing.plot_loss_surface(axes, bowl, grid, grid, path, label="lr 0.1")
    line, start, end = axes.lines
    np.testing.assert_array_equal(line.get_xydata(), path)
    np.testing.assert_array_equal(start.get_xydata(), path[:1])
    np.testing.assert_array_equal(end.get_xydata(), path[-1:])
    assert axes.get_legend_handles_labels()[1] == ["lr 0.1"]


def test_no_label_stands_on_the_path():
    """A zigzag across the valley, over the places where labels would stand without it."""
    backend = pytest.importorskip("matplotlib.backends.backend_agg")
    figure = figures.Figure(figsize=(5, 5))
    backend.FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    grid = np.linspace(-1, 1, 41)
    b = np.linspace(0.9, -0.3, 25)
    zigzag = np.stack([np.where(np.arange(25) % 2, 0.9, -0.9), b], axis=1)
    mg.drawing.plot_loss_surface(axes, bowl, grid, grid, zigzag)
    labels = [text for text in axes.texts if text.get_text()]
    assert len(labels) == 3
    figure.canvas.draw()
    along = axes.transData.transform(np.linspace(zigzag[:-1], zigzag[1:], 50).reshape(-1, 2))
    for label in labels:
        box = label.get_window_extent()
        assert not box.count_contains(along), label.get_text()
        assert axes.bbox.containsx(box.x0)
        assert axes.bbox.containsx(box.x1)
        assert axes.bbox.containsy(box.y0)
        assert axes.bbox.containsy(box.y1)


@pytest.mark.parametrize(
    ("x", "path", "words"),
    [
        ([[0.0, 1.0]], None, r"x has shape \(1, 2\) and y \(2,\); both must be 1-D"),
        ([0.0], None, r"x has shape \(1,\)"),
        ([0.0, 1.0], [0.5, 0.5], r"path has shape \(2,\); it must be \(S, 2\)"),
    ],
)
def test_shapes_a_surface_refuses(x, path, words):
    with pytest.raises(ShapeError, match=words):
        mg.drawing.plot_loss_surface(figures.Figure().add_subplot(), bowl, x, [0.0, 1.0], path)


@pytest.mark.parametrize("height", [2.5, np.nan, np.inf])
def test_a_surface_without_contours(height):
    grid = [0.0, 1.0, 2.0]
    with pytest.raises(DomainError, match=f"the loss is {height} at every point of the grid"):
        mg.drawing.plot_loss_surface(
            figures.Figure().add_subplot(), lambda a, b: height, grid, grid
        )


def test_a_surface_that_is_not_finite_everywhere(axes):
    grid = np.linspace(-1, 1, 41)
    mg.drawing.plot_loss_surface(axes, lambda a, b: np.inf if a < 0 else a + 1, grid, grid)
    rings = rings_of(axes)
    assert len(rings) == 12
    for level, path in rings:
        assert 1 < level < 2
        np.testing.assert_allclose(path.vertices[:, 0], level - 1)


def test_gradient_flow_is_the_root_mean_square_of_each_layer(axes):
    model = mg.nn.mlp([3, 4, 5, 2], rng=0)
    x, t = np.random.default_rng(1).normal(size=(2, 6, 3))
    mg.sum_squared_error(model(x), t[:, :2]).backward()
    mg.drawing.plot_gradient_flow(axes, model, label="one")
    for parameter in model.parameters():
        parameter.grad = 10 * parameter.grad
    mg.drawing.plot_gradient_flow(axes, model, label="ten times")
    one, ten = axes.lines
    expected = [
        np.sqrt(((layer.weight.grad**2).sum() + (layer.bias.grad**2).sum()) / numbers) / 10
        for layer, numbers in ((model[0], 16), (model[2], 25), (model[4], 12))
    ]
    np.testing.assert_allclose(one.get_ydata(), expected, rtol=1e-12)
    np.testing.assert_allclose(ten.get_ydata(), np.multiply(expected, 10), rtol=1e-12)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0", "2", "4"]
    assert axes.get_yscale() == "log"
    assert axes.get_legend_handles_labels()[1] == ["one", "ten times"]


def test_gradient_flow_needs_gradients():
    axes = figures.Figure().add_subplot()
    with pytest.raises(GraphError, match="no parameter of Sequential has a gradient; call backwa"):
        mg.drawing.plot_gradient_flow(axes, mg.nn.mlp([2, 1]))
