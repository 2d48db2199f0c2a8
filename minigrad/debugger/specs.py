"""What a SPEC at the prompt means: a description of steps of a backward pass."""

import difflib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import ge, gt, le, lt

import numpy as np

from minigrad.debugger.backward_pass import BackwardPass
from minigrad.debugger.step import Step, norm
from minigrad.errors import DomainError

__all__ = ["NAMED", "Spec", "choices", "parse_spec"]

KINDS = "op:log, name:0.weight, layer:2, train.py:12, 12, nonfinite, norm>1e3 or zero>0.9"
RELATIONS = {">": gt, ">=": ge, "<": lt, "<=": le}
MEASURE = re.compile(r"(norm|zero)\s*(>=|<=|>|<)\s*(\S+)")


@dataclass(frozen=True)
class Spec:
    """A description of steps: the text it was written as, and whether a step answers to it."""

    text: str
    matches: Callable[[Step], bool]


def parse_spec(text: str, run: BackwardPass) -> Spec:
    """Read a SPEC.

    ``op:log``, ``name:0.weight`` and ``layer:2`` name an op, the output or an input, a layer;
    ``train.py:12`` and ``12`` a line of source, the latter in the file of the step at hand. The
    others look at what a step passes on: ``nonfinite``, ``norm>1e3`` (Euclidean), ``zero>0.9``
    (share of zeros).

    Raises
    ------
    DomainError
        If it is none of these, or names what is not in this graph.
    """
    text = text.strip()
    if text == "nonfinite":
        return Spec(text, not_finite)
    measure = MEASURE.fullmatch(text)
    if measure is not None:
        return measuring(text, *measure.groups())
    kind, colon, wanted = text.partition(":")
    if kind not in NAMED:
        kind, colon, wanted = text.rpartition(":")
    if text.isdecimal():
        kind, wanted = file_at_hand(run), text
        text = f"{os.path.basename(kind)}:{wanted}"
    elif not colon or not kind or not wanted:
        raise DomainError(f"{text!r} is not a SPEC; write {KINDS}")
    if kind not in NAMED and not wanted.isdecimal():
        raise DomainError(f"{text!r} is not a SPEC: {kind!r} is none of op, name and layer")
    if kind in NAMED:
        names_of = NAMED[kind]
        wanted = wanted.lower() if kind == "op" else wanted
        check_known(kind, wanted, run)
        return Spec(text, lambda step: wanted in names_of(step))
    spec = Spec(text, lambda step: on_line(step, kind, int(wanted)))
    if not any(spec.matches(step) for step in all_steps(run)):
        file = os.path.basename(kind)
        places = [place for place in choices(run, "line") if place.startswith(f"{file}:")]
        hint = f"; there are {', '.join(places[:5])}" if places else ""
        raise DomainError(f"no step of this graph comes from {text}{hint}")
    return spec


def check_known(kind: str, wanted: str, run: BackwardPass) -> None:
    known = list(dict.fromkeys(name for step in all_steps(run) for name in NAMED[kind](step)))
    if wanted in known:
        return
    close = difflib.get_close_matches(wanted, known, n=1)
    others = f"there are {', '.join(known[:8])}" if known else "none has such a name"
    hint = f"did you mean {kind}:{close[0]}?" if close else others
    raise DomainError(f"no step of this graph answers to {kind}:{wanted}; {hint}")


def measuring(text: str, what: str, relation: str, bound: str) -> Spec:
    """``norm>1e3`` or ``zero>0.9``, of any contribution that leaves a step."""
    try:
        limit = float(bound)
    except ValueError:
        raise DomainError(f"{text!r} is not a SPEC: {bound!r} is not a number") from None
    compare = RELATIONS[relation]

    def matches(step: Step) -> bool:
        values = [norm(f.contribution) if what == "norm" else f.zeros for f in step.flows]
        return any(compare(value, limit) for value in values)

    return Spec(text, matches)


def not_finite(step: Step) -> bool:
    """Whether the value, the gradient that arrived, or one that leaves has NaN or infinity."""
    arrays = [step.out, step.grad_out, *(flow.contribution for flow in step.flows)]
    return not all(np.isfinite(array).all() for array in arrays)


def on_line(step: Step, file: str, line: int) -> bool:
    source = step.source
    if source is None or not source.line <= line <= source.end_line:
        return False
    return source.file == file or ("/" + source.file).endswith("/" + file)


def file_at_hand(run: BackwardPass) -> str:
    source = None if run.done else Step(run).source
    if source is None:
        raise DomainError("no source file is at hand; write FILE:LINE")
    return source.file


def op_names(step: Step) -> list[str]:
    return [step.op.lower()]


def tensor_names(step: Step) -> list[str]:
    return [x.name for x in [step.tensor, *step.before] if x.name is not None]


def layer_names(step: Step) -> list[str]:
    """``encoder.0`` and every layer that it is a part of: ``encoder``."""
    parts = step.layer.split(".") if step.layer else []
    return [".".join(parts[: k + 1]) for k in range(len(parts))]


NAMED = {"op": op_names, "name": tensor_names, "layer": layer_names}


def all_steps(run: BackwardPass) -> Iterator[Step]:
    return (Step(run, position) for position in range(len(run)))


def choices(run: BackwardPass, kind: str) -> list[str]:
    """Every SPEC of a kind that names something in this graph, in the order of the pass."""
    found: dict[str, None] = {}
    for step in all_steps(run):
        if kind in NAMED:
            found.update(dict.fromkeys(f"{kind}:{name}" for name in NAMED[kind](step)))
        elif step.source is not None:
            found[step.source.place] = None
    return list(found)
