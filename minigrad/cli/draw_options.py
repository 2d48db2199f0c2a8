"""The options of ``minigrad draw``, and their help."""

from typing import Any

from minigrad.cli.option_values import one_of, positive_integer

__all__ = ["add_draw"]

DESCRIPTION = """\
Draw the graph behind a loss, or the layers of a model.

WHAT is MODULE:FUNCTION, a function without arguments that returns a loss, a model
or a drawing, imported from the current folder; or a model that 'minigrad train
--save' wrote.
"""

EPILOG = """\
examples:
  minigrad draw my_module:my_loss loss.svg
  minigrad draw digits.npz digits.html
  minigrad draw my_module:my_model model.mmd --input-shape 64
"""


def add_draw(commands: Any) -> None:
    draw = commands.add_parser(
        "draw",
        help="draw the graph of a loss, or a model",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    draw.set_defaults(command="minigrad.cli.draw:draw_command")
    draw.add_argument("what", metavar="WHAT", help="MODULE:FUNCTION or MODEL.npz")
    draw.add_argument("output", metavar="FILE", help="a .svg, .html, .dot or .mmd file to write")
    draw.add_argument(
        "--input-shape",
        type=positive_integer,
        nargs="+",
        metavar="SIZE",
        help="shape of one sample, to show what shapes a model's layers put out",
    )
    draw.add_argument(
        "--direction",
        type=one_of("down", "right"),
        default="down",
        metavar="WAY",
        help="which way values flow: down or right (default %(default)s)",
    )
