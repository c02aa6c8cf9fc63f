"""What is written over the image: orientation letters at the edges, facts in the corners."""

from __future__ import annotations

from dataclasses import dataclass, field

from qtpy.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QWidget

__all__ = ["Annotations", "Corners"]


@dataclass(frozen=True)
class Corners:
    """Lines of text for the four corners."""

    top_left: tuple[str, ...] = ()
    top_right: tuple[str, ...] = ()
    bottom_left: tuple[str, ...] = ()
    bottom_right: tuple[str, ...] = field(default=())


class Annotations(QWidget):  # type: ignore[misc,unused-ignore]
    """A transparent sheet over a canvas. It takes no mouse events.

    Parameters
    ----------
    canvas : QWidget
        What it lies on; it follows its size.
    """

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.letters = ("", "", "", "")
        self.corners = Corners()
        self.cross: tuple[float, float] | None = None
        canvas.installEventFilter(self)
        self.setGeometry(canvas.rect())
        self.show()

    def say(self, *, letters: tuple[str, str, str, str] | None = None, corners: Corners | None = None) -> None:
        """Replace the letters (top, right, bottom, left) or the corners."""
        if letters is not None:
            self.letters = letters
        if corners is not None:
            self.corners = corners
        self.update()

    def point_at(self, place: tuple[float, float] | None) -> None:
        """Draw the linked cursor at a place of the canvas in pixels, or nowhere."""
        if place != self.cross:
            self.cross = place
            self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Follow the canvas when it is resized."""
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
            self.raise_()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name and signature
        """Draw letters, corners and the linked cursor."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        area = QRectF(self.rect()).adjusted(8, 6, -8, -6)
        self._draw_letters(painter, area)
        self._draw_corners(painter, area)
        if self.cross is not None:
            self._draw_cross(painter, *self.cross)
        painter.end()

    def _draw_letters(self, painter: QPainter, area: QRectF) -> None:
        painter.setFont(QFont("sans-serif", 15, QFont.Weight.Bold))
        sides = (
            Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter,
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
            Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignHCenter,
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
        )
        for letter, side in zip(self.letters, sides, strict=True):
            _shadowed(painter, area, side, letter, QColor("#ffd166"))

    def _draw_corners(self, painter: QPainter, area: QRectF) -> None:
        painter.setFont(QFont("sans-serif", 9))
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        top, bottom = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom
        for lines, corner in (
            (self.corners.top_left, left | top),
            (self.corners.top_right, right | top),
            (self.corners.bottom_left, left | bottom),
            (self.corners.bottom_right, right | bottom),
        ):
            _shadowed(painter, area, corner, "\n".join(lines), QColor("#e8e8e8"))

    @staticmethod
    def _draw_cross(painter: QPainter, x: float, y: float) -> None:
        painter.setPen(QPen(QColor("#56b4e9"), 1.5))
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            # the middle stays free, so that the voxel pointed at can be seen
            painter.drawLine(QPointF(x + 5 * dx, y + 5 * dy), QPointF(x + 14 * dx, y + 14 * dy))


def _shadowed(painter: QPainter, area: QRectF, where: Qt.AlignmentFlag, text: str, colour: QColor) -> None:
    """Text that is readable on bright bone and on dark air."""
    if not text:
        return
    painter.setPen(QColor(0, 0, 0, 220))
    painter.drawText(area.translated(1.2, 1.2), where, text)
    painter.setPen(colour)
    painter.drawText(area, where, text)
