"""The prompt: a line is a command, or else Python."""

import builtins
import inspect
import re
import rlcompleter
from collections.abc import Mapping
from typing import Any

from minigrad.debugger.backward_pass import BackwardPass
from minigrad.debugger.judging import Judging
from minigrad.debugger.moving import Moving
from minigrad.debugger.showing import Showing
from minigrad.debugger.stopping import Stopping
from minigrad.errors import DomainError

__all__ = ["Prompt"]

ASSIGNS = re.compile(r"\s*=(?!=)")
GOES_ON = re.compile(r"\.\w|[\[(]|[-+]|\s*[-+]\s|\s*[*/%@<>&|^=,]|\s*!=")
"""What follows a name in an expression or assignment, and no command: ``p [1]`` prints a list."""

GROUPS = {
    "move": "n back c rc goto unt s q",
    "look": "w l ll a g contrib tree p pp watch unwatch html",
    "judge": "check fd jac bisect nan why",
    "stop": "b tbreak disable enable ignore condition clear",
    "change": "set",
}
PYTHON_HELP = """\
python: any other line is Python.

The names of the stop are
  node     the Tensor this step goes through   g       its gradient
  out      its value                           inputs  the op's, by their names
  step     all of it, a minigrad.debugger.Step
  grads    every gradient, by Tensor           nth     which backward pass this is
Variables of the function that called backward() can be read as well; what is
assigned stays at this prompt. A line that starts with ! is Python even where
it starts like a command: !c = 3."""


class Prompt(Moving, Showing, Judging, Stopping):
    """What a user types at between the steps of backward passes.

    Parameters
    ----------
    stdin, stdout : text file, optional
        Where commands come from and answers go; by default the terminal, with history and
        completion by readline.
    """

    prompt = "(mg) "
    greeted = False

    def enter(self, run: BackwardPass, nth: int, variables: Mapping[str, Any]) -> None:
        """Turn to another pass; breakpoints and watched expressions stay."""
        self.run, self.nth, self.variables = run, nth, variables
        self.start = run.grads[run.root]

    def conduct(self, reasons: list[str]) -> bool:
        """Let the user drive the pass; returns whether it was completed."""
        self.finished = False
        self.show(*reasons)
        if not self.greeted:
            self.say("help lists the commands")
            self.greeted = True
        while True:
            try:
                self.cmdloop()
                return self.finished
            except KeyboardInterrupt:
                self.say("--KeyboardInterrupt--")

    def onecmd(self, line: str) -> bool:
        try:
            if self.is_python(line):
                self.execute(line.strip().removeprefix("!"))
                return False
            return bool(super().onecmd(line))
        except Exception as error:
            self.complain(error)
            return False

    def is_python(self, line: str) -> bool:
        """Whether a line that starts like a command cannot be one: ``g.max()``, ``step[0]``."""
        if line.strip().startswith("!"):
            return True
        command = self.parseline(line)[0]
        rest = line.strip()[len(command or "") :]
        if ASSIGNS.match(rest):
            return True
        return command in self.names() and GOES_ON.match(rest) is not None

    def default(self, line: str) -> None:
        self.execute(line)

    # Help

    def do_help(self, arg: str) -> None:
        """help [command]: what there is, or all about one command; also help python."""
        if arg == "python":
            self.say(PYTHON_HELP)
            return
        if arg:
            command = getattr(self, f"do_{arg}", None)
            if command is None:
                raise DomainError(f"there is no command {arg!r}; help lists them")
            self.say(inspect.getdoc(command) or "")
            return
        for group, commands in GROUPS.items():
            self.say(f"{group}:")
            for name in commands.split():
                text = inspect.getdoc(getattr(self, f"do_{name}")) or ""
                self.say(f"  {text.splitlines()[0].rstrip('.')}")
        self.say("Any other line is Python (help python); help c tells more of a command.")
        self.say("An empty line does the last command again.")

    do_h = do_help

    # Completion

    def completenames(self, text: str, *_: Any) -> list[str]:
        """Commands, and the names of Python."""
        names = [name for name in [*self.names(), *dir(builtins)] if name.startswith(text)]
        python = {name for name in names if text and not name.startswith("_")}
        return sorted({*self.commands(text), *python})

    def commands(self, text: str) -> list[str]:
        return [name for name in super().completenames(text) if name != "EOF"]

    def complete_help(self, text: str, *_: Any) -> list[str]:
        return [*self.commands(text), *(name for name in ["python"] if name.startswith(text))]

    def completedefault(self, text: str, *_: Any) -> list[str]:
        """Python: names and attributes."""
        if not text:
            return []
        completer = rlcompleter.Completer(self.names())
        return (completer.attr_matches if "." in text else completer.global_matches)(text)

    def complete_why(self, text: str, *_: Any) -> list[str]:
        return [*self.tensors_here(text), *self.completedefault(text)]
