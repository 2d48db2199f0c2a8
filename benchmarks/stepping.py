"""What the stepping debugger costs: while it is off, and while it steps.

    python benchmarks/stepping.py

While it is off, all that is left of it is the source position that every op keeps. Its price is
found by comparing with a copy of the package from which those lines were taken out: both run in
processes of their own, in turns, and what is printed are medians over the turns; of an op alone it
is the fastest, since whatever else the machine does can only add to so short a time. Then a
backward pass is made by ``backward()`` and by ``mg.steps``, and the memory that its history holds
is told.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np

import minigrad as mg
from minigrad.debugger import BackwardPass
from speed.peers import minigrad_eager, numpy_by_hand
from speed.workloads.networks import NETS, SMALL, network

POSITION = """\
            frame = get_frame(2)  # 0 is this one, 1 an operator or `call`
            while is_own_file[frame.f_code.co_filename] and (caller := frame.f_back):
                frame = caller
"""
CHAIN = 500


def package_without_positions(folder: Path) -> Path:
    """A copy of the package in which an op does not look for the line that called it."""
    shutil.copytree(Path(mg.__file__).parent, folder / "minigrad")
    file = folder / "minigrad" / "tensor.py"
    text = file.read_text()
    if POSITION not in text:
        raise SystemExit("tensor.py has changed: say here which lines find the source position")
    text = text.replace(POSITION, "").replace("= frame.f_code", "= None")
    file.write_text(text.replace("= frame.f_lasti", "= 0"))
    return folder


def measured() -> dict[str, float]:
    """Nanoseconds of an op in a chain, and of a training step beside the one in NumPy."""
    x = mg.Tensor(1.0, requires_grad=True)

    def chain() -> None:
        y = x
        for _ in range(CHAIN):
            y = y * 1.0

    by_hand, ours = (peer.step(network(*SMALL))[0] for peer in (numpy_by_hand, minigrad_eager))
    for _ in range(50):
        chain(), by_hand(), ours()
    ops = [time_of(chain) / CHAIN for _ in range(200)]
    pairs = [(time_of(by_hand, 100), time_of(ours, 100)) for _ in range(60)]
    return {
        "op": min(ops) * 1e9,
        "step": median(ours for _, ours in pairs) * 1e6,
        "ratio": median(ours / hand for hand, ours in pairs),
    }


def time_of(function: Callable[[], object], repeats: int = 1) -> float:
    """Seconds of the processor, so that a machine with other work does not matter."""
    start = process_time()
    for _ in range(repeats):
        function()
    return (process_time() - start) / repeats


def in_process(package: Path) -> dict[str, float]:
    """`measured` in a fresh process that imports the package from this folder."""
    path = os.pathsep.join([str(package), str(Path(__file__).parent)])
    code = "import json, stepping; print(json.dumps([stepping.mg.__file__, stepping.measured()]))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    imported, result = json.loads(done.stdout)
    assert Path(imported).is_relative_to(package)
    found: dict[str, float] = result
    return found


def print_cost_when_off(turns: int) -> None:
    with TemporaryDirectory() as folder:
        without = package_without_positions(Path(folder))
        whole = Path(mg.__file__).parents[1]
        results = [(in_process(whole), in_process(without)) for _ in range(turns)]
    (op, op_without), (step, step_without), (ratio, ratio_without) = (
        [middle(result[key] for result in column) for column in zip(*results, strict=True)]
        for key, middle in (("op", min), ("step", median), ("ratio", median))
    )
    print("source positions                       kept   left out")
    print(f"an op of a chain, ns                {op:7.0f}    {op_without:7.0f}")
    print(f"a 64-32-10 training step, µs        {step:7.1f}    {step_without:7.1f}")
    print(f"the same over raw NumPy             {ratio:7.2f}    {ratio_without:7.2f}")
    share = 1 - ratio_without / ratio
    print(f"\nthey cost {op - op_without:.0f} ns an op, {share:.1%} of a training step")


def print_cost_of_stepping() -> None:
    print(f"\n{'net':>16} {'backward() µs':>14} {'mg.steps µs':>12} {'held, bytes':>12}")
    for name, (sizes, batch_size) in NETS.items():
        rng = np.random.default_rng(0)
        x = rng.standard_normal((batch_size, sizes[0])).astype(np.float32)
        model = mg.nn.mlp(sizes, activation="sigmoid", rng=rng, dtype=np.float32)
        loss = mg.softmax_cross_entropy(model(x), rng.integers(0, sizes[-1], batch_size))
        pairs = [
            (time_of(loss.backward), time_of(partial(stepped_through, loss))) for _ in range(30)
        ]
        plain, stepped = (median(column) * 1e6 for column in zip(*pairs, strict=True))
        run = BackwardPass(loss)
        run.go_to(len(run))
        print(f"{name:>16} {plain:>14.0f} {stepped:>12.0f} {run.nbytes:>12,}")


def stepped_through(loss: mg.Tensor) -> int:
    return sum(1 for _ in mg.steps(loss))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--turns", type=int, default=7, help="turns of both packages (default 7)")
    print_cost_when_off(parser.parse_args().turns)
    print_cost_of_stepping()


if __name__ == "__main__":
    main()
