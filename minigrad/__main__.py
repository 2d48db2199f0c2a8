"""``python -m minigrad``: the command line without its entry point."""

import sys

from minigrad.cli import main

if __name__ == "__main__":
    sys.exit(main())
