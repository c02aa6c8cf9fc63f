"""The acts of a reading as a list to read and to go back in."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from napari_ctreview.session.act_history import Act
from napari_ctreview.session.reading_controller import ReadingController

__all__ = ["HistoryList"]

_TAKEN_BACK = QColor(128, 128, 128)


class HistoryList(QWidget):
    """Every act, the newest at the bottom; those that were taken back stand below in grey.

    A click on an act goes back, or forth, until it is the last that stands; the first row is the beginning. Undo and
    redo walk the same list.
    """

    def __init__(self, controller: ReadingController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controller = controller
        self.rows = QListWidget()
        self.rows.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.rows.setMinimumHeight(6 * self.rows.fontMetrics().lineSpacing())
        self.rows.setWordWrap(True)
        self._shown: tuple[Act, ...] | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.rows)
        self.rows.itemClicked.connect(lambda item: self._go_to(self.rows.row(item)))
        controller.state.changed.connect(self.follow)
        controller.state.reading_changed.connect(self.follow)
        self.follow()

    def follow(self) -> None:
        """List what was done so far."""
        acts = self.controller.acts()
        if acts == self._shown:
            return
        self._shown, mode = acts, self.controller.state.mode
        self.rows.clear()
        self.rows.addItem("As it was found")
        for number, act in enumerate(acts, 1):
            item = QListWidgetItem(
                f"{number}  {act.time.astimezone():%H:%M}  {act.words}, {mode.title_of(act.session)}"
            )
            if not act.stands:
                item.setForeground(_TAKEN_BACK)
                item.setToolTip("Taken back; a click brings it again")
            self.rows.addItem(item)
        standing = sum(act.stands for act in acts)
        self.rows.setCurrentRow(standing)
        self.rows.scrollToItem(self.rows.item(standing))

    def _go_to(self, count: int) -> None:
        self.controller.go_to_act(count)
        self._shown = None  # the row that was clicked is not current where the reading is signed
        self.follow()
