"""What shares a loop, what needs memory, and what is written where."""

import numpy as np
from traced import trace

from minigrad.compiler.explain import explain
from minigrad.compiler.plan import plan
from minigrad.compiler.simplify import simplify

X = np.ones((8, 16))


def planned(function, *inputs, fused=True):
    return plan(simplify(trace(function, *inputs)), fused)


def groups(found):
    return [[x.primitive for x in group.instructions] for group in found.groups]


def test_a_chain_and_its_reductions_are_one_loop_without_memory():
    found = planned(lambda x: (np.exp(x * 2) + 1).sum(), X)
    assert groups(found) == [["multiply", "exp", "add", "reduce"]]
    assert found.peak_bytes == 0


def test_what_a_reduction_gives_is_used_in_a_later_loop():
    found = planned(lambda x: (x / x.sum(1, keepdims=True)).max(), X)
    assert groups(found) == [["reduce"], ["divide", "reduce"]]
    assert [value.shape for value in found.workspace.offsets] == [(8, 1)]


def test_products_stand_alone_and_transposes_are_views():
    found = planned(lambda x, w: ((x @ w).T * 2).sum(0), X, np.ones((16, 4)))
    assert groups(found) == [["dot"], ["multiply", "reduce"]]
    found = planned(lambda x: x.T @ x, X)
    assert groups(found) == [["dot"]]


def test_other_shapes_are_other_loops_but_axes_of_length_one_do_not_count():
    found = planned(lambda x: [x.sum(1) * 2, x.sum(1, keepdims=True) + 1], X)
    assert groups(found) == [["reduce", "reduce"], ["multiply", "add"]]


def test_what_is_read_only_later_is_computed_there():
    def function(x, w):
        y = np.exp(x)
        slope = 1 - y  # could be computed beside y, but would need memory
        return (y @ w) * slope

    found = planned(function, X, np.ones((16, 16)))
    assert groups(found) == [["exp"], ["dot"], ["subtract", "multiply"]]


def test_memory_is_used_again():
    def function(x, w):
        for _ in range(10):
            x = x @ w
        return x.sum()

    found = planned(function, X, np.ones((16, 16)))
    assert found.peak_bytes == found.workspace.nbytes == 2 * X.nbytes
    unfused = planned(lambda x: (np.exp(x * 2) + 1).sum(), X, fused=False)
    assert unfused.peak_bytes == X.nbytes  # each result into the memory of the one before


def test_values_that_live_together_do_not_share_memory():
    def function(x, w):
        a, b = x @ w, x @ (w + 1)
        c = a @ w
        return [a @ b.T, c, (a + b + c).sum(0)]

    for fused in (True, False):
        found = planned(function, X, np.ones((16, 16)), fused=fused)
        order = {x.out: k for k, g in enumerate(found.groups) for x in g.instructions}
        last = dict(order)
        for k, group in enumerate(found.groups):
            for instruction in group.instructions:
                for value in instruction.values:
                    last[found.views[value].root] = k
        for value in found.arrays.values():
            last[value] = len(found.groups)
        places = [(v, s, s + v.nbytes) for v, s in found.workspace.offsets.items() if v in order]
        for v, start, end in places:
            for w, other_start, other_end in places:
                apart = end <= other_start or other_end <= start
                assert v is w or apart or last[v] <= order[w] or last[w] <= order[v]
        assert all(start % 64 == 0 for _, start, _ in places)


def test_an_update_is_written_in_place_after_everything_that_reads_the_old_elements():
    def function(w, g, x):
        y = x @ w
        w -= g * 0.1
        return y

    found = planned(function, np.ones((16, 4)), np.ones((16, 4)), X)
    assert groups(found) == [["dot"], ["multiply", "subtract"]]
    assert len(found.in_place) == 1

    def late(w, g, x):
        old = w.copy()
        w -= g * 0.1
        return x @ old

    found = planned(late, np.ones((16, 4)), np.ones((16, 4)), X)
    assert groups(found)[-2:] == [["dot"], ["copy"]]


def test_checks_are_known_before_anything_is_written():
    def function(w, x):
        w -= 1
        (np.exp(x) > 100).refuse_where_true()

    found = planned(function, np.ones((8, 16)), X)
    writing = [
        k for k, g in enumerate(found.groups) for x in g.instructions if x.out in found.in_place
    ]
    assert 0 < found.check_at <= min(writing)


def test_the_table_names_each_instruction_its_line_and_the_peak():
    found = planned(lambda x, w: np.exp(x @ w).sum(0), X, np.ones((16, 4)))
    table = explain(found)
    assert "test_plan.py:" in table
    for word in ("dot(", "exp(", "add.reduce(", "(8, 4)", "256", "alone", "loop", "peak: "):
        assert word in table
