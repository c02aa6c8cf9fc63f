"""Where the texts of the corners stand in a pane of any size: none on another, on a letter, or cut off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["CornerTexts", "TextBlock", "arrange_corners"]

Lines = tuple[str, ...]

_SLICE_AND_WINDOW = 2
"""Lines of the lower right corner that stay however small a pane is."""


@dataclass(frozen=True)
class CornerTexts:
    """Lines of text for the four corners."""

    top_left: Lines = ()
    top_right: Lines = ()
    bottom_left: Lines = ()
    bottom_right: Lines = ()


@dataclass(frozen=True)
class TextBlock:
    """Lines that stand together.

    Attributes
    ----------
    lines : tuple of str
    top : float
        Where the first begins, in pixels from the top.
    right : bool
        Whether they end at the right edge.
    """

    lines: Lines
    top: float
    right: bool


def arrange_corners(
    corners: CornerTexts, size: tuple[float, float], line: float, letter: float, width_of: Callable[[str], float]
) -> tuple[TextBlock, ...]:
    """Place the texts of the corners.

    Two corners whose texts would reach each other stand one above the other. What does not fit between the letters at
    the edges is left out: first how the scan was made, then how panes are linked, then what the cursor reads last.

    Parameters
    ----------
    corners : CornerTexts
    size : pair of float
        Width and height of the pane, in pixels.
    line, letter : float
        Height of a line, and of the letters at the edges.
    width_of : callable
        How wide a text is.
    """
    width, height = size
    rows = max(int((height / 2 - 1.5 * letter) // line), 0)  # on either side of the letters in the middle of the height
    apart = _fit_beside(corners.top_left, corners.top_right, width, line, width_of)
    reaches = _widest((*corners.top_left, *corners.top_right), width_of) > width / 2 - letter
    top = letter if reaches or not apart else 0.0
    title = corners.top_left[:rows]
    made = corners.top_right[: rows if apart else max(rows - len(title), 0)]
    blocks = [TextBlock(title, top, False), TextBlock(made, top if apart else top + len(title) * line, True)]

    left, right = corners.bottom_left, corners.bottom_right
    bottom = height - letter  # a row of its own for the letter and the scale bar beside it
    if _fit_beside(left, right, width, line, width_of):
        left, right = left[:rows], right[max(len(right) - rows, 0) :]
        foot = bottom
    else:
        kept = max(rows - len(left), min(_SLICE_AND_WINDOW, rows))
        right = right[max(len(right) - kept, 0) :]
        left = left[: max(rows - len(right), 0)]
        foot = bottom - len(right) * line
    blocks += [TextBlock(left, foot - len(left) * line, False), TextBlock(right, bottom - len(right) * line, True)]
    return tuple(block for block in blocks if block.lines)


def _fit_beside(left: Lines, right: Lines, width: float, gap: float, width_of: Callable[[str], float]) -> bool:
    return not (left and right) or _widest(left, width_of) + gap + _widest(right, width_of) <= width


def _widest(lines: Sequence[str], width_of: Callable[[str], float]) -> float:
    return max((width_of(text) for text in lines), default=0.0)
