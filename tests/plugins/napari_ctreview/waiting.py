"""Waiting for what happens in the background, however busy the machine is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

LONGEST_MS = 240_000
"""No wait takes this long: what has not come by then does not come. Nothing is measured by it."""

LONGEST_S = LONGEST_MS / 1000


def until(qtbot: Any, condition: Callable[[], object]) -> None:
    """Let the window go on until something is so."""
    qtbot.waitUntil(lambda: bool(condition()), timeout=LONGEST_MS)


def focused(qtbot: Any, widget: Any) -> None:
    """Let keys go to a widget.

    The screen grants a window the keys later, or not at all where it was asked too early; until then they go to any
    other window.
    """

    def granted() -> bool:
        widget.window().activateWindow()
        widget.setFocus()
        return bool(widget.hasFocus())

    until(qtbot, granted)


def drawn(qtbot: Any, panes: Any) -> None:
    """Let every pane that shows something be painted once more: a reader sees a slice before he keeps it."""
    painted: set[int] = set()
    watched = []
    for number, pane in enumerate(panes.panes):
        if pane.volume is not None and pane.canvas.isVisible():
            events = pane.canvas.canvas._scene_canvas.events.draw
            watched.append((number, events, lambda _event, number=number: painted.add(number)))
    for _, events, note in watched:
        events.connect(note, position="last")
    for number, *_ in watched:
        panes.panes[number].canvas.canvas.native.update()
    until(qtbot, lambda: painted == {number for number, *_ in watched})
    for _, events, note in watched:
        events.disconnect(note)


def told(qtbot: Any, *signals: Any, **how: Any) -> Any:
    """Within this block a signal is emitted, or all of several are; options are those of pytest-qt."""
    if len(signals) == 1:
        return qtbot.waitSignal(signals[0], timeout=LONGEST_MS, **how)
    return qtbot.waitSignals(list(signals), timeout=LONGEST_MS, **how)
