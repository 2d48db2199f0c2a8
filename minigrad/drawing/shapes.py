"""The parts of a drawing as SVG: a box with its text, an arrow, a frame around a group."""

from collections.abc import Sequence

from minigrad.drawing.colours import LIGHT
from minigrad.drawing.layout import Point, Rect
from minigrad.drawing.picture import Arrow, Box
from minigrad.drawing.text import text_width, xml_text

__all__ = [
    "LINE",
    "PADDING",
    "PORT_LINE",
    "arrow_svg",
    "box_svg",
    "frame_svg",
    "frame_title_svg",
    "painted",
    "text_svg",
]

LINE = 15.0
PORT_LINE = 14.0
PADDING = 9.0


def painted(fill: str = "", edge: str = "") -> str:
    """Attributes that fill and edge something in named colours: as classes and as themselves."""
    names = [f"c-{fill}"] * bool(fill) + [f"e-{edge}"] * bool(edge)
    stroke = f' stroke="{LIGHT[edge]}"' if edge else ""
    return f'class="{" ".join(names)}" fill="{LIGHT[fill] if fill else "none"}"{stroke}'


def text_svg(x: float, y: float, text: str, attributes: str = "", colour: str = "ink") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {painted(colour)} {attributes}>{xml_text(text)}</text>'


def rect_svg(rect: Rect, corner: float, attributes: str) -> str:
    return (
        f'<rect x="{rect.x:.1f}" y="{rect.y:.1f}" width="{rect.width:.1f}" '
        f'height="{rect.height:.1f}" rx="{corner:g}" {attributes}/>'
    )


def frame_svg(prefix: str, number: int, frame: Rect) -> str:
    """The frame of a group."""
    return (
        f'<g class="group" data-group="{number}" id="{prefix}-g{number}">'
        + rect_svg(frame, 8, painted("frame", "frame-edge"))
        + "</g>"
    )


def frame_title_svg(title: str, frame: Rect) -> str:
    """A group's title in the upper right corner, on a ground of its own if a line passes there."""
    width = text_width(title)
    left = frame.x + frame.width - width - PADDING
    ground = Rect(left - 3, frame.y + 4, width + 6, LINE)
    text = text_svg(left, frame.y + LINE, title, 'font-style="italic"')
    return rect_svg(ground, 0, painted("frame")) + text


def box_svg(
    prefix: str,
    number: int,
    box: Box,
    rect: Rect,
    ports: Sequence[tuple[str, Point]],
    is_right: bool,
) -> str:
    """A box with its text, and the names of its inputs where their arrows arrive.

    Its kind shows in its corners and its edge too, and is one of its lines.
    """
    is_leaf = box.kind in ("parameter", "input")
    colour = "warning" if box.warning else (box.kind if is_leaf else "op")
    width = 2.5 if box.result or box.warning else 1.2
    dashes = ' stroke-dasharray="4 3"' * (box.kind == "input")
    lines = box.all_lines()
    left = rect.x + rect.width - PADDING - max(map(text_width, lines)) if is_right else rect.x
    left = left if is_right else left + PADDING
    # The text is at the bottom of the box, or halfway up if arrows arrive at the side.
    below = rect.y + rect.height - (PADDING + LINE * len(lines))
    top = (rect.y + below) / 2 if is_right else below
    first = f'<tspan font-weight="bold">{xml_text(box.title)}</tspan>' + (
        f"<tspan>  {xml_text(box.shape)}</tspan>" if box.shape else ""
    )
    keep_spaces = 'xml:space="preserve"'
    rows = [top + PADDING / 2 + 11 + LINE * row for row in range(len(lines))]
    parts = [
        f'<g class="node {box.kind}" data-node="{number}" id="{prefix}-n{number}">',
        f"<title>{xml_text(box.tip or box.first_line())}</title>",
        rect_svg(
            rect,
            0 if is_leaf else 7,
            f'{painted(colour, f"{colour}-edge")} stroke-width="{width:g}"{dashes}',
        ),
        f'<text x="{left:.1f}" y="{rows[0]:.1f}" {painted("ink")} {keep_spaces}>{first}</text>',
        *(
            text_svg(left, y, line, keep_spaces)
            for y, line in zip(rows[1:], box.lines, strict=True)
        ),
    ]
    for label, (x, y) in ports:
        if is_right:
            parts.append(text_svg(x + 6, y + 3.5, label, 'font-style="italic"', "line"))
        else:
            centred = 'text-anchor="middle" font-style="italic"'
            parts.append(text_svg(x, y + 12, label, centred, "line"))
    return "".join([*parts, "</g>"])


def arrow_svg(
    prefix: str, number: int, arrow: Arrow, route: Sequence[Point], is_right: bool
) -> str:
    """An arrow along its route."""
    x, y = route[-1]
    head = f"M{x:.1f} {y:.1f}l-8 -4v8z" if is_right else f"M{x:.1f} {y:.1f}l-4 -8h8z"
    dashes = ' stroke-dasharray="5 4"' * arrow.dashed
    return (
        f'<g class="edge" data-edge="{number}" data-source="{arrow.source}" '
        f'data-target="{arrow.target}" id="{prefix}-e{number}">'
        f'<path d="{curve(route, is_right)}" {painted(edge="line")} stroke-width="1.3"{dashes}/>'
        f'<path d="{head}" {painted("line")}/></g>'
    )


def curve(route: Sequence[Point], is_right: bool) -> str:
    """Straight along the lanes, and between them a curve that leaves and arrives straight."""
    x, y = route[0]
    parts = [f"M{x:.1f} {y:.1f}"]
    for to_x, to_y in route[1:]:
        if x == to_x or y == to_y:
            parts.append(f"L{to_x:.1f} {to_y:.1f}")
        elif is_right:
            middle = (x + to_x) / 2
            parts.append(f"C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}")
        else:
            middle = (y + to_y) / 2
            parts.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}")
        x, y = to_x, to_y
    return "".join(parts)
