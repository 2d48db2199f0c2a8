"""A picture in Mermaid's language, which GitHub and many wikis draw."""

from minigrad.drawing.colours import LIGHT
from minigrad.drawing.picture import Box, Picture
from minigrad.drawing.text import one_line_of

__all__ = ["mermaid_of"]

CODES = {ord(sign): f"#{ord(sign)};" for sign in "#&<>\"'`\\*_|[]{}()"}


def mermaid_of(picture: Picture, direction: str = "down") -> str:
    """The picture as a Mermaid flowchart; node ``nK`` is the box with number K."""
    lines = [f"flowchart {'LR' if direction == 'right' else 'TD'}"]
    nodes = [node(number, box) for number, box in enumerate(picture.boxes)]
    for group, title in enumerate(picture.groups):
        lines.append(f'  subgraph g{group}["{coded(title)}"]')
        lines += [
            f"    {text}"
            for text, box in zip(nodes, picture.boxes, strict=True)
            if box.group == group
        ]
        lines.append("  end")
    lines += [
        f"  {text}" for text, box in zip(nodes, picture.boxes, strict=True) if box.group is None
    ]
    for arrow in picture.arrows:
        line = "-.->" if arrow.dashed else "-->"
        label = f'|"{coded(arrow.label)}"|' if arrow.label else ""
        lines.append(f"  n{arrow.source} {line}{label} n{arrow.target}")
    colours = f"fill:{LIGHT['warning']},stroke:{LIGHT['warning-edge']},stroke-width:2.5px"
    wrong = [number for number, box in enumerate(picture.boxes) if box.warning]
    lines += [f"  style n{number} {colours}" for number in wrong]
    return "\n".join([*lines, ""])


def node(number: int, box: Box) -> str:
    """Ops with round corners, everything else with square ones."""
    text = "<br/>".join(coded(line) for line in box.all_lines())
    left, right = ("[", "]") if box.kind in ("parameter", "input") else ("(", ")")
    return f'n{number}{left}"{text}"{right}'


def coded(text: str) -> str:
    """Text between double quotes in Mermaid: signs that mean something there as their numbers."""
    return one_line_of(text).translate(CODES)
