"""The replay page without a browser: its data, its escaping, and that nothing outside is needed."""

import json
import re
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pytest
from replay_cases import CASES, HOSTILE, network, neuron, not_finite, reused

import minigrad as mg
from minigrad.debugger.replay import SCRIPTS
from minigrad.debugger.replay_arrays import Window, array_data
from minigrad.errors import DataError, GradientError, GraphError


class Page(HTMLParser):
    """The elements of a page with their attributes, and the text of each script."""

    def __init__(self, html):
        super().__init__()
        self.elements = []
        self.scripts = []
        self.inside = ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts[-1] += data


def page_of(loss, **options):
    return Page(mg.replay(loss, **options).html())


def data_in(page):
    def refuse(name):
        raise ValueError(f"{name} is not JSON")

    found = json.loads(page.scripts[0], parse_constant=refuse)

    def restored(node):
        if isinstance(node, list):
            return [restored(part) for part in node]
        if not isinstance(node, dict):
            return node
        if "$" in node:
            return found["shared"][node["$"]]
        return {name: restored(part) for name, part in node.items()}

    return restored(found["page"])


def assert_shows(shown, array):
    """Every cell holds the very number of the array, in the dtype of the array."""
    array = np.asarray(array)
    assert tuple(shown["shape"]) == array.shape
    columns = shown["columns"]
    for row, cells in zip(shown["rows"], shown["cells"], strict=True):
        indices = [(*row, column) if array.shape else () for column in columns]
        expected = [array[index] for index in indices]
        np.testing.assert_array_equal([array.dtype.type(cell) for cell in cells], expected)


@pytest.mark.parametrize("name", CASES)
def test_every_number_is_that_of_the_steps(name):
    with np.errstate(all="ignore"):
        loss = CASES[name]()
        data = data_in(page_of(loss))
        for shown, step in zip(data["steps"], mg.steps(loss), strict=True):
            assert (shown["number"], shown["op"]) == (step.number, step.op)
            assert_shows(shown["out"], step.out)
            assert_shows(shown["gradient"], step.grad_out)
            for value, array in zip(shown["values"], step.values.values(), strict=True):
                assert_shows(value["array"], array)
            for arrival, expected in zip(shown["arrivals"], step.arrivals, strict=True):
                assert arrival["rule"] == expected.rule
                assert_shows(arrival["contribution"], expected.contribution)
            for flow, expected in zip(shown["flows"], step.flows, strict=True):
                assert flow["formula"] == expected.formula
                assert_shows(flow["contribution"], expected.contribution)
                assert_shows(flow["after"], expected.after)
                assert (flow["before"] is None) == (expected.before is None)
                assert float(flow["gain"]) == pytest.approx(expected.gain, nan_ok=True)
                assert flow["waiting"] == expected.waiting


def test_gradients_at_the_end_are_those_of_backward_and_none_is_stored():
    loss = network()
    leaves = [x for x in loss.inputs[0].inputs if x.op is None]
    data = data_in(page_of(loss))
    assert all(leaf.grad is None for leaf in leaves)
    loss.backward()
    shown = {tensor["line"]: tensor["gradient"] for tensor in data["tensors"]}
    for leaf in leaves:
        assert_shows(shown[repr(leaf)], leaf.grad)


def test_every_entry_shown_has_its_equation():
    data = data_in(page_of(network(), check=False))
    for step in data["steps"]:
        for flow in step["flows"]:
            cells = np.array(flow["contribution"]["cells"]).ravel()
            results = [equations[-1][2] for equations in flow["equations"]]
            np.testing.assert_allclose(results, cells, rtol=1e-5)


def test_the_page_of_a_network_is_small():
    assert len(mg.replay(network()).html().encode()) < 200_000


def chain(length):
    x = mg.Tensor([0.1, 0.5, 0.9, -0.3], requires_grad=True, name="x")
    y = x
    for _ in range(length):
        y = mg.tanh(y)
    return y.sum()


