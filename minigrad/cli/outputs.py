"""The files a command writes: refused before the work starts, not after it."""

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile

from minigrad.errors import DataError, DomainError, MissingExtraError

__all__ = ["check_outputs", "check_plot"]


def check_outputs(outputs: Mapping[str, str | None], inputs: list[str]) -> None:
    """Raise unless each file, by its option, can be written and is no other one of the command."""
    taken = {os.path.realpath(path): f"'{path}', which is read" for path in inputs}
    for option, path in outputs.items():
        if path is None:
            continue
        check_writable(option, path)
        # A device, such as /dev/null, may be given twice.
        place = os.path.realpath(path)
        if place in taken and (os.path.isfile(place) or not os.path.exists(place)):
            raise DomainError(f"{option} would overwrite {taken[place]}; give another file")
        taken[place] = f"the {option} file"


def check_writable(option: str, path: str) -> None:
    if os.path.isdir(path) or not os.path.basename(path):
        raise DataError(f"{option}: '{path}' is a folder; give the name of a file")
    if os.path.exists(path) and not os.path.isfile(path):
        return
    try:
        # A file without a name: what the permissions say is not all that can be in the way.
        with TemporaryFile(dir=Path(os.path.realpath(path)).parent):
            pass
    except OSError as error:
        raise DataError(f"{option}: cannot write '{path}': {error.strerror}") from error


def check_plot(path: str) -> None:
    """Raise unless matplotlib is there and writes files with this suffix."""
    try:
        from matplotlib.backend_bases import FigureCanvasBase
    except ImportError as error:
        raise MissingExtraError("matplotlib", "train", "--plot") from error
    suffixes = FigureCanvasBase.get_supported_filetypes()
    if suffix_of(path) not in suffixes:
        raise DomainError(
            f"--plot: matplotlib cannot write '{path}'; its name must end in one of "
            f"{', '.join('.' + suffix for suffix in sorted(suffixes))}"
        )


def suffix_of(path: str) -> str:
    return Path(path).suffix.removeprefix(".").lower()
