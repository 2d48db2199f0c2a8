"""The pytest plugin, run in a pytest of its own, and `assert_gradients`."""

import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.checking import assert_gradients, gradcheck
from minigrad.checking import pytest_plugin as plugin

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]

TESTS = """
import numpy as np
import minigrad as mg

class Cube(mg.Op):
    @staticmethod
    def forward(x):
        return x * x * x

    @staticmethod
    def grad_x(grad_out, out, x):
        return grad_out * 2 * x * x

def cube(x):
    return mg.call(Cube, x)

def test_right(gradcheck):
    assert gradcheck(mg.exp, np.array([1.0, 2.0])).ok

def test_wrong(gradcheck):
    gradcheck(cube, np.array([1.0, 2.0]))
"""


@pytest.fixture
def run(pytester, pytestconfig):
    """Run pytest on a file of tests, with the plugin even if it is not installed."""

    def run(text, *options):
        pytester.makepyfile(test_cube=text)
        pytester.makeini("[pytest]\nfilterwarnings = error\n")
        installed = pytestconfig.pluginmanager.hasplugin("minigrad")
        plugins = [] if installed else [plugin]
        return pytester.runpytest("-p", "no:cacheprovider", *options, plugins=plugins)

    return run


def test_a_wrong_gradient_shows_the_table_and_no_traceback(run):
    result = run(TESTS)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ test_wrong _*",
            "test_cube.py:20: gradcheck of cube: FAIL in input 0 at *",
            "name *shape *verdict*",
            "input 0 *(2,)*FAIL*",
        ]
    )
    output = result.stdout.str()
    for word in ("Traceback", "def test_wrong", "pytest_plugin.py", ">  ", "E  "):
        assert word not in output


def test_seeds(run):
    text = """
    import numpy as np
    import minigrad as mg
    from minigrad import checking
    seen = []

    def test_seeds(gradcheck, monkeypatch):
        original = checking.gradcheck.__globals__["check_problem"]
        def check_problem(title, problem, settings, *rest, **options):
            seen.append(settings.rng.bit_generator.seed_seq.entropy[0])
            return original(title, problem, settings, *rest, **options)
        monkeypatch.setitem(checking.gradcheck.__globals__, "check_problem", check_problem)
        gradcheck(mg.exp, np.array([1.0, 2.0]))
        gradcheck(mg.exp, np.array([1.0, 2.0]), seed=40, mode="fast")
        assert seen == [0, 1, 2, 40, 41, 42]
    """
    run(text, "--gradcheck-seeds", "3").assert_outcomes(passed=1)


def test_it_takes_a_report_too(run):
    text = """
    import numpy as np
    import minigrad as mg
    from minigrad.checking import check_model
    from minigrad.nn import mlp

    def test_model(gradcheck):
        batch = np.ones((2, 4)), np.array([0, 1])
        gradcheck(check_model(mlp([4, 3], rng=0), mg.softmax_cross_entropy, batch))

    def test_kink(gradcheck):
        gradcheck(mg.relu, np.array([0.0, 1.0]))
        gradcheck(mg.relu, np.array([0.0, 1.0]), strict=True)
    """
    result = run(text)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "test_cube.py:12: gradcheck of relu: kink in input 0 at *",
            "*= Relu(input 0) test_cube.py:12 is at a kink in element *",
        ]
    )


def test_help_and_a_wrong_number(run):
    run("", "--help").stdout.fnmatch_lines(["*gradcheck-seeds=N*repeat every check*"])
    result = run(TESTS, "--gradcheck-seeds", "0")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--gradcheck-seeds: invalid positive_integer value: '0'*"])


def test_the_entry_point_is_the_plugin():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())
    module = declared["project"]["entry-points"]["pytest11"]["minigrad"]
    files = declared["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert files == {"minigrad/checking/pytest_plugin.py": f"{module}.py"}


def test_starting_pytest_imports_neither_numpy_nor_minigrad():
    code = f"import runpy, sys; runpy.run_path({plugin.__file__!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "pytest" in loaded
    assert loaded.isdisjoint({"minigrad", "numpy"})


def wrong(x):
    return mg.call(WrongExp, x)


class WrongExp(mg.Op):
    @staticmethod
    def forward(x):
        return np.exp(x)

    @staticmethod
    def grad_x(grad_out, out, x):
        return -grad_out * out


def test_assert_gradients_raises_the_report():
    report = gradcheck(wrong, np.array([1.0, 2.0]))
    with pytest.raises(AssertionError) as caught:
        assert_gradients(wrong, np.array([1.0, 2.0]))
    assert str(caught.value) == repr(report)
    with pytest.raises(AssertionError, match="gradcheck of wrong: FAIL"):
        assert_gradients(report)


def test_assert_gradients_returns_the_report():
    report = assert_gradients(mg.exp, np.array([1.0, 2.0]), mode="fast")
    assert report.rows[0].mode == "fast"
    assert assert_gradients(report) is report
    with pytest.raises(TypeError, match="give nothing beside it"):
        assert_gradients(report, mode="fast")


def test_assert_gradients_shows_no_frame_of_its_own(run):
    text = f"{TESTS}\nfrom minigrad.checking import assert_gradients\n" + (
        "def test_plainly():\n    assert_gradients(cube, np.array([1.0]))\n"
    )
    result = run(text, "-k", "plainly")
    result.assert_outcomes(failed=1, deselected=2)
    result.stdout.fnmatch_lines(
        ["E *AssertionError: gradcheck of cube: FAIL in input 0*", "E *input 0*FAIL"]
    )
    assert "assertion.py" not in result.stdout.str()


def test_a_misuse_shows_the_line_of_the_test_and_not_the_checker(run):
    misuse = "import minigrad as mg\n\ndef test_misuse(gradcheck):\n    gradcheck(mg.exp)\n"
    result = run(misuse)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([">       gradcheck(mg.exp)"])
    result.stdout.fnmatch_lines(["E       *gradcheck: inputs are missing*"])
    result.stdout.no_fnmatch_line("*def gradcheck(*")
