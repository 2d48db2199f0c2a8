"""What a SPEC at the prompt means: a description of steps of a backward pass."""

import difflib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import ge, gt, le, lt

import numpy as np

from minigrad.debugger.backward_pass import BackwardPass
from minigrad.debugger.contributions import norm
from minigrad.debugger.step import Step
from minigrad.errors import DomainError

__all__ = ["NAMED", "Spec", "all_steps", "choices", "missing", "parse_spec"]

KINDS = "op:log, name:0.weight, layer:2, train.py:12, 12, nonfinite, norm>1e3 or zero>0.9"
RELATIONS = {">": gt, ">=": ge, "<": lt, "<=": le}
RANGES = {"norm": (0.0, float("inf")), "zero": (0.0, 1.0)}
MEASURE = re.compile(r"(norm|zero)\s*(>=|<=|>|<)\s*(\S+)")


@dataclass(frozen=True)
class Spec:
    """A description of steps.

    Attributes
    ----------
    text : str
        As it was written; to a line alone its file is added.
    matches : function of a step
        Whether the step answers to it.
    kind : str
        What it names: "op", "name", "layer" or "line"; empty if it looks at numbers.
    """

    text: str
    matches: Callable[[Step], bool]
    kind: str = ""


def parse_spec(text: str, run: BackwardPass) -> Spec:
    """Read a SPEC.

    ``op:log``, ``name:0.weight`` and ``layer:2`` name an op, the output or an input, a layer;
    ``train.py:12`` and ``12`` a line of source, the latter in the file of the step at hand. The
    others look at what a step passes on: ``nonfinite``, ``norm>1e3`` (Euclidean), ``zero>0.9``
    (share of zeros).

    Raises
    ------
    DomainError
        If it is none of these, or can never hold, such as ``zero>1``. What it names need not be in
        this graph: see `missing`.
    """
    text = text.strip()
    if text == "nonfinite":
        return Spec(text, not_finite)
    measure = MEASURE.fullmatch(text)
    if measure is not None:
        return measuring(text, *measure.groups())
    if text.isdecimal():
        return line_of(file_at_hand(run), text)
    kind, _, wanted = text.partition(":")
    if kind in NAMED and wanted:
        return naming(kind, wanted)
    file, colon, line = text.rpartition(":")
    if colon and file and line.isdecimal():
        return line_of(file, line)
    reason = f": {kind!r} is none of op, name and layer" if kind and wanted else f"; write {KINDS}"
    raise DomainError(f"{text!r} is not a SPEC{reason}")


def naming(kind: str, wanted: str) -> Spec:
    names_of = NAMED[kind]
    name = wanted.lower() if kind == "op" else wanted
    return Spec(f"{kind}:{wanted}", lambda step: name in names_of(step), kind)


def line_of(file: str, line: str) -> Spec:
    if int(line) == 0:
        raise DomainError("lines are counted from 1 on; there is no line 0")
    text = f"{os.path.basename(file) if os.path.isabs(file) else file}:{line}"
    return Spec(text, lambda step: on_line(step, file, int(line)), "line")


def missing(spec: Spec, run: BackwardPass) -> str:
    """What to say of a SPEC that names what is not in this graph; empty if it is there."""
    if not spec.kind or any(spec.matches(step) for step in all_steps(run)):
        return ""
    told = f"nothing in this graph answers to {spec.text}"
    known = choices(run, spec.kind)
    if spec.kind == "line":
        file = spec.text.rpartition(":")[0]
        known = [place for place in known if place.startswith(f"{file}:")]
    else:
        names = [text.removeprefix(f"{spec.kind}:") for text in known]
        wanted = spec.text.removeprefix(f"{spec.kind}:")
        close = difflib.get_close_matches(wanted, names, n=1)
        if close:
            return f"{told}; did you mean {spec.kind}:{close[0]}?"
    return f"{told}; there are {', '.join(known[:8])}" if known else told


def measuring(text: str, what: str, relation: str, bound: str) -> Spec:
    """``norm>1e3`` or ``zero>0.9``, of any contribution that leaves a step."""
    try:
        limit = float(bound)
    except ValueError:
        raise DomainError(f"{text!r} is not a SPEC: {bound!r} is not a number") from None
    compare = RELATIONS[relation]
    least, most = RANGES[what]
    if not compare(most if relation.startswith(">") else least, limit):
        raise DomainError(f"{text} can never hold: {what} is from {least:g} to {most:g}")

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
