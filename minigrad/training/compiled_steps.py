"""Training by compiled steps: what ``fit(compile=True)`` does in place of eager ones."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.compiler.batch_loop import BatchLoop
from minigrad.compiler.compiled import CompiledFunction
from minigrad.compiler.variant import Variant
from minigrad.errors import NonFiniteError
from minigrad.nn.module import Module
from minigrad.optim.optimizer import Optimizer
from minigrad.training.evaluation import check_loss
from minigrad.training.inputs import Loss
from minigrad.validation import anywhere

__all__ = ["CompiledSteps"]


class CompiledSteps:
    """Steps on batches of one data set, compiled.

    The first ones are compared with eager steps; then many run in one go, as far as the next sign
    of life is due.

    Parameters
    ----------
    model, loss, optimizer
        As `fit` takes them.
    x, y : ndarray
        All samples and targets.
    keep_predictions : bool
        Whether the predictions of each batch are wanted, too.
    backend : {"auto", "numba", "numpy"}
    """

    def __init__(
        self,
        model: Module,
        loss: Loss,
        optimizer: Optimizer,
        x: NDArray[Any],
        y: NDArray[Any],
        *,
        keep_predictions: bool,
        backend: str,
    ) -> None:
        def step(x: Any, y: Any) -> Any:
            predictions = model(x)
            value = loss(predictions, y)
            check_loss(value)
            if anywhere(~np.isfinite(value.data)):
                raise NonFiniteError("the loss is not finite")
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            return (value.data, predictions.data) if keep_predictions else value.data

        self.x, self.y = np.ascontiguousarray(x), np.ascontiguousarray(y)
        self.keep_predictions = keep_predictions
        self.step = CompiledFunction(step, backend, check=True)
        self.loops: dict[Variant, BatchLoop] = {}

    def run(
        self, order: NDArray[np.intp], start: int, batch_size: int, *, one: bool
    ) -> tuple[list[float], list[NDArray[Any]]]:
        """Make the next step, or some, on the rows ``order[start:]``; losses and predictions.

        Raises
        ------
        NonFiniteError
            If the loss of the next batch is not finite. Nothing has been changed then.
        """
        rows = order[start : start + batch_size]
        # The last batch is always called for by Python, which leaves the gradients as .grad.
        most = (len(order) - start - 1) // batch_size
        loop = None if one or most == 0 else self.loop(rows)
        if loop is not None:
            losses, collected = loop.run(order, start, most)
            if len(losses):
                return losses.tolist(), [] if collected is None else list(collected)
        result = self.step(self.x[rows], self.y[rows])
        loss, *predictions = result if self.keep_predictions else (result,)
        return [float(loss)], [np.array(array) for array in predictions]

    def loop(self, rows: NDArray[np.intp]) -> BatchLoop | None:
        """The native loop for such batches, once their step is compiled and has been compared."""
        variant: Variant | None = self.step.trusted(self.x[rows], self.y[rows])
        if variant is None or not BatchLoop.can_run(variant.trace):
            return None
        if variant not in self.loops:
            self.loops[variant] = BatchLoop(variant.trace, variant.generated, self.x, self.y)
        return self.loops[variant]
