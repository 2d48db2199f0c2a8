"""scikit-learn's MLPClassifier: the same network, batches and SGD, from weights of its own."""

import warnings

import sklearn.neural_network
from sklearn.exceptions import ConvergenceWarning

from speed.peers.importing import seconds_of

PACKAGE = "scikit-learn"
WHOLE = "only trains as a whole"
CANNOT = dict.fromkeys(("step", "backward"), WHOLE) | dict.fromkeys(
    ("chain", "elementwise", "hessian_vector", "gradient_check", "stepping"),
    "no gradients of one's own",
)


def fit(task):
    def run():
        model = sklearn.neural_network.MLPClassifier(
            task.start.sizes[1:-1],
            activation="logistic",
            solver="sgd",
            momentum=0.0,
            alpha=0.0,
            batch_size=task.batch_size,
            learning_rate_init=task.lr,
            max_iter=task.epochs,
            n_iter_no_change=task.epochs,
            tol=0.0,
            random_state=0,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(task.x, task.y)
        return float(model.score(task.x_test, task.y_test))

    return (run,)


def import_time(_):
    return seconds_of("sklearn.neural_network")
