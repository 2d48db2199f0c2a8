"""What losses and information measures refuse: each way of going wrong, and what the user is told.

A loss of the wrong inputs is a number like any other; only a check can tell.
"""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DomainError, DTypeError, ShapeError

LOGITS = np.random.default_rng(0).normal(size=(4, 3))
P = mg.softmax(LOGITS)
SIGMA = mg.sigmoid(LOGITS)
INDICES = np.array([0, 2, 1, 2])
ONE_HOT = np.eye(3)[INDICES]

SAME_SHAPE = {
    "sum_squared_error": mg.sum_squared_error,
    "mean_squared_error": mg.mean_squared_error,
    "binary_cross_entropy": mg.binary_cross_entropy,
    "sigmoid_cross_entropy": mg.sigmoid_cross_entropy,
}
OF_CLASSES = {"cross_entropy": (mg.cross_entropy, P)}
OF_CLASSES["softmax_cross_entropy"] = (mg.softmax_cross_entropy, LOGITS)
OF_LOGARITHMS = {
    "cross_entropy": lambda **options: mg.cross_entropy(P, INDICES, **options),
    "softmax_cross_entropy": lambda **options: mg.softmax_cross_entropy(LOGITS, INDICES, **options),
    "binary_cross_entropy": lambda **options: mg.binary_cross_entropy(SIGMA, ONE_HOT, **options),
    "sigmoid_cross_entropy": lambda **options: mg.sigmoid_cross_entropy(LOGITS, ONE_HOT, **options),
    "entropy": lambda **options: mg.entropy(P, **options),
    "kl_divergence": lambda **options: mg.kl_divergence(P, P, **options),
    "information_content": lambda **options: mg.information_content(P, **options),
}
EVERY_LOSS = {
    **{name: lambda loss=loss, **o: loss(P, ONE_HOT, **o) for name, loss in SAME_SHAPE.items()},
    **{
        name: lambda loss=loss, y=y, **o: loss(y, INDICES, **o)
        for name, (loss, y) in OF_CLASSES.items()
    },
}


def message_of(error, function, *arguments, **options):
    with pytest.raises(error) as caught:
        function(*arguments, **options)
    assert type(caught.value) is error
    return str(caught.value)


def changed(array, index, value):
    array = np.array(array, float)
    array[index] = value
    return array


# Shapes


@pytest.mark.parametrize("name", SAME_SHAPE)
@pytest.mark.parametrize(
    ("y_shape", "t_shape"),
    [((4, 1), (4,)), ((4,), (4, 1)), ((4, 3), (4,)), ((4, 3), (3, 4)), ((4, 3), (3,)), ((1,), ())],
)
def test_nothing_is_broadcast(name, y_shape, t_shape):
    for wrap in (np.asarray, mg.Tensor, np.ndarray.tolist):
        y, t = wrap(np.full(y_shape, 0.5)), wrap(np.full(t_shape, 0.5))
        assert message_of(ShapeError, SAME_SHAPE[name], y, t) == (
            f"{name}: predictions have shape {y_shape} but targets {t_shape}; they must agree, "
            "nothing is broadcast. Reshape one, or use one_hot for class indices"
        )


@pytest.mark.parametrize("name", OF_CLASSES)
@pytest.mark.parametrize(
    "t",
    [INDICES[:3], INDICES[:, None], INDICES[None], ONE_HOT.T, ONE_HOT[:, :2], ONE_HOT[:1], 2],
    ids=["too few", "a column", "a row", "transposed", "a class less", "one row", "one index"],
)
def test_targets_that_do_not_fit(name, t):
    loss, y = OF_CLASSES[name]
    assert message_of(ShapeError, loss, y, t) == (
        f"{name}: targets of shape {np.shape(t)} do not fit predictions of shape (4, 3); give "
        "class indices of shape (4,) or distributions of shape (4, 3)"
    )


