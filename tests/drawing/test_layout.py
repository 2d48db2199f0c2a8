"""The layout: nothing overlaps, edges go forward, crossings go away, large graphs are no matter."""

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.drawing.crossings import Link, count_crossings, untangle
from minigrad.drawing.grouping import layout
from minigrad.drawing.layers import ranks, route_through
from minigrad.drawing.placing import closest_without_overlap
from minigrad.errors import GraphError


@st.composite
def graphs(draw):
    """Sizes, edges from lower to higher numbers, and groups of neighbours (so: no cycles)."""
    count = draw(st.integers(1, 14))
    side = st.integers(5, 120)
    sizes = draw(st.lists(st.tuples(side, side), min_size=count, max_size=count))
    pair = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    pairs = draw(st.lists(pair, max_size=25))
    edges = [(min(a, b), max(a, b)) for a, b in pairs if a != b]
    per_group = draw(st.integers(1, 5))
    has_group = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    raw = [box // per_group if has_group[box // per_group] else None for box in range(count)]
    numbers = {
        group: index for index, group in enumerate(dict.fromkeys(g for g in raw if g is not None))
    }
    return sizes, edges, [None if g is None else numbers[g] for g in raw], [40.0] * len(numbers)


def overlap(a, b):
    return (
        a.x < b.x + b.width - 1e-6
        and b.x < a.x + a.width - 1e-6
        and a.y < b.y + b.height - 1e-6
        and b.y < a.y + a.height - 1e-6
    )


def contains(outer, inner):
    return (
        outer.x <= inner.x + 1e-6
        and outer.y <= inner.y + 1e-6
        and inner.x + inner.width <= outer.x + outer.width + 1e-6
        and inner.y + inner.height <= outer.y + outer.height + 1e-6
    )


@given(graphs(), st.sampled_from(["down", "right"]))
def test_no_two_boxes_overlap_and_frames_hold_their_members_alone(graph, direction):
    sizes, edges, groups, titles = graph
    found = layout(sizes, edges, groups, titles=titles, direction=direction)
    for one, rect in enumerate(found.boxes):
        assert (rect.width, rect.height) == sizes[one]
        assert rect.x >= -1e-6
        assert rect.y >= -1e-6
        assert rect.x + rect.width <= found.width + 1e-6
        assert rect.y + rect.height <= found.height + 1e-6
        assert not any(overlap(rect, other) for other in found.boxes[:one])
        for group, frame in enumerate(found.groups):
            assert contains(frame, rect) if groups[one] == group else not overlap(frame, rect)
    for one, frame in enumerate(found.groups):
        assert not any(overlap(frame, other) for other in found.groups[:one])


@given(graphs(), st.sampled_from(["down", "right"]))
def test_edges_go_forward_from_their_source_to_their_target_around_all_boxes(graph, direction):
    sizes, edges, groups, titles = graph
    found = layout(sizes, edges, groups, titles=titles, direction=direction)
    along = 1 if direction == "down" else 0
    lines = {}
    for index, ((source, target), route) in enumerate(zip(edges, found.routes, strict=True)):
        start, end = found.boxes[source], found.boxes[target]
        forward = [point[along] for point in route]
        assert forward == sorted(forward)
        assert len(route) > 1
        if found.branches[index]:
            assert any(is_on(line, route[0]) for line in lines[source])
        else:
            assert route[0][along] == pytest.approx(start[along] + start[along + 2])
            assert start[1 - along] <= route[0][1 - along] <= start[1 - along] + start[3 - along]
        assert route[-1][along] == pytest.approx(end[along])
        assert end[1 - along] <= route[-1][1 - along] <= end[1 - along] + end[3 - along]
        lines.setdefault(source, []).append(route)
        for (x1, y1), (x2, y2) in pairwise(route):
            for box in found.boxes:
                left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
                is_beside = left >= box.x + box.width - 1e-6 or right <= box.x + 1e-6
                is_above = top >= box.y + box.height - 1e-6 or bottom <= box.y + 1e-6
                assert is_beside or is_above


def is_on(line, point):
    """Whether a point is one of a line's, or on a straight piece of it."""
    for (x1, y1), (x2, y2) in pairwise(line):
        if abs(point[0] - x2) + abs(point[1] - y2) < 1e-6:
            return True
        is_straight = x1 == x2 or y1 == y2
        between_x = min(x1, x2) - 1e-6 <= point[0] <= max(x1, x2) + 1e-6
        between_y = min(y1, y2) - 1e-6 <= point[1] <= max(y1, y2) + 1e-6
        if is_straight and between_x and between_y:
            return True
    return False


def test_ranks_are_longest_paths_and_leaves_stand_close_to_their_users():
    # 0 → 1 → 2 → 4, and 3 → 4: the longest path to 4 has three edges.
    assert ranks(5, [(0, 1), (1, 2), (2, 4), (3, 4)]) == [0, 1, 2, 2, 3]
    assert ranks(5, [(0, 1), (1, 2), (2, 4), (3, 4)], first=[3]) == [0, 1, 2, 0, 3]
    assert ranks(3, [(0, 1), (1, 2)], last=[2]) == [0, 1, 2]


def test_edges_from_one_box_share_their_lanes():
    edges = [(0, 1), (1, 2), (2, 3), (0, 2), (0, 3)]
    lanes = route_through([0, 1, 2, 3], edges, [0.0] * 5)
    assert [(lane.source, lane.rank, lane.before) for lane in lanes.lanes] == [(0, 1, 0), (0, 2, 4)]
    assert lanes.last == [0, 1, 2, 4, 5]
    assert lanes.start == [0, 1, 2, 0, 4]


def test_a_line_into_a_frame_branches_inside_of_it():
    sizes = [(50, 20)] * 4
    edges = [(0, 1), (1, 2), (2, 3), (0, 2), (0, 3)]
    found = layout(sizes, edges, [None, 0, 0, 0], titles=[10])
    assert found.branches == [False, False, False, False, True]
    assert found.routes[0][0] == found.routes[3][0]
    assert found.routes[4][0] == found.routes[3][-2]
    assert found.routes[4][0][1] > found.boxes[1].y > found.groups[0].y


def test_a_cycle_is_an_error_also_through_a_group():
    with pytest.raises(GraphError, match="cycle"):
        layout([(1, 1)] * 2, [(0, 1), (1, 0)])
    with pytest.raises(GraphError, match="cycle"):
        layout([(1, 1)] * 3, [(0, 1), (1, 2)], [0, None, 0], titles=[1])


def crossings_by_hand(order, links):
    """Every pair of links between the same two layers, looked at."""
    place = {item: index for layer in order for index, item in enumerate(layer)}
    level = {item: index for index, layer in enumerate(order) for item in layer}
    found = 0
    for i, a in enumerate(links):
        for b in links[:i]:
            if level[a.upper] == level[b.upper]:
                upper = place[a.upper] - place[b.upper]
                found += upper * (place[a.lower] - place[b.lower]) < 0
    return found


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**30))
def test_crossings_are_counted_right_and_never_become_more(a, b, c, seed):
    rng = random.Random(seed)
    items = iter(range(a + b + c))
    order = [[next(items) for _ in range(size)] for size in (a, b, c)]
    pairs = {(rng.choice(order[k]), rng.choice(order[k + 1])) for k in (0, 1) for _ in range(8)}
    links = [Link(*pair) for pair in sorted(pairs)]
    before = count_crossings(order, links)
    assert before == crossings_by_hand(order, links)
    after = untangle(order, links)
    assert [sorted(layer) for layer in after] == order
    assert crossings_by_hand(after, links) <= before


