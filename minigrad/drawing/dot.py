"""A picture in Graphviz's language, DOT, for its own layouts and formats."""

from minigrad.drawing.colours import LIGHT
from minigrad.drawing.picture import Box, Picture
from minigrad.drawing.text import one_line_of

__all__ = ["dot_of"]

STYLES = {"parameter": "filled", "input": '"filled,dashed"'}
OTHER = '"filled,rounded"'


def dot_of(picture: Picture, direction: str = "down") -> str:
    """The picture as a DOT digraph; node ``nK`` is the box with number K."""
    lines = [
        "digraph {",
        f"  graph [rankdir={'LR' if direction == 'right' else 'TB'}, labelloc=t, "
        f'fontname=monospace, label="{quoted(picture.title)}"];',
        "  node [shape=box, fontname=monospace, fontsize=11];",
        "  edge [fontname=monospace, fontsize=10];",
    ]
    nodes = [node(number, box) for number, box in enumerate(picture.boxes)]
    for group, title in enumerate(picture.groups):
        lines += [f"  subgraph cluster_{group} {{", f'    label="{quoted(title)}";']
        lines += [
            f"    {text}"
            for text, box in zip(nodes, picture.boxes, strict=True)
            if box.group == group
        ]
        lines.append("  }")
    lines += [
        f"  {text}" for text, box in zip(nodes, picture.boxes, strict=True) if box.group is None
    ]
    for arrow in picture.arrows:
        style = ", style=dashed" if arrow.dashed else ""
        label = quoted(arrow.label)
        lines.append(f'  n{arrow.source} -> n{arrow.target} [label="{label}"{style}];')
    return "\n".join([*lines, "}", ""])


def node(number: int, box: Box) -> str:
    text = "".join(f"{quoted(line)}\\l" for line in box.all_lines())
    colour = "warning" if box.warning else (box.kind if box.kind in STYLES else "op")
    style = f'style={STYLES.get(box.kind, OTHER)}, fillcolor="{LIGHT[colour]}"'
    edge = f', color="{LIGHT["warning-edge"]}"' if box.warning else ""
    width = ", penwidth=2.5" if box.result or box.warning else ""
    return f'n{number} [label="{text}", {style}{edge}{width}];'


def quoted(text: str) -> str:
    """Text as it stands between double quotes in DOT."""
    return one_line_of(text).replace("\\", "\\\\").replace('"', '\\"')
