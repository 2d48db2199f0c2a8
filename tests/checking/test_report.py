"""What a report says, as text, JSON, HTML and pictures."""

import json
import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad.checking import Report, gradcheck
from minigrad.checking.verdict import Comparison, Row
from minigrad.errors import DomainError, MissingExtraError


class WrongTanh(mg.Op):
    @staticmethod
    def forward(x):
        return np.tanh(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        return grad_out * (1 - out)


def wrong_tanh(x):
    return mg.call(WrongTanh, x)


X = np.array([[0.5, -1.0], [2.0, 0.3]])


def a_row(name="w", verdict="ok", **changes):
    return Row(name, (3, 4), "full", 12, 12, Comparison(1.0, 1.0, 1e-12, verdict, 0.0), **changes)


def test_the_table_of_a_failure():
    text = repr(gradcheck(wrong_tanh, X))
    lines = text.splitlines()
    assert lines[0] == "gradcheck of wrong_tanh: FAIL in input 0 at [0, 1]"
    assert " ".join(lines[1].split()) == (
        "name shape mode checked error analytic numeric ± bar verdict"
    )
    assert lines[2].startswith("input 0  (2, 2)  full   4 of 4 ")
    assert lines[2].endswith("  FAIL")
    assert lines[3].startswith("    at [0, 1]: analytic ")
    assert "4 of 4 entries are wrong" in lines[4]
    assert lines[-1] == (
        "reproduce: gradcheck(fn, inputs, mode='auto', directions=3, order=1, seed=0)"
    )
    assert "FAIL unless |a - n| <= 10*bar + 1e-09*size, where size = max(|a|, |n|)" in text
    assert max(map(len, lines)) <= 100


def test_numbers_that_are_right_need_no_second_line():
    lines = repr(gradcheck(mg.tanh, X)).splitlines()
    assert len(lines) == 11
    assert "reproduce" not in lines[-1]


def test_the_source_is_told_of_rows_that_are_not_ok():
    verdicts = ("ok", "vacuous", "kink", "inconclusive", "FAIL", "nondeterministic")
    for verdict in verdicts:
        row = a_row(source="model.py:12  h = tanh(x)")
        row.verdict = verdict
        report = Report("one", [row])
        assert ("model.py:12" in repr(report)) is (verdict != "ok")
        assert ("model.py:12" in report._repr_html_()) is (verdict != "ok")
        assert json.loads(report.to_json())["rows"][0]["source"] == row.source


def test_a_kink_tells_the_range():
    text = repr(gradcheck(mg.relu, np.array([0.0, 1.0]), seed=3))
    assert "at [0]: analytic 0, numeric from " in text
    assert "is at a kink in element [0]" in text


def test_columns_are_aligned_however_different_the_rows():
    rows = [a_row(f"layer.{k}.weight", "ok") for k in (1, 10, 100)]
    rows.append(a_row("encoder.block.7.attention.projection.weight.of.the.second.head"))
    lines = repr(Report("many", rows)).splitlines()[1:6]
    assert len({line.index("(3, 4)") for line in lines[1:]}) == 1
    assert len({len(line) for line in lines[1:]}) == 1
    long_name = lines[4].split()[0]
    assert long_name.startswith("encoder.block")
    assert long_name.endswith("second.head")
    assert "…" in long_name
    assert max(map(len, lines)) <= 100


def test_many_rows_and_none():
    many = Report("many", [a_row(str(k)) for k in range(500)])
    assert len(repr(many).splitlines()) == 510
    empty = Report("nothing", [])
    assert empty.ok
    assert empty.verdict == "vacuous"
    assert repr(empty).startswith("nothing: vacuous")
    assert json.loads(empty.to_json())["rows"] == []
    assert "<table>" in empty._repr_html_()


@pytest.mark.parametrize(
    ("verdict", "ok", "strict_ok"),
    [
        ("ok", True, True),
        ("vacuous", True, False),
        ("kink", True, False),
        ("inconclusive", False, False),
        ("FAIL", False, False),
        ("nondeterministic", False, False),
    ],
)
def test_what_counts_as_ok(verdict, ok, strict_ok):
    rows = [a_row("a"), a_row("b", verdict=verdict)]
    rows[1].verdict = verdict
    assert Report("", rows).ok is ok
    assert bool(Report("", rows)) is ok
    assert Report("", rows, strict=True).ok is strict_ok
    assert Report("", rows[:1], ["a rule writes to its input"]).ok is False


def test_rows_by_name():
    report = Report("", [a_row("a"), a_row("b")])
    assert report["b"] is report.rows[1]
    with pytest.raises(KeyError, match=r"'c' is not in the report; it has \['a', 'b'\]"):
        report["c"]


def test_json_says_everything_and_knows_no_nan():
    row = a_row("w", "inconclusive", precision=1e-7, source="model.py:12")
    row.worst = Comparison(float("nan"), float("inf"), float("-inf"), "inconclusive", 0.0)
    text = Report("t", [row], ["a problem"], True, "again()").to_json()
    assert "NaN" not in text
    assert "Infinity" not in text
    found = json.loads(text)
    assert " ".join(found) == "title ok verdict strict rule rows problems reproduce"
    assert found["problems"] == ["a problem"]
    assert found["reproduce"] == "again()"
    (only,) = found["rows"]
    assert (only["analytic"], only["numeric"], only["bar"]) == ("nan", "inf", "-inf")
    assert (only["shape"], only["checked"], only["total"]) == ([3, 4], 12, 12)
    assert (only["precision"], only["source"]) == (1e-7, "model.py:12")


def test_json_is_the_same_each_time():
    assert gradcheck(wrong_tanh, X).to_json() == gradcheck(wrong_tanh, X).to_json()


def test_html_is_escaped_and_has_no_colours_of_a_page():
    row = a_row("<script>alert(1)</script>", "FAIL", detail="a < b & c", source="<lambda>.py:1")
    row.verdict = "FAIL"
    html = Report("gradcheck of <lambda>", [row], ["x <y>"])._repr_html_()
    assert "<script>" not in html
    assert "gradcheck of &lt;lambda&gt;" in html
    assert "a &lt; b &amp; c" in html
    assert "x &lt;y&gt;" in html
    for colour in ("black", ": white;", "#fff", "#000"):
        assert colour not in html


def test_the_picture_shows_differences_slopes_step_and_bar(tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "ladder.png"
    figure = gradcheck(wrong_tanh, X).plot("input 0", path)
    assert path.read_bytes().startswith(b"\x89PNG")
    (axes,) = figure.axes
    assert axes.get_xscale() == axes.get_yscale() == "log"
    labels = [text.get_text() for text in axes.figure.legends[0].get_texts()]
    for start in ("truncation, slope 2", "rounding, slope", "plain", "bar", "analytic", "smallest"):
        assert any(label.startswith(start) for label in labels), (start, labels)
    lines = {line.get_label(): line.get_xydata() for line in axes.get_lines()}
    (x0, y0), (x1, y1) = lines["truncation, slope 2"][[0, -1]]
    assert np.log(y1 / y0) / np.log(x1 / x0) == pytest.approx(2)
    (x0, y0), (x1, y1) = lines["rounding, slope −1"][[0, -1]]
    assert np.log(y1 / y0) / np.log(x1 / x0) == pytest.approx(-1)


def test_no_pyplot_is_loaded_for_a_picture():
    pytest.importorskip("matplotlib")
    before = "matplotlib.pyplot" in sys.modules
    gradcheck(mg.exp, X).plot("input 0")
    assert ("matplotlib.pyplot" in sys.modules) is before


def test_without_matplotlib_there_is_the_table(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    report = gradcheck(mg.exp, np.array([1.0]))
    with pytest.raises(MissingExtraError, match=r"Report\.plot needs the package 'matplotlib'"):
        report.plot("input 0")
    lines = report.ladder_text("input 0").splitlines()
    assert lines[0].startswith("input 0 at [0]: analytic ")
    assert lines[1].split() == ["step", "difference", "error", "rounding"]
    steps = [float(line.split()[0]) for line in lines[2:]]
    assert steps == sorted(steps, reverse=True)
    assert sum(line.endswith("  chosen") for line in lines) == 1
    errors = [float(line.split()[2]) for line in lines[2:6]]
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)


def test_steps_and_differences_are_in_units_of_the_entry():
    report = gradcheck(mg.exp, np.array([0.01]), seed=1)
    row = report.rows[0]
    assert row.ladder[0].step < 0.01
    assert float(row.ladder[0].value) == pytest.approx(row.worst.analytic, rel=1e-4)


def test_a_row_without_differences_has_no_picture():
    report = gradcheck(mg.relu, np.array([0.0]))
    with pytest.raises(DomainError, match="no central differences to show; its verdict is kink"):
        report.plot("input 0")
    with pytest.raises(KeyError, match="'input 7' is not in the report"):
        report.ladder_text("input 7")
