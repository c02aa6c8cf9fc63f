"""``python -m ctreview`` is the command ``ctreview``."""

import sys

from ctreview.cli import main

if __name__ == "__main__":
    sys.exit(main())