def test_a_square_one_hot_transposed_has_rows_that_do_not_sum_to_1():
    one_hot = np.eye(4)[[0, 0, 1, 2]]
    message = message_of(DomainError, mg.softmax_cross_entropy, np.zeros((4, 4)), one_hot.T)
    assert "t[0] sums to 2.0, not to 1" in message


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 2, 2), (), (3, 0), (0,)])
@pytest.mark.parametrize("targets", ["indices", "distributions"])
def test_logits_are_rows_of_classes(shape, targets):
    """(2, 3, 4) with indices (2, 3) once set whole slabs of its one-hot targets."""
    t = np.zeros(shape[:-1], int) if targets == "indices" else np.ones(shape)
    assert message_of(ShapeError, mg.softmax_cross_entropy, np.zeros(shape), t) == (
        f"softmax_cross_entropy: predictions have shape {shape}; they must be (N, K) or (K,) with "
        "K classes"
    )


@pytest.mark.parametrize("shape", [(2, 3, 4), ()])
def test_probabilities_are_rows_of_classes(shape):
    p = np.full(shape, 0.25)
    wanted = f"p has shape {shape}; it must be (N, K) or (K,)"
    for name, function in [
        ("cross_entropy", lambda p: mg.cross_entropy(p, np.zeros(shape[:-1], int))),
        ("entropy", mg.entropy),
        ("kl_divergence", lambda p: mg.kl_divergence(p, p)),
    ]:
        assert message_of(ShapeError, function, p) == f"{name}: {wanted}"


def test_a_divergence_needs_one_shape():
    assert message_of(ShapeError, mg.kl_divergence, [0.5, 0.5], [[0.5, 0.5]]) == (
        "kl_divergence: p has shape (2,) but q (1, 2); they must agree, nothing is broadcast"
    )


@pytest.mark.parametrize("name", EVERY_LOSS)
def test_the_mean_over_no_samples(name):
    if name in SAME_SHAPE:
        arguments = (SAME_SHAPE[name], np.zeros((0, 3)), np.zeros((0, 3)))
    else:
        arguments = (OF_CLASSES[name][0], np.zeros((0, 3)), np.zeros(0, int))
    message = message_of(ShapeError, *arguments, reduction="mean")
    assert message.startswith(f"{name}: the mean over no samples is undefined; got (0")


def test_the_mean_over_no_elements():
    for reduction in ("mean", "sum", "none"):
        assert message_of(
            ShapeError,
            mg.mean_squared_error,
            np.zeros((2, 0)),
            np.zeros((2, 0)),
            reduction=reduction,
        ) == ("mean_squared_error: the mean over no elements is undefined; got (2, 0)")


def test_a_ragged_list():
    for function in (mg.softmax_cross_entropy, mg.sum_squared_error, mg.kl_divergence):
        message = message_of(ShapeError, function, [[0.5, 0.5], [1.0]], [[0.5, 0.5], [1.0]])
        assert "makes no array: setting an array element with a sequence" in message


# Class indices


@pytest.mark.parametrize("name", OF_CLASSES)
@pytest.mark.parametrize("wrong", [3, 100, -1, -3, -100])
def test_an_index_that_is_no_class(name, wrong):
    """Negative ones would count from the end, as NumPy's do; −100 is what PyTorch ignores."""
    loss, y = OF_CLASSES[name]
    wanted = f"t[2] = {wrong} is not a class index; with 3 classes they run from 0 to 2"
    for t in ([0, 1, wrong, 2], np.array([0, 1, wrong, 2], np.int8), mg.Tensor([0, 1, wrong, 2])):
        assert message_of(DomainError, loss, y, t) == f"{name}: {wanted}"
    wanted = f"t = {wrong} is not a class index; with 3 classes they run from 0 to 2"
    assert message_of(DomainError, loss, y[0], wrong) == f"{name}: {wanted}"


def test_labels_counted_from_1():
    message = message_of(DomainError, mg.softmax_cross_entropy, LOGITS, INDICES + 1)
    assert "t[1] = 3 is not a class index" in message


