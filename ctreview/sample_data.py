"""Where the images of the phantom child lie: two CTs of the thorax, two MRI examinations of the thighs."""

from __future__ import annotations

from pathlib import Path

from ctreview.errors import NoSeriesFound

__all__ = ["ANSWER", "BASELINE", "FOLLOWUP", "MUSCLE", "sample_data"]

BASELINE, FOLLOWUP, ANSWER = "before", "after", "answer.json"
"""What lies in it."""

MUSCLE = "muscle"
"""The folder within it that holds the same of muscle MRI."""


def sample_data() -> Path:
    """Give the folder of the sample data: the one that the package carries, else that of the checkout.

    Raises
    ------
    NoSeriesFound
        Neither is there.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_sample_data", package.parent / "sample_data"):
        if (folder / ANSWER).is_file():
            return folder
    raise NoSeriesFound(
        "the sample data are not part of this installation",
        remedy="Install ctreview from its wheel, or run it in a checkout of the repository.",
    )
