"""Commands that move: forwards, backwards, to a place, and into a rule."""

from minigrad.debugger.commands import Commands
from minigrad.debugger.failing import failure
from minigrad.debugger.python_debugger import step_into
from minigrad.debugger.specs import Spec, missing, parse_spec
from minigrad.errors import DomainError

__all__ = ["Moving"]


class Moving(Commands):
    """n, back, c, rc, goto, unt, s, q."""

    finished = False
    """Whether the user left because the pass was to be completed, not abandoned."""

    def advance(self, steps: int | None = None, until: Spec | None = None) -> list[str]:
        """Make steps until something stops it; returns what did, nothing at the end."""
        made = 0
        while not self.run.done:
            self.run.forward()
            made += 1
            reasons = self.reasons_to_stop()
            if until is not None and not self.run.done and until.matches(self.step):
                reasons.append(f"reached {until.text}")
            if reasons or made == steps:
                return reasons
        return []

    def moved(self, steps: int | None = None, until: Spec | None = None) -> list[str]:
        """`advance` of a command: it ends in front of a step that fails, and the screen says why.

        Raises
        ------
        DomainError
            If that is the step at hand.
        """
        start = self.run.position
        try:
            return self.advance(steps, until)
        except Exception as error:
            self.tell_if_still_at(start, error)
            return []

    def tell_if_still_at(self, start: int, error: Exception) -> None:
        if self.run.position == start:
            raise DomainError(failure(self.run, error)) from error

    def reasons_to_stop(self) -> list[str]:
        """The breakpoints that this step answers to."""
        return [] if self.run.done else self.breakpoints.hit(self.step, self.names)

    def do_n(self, arg: str) -> None:
        """n [k]: make the next step, or k steps.

        With k it stops earlier at a breakpoint. After the last step the gradients of
        all leaves are shown; c or q then ends the pass.
        """
        count = self.count(arg)
        if self.run.done:
            raise DomainError("every step has been made; c ends the pass, back goes back")
        self.show(*self.moved(count))

    def do_back(self, arg: str) -> None:
        """back [k]: undo the last step, or k steps.

        Gradients are added out of place, so going back puts the earlier arrays
        themselves in their places: forward again gives the same bits.
        """
        count = self.count(arg)
        if self.run.position == 0:
            raise DomainError("no step has been made yet; there is none to go back")
        self.run.go_to(max(0, self.run.position - count))
        self.show()

    def do_c(self, arg: str) -> bool:
        """c: go on to the next breakpoint, else to the end of the pass.

        At the end every .grad is filled, as by backward(), and the program goes on.
        """
        self.nothing_more(arg, "c")
        reasons = self.moved()
        if self.run.done:
            self.finished = True
            return True
        self.show(*reasons)
        return False

    def do_rc(self, arg: str) -> None:
        """rc: go back to the breakpoint before, else to the start of the pass.

        Counts of hits and of hits to ignore stay as they are.
        """
        self.nothing_more(arg, "rc")
        if self.run.position == 0:
            raise DomainError("no step has been made yet; there is none to go back")
        reasons: list[str] = []
        while self.run.position and not reasons:
            self.run.back()
            reasons = self.breakpoints.matching(self.step, self.names)
        self.show(*reasons)

    def do_goto(self, arg: str) -> None:
        """goto k: go to step k, forwards or back; goto end goes behind the last.

        It does not stop at breakpoints.
        """
        start = self.run.position
        end = len(self.run)
        wanted = end if arg == "end" else self.step_number(arg, " or end") - 1
        try:
            self.run.go_to(wanted)
        except Exception as error:
            self.tell_if_still_at(start, error)
        self.show()

    def do_unt(self, arg: str) -> None:
        """unt SPEC: go on until a step answers to SPEC.

        Breakpoints on the way stop it, too. For SPEC see help b.
        """
        if self.run.done:
            raise DomainError("every step has been made; back goes back")
        spec = parse_spec(arg, self.run)
        if problem := missing(spec, self.run):
            raise DomainError(problem)
        reasons = self.moved(until=spec)
        if self.run.done:
            reasons = [f"no later step answers to {spec.text}"]
        self.show(*reasons)

    def do_s(self, arg: str) -> None:
        """s [input]: step into this node's rule with Python's own debugger, pdb.

        It stops on the rule's first line, and steps over NumPy. Of several rules it is
        that of the input named, else the first. pdb's c, q or the rule's return lead
        back here. The step itself has not been made then: a rule is a pure function,
        and can be run as often as you like.
        """
        step_into(self.step, self.argument(arg), self.typed_in, self.shown_on)
        self.say(f"back at step {self.run.position + 1}, which has not been made yet")

    def do_q(self, arg: str) -> bool:
        """q: leave the pass.

        Before its end no .grad changes, and backward() raises DebuggerQuit, which ends
        the program unless it is caught. At the end q is c.
        """
        self.nothing_more(arg.removeprefix("()"), "q")
        self.finished = self.run.done
        return True

    do_next = do_n
    do_continue = do_cont = do_c
    do_until = do_unt
    do_quit = do_exit = do_q

    def do_EOF(self, arg: str) -> bool:  # noqa: N802
        """End of input: as q."""
        self.say("")
        return self.do_q("")