@pytest.mark.parametrize("name", OF_CLASSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, bool, complex, str, object])
def test_indices_that_are_no_integers(name, dtype):
    loss, y = OF_CLASSES[name]
    t = INDICES.astype(dtype)
    assert message_of(DTypeError, loss, y, t) == (
        f"{name}: targets of shape (4,) are class indices and must be integers, got {t.dtype}; "
        "t.astype(int) converts whole numbers"
    )
    if t.dtype.kind == "f":
        assert "must be integers, got float" in message_of(DTypeError, loss, y, mg.Tensor(t))


def test_one_score_for_each_sample_is_not_a_class():
    """A softmax over one class is always 1: the loss would be 0 whatever the network says."""
    message = message_of(DomainError, mg.softmax_cross_entropy, np.zeros((2, 1)), [0, 1])
    assert message.endswith(
        "run from 0 to 0; for one score for each sample use sigmoid_cross_entropy"
    )
    message = message_of(DomainError, mg.softmax_cross_entropy, np.zeros((2, 1)), [[1], [0]])
    assert "t[1] sums to 0.0, not to 1" in message
    assert message.endswith("use binary_cross_entropy or, from logits, sigmoid_cross_entropy")
    message = message_of(DomainError, mg.cross_entropy, SIGMA[:, :1], [0, 1, 1, 0])
    assert message.endswith("for independent labels binary_cross_entropy")


# Probabilities


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, -0.25, -1e-9, 1.25])
def test_values_that_are_no_probabilities(wrong):
    """Whichever argument they are in, the message gives function, entry and value."""
    p, t = changed(P, (2, 1), wrong), changed(ONE_HOT, (2, 1), wrong)
    for name, argument, function, arguments in [
        ("cross_entropy", "p", mg.cross_entropy, (p, INDICES)),
        ("cross_entropy", "t", mg.cross_entropy, (P, t)),
        ("softmax_cross_entropy", "t", mg.softmax_cross_entropy, (LOGITS, t)),
        ("binary_cross_entropy", "p", mg.binary_cross_entropy, (p, ONE_HOT)),
        ("binary_cross_entropy", "t", mg.binary_cross_entropy, (SIGMA, t)),
        ("sigmoid_cross_entropy", "t", mg.sigmoid_cross_entropy, (LOGITS, t)),
        ("entropy", "p", mg.entropy, (p,)),
        ("kl_divergence", "p", mg.kl_divergence, (p, P)),
        ("kl_divergence", "q", mg.kl_divergence, (P, p)),
        ("information_content", "p", mg.information_content, (p,)),
    ]:
        wanted = f"{name}: {argument}[2, 1] = {wrong} is not in [0, 1], as a probability must be"
        for wrap in (np.asarray, mg.Tensor):
            message = message_of(DomainError, function, *map(wrap, arguments))
            assert message.split(";")[0] == wanted


def test_rows_that_do_not_sum_to_1():
    """A 1 % error in one entry is found wherever distributions are expected."""
    p = changed(P, (2, 1), P[2, 1] + 0.01)
    for name, argument, function, arguments in [
        ("cross_entropy", "p", mg.cross_entropy, (p, INDICES)),
        ("cross_entropy", "t", mg.cross_entropy, (P, p)),
        ("softmax_cross_entropy", "t", mg.softmax_cross_entropy, (LOGITS, p)),
        ("entropy", "p", mg.entropy, (p,)),
        ("kl_divergence", "p", mg.kl_divergence, (p, P)),
        ("kl_divergence", "q", mg.kl_divergence, (P, p)),
    ]:
        message = message_of(DomainError, function, *arguments)
        assert message.startswith(f"{name}: {argument}[2] sums to 1.01")
        assert ", not to 1, as probabilities must" in message
    message = message_of(DomainError, mg.entropy, [0.5, 0.25])
    assert message == "entropy: p sums to 0.75, not to 1, as probabilities must"


