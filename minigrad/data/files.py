"""Reading a whole file, and replacing a whole file: both or an error that names it."""

import os
from pathlib import Path

from minigrad.errors import DataError

PathLike = str | os.PathLike[str]


def read_bytes(function: str, path: PathLike) -> bytes:
    """All bytes of a file; if it cannot be read, a DataError in the name of ``function``."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"{function}: cannot read '{path}': {error.strerror}") from error


def replace_bytes(function: str, path: PathLike, content: bytes) -> None:
    """Put ``content`` at ``path`` in one step: a reader sees the old file or the whole new one.

    The bytes go to a temporary file in the same folder first, which then takes the name of the old
    one. A write that fails leaves the old file as it was, and no temporary file behind. A pipe or a
    device (``/dev/stdout``) is written to directly, since it cannot be replaced.
    """
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            Path(path).write_bytes(content)
        else:
            _replace_regular_file(Path(os.path.realpath(path)), content)
    except OSError as error:
        raise DataError(f"{function}: cannot write '{path}': {error.strerror}") from error


def _replace_regular_file(target: Path, content: bytes) -> None:
    temporary = target.with_name(f".{target.name}.{os.urandom(4).hex()}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            # Without it a power cut could leave the new name on an empty file.
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
