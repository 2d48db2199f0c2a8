"""DOT and Mermaid: the same picture as text, escaped so that the tools read it."""

import shutil
import subprocess

import numpy as np
import pytest

import minigrad as mg
from minigrad.drawing.dot import dot_of
from minigrad.drawing.mermaid import mermaid_of
from minigrad.drawing.picture import Arrow, Box, Picture
from minigrad.nn import mlp

WICKED = Picture(
    title='a "title" \\',
    boxes=(
        Box("input", 'na"me\\', "(2,)", ("line 1\nstill line 1", "<b> & #quot; `md` [x] | {y}")),
        Box("op", "Ex\\N\\Gp", group=0, result=True),
    ),
    arrows=(Arrow(0, 1, 'x"\\', dashed=True),),
    groups=('layer "0"]\\',),
)


def mlp_loss():
    return mg.softmax_cross_entropy(mlp([2, 3, 2], rng=0)(np.ones((4, 2))), np.zeros(4, int))


def test_dot_escapes_quotes_and_backslashes():
    assert dot_of(WICKED).splitlines() == [
        "digraph {",
        '  graph [rankdir=TB, labelloc=t, fontname=monospace, label="a \\"title\\" \\\\"];',
        "  node [shape=box, fontname=monospace, fontsize=11];",
        "  edge [fontname=monospace, fontsize=10];",
        "  subgraph cluster_0 {",
        '    label="layer \\"0\\"]\\\\";',
        '    n1 [label="Ex\\\\N\\\\Gp\\l", style="filled,rounded", fillcolor="#eaf2ff", '
        "penwidth=2.5];",
        "  }",
        '  n0 [label="na\\"me\\\\  (2,)\\lline 1 still line 1\\l<b> & #quot; `md` [x] | {y}\\l", '
        'style="filled,dashed", fillcolor="#f0f1f3"];',
        '  n0 -> n1 [label="x\\"\\\\", style=dashed];',
        "}",
    ]


@pytest.mark.parametrize("what", ["wicked", "mlp", "right"])
def test_graphviz_reads_it(what):
    if not shutil.which("dot"):
        pytest.skip("Graphviz's dot is not installed")
    picture = WICKED if what == "wicked" else mg.draw(mlp_loss()).picture
    text = dot_of(picture, "right" if what == "right" else "down")
    run = subprocess.run(["dot", "-Tplain"], input=text.encode(), capture_output=True, check=False)
    assert run.stderr.decode() == ""
    lines = run.stdout.decode().splitlines()
    assert sum(line.startswith("node ") for line in lines) == len(picture.boxes)
    assert sum(line.startswith("edge ") for line in lines) == len(picture.arrows)


def test_graphviz_shows_the_text_as_it_was():
    if not shutil.which("dot"):
        pytest.skip("Graphviz's dot is not installed")
    run = subprocess.run(
        ["dot", "-Tsvg"], input=dot_of(WICKED).encode(), capture_output=True, check=True
    )
    svg = run.stdout.decode()
    for text in ("na&quot;me\\", "Ex\\N\\Gp", "layer &quot;0&quot;]\\", "a &quot;title&quot; \\"):
        assert f">{text}" in svg


def test_mermaid_writes_signs_as_their_numbers():
    assert mermaid_of(WICKED).splitlines() == [
        "flowchart TD",
        '  subgraph g0["layer #34;0#34;#93;#92;"]',
        '    n1("Ex#92;N#92;Gp")',
        "  end",
        '  n0["na#34;me#92;  #40;2,#41;<br/>line 1 still line 1<br/>'
        '#60;b#62; #38; #35;quot; #96;md#96; #91;x#93; #124; #123;y#125;"]',
        '  n0 -.->|"x#34;#92;"| n1',
    ]


def test_mermaid_of_a_network():
    lines = mermaid_of(mg.draw(mlp_loss()).picture, "right").splitlines()
    assert lines[0] == "flowchart LR"
    assert '  subgraph g0["layer 0"]' in lines
    assert '  subgraph g1["layer 2"]' in lines
    assert sum("-->" in line for line in lines) == 7
    assert sum("-.->" in line for line in lines) == 3


def test_what_is_not_finite_is_red_in_both():
    boxes = (Box("parameter", "w", warning=True), Box("op", "Log", warning=True), Box("op", "Exp"))
    picture = Picture(title="", boxes=boxes, arrows=())
    red = 'fillcolor="#ffe3e0", color="#c62828", penwidth=2.5];'
    shown = [line for line in dot_of(picture).splitlines() if "label=" in line][1:]
    assert [line.endswith(red) for line in shown] == [True, True, False]
    assert mermaid_of(picture).splitlines()[-2:] == [
        "  style n0 fill:#ffe3e0,stroke:#c62828,stroke-width:2.5px",
        "  style n1 fill:#ffe3e0,stroke:#c62828,stroke-width:2.5px",
    ]
