"""What is written over the image: orientation letters at the edges, facts in the corners, measurements, warnings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from qtpy.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QWidget

from napari_ctreview.viewer.corner_layout import CornerTexts, TextBlock, arrange_corners

__all__ = ["Annotations", "Crosshair", "Drawing", "ImageDrawing"]

_SCALE_MM = (1, 2, 5, 10, 20, 50, 100)
"""Lengths of the scale bar."""

_SMALLEST_TEXT = 0.7
"""As a share of the system's font: so small the texts become where a pane is narrow."""

_DASHES = (4.0, 5.0)
"""Dashes and the gaps between them in widths of the line; its round ends take one of them from each gap."""

_LETTER = QColor("#ffd166")
_TEXT = QColor("#e8e8e8")
_CURSOR = QColor("#56b4e9")
_DRAWN = QColor("#7bd88f")
_WARNING = QColor("#ff6b5e")
_INVITATION = QColor("#9aa0a6")


@dataclass(frozen=True)
class Crosshair:
    """The linked cursor: where on the canvas, in pixels, and how far off the slice in words (empty where on it)."""

    x: float
    y: float
    off_slice: str = ""


@dataclass(frozen=True)
class Drawing:
    """A measurement on the canvas: its corners in pixels, whether the last joins the first, its text, and its pen.

    Lines that are everywhere have no shadow.
    """

    points: tuple[tuple[float, float], ...]
    closed: bool = False
    text: str = ""
    colour: str = _DRAWN.name()
    width: float = 1.4
    dashed: bool = False
    shadow: bool = True


@dataclass(frozen=True, eq=False)
class ImageDrawing:
    """A picture laid over a part of the canvas: the pixels of a slice, and the rectangle that they fill.

    One that is smooth is interpolated between its pixels, as an image is; a mask is not.
    """

    image: QImage
    area: QRectF
    smooth: bool = False


