"""The texts of the corners in panes of any size, each letter ten pixels wide."""

from __future__ import annotations

import pytest
from napari_ctreview.viewer.corner_layout import CornerTexts, TextBlock, arrange_corners

LINE, LETTER = 14.0, 24.0

TEXTS = CornerTexts(
    top_left=("FOLLOW-UP   day +63",),
    top_right=("4.3 years", "CT kernel SOFT", "1.50 mm slices", "80 kV", "no contrast", "supine, head first"),
    bottom_left=("−852 HU", "left lung, middle, dorsal, peripheral", "ground glass", "below threshold"),
    bottom_right=("linked by registration", "axial Im 81/127  F 383.3 mm", "W 1500  L −600  lung"),
)


def width_of(text: str) -> float:
    return 10.0 * len(text)


def box(block: TextBlock, width: float) -> tuple[float, float, float, float]:
    """Left, right, top and bottom; a line that is too long is cut at the pane's edge."""
    wide = min(max(map(width_of, block.lines)), width)
    return (
        (width - wide if block.right else 0.0),
        (width if block.right else wide),
        block.top,
        block.top + LINE * len(block.lines),
    )


@pytest.mark.parametrize("size", [(1600, 900), (900, 700), (640, 480), (460, 680), (300, 300), (160, 240), (90, 60)])
def test_none_lies_on_another_on_a_letter_or_outside(size: tuple[float, float]) -> None:
    width, height = size
    boxes = [box(block, width) for block in arrange_corners(TEXTS, size, LINE, LETTER, width_of)]
    for number, (left, right, top, bottom) in enumerate(boxes):
        assert top >= 0
        assert bottom <= height - LETTER
        assert bottom <= height / 2 - LETTER / 2 or top >= height / 2 + LETTER / 2, "letters at the sides"
        assert top >= LETTER or right <= width / 2 - LETTER / 2 or left >= width / 2 + LETTER / 2, "letter at the top"
        for other in boxes[:number]:
            beside = left >= other[1] or other[0] >= right
            assert beside or top >= other[3] or other[2] >= bottom


def test_where_there_is_room_all_of_it_stands_in_its_corner() -> None:
    blocks = arrange_corners(TEXTS, (1600, 900), LINE, LETTER, width_of)
    assert [block.lines for block in blocks] == [
        TEXTS.top_left,
        TEXTS.top_right,
        TEXTS.bottom_left,
        TEXTS.bottom_right,
    ]
    assert [block.top for block in blocks[:2]] == [0.0, 0.0]


def test_in_a_small_pane_slice_window_and_value_stay() -> None:
    kept = {line for block in arrange_corners(TEXTS, (160, 240), LINE, LETTER, width_of) for line in block.lines}
    assert {TEXTS.top_left[0], "−852 HU", *TEXTS.bottom_right[1:]} <= kept
    assert "supine, head first" not in kept
