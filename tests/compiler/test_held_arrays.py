"""Arrays and numbers that a function finds in containers and by name: read at each call.

They change after the calls that are compared, so that nothing but the program itself can be right.
"""

import collections
import functools
import sys
import types

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import CompileError

X = np.random.default_rng(0).normal(size=(6, 4))
Pair = collections.namedtuple("Pair", "a b")


def agree(function, change, *, calls=8):
    compiled = mg.compile(function, backend="numpy")
    results = []
    for call in range(calls):
        if call in (4, 6):
            change(float(call))
        results.append(compiled(X))
        np.testing.assert_allclose(results[-1], function(X), 1e-12)
    assert not np.array_equal(results[3], results[4])


CONTAINERS = {
    "list": (lambda a: [a], lambda c: c[0]),
    "dict": (lambda a: {"a": a}, lambda c: c["a"]),
    "tuple": (lambda a: (a, 1), lambda c: c[0]),
    "namedtuple": (lambda a: Pair(a, 1), lambda c: c.a),
    "OrderedDict": (lambda a: collections.OrderedDict(a=a), lambda c: c["a"]),
    "defaultdict": (lambda a: collections.defaultdict(list, a=a), lambda c: c["a"]),
    "deque": (lambda a: collections.deque([a], maxlen=2), lambda c: c[0]),
    "nested": (lambda a: [({"z": (a,)},)], lambda c: c[0][0]["z"][0]),
    "namespace": (lambda a: types.SimpleNamespace(a=a), lambda c: c.a),
    "proxy": (lambda a: types.MappingProxyType({"a": a}), lambda c: c["a"]),
    "partial": (lambda a: functools.partial(np.multiply, a), lambda c: c(1.0)),
    "named in a partial": (lambda a: functools.partial(dict, a=a, b=1), lambda c: c()["a"] * 1),
    "counter beside it": (
        lambda a: (collections.Counter("aab"), [a]),
        lambda c: c[1][0] * c[0]["a"],
    ),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_an_array_in_a_container(name):
    build, read = CONTAINERS[name]
    array = np.ones(4)
    container = build(array)
    before = repr(container)
    agree(lambda x: x * read(container), lambda k: array.__setitem__(..., k))
    array[...] = 1
    assert repr(container) == before
    if name in ("list", "dict", "tuple", "namedtuple", "deque", "nested"):
        assert read(container) is array


def test_an_option_of_a_partial_function():
    array = np.ones(4)
    agree(functools.partial(mg.multiply, array), lambda k: array.__setitem__(..., k))


class Holder:
    shared = [np.ones(4)]

    def __init__(self):
        self.w = np.ones(4)
        self.factor = 2.0
        self.arrays = [np.ones(4)]

    @property
    def double(self):
        return self.factor * 2

    @classmethod
    def by_class(cls, x):
        return x * cls.shared[0]

    def __getitem__(self, k):
        return self.arrays[k]


def fill(array):
    return lambda k: array.__setitem__(..., k)


BY_NAME = {
    "getattr": lambda h: (lambda x: x * getattr(h, "factor"), attribute(h, "factor")),  # noqa: B009
    "getattr of an array": lambda h: (lambda x: x * getattr(h, "w"), fill(h.w)),  # noqa: B009
    "a name put together": lambda h: (
        lambda x: x * getattr(h, "fac" + x.dtype.name[:0] + "tor"),
        attribute(h, "factor"),
    ),
    "vars": lambda h: (lambda x: x * vars(h)["w"], fill(h.w)),
    "__dict__": lambda h: (lambda x: x * h.__dict__["w"], fill(h.w)),
    "property": lambda h: (lambda x: x * h.double, attribute(h, "factor")),
    "class method": lambda h: (h.by_class, fill(h.shared[0])),
    "class attribute": lambda h: (lambda x: x * Holder.shared[0] * h.shared[0], fill(h.shared[0])),
    "item": lambda h: (lambda x: x * h[0], fill(h.arrays[0])),
    "hasattr": lambda h: (lambda x: x * (h.new if hasattr(h, "new") else 1), attribute(h, "new")),
    "default of getattr": lambda h: (lambda x: x * getattr(h, "new", 1), attribute(h, "new")),
}


def attribute(thing, name):
    return lambda k: setattr(thing, name, k)


@pytest.mark.parametrize("name", BY_NAME)
def test_what_is_found_by_name(name):
    Holder.shared[0][...] = 1
    agree(*BY_NAME[name](Holder()))


def test_a_variable_that_is_not_there_yet():
    def function(x):
        try:
            return x * LATER
        except NameError:
            return x

    try:
        agree(function, lambda k: globals().__setitem__("LATER", k))
    finally:
        del globals()["LATER"]


@pytest.fixture
def settings():
    module = types.ModuleType("settings_of_a_user")
    module.__file__ = "/somewhere/settings_of_a_user.py"
    exec("FACTOR = 2.0\ndef scaled(x): return x * FACTOR", vars(module))
    sys.modules[module.__name__] = module
    yield module
    del sys.modules[module.__name__]


def test_a_module_that_is_an_outer_variable(settings):
    agree(lambda x: settings.scaled(x) + settings.FACTOR, attribute(settings, "FACTOR"))


def test_a_module_that_is_imported_by_the_function(settings):
    def function(x):
        import settings_of_a_user
        from settings_of_a_user import FACTOR

        return settings_of_a_user.scaled(x) + FACTOR

    agree(function, attribute(settings, "FACTOR"))


def appends(history):
    def function(x):
        history.append(x.sum())
        return x

    return function


def replaces(history):
    def function(x):
        history[0] = history[0] + x[0]
        return x

    return function


@pytest.mark.parametrize("build", [appends, replaces])
def test_a_list_with_arrays_that_the_function_changes(build):
    history = [np.zeros(4)]
    (array,) = history
    with pytest.raises(CompileError, match="changes the list 'history'"):
        mg.compile(build(history), backend="numpy")(X)
    assert len(history) == 1
    assert history[0] is array
