"""What a drag with each mouse button does over a pane; the one list that the panes and the guide are made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from napari_ctreview.viewer.input_settings import InputSettings, input_settings

__all__ = ["DOUBLE_CLICK", "MOUSE_BUTTONS", "MOUSE_WORDS", "MouseDrag", "mouse_buttons"]

MouseDrag = Literal["scroll", "pan", "window", "zoom"]

MOUSE_BUTTONS: Mapping[str, MouseDrag] = {
    "left": "scroll",
    "middle": "pan",
    "right": "window",
    "Control+right": "zoom",
}
"""By the button, with the key that is held."""

MOUSE_WORDS: Mapping[MouseDrag, str] = {
    "scroll": "scroll through the slices, as with the wheel",
    "pan": "move the image",
    "window": "window: to the right wider, downwards darker",
    "zoom": "zoom around the place that was pressed, as with Ctrl and the wheel",
}

DOUBLE_CLICK = "let a pane fill the window; again: show all panes"


def mouse_buttons(settings: InputSettings | None = None) -> dict[str, MouseDrag]:
    """What each button does, as the reader has set it; what is no button or no drag is left out."""
    chosen = (settings or input_settings()).mouse
    known = {button: drag for button, drag in chosen.items() if drag in get_args(MouseDrag)}
    return {**MOUSE_BUTTONS, **known}  # type: ignore[dict-item]