@pytest.mark.parametrize(
    ("layers", "pairs"),
    [
        # four parallel lines, whose ends come in the opposite order
        ([[0, 1, 2, 3], [4, 5, 6, 7]], [(0, 7), (1, 6), (2, 5), (3, 4)]),
        # a binary tree with its leaves shuffled
        (
            [[0], [2, 1], [5, 3, 6, 4]],
            [(0, 1), (0, 2), (1, 3), (1, 4), (2, 5), (2, 6)],
        ),
        # a ladder of three layers, twisted in the middle
        ([[0, 1, 2], [5, 3, 4], [7, 8, 6]], [(0, 3), (1, 4), (2, 5), (3, 6), (4, 7), (5, 8)]),
    ],
)
def test_drawings_without_crossings_are_found(layers, pairs):
    links = [Link(*pair) for pair in pairs]
    assert count_crossings(layers, links) > 0
    assert count_crossings(untangle(layers, links), links) == 0


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(0.1, 5)), min_size=1, max_size=12))
def test_places_are_the_isotonic_regression(wanted_and_weights):
    isotonic = pytest.importorskip("sklearn.isotonic")
    wanted, weights = map(list, zip(*wanted_and_weights, strict=True))
    offsets = [7.0 * index for index in range(len(wanted))]
    found = closest_without_overlap(wanted, weights, offsets)
    least = np.array(wanted) - offsets
    expected = isotonic.isotonic_regression(least, sample_weight=weights) + offsets
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_chain_is_straight():
    found = layout([(60, 20), (100, 20), (40, 20)], [(0, 1), (1, 2)])
    assert {box.x + box.width / 2 for box in found.boxes} == {50.0}
    assert [route[0][0] for route in found.routes] == [route[-1][0] for route in found.routes]


def test_a_drawing_to_the_right_is_the_other_with_its_axes_swapped():
    edges = [(0, 2), (1, 2), (2, 3), (0, 3)]
    down = layout([(30, 20)] * 4, edges)
    right = layout([(20, 30)] * 4, edges, direction="right")
    assert [(box.y, box.x) for box in right.boxes] == [(box.x, box.y) for box in down.boxes]
    assert (right.height, right.width) == (down.width, down.height)


def test_nothing_at_all():
    assert layout([], []).boxes == []


@pytest.mark.parametrize("shape", ["chain", "shared", "random"])
def test_many_boxes(shape):
    count = 2000
    rng = random.Random(0)
    edges = [(index, index + 1) for index in range(1, count - 1)]
    if shape == "shared":
        edges += [(0, index) for index in range(1, count)]
    elif shape == "random":
        edges = [(rng.randrange(index), index) for index in range(1, count)] * 2
    found = layout([(100, 40)] * count, edges)
    assert found == layout([(100, 40)] * count, edges)
    # A value used everywhere is one line with branches: the drawing does not grow quadratically.
    assert sum(map(len, found.routes)) < 12 * count


def deep_network(layers):
    """Frames that lines enter on the left and leave in the middle, one below the other."""
    sizes, edges, groups = [], [], []
    for number in range(layers):
        first = len(sizes)
        sizes += [(60, 20), (60, 20), (120, 40)]
        groups += [number] * 3
        edges += [(first - 1, first + 2)] * (number > 0) + [
            (first, first + 2),
            (first + 1, first + 2),
        ]
    return layout(sizes, edges, groups, titles=[30.0] * layers)


def test_a_deep_network_is_no_staircase():
    assert deep_network(40).width < 2 * deep_network(1).width
    # Of few layers the lines between are straight, from port to port.
    route = deep_network(2).routes[2]
    assert route[0][0] == route[1][0]
