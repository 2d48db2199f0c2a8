"""When another program is compiled, and when not; what happens between compiled calls."""

import copy
import functools
import pickle
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from comparing import assert_close, assert_same_states, assert_same_tensors

import minigrad as mg
from minigrad.errors import CompileError, DomainError, DTypeError, GraphError
from minigrad.nn import Dropout, Linear, Sequential, mlp
from minigrad.optim import SGD, Adam, StepLR

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(6, 4)), RNG.integers(0, 3, 6)


@pytest.fixture
def backend():
    """What is tested here does not depend on the back end, and NumPy's is ready at once."""
    return "numpy"


def pair(build_optimizer, dropout=0.0):
    """A compiled step and the same step by step, on equal models."""
    models = [mlp([4, 5, 3], "tanh", dropout=dropout, rng=0) for _ in range(2)]
    optimizers = [build_optimizer(model.parameters()) for model in models]

    def eager(x, y):
        loss = mg.softmax_cross_entropy(models[1](x), y)
        optimizers[1].zero_grad()
        loss.backward()
        optimizers[1].step()
        return float(loss)

    return models, optimizers, eager


def agree(models, optimizers):
    assert_same_tensors(models[0].parameters(), models[1].parameters())
    assert_same_states(*optimizers)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_hyperparameters_and_shorter_batches(backend):
    models, optimizers, eager = pair(lambda p: Adam(p, lr=0.01))
    ours = mg.compile(models[0], mg.softmax_cross_entropy, optimizers[0], backend=backend)
    schedules = [StepLR(optimizer, 4) for optimizer in optimizers]
    for number in range(12):
        n = 3 if number % 4 == 3 else 6
        assert ours(X[:n], Y[:n]) == pytest.approx(eager(X[:n], Y[:n]), rel=1e-9)
        for optimizer, schedule in zip(optimizers, schedules, strict=True):
            schedule.step()
            optimizer.betas = (0.9, 0.99 + number / 2000)
    agree(models, optimizers)
    assert len(ours.variants) == 2


def test_a_whole_number_among_the_hyperparameters(backend):
    """It belongs to the program: a loop may run so many times."""

    class Repeated(SGD):
        hyperparameters = SGD.hyperparameters | {"times": lambda owner, name, value: int(value)}

        def __init__(self, parameters, lr, times):
            self.times = times
            super().__init__(parameters, lr)

        def step(self):
            for parameter, grad, _ in self.updates():
                for _ in range(self.times % 7):
                    parameter.data -= self.lr * grad
                parameter.mark_changed()

    models, optimizers, eager = pair(lambda p: Repeated(p, 0.1, 1000))
    ours = mg.compile(models[0], mg.softmax_cross_entropy, optimizers[0], backend=backend)
    for times in (1000, 1000, 1000, 1000, 1003, 1003, 1003):
        for optimizer in optimizers:
            optimizer.times = int(str(times))
        assert ours(X, Y) == pytest.approx(eager(X, Y), rel=1e-12)
    agree(models, optimizers)
    assert [variant.calls for variant in ours.variants] == [2, 2]


def test_momentum_from_zero(backend):
    models, optimizers, eager = pair(lambda p: SGD(p, lr=0.1))
    ours = mg.compile(models[0], mg.softmax_cross_entropy, optimizers[0], backend=backend)
    for momentum in [0.0] * 3 + [0.9] * 4 + [0.5] * 3 + [0.0] * 3:
        for optimizer in optimizers:
            optimizer.momentum = momentum
        ours(X, Y)
        eager(X, Y)
    agree(models, optimizers)


def test_training_and_evaluation_shape_dtype_and_requires_grad(backend):
    model = Sequential(Linear(4, 3, rng=0), Dropout(0.5, rng=1))

    def loss(x, y):
        return mg.softmax_cross_entropy(model(x), y)

    compiled = mg.compile(loss, backend=backend)
    eager_of = lambda: loss(X, Y).data  # noqa: E731
    for _ in range(3):
        compiled(X, Y)
    assert len(compiled.variants) == 1
    model.eval()
    for _ in range(3):
        assert_close(compiled(X, Y).data, eager_of())
    assert len(compiled.variants) == 2
    compiled(X[:2], Y[:2])
    assert len(compiled.variants) == 3
    compiled(X.astype(np.float32), Y)
    assert len(compiled.variants) == 4
    model[0].bias.requires_grad = False
    compiled(X, Y)
    assert len(compiled.variants) == 5


