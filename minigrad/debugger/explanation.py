"""What `why` answers, and its text."""

from dataclasses import dataclass

from minigrad.debugger.paragraphs import place_lines, wrapped
from minigrad.debugger.source import Source
from minigrad.tensor import Tensor

__all__ = ["Explanation", "called", "told"]


@dataclass(frozen=True)
class Explanation:
    """Why a tensor's gradient is as it is; ``str()`` is the text.

    Attributes
    ----------
    tensor : Tensor
    kind : str
        "gradient" (there is one, not zero), "not run", "cleared", "zero", "failed", "unused",
        "detached", "constant", "no_grad", "requires_grad" or "freed".
    text : str
        In sentences, at most 80 columns wide, with lines of source.
    source : Source or None
        Where it is cut, or dies.
    is_certain : bool
        False where nothing that is still alive links the tensor to the cut.
    """

    tensor: Tensor
    kind: str
    text: str
    source: Source | None = None
    is_certain: bool = True

    def __str__(self) -> str:
        return self.text


def called(x: Tensor) -> str:
    return repr(x.name) if x.name else repr(x)


def told(
    x: Tensor, kind: str, sentences: list[str], source: Source | None = None, sure: bool = True
) -> Explanation:
    """Sentences wrapped to the width of a terminal, the place in the source below them."""
    lines = [wrapped(sentence) for sentence in sentences]
    return Explanation(x, kind, "\n".join([*lines, *place_lines(source)]), source, sure)
