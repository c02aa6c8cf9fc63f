"""What each key does while correcting; the one list that the shortcuts and the guide are made from."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import QShortcut, QWidget

from napari_ctreview.correcting import acts
from napari_ctreview.correcting.corrector import Corrector
from napari_ctreview.correcting.fissure import copy_fissure
from napari_ctreview.correcting.scribble import ScribbleTool
from napari_ctreview.viewer.shortcuts import Shortcut, bind

__all__ = ["CLASS_KEYS", "KEYS", "TOOL_KEYS", "install"]


TOOL_KEYS = {
    "pick": "P",
    "scribble": "T",
    "brush": "B",
    "wire": "W",
    "lasso": "V",
    "lung": "Shift+B",
    "fissure": "Shift+F",
    "lobe": "Shift+V",
}
"""The key of each tool."""

CLASS_KEYS = 3
"""So many classes have a key, from 5 on."""


def _take(name: str) -> Callable[[Corrector], object]:
    return lambda corrector: corrector.select_tool(name)


def _class(number: int) -> Callable[[Corrector], object]:
    def choose(corrector: Corrector) -> None:
        labels = tuple(corrector.scheme)
        if number < len(labels):
            corrector.choose(labels[number].key)

    return choose


def _scribble(corrector: Corrector) -> ScribbleTool:
    tool = corrector.tools["scribble"]
    assert isinstance(tool, ScribbleTool)
    return tool


KEYS: tuple[Shortcut, ...] = (
    Shortcut(TOOL_KEYS["pick"], "pick: hover shows a piece, a click takes it, Ctrl+click removes one", _take("pick")),
    Shortcut(TOOL_KEYS["scribble"], "scribble: teach by strokes", _take("scribble")),
    Shortcut(TOOL_KEYS["brush"], "brush with a density gate; Ctrl erases", _take("brush")),
    Shortcut(TOOL_KEYS["wire"], "live wire: an outline that clings to edges", _take("wire")),
    Shortcut(TOOL_KEYS["lasso"], "lasso: what it encloses becomes the class", _take("lasso")),
    Shortcut(TOOL_KEYS["lung"], "lung brush: adds to the lung; Ctrl removes from it", _take("lung")),
    Shortcut(TOOL_KEYS["fissure"], "fissure: clicks part the lobes anew", _take("fissure")),
    Shortcut(TOOL_KEYS["lobe"], "lobe: gives lung by strokes, opacity by clicks to another lobe", _take("lobe")),
    Shortcut("Ctrl+G", "copy the fissure under the cursor from the other timepoint", copy_fissure),
    Shortcut("Shift+S", "tools stay in the lobe, in the lung", lambda corrector: corrector.toggle_stay_in_lobe()),
    Shortcut("5", "class: ground glass (MR: first region)", _class(0)),
    Shortcut("6", "class: consolidation (MR: second region)", _class(1)),
    Shortcut("7", "class: dependent opacity (MR: third region)", _class(2)),
    Shortcut("0", "class: none, take labels away", lambda corrector: corrector.choose(None)),
    Shortcut("Shift+P", "class: the one under the cursor", lambda corrector: corrector.choose_under_cursor()),
    Shortcut("Return", "take what the strokes show; close the outline", lambda corrector: corrector.finish()),
    Shortcut(
        "Shift+Return", "label the whole lung after the strokes", lambda corrector: corrector.finish(everywhere=True)
    ),
    Shortcut("Shift+T", "bring the strokes to the other timepoint", lambda corrector: _scribble(corrector).to_other()),
    Shortcut("U", "show where the strokes leave doubt", lambda corrector: _scribble(corrector).toggle_doubt()),
    Shortcut(
        "Delete",
        "last stroke or click back, else remove the piece under the cursor",
        lambda corrector: corrector.back(),
    ),
    Shortcut("F", "fill between the slices drawn on", acts.fill_between),
    Shortcut("I", "islands: keep only the piece under the cursor", acts.keep_piece),
    Shortcut("Shift+I", "islands: keep the largest piece of the class", acts.keep_largest),
    Shortcut("J", "islands: remove the small pieces of the class", acts.remove_small),
    Shortcut("H", "smooth the outline of the class", acts.smooth),
    Shortcut("+", "grow the class", acts.grow),
    Shortcut("-", "shrink the class", acts.shrink),
    Shortcut("G", "get the class from the other timepoint, around the cursor", acts.copy_around_cursor),
    Shortcut("Ctrl+Z", "undo", lambda corrector: corrector.undo()),
    Shortcut("Ctrl+Shift+Z", "redo", lambda corrector: corrector.redo()),
)


def install(corrector: Corrector, widget: QWidget | None = None) -> list[QShortcut]:
    """Make the keys work while the panes, or another widget, or anything within has the focus."""
    return bind(KEYS, corrector, widget or corrector.panes)