FACTOR = 2.0
LOSS = mg.sum_squared_error


def test_variables_that_are_rebound(backend):
    global FACTOR, LOSS
    inner = 3.0

    def function(x):
        return LOSS(x * FACTOR, x * inner)

    compiled = mg.compile(function, backend=backend)
    try:
        for FACTOR in (2.0, 2.0, 2.0, 5.0, 5.0, 2):  # noqa: B007
            assert_close(compiled(X), function(X))
        inner = 4.0
        assert_close(compiled(X), function(X))
        LOSS = mg.mean_squared_error
        assert_close(compiled(X), function(X))
    finally:
        FACTOR, LOSS = 2.0, mg.sum_squared_error


def test_loading_and_new_arrays_and_eager_steps_between(backend):
    models, optimizers, eager = pair(lambda p: SGD(p, lr=0.1, momentum=0.9))
    ours = mg.compile(models[0], mg.softmax_cross_entropy, optimizers[0], backend=backend)
    for _ in range(4):
        ours(X, Y)
        eager(X, Y)
    saved = [(m.state_dict(), o.state_dict()) for m, o in zip(models, optimizers, strict=True)]
    for _ in range(2):
        ours(X, Y)
        eager(X, Y)
    for model, optimizer, (weights, state) in zip(models, optimizers, saved, strict=True):
        model.load_state_dict(weights)
        optimizer.load_state_dict(state)
    for _ in range(2):
        ours(X, Y)
        eager(X, Y)
    for model, optimizer in zip(models, optimizers, strict=True):
        for p in model.parameters():
            p.data = p.data * 0.5
        optimizer.state[0]["velocity"] = optimizer.state[0]["velocity"] * 2
        optimizer.state[1].clear()
    for _ in range(4):
        ours(X, Y)
        eager(X, Y)
    ours.function(X, Y)
    eager(X, Y)
    ours(X, Y)
    eager(X, Y)
    agree(models, optimizers)


def test_a_layer_that_is_replaced(backend):
    models, optimizers, eager = pair(lambda p: SGD(p, lr=0.1))
    ours = mg.compile(models[0], mg.softmax_cross_entropy, optimizers[0], backend=backend)
    for _ in range(3):
        ours(X, Y)
        eager(X, Y)
    for model in models:
        model.layers[1] = mg.nn.ReLU()
        model[0].bias = mg.Tensor(np.ones(5), requires_grad=True)
    for _ in range(3):
        assert ours(X, Y) == pytest.approx(eager(X, Y), rel=1e-9)
    agree(models, optimizers)


def test_a_graph_from_before_a_compiled_step_is_out_of_date(backend):
    models, optimizers, _ = pair(lambda p: SGD(p, lr=0.1))
    ours = mg.compile(models[0], mg.softmax_cross_entropy, optimizers[0], backend=backend)
    for _ in range(3):
        loss = mg.softmax_cross_entropy(models[0](X), Y)
        ours(X, Y)
        with pytest.raises(GraphError, match="changed since"):
            loss.backward()


def test_new_tensors_as_arguments_need_no_new_program(backend):
    w = mg.Tensor(np.ones(4), requires_grad=True)

    def function(x, y):
        x.grad = y.grad = w.grad = None
        (x * y * w).sum().backward()
        return x.grad

    compiled = mg.compile(function, backend=backend)
    for number in range(5):
        x, y = (mg.Tensor(X[number], requires_grad=True) for _ in range(2))
        assert_close(compiled(x, y), X[number])
    assert len(compiled.variants) == 1
    assert_close(compiled(x, x), 2 * X[4])
    assert_close(compiled(w, y), 2 * w.data * X[4])


