"""What cannot be compiled: an error that names it and the line, and nothing has changed."""

import collections
import enum
import inspect
import random
from collections import deque
from dataclasses import dataclass
from functools import partial
from types import FunctionType

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import CompileError
from minigrad.nn import Linear, Module
from minigrad.optim import SGD, StepLR

X = np.array([[1.0, -2.0, 0.5], [0.3, 0.1, -1.0]])
OUTSIDE = np.zeros(3)
HISTORY = []
GENERATOR = np.random.default_rng(0)
LAYER = Linear(3, 2, rng=0)
RESULT = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True) * 2
OPTIMIZER = SGD(LAYER.parameters(), lr=0.1)
SCHEDULE = StepLR(OPTIMIZER, 1)
COUNT = 0


def loss_of(x):
    return LAYER(x).sum()


def branch(x):
    return x if (x > 0).all() else -x  # here


def loop(x):
    while loss_of(x) > 100:  # here
        x = x / 2
    return x


def as_float(x):
    return float(loss_of(x))  # here


def item(x):
    return loss_of(x).item()  # here


def formatted(x):
    return f"{loss_of(x)}"  # here


def formatted_with_spec(x):
    return f"{loss_of(x):.3f}"  # here


def printed(x):
    print(loss_of(x))  # here


def norm(x):
    return np.linalg.norm(x)  # here


def argsort(x):
    return np.argsort(x, axis=1)  # here


def sort(x):
    return np.sort(x)  # here


def mask(x):
    return x[x > 0]  # here


def outside(x):
    local = np.zeros(3)
    local += x[0]  # here
    return local


def assigned_outside(x):
    local = np.zeros(3)
    local[0] = x[0, 0]  # here
    return local


def int_index(x):
    return x[int(x[0, 0])]  # here


def as_size(x):
    return np.zeros(x[0, 0])  # here


def as_array(x):
    return np.asarray(x) * 2  # here


def array_of_list(x):
    return np.array([x[0, 0], 1.0])  # here


def rounded(x):
    return round(x[0, 0])  # here


class Shuffled(Module):
    """What its generator does to an array would be done once."""

    def __init__(self):
        super().__init__()
        self.rng = np.random.default_rng(0)

    def forward(self, x):
        order = np.arange(2)
        self.rng.shuffle(order)  # here
        return x[order]


SHUFFLED = Shuffled()


def shuffles(x):
    return SHUFFLED(x)


def swallowed(x):
    try:
        scale = float(x.sum())  # here
    except Exception:
        scale = 1.0
    return x * scale


def result_from_outside(x):
    return RESULT * x  # here


def where_argument(x):
    return np.sum(x, where=x > 0)  # here


NAMED = {
    branch: "branches",
    loop: "branches",
    as_float: "float",
    item: "item",
    formatted: "formatted",
    formatted_with_spec: "item",
    printed: "formatted|item",
    norm: "np.linalg.norm",
    argsort: "np.argsort",
    sort: "np.sort",
    mask: "bool array",
    outside: "written to",
    assigned_outside: "float",
    int_index: "int",
    as_size: "index or a size",
    as_array: "asarray",
    array_of_list: "float|asarray",
    rounded: "round",
    swallowed: "float",
    result_from_outside: "result of an op",
    where_argument: "where",
}


@pytest.mark.parametrize("function", NAMED, ids=lambda f: f.__name__)
def test_what_is_refused_and_where(function):
    lines, start = inspect.getsourcelines(function)
    line = start + next(i for i, text in enumerate(lines) if "# here" in text)
    compiled = mg.compile(function, backend="numpy")
    with pytest.raises(CompileError, match=NAMED[function]) as found:
        compiled(X)
    assert f"test_refused.py:{line} (" in str(found.value)
    assert type(LAYER.weight.data) is np.ndarray
    assert LAYER.weight.grad is None
    assert type(RESULT.data) is np.ndarray


def sets_lr(x):
    OPTIMIZER.lr = 0.5  # here
    return x


def steps_schedule(x):
    SCHEDULE.step()  # here
    return x


