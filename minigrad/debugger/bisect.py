"""The first wrong rule of a backward pass, found by checking its steps in order.

Every check is local: an op's rules are judged at its own values, under whatever gradient arrives,
so that a step that passes is right whatever came before it. There is nothing to halve: the steps
are gone through one by one, and the first that fails is the first that is wrong.
"""

from minigrad.checking.report import Report
from minigrad.debugger.backward_pass import BackwardPass
from minigrad.debugger.local_check import check_step
from minigrad.debugger.step import Step
from minigrad.tensor import Tensor

__all__ = ["first_wrong_step"]

WRONG = ("FAIL", "nondeterministic")


def first_wrong_step(run_or_root: BackwardPass | Tensor) -> tuple[int, Report] | None:
    """The number and the report of the first step whose local check fails; None if all pass.

    Parameters
    ----------
    run_or_root : BackwardPass or Tensor
        A pass, which stays where it is, or a tensor to start one from.

    Returns
    -------
    tuple of int and Report, or None
        A kink, a gradient that is zero, or a difference that does not settle is not a failure.

    Raises
    ------
    GraphError, GradientError
        As `Tensor.backward`.

    Examples
    --------
    >>> import minigrad as mg
    >>> from minigrad.debugger import first_wrong_step
    >>> class Cube(mg.Op):
    ...     @staticmethod
    ...     def forward(x):
    ...         return x * x * x
    ...
    ...     @staticmethod
    ...     def grad_x(grad_out, out, x):
    ...         return grad_out * 2 * x * x
    >>> x = mg.Tensor([1.0, -2.0], requires_grad=True)
    >>> number, report = first_wrong_step(mg.call(Cube, mg.exp(x)).sum())
    >>> number, report.verdict, report.rows[0].name
    (2, 'FAIL', 'Cube.grad_x')
    """
    if isinstance(run_or_root, BackwardPass):
        root = run_or_root.root
        run = BackwardPass(root, run_or_root.grads[root])
    else:
        run = BackwardPass(run_or_root)
    while not run.done:
        step = Step(run)
        report = check_step(step)
        if any(row.verdict in WRONG for row in report.rows):
            return step.number, report
        run.forward()
    return None
