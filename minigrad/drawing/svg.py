"""A picture as SVG: one element that stands alone, in a page, or in a notebook."""

from minigrad.drawing.colours import style_of
from minigrad.drawing.grouping import layout
from minigrad.drawing.layout import Point, Size
from minigrad.drawing.picture import Picture
from minigrad.drawing.shapes import (
    LINE,
    PADDING,
    PORT_LINE,
    arrow_svg,
    box_svg,
    frame_svg,
    frame_title_svg,
    painted,
    text_svg,
)
from minigrad.drawing.text import text_width, xml_text

__all__ = ["svg_of"]

MARGIN = 16.0
FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"


def svg_of(picture: Picture, prefix: str, direction: str = "down") -> str:
    """The picture as an ``<svg>`` element whose ids all start with ``prefix``.

    The box with number K is ``<g class="node ..." data-node="K" id="PREFIX-nK">``, the arrow with
    number K ``<g class="edge" data-edge="K" data-source="I" data-target="J" id="PREFIX-eK">``.
    """
    is_right = direction == "right"
    where = layout(
        sizes_of(picture, is_right),
        [(arrow.source, arrow.target) for arrow in picture.arrows],
        [box.group for box in picture.boxes],
        titles=[text_width(title) + 2 * PADDING for title in picture.groups],
        direction=direction,
        gap=20.0,
        rank_gap=40.0,
    )
    header = MARGIN + LINE + 10
    legend_top = header + where.height + 2 * LINE
    texts = [1.1 * text_width(picture.title), *(text_width(line) + 36 for line in picture.legend)]
    width = 2 * MARGIN + max(where.width, *texts)
    height = legend_top + LINE * len(picture.legend) + MARGIN / 2
    shapes = [frame_svg(prefix, *item) for item in enumerate(where.groups)]
    for number, arrow in enumerate(picture.arrows):
        shapes.append(arrow_svg(prefix, number, arrow, where.routes[number], is_right))
    shapes += [frame_title_svg(*item) for item in zip(picture.groups, where.groups, strict=True)]
    ports = ports_of(picture, where.routes)
    for number, box in enumerate(picture.boxes):
        shapes.append(box_svg(prefix, number, box, where.boxes[number], ports[number], is_right))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" id="{prefix}" role="img" '
            f'aria-labelledby="{prefix}-title {prefix}-desc" width="{width:.0f}" '
            f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'font-family="{FONT}" font-size="11">',
            f'<title id="{prefix}-title">{xml_text(picture.title)}</title>',
            f'<desc id="{prefix}-desc">{xml_text(in_words(picture))}</desc>',
            f"<style>{style_of(prefix)}</style>",
            f'<rect width="100%" height="100%" {painted("surface")}/>',
            text_svg(MARGIN, MARGIN + 10, picture.title, 'font-size="12" font-weight="bold"'),
            f'<g transform="translate({MARGIN:g} {header:g})">',
            *shapes,
            "</g>",
            *legend_svg(picture.legend, legend_top),
            "</svg>",
        ]
    )


def legend_svg(lines: tuple[str, ...], top: float) -> list[str]:
    """What the lines mean, each behind a sample of it."""
    parts = []
    for number, line in enumerate(lines):
        y = top + number * LINE
        dashes = ' stroke-dasharray="5 4"' * line.startswith("dashed")
        sample = f'd="M{MARGIN:g} {y - 4:g}h28" stroke-width="1.3"{dashes}'
        parts.append(f"<path {sample} {painted(edge='line')}/>")
        parts.append(text_svg(MARGIN + 36, y, line))
    return parts


def sizes_of(picture: Picture, is_right: bool) -> list[Size]:
    """How large each box must be for its text and for the names of its inputs at the border."""
    names: list[list[str]] = [[] for _ in picture.boxes]
    for arrow in picture.arrows:
        names[arrow.target].append(arrow.label)
    sizes = []
    for box, labels in zip(picture.boxes, names, strict=True):
        lines = box.all_lines()
        width, height = max(map(text_width, lines)) + 2 * PADDING, LINE * len(lines) + PADDING
        longest = max(map(text_width, labels), default=0.0)
        if is_right:
            width += longest + PADDING * (longest > 0)
            height = max(height, PORT_LINE * (len(labels) + 1))
        else:
            width = max(width, (longest + 10) * (len(labels) + 1))
            height += PORT_LINE * (longest > 0)
        sizes.append((width, height))
    return sizes


def ports_of(picture: Picture, routes: list[list[Point]]) -> list[list[tuple[str, Point]]]:
    """For each box the names of its inputs, and the points where their arrows arrive."""
    ports: list[list[tuple[str, Point]]] = [[] for _ in picture.boxes]
    for arrow, route in zip(picture.arrows, routes, strict=True):
        if arrow.label:
            ports[arrow.target].append((arrow.label, route[-1]))
    return ports


def in_words(picture: Picture) -> str:
    """The whole picture as sentences, for those who cannot see it."""
    arriving: list[list[str]] = [[] for _ in picture.boxes]
    for arrow in picture.arrows:
        source = f"box {arrow.source}"
        arriving[arrow.target].append(f"{arrow.label} from {source}" if arrow.label else source)
    sentences = []
    for number, (box, sources) in enumerate(zip(picture.boxes, arriving, strict=True)):
        words = [f"Box {number}: {box.first_line()}", *box.lines]
        if box.group is not None:
            words.append(f"in {picture.groups[box.group]}")
        if sources:
            words.append(f"takes {', '.join(sources)}")
        sentences.append("; ".join(words) + ".")
    return " ".join(sentences)
