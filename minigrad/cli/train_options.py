"""The options of ``minigrad train``, and their help."""

from typing import Any

from minigrad.cli.option_values import (
    fraction,
    momentum,
    natural_number,
    one_of,
    positive_integer,
    positive_number,
)
from minigrad.cli.settings import DEFAULTS, as_text, option
from minigrad.nn.mlp import ACTIVATIONS

__all__ = ["add_train"]

DESCRIPTION = """\
Train a multilayer perceptron by stochastic gradient descent, and test it.

The data are split at random into a training, a validation and a test set, each
with the same shares of the classes. Features of Iris and of CSV files are
standardized by the training set's mean and standard deviation, and so is a
regression's target; pixels stay in [0, 1]. The same command gives the same
network.
"""

EPILOG = """\
DATA is one of
  digits        1,797 images of handwritten digits, 8 x 8 pixels, built in
  iris          150 flowers of 3 species, 4 measurements each, built in
  FILE.csv      a header row, then numbers; the target column may hold names
  FOLDER        MNIST or a relative: {{train,t10k}}-images-idx3-ubyte and
                {{train,t10k}}-labels-idx1-ubyte, each also with .gz

Defaults by kind of data:
{defaults}

Ctrl-C ends the training; what has been learned is then tested, drawn and
saved all the same. Results go to stdout, the progress bar to stderr.

examples:
  minigrad train digits --seed 0 --plot curves.png
  minigrad train iris --hidden 8 8 --activation tanh --save iris.npz
  minigrad train houses.csv --target price --task regression --patience 10
  minigrad train mnist/ --epochs 10 --checkpoint run.npz
  minigrad train mnist/ --epochs 10 --checkpoint run.npz --resume
"""


def add_train(commands: Any) -> None:
    train = commands.add_parser(
        "train",
        help="train a network on a data set and test it",
        description=DESCRIPTION,
        epilog=EPILOG.format(defaults=table_of_defaults()),
    )
    train.set_defaults(command="minigrad.cli.train:train_command")
    train.add_argument("data", metavar="DATA", help="digits, iris, a CSV file or a folder")

    data = train.add_argument_group("data")
    data.add_argument(
        "--target", metavar="COLUMN", help="of a CSV file, what to predict (default: the last)"
    )
    data.add_argument(
        "--task",
        type=one_of("classification", "regression"),
        metavar="TASK",
        help="of a CSV file: classification (default) or regression",
    )
    data.add_argument(
        "--test-size", type=fraction, metavar="SHARE", help="of the samples, to test on (see below)"
    )
    data.add_argument(
        "--validation-size",
        type=fraction,
        default=0.1,
        metavar="SHARE",
        help="of the samples, to watch the training with (default: %(default)s)",
    )

    network = train.add_argument_group("network")
    network.add_argument(
        "--hidden",
        type=positive_integer,
        nargs="*",
        metavar="SIZE",
        help="units of each hidden layer; none at all for a linear model (see below)",
    )
    network.add_argument(
        "--activation",
        type=one_of(*ACTIVATIONS),
        default="sigmoid",
        metavar="NAME",
        help=f"of hidden layers: {', '.join(ACTIVATIONS)} (default: %(default)s)",
    )
    network.add_argument(
        "--dtype",
        type=one_of("float32", "float64"),
        metavar="TYPE",
        help="float32 or float64 (see below)",
    )

    training = train.add_argument_group("training")
    training.add_argument(
        "--loss",
        type=one_of("cross-entropy", "squared-error"),
        metavar="NAME",
        help="cross-entropy of the softmax, the default for classes; or squared-error: for classes "
        "the sum of squared differences between the softmax and the one-hot target, for a "
        "regression (default there) between the standardized values; mean over the samples",
    )
    training.add_argument(
        "--lr", type=positive_number, metavar="RATE", help="learning rate (see below)"
    )
    training.add_argument(
        "--momentum",
        type=momentum,
        default=0.9,
        metavar="SHARE",
        help="of the last update that goes on, in [0, 1) (default: %(default)s)",
    )
    training.add_argument(
        "--epochs",
        type=positive_integer,
        metavar="N",
        help="passes over the training set (see below)",
    )
    training.add_argument(
        "--batch-size", type=positive_integer, metavar="N", help="samples an update (see below)"
    )
    training.add_argument(
        "--patience",
        type=positive_integer,
        metavar="N",
        help="stop after N epochs without a better validation loss, and keep the best epoch's "
        "network (default: train all epochs, keep the last)",
    )
    training.add_argument(
        "--seed",
        type=natural_number,
        default=0,
        metavar="N",
        help="of the split, the first weights and the order (default: %(default)s)",
    )

    training.add_argument(
        "--compile",
        action="store_true",
        help="make native code of a training step first (pip install 'minigrad[compile]'; without "
        "it NumPy calls on kept memory): the same numbers up to rounding, in less time",
    )

    files = train.add_argument_group("files (an existing one is replaced)")
    files.add_argument(
        "--plot", metavar="FILE", help="draw the curves, as .png, .pdf, .svg, ...; needs matplotlib"
    )
    files.add_argument("--save", metavar="FILE", help="the trained model, for minigrad predict")
    files.add_argument(
        "--checkpoint", metavar="FILE", help="write the state of the run here after every epoch"
    )
    files.add_argument(
        "--resume",
        action="store_true",
        help="go on from the --checkpoint file, to the very result of a run that was never "
        "stopped; the data and settings must be the same, --epochs may be more",
    )


def table_of_defaults() -> str:
    names = list(next(iter(DEFAULTS.values())))
    rows = [["", *DEFAULTS]]
    for name in names:
        values = [defaults[name] for defaults in DEFAULTS.values()]
        rows.append([option(name), *("its own" if v is None else as_text(v) for v in values)])
    return "\n".join(f"  {row[0]:12}" + "".join(f"{cell:>12}" for cell in row[1:]) for row in rows)