def test_arguments_of_all_kinds(backend):
    def function(x, factor=1.0, *more, mode="plain", parts=(), **named):
        out = x * factor if mode == "plain" else x + factor
        for part in [*more, *parts, *named.values()]:
            out = out + part
        return {"out": out, "kept": [out.sum(), mode, None]}

    compiled = mg.compile(function, backend=backend)
    calls = [
        ((X,), {}),
        ((X, 2.0), {}),
        ((X, 3.0), {}),
        ((X, 3), {}),
        ((X, 4), {}),
        ((X, True), {}),
        ((X, np.float64(2.5)), {}),
        ((X, np.float64(3.5)), {}),
        ((X, np.float32(1.5)), {}),
        ((X, 2.0, X, 1.0), {}),
        ((X,), {"mode": "sum"}),
        ((X,), {"parts": [X, X[0]], "z": X}),
        ((X.T,), {}),
        ((X[::2],), {}),
        ((np.broadcast_to(X[0], X.shape),), {}),
        ((X.astype(">f8"),), {}),
        ((np.arange(6),), {}),
        ((np.zeros((0, 3)),), {}),
    ]
    for _ in range(3):
        for args, kwargs in calls:
            found, expected = compiled(*args, **kwargs), function(*args, **kwargs)
            np.testing.assert_allclose(found["out"], expected["out"], 1e-12)
            assert found["out"].dtype == expected["out"].dtype.newbyteorder("=")
            assert found["kept"][1:] == expected["kept"][1:]
    for wrong in [(), (X, 1.0, X, X, None)]:
        with pytest.raises((TypeError, CompileError)):
            compiled(*wrong)
    with pytest.raises((TypeError, CompileError)):
        compiled("text")
    for wrong in (np.array([None, 1]), np.ma.masked_array(X), np.array([1j])):
        with pytest.raises(DTypeError, match="argument x"):
            compiled(wrong)


def test_names_of_parameters_do_not_matter(backend):
    def function(run, MISS, v3, x1, kept0, stamp):  # noqa: N803
        return run * MISS + v3 * x1 - kept0 * stamp, (run * 2).sum()

    compiled = mg.compile(function, backend=backend)
    arrays = [X + k for k in range(6)]
    for _ in range(3):
        for here, there in zip(compiled(*arrays), function(*arrays), strict=True):
            assert_close(here, there)


def test_writing_to_arguments(backend):
    def add(total, x):
        total += x

    compiled = mg.compile(add, backend=backend)
    total = np.zeros(3)
    for _ in range(4):
        compiled(total, np.ones(3))
    np.testing.assert_array_equal(total, np.full(3, 4.0))
    with pytest.raises(CompileError, match="argument total is written to"):
        compiled(np.zeros(6)[::2], np.ones(3))
    with pytest.raises(CompileError, match="share memory"):
        mg.compile(add, backend=backend)(total[:2], total[1:])


def test_tensors_that_share_memory_are_refused(backend):
    flat = np.ones(6)
    a, b = (mg.Tensor(part, requires_grad=True) for part in (flat[:4], flat[2:]))
    optimizer = SGD([a, b], lr=0.1)

    def step(x):
        optimizer.zero_grad()
        ((a.sum() + b.sum()) * x).backward()
        optimizer.step()

    with pytest.raises(CompileError, match="share memory"):
        mg.compile(step, backend=backend)(1.0)
    np.testing.assert_array_equal(flat, 1.0)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_arguments_that_share_memory_at_a_later_call_are_refused(backend):
    def double(x, y):
        x *= 2
        return (x + y).sum()

    compiled = mg.compile(double, backend=backend)
    for _ in range(3):
        assert compiled(np.ones(3), np.ones(3)) == 9
    base = np.ones(6)
    for y in (base[2:5], base[:3]):
        with pytest.raises(CompileError, match="share memory"):
            compiled(base[:3], y)
    np.testing.assert_array_equal(base, 1)
    assert compiled(base[:3], base[3:]) == 9


def test_compiled_within_compiled_and_no_grad(backend):
    inner = mg.compile(lambda x: x * 2, backend=backend)
    outer = mg.compile(lambda x: inner(x) + 1, backend=backend)
    for _ in range(3):
        inner(X)
        assert_close(outer(X), X * 2 + 1)
    w = mg.Tensor(X, requires_grad=True)
    step = mg.compile(lambda x: (w * x).requires_grad, backend=backend)
    assert step(X) is True
    with mg.no_grad():
        assert step(X) is False
    assert step(X) is True


def test_returned_parameters_are_themselves(backend):
    w = mg.Tensor([1.0, 2.0], requires_grad=True)
    compiled = mg.compile(lambda x: (w, w * x), backend=backend)
    for _ in range(3):
        assert compiled(np.ones(2))[0] is w


def test_an_option_bound_by_partial(backend):
    compiled = mg.compile(functools.partial(mg.clip, low=-1, high=0), backend=backend)
    for _ in range(3):
        assert_close(compiled(X), np.clip(X, -1, 0))


