"""``mg.draw`` and the Drawing it returns."""

import os
import stat
from xml.etree import ElementTree

import numpy as np
import pytest

import minigrad as mg
from minigrad.drawing import Drawing
from minigrad.errors import DataError, DomainError, DTypeError, ShapeError
from minigrad.nn import Linear, mlp


def square():
    x = mg.Tensor(3.0, requires_grad=True, name="x")
    return x, x * x


def test_a_drawing_is_a_snapshot():
    x, y = square()
    drawing = mg.draw(y)
    before = drawing.svg(), drawing.dot(), drawing.mermaid(), drawing.html(), repr(drawing)
    x.data[...] = 100.0
    x.name = "other"
    y.backward()
    assert before == (
        drawing.svg(),
        drawing.dot(),
        drawing.mermaid(),
        drawing.html(),
        repr(drawing),
    )
    assert "value 3" in before[0]
    assert "no gradient yet" in before[0]
    assert "grad  600" not in before[0]
    assert "value 100" in mg.draw(x).svg()


def test_drawing_changes_nothing():
    model = mlp([2, 3, 2], rng=0)
    loss = mg.softmax_cross_entropy(model(np.ones((4, 2))), np.zeros(4, int))
    loss.backward()
    before = [(p.data.copy(), p.grad.copy(), p.name) for p in model.parameters()]
    mg.draw(loss).svg()
    mg.draw(model, input_shape=2).svg()
    for p, (data, grad, name) in zip(model.parameters(), before, strict=True):
        assert np.array_equal(p.data, data)
        assert np.array_equal(p.grad, grad)
        assert p.name == name
    assert model.training


def test_notebooks_get_the_svg():
    _, y = square()
    drawing = mg.draw(y)
    assert drawing._repr_svg_() == drawing.svg()
    root = ElementTree.fromstring(drawing._repr_html_())
    assert root.tag == "div"
    assert root[0].tag == "{http://www.w3.org/2000/svg}svg"


def test_the_repr_is_one_line():
    _, y = square()
    assert repr(mg.draw(y)) == "Drawing(Graph of Multiply: 1 op, 1 parameter)"


def test_the_page_is_one_file_with_the_drawing():
    x, _ = square()
    x.name = "</title><script>"
    page = mg.draw(x).html()
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert "<script" not in page
    assert "Graph of &lt;/title&gt;&lt;script&gt;: 1 parameter</title>" in page
    assert "<svg " in page


@pytest.mark.parametrize("suffix", [".svg", ".dot", ".mmd", ".html", ".SVG"])
def test_save_writes_the_format_of_the_suffix_and_the_same_bytes_each_time(tmp_path, suffix):
    _, y = square()
    path = tmp_path / f"graph{suffix}"
    path.write_text("an older file")
    mg.draw(y).save(path)
    first = path.read_bytes()
    mg.draw(y).save(str(path))
    assert path.read_bytes() == first
    start = {".svg": "<svg", ".dot": "digraph", ".mmd": "flowchart", ".html": "<!doctype"}
    assert first.decode().startswith(start[suffix.lower()])
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("name", ["graph.png", "graph"])
def test_save_refuses_another_suffix(tmp_path, name):
    _, y = square()
    with pytest.raises(DomainError, match=r"must end in one of \.svg, \.dot, \.mmd, \.html"):
        mg.draw(y).save(tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_a_file_that_cannot_be_written(tmp_path):
    _, y = square()
    with pytest.raises(DataError, match=r"Drawing\.save: cannot write .*nowhere"):
        mg.draw(y).save(tmp_path / "nowhere" / "graph.svg")


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    _, y = square()
    path = tmp_path / "graph.svg"
    path.write_text("an older file")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match="No space left"):
        mg.draw(y).save(path)
    assert path.read_text() == "an older file"
    assert os.listdir(tmp_path) == ["graph.svg"]
    assert stat.S_ISREG(path.stat().st_mode)


def test_the_direction():
    _, y = square()
    down, right = (
        ElementTree.fromstring(mg.draw(y, direction=direction).svg())
        for direction in ("down", "right")
    )
    assert float(down.get("height")) > float(right.get("height"))
    assert "rankdir=LR" in mg.draw(y, direction="right").dot()
    with pytest.raises(DomainError, match="direction is 'up'; it must be 'down' or 'right'"):
        mg.draw(y, direction="up")


def test_what_cannot_be_drawn():
    with pytest.raises(DTypeError, match="draw: cannot draw ndarray; it must be a Tensor"):
        mg.draw(np.zeros(3))
    _, y = square()
    with pytest.raises(DTypeError, match="input_shape is for models"):
        mg.draw(y, input_shape=(3,))
    with pytest.raises(ShapeError, match=r"Linear\(2, 1\)"):
        mg.draw(Linear(2, 1), input_shape=(3,))


def test_draw_is_reached_in_every_way():
    assert mg.draw is mg.drawing.draw
    assert isinstance(mg.draw(mg.Tensor(1.0)), Drawing)


@pytest.mark.parametrize("name", ["\ud800", "\0", "a\nb", ""])
def test_odd_names_can_be_saved(tmp_path, name):
    x = mg.Tensor(1.0, requires_grad=True, name=name)
    for suffix in ("svg", "dot", "mmd", "html"):
        mg.draw(x * 2.0).save(tmp_path / f"graph.{suffix}")
        assert (tmp_path / f"graph.{suffix}").read_text(encoding="utf-8")
