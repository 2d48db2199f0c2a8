"""The mutants that are right as well, each with the reason why."""

__all__ = ["EQUIVALENT"]

VIEW = "the right gradient is grad_out itself; backward copies it where it is kept"
SIGN = "the output has the sign of x"
LARGER = "x > y where max(x, y) > y, and x >= y where x >= max(x, y); alike for min"
INFINITE = "differs only where y = 0 and x is not: x ln y is infinite there, and has no slope"
NUMERATOR = "differs only where x = 0, and with it the numerator"
LAYOUT = "only the order of the elements in memory is different"
SHAPE = "only the shape is used, as far as it is the same"

EQUIVALENT: dict[str, str] = {
    "Cast.grad_x: return grad_out": "backward casts what a rule returns to the dtype of the input",
    "Cast.grad_x: return a view of grad_out": "backward casts and copies what a rule returns",
    "Clip.grad_x: x -> out": "out > low where x > low",
    "Clip.grad_x: x -> out (2)": "out < high where x < high",
    "Copy.grad_x: return grad_out": VIEW,
    "Copy.grad_x: return a view of grad_out": VIEW,
    "Elu.grad_x: 0 -> 1": "differs only where x > 0, and x <= 0 beside it masks that",
    "Elu.grad_x: x -> out (2)": SIGN,
    "Elu.grad_x: x -> out (3)": SIGN,
    "LeakyRelu.grad_x: x -> out": SIGN,
    "LeakyRelu.grad_x: x -> out (2)": SIGN,
    "Linear.grad_bias: return grad, its entries in transposed order": "the bias has one axis",
    "Logsumexp.grad_x, stable_softmax: axis -> -1": LAYOUT,
    "Logsumexp.grad_x, stable_softmax: axis -> 0": LAYOUT,
    "Logsumexp.grad_x, stable_softmax: axis -> None": LAYOUT,
    "Maximum.grad_x: x -> out": LARGER,
    "Maximum.grad_x: y -> out (2)": LARGER,
    "Maximum.grad_y: y -> out": LARGER,
    "Maximum.grad_y: x -> out (2)": LARGER,
    "Minimum.grad_x: x -> out": LARGER,
    "Minimum.grad_x: y -> out (2)": LARGER,
    "Minimum.grad_y: y -> out": LARGER,
    "Minimum.grad_y: x -> out (2)": LARGER,
    "Power.grad_x: x -> y": "differs only where y = 0, and with it the factor y of the slope",
    "Power.grad_y: x -> out (2)": "differs only at 0 ** 0, where x ** y has no slope in y",
    "Relu.grad_x: x -> out": SIGN,
    "SoftmaxCrossEntropy.grad_logits: 1 -> 2": LAYOUT,
    "SoftmaxCrossEntropy.grad_logits: 1 -> 0": LAYOUT,
    "SoftmaxCrossEntropy.grad_logits: logits -> targets (2)": SHAPE,
    "SoftmaxCrossEntropy.grad_logits: logits -> shift (2)": SHAPE,
    "Transpose.grad_x: 0 -> 1": "every element of the list is written before it is read",
    "XLogY.grad_x: x -> out": INFINITE,
    "XLogY.grad_x: x -> y": INFINITE,
    "XLogY.grad_y: x -> out": INFINITE,
    "XLogY.grad_y: x -> y": INFINITE,
    "XLogY.grad_y: y -> out": NUMERATOR,
    "XLogY.grad_y: y -> x": NUMERATOR,
    "XLogY.grad_y: y + both_zero -> y - both_zero": NUMERATOR,
}