def test_a_mask_that_the_function_holds_may_change(backend):
    mask = np.array([True, False, True])
    compiled = mg.compile(lambda x: x[mask] * 2, backend=backend)
    x = np.arange(3.0)
    for _ in range(4):
        np.testing.assert_array_equal(compiled(x), [0, 4])
    mask[:] = [False, True, False]
    for _ in range(4):
        np.testing.assert_array_equal(compiled(x), [2])
    assert len(compiled.variants) == 2


def test_arrays_in_another_order_run_at_once(backend, monkeypatch):
    model = Linear(4, 3, rng=0)
    compiled = mg.compile(lambda x, y: mg.softmax_cross_entropy(model(x), y), backend=backend)
    expected = [compiled(X, Y).item() for _ in range(3)]
    monkeypatch.setattr(compiled, "look", None)  # what takes long
    read_only, foreign = X.copy(), X.astype(X.dtype.newbyteorder())
    read_only.flags.writeable = False
    for x in (np.asfortranarray(X), np.repeat(X, 2, axis=0)[::2], read_only, foreign):
        assert compiled(x, Y).item() == expected[0]
    with pytest.raises(mg.errors.DomainError, match="is not a class index"):
        compiled(np.asfortranarray(X), Y + 7)


def test_copies_are_not_written_to(backend):
    def function(x, y):
        x += y
        return x.sum()

    compiled = mg.compile(function, backend=backend)
    for _ in range(3):
        compiled(X.copy(), X)
    target = X.copy()
    assert_close(compiled(target, np.asfortranarray(X)), 2 * X.sum())
    assert_close(target, 2 * X)
    with pytest.raises(CompileError, match="would write to a copy"):
        compiled(np.asfortranarray(X), X)


def test_a_method_that_is_compiled_in_its_class(backend):
    class Trainer:
        def __init__(self, seed):
            self.layer = Linear(4, 3, rng=seed)
            self.optimizer = SGD(self.layer.parameters(), lr=0.1)

        def eager(self, x, y):
            loss = mg.softmax_cross_entropy(self.layer(x), y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            return loss

        step = mg.compile(eager, backend=backend)

    first, second, same_as_first = Trainer(0), Trainer(1), Trainer(0)
    for _ in range(4):
        assert_close(first.step(X, Y), same_as_first.eager(X, Y))
        second.step(X, y=Y)
    assert len(Trainer.step.variants) == 2


def test_an_optimizer_of_another_model_is_refused(backend):
    models = [Linear(4, 3, rng=seed) for seed in (0, 1)]
    optimizer = SGD(models[1].parameters(), lr=0.1)
    with pytest.raises(mg.errors.DomainError, match="none of the optimizer's parameters is in"):
        mg.compile(models[0], mg.softmax_cross_entropy, optimizer, backend=backend)


def test_threads_take_turns(backend):
    layer = Linear(4, 300, rng=0)
    compiled = mg.compile(lambda x: mg.tanh(layer(x)), backend=backend)
    inputs = [X * factor for factor in range(8)]
    expected = [compiled(x).data for x in inputs]

    def agrees(k):
        return all(np.array_equal(compiled(inputs[k]).data, expected[k]) for _ in range(100))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(agrees, range(8)))
    finally:
        sys.setswitchinterval(interval)


def test_a_deep_copy_trains_the_copy(backend):
    class Trainer:
        def __init__(self):
            self.layer = Linear(4, 3, rng=0)
            self.step = mg.compile(self.eager, backend=backend)

        def eager(self, x):
            self.layer.weight.data -= x.mean()
            return self.layer.weight.data.sum()

    trainer = Trainer()
    for _ in range(3):
        trainer.step(X)
    before = trainer.layer.weight.data.copy()
    other = copy.deepcopy(trainer)
    for k in range(1, 4):
        other.step(X)
        assert_close(other.layer.weight.data, before - k * X.mean())
    np.testing.assert_array_equal(trainer.layer.weight.data, before)


