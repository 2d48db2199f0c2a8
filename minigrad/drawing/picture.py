"""What a drawing says, before it is laid out: boxes with text, arrows, and named groups."""

from dataclasses import dataclass

__all__ = ["Arrow", "Box", "Picture"]


@dataclass(frozen=True)
class Box:
    """A box: its first line (a title, then its shape), more lines, and the group it stands in.

    Attributes
    ----------
    kind : str
        "op", "parameter", "input", "many" (several boxes as one) or "layer".
    title, shape : str
        The first line.
    lines : tuple of str
        What stands below it.
    group : int or None
        The number of its group.
    warning : bool
        Whether something in it is not finite; one of the lines says so.
    result : bool
        Whether it is what was drawn, the end of the graph.
    tip : str
        More than fits, shown where the mouse rests.
    """

    kind: str
    title: str
    shape: str = ""
    lines: tuple[str, ...] = ()
    group: int | None = None
    warning: bool = False
    result: bool = False
    tip: str = ""

    def first_line(self) -> str:
        return f"{self.title}  {self.shape}" if self.shape else self.title

    def all_lines(self) -> list[str]:
        return [self.first_line(), *self.lines]


@dataclass(frozen=True)
class Arrow:
    """From box to box, by their numbers; dashed if no gradient flows back along it."""

    source: int
    target: int
    label: str = ""
    dashed: bool = False


@dataclass(frozen=True)
class Picture:
    """All of a drawing. Boxes and groups are numbered in their order here, from 0."""

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    groups: tuple[str, ...] = ()
    legend: tuple[str, ...] = ()
