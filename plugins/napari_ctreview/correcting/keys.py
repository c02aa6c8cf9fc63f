"""What each key does while correcting; the one list that the shortcuts and the guide are made from."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import QShortcut, QWidget

from napari_ctreview.correcting import acts
from napari_ctreview.correcting.corrector import Corrector
from napari_ctreview.correcting.scribble import Scribble
from napari_ctreview.keys import Key, bind

__all__ = ["CLASS_KEYS", "KEYS", "TOOL_KEYS", "install"]


TOOL_KEYS = {"pick": "P", "scribble": "T", "brush": "B", "wire": "W", "lasso": "V"}
"""The key of each tool."""

CLASS_KEYS = 3
"""So many classes have a key, from 5 on."""


def _take(name: str) -> Callable[[Corrector], object]:
    return lambda hand: hand.take(name)


def _class(number: int) -> Callable[[Corrector], object]:
    def choose(corrector: Corrector) -> None:
        labels = tuple(corrector.scheme)
        if number < len(labels):
            corrector.choose(labels[number].key)

    return choose


def _scribble(corrector: Corrector) -> Scribble:
    tool = corrector.tools["scribble"]
    assert isinstance(tool, Scribble)
    return tool


KEYS: tuple[Key, ...] = (
    Key(TOOL_KEYS["pick"], "pick: hover shows a piece, a click takes it, Ctrl+click removes one", _take("pick")),
    Key(TOOL_KEYS["scribble"], "scribble: teach by strokes", _take("scribble")),
    Key(TOOL_KEYS["brush"], "brush with a density gate; Ctrl erases", _take("brush")),
    Key(TOOL_KEYS["wire"], "live wire: an outline that clings to edges", _take("wire")),
    Key(TOOL_KEYS["lasso"], "lasso: what it encloses becomes the class", _take("lasso")),
    Key("5", "class: ground glass (MR: first region)", _class(0)),
    Key("6", "class: consolidation (MR: second region)", _class(1)),
    Key("7", "class: dependent opacity (MR: third region)", _class(2)),
    Key("0", "class: none, take labels away", lambda hand: hand.choose(None)),
    Key("Return", "take what the strokes show; close the outline", lambda hand: hand.finish()),
    Key("Shift+Return", "label the whole lung after the strokes", lambda hand: hand.finish(everywhere=True)),
    Key("Shift+T", "bring the strokes to the other timepoint", lambda hand: _scribble(hand).to_other()),
    Key("U", "show where the strokes leave doubt", lambda hand: _scribble(hand).toggle_doubt()),
    Key("Delete", "last stroke or click back, else remove the piece under the cursor", lambda hand: hand.back()),
    Key("F", "fill between the slices drawn on", acts.fill_between),
    Key("I", "islands: keep only the piece under the cursor", acts.keep_piece),
    Key("Shift+I", "islands: keep the largest piece of the class", acts.keep_largest),
    Key("J", "islands: remove the small pieces of the class", acts.remove_small),
    Key("H", "smooth the outline of the class", acts.smooth),
    Key("+", "grow the class", acts.grow),
    Key("-", "shrink the class", acts.shrink),
    Key("G", "get the class from the other timepoint, around the cursor", acts.copy_around_cursor),
    Key("Ctrl+Z", "undo", lambda hand: hand.undo()),
    Key("Ctrl+Shift+Z", "redo", lambda hand: hand.redo()),
)


def install(corrector: Corrector, widget: QWidget | None = None) -> list[QShortcut]:
    """Make the keys work while the panes, or another widget, or anything within has the focus."""
    return bind(KEYS, corrector, widget or corrector.panes)