def test_arguments_that_are_memory_of_a_parameter_are_refused_at_every_call(backend):
    """Written to while it is read: at the first call, and later, when nothing is compared."""
    w = mg.Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)

    def step(x):
        w.data -= x * 2
        w.mark_changed()
        return (w * x).sum()

    compiled = mg.compile(step, backend=backend)
    for _ in range(4):
        compiled(np.ones((2, 3)))
    before = w.data.copy()
    for shared in (w.data, w.data[:], w.data.reshape(2, 3)):
        with pytest.raises(CompileError, match="share memory"):
            compiled(shared)
        np.testing.assert_array_equal(w.data, before)


def test_many_programs_are_told_once_and_why(backend):
    compiled = mg.compile(lambda x, epoch: x * epoch, backend=backend, check=False)

    def run(epochs):
        for epoch in epochs:
            np.testing.assert_array_equal(compiled(np.ones(2), epoch), [epoch, epoch])

    run(range(15))
    with pytest.warns(RuntimeWarning, match="16 times, .* an argument changed.* a float or an arr"):
        run([15])
    run(range(16, 20))
    assert len(compiled.variants) == 20


def test_the_program_that_has_not_run_for_longest_is_dropped(backend):
    compiled = mg.compile(lambda x, k: x * k, backend=backend, check=False)

    def run(*numbers):
        for k in numbers:
            np.testing.assert_array_equal(compiled(np.ones(2), k), [k, k])

    with pytest.warns(RuntimeWarning, match="Beyond 64 programs"):
        run(*range(64))
    assert compiled.variants.made == len(compiled.variants) == 64
    run(0, 1, 2)  # which are used again
    run(64, 65)
    assert len(compiled.variants) == len(compiled.variants.callers) == 64
    run(0, 1, 2, 64, 65, 5)  # all there
    assert compiled.variants.made == 66
    run(3)  # the one that was used longest ago, and went first
    assert compiled.variants.made == 67
    assert len(compiled.variants) == 64


def test_gradients_that_come_and_go_where_a_step_adds_to_them(backend):
    models, optimizers, _ = pair(lambda p: SGD(p, lr=0.1))

    def adding(model, optimizer):
        def step(x, y):
            mg.softmax_cross_entropy(model(x), y).backward()
            optimizer.step()

        return step

    steps = [adding(*both) for both in zip(models, optimizers, strict=True)]
    steps[0] = mg.compile(steps[0], backend=backend)
    for model in models:
        for p in model.parameters():
            p.grad = np.ones_like(p.data)
    for change in (None, None, None, "none", None, None, "some", None, None, "none", None):
        for model, step in zip(models, steps, strict=True):
            if change == "none":
                model.zero_grad()
            if change == "some":
                model.parameters()[1].grad = None
            step(X, Y)
        agree(models, optimizers)


def test_a_frozen_parameter_loses_a_gradient_that_it_was_given(backend):
    models, optimizers, eager = pair(lambda p: SGD(p, lr=0.1))
    for model in models:
        model.parameters()[1].requires_grad = False
    ours = mg.compile(models[0], mg.softmax_cross_entropy, optimizers[0], backend=backend)
    for k in range(6):
        if k == 4:
            for model in models:
                model.parameters()[1].grad = np.ones(5)
        ours(X, Y)
        eager(X, Y)
        agree(models, optimizers)
        assert models[0].parameters()[1].grad is None


@mg.compile(backend="numpy")
def module_level(x):
    return x * FACTOR


def plain(x):
    return x * 3


def test_pickling(backend):
    """A program stays where it is: what arrives is compiled anew."""
    module_level(X)
    assert pickle.loads(pickle.dumps(module_level)) is module_level
    compiled = mg.compile(plain, backend=backend)
    compiled(X)
    for other in (pickle.loads(pickle.dumps(compiled)), copy.copy(compiled)):
        assert len(other.variants) == 0
        np.testing.assert_array_equal(other(X), X * 3)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        np.testing.assert_array_equal(pool.submit(compiled, X).result(), X * 3)


def test_a_step_that_runs_uncompiled_says_so_once(backend):
    models, optimizers, eager = pair(lambda p: SGD(p, lr=0.1))
    ours = mg.compile(models[0], mg.softmax_cross_entropy, optimizers[0], backend=backend)

    def give_other_gradients():
        for model in models:
            model.parameters()[0].grad = np.ones((5, 4), np.float32)

    give_other_gradients()
    with pytest.warns(RuntimeWarning, match="step ran step by step, not compiled"):
        assert ours(X, Y) == eager(X, Y)
    give_other_gradients()
    assert ours(X, Y) == eager(X, Y)
    agree(models, optimizers)


