"""Running through the slices by itself."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject, QTimer

__all__ = ["Cine"]


class Cine(QObject):
    """Steps forth and back between the ends of the scan.

    Parameters
    ----------
    step : callable
        ``step(±1)`` goes one slice on and says whether there was one.
    per_second : float
        Slices per second; a slow machine shows fewer and does not fall behind.
    """

    def __init__(self, step: Callable[[int], bool], *, per_second: float = 12.0, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._step = step
        self._forth = 1
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._advance)
        self.per_second = per_second

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return bool(self._timer.isActive())

    @property
    def per_second(self) -> float:
        """Slices per second."""
        return 1000.0 / self._timer.interval()

    @per_second.setter
    def per_second(self, rate: float) -> None:
        self._timer.setInterval(round(1000.0 / min(max(rate, 1.0), 60.0)))

    def toggle(self) -> None:
        """Start or stop."""
        if self.running:
            self.stop()
        else:
            self._timer.start()

    def stop(self) -> None:
        """Stop where it is."""
        self._timer.stop()

    def _advance(self) -> None:
        if not self._step(self._forth):
            self._forth = -self._forth
            if not self._step(self._forth):
                self.stop()  # a scan of one slice has nowhere to go
