"""The table of regions: how much there was and is, how sure the change is, and a bar for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qtpy.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPen
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from ctreview.anatomy.regions import DIVISIONS
from ctreview.change import RegionChange
from ctreview.report import words

__all__ = ["VERDICTS", "ChangeBar", "RegionTable", "bar_of", "region_words"]

VERDICTS = {
    "decreased": ("▼ decreased", "#4fc46a"),
    "increased": ("▲ increased", "#ff8a65"),
    "unchanged": ("■ no change", "#b8bec6"),
    "indeterminate": ("◇ indeterminate", "#c9b3e6"),
    "not_interpretable": ("? no verdict", "#f0b429"),
}
"""The word of a verdict with a sign of its own, so that colour is never the only one, and its colour on dark."""

_EXPLAINED = {
    "decreased": "Decreased: the interval excludes zero, and the change exceeds what repeated scans differ by.",
    "increased": "Increased: the interval excludes zero, and the change exceeds what repeated scans differ by.",
    "unchanged": "Unchanged: the whole interval lies within the margin of equivalence.",
    "indeterminate": "Indeterminate: the interval shows neither a change nor that there is none.",
    "not_interpretable": "A check forbids a verdict; the checks say why.",
}

REGION = Qt.ItemDataRole.UserRole
BAR = Qt.ItemDataRole.UserRole + 1
_COLUMNS = ("Region", "mL", "Change, mL", "Verdict")
_USUAL = ("Right middle lobe", "127 →", "(−126 to −110)")
"""What stands in the first three columns, as wide as it usually is."""

_AROUND_COLUMNS = 44
"""Pixels between columns and around them."""

_BEFORE = QColor("#8b95a1")
_WHISKER = QColor("#f2f2f2")


@dataclass(frozen=True)
class ChangeBar:
    """A bar's lengths as shares of the cell's width.

    Attributes
    ----------
    before, after : float
        Of the two volumes.
    low, high : float
        The ends of the whisker: where the volume after may lie, seen from the one before.
    colour : str
        Of the volume after.
    """

    before: float
    after: float
    low: float
    high: float
    colour: str


def region_words(key: str) -> str:
    """A region as a row names it: parts without the whole that they stand under."""
    whole, _, part = key.partition("/")
    if part:
        return next((division.called(part) for division in DIVISIONS if part in division.parts), part)
    return "Both lungs" if whole == "lungs" else whole.replace("_", " ").capitalize()


def bar_of(found: RegionChange, scale_ml: float) -> ChangeBar:
    """The bar of a region on a scale of so many millilitres."""
    change = found.change["opacity_ml"]
    assert change is not None
    before = found.baseline.opacity_ml
    ends = [before, found.followup.opacity_ml, before + change.low, before + change.high]
    before, after, low, high = (min(max(end / scale_ml, 0.0), 1.0) if scale_ml > 0 else 0.0 for end in ends)
    return ChangeBar(before, after, low, high, VERDICTS[found.verdict][1])


class RegionTable(QTreeWidget):
    """Regions with their parts under them; arrows walk, Enter or a click goes there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setColumnCount(len(_COLUMNS))
        self.setHeaderLabels(list(_COLUMNS))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAllColumnsShowFocus(True)
        self.setIndentation(12)
        self.setUniformRowHeights(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegateForColumn(3, _Bars(self))
        header = self.header()
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(40)
        for column in range(3):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.headerItem().setToolTip(2, "Follow-up minus baseline, with its sensitivity interval in brackets.")
        self.headerItem().setToolTip(3, "Baseline above, follow-up below; the whisker is the interval of the change.")
        self._rows: dict[str, QTreeWidgetItem] = {}

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """So wide that every column of usual numbers is whole, in whatever letters."""
        letters = self.fontMetrics()
        words_wide = max(letters.horizontalAdvance(word) for word, _ in VERDICTS.values() if word[0] in "▼▲■")
        wide = sum(map(letters.horizontalAdvance, _USUAL)) + words_wide + 2 * self.indentation() + _AROUND_COLUMNS
        return QSize(wide + self.verticalScrollBar().sizeHint().width(), super().minimumSizeHint().height())

    @property
    def region(self) -> str | None:
        """The region of the current row."""
        item = self.currentItem()
        return None if item is None else str(item.data(0, REGION))

    def show_regions(self, regions: Sequence[RegionChange], *, carried: bool) -> None:
        """Show regions; with ``carried`` their intervals are marked as those of the last comparison."""
        names = [found.region for found in regions]
        if names != list(self._rows):
            self._lay(names)
        scales = {level: _scale(regions, level) for level in (False, True)}
        for found in regions:
            self._fill(self._rows[found.region], found, scales["/" in found.region], carried)

    def forget(self) -> None:
        """Show no region: other scans are read."""
        self._lay(())

    def row(self, region: str) -> QTreeWidgetItem:
        """The row of a region."""
        return self._rows[region]

    def _lay(self, names: Iterable[str]) -> None:
        self.clear()
        self._rows = {}
        for name in names:
            whole, _, part = name.partition("/")
            above = self._rows.get(whole) if part else None
            item = QTreeWidgetItem(self if above is None else above)
            item.setData(0, REGION, name)
            item.setText(0, region_words(name))
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._rows[name] = item

    def _fill(self, item: QTreeWidgetItem, found: RegionChange, scale_ml: float, carried: bool) -> None:
        change = found.change["opacity_ml"]
        assert change is not None
        word, _ = VERDICTS[found.verdict]
        item.setText(1, f"{words.number(found.baseline.opacity_ml)} →\n{words.number(found.followup.opacity_ml)}")
        item.setText(2, f"{words.signed(change.value)}\n({words.span(change.low, change.high)})")
        item.setText(3, f"{word}{' *' if carried else ''}")
        item.setData(3, BAR, bar_of(found, scale_ml))
        font = item.font(2)
        font.setItalic(carried)
        item.setFont(2, font)
        item.setToolTip(2, _tip(found, carried))
        item.setToolTip(3, _EXPLAINED[found.verdict])
        item.setToolTip(0, "Enter or a click: to the largest piece that is left here.")


def _scale(regions: Sequence[RegionChange], parts: bool) -> float:
    """The largest volume among wholes, or among parts."""
    own = [found for found in regions if ("/" in found.region) == parts]
    return max((max(found.baseline.opacity_ml, found.followup.opacity_ml) for found in own), default=0.0)


def _tip(found: RegionChange, carried: bool) -> str:
    change = found.change["opacity_ml"]
    assert change is not None
    widest = f" Widest through: {change.dominant.replace('_', ' ')}." if change.dominant else ""
    tip = f"{100 * change.level:.0f} % sensitivity interval, no confidence interval.{widest}"
    return f"Carried over from the last comparison, moved with the correction. {tip}" if carried else tip


class _Bars(QStyledItemDelegate):
    """Two bars and a whisker, with the verdict under them."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: ARG002, N802 - Qt's
        """Room for the bars and one line of text."""
        return QSize(96, 20 + option.fontMetrics.height())

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw the cell."""
        bar = index.data(BAR)
        text, option.text = str(index.data(Qt.ItemDataRole.DisplayRole) or ""), ""
        super().paint(painter, _without_text(option), QModelIndex())
        if bar is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(option.rect).adjusted(4, 3, -6, -2)
        colour = QColor(bar.colour)
        painter.fillRect(QRectF(room.x(), room.y(), max(1.0, bar.before * room.width()), 5), _BEFORE)
        painter.fillRect(QRectF(room.x(), room.y() + 7, max(1.0, bar.after * room.width()), 5), colour)
        painter.setPen(QPen(_WHISKER, 1.2))
        level, left, right = room.y() + 9.5, room.x() + bar.low * room.width(), room.x() + bar.high * room.width()
        painter.drawLine(int(left), int(level), int(right), int(level))
        for end in (left, right):
            painter.drawLine(int(end), int(level - 3), int(end), int(level + 3))
        painter.setPen(colour)
        painter.drawText(room.adjusted(0, 14, 0, 0), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, text)
        painter.restore()


def _without_text(option: QStyleOptionViewItem) -> QStyleOptionViewItem:
    bare = QStyleOptionViewItem(option)
    bare.text = ""
    return bare
