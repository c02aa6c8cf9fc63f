"""The list of key images: keep, caption, go to, remove."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QTableWidgetItem, QVBoxLayout, QWidget

from ctreview.study import KeyImage
from napari_ctreview.marking.key_image_recorder import KeyImageRecorder
from napari_ctreview.viewer.correspondence import TITLES
from napari_ctreview.widgets.row_table import RowTable

__all__ = ["KeyImagesList"]


class KeyImagesList(QWidget):
    """Key images of both timepoints; the one chosen is shown in the panes.

    Attributes
    ----------
    titles : tuple of str
        What the timepoints are called, by the study's number.
    """

    def __init__(self, key_image_recorder: KeyImageRecorder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key_image_recorder = key_image_recorder
        self.titles = TITLES
        self.table = RowTable(("Key image", "Shown", "Caption"))
        self.table.setMinimumHeight(80)
        self.caption = QLineEdit()
        self.caption.setPlaceholderText("What you say of it")
        self.keep, self.remove = QPushButton("Keep"), QPushButton("Remove")
        self.keep.setToolTip("Keep the slice under the cursor as a key image (K)")
        self.remove.setToolTip("Take the chosen key image out")
        self.message = QLabel()
        self.message.setWordWrap(True)
        for button in (self.keep, self.remove):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row = QHBoxLayout()
        row.addWidget(self.keep)
        row.addWidget(self.caption, 1)
        row.addWidget(self.remove)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.table)
        layout.addLayout(row)
        layout.addWidget(self.message)
        self.table.currentCellChanged.connect(lambda *_: self._choose())
        self.table.cellDoubleClicked.connect(lambda *_: self._choose())
        self.keep.clicked.connect(key_image_recorder.panes.take_key_image)
        self.remove.clicked.connect(self._remove)
        self.caption.editingFinished.connect(self._say)
        self.caption.returnPressed.connect(self.caption.clearFocus)
        key_image_recorder.changed.connect(self.show_images)
        key_image_recorder.notice.connect(self.message.setText)
        self.show_images()

    @property
    def chosen(self) -> KeyImage | None:
        """The key image of the row that is chosen."""
        row, found = self.table.currentRow(), self.key_image_recorder.images
        return found[row] if 0 <= row < len(found) else None

    def show_images(self) -> None:
        """Fill the table anew."""
        row, found = self.table.currentRow(), self.key_image_recorder.images
        self.table.blockSignals(True)
        self.table.setRowCount(len(found))
        for number, one in enumerate(found):
            title = self.titles[one.timepoint - 1]
            for column, words in enumerate((f"{number + 1}  {title}", one.shown, one.caption)):
                item = QTableWidgetItem(words)
                item.setToolTip(words)
                self.table.setItem(number, column, item)
        self.table.setCurrentCell(min(row, len(found) - 1), 0)
        self.table.blockSignals(False)
        self._allow()

    def _choose(self) -> None:
        if self.chosen is not None:
            self.key_image_recorder.go_to(self.chosen)
        self._allow()

    def _remove(self) -> None:
        if self.chosen is not None:
            self.key_image_recorder.remove(self.chosen)

    def _say(self) -> None:
        if self.chosen is not None:
            self.key_image_recorder.set_caption(self.chosen, self.caption.text().strip())

    def _allow(self) -> None:
        """Offer only what can be done."""
        for widget in (self.remove, self.caption):
            widget.setEnabled(self.chosen is not None)
        if not self.caption.hasFocus():
            self.caption.setText("" if self.chosen is None else self.chosen.caption)
