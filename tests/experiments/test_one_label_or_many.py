"""Single-label and multi-label classification: losses of samples and batches, a training run."""

import numpy as np

import minigrad as mg

LOGITS = np.array([[2.0, -1.0, 1.5], [0.0, 3.0, 0.0]])


def test_softmax_and_cross_entropy_on_one_hot_rows():
    t = mg.data.one_hot([0, 1], num_classes=3)
    y = mg.softmax(mg.Tensor(LOGITS, requires_grad=True))
    samples = mg.cross_entropy(y, t, reduction="none")
    total = np.log(np.exp(LOGITS).sum(axis=1))
    np.testing.assert_allclose(samples.data, total - [2.0, 3.0], rtol=1e-13)
    assert mg.cross_entropy(y, t).item() == np.mean(samples.data)


def test_sigmoid_and_binary_cross_entropy_on_n_hot_rows():
    """Each label is a Bernoulli variable: the loss is −log of the probability of the whole row."""
    t = mg.data.n_hot([{0, 2}, set()], num_classes=3)
    y = mg.sigmoid(mg.Tensor(LOGITS, requires_grad=True))
    samples = mg.binary_cross_entropy(y, t, reduction="none")
    p = 1 / (1 + np.exp(-LOGITS))
    row_probabilities = np.where(t == 1, p, 1 - p).prod(axis=1)
    np.testing.assert_allclose(samples.data, -np.log(row_probabilities), rtol=1e-13)
    np.testing.assert_allclose(
        mg.binary_cross_entropy(y, t).item(), samples.data.mean(), rtol=1e-14
    )


def test_from_the_logits_both_gradients_are_y_minus_t():
    one_hot, n_hot = mg.data.one_hot([0, 1], 3), mg.data.n_hot([{0, 2}, set()], 3)
    for activation, loss, t in (
        (mg.softmax, mg.cross_entropy, one_hot),
        (mg.sigmoid, mg.binary_cross_entropy, n_hot),
    ):
        logits = mg.Tensor(LOGITS, requires_grad=True)
        loss(activation(logits), t, reduction="sum").backward()
        np.testing.assert_allclose(logits.grad, activation(LOGITS) - t, rtol=1e-13)


def test_a_multi_label_training_run():
    """Even, prime, above 4, with a loop: four labels of a digit, learned at once."""
    labels = ({0, 2, 4, 6, 8}, {2, 3, 5, 7}, {5, 6, 7, 8, 9}, {0, 6, 8, 9})
    digits = mg.data.load_digits()
    rows = [{k for k, label in enumerate(labels) if digit in label} for digit in digits.y.tolist()]
    t = mg.data.n_hot(rows, num_classes=4)
    x, x_test, t_train, t_test = mg.data.train_test_split(digits.x, t, rng=0)
    model = mg.nn.mlp([64, 32, 4], rng=0)
    history = mg.training.fit(
        model,
        mg.sigmoid_cross_entropy,
        mg.optim.SGD(model.parameters(), lr=0.5, momentum=0.9),
        (x, t_train),
        epochs=20,
        rng=0,
        progress=False,
    )
    assert history["loss"][-1] < 0.05 * history["loss"][0]
    logits = mg.training.predict(model, x_test)
    assert mg.training.multilabel_accuracy(logits, t_test, threshold=0) > 0.98
    assert ((logits > 0) == (t_test == 1)).all(axis=1).mean() > 0.95
