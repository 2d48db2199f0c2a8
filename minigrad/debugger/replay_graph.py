"""The graph on the replay page: the usual drawing, with room for how far each gradient has come."""

from dataclasses import replace
from typing import Any

from minigrad.debugger.backward_pass import BackwardPass
from minigrad.drawing.graph_picture import picture_of_graph
from minigrad.drawing.picture import Box
from minigrad.drawing.svg import svg_of
from minigrad.drawing.values import non_finite_line, value_line
from minigrad.tensor import Tensor

__all__ = ["replay_graph"]

NOTHING = "no gradient yet"


def replay_graph(run: BackwardPass) -> tuple[str, dict[Tensor, dict[str, Any]]]:
    """The drawing as SVG, and for each tensor of a finished pass its box and what to say there.

    What a box says of a gradient is the last of its lines, as wide as it may become.
    """
    picture, box_of = picture_of_graph(run.root)
    boxes = list(picture.boxes)
    said = {}
    members: dict[int, list[Tensor]] = {}
    for tensor in run.grads:
        members.setdefault(box_of[tensor], []).append(tensor)
    for number, box in enumerate(boxes):
        boxes[number] = without_gradients(box)
    for number, tensors in members.items():
        final = final_line(run, tensors)
        texts = [NOTHING, f"{len(tensors):,} of {len(tensors):,} gradients complete", final]
        if len(tensors) == 1:
            uses = len(run.uses[tensors[0]])
            texts[1] = f"{uses} of {uses} contributions"
        widest = max(texts, key=len)
        box = boxes[number]
        boxes[number] = replace(box, lines=(*box.lines, widest))
        for tensor in tensors:
            said[tensor] = {"box": number, "placeholder": widest, "final": final}
    return svg_of(replace(picture, boxes=tuple(boxes)), "graph"), said


def final_line(run: BackwardPass, tensors: list[Tensor]) -> str:
    """What is said when all gradients of a box are there; a pass may have ended before that."""
    if len(tensors) > 1:
        return "all gradients complete"
    grad = run.grads[tensors[0]]
    if grad is None:
        return NOTHING
    return non_finite_line("gradients", grad) or f"grad  {value_line(grad)}"


def without_gradients(box: Box) -> Box:
    """The box without what it says of the gradients that a tensor has from earlier passes."""
    lines = [line for line in box.lines if not is_of_gradient(line)]
    warning = any(line.startswith("NOT FINITE") for line in lines)
    return replace(box, lines=tuple(lines), warning=warning)


def is_of_gradient(line: str) -> bool:
    is_warning = line.startswith("NOT FINITE") and "gradients" in line
    return line == NOTHING or line.startswith("grad  ") or is_warning
