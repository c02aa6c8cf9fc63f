"""napari's own panels, menus and hints, put away while a reading is open and as they were afterwards."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QDockWidget, QWidget

from napari_ctreview.napari_adapter import menus_of_layers, panels_of_layers, silence, status_bar

__all__ = ["WindowLock", "fit_on_screen"]

_LEAST = (1280, 800)
"""Pixels of a window in which panes and dock are read without moving anything."""


def fit_on_screen(window: QWidget) -> None:
    """Make a window so large that scans and dock have room, and no larger than its screen, with every edge on it."""
    if window.isMaximized() or window.isFullScreen():
        return
    room = window.screen().availableGeometry()
    frame = window.frameGeometry().size() - window.size()
    least_width, least_height = _LEAST
    width = min(max(window.width(), least_width), room.width() - frame.width())
    height = min(max(window.height(), least_height), room.height() - frame.height())
    window.resize(width, height)
    left = min(max(window.x(), room.left()), room.right() + 1 - width - frame.width())
    top = min(max(window.y(), room.top()), room.bottom() + 1 - height - frame.height())
    window.move(max(left, room.left()), max(top, room.top()))


class WindowLock(QObject):
    """What of napari's window a reader neither sees nor reaches.

    Parameters
    ----------
    viewer : napari.Viewer

    Attributes
    ----------
    on : bool
        Whether it is put away.
    """

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.on = False
        self._shown: dict[QDockWidget, bool] = {panel: not panel.isHidden() for panel in self._panels}
        for panel in self._panels:
            panel.visibilityChanged.connect(self._hide_panels)
            panel.hide()
        for event in (viewer.events.help, viewer.events.status):
            event.connect(self._silence_status_bar)

    def set_on(self, on: bool) -> None:
        """Put napari away, or let it be reached again."""
        if on == self.on:
            return
        self.on = on
        self._hide_panels()
        for panel in self._panels:
            panel.toggleViewAction().setEnabled(not on)
        for menu in menus_of_layers(self._viewer):
            menu.setEnabled(not on)
        status_bar(self._viewer).setVisible(not on)
        silence(self._viewer)

    def release(self) -> None:
        """Show everything as it was before the first reading; napari keeps it so for its next start."""
        self.set_on(False)
        for panel, shown in self._shown.items():
            panel.setVisible(shown)

    @property
    def _panels(self) -> tuple[QDockWidget, ...]:
        return panels_of_layers(self._viewer)

    def _hide_panels(self, _visible: bool = False) -> None:
        if self.on:
            for panel in self._panels:
                if panel.isVisible():
                    panel.hide()

    def _silence_status_bar(self, _event: Any = None) -> None:
        if self.on:
            silence(self._viewer)
