"""The buttons and fields of the tools."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_ctreview.correcting import acts
from napari_ctreview.correcting.corrector import TOOLS, Corrector
from napari_ctreview.correcting.fissure import copy_fissure
from napari_ctreview.correcting.scribble import ScribbleTool
from napari_ctreview.correcting.shortcuts import CLASS_KEYS, KEYS, TOOL_KEYS
from napari_ctreview.correcting.tool_settings_form import ToolSettingsForm

__all__ = ["ToolBox"]

_SHOWN = {
    "pick": ("takes", "reach_mm", "smoothing_mm", "narrowest_hu", "widening_hu", "supervoxel_mm"),
    "scribble": ("stroke_mm", "reach_mm"),
    "brush": ("radius_mm", "shape", "low_hu", "high_hu"),
    "wire": ("edge_mm", "edge_hu_per_mm"),
    "lasso": ("depth_mm", "only_labelled"),
    "lung": ("radius_mm", "shape", "low_hu", "high_hu", "side"),
    "fissure": ("fissure",),
    "lobe": ("radius_mm", "shape", "lobe"),
    "acts": ("island_ml", "island_mm", "grow_mm", "smooth_mm", "copy_mm"),
}
"""Which settings of each tool have a field; the others keep their defaults."""

_TITLES = {
    "narrowest_hu": "Gate at least ±",
    "widening_hu": "Wheel step",
    "side": "Adds to",
    "lobe": "Gives to",
    "low_hu": "From",
    "high_hu": "To",
    "edge_mm": "Edge scale",
    "edge_hu_per_mm": "Edge strength",
    "island_ml": "Small: below",
    "island_mm": "Small: shorter than",
    "grow_mm": "Grow, shrink by",
    "smooth_mm": "Smooth over",
    "copy_mm": "Copy within",
}

_STYLE = """
QPushButton { padding: 3px 1px; border: 1px solid rgba(128, 128, 128, 110); border-radius: 3px; }
QPushButton:checked { border: 1px solid #56b4e9; background: rgba(86, 180, 233, 90); }
QPushButton:disabled { color: rgba(128, 128, 128, 160); }
"""

_ACTS: tuple[tuple[str, Callable[[Corrector], object], str], ...] = (
    ("Fill between", acts.fill_between, "F"),
    ("Copy other", acts.copy_everywhere, ""),
    ("Smooth", acts.smooth, "H"),
    ("Grow", acts.grow, "+"),
    ("Shrink", acts.shrink, "-"),
    ("Remove small", acts.remove_small, "J"),
    ("Keep largest", acts.keep_largest, "Shift+I"),
    ("Copy fissure", copy_fissure, "Ctrl+G"),
)


_OF_LUNGS = ("Copy fissure",)
"""Hidden where there are no lungs: they stand last, so that no gap is left."""


class ToolBox(QWidget):
    """Tools, classes, the settings of the active tool, and acts on a whole class.

    Its buttons never take the focus, so that the keys go on working over the panes.
    """

    def __init__(self, corrector: Corrector, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setStyleSheet(_STYLE)
        self.corrector = corrector
        self.tools: dict[str, QPushButton] = {}
        self.classes: dict[str | None, QPushButton] = {}
        self.acts: dict[str, QPushButton] = {}
        self.fields: dict[str, ToolSettingsForm] = {}
        self.in_lobe = QCheckBox("Tools stay in the lobe")
        self.in_lobe.setToolTip("Of a gesture only what lies in the lobe that it began in is changed (Shift+S)")
        self.in_lobe.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.in_lobe.clicked.connect(lambda _on: self._stay_in_lobe())
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setMinimumHeight(2 * self.message.fontMetrics().lineSpacing())
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._settings = QStackedWidget()
        self._classes = QGridLayout()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addLayout(self._tool_buttons())
        layout.addLayout(self._classes)
        layout.addWidget(self.in_lobe, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._settings)
        layout.addLayout(self._strokes())
        layout.addLayout(self._act_buttons())
        layout.addWidget(self._form("acts"))
        layout.addWidget(self.message)
        layout.addStretch(1)
        self._settings.addWidget(QWidget())
        for tool in TOOLS:
            self._settings.addWidget(self._form(tool.settings_of))
        corrector.changed.connect(self._follow)
        corrector.notice.connect(self.message.setText)
        corrector.busy.connect(self._busy)
        self._follow()

    def _tool_buttons(self) -> QGridLayout:
        grid = QGridLayout()
        for position, tool in enumerate(TOOLS):
            button = _button(tool.title, TOOL_KEYS[tool.name], tool.hint)
            button.setCheckable(True)
            button.clicked.connect(lambda _on, name=tool.name: self._take(name))
            grid.addWidget(button, position // 3, position % 3)
            self.tools[tool.name] = button
        return grid

    def _take(self, name: str) -> None:
        self.corrector.select_tool(name)
        self._follow()

    def _stay_in_lobe(self) -> None:
        self.corrector.toggle_stay_in_lobe()
        self._follow()

    def _strokes(self) -> QHBoxLayout:
        row = QHBoxLayout()
        scribble = self.corrector.tools["scribble"]
        assert isinstance(scribble, ScribbleTool)
        doings: tuple[tuple[str, str, Callable[[], object]], ...] = (
            ("Take", "Return", self.corrector.finish),
            ("Whole lung", "Shift+Return", lambda: self.corrector.finish(everywhere=True)),
            ("To other", "Shift+T", scribble.to_other),
            ("Doubt", "U", scribble.toggle_doubt),
        )
        descriptions = {key.keys: key.description.capitalize() for key in KEYS}
        for title, key, act in doings:
            button = _button(title, key, descriptions[key])
            button.clicked.connect(lambda _on, act=act: act())
            row.addWidget(button)
            self.acts[title] = button
        return row

    def _act_buttons(self) -> QGridLayout:
        grid = QGridLayout()
        for title, act, key in _ACTS:
            button = _button(title, key, act.__doc__ or "")
            button.clicked.connect(lambda _on, act=act: act(self.corrector))
            self.acts[title] = button
        for title, key, undo in (
            ("Undo", "Ctrl+Z", self.corrector.undo),
            ("Redo", "Ctrl+Shift+Z", self.corrector.redo),
        ):
            button = _button(title, key, title)
            button.clicked.connect(lambda _on, act=undo: act())
            self.acts[title] = button
        placed = [title for title, *_ in _ACTS if title not in _OF_LUNGS]
        for position, title in enumerate([*placed, "Undo", "Redo", *_OF_LUNGS]):
            grid.addWidget(self.acts[title], position // 3, position % 3)
        return grid

    def _form(self, name: str) -> ToolSettingsForm:
        self.fields[name] = ToolSettingsForm(
            self.corrector.settings[name], _SHOWN[name], lambda settings: self.corrector.set(name, settings), _TITLES
        )
        return self.fields[name]

    def _follow(self) -> None:
        """Show the active tool, class and settings."""
        corrector = self.corrector
        if list(self.classes) != [*(label.key for label in corrector.scheme), None]:
            self._make_classes()
        self.acts["Whole lung"].setText("Whole lung" if corrector.unit == "HU" else "Everywhere")
        name = "" if corrector.tool is None else corrector.tool.name
        for tool, button in self.tools.items():
            button.setChecked(tool == name)
        for widget in (
            self.tools["lung"],
            self.tools["fissure"],
            self.tools["lobe"],
            self.in_lobe,
            self.acts["Copy fissure"],
        ):
            widget.setVisible(corrector.unit == "HU")
        self.in_lobe.setChecked(corrector.stays_in_lobe)
        for label, button in self.classes.items():
            button.setChecked(label == corrector.label)
        self._show_settings(0 if corrector.tool is None else 1 + list(self.tools).index(name))
        for title in ("Take", "Whole lung", "To other", "Doubt"):
            self.acts[title].setEnabled(name == "scribble" or (title == "Take" and name == "wire"))
        for field, form in self.fields.items():
            form.show_unit(corrector.unit, corrector.value_resolution)
            if form.settings != corrector.settings[field]:
                form.show_settings(corrector.settings[field])

    def _show_settings(self, page: int) -> None:
        """The settings of the active tool; those of the others take no room."""
        self._settings.setCurrentIndex(page)
        for number in range(self._settings.count()):
            room = QSizePolicy.Policy.Preferred if number == page else QSizePolicy.Policy.Ignored
            form = self._settings.widget(number)
            assert form is not None
            form.setSizePolicy(QSizePolicy.Policy.Preferred, room)

    def _make_classes(self) -> None:
        for button in self.classes.values():
            self._classes.removeWidget(button)
            button.hide()  # until it is deleted it would stand over the new one
            button.deleteLater()
        self.classes = {}
        group = QButtonGroup(self)
        labels = enumerate(self.corrector.scheme)
        keys = [(label.key, label.name, str(5 + n) if n < CLASS_KEYS else "") for n, label in labels]
        for position, (label, title, key) in enumerate([*keys, (None, "None", "0")]):
            button = _button(title, key, "What is drawn becomes this" if label else "What is drawn loses its class")
            button.setCheckable(True)
            if label is not None:
                button.setIcon(_swatch(self.corrector.colour(label)))
            button.clicked.connect(lambda _on, label=label: self.corrector.choose(label))
            group.addButton(button)
            self._classes.addWidget(button, position // 2, position % 2)
            self.classes[label] = button

    def _busy(self, what: str) -> None:
        if what:
            self.message.setText(f"{what} …")
        elif self.message.text().endswith(" …"):
            self.message.setText("" if self.corrector.tool is None else self.corrector.tool.hint)


def _button(title: str, key: str, hint: str) -> QPushButton:
    button = QPushButton()
    button.setText(title)
    button.setToolTip(f"{hint} ({key})" if key else hint)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setMinimumWidth(40)
    return button


def _swatch(colour: str) -> QIcon:
    square = QPixmap(12, 12)
    square.fill(QColor(colour))
    return QIcon(square)
