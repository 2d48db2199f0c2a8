"""Commands that show: the place, the source, the rule, the gradients, the graph."""

import linecache
import pprint
from contextlib import redirect_stdout
from typing import Any

import numpy as np

from minigrad.debugger.commands import Commands
from minigrad.debugger.contributions import norm
from minigrad.debugger.formula import source_of_rule
from minigrad.debugger.paragraphs import WIDTH, wrapped
from minigrad.debugger.replay import replay
from minigrad.debugger.screen import label, origin
from minigrad.debugger.shortening import cut, number, short
from minigrad.debugger.source import Source
from minigrad.errors import DomainError
from minigrad.tensor import Tensor

__all__ = ["Showing"]

AROUND = 5
PATH_LINES = 30
TREE_LINES = 200
LONG = 1_000
DEEPEST = 15
"""How many levels of a tree are told by their indentation; beyond it stands a number."""


class Showing(Commands):
    """w, l, ll, a, g, contrib, tree, p, watch, unwatch, set, html."""

    def do_w(self, arg: str) -> None:
        """w: the path from the loss to this node; goto k goes to one on it.

        Where several uses lead here it follows the first.
        """
        self.nothing_more(arg, "w")
        tensor: Tensor = self.step.tensor
        path = [tensor]
        while self.run.uses[tensor]:
            tensor = self.run.uses[tensor][0][0]
            path.append(tensor)
        path.reverse()
        hidden = len(path) - PATH_LINES
        if hidden > 0:
            self.say(f"  ... {hidden} more steps from the loss on")
        for one in path[-PATH_LINES:]:
            here = ">" if one is path[-1] else " "
            self.say(cut(f"{here} {self.run.positions[one] + 1:>4}  {one!r}", WIDTH))

    def do_l(self, arg: str) -> None:
        """l: the source around the sub-expression that made this node, which is marked."""
        self.nothing_more(arg, "l")
        source = self.step.source
        if source is None or not source.lines:
            raise DomainError(f"the source of {self.step.tensor!r} cannot be read")
        marks = dict(zip(range(source.line, source.end_line + 1), underlines(source), strict=True))
        self.say(f"{source.file} in {source.function}")
        for line in range(max(1, source.line - AROUND), source.end_line + AROUND + 1):
            text = linecache.getline(source.file, line)
            if not text:
                break
            self.say(f"{line:>5} {'->' if line == source.line else '  '} {text.rstrip()}")
            if line in marks:
                self.say(" " * 9 + self.screen.paint(marks[line], "mark"))

    def do_ll(self, arg: str) -> None:
        """ll [input]: the source of this node's rules, or of the one for an input."""
        names = [self.argument(arg)] if arg else self.arguments()
        for name in names:
            position = list(self.step.values).index(name)
            self.say(source_of_rule(self.step.tensor, position).rstrip("\n"), "")

    def do_a(self, arg: str) -> None:
        """a: the values of this node's inputs and parameters, and its output."""
        self.nothing_more(arg, "a")
        step = self.step
        for name, value in [*step.values.items(), *step.params.items(), ("out", step.out)]:
            shape = getattr(value, "shape", ())
            text = short(value) if hasattr(value, "dtype") else repr(value)
            self.say(cut(f"{name}{f' {shape}' if shape else ''} = {text}", WIDTH))

    def do_g(self, arg: str) -> None:
        """g [name]: the gradient of this node; of a named tensor, as far as it has come."""
        if not arg:
            self.say(self.shown(self.step.grad_out))
            return
        tensor = self.named(arg)
        gradient = self.run.grads[tensor]
        waiting = len(self.run.pending(tensor))
        self.say(f"{waiting} of {len(self.run.uses[tensor])} contributions are still to come")
        self.say("nothing has arrived yet" if gradient is None else self.shown(gradient))

    def named(self, name: str) -> Tensor:
        """A tensor of this graph by its name."""
        found = [tensor for tensor in self.run.grads if tensor.name == name]
        if len(found) == 1:
            return found[0]
        if found:
            raise DomainError(f"{len(found)} tensors are named {name!r}; try grads[VARIABLE]")
        names = [tensor.name for tensor in self.run.grads if tensor.name is not None]
        known = ", ".join(dict.fromkeys(names)) or "none"
        raise DomainError(f"no tensor here is named {name!r}; there are {known}")

    def do_contrib(self, arg: str) -> None:
        """contrib: every contribution to this node's gradient, and the sum so far."""
        self.nothing_more(arg, "contrib")
        total: Any = None
        for arrival in self.step.arrivals:
            part = arrival.contribution
            total = part if total is None else total + part
            self.say(
                cut(f"from {origin(self.run, arrival)}  norm {number(norm(part))}", WIDTH),
                cut(f"  adds {short(part)}", WIDTH),
                cut(f"  sum  {short(total)}", WIDTH),
            )
        if self.run.edited and self.run.replaced.get(self.step.tensor) is self.step.grad_out:
            self.say(cut(f"set by hand instead: {short(self.step.grad_out)}", WIDTH))

    def do_tree(self, arg: str) -> None:
        """tree [k]: the graph from the loss, or step k, to the leaves; * are steps made.

        Each node is there once. Inputs stand below their op, a level deeper; from level
        16 on its number is said.
        """
        seen: set[Tensor] = set()
        start = self.run.order[self.step_number(arg) - 1] if arg else self.run.root
        pending: list[tuple[Tensor, int]] = [(start, 0)]
        for _ in range(TREE_LINES):
            if not pending:
                return
            tensor, depth = pending.pop()
            self.say(cut(self.tree_line(tensor, depth, tensor in seen), WIDTH))
            if tensor not in seen:
                inputs = [x for x in tensor.inputs if self.takes_part(x)]
                pending += [(x, depth + 1) for x in reversed(inputs)]
            seen.add(tensor)
        self.say(f"... the first {TREE_LINES} lines; tree k begins at step k")

    def tree_line(self, tensor: Tensor, depth: int, again: bool) -> str:
        indent = "  " * depth if depth <= DEEPEST else "  " * DEEPEST + f"{depth}: "
        if tensor.op is None:
            return f"         {indent}{label(self.run, tensor)} {tensor.shape}"
        position = self.run.positions[tensor]
        made = "*" if position < self.run.position else " "
        mark = ">" if position == self.run.position else made
        name = f"{tensor.name} = {tensor.op.__name__}" if tensor.name else tensor.op.__name__
        told = " (above)" if again else f" {tensor.shape} {place_of(tensor)}"
        return f"{mark} {position + 1:>5}  {indent}{name}{told}"

    def do_html(self, arg: str) -> None:
        """html FILE: write the whole pass as a page to step through in a browser.

        It is the pass of the program: a gradient that was edited here is not in it. If
        a step fails, the page ends there.
        """
        if not arg:
            raise DomainError("write html FILE, such as html backprop.html")
        if len(self.run) > LONG:
            self.say(f"{len(self.run):,} steps, some hundreds in ten seconds: Ctrl-C gives up")
            self.stdout.flush()
        page = replay(self.run.root, self.start)
        page.save(arg)
        self.say(f"written to {arg}")
        if page.problem is not None:
            self.say(wrapped(f"it ends at step {page.steps} of {len(self.run)}: {page.problem}"))

    def do_p(self, arg: str) -> None:
        """p EXPR: the value of a Python expression; see help python."""
        with redirect_stdout(self.stdout):
            self.say(self.shown(self.expression(arg, "p")))

    def do_pp(self, arg: str) -> None:
        """pp EXPR: the value of a Python expression, pretty-printed."""
        with redirect_stdout(self.stdout), np.printoptions(threshold=20, edgeitems=2):
            self.say(pprint.pformat(self.expression(arg, "pp"), sort_dicts=False))

    def expression(self, text: str, command: str) -> Any:
        if not text:
            raise DomainError(f"write {command} EXPR")
        return self.evaluate(text)

    def do_watch(self, arg: str) -> None:
        """watch [EXPR]: show an expression's value at every stop; without it list them."""
        if arg:
            self.compiled(arg, "eval")
            self.watched.append(arg)
        for place, expression in enumerate(self.watched, 1):
            self.say(f"{place}: {expression}")
        if not self.watched:
            self.say("nothing is watched")

    def do_unwatch(self, arg: str) -> None:
        """unwatch [N]: no longer show the N-th expression, or any."""
        if not arg:
            self.watched.clear()
        elif arg.isdecimal() and 1 <= int(arg) <= len(self.watched):
            del self.watched[int(arg) - 1]
        else:
            raise DomainError(f"there is no watched expression {arg!r}; watch lists them")

    def do_set(self, arg: str) -> None:
        """set g = EXPR: go on with another gradient of this node.

        What follows, and the .grad that the pass leaves behind, is then no longer the
        gradient of the program: the bar says EDITED from here on.
        """
        name, equals, expression = arg.partition("=")
        if name.strip() != "g" or not equals or not expression.strip():
            raise DomainError(f"write set g = EXPR; only the gradient can be set, found {arg!r}")
        self.run.replace_gradient(self.evaluate(expression))
        self.show()

    # Completion

    def inputs_here(self, text: str, *_: Any) -> list[str]:
        names = [] if self.run.done else self.arguments()
        return [name for name in names if name.startswith(text)]

    def tensors_here(self, text: str, *_: Any) -> list[str]:
        names = dict.fromkeys(tensor.name for tensor in self.run.grads if tensor.name is not None)
        return [name for name in names if name.startswith(text)]

    do_where = do_bt = do_w
    do_list = do_l
    do_longlist = do_ll
    do_args = do_a
    complete_ll = complete_longlist = complete_s = complete_jac = complete_fd = inputs_here
    complete_g = tensors_here


def underlines(source: Source) -> list[str]:
    """Carets under each line of a sub-expression, where it stands in the file."""
    shift = min(len(text) - len(text.lstrip()) for text in source.lines if text.strip())
    return [" " * shift + marks for marks in source.marked()[1::2]]


def place_of(tensor: Tensor) -> str:
    return repr(tensor).rpartition(" ")[2]
