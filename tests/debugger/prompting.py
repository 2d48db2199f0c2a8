"""Sessions at the prompt as transcripts: what is typed stands where a terminal shows it."""

import io

import minigrad as mg


class Typed(io.StringIO):
    """Standard input that types itself into the output."""

    def __init__(self, commands, output):
        super().__init__("".join(f"{command}\n" for command in commands))
        self.output = output

    def readline(self, *size):
        line = super().readline(*size)
        self.output.write(line)
        return line


def typed(*commands):
    """Arguments ``stdin`` and ``stdout``; the latter holds the transcript in the end."""
    output = io.StringIO()
    return {"stdin": Typed(commands, output), "stdout": output}


def session(loss, *commands):
    """The transcript of ``mg.debug(loss)``, given these commands."""
    files = typed(*commands)
    mg.debug(loss, **files)
    return files["stdout"].getvalue()


def answers(text):
    """What each command was answered: (command, lines)."""
    parts = text.split("(mg) ")[1:]
    return [(part.split("\n", 1)[0], part.split("\n", 1)[1].rstrip("\n")) for part in parts]


def answer(loss, *commands):
    """What the last of these commands is answered; the pass is then completed."""
    return answers(session(loss, *commands, "clear", "goto end", "c"))[len(commands) - 1][1]
