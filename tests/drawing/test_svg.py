"""The SVG: well-formed whatever is in it, alone on its page, legible without its style sheet."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import minigrad as mg
from minigrad.drawing.colours import DARK, LIGHT
from minigrad.drawing.picture import Arrow, Box, Picture
from minigrad.drawing.svg import svg_of
from minigrad.nn import mlp

SVG = "{http://www.w3.org/2000/svg}"

WICKED = "a\"b'c<d>&e</script>]]>\x00\x1b\ud800 → 名前\nnext"


def two_boxes(text):
    return Picture(
        title=text,
        boxes=(
            Box("parameter", text, "(1,)", (text,), group=0, tip=text),
            Box("op", text, "(1,)", ("NOT FINITE",), warning=True, result=True),
        ),
        arrows=(Arrow(0, 1, text), Arrow(0, 1, "y", dashed=True)),
        groups=(text,),
        legend=("solid line: " + text, "dashed line: no gradient"),
    )


def texts(root):
    return ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("direction", ["down", "right"])
def test_whatever_the_text_the_svg_is_well_formed_and_says_it(direction):
    svg = svg_of(two_boxes(WICKED), "mg", direction)
    root = ElementTree.fromstring(svg.encode())
    shown = [text.replace("\n", " ") for text in texts(root)]
    expected = "a\"b'c<d>&e</script>]]>\ufffd\ufffd\ufffd → 名前 next"
    assert shown.count(expected) == 4  # title, group, line, name of an input
    assert f"{expected}  (1,)" in shown
    assert "</script" not in svg
    assert "<d>" not in svg


def test_a_name_that_would_break_out_of_the_page_does_not():
    x = mg.Tensor([np.nan], requires_grad=True, name="</text><script>alert('\"')</script>")
    svg = mg.draw(x * 2.0).svg()
    root = ElementTree.fromstring(svg)
    assert "script" not in [element.tag.removeprefix(SVG) for element in root.iter()]
    assert "value nan" in texts(root)


def test_boxes_and_arrows_have_their_numbers():
    x = mg.Tensor(3.0, requires_grad=True, name="x")
    drawing = mg.draw(x * x + x)
    root = ElementTree.fromstring(drawing.svg())
    nodes = [g for g in root.iter(f"{SVG}g") if "node" in g.get("class", "").split()]
    assert [(g.get("data-node"), g.get("id")) for g in nodes] == [
        (str(number), f"{drawing.prefix}-n{number}") for number in range(3)
    ]
    assert [texts(g)[0] for g in nodes] == ["x  ()", "Multiply  ()", "Add  ()"]
    edges = [g for g in root.iter(f"{SVG}g") if g.get("class") == "edge"]
    ends = [(g.get("data-source"), g.get("data-target")) for g in edges]
    assert ends == [("0", "1"), ("0", "1"), ("1", "2"), ("0", "2")]


def test_two_drawings_on_one_page_share_no_id_and_no_style():
    x = mg.Tensor(3.0, requires_grad=True)
    one, other = mg.draw(x * x), mg.draw(x * x)
    ids = [set(re.findall(r'\bid="([^"]+)"', drawing.svg())) for drawing in (one, other)]
    assert len(ids[0]) == len(ids[1]) > 5
    assert not ids[0] & ids[1]
    style = re.search("<style>(.*)</style>", one.svg())[1]
    selectors = re.findall(r"(?:^|[{}])\s*([^{}@]+){", style)
    assert len(selectors) > 10
    assert all(selector.startswith(f"#{one.prefix}") for selector in selectors)


def test_every_id_occurs_once_and_what_is_referred_to_exists():
    svg = mg.draw(mg.softmax_cross_entropy(mlp([2, 3, 2])(np.ones((4, 2))), np.zeros(4, int))).svg()
    ids = re.findall(r'\bid="([^"]+)"', svg)
    assert len(ids) == len(set(ids))
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    assert set(root.get("aria-labelledby").split()) <= set(ids)


def test_a_screen_reader_hears_the_whole_graph():
    x = mg.Tensor(3.0, requires_grad=True, name="x")
    y = x * x
    y.backward()
    root = ElementTree.fromstring(mg.draw(y).svg())
    assert root.find(f"{SVG}title").text == "Graph of Multiply: 1 op, 1 parameter"
    assert root.find(f"{SVG}desc").text == (
        "Box 0: x  (); parameter; value 3; grad  6. "
        "Box 1: Multiply  (); value 9; grad  1; takes x from box 0, y from box 0."
    )


def test_nothing_is_loaded_and_nothing_runs():
    svg = mg.draw(mlp([2, 3, 2])(np.ones((4, 2)))).svg()
    assert set(re.findall(r"https?://[^\"' ]+", svg)) == {"http://www.w3.org/2000/svg"}
    assert "<script" not in svg
    assert "url(" not in svg
    assert "@import" not in svg


def test_colours_are_attributes_too_for_converters_without_variables():
    root = ElementTree.fromstring(mg.draw(mlp([2, 3, 2])(np.ones((4, 2)))).svg())
    for element in root.iter():
        if element.tag.removeprefix(SVG) in ("rect", "path", "text"):
            assert element.get("fill") in {*LIGHT.values(), "none"}
            assert "var(" not in str(element.attrib)


def luminance(colour):
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_contrasts(colours):
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for ground in ("surface", "frame", "op", "parameter", "input", "warning"):
        assert contrast(colours["ink"], colours[ground]) > 7  # WCAG AAA for text
    for ground in ("surface", "frame", "op", "warning"):
        assert contrast(colours["line"], colours[ground]) > 4.5  # AA: names of inputs
    for kind in ("op", "parameter", "input", "warning"):
        assert contrast(colours[f"{kind}-edge"], colours["surface"]) > 3  # AA for shapes


def test_kinds_differ_in_shape_and_words_not_only_in_colour():
    x = mg.Tensor([1.0], name="x")
    w = mg.Tensor([np.inf], requires_grad=True, name="w")
    root = ElementTree.fromstring(mg.draw(x + w).svg())
    found = {}
    for g in root.iter(f"{SVG}g"):
        if "node" in g.get("class", "").split():
            rect = g.find(f"{SVG}rect")
            look = rect.get("rx"), rect.get("stroke-dasharray"), rect.get("stroke-width")
            found[texts(g)[0].split()[0]] = look
    assert found == {"x": ("0", "4 3", "1.2"), "w": ("0", None, "2.5"), "Add": ("7", None, "2.5")}
    dashes = [p.get("stroke-dasharray") for p in root.iter(f"{SVG}path") if p.get("stroke-width")]
    assert dashes == ["5 4", None, None, "5 4"]  # x, w, and the two samples of the legend