def draws(x):
    return x * GENERATOR.normal(size=3)  # here


def draws_globally(x):
    return x * np.random.normal(size=3)  # noqa: NPY002  # here


def draws_in_python(x):
    return x * random.random()  # here


def appends(x):
    HISTORY.append(1)  # here
    return x


def counts(x):
    global COUNT
    COUNT += 1  # here
    return x * COUNT


class Keeper:
    last = None

    def __call__(self, x):
        self.last = x * 2  # here
        return x

    def __repr__(self):
        return "Keeper"


def switches(x):
    LAYER.weight.requires_grad = False  # here
    return LAYER(x)


Pair = collections.namedtuple("Pair", "x y")


def returns_another_type(x):
    return Pair(x, x)  # here


EFFECTS = {
    sets_lr: "SGD.lr",
    steps_schedule: "SGD.lr",
    draws: "random numbers",
    draws_globally: "random numbers",
    draws_in_python: "random numbers",
    appends: "'HISTORY'",
    counts: "'COUNT'",
    Keeper(): "Keeper.last",
    switches: "requires_grad",
    returns_another_type: "returns a Pair",
}


@pytest.mark.parametrize("function", EFFECTS, ids=lambda f: getattr(f, "__name__", "Keeper"))
def test_effects_that_would_happen_once(function):
    drawn = GENERATOR.bit_generator.state
    text_of = Keeper.__call__ if isinstance(function, Keeper) else function
    lines, start = inspect.getsourcelines(text_of)
    line = start + next(i for i, text in enumerate(lines) if "# here" in text)
    with pytest.raises(CompileError, match=EFFECTS[function]) as found:
        mg.compile(function, backend="numpy")(X)
    assert f"test_refused.py:{line} (" in str(found.value)
    assert OPTIMIZER.lr == 0.1
    assert not HISTORY
    assert COUNT == 0
    assert GENERATOR.bit_generator.state == drawn
    assert LAYER.weight.requires_grad
    assert not isinstance(function, Keeper) or function.last is None


# Where a value may hide that a program could take for a constant.

W = mg.Tensor(np.ones(3), requires_grad=True)
WEIGHTS = [W]
ARRAY = np.ones(3)
TABLE = {"scale": 2.0, "arrays": [np.ones(3)]}


class Holder:
    scale = 3.0

    def __init__(self):
        self.w = W
        self.factor = 2.0

    def method(self, x):
        return x * self.w.data * self.factor * self.scale


@dataclass(slots=True)
class Slotted:
    w: mg.Tensor
    factor: float

    def method(self, x):
        return x * self.w.data * self.factor


HOLDER, SLOTTED = Holder(), Slotted(W, 2.0)


def helper(x):
    return x * 0.1 * W.data


def by_default(x, w=W, f=lambda: W.data):
    return x * w.data * f()


def from_table(x):
    return x * TABLE["scale"] * TABLE["arrays"][0]


def computed_by_numpy(x):
    return x * np.exp(ARRAY).sum()


HIDING = {
    "attribute": lambda x: x * HOLDER.w.data,
    "method": HOLDER.method,
    "through a method": lambda x: HOLDER.method(x),
    "slots": lambda x: SLOTTED.method(x),
    "list": lambda x: x * WEIGHTS[0].data,
    "helper": lambda x: helper(x),
    "default": by_default,
    "partial": partial(lambda x, w: x * w.data, w=W),
    "plain numpy": lambda x: x + (W.data * W.data).sum(),
    "tensor of data": lambda x: x * mg.Tensor(W.data * 2).data,
    "array": lambda x: x * ARRAY,
    "computed by numpy": computed_by_numpy,
    "table": from_table,
}


@pytest.mark.parametrize("name", HIDING)
def test_what_hides_is_read_at_each_call(name):
    function = HIDING[name]
    compiled = mg.compile(function, backend="numpy")
    for _ in range(4):
        np.testing.assert_allclose(compiled(X), function(X), 1e-12)
    try:
        for change in (change_in_place, change_values):
            change(1.5)
            for _ in range(3):
                np.testing.assert_allclose(compiled(X), function(X), 1e-12)
    finally:
        change_in_place(1 / 1.5)
        change_values(1 / 1.5)


