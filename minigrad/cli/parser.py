"""The options of every command, their help, and how their values are read."""

import argparse
import difflib
import math
from typing import Any, NoReturn

from minigrad.cli.check import check_command
from minigrad.cli.predict import predict_command
from minigrad.cli.settings import DEFAULTS, as_text, option
from minigrad.cli.train import train_command
from minigrad.errors import DomainError
from minigrad.nn.mlp import ACTIVATIONS
from minigrad.version import __version__

__all__ = ["build_parser"]

DESCRIPTION = "minigrad: train small neural networks, predict with them, check gradients."

TRAIN_DESCRIPTION = """\
Train a multilayer perceptron by stochastic gradient descent, and test it.

The data are split at random into a training, a validation and a test set, each
with the same shares of the classes. Features of Iris and of CSV files are
standardized by the training set's mean and standard deviation, and so is a
regression's target; pixels stay in [0, 1]. The same command gives the same
network.
"""

TRAIN_EPILOG = """\
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

PREDICT_DESCRIPTION = """\
Predict with a model that 'minigrad train --save' wrote.

For each row of the CSV file it writes the class and the probability of every
class, or for a regression the value in the target's own unit. The file needs
the columns that the model was trained on, in any order and in the same units;
others are left out. For digits they are pixel_0_0 to pixel_7_7, in [0, 1].
"""

PREDICT_EPILOG = """\
examples:
  minigrad predict iris.npz flowers.csv
  minigrad predict iris.npz flowers.csv --output species.csv
"""

CHECK_DESCRIPTION = """\
Check gradients against finite differences.

It imports MODULE, from the current folder or installed, calls FUNCTION without
arguments, and checks what that returns:
  a Tensor              every op's every rule in the graph behind it
  (function, inputs)    the gradient of function at the inputs
  a Report              what check_model, say, has found already
"""

CHECK_EPILOG = """\
The exit code is 0 if the gradients are right, 1 if not, 2 if they could not be
checked.

example, with a file model_checks.py in the current folder:
  import minigrad as mg
  import numpy as np

  def cube():
      return lambda x: x**3, np.array([1.0, -2.0])

  minigrad check model_checks:cube --mode full --order 2
"""

EPILOG = """\
examples:
  minigrad train digits --seed 0 --plot curves.png --save digits.npz
  minigrad train iris --save iris.npz
  minigrad predict iris.npz flowers.csv
  minigrad check my_module:my_function

'minigrad train --help', 'minigrad predict --help' and 'minigrad check --help'
tell the rest.
"""


class Parser(argparse.ArgumentParser):
    """Raises its errors, so that they are reported like all others."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message: str) -> NoReturn:
        raise DomainError(f"{message} (see {self.prog} --help)")


def build_parser() -> argparse.ArgumentParser:
    parser = Parser(prog="minigrad", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"minigrad {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    add_train(commands)
    add_predict(commands)
    add_check(commands)
    return parser


def add_train(commands: Any) -> None:
    train = commands.add_parser(
        "train",
        help="train a network on a data set and test it",
        description=TRAIN_DESCRIPTION,
        epilog=TRAIN_EPILOG.format(defaults=table_of_defaults()),
    )
    train.set_defaults(command=train_command)
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


def add_predict(commands: Any) -> None:
    predict = commands.add_parser(
        "predict",
        help="predict with a saved model",
        description=PREDICT_DESCRIPTION,
        epilog=PREDICT_EPILOG,
    )
    predict.set_defaults(command=predict_command)
    predict.add_argument("model", metavar="MODEL", help="a file that minigrad train --save wrote")
    predict.add_argument("file", metavar="FILE.csv", help="the samples, under a header row")
    predict.add_argument("--output", metavar="FILE", help="the CSV file to write (default: stdout)")


def add_check(commands: Any) -> None:
    check = commands.add_parser(
        "check",
        help="check gradients against finite differences",
        description=CHECK_DESCRIPTION,
        epilog=CHECK_EPILOG,
    )
    check.set_defaults(command=check_command)
    check.add_argument("function", metavar="MODULE:FUNCTION", help="what to call (see above)")
    check.add_argument(
        "--mode",
        type=one_of("auto", "full", "fast", "subset"),
        metavar="NAME",
        help="full: every entry; fast: random directions through all of them; subset: some "
        "entries; auto (default): full up to 64 entries, else fast",
    )
    check.add_argument(
        "--order",
        type=one_of_numbers(1, 2),
        metavar="N",
        help="2 checks gradients of gradients too; only of (function, inputs) (default: 1)",
    )
    check.add_argument(
        "--directions",
        type=positive_integer,
        metavar="N",
        help="how many directions fast mode takes (default: 3)",
    )
    check.add_argument(
        "--seed",
        type=natural_number,
        metavar="N",
        help="of cotangents, directions and random entries (default: 0)",
    )
    check.add_argument(
        "--strict", action="store_true", help="let kinks and vacuous gradients count as wrong too"
    )
    check.add_argument("--json", metavar="FILE", help="write the report here as JSON as well")


def table_of_defaults() -> str:
    names = list(next(iter(DEFAULTS.values())))
    rows = [["", *DEFAULTS]]
    for name in names:
        values = [defaults[name] for defaults in DEFAULTS.values()]
        rows.append([option(name), *("its own" if v is None else as_text(v) for v in values)])
    return "\n".join(f"  {row[0]:12}" + "".join(f"{cell:>12}" for cell in row[1:]) for row in rows)


def one_of(*choices: str) -> Any:
    def choice(text: str) -> str:
        if text in choices:
            return text
        close = difflib.get_close_matches(text, choices, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise argparse.ArgumentTypeError(
            f"expected one of {', '.join(choices)}, found {text!r}{hint}"
        )

    return choice


def one_of_numbers(*choices: int) -> Any:
    choice = one_of(*map(str, choices))
    return lambda text: int(choice(text))


def positive_integer(text: str) -> int:
    return int(checked(text, "a whole number from 1 on", lambda x: x >= 1, int))


def natural_number(text: str) -> int:
    return int(checked(text, "a whole number from 0 on", lambda x: x >= 0, int))


def positive_number(text: str) -> float:
    return checked(text, "a number above 0", lambda x: 0 < x < math.inf)


def fraction(text: str) -> float:
    return checked(text, "a number between 0 and 1, both excluded", lambda x: 0 < x < 1)


def momentum(text: str) -> float:
    return checked(text, "a number from 0 to below 1", lambda x: 0 <= x < 1)


def checked(text: str, expected: str, valid: Any, kind: Any = float) -> float:
    try:
        value: float = kind(text)
    except ValueError:
        value = math.nan
    if not valid(value):
        raise argparse.ArgumentTypeError(f"expected {expected}, found {text!r}")
    return value
