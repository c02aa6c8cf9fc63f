"""napari's window while a reading is open: its keys and drops are the reading's, and napari's own parts put away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import QWidget

from napari_ctreview.napari_adapter import window_of
from napari_ctreview.viewer.window_events import WindowEvents
from napari_ctreview.viewer.window_lock import WindowLock

__all__ = ["ReadingWindow"]


class ReadingWindow(QObject):
    """Locks a window while `reads` says that a reading is open, and lets it go for good with `stop`.

    Parameters
    ----------
    viewer : napari.Viewer
    dock : QWidget
        The dock of the reading.
    reads : callable
        Whether a reading is open.

    Attributes
    ----------
    events : WindowEvents
    """

    def __init__(self, viewer: Any, dock: QWidget, reads: Callable[[], bool]) -> None:
        super().__init__(dock)
        self._dock: QWidget | None = dock
        self._reads = reads
        self._lock = WindowLock(viewer, self)
        self._still_open = QTimer(self, singleShot=True, interval=0)
        self._still_open.timeout.connect(self._lock_again)
        self.events = WindowEvents(window_of(viewer), dock, self)
        self.events.closing.connect(self._closing)
        self.follow()

    def follow(self) -> None:
        """Keep napari away while a reading is open."""
        reads = self._reads()
        self._lock.set_on(reads)
        self.events.keys.set_on(reads)

    def stop(self) -> None:
        """Leave the window as it was before the first reading."""
        self.events.stop()
        self._still_open.stop()
        self._lock.release()
        self._dock = None

    def _closing(self) -> None:
        """Show napari's panels again before it files how its window looks; lock it again where it stays open."""
        self._lock.release()
        self._still_open.start()

    def _lock_again(self) -> None:
        if self._dock is not None and self._dock.isVisible():
            self._lock.set_on(self._reads())
