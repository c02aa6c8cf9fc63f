"""The settings of a step: folded away until they are asked for, with a button that runs the step by them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from napari_ctreview.widgets.settings_form import SettingsForm

__all__ = ["StepSettings"]


class StepSettings(QWidget):
    """The form of some stages of a recipe.

    Parameters
    ----------
    settings : dataclass instance
        The settings of the recipe.
    parts : iterable of str
        The stages to show.
    runs : bool
        Whether there is something to run by them.

    Attributes
    ----------
    form : SettingsForm
    fold : QPushButton
    run : Signal()
        The reader wants the steps to be run with them.
    """

    run = Signal()

    def __init__(self, settings: Any, parts: Iterable[str], *, runs: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form = SettingsForm(settings, parts)
        self.fold = QPushButton("Settings…")
        self.fold.setCheckable(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.fold)
        folded: list[QWidget] = [self.form]
        if runs:
            again = QPushButton("Run with these settings")
            again.clicked.connect(lambda _on=False: self.run.emit())
            folded.append(again)
        for widget in folded:
            layout.addWidget(widget)
            widget.hide()
            self.fold.toggled.connect(widget.setVisible)