def change_in_place(factor):
    W.data *= factor
    ARRAY[...] *= factor
    TABLE["arrays"][0][...] *= factor


def change_values(factor):
    W.data = W.data * factor
    HOLDER.factor *= factor
    Holder.scale *= factor
    SLOTTED.factor *= factor
    TABLE["scale"] *= factor
    TABLE["arrays"][0] = TABLE["arrays"][0] * factor


def test_arrays_that_are_held_are_written_in_place(backend):
    class Average:
        def __init__(self):
            self.mean = np.zeros(3)

        def __call__(self, x):
            self.mean *= 0.9
            self.mean += 0.1 * x[0]
            return self.mean * 2

    ours, eager = Average(), Average()
    compiled = mg.compile(ours, backend=backend)
    array = ours.mean
    for number in range(5):
        np.testing.assert_allclose(compiled(X + number), eager(X + number), 1e-12)
    assert ours.mean is array
    np.testing.assert_allclose(ours.mean, eager.mean, 1e-12)


def test_views_follow_what_they_are_views_of(backend):
    def function(x):
        w = x * 1
        row, turned = w[0], w.T
        row += 10
        w[1] *= 2
        turned[2] = 7
        return w, row, turned.reshape(-1)

    compiled = mg.compile(function, backend=backend)
    for _ in range(3):
        for here, there in zip(compiled(X), function(X), strict=True):
            np.testing.assert_array_equal(here, there)


def test_numbers_do_not_change_in_place(backend):
    def function(x, factor):
        total, corner, whole = x.sum(), x[0, 0], np.zeros_like(x.sum())
        grown, moved = total, corner
        grown += 1
        moved *= x[1]
        factor *= 2
        whole += total
        return x * factor, total, grown, corner, moved, whole

    compiled = mg.compile(function, backend=backend, check=False)
    x = X.copy()
    for factor in (2.0, 3.0):
        for here, there in zip(compiled(x, factor), function(x, factor), strict=True):
            np.testing.assert_allclose(here, there, 1e-12)
    np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize("view", [lambda x: x.T.ravel(), lambda x: x[:, ::2].reshape(-1)])
def test_a_reshaped_view_is_not_written_to(view):
    """In NumPy these are copies, depending on how the view lies in memory."""

    def function(x):
        y = x * 1
        view(y)[0] = 9
        return y

    with pytest.raises(CompileError, match=r"test_refused\.py.*reshaped view is written to"):
        mg.compile(function, backend="numpy", check=False)(X)


def test_a_method_that_is_tried_is_no_attribute_of_the_stand_in():
    def function(x):
        try:
            return x.view(np.int64) * 0.5
        except Exception:
            return x

    with pytest.raises(CompileError, match=r"array method \.view"):
        mg.compile(function, backend="numpy", check=False)(X)


def test_a_constant_that_is_written_to_between_two_uses(backend):
    def function(x):
        a = np.ones(3)
        y = x * a
        a += 1
        return y + x * a

    compiled = mg.compile(function, backend=backend)
    for _ in range(3):
        np.testing.assert_array_equal(compiled(X), function(X))


def test_a_generator_that_shuffles_is_refused_where_it_does():
    state = SHUFFLED.rng.bit_generator.state
    with pytest.raises(
        CompileError, match=r"test_refused\.py:\d+ \(Shuffled.forward\).*permutation"
    ):
        mg.compile(shuffles, backend="numpy")(X)
    assert SHUFFLED.rng.bit_generator.state == state


def test_what_it_is_given_is_an_array_and_a_number_for_isinstance():
    def function(x, factor):
        scale = factor if isinstance(factor, (int, float)) else 7.0
        return x * scale if isinstance(x, np.ndarray) else x

    compiled = mg.compile(function, backend="numpy")
    for factor in (2.0, 2.0, 3.0, 4.0):
        np.testing.assert_array_equal(compiled(X, factor), X * factor)


