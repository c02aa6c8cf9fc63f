"""Counts the parts of lungs and lobes anew after a reader changed them, beside whatever else is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_ctreview.worker import Worker

if TYPE_CHECKING:
    from ctreview.review.corrections import Count, OpacityReview

__all__ = ["RegionCounter"]

_PAUSE_MS = 200
"""So long after an act on lungs or lobes their parts are counted: it is drawn before."""


class RegionCounter(QObject):
    """Counts in a thread of its own.

    Attributes
    ----------
    counted : Signal(OpacityReview)
        The parts are counted as they stand.
    """

    counted = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._review: OpacityReview | None = None
        self._worker = Worker(self)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._count)

    def follow(self, review: OpacityReview) -> None:
        """Count the parts of another review from now on."""
        self._review = review

    def count_soon(self) -> None:
        """Count after a pause, where an act left something to be counted."""
        if self._review is not None and not self._review.counted:
            self._pause.start()

    def stop(self) -> None:
        """Count nothing more."""
        self._pause.stop()
        self._worker.cancel()
        self._review = None

    def _count(self) -> None:
        review = self._review
        if review is None or review.counted:
            return
        self._worker.cancel()
        self._worker.start("count", lambda _progress: review.count(), lambda count: self._take(review, count))

    def _take(self, review: OpacityReview, count: Count) -> None:
        if review is not self._review:
            return
        if review.take_count(count):
            self.counted.emit(review)
        else:
            self._count()
