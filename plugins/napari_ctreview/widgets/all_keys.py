"""Every key of the window in its groups: the one table that the overlay of keys and the guide are made from."""

from __future__ import annotations

from napari_ctreview.correcting import shortcuts as correcting
from napari_ctreview.marking import finding_marker
from napari_ctreview.viewer import shortcuts
from napari_ctreview.viewer.mouse_buttons import DOUBLE_CLICK, MOUSE_BUTTONS, MOUSE_WORDS, MouseDrag
from napari_ctreview.widgets import candidate_list, consensus_panel, muscle_tools, piece_list, words_tab, worklist_panel

__all__ = ["CLOSE", "OVERLAY", "Rows", "every_key", "key_groups", "mouse_rows"]

Rows = list[tuple[str, str]]

OVERLAY = ("?", "show all keys; any key closes them")

CLOSE = ("Ctrl+Q", "close the window; it asks first where work is in no study yet")


def key_groups() -> dict[str, Rows]:
    """What each key does, by what it is for."""
    return {
        "Reading": [OVERLAY, CLOSE, *((key.keys, key.description) for key in (*shortcuts.KEYS, *worklist_panel.KEYS))],
        "Correcting": [(key.keys, key.description) for key in correcting.KEYS],
        "Muscle MRI": [(key.keys, key.description) for key in muscle_tools.KEYS],
        "Findings": [(key.keys, key.description) for key in finding_marker.KEYS],
        "Dense areas to confirm": [
            (key, f"accept as {label}" if label else "dismiss") for key, _, label, _ in candidate_list.KEYS.values()
        ],
        "Two readings": [(key, says) for key, _, says in consensus_panel.KEYS.values()],
        "Pieces and words": [
            *((key, says[0].lower() + says[1:]) for key, _, says in piece_list.KEYS.values()),
            (words_tab.COPY, "copy the report"),
        ],
    }


def every_key() -> list[str]:
    """Every key, as it usually is."""
    return [key for rows in key_groups().values() for key, _ in rows]


def mouse_rows(buttons: dict[str, MouseDrag] | None = None) -> Rows:
    """What the mouse does over a pane."""
    chosen = dict(MOUSE_BUTTONS) if buttons is None else buttons
    drags = [(f"{name.replace('Control', 'Ctrl')} drag", MOUSE_WORDS[drag]) for name, drag in chosen.items()]
    return [
        ("wheel", "next slice"),
        ("Ctrl+wheel", "zoom around the cursor"),
        *drags,
        ("double click", DOUBLE_CLICK),
        ("click, three planes shown", "show this place in all of them"),
    ]