def test_target_rows_are_held_to_it_more_closely():
    """The fused gradient is softmax − t only if t sums to 1: rounding passes, 0.1 % does not."""
    mg.softmax_cross_entropy(LOGITS[:1], (np.full((1, 3), 1 / 3)).astype(np.float16))
    mg.softmax_cross_entropy(LOGITS[:1], np.full((1, 3), np.float32(1 / 3)))
    message = message_of(DomainError, mg.softmax_cross_entropy, LOGITS[:1], [[0.333, 0.333, 0.333]])
    assert "t[0] sums to 0.999" in message
    np.testing.assert_allclose(mg.entropy([0.333, 0.333, 0.333]), np.log(3), rtol=2e-3)


def test_logits_where_probabilities_belong():
    """The message names the loss that was meant."""
    hint = "; for logits use softmax_cross_entropy, for independent labels binary_cross_entropy"
    assert message_of(DomainError, mg.cross_entropy, [[2.0, 0.0, -1.0]], [0]) == (
        f"cross_entropy: p[0, 0] = 2.0 is not in [0, 1], as a probability must be{hint}"
    )
    assert message_of(DomainError, mg.cross_entropy, [[0.5, 0.0, 0.25]], [0]) == (
        f"cross_entropy: p[0] sums to 0.75, not to 1, as probabilities must{hint}"
    )
    assert message_of(DomainError, mg.binary_cross_entropy, [[0.5, -2.0]], [[1, 0]]) == (
        "binary_cross_entropy: p[0, 1] = -2.0 is not in [0, 1], as a probability must be; for "
        "logits use sigmoid_cross_entropy"
    )


def test_logarithms_of_probabilities_where_probabilities_belong():
    for t in (INDICES, ONE_HOT):
        message = message_of(DomainError, mg.cross_entropy, mg.log_softmax(LOGITS), t)
        assert "is not in [0, 1]" in message


def test_several_labels_where_one_class_belongs():
    message = message_of(DomainError, mg.softmax_cross_entropy, [[1.0, 2.0, 0.0]], [[1, 1, 0]])
    assert message == (
        "softmax_cross_entropy: t[0] sums to 2.0, not to 1, as probabilities must; for labels that "
        "are not one out of K use binary_cross_entropy or, from logits, sigmoid_cross_entropy"
    )


def test_labels_of_plus_and_minus_1():
    for function in (mg.binary_cross_entropy, mg.sigmoid_cross_entropy):
        message = message_of(DomainError, function, [0.5, 0.5], [1, -1])
        assert "t[1] = -1.0 is not in [0, 1], as a probability must be" in message


def test_class_indices_where_labels_belong():
    message = message_of(DomainError, mg.sigmoid_cross_entropy, LOGITS[:, 0], INDICES)
    assert "t[1] = 2.0 is not in [0, 1]" in message


def test_predictions_and_targets_exchanged():
    for function, arguments in [
        (mg.cross_entropy, (ONE_HOT, P)),
        (mg.softmax_cross_entropy, (ONE_HOT, LOGITS)),
        (mg.binary_cross_entropy, (ONE_HOT, SIGMA)),
        (mg.sigmoid_cross_entropy, (ONE_HOT, LOGITS)),
    ]:
        message_of(DomainError, function, *arguments)
    message_of(ShapeError, mg.softmax_cross_entropy, INDICES, LOGITS)


# Impossible events