def test_a_long_pass_is_not_checked_unless_it_is_asked_for_and_its_page_grows_slowly():
    short, long = mg.replay(chain(20)), mg.replay(chain(400))
    assert all(step["check"] for step in short.data["steps"])
    assert not any(step["check"] for step in long.data["steps"])
    assert not any(step["check"] for step in mg.replay(chain(3), check=False).data["steps"])
    # What leaves a step and arrives in the next is written once: 2 arrays for a step, not 9.
    assert len(long.html()) - len(short.html()) < 400 * 2_500
    assert_shows(data_in(Page(long.html()))["steps"][300]["out"], long_step_out(300))


def test_a_step_with_large_arrays_is_not_checked_either():
    x = mg.Tensor(np.ones((80, 80)), requires_grad=True)
    steps = mg.replay((x * 2).sum() * 3).data["steps"]
    assert [step["check"] is not None for step in steps] == [True, True, False]
    asked = mg.replay((x * 2).sum() * 3, check=True).data["steps"]
    assert all(step["check"]["verdict"] == "ok" for step in asked)


def long_step_out(position):
    return list(mg.steps(chain(400)))[position].out


@pytest.mark.parametrize("name", CASES)
def test_the_page_needs_nothing_from_outside(name):
    html = mg.replay(CASES[name](), check=False).html()
    for tag, attributes in Page(html).elements:
        for attribute in ("src", "href", "srcset", "action", "data", "poster"):
            assert attributes.get(attribute, "data:,") == "data:,", (tag, attributes)
    without_namespace = html.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert re.findall(r"https?:|@import|url\((?!#)", without_namespace) == []
    assert "default-src 'none'" in html


def test_names_cannot_break_out_of_the_page():
    page = page_of(not_finite())
    assert len(page.scripts) == 2
    assert any(
        HOSTILE in tensor["line"] or HOSTILE in json.dumps(tensor["line"])
        for tensor in data_in(page)["tensors"]
    )
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert page.elements[0][0] == "html"


def test_a_name_that_is_no_text_can_be_saved(tmp_path):
    x = mg.Tensor(2.0, requires_grad=True)
    loss = x * 3.0
    loss.name = "\udc80"
    mg.replay(loss).save(tmp_path / "page.html")
    assert b"Backward pass from" in (tmp_path / "page.html").read_bytes()


def test_nan_is_told_and_traced():
    data = data_in(page_of(not_finite()))
    assert "log of 0" in data["report"]
    steps = {step["op"]: step["notFinite"] for step in data["steps"] if step["notFinite"]}
    assert "its value" in steps["Log"]
    assert data_in(page_of(neuron()))["report"] is None


def test_a_wrong_rule_is_told():
    class Wrong(mg.Op):
        @staticmethod
        def forward(x):
            return x * x

        @staticmethod
        def grad_x(grad_out, out, x):
            grad_x = grad_out * x
            return grad_x

    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    verdicts = [
        step["check"]["verdict"] for step in data_in(page_of(mg.call(Wrong, x).sum()))["steps"]
    ]
    assert verdicts == ["ok", "FAIL"]
    assert data_in(page_of(neuron(), check=False))["steps"][0]["check"] is None


def test_the_source_is_marked_where_the_op_was_called():
    step = data_in(page_of(reused()))["steps"][3]
    assert step["op"] == "Exp"
    (marked,) = [text[start:end] for _, text, start, end in step["source"]["lines"] if end > start]
    assert marked == step["source"]["expression"] == "mg.exp(h)"


def test_a_leaf_alone_and_an_empty_array_have_a_page():
    leaf = mg.Tensor(2.0, requires_grad=True, name="alone")
    assert data_in(page_of(leaf))["steps"] == []
    empty = mg.Tensor(np.zeros((0, 3)), requires_grad=True)
    assert data_in(page_of(empty.sum()))["steps"][0]["flows"][0]["contribution"]["cells"] == []


