"""What the benchmarks promise beside times: the same work for everybody, blanks with a reason."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
if not BENCHMARKS.exists():
    pytest.skip("the benchmarks are not here", allow_module_level=True)
sys.path.insert(0, str(BENCHMARKS))

from speed.peers import minigrad_eager, numpy_by_hand, numpy_plain  # noqa: E402
from speed.turns import Taken, check_values, summary  # noqa: E402
from speed.worker import run_once  # noqa: E402
from speed.workload import Workload  # noqa: E402
from speed.workloads.networks import WORKLOADS, network  # noqa: E402
from stepping import package_without_positions  # noqa: E402


@pytest.mark.parametrize("name", [name for name in WORKLOADS if "784" not in name])
def test_numpy_by_hand_and_minigrad_compute_the_same(name):
    workload = WORKLOADS[name]
    values = []
    for peer in (numpy_by_hand, minigrad_eager):
        phases = getattr(peer, workload.kind)(workload.make())
        run_once(phases)
        values.append(run_once(phases))
    assert values[1] == pytest.approx(values[0], rel=1e-4)


def test_numpy_as_a_textbook_writes_it_computes_the_same():
    (expert,), (textbook,) = (
        peer.step(network((6, 5, 4, 3), 8)) for peer in (numpy_by_hand, numpy_plain)
    )
    for _ in range(5):
        assert textbook() == pytest.approx(expert(), rel=1e-5)


def taken(value, seconds):
    return Taken({"value": value, "first_run_bytes": 0}, [[[s, s]] for s in seconds])


def test_a_peer_that_computes_something_else_has_no_time():
    workload = Workload("step", dict)
    all_taken = {"numpy": taken(2.0, [1.0, 1.0]), "right": taken(2.0001, [3.0, 5.0])}
    all_taken["wrong"] = taken(2.1, [0.1, 0.1])
    check_values(workload, all_taken)
    (row,) = summary(workload, all_taken, "wall")
    assert row["peers"]["right"]["ratio"]["median"] == 4.0
    assert row["peers"]["wrong"] == {"missing": "computes 2.1, not 2.0 as NumPy"}


def test_an_accuracy_that_is_not_reached_has_no_time():
    workload = Workload("fit", dict, at_least=0.96)
    all_taken = {"numpy": taken(0.97, [1.0]), "lazy": taken(0.95, [0.1])}
    check_values(workload, all_taken)
    assert "missing" not in all_taken["numpy"].told
    assert all_taken["lazy"].told["missing"] == "computes 0.95, not at least 0.96"
    assert all_taken["lazy"].rounds == []


def test_ratios_are_taken_pair_by_pair():
    """While the machine slows down tenfold, the ratio of each pair stays what it is."""
    workload = Workload("step", dict)
    all_taken = {"numpy": taken(1.0, [1.0, 2.0, 10.0]), "slow": taken(1.0, [3.0, 6.0, 30.0])}
    (row,) = summary(workload, all_taken, "cpu")
    assert row["peers"]["slow"]["ratio"] == {"median": 3.0, "lower": 3.0, "upper": 3.0}


def test_the_package_without_source_positions_has_none(tmp_path):
    script = "import minigrad as mg; y = mg.Tensor(1.0, requires_grad=True) * 2; print(y.code)"
    folder = package_without_positions(tmp_path)
    for path, found in ((folder, "None"), (BENCHMARKS.parent, "<code object")):
        answer = subprocess.check_output([sys.executable, "-c", script], cwd=path, text=True)
        assert answer.startswith(found)


def test_the_command(tmp_path):
    command = [sys.executable, str(BENCHMARKS / "run.py"), "--only", "step 2-16-2,backward"]
    options = ["--peers", "micrograd", "--turns", "2", "--launches", "1"]
    file = tmp_path / "results.json"
    done = subprocess.run([*command, *options, "--json", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    results = json.loads(file.read_text())["results"]
    assert list(results) == ["step 2-16-2", "backward 64-32-10"]
    for result in results.values():
        (row,) = result["rows"]
        assert row["peers"]["numpy"]["ratio"]["median"] == 1
        assert row["peers"]["minigrad"]["ratio"]["median"] > 0
        assert row["peers"]["micrograd"]["missing"]
    assert "| step 2-16-2 | 1.00 |" in done.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--only", "import,chain 1e3"], "no workload is called 'chain 1e3'; there are: step"),
        (["--peers", "numpy,scikit-learn"], "no peer is called 'scikit-learn'; there are: "),
    ],
)
def test_names_that_do_not_exist_are_refused_beside_those_that_do(options, message):
    command = [sys.executable, str(BENCHMARKS / "run.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert message in done.stderr