def test_a_true_class_that_is_impossible():
    advice = (
        "the result would be infinite. Probabilities that underflow are best avoided by computing "
        "the loss from logits"
    )
    p = [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]
    assert message_of(DomainError, mg.cross_entropy, p, [0, 2]) == (
        f"cross_entropy: p[1, 2] = 0 where t[1, 2] = 1.0: {advice}"
    )
    assert message_of(DomainError, mg.cross_entropy, p[0], 2) == (
        f"cross_entropy: p[2] = 0 where t[2] = 1.0: {advice}"
    )
    assert message_of(DomainError, mg.binary_cross_entropy, [[0.5, 0.0]], [[1, 0.25]]) == (
        f"binary_cross_entropy: p[0, 1] = 0 where t[0, 1] = 0.25: {advice}"
    )
    assert message_of(DomainError, mg.binary_cross_entropy, [[0.5, 1.0]], [[1, 0.25]]) == (
        f"binary_cross_entropy: 1 - p[0, 1] = 0 where 1 - t[0, 1] = 0.75: {advice}"
    )
    assert message_of(DomainError, mg.kl_divergence, [p[0]], [[0.0, 0.5, 0.5]]) == (
        f"kl_divergence: q[0, 0] = 0 where p[0, 0] = 0.5: {advice}"
    )
    assert message_of(DomainError, mg.information_content, [[0.5, 1.0, 0.0]]) == (
        "information_content: p[0, 2] = 0: its information would be infinite"
    )
    assert message_of(DomainError, mg.information_content, 0.0) == (
        "information_content: p = 0: its information would be infinite"
    )


def test_probabilities_that_underflowed():
    """In float32 a softmax of logits 200 apart is 0 and 1; the loss from logits is still right."""
    logits = np.array([[0.0, 200.0]], np.float32)
    message = message_of(DomainError, mg.cross_entropy, mg.softmax(logits), [0])
    assert message.endswith("best avoided by computing the loss from logits")
    assert mg.softmax_cross_entropy(logits, [0]) == 200


# A softmax or sigmoid applied twice


def test_a_second_softmax():
    z = mg.Tensor(LOGITS, requires_grad=True)
    p = mg.softmax(z)
    message = message_of(DomainError, mg.softmax_cross_entropy, p, INDICES)
    assert message == (
        f"softmax_cross_entropy: logits are {p!r}, but this loss applies its Softmax itself. Pass "
        "what went into that one, or use cross_entropy"
    )
    assert mg.cross_entropy(p, INDICES).requires_grad
    same = mg.softmax_cross_entropy(mg.log_softmax(z), INDICES)
    np.testing.assert_allclose(same.data, mg.softmax_cross_entropy(LOGITS, INDICES), rtol=1e-14)


def test_a_second_sigmoid():
    z = mg.Tensor(LOGITS, requires_grad=True)
    p = mg.sigmoid(z)
    message = message_of(DomainError, mg.sigmoid_cross_entropy, p, ONE_HOT)
    assert message == (
        f"sigmoid_cross_entropy: logits are {p!r}, but this loss applies its Sigmoid itself. Pass "
        "what went into that one, or use binary_cross_entropy"
    )
    assert mg.binary_cross_entropy(p, ONE_HOT).requires_grad


def test_an_inner_softmax_or_sigmoid_is_no_mistake():
    z = mg.Tensor(LOGITS, requires_grad=True)
    mg.softmax_cross_entropy(mg.sigmoid(z), INDICES)
    mg.sigmoid_cross_entropy(mg.softmax(z), ONE_HOT)
    mg.softmax_cross_entropy(mg.softmax(z) * 2, INDICES)


# Options


@pytest.mark.parametrize("name", EVERY_LOSS)
@pytest.mark.parametrize("wrong", ["average", "batchmean", "Mean", "", None, 0])
def test_an_unknown_reduction(name, wrong):
    assert message_of(DomainError, EVERY_LOSS[name], reduction=wrong) == (
        f"{name}: reduction is {wrong!r}; it must be 'mean', 'sum' or 'none'"
    )


@pytest.mark.parametrize("loss", [mg.cross_entropy, mg.softmax_cross_entropy])
def test_an_unknown_reduction_of_a_single_sample(loss):
    message = message_of(DomainError, loss, P[0], 0, reduction="average")
    assert "reduction is 'average'" in message


@pytest.mark.parametrize("name", OF_LOGARITHMS)
@pytest.mark.parametrize("wrong", [0, 1, 1.0, -2, 0.5, np.nan, np.inf, "2", None])
def test_a_base_without_logarithms(name, wrong):
    """A base below 1 would turn the sign, and a minimum into a maximum."""
    assert message_of(DomainError, OF_LOGARITHMS[name], base=wrong) == (
        f"{name}: base is {wrong!r}; a logarithm's base must be a number greater than 1"
    )


