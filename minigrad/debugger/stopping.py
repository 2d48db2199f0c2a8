"""Commands that set, list and change breakpoints."""

from minigrad.debugger.commands import Commands
from minigrad.debugger.paragraphs import wrapped
from minigrad.debugger.specs import NAMED, choices, missing, parse_spec
from minigrad.errors import DomainError

__all__ = ["Stopping"]


class Stopping(Commands):
    """b, tbreak, disable, enable, ignore, condition, clear."""

    def do_b(self, arg: str) -> None:
        """b [SPEC [if EXPR]]: set a breakpoint, or list them all.

        SPEC is one of
          op:log            the op, in lower case
          name:0.weight     a tensor by its name: the output or an input of the op
          layer:2           a layer, by the names of its parameters
          train.py:12       a line of source; 12 alone is one in the file at hand
          nonfinite         the value, or a gradient here, is NaN or infinite
          norm>1e3          a gradient that leaves has this Euclidean norm; also >= < <=
          zero>0.9          a gradient that leaves has this share of zeros
        EXPR is Python (see help python): nth == 37 holds in the 37th backward pass.
        Breakpoints last from one pass to the next; one may wait for what a later graph
        will have.
        """
        if arg:
            self.set_breakpoint(arg, temporary=False)
            return
        if not self.breakpoints.table:
            self.say("no breakpoint is set")
        for one in self.breakpoints.table.values():
            self.say(str(one))

    def do_tbreak(self, arg: str) -> None:
        """tbreak SPEC [if EXPR]: set a breakpoint that is cleared when it is hit."""
        self.set_breakpoint(arg, temporary=True)

    def set_breakpoint(self, arg: str, temporary: bool) -> None:
        text, _, condition = arg.partition(" if ")
        spec = parse_spec(text, self.run)
        made = self.breakpoints.add(spec, condition.strip(), temporary)
        self.say(f"breakpoint {made}")
        warning = missing(spec, self.run)
        if warning:
            self.say(wrapped(f"  it waits for another pass: {warning}"))

    def do_disable(self, arg: str) -> None:
        """disable N ... or SPEC: let breakpoints not stop until they are enabled again."""
        for one in self.breakpoints.find(arg):
            one.enabled = False
            self.say(f"breakpoint {one}")

    def do_enable(self, arg: str) -> None:
        """enable N ... or SPEC: let disabled breakpoints stop again."""
        for one in self.breakpoints.find(arg):
            one.enabled = True
            self.say(f"breakpoint {one}")

    def do_ignore(self, arg: str) -> None:
        """ignore N [count]: pass over a breakpoint's next hits; without count over none."""
        which, _, count = arg.rpartition(" ")
        if not which:
            which, count = arg, "0"
        if not count.isdecimal():
            raise DomainError(f"expected a breakpoint and a number of hits, found {arg!r}")
        for one in self.breakpoints.find(which):
            one.ignore = int(count)
            self.say(f"breakpoint {one}")

    def do_condition(self, arg: str) -> None:
        """condition N [EXPR]: give a breakpoint a condition, or take it away."""
        which, _, condition = arg.partition(" ")
        for one in self.breakpoints.find(which):
            self.breakpoints.set_condition(one, condition.strip())
            self.say(f"breakpoint {one}")

    def do_clear(self, arg: str) -> None:
        """clear [N ... or SPEC]: take breakpoints away; without argument all of them."""
        cleared = self.breakpoints.find(arg) if arg else list(self.breakpoints.table.values())
        for one in cleared:
            del self.breakpoints.table[one.number]
        self.say(f"cleared {len(cleared)} breakpoint{'s' * (len(cleared) != 1)}")

    do_break = do_b

    # Completion

    def specs(self, text: str, line: str, begin: int, end: int) -> list[str]:
        """SPECs that name something in this graph; readline takes a colon for the end of a word."""
        written = line[:end].split(" ")[-1]
        kinds = [*NAMED, "line"]
        every = [spec for kind in kinds for spec in choices(self.run, kind)]
        every += ["nonfinite", "norm>", "zero>"]
        skipped = len(written) - len(text)
        return [spec[skipped:] for spec in every if spec.startswith(written)]

    def set_ones(self, text: str, line: str, begin: int, end: int) -> list[str]:
        return [str(number) for number in self.breakpoints.table if str(number).startswith(text)]

    complete_b = complete_break = complete_tbreak = complete_unt = complete_until = specs
    complete_disable = complete_enable = complete_ignore = set_ones
    complete_clear = complete_condition = set_ones