def test_a_gradient_to_start_from():
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    data = data_in(page_of(x * 3.0, gradient=[1.0, 10.0]))
    assert data["steps"][0]["flows"][0]["contribution"]["cells"] == [[3.0, 30.0]]


def test_large_arrays_show_corners_and_the_entry_that_matters():
    array = np.zeros((100, 50))
    array[40, 20] = -7.0
    shown = array_data(array, Window(array, 6))
    assert shown["rows"] == [[0], [1], [2], [40], [97], [98], [99]]
    assert shown["columns"] == [0, 1, 2, 20, 47, 48, 49]
    assert shown["peak"] == [40, 20]
    array[98, 30] = np.nan
    assert array_data(array, Window(array, 6))["peak"] == [98, 30]
    assert shown["statistics"] == {
        "size": 5000, "zero": 4999, "nan": 0, "inf": 0, "min": -7.0, "max": 0.0,
        "mean": -7 / 5000, "norm": 7.0,
    }  # fmt: skip


def test_save_replaces_the_file_in_one_step(tmp_path):
    page = mg.replay(neuron(), check=False)
    page.save(tmp_path / "backprop.html")
    assert (tmp_path / "backprop.html").read_text(encoding="utf-8") == page.html()
    assert [path.name for path in tmp_path.iterdir()] == ["backprop.html"]
    with pytest.raises(DataError, match=r"Replay.save: cannot write .*missing"):
        page.save(tmp_path / "missing" / "backprop.html")


def test_a_notebook_gets_a_frame_with_the_drawing_as_its_fallback():
    page = mg.replay(neuron(), check=False)
    ((frame, attributes), *inside) = Page(page._repr_html_()).elements
    assert frame == "iframe"
    assert attributes["srcdoc"] == page.html()
    assert inside[0][0] == "svg"
    assert page._repr_svg_().startswith("<svg")


def test_repr_is_one_line():
    page = mg.replay(neuron(), check=False)
    assert repr(page) == (
        f"Replay({page.steps} steps from {page.data['root']}; .save('backprop.html') writes it)"
    )
    assert page.data["root"].startswith("Divide at replay_cases.py:")


def test_errors_are_those_of_backward():
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(GradientError, match="needs a gradient of shape"):
        mg.replay(x * 2.0)
    with pytest.raises(GraphError, match="requires no gradient"):
        mg.replay(mg.Tensor(1.0))


def test_the_drawing_says_nothing_of_gradients_from_before():
    loss = reused()
    loss.backward()
    before = mg.replay(loss, check=False).svg
    fresh = mg.replay(reused(), check=False).svg
    assert re.findall(r">([^<]*grad[^<]*)<", before) == re.findall(r">([^<]*grad[^<]*)<", fresh)


def test_the_parts_of_the_page_are_in_the_package():
    folder = files("minigrad.debugger")
    for name in ("replay.html", "replay.css", *SCRIPTS):
        assert folder.joinpath(name).is_file()
        assert "</script" not in folder.joinpath(name).read_text() or name == "replay.html"


def test_arrays_of_one_shape_show_the_same_places_in_a_step():
    step = data_in(page_of(network(), check=False))["steps"][2]
    assert step["op"] == "Sigmoid"
    contribution = step["flows"][0]["contribution"]
    place = contribution["peak"]
    for shown in (step["gradient"], step["out"], step["values"][0]["array"]):
        assert shown["shape"] == contribution["shape"]
        assert shown["rows"] == contribution["rows"]
        assert shown["columns"] == contribution["columns"]
        assert [place[0]] in shown["rows"]
        assert place[1] in shown["columns"]


def test_the_places_shown_are_those_of_what_is_not_finite():
    x = mg.Tensor(np.full(50, 2.0), requires_grad=True)
    scale = np.ones(50)
    scale[20] = np.inf
    with np.errstate(all="ignore"):
        loss = (mg.exp(x) * scale).sum()
        step = data_in(page_of(loss, check=False))["steps"][1]
    for shown in (step["gradient"], step["out"], step["flows"][0]["contribution"]):
        assert 20 in shown["columns"]