# Types


def test_lists_of_tensors_would_lose_their_gradients():
    rows = [mg.Tensor(row, requires_grad=True) for row in P]
    advice = "is a list of Tensors, which would lose their gradients; join them with mg.stack"
    for name, argument, function, arguments in [
        ("cross_entropy", "p", mg.cross_entropy, (rows, INDICES)),
        ("cross_entropy", "t", mg.cross_entropy, (P, rows)),
        ("softmax_cross_entropy", "logits", mg.softmax_cross_entropy, (rows, INDICES)),
        ("softmax_cross_entropy", "t", mg.softmax_cross_entropy, (LOGITS, tuple(rows))),
        ("binary_cross_entropy", "p", mg.binary_cross_entropy, (rows, ONE_HOT)),
        ("sigmoid_cross_entropy", "logits", mg.sigmoid_cross_entropy, (rows, ONE_HOT)),
        ("sigmoid_cross_entropy", "t", mg.sigmoid_cross_entropy, (LOGITS, rows)),
        ("sum_squared_error", "y", mg.sum_squared_error, (rows, ONE_HOT)),
        ("mean_squared_error", "t", mg.mean_squared_error, (P, rows)),
        ("entropy", "p", mg.entropy, (rows,)),
        ("kl_divergence", "p", mg.kl_divergence, (rows, P)),
        ("kl_divergence", "q", mg.kl_divergence, (P, rows)),
        ("information_content", "p", mg.information_content, (rows,)),
    ]:
        assert message_of(DTypeError, function, *arguments) == f"{name}: {argument} {advice}"


@pytest.mark.parametrize(
    "wrong", [P.astype(str), P + 0j, P.astype(object), None, "p"], ids=["str", "c", "obj", "-", "s"]
)
def test_values_that_are_no_real_numbers(wrong):
    dtype = np.asarray(wrong).dtype
    for name, argument, function, arguments in [
        ("cross_entropy", "p", mg.cross_entropy, (wrong, INDICES)),
        ("softmax_cross_entropy", "logits", mg.softmax_cross_entropy, (wrong, INDICES)),
        ("binary_cross_entropy", "p", mg.binary_cross_entropy, (wrong, ONE_HOT)),
        ("sigmoid_cross_entropy", "logits", mg.sigmoid_cross_entropy, (wrong, ONE_HOT)),
        ("sum_squared_error", "y", mg.sum_squared_error, (wrong, ONE_HOT)),
        ("mean_squared_error", "y", mg.mean_squared_error, (wrong, ONE_HOT)),
        ("entropy", "p", mg.entropy, (wrong,)),
        ("kl_divergence", "q", mg.kl_divergence, (P, wrong)),
        ("information_content", "p", mg.information_content, (wrong,)),
    ]:
        wanted = f"{name}: {argument} must be real numbers, got {dtype}"
        assert message_of(DTypeError, function, *arguments) == wanted


@pytest.mark.parametrize("wrong", [ONE_HOT.astype(str), ONE_HOT + 0j, ONE_HOT.astype(object)])
def test_targets_that_are_no_real_numbers(wrong):
    for name, function in [
        ("cross_entropy", lambda t: mg.cross_entropy(P, t)),
        ("softmax_cross_entropy", lambda t: mg.softmax_cross_entropy(LOGITS, t)),
        ("binary_cross_entropy", lambda t: mg.binary_cross_entropy(SIGMA, t)),
        ("sigmoid_cross_entropy", lambda t: mg.sigmoid_cross_entropy(LOGITS, t)),
        ("sum_squared_error", lambda t: mg.sum_squared_error(P, t)),
    ]:
        wanted = f"{name}: t must be real numbers, got {wrong.dtype}"
        assert message_of(DTypeError, function, wrong) == wanted
