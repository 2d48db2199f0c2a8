"""`assert_gradients`: a failed check as an AssertionError that reads as the report."""

from typing import Any

from minigrad.checking.gradcheck import gradcheck
from minigrad.checking.report import Report

__all__ = ["assert_gradients"]


def assert_gradients(check: Any, inputs: Any = None, **options: Any) -> Report:
    """Raise an AssertionError whose text is the report, unless the gradients are right.

    Parameters
    ----------
    check : Report or function
        What `gradcheck`, `check_model` or `check_graph` found; or a function, to be checked here.
    inputs
        Where to check the function; as for `gradcheck`.
    **options
        As for `gradcheck`.

    Returns
    -------
    Report
        For a look at its rows.

    Raises
    ------
    AssertionError
        If ``report.ok`` is false.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.checking import assert_gradients
    >>> assert_gradients(mg.add, [0.5, -1.0]).ok
    True
    """
    __tracebackhide__ = True
    if isinstance(check, Report):
        if inputs is not None or options:
            raise TypeError("assert_gradients: a Report is complete; give nothing beside it")
        report = check
    else:
        report = gradcheck(check, inputs, **options)
    if not report.ok:
        raise AssertionError(f"{report}")
    return report
