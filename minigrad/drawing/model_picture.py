"""The picture of a model: its layers, what they consist of, and which comes after which."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from minigrad.drawing.collapse import collapsed
from minigrad.drawing.picture import Arrow, Box, Picture
from minigrad.drawing.values import shape_and_dtype
from minigrad.nn.module import Module, join
from minigrad.nn.sequential import Sequential
from minigrad.nn.summary import output_shapes, shape_text
from minigrad.tensor import Tensor

__all__ = ["picture_of_model"]

LEGEND = (
    "solid line: its output is the input of the next",
    "dashed line: consists of",
)
MOST_PARAMETERS = 6


@dataclass
class Place:
    """A module where it stands in the model; one used at two places stands at both."""

    path: str
    module: Module
    original: str | None = None
    """The path of its first place, if this is another one."""
    children: list["Place"] = field(default_factory=list)
    is_chain: bool = False
    group: int | None = None
    entry: int = -1
    """The number of the box that takes its input."""
    exit: int = -1
    """The number of the box that gives its output."""


def picture_of_model(model: Module, input_shape: int | Sequence[int] | None) -> Picture:
    """The picture of a model, with the shapes of outputs if that of a sample is given.

    A `Sequential` is a chain of its layers. Of any other module only its parts are known: what its
    ``forward`` does with them is its own affair, and shows in the graph of what it returns.
    """
    places = places_in(model)
    shapes: dict[str, str] = {}
    boxes: list[Box] = []
    if input_shape is not None:
        parameters = model.parameters()
        size = tuple(input_shape) if isinstance(input_shape, Sequence) else (input_shape,)
        sample = np.zeros((1, *size), parameters[0].dtype if parameters else np.float64)
        shapes = output_shapes(model, sample)
        boxes.append(Box("input", "input", shape_text(sample)))
    groups = name_groups(places)
    for place in places:
        if not place.is_chain:
            place.entry = place.exit = len(boxes)
            boxes.append(box_of(place, shapes.get(place.original or place.path, "")))
    arrows = arrows_of(places)
    if input_shape is not None:
        arrows.insert(0, Arrow(0, places[0].entry))
    has = {arrow.dashed for arrow in arrows}
    picture = Picture(
        title=title_of(model, places),
        boxes=tuple(boxes),
        arrows=tuple(arrows),
        groups=tuple(groups),
        legend=tuple(
            line for line, dashed in zip(LEGEND, (False, True), strict=True) if dashed in has
        ),
    )
    return few_boxes(picture)


def title_of(model: Module, places: list[Place]) -> str:
    """``Sequential: 3 layers, 2,410 numbers in 4 parameters``."""
    layers = sum(not place.children for place in places)
    parameters = len(model.parameters())
    texts = [f"{layers:,} layer{'s' * (layers > 1)}"]
    if parameters:
        numbers = f"{model.num_parameters():,} numbers"
        texts.append(f"{numbers} in {parameters:,} parameter{'s' * (parameters > 1)}")
    return f"{type(model).__name__}: {', '.join(texts)}"


def places_in(model: Module) -> list[Place]:
    """All places in a model, each before those inside it, and its own in their order."""
    root = Place("", model)
    places = []
    first: dict[int, str] = {}
    pending = [root]
    while pending:
        place = pending.pop()
        places.append(place)
        if id(place.module) in first:
            place.original = first[id(place.module)]
            continue
        first[id(place.module)] = place.path
        named = place.module.named_children()
        place.children = [Place(join(place.path, name), child) for name, child in named]
        place.is_chain = isinstance(place.module, Sequential) and bool(named)
        pending.extend(reversed(place.children))
    return places


def name_groups(places: list[Place]) -> list[str]:
    """Number the groups, one for each chain inside the model without chains in itself."""
    chain_inside: set[int] = set()
    for place in reversed(places):
        if any(child.is_chain or id(child) in chain_inside for child in place.children):
            chain_inside.add(id(place))
    titles: list[str] = []
    for place in places:
        if place.is_chain and place.path and id(place) not in chain_inside:
            place.group = len(titles)
            titles.append(f"{place.path}: {type(place.module).__name__}")
        for child in place.children:
            child.group = place.group
    return titles


def arrows_of(places: list[Place]) -> list[Arrow]:
    """From layer to layer along a chain, dashed from any other module to its parts."""
    arrows = []
    for place in reversed(places):  # the inner ones first: a chain's ends are those of its layers
        if place.is_chain:
            place.entry, place.exit = place.children[0].entry, place.children[-1].exit
            for one, other in zip(place.children, place.children[1:], strict=False):
                arrows.append(Arrow(one.exit, other.entry))
        else:
            arrows += [Arrow(place.exit, child.entry, dashed=True) for child in place.children]
    return sorted(arrows, key=lambda arrow: (arrow.source, arrow.target))


def box_of(place: Place, shape: str) -> Box:
    """A layer: its name, what it is, its own parameters, the shape it puts out."""
    module = place.module
    layer = type(module).__name__ if place.children else repr(module)
    lines = []
    if place.original is not None:
        lines.append(f"the same as {place.original}")
    else:
        own = [(name, m) for name, m in module.named_members() if isinstance(m, Tensor)]
        lines += [f"{name} {shape_and_dtype(m.data)}" for name, m in own[:MOST_PARAMETERS]]
        if len(own) > MOST_PARAMETERS:
            lines.append(f"… {len(own) - MOST_PARAMETERS:,} more parameters")
    if shape:
        lines.append(f"out {shape}")
    return Box("layer", place.path or "model", layer, tuple(lines), place.group)


def few_boxes(picture: Picture) -> Picture:
    """The picture itself, or if it has too many boxes one with chains of layers as one box."""
    edges = [(arrow.source, arrow.target) for arrow in picture.arrows]
    part_of = collapsed(len(picture.boxes), edges, [box.group for box in picture.boxes])
    members: dict[int, list[Box]] = {}
    for box, part in zip(picture.boxes, part_of, strict=True):
        members.setdefault(part, []).append(box)
    if len(members) == len(picture.boxes):
        return picture
    number = {part: index for index, part in enumerate(members)}
    arrows = {
        Arrow(number[part_of[a.source]], number[part_of[a.target]], dashed=a.dashed): None
        for a in picture.arrows
        if part_of[a.source] != part_of[a.target]
    }
    boxes = [inside[0] if len(inside) == 1 else many(inside) for inside in members.values()]
    return Picture(picture.title, tuple(boxes), tuple(arrows), legend=picture.legend)


def many(boxes: list[Box]) -> Box:
    kinds = Counter(box.shape.partition("(")[0] for box in boxes).most_common(3)
    lines = (
        f"{boxes[0].title} to {boxes[-1].title}",
        ", ".join(f"{count:,} {name}" for name, count in kinds),
    )
    return Box("many", f"… {len(boxes):,} layers", lines=lines)