class Annotations(QWidget):
    """A transparent sheet over a canvas. It takes no mouse events.

    Parameters
    ----------
    canvas : QWidget
        What it lies on; it follows its size.

    Attributes
    ----------
    drawings : callable
        Asked at every painting for the measurements and pictures on the present slice.
    pixels_per_mm : callable
        Asked at every painting for the size of the scale bar; 0 where there is nothing to measure.
    doing : str
        What takes a while; see `say_doing`.
    invitation : str
        What stands in the middle where no image is shown.
    """

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.letters = ("", "", "", "")
        self.corners = CornerTexts()
        self.warnings: tuple[str, ...] = ()
        self.doing = self.invitation = ""
        self.cross: Crosshair | None = None
        self.drawings: Callable[[], Sequence[Drawing | ImageDrawing]] = tuple
        self.pixels_per_mm: Callable[[], float] = float
        canvas.installEventFilter(self)
        self.setGeometry(canvas.rect())
        self.show()

    def set_texts(
        self,
        *,
        letters: tuple[str, str, str, str] | None = None,
        corners: CornerTexts | None = None,
        warnings: tuple[str, ...] | None = None,
    ) -> None:
        """Replace the letters (top, right, bottom, left), the corners or the warnings; paint only if one changed."""
        before = (self.letters, self.corners, self.warnings)
        self.letters = self.letters if letters is None else letters
        self.corners = self.corners if corners is None else corners
        self.warnings = self.warnings if warnings is None else warnings
        if (self.letters, self.corners, self.warnings) != before:
            self.update()

    def say_doing(self, text: str) -> None:
        """Say in the middle what takes a while, on screen when this returns; an empty text takes it away."""
        self.doing = text
        if text:
            self.repaint()
        else:
            self.update()

    def set_corner(self, **lines: tuple[str, ...]) -> None:
        """Replace the lines of some corners."""
        self.set_texts(corners=replace(self.corners, **lines))

    def show_linked_cursor(self, place: Crosshair | None) -> None:
        """Draw the linked cursor at a place of the canvas, or nowhere."""
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
        """Draw measurements, letters, corners, warnings and the linked cursor.

        What goes wrong is told, and stays here: to leave a painting that began within an event that Python answers,
        as napari's window does, ends the process (PySide 6.11 reads arguments of an exception that has none yet).
        """
        painter = QPainter(self)
        try:
            self._paint(painter)
        except Exception:
            sys.excepthook(*sys.exc_info())
        finally:
            painter.end()

    def _paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        area = QRectF(self.rect()).adjusted(8, 6, -8, -6)
        for drawing in self.drawings():
            if isinstance(drawing, ImageDrawing):
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, drawing.smooth)
                painter.drawImage(drawing.area, drawing.image)
            else:
                self._draw_measurement(painter, drawing)
        letter = self._draw_letters(painter, area)
        self._draw_scale(painter, area)
        below = self._draw_corners(painter, area, letter)
        self._draw_warnings(painter, area.adjusted(0, below, 0, 0))
        if self.cross is not None:
            self._draw_cross(painter, self.cross)
        if self.doing:
            painter.setFont(self._font(1.4, QFont.Weight.Bold))
            _shadowed(painter, area, Qt.AlignmentFlag.AlignCenter, self.doing, _TEXT)
        elif self.invitation and self.pixels_per_mm() <= 0:
            painter.setFont(self._font(1.2))
            _shadowed(
                painter, area, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.invitation, _INVITATION
            )

    def _draw_letters(self, painter: QPainter, area: QRectF) -> float:
        """Gives their height."""
        painter.setFont(self._font(1.6, QFont.Weight.Bold))
        sides = (
            Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter,
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
            Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignHCenter,
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
        )
        for letter, side in zip(self.letters, sides, strict=True):
            _shadowed(painter, area, side, letter, _LETTER)
        return QFontMetricsF(painter.font()).height()

    def _draw_scale(self, painter: QPainter, area: QRectF) -> None:
        """A bar of a round length at the bottom, right of the letter."""
        pixels = self.pixels_per_mm()
        if pixels <= 0:
            return
        room = min(area.width() / 4, 140.0)
        mm = max((length for length in _SCALE_MM if length * pixels <= room), default=0)
        if not mm:
            return
        left, right = area.center().x() + 24, area.center().x() + 24 + mm * pixels
        bottom = area.bottom() - 4
        painter.setFont(self._font(0.9))
        for colour, width in ((QColor(0, 0, 0, 200), 3.6), (_TEXT, 1.6)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(left, bottom), QPointF(right, bottom))
            for end in (left, right):
                painter.drawLine(QPointF(end, bottom - 5), QPointF(end, bottom))
        words = f"{mm // 10} cm" if mm % 10 == 0 else f"{mm} mm"
        size = QFontMetricsF(painter.font())
        wide = size.horizontalAdvance(words) + 2
        beside = QRectF(min(left, area.right() - wide), bottom - 6 - size.height(), wide, size.height())
        _shadowed(painter, beside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words, _TEXT)

    def _font(self, share: float, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
        """The font of the system, at a share of its size."""
        font = QFont(self.font())
        size = self.font().pointSizeF()
        font.setPointSizeF((size if size > 0 else 10.0) * share)
        font.setWeight(weight)
        return font

    def _draw_corners(self, painter: QPainter, area: QRectF, letter: float) -> float:
        """Gives how far down the texts of the upper corners reach."""
        painter.setFont(self._font(self._share_that_fits(area.width())))
        size = QFontMetricsF(painter.font())
        line = size.lineSpacing()
        below = letter
        for block in self._blocks(area, letter, size):
            side = Qt.AlignmentFlag.AlignRight if block.right else Qt.AlignmentFlag.AlignLeft
            for number, text in enumerate(block.lines):
                row = QRectF(area.left(), area.top() + block.top + number * line, area.width(), line)
                words = size.elidedText(text, Qt.TextElideMode.ElideRight, area.width())
                _shadowed(painter, row, side | Qt.AlignmentFlag.AlignVCenter, words, _TEXT)
            end = block.top + len(block.lines) * line
            below = max(below, end) if block.top < area.height() / 2 else below
        return below

    def _blocks(self, area: QRectF, letter: float, size: QFontMetricsF) -> tuple[TextBlock, ...]:
        room = area.width(), area.height()
        return arrange_corners(self.corners, room, size.lineSpacing(), letter, size.horizontalAdvance)

    def _share_that_fits(self, width: float) -> float:
        """The share of the system's font by which title, slice and window fit into a pane."""
        size = QFontMetricsF(self._font(1.0))
        needed = max(map(size.horizontalAdvance, (*self.corners.top_left, *self.corners.bottom_right)), default=0.0)
        return min(max(0.95 * width / needed, _SMALLEST_TEXT), 1.0) if needed else 1.0  # letters are whole pixels wide

    def _draw_warnings(self, painter: QPainter, area: QRectF) -> None:
        painter.setFont(self._font(1.2, QFont.Weight.Bold))
        where = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
        _shadowed(painter, area.adjusted(20, 4, -20, 0), where, "\n".join(self.warnings), _WARNING)

    def _draw_cross(self, painter: QPainter, cross: Crosshair) -> None:
        painter.setPen(QPen(_CURSOR, 1.5, Qt.PenStyle.DotLine if cross.off_slice else Qt.PenStyle.SolidLine))
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            # the middle stays free, so that the voxel pointed at can be seen
            near = QPointF(cross.x + 5 * dx, cross.y + 5 * dy)
            painter.drawLine(near, QPointF(cross.x + 14 * dx, cross.y + 14 * dy))
        if cross.off_slice:
            painter.setFont(self._font(0.9))
            wide = QFontMetricsF(painter.font()).horizontalAdvance(cross.off_slice)
            beside = cross.x + 16 if cross.x + 16 + wide < self.width() else cross.x - 16 - wide
            painter.drawText(QPointF(beside, cross.y - 6), cross.off_slice)

    def _draw_measurement(self, painter: QPainter, drawing: Drawing) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPolygonF([QPointF(x, y) for x, y in drawing.points])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pens = [(QColor(0, 0, 0, 160), drawing.width + 1.6)] if drawing.shadow else []
        for colour, width in (*pens, (QColor(drawing.colour), drawing.width)):
            pen = QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
            if drawing.dashed:
                pen.setDashPattern(_DASHES)
            painter.setPen(pen)
            (painter.drawPolygon if drawing.closed else painter.drawPolyline)(shape)
        if drawing.text:
            painter.setFont(self._font(1.1))
            box = shape.boundingRect()
            beside = QRectF(box.right() + 6, box.center().y() - 10, 260, 20)
            _shadowed(
                painter,
                beside,
                Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                drawing.text,
                QColor(drawing.colour),
            )


def _shadowed(painter: QPainter, area: QRectF, where: Qt.AlignmentFlag, text: str, colour: QColor) -> None:
    """Text that is readable on bright bone and on dark air."""
    if not text:
        return
    painter.setPen(QColor(0, 0, 0, 220))
    painter.drawText(area.translated(1.2, 1.2), where, text)
    painter.setPen(colour)
    painter.drawText(area, where, text)
