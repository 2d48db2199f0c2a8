"""The smallest error in one entry of a Jacobian that a checker catches."""

from typing import Any

import numpy as np

import minigrad as mg
from power.rule_checkers import Checker, Subject

__all__ = ["print_smallest", "smallest_caught"]

SIZES = (4, 64, 1024)
SEEDS = 10
MAGNITUDES = [digit * 10.0**power for power in range(-12, 4) for digit in (1, 2, 5)]
FIRST_TRIED = 12  # 1e-8

Smallest = dict[str, dict[int, list[float]]]


class SquareWithError(mg.Op):
    """out = x²; its slopes are off by ``error``."""

    @staticmethod
    def forward(x, *, error):
        return x * x

    @staticmethod
    def grad_x(grad_out, out, x, *, error):
        grad_x = grad_out * (2 * x + error)
        return grad_x


def smallest_caught(checkers: dict[str, Checker]) -> Smallest:
    """For each checker and number of entries the smallest magnitude in each seed, sorted."""
    return {
        name: {size: over_seeds(checker, size) for size in SIZES}
        for name, checker in checkers.items()
    }


def over_seeds(checker: Checker, size: int) -> list[float]:
    """The smallest magnitude that is caught in each seed, infinity if even the largest is not."""
    found = []
    step = FIRST_TRIED
    for seed in range(SEEDS):  # where one seed ends, the next one begins: it is not far
        if step < len(MAGNITUDES) and is_caught(checker, size, seed, step):
            while step > 0 and is_caught(checker, size, seed, step - 1):
                step -= 1
        else:
            while step < len(MAGNITUDES) and not is_caught(checker, size, seed, step):
                step += 1
        found.append(MAGNITUDES[step] if step < len(MAGNITUDES) else np.inf)
    return sorted(found)


def is_caught(checker: Checker, size: int, seed: int, step: int) -> bool:
    return bool(checker(square_off_by(MAGNITUDES[step], size, seed), seed))


def square_off_by(magnitude: float, size: int, seed: int) -> Subject:
    """x² whose rule errs in one entry of the Jacobian; each seed has its own x and entry."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(1, 3, size)
    error = np.zeros(size)
    error[rng.integers(size)] = magnitude

    def square(leaf: Any) -> Any:
        return mg.call(SquareWithError, leaf, error=error)

    return Subject(square, [x])


def print_smallest(found: Smallest) -> None:
    print("\nSmallest error in one of the n slopes of x² (x in 1..3) that is caught in at least")
    print(f"9 of {SEEDS} seeds, and in brackets in at least 5\n")
    print(f"{'':16}" + "".join(f"{f'n = {size}':>20}" for size in SIZES))
    for name, by_size in found.items():
        cells = [f"{seeds[8]:.0e} ({seeds[4]:.0e})" for seeds in by_size.values()]
        print(f"{name:16}" + "".join(f"{cell:>20}" for cell in cells))
