"""The options of ``minigrad predict``, and their help."""

from typing import Any

__all__ = ["add_predict"]

DESCRIPTION = """\
Predict with a model that 'minigrad train --save' wrote.

For each row of the CSV file it writes the class and the probability of every
class, or for a regression the value in the target's own unit. The file needs
the columns that the model was trained on, in any order and in the same units;
others are left out. For digits they are pixel_0_0 to pixel_7_7, in [0, 1].
"""

EPILOG = """\
examples:
  minigrad predict iris.npz flowers.csv
  minigrad predict iris.npz flowers.csv --output species.csv
"""


def add_predict(commands: Any) -> None:
    predict = commands.add_parser(
        "predict",
        help="predict with a saved model",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    predict.set_defaults(command="minigrad.cli.predict:predict_command")
    predict.add_argument("model", metavar="MODEL", help="a file that minigrad train --save wrote")
    predict.add_argument("file", metavar="FILE.csv", help="the samples, under a header row")
    predict.add_argument("--output", metavar="FILE", help="the CSV file to write (default: stdout)")
