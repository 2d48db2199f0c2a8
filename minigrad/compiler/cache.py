"""Generated programs on disk, so that a second process need not compile them again.

A program's file is named by a hash of its text; Numba keeps the native code beside it. Nothing that
is there is ever rewritten, and without a directory that can be written to, nothing is kept.
"""

import os
import sys
from hashlib import sha256
from pathlib import Path

__all__ = ["cache_directory", "stored", "text_hash"]


def cache_directory() -> Path:
    """``MINIGRAD_CACHE_DIR``, or minigrad's directory where the platform keeps caches."""
    own = os.environ.get("MINIGRAD_CACHE_DIR")
    if own:
        return Path(own)
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "minigrad"


def stored(source: str, name: str) -> Path | None:
    """The file that holds exactly this text; None if it cannot be kept."""
    try:
        directory = cache_directory()
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{name}.py"
        if not path.exists():
            part = directory / f"{name}.{os.getpid()}.part"
            part.write_text(source, encoding="utf-8")
            part.replace(path)
        return path if path.read_text(encoding="utf-8") == source else None
    except (OSError, RuntimeError):  # RuntimeError: no home directory
        return None


def text_hash(path: Path) -> str:
    """Changes when a file that programs import changes."""
    return sha256(path.read_bytes()).hexdigest()[:16]