def test_what_is_explained_is_what_runs():
    """The NumPy back end runs each instruction by itself; only the native one shares loops."""
    steps = {b: mg.compile(lambda x: (x * 2 + 1).sum(), backend=b, check=False) for b in BACK_ENDS}
    tables = {}
    for name, step in steps.items():
        step(np.ones(100))
        tables[name] = step.explain()
    assert "in 3 groups" in tables["numpy"]
    assert "in 1 group," in tables["numba"]


BACK_ENDS = ("numpy", "numba")


SCORE = 0.0


def test_a_string_is_no_name():
    """``out["SCORE"]`` has nothing to do with a variable SCORE of the script."""
    global SCORE

    @mg.compile(backend="numpy")
    def step(batch):
        out = {}
        out["SCORE"] = (batch["x"] * 2).sum()
        return out

    for number in range(5):
        SCORE = step({"x": np.full(3, float(number))})["SCORE"].item()
        assert 6.0 * number == SCORE
    assert len(step.variants) == 1


def test_an_attribute_is_no_global():
    namespace = {"mg": mg, "np": np}
    exec("def f(x): return x.mean()", namespace)
    step = mg.compile(namespace["f"], backend="numpy")
    for number in range(5):
        namespace["mean"] = float(step(np.full(3, float(number))))
        assert namespace["mean"] == number
    assert len(step.variants) == 1


def test_what_a_class_inherits_stays_inherited():
    class Base:
        scale = np.ones(2)

    class Derived(Base):
        pass

    step = mg.compile(lambda x: x * Derived.scale, backend="numpy")
    for _ in range(3):
        step(np.ones(2))
    assert "scale" not in vars(Derived)
    Base.scale = np.full(2, 5.0)
    np.testing.assert_array_equal(step(np.ones(2)), [5.0, 5.0])


def test_a_variable_that_is_deleted():
    namespace = {"np": np, "K": 2.0}
    exec(
        "def f(x):\n    try:\n        return x * K\n    except NameError:\n        return x * 10\n",
        namespace,
    )
    step = mg.compile(namespace["f"], backend="numpy")
    for _ in range(3):
        assert step(np.ones(1))[0] == 2
    del namespace["K"]
    assert step(np.ones(1))[0] == 10


def test_accumulating_steps_are_two_programs():
    model = mg.nn.Linear(3, 2, rng=0)
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1)
    x, y = np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 1, 1, 0])

    @mg.compile(backend="numpy")
    def step(x, y, first):
        if first:
            optimizer.zero_grad()
        loss = mg.softmax_cross_entropy(model(x), y)
        loss.backward()
        return loss

    for number in range(16):
        step(x, y, number % 4 == 0)
    assert len(step.variants) == 2


def test_a_program_too_many_that_is_wrong_leaves_the_others():
    @mg.compile(backend="numpy")
    def step(x, n):
        return x * n + (time.perf_counter() if n == 1000 else 0.0)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for n in range(64):
            for _ in range(3):
                step(X, n)
        with pytest.raises(CompileError, match="disagrees"):
            step(X, 1000)
        for n in range(64):
            np.testing.assert_array_equal(step(X, n), X * n)


def test_a_function_that_always_disagrees_always_says_so():
    step = mg.compile(lambda x: x + time.perf_counter(), backend="numpy")
    for _ in range(20):
        with pytest.raises(CompileError, match="disagrees"):
            step(X)


def test_what_one_object_was_is_what_is_given_back():
    """Two objects share a compiled method; a call that fails leaves the right one as it was."""

    class Trainer:
        def __init__(self):
            self.model = Linear(3, 2, rng=0)
            self.optimizer = SGD(self.model.parameters(), lr=0.1)

        @mg.compile(backend="numpy")
        def step(self, x, y):
            self.optimizer.zero_grad()
            loss = mg.softmax_cross_entropy(self.model(x), y)
            loss.backward()
            self.optimizer.step()
            return loss

    x, y = np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 1, 1, 0])
    first, second = Trainer(), Trainer()
    for trainer in (first, second):
        for _ in range(3):
            trainer.step(x, y)
    before = [p.grad.copy() for p in first.model.parameters()]
    with pytest.raises(DomainError):
        first.step(x, y + 5)
    for p, grad in zip(first.model.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.grad, grad)
