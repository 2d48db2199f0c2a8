"""What only the native back end has: its exp, its files, its absence."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest
from traced import check, compare, generate, trace

from minigrad.compiler import native_text, numba_backend, parts
from minigrad.compiler.cache import cache_directory, stored
from minigrad.compiler.native_text import without_places
from minigrad.errors import CompileError, MissingExtraError

needs_numba = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="no Numba")


@needs_numba
def test_exp_of_float32_over_its_whole_range():
    generated = None
    worst = 0.0
    for start in range(0, 2**32, 2**27):
        bits = np.arange(start, start + 2**27, 1009, dtype=np.uint64).astype(np.uint32)
        x = bits.view(np.float32)
        if generated is None:
            program = trace(np.exp, x)
            generated = generate(program, "numba")
        generated.run(x)
        (found,) = generated.arrays.values()
        with np.errstate(all="ignore"):
            exact = np.exp(x.astype(np.float64))
            expected = exact.astype(np.float32)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(x))
        np.testing.assert_array_equal(np.isinf(found), np.isinf(expected))
        regular = np.isfinite(expected)
        if regular.any():
            ulp = np.spacing(expected[regular]).astype(np.float64)
            worst = max(worst, np.abs((found[regular] - exact[regular]) / ulp).max())
    assert worst < 0.6


@needs_numba
def test_a_second_process_compiles_nothing(tmp_path):
    script = """
import numpy as np
from traced import check, compare, generate, trace
generated = generate(trace(lambda x: np.exp(x).sum(), np.zeros(3)), "numba")
print(generated.run(np.zeros(3)), generated.function.__code__.co_filename)
import minigrad.compiler.numba_backend, sys
stats = sys.modules[generated.function.__module__].step.stats
print(len(stats.cache_hits), len(stats.cache_misses))
"""
    environment = {**os.environ, "MINIGRAD_CACHE_DIR": str(tmp_path)}
    environment["PYTHONPATH"] = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    printed = []
    for _ in range(2):
        process = subprocess.run(
            [sys.executable, "-c", script],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        printed.append(process.stdout.splitlines())
    assert printed[0][0] == printed[1][0]
    assert str(tmp_path) in printed[0][0]
    assert (printed[0][1], printed[1][1]) == ("0 1", "1 0")


@needs_numba
def test_the_same_step_from_another_line_is_the_same_program():
    here = generate(trace(lambda x: np.exp(x).sum() * 3, np.zeros(3)), "numba")
    there = generate(trace(lambda x: np.exp(x).sum() * 3, np.zeros(3)), "numba")
    assert here.source != there.source  # each with its own lines
    assert here.function is there.function
    assert there.run(np.zeros(3)) == (False, 9.0)
    other = generate(trace(lambda x: np.exp(x).sum() * 4, np.zeros(3)), "numba")
    assert other.run(np.zeros(3)) == (False, 12.0)


def test_only_the_places_in_a_text_do_not_count():
    text = "# With this\n\nx = 1  # a.py:1 f\n    # a.py:2 f # g\nx = 2\n"
    assert without_places(text) == "# With this\n\nx = 1\n\nx = 2\n"


@needs_numba
def test_without_a_directory_to_write_to_it_is_compiled_all_the_same(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("MINIGRAD_CACHE_DIR", str(blocked))
    generated = generate(trace(lambda x: x.sum(), np.ones(3)), "numba")
    assert "cache=True" not in generated.source
    assert generated.run(np.ones(3)) == (False, 3.0)


@needs_numba
def test_where_numba_can_keep_nothing_it_is_compiled_all_the_same(monkeypatch):
    from numba.core.caching import CacheImpl

    from minigrad.compiler import native

    monkeypatch.setattr(CacheImpl, "_locator_classes", [])
    generated = generate(trace(lambda x: x.sum() * 17, np.ones(3)), "numba")
    assert "cache=True" not in generated.source
    assert generated.run(np.ones(3)) == (False, 51.0)
    assert native.kept()(lambda x: x + 1)(2) == 3


@needs_numba
def test_a_damaged_file_in_the_cache_does_no_harm(monkeypatch, tmp_path):
    monkeypatch.setenv("MINIGRAD_CACHE_DIR", str(tmp_path))
    for expected_kept in (True, False):
        monkeypatch.setattr(native_text, "PROGRAMS", {})
        generated = generate(trace(lambda x: x.sum() * 18, np.ones(3)), "numba")
        assert ("cache=True" in generated.source) is expected_kept
        assert generated.run(np.ones(3)) == (False, 54.0)
        for path in tmp_path.rglob("*.nb[ci]"):
            path.write_bytes(path.read_bytes()[:100])


def test_a_file_is_never_rewritten(monkeypatch, tmp_path):
    monkeypatch.setenv("MINIGRAD_CACHE_DIR", str(tmp_path))
    path = stored("x = 1\n", "step_x")
    assert path is not None
    assert path.read_text() == "x = 1\n"
    assert stored("x = 2\n", "step_x") is None
    assert path.read_text() == "x = 1\n"


def test_where_files_are_kept(monkeypatch, tmp_path):
    monkeypatch.delenv("MINIGRAD_CACHE_DIR", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_directory() == tmp_path / "minigrad"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert cache_directory() == tmp_path / "local" / "minigrad"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_directory().parts[-3:] == ("Library", "Caches", "minigrad")


def test_without_numba_the_error_names_the_install(monkeypatch):
    monkeypatch.setattr(numba_backend, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'minigrad\[compile\]'"):
        generate(trace(lambda x: x * 2, np.ones(3)), "numba")


@needs_numba
def test_float16_is_left_to_numpy():
    with pytest.raises(CompileError, match="float16 is not native"):
        generate(trace(lambda x: x * 2, np.ones(3, np.float16)), "numba")


@needs_numba
def test_a_product_that_is_just_large_enough_for_blas():
    limit = numba_backend.SMALL_PRODUCT
    for inner, name in ((limit, "dot_n"), (limit + 1, "blas_nn")):
        x, y = np.ones((1, inner)), np.arange(float(inner)).reshape(inner, 1)
        generated = generate(trace(lambda x, y: x @ y, x, y), "numba")
        assert f"{name}(" in generated.source
        generated.run(x, y)
        (found,) = generated.arrays.values()
        np.testing.assert_allclose(found, x @ y, rtol=1e-14)


@needs_numba
@pytest.mark.parametrize("longest", [1, 4])
def test_a_long_program_is_several_functions(monkeypatch, longest):
    monkeypatch.setattr(parts, "LONGEST", longest)
    rng = np.random.default_rng(1)
    x, w, s = rng.normal(size=(5, 4)), rng.normal(size=(4, 3)), 0.5

    def function(x, w, s):
        (x > 10).refuse_where_true()
        total = np.exp(x @ w).sum()
        rate = s * 2
        w -= rate * (w / total)
        return [total * rate, (x @ w).sum(0), rate, total]

    program = trace(function, x, w, s)
    generated = check(program, "numba", [x, w, s])
    assert generated.source.count("def part") > 2
    compare(program, generated, [x + 20, w, s])