def test_a_number_from_a_trace_is_no_argument_of_an_inner_program():
    inner = mg.compile(lambda factor: factor * 2, backend="numpy")
    for factor in (1.0, 2.0, 3.0):
        assert inner(factor) == 2 * factor
    outer = mg.compile(lambda x, factor: x * inner(factor), backend="numpy")
    for factor in (1.0, 2.0, 3.0):
        np.testing.assert_array_equal(outer(X, factor), X * 2 * factor)


class Redefined:
    """What autoreload and a session put in place of old code, in places of many kinds."""

    def __init__(self):
        self.table = {"scale": 2.0}
        self.recent = deque([1.0, 2.0], maxlen=3)

    def __getitem__(self, name):
        return self.table[name]

    def __len__(self):
        return len(self.recent)

    def method(self, x):
        return x * 2.0


class Mode(enum.Enum):
    GENTLE = 0.5
    HARSH = 2.0


def tripled(x):
    return x * 3.0


def scaled(x, factor=2.0, *, shift=1.0):
    return x * factor * scaled.scale + shift


def own_code(x):
    return x * 2.0


def redefinitions():
    """By what changes: a function, and the change."""
    thing, fresh = Redefined(), {}
    mode = Mode.GENTLE

    def by_mode(x):
        return x * mode.value

    def change_mode():
        nonlocal mode
        mode = Mode.HARSH

    def copy_of(function):
        copy = FunctionType(function.__code__, function.__globals__, function.__name__)
        copy.__defaults__, copy.__kwdefaults__ = function.__defaults__, function.__kwdefaults__
        return copy

    scaled.scale = 1.0
    helper, old, methods = copy_of(own_code), copy_of(own_code), type("Own", (Redefined,), {})()
    fresh["own code"] = old, lambda: setattr(old, "__code__", tripled.__code__)
    fresh["code of a helper"] = (
        lambda x: helper(x),
        lambda: setattr(helper, "__code__", tripled.__code__),
    )
    by_default = copy_of(scaled)
    fresh["default"] = (
        lambda x: by_default(x),
        lambda: setattr(by_default, "__defaults__", (7.0,)),
    )
    by_keyword = copy_of(scaled)
    fresh["keyword default"] = (
        lambda x: by_keyword(x),
        lambda: setattr(by_keyword, "__kwdefaults__", {"shift": 7.0}),
    )
    fresh["attribute of a function"] = lambda x: scaled(x), lambda: setattr(scaled, "scale", 7.0)
    fresh["method"] = (
        lambda x: methods.method(x),
        lambda: setattr(type(methods), "method", lambda self, x: x * 7.0),
    )
    fresh["item by way of a class"] = (
        lambda x: x * thing["scale"],
        lambda: thing.table.update(scale=7.0),
    )
    fresh["length"] = lambda x: x * len(thing), lambda: thing.recent.append(3.0)
    fresh["deque"] = lambda x: x * sum(thing.recent), lambda: thing.recent.append(4.0)
    fresh["enum"] = by_mode, change_mode
    return fresh


@pytest.mark.parametrize("name", redefinitions())
def test_what_is_redefined_is_noticed(name):
    function, change = redefinitions()[name]
    compiled = mg.compile(function, backend="numpy")
    for _ in range(3):
        before = compiled(X)
    change()
    for _ in range(3):
        np.testing.assert_array_equal(compiled(X), function(X))
    assert not np.array_equal(before, compiled(X))


def test_appending_to_a_deque_is_refused():
    recent = deque([1.0], maxlen=2)

    def function(x):
        recent.append(2.0)
        return x * recent[0]

    with pytest.raises(CompileError, match="changes the deque 'recent'"):
        mg.compile(function, backend="numpy")(X)
    assert list(recent) == [1.0]


def test_the_line_is_the_users_where_the_library_decorates():
    with pytest.raises(CompileError, match=r"^test_refused\.py:\d+"):
        mg.compile(lambda w: mg.hessian(lambda z: (z**3).sum(), w), backend="numpy")(W)
