"""What an array answers only if its values are known: refused while a function is traced."""

from typing import Any

from minigrad.compiler.program import Value
from minigrad.compiler.refusing import refused
from minigrad.ops.base import UnknownArray

__all__ = ["UnknownValues"]


class UnknownValues(UnknownArray):
    """Whatever asks for values gets an error that names the use and the user's line."""

    __slots__ = ()

    latest: Value

    def __float__(self) -> float:
        raise self.needs_values("float()")

    def __int__(self) -> int:
        raise self.needs_values("int()")

    def __round__(self, digits: int | None = None) -> Any:
        raise self.needs_values("round()")

    def __contains__(self, x: Any) -> bool:
        raise self.needs_values("in")

    def __index__(self) -> int:
        raise self.needs_values("as an index or a size")

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise self.needs_values(
            "np.asarray, np.array or another function that asks for them; .copy() copies, np.stack "
            "joins, and a list of numbers is handed over as an array"
        )

    def __format__(self, spec: str) -> str:
        raise self.needs_values("formatted")

    def __str__(self) -> str:
        raise self.needs_values("formatted")

    def item(self, *args: Any) -> Any:
        raise self.needs_values(".item()")

    def tolist(self) -> Any:
        raise self.needs_values(".tolist()")

    def needs_values(self, use: str) -> Exception:
        what = f"an array of shape {self.shape} and dtype {self.dtype}"
        if self.latest.weak:
            what = "a hyperparameter or a float argument, or of what was computed from one,"
        return refused(
            f"the values of {what} are used ({use}), but "
            "while a function is traced they are not known. Do it outside of the compiled function"
        )
