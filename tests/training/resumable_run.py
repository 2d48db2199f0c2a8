"""A run with everything a checkpoint must hold, shared by the tests; as a script it kills itself.

``python resumable_run.py CHECKPOINT STEP WHERE`` dies of SIGKILL at that training step, or during
the next write of the checkpoint after it.
"""

import os
import signal
import sys

import minigrad as mg
from minigrad.data import Standardizer, load_iris, train_test_split
from minigrad.nn import mlp
from minigrad.optim import SGD, StepLR
from minigrad.training import EarlyStopping, accuracy, fit

EPOCHS = 12
STEPS_PER_EPOCH = 8  # 120 training samples in batches of 16

iris = load_iris()
x_train, x_test, y_train, y_test = train_test_split(
    Standardizer.fit(iris.x).transform(iris.x), iris.y, test_size=30, rng=0
)


class Case:
    """Model, optimizer, schedule and callbacks, new each time and always the same."""

    def __init__(self, patience=20, optimizer=None):
        self.model = mlp([4, 16, 3], "relu", dropout=0.25, rng=1)
        make = optimizer or (lambda parameters: SGD(parameters, lr=0.2, momentum=0.9))
        self.optimizer = make(self.model.parameters())
        self.schedule = StepLR(self.optimizer, step_size=3, gamma=0.7)
        self.stopping = EarlyStopping(patience=patience)

    def fit(self, loss=mg.softmax_cross_entropy, epochs=EPOCHS, **options):
        return fit(
            self.model,
            loss,
            self.optimizer,
            (x_train, y_train),
            (x_test, y_test),
            epochs=epochs,
            batch_size=16,
            metrics=[accuracy],
            callbacks=[self.stopping],
            schedule=self.schedule,
            rng=5,
            progress=False,
            **options,
        )


def at_training_step(step, act):
    """A loss that calls ``act`` once, when it is met for the ``step``-th time in training."""
    steps = 0

    def loss(predictions, targets):
        nonlocal steps
        value = mg.softmax_cross_entropy(predictions, targets)
        steps += value.requires_grad
        if value.requires_grad and steps == step:
            act()
        return value

    return loss


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def die_while_writing():
    os.fsync = lambda descriptor: die()


if __name__ == "__main__":
    path, step, where = sys.argv[1:]
    act = {"step": die, "write": die_while_writing}[where]
    Case().fit(at_training_step(int(step), act), checkpoint=path)
