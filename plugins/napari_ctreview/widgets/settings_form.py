"""Fields made from the settings of the core: names, defaults and help are written there and nowhere else."""

from __future__ import annotations

import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from ctreview.errors import CtreviewError
from ctreview.settings_fields import SettingsField, settings_fields, with_setting

__all__ = ["SettingsForm"]

_AUTOMATIC = "automatic"


class SettingsForm(QWidget):
    """The settings of some stages.

    Parameters
    ----------
    settings : dataclass instance
        The settings of a recipe.
    parts : iterable of str
        The stages to show.

    Attributes
    ----------
    changed : Signal(object)
        The recipe's settings with what was put in.
    fields : dict of str to QWidget
        By the names from the stage to the setting, with dots between.
    """

    changed = Signal(object)

    def __init__(self, settings: Any, parts: Iterable[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._standard = type(settings)()
        self.settings = settings
        self.fields: dict[str, QWidget] = {}
        self._shown = settings_fields(
            settings, without=frozenset({"threads", "seed", "processes"}), parts=frozenset(parts)
        )
        self._wrong = QLabel()
        self._wrong.setObjectName("wrong")
        self._wrong.setWordWrap(True)
        self._wrong.hide()
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        several = len(set(parts)) > 1
        for setting in self._shown:
            field = self._field(setting)
            label = QLabel(_title(setting, several=several))
            for widget in (field, label):
                widget.setToolTip(f"<p>{setting.help}</p>")
            form.addRow(label, field)
            self.fields[".".join(setting.path)] = field
        back = QPushButton("Standard settings")
        back.clicked.connect(self.reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self._wrong)
        layout.addWidget(back)

    def show_settings(self, settings: Any) -> None:
        """Show settings, without a signal of change."""
        self.settings = settings
        for setting in self._shown:
            field = self.fields[".".join(setting.path)]
            field.blockSignals(True)
            _write(field, _value(settings, setting.path))
            field.blockSignals(False)
        self._complain("")

    def reset(self) -> None:
        """Back to the core's own values, in these stages."""
        settings = self.settings
        for setting in self._shown:
            settings = with_setting(settings, setting.path, _value(self._standard, setting.path))
        self.show_settings(settings)
        self.changed.emit(settings)

    def _field(self, setting: SettingsField) -> QWidget:
        value = setting.default
        if setting.type is bool:
            box = QCheckBox()
            box.setChecked(value)
            box.toggled.connect(lambda on: self._put(setting, on))
            return box
        if get_origin(setting.type) is Literal:
            choice = QComboBox()
            choice.addItems([str(word) for word in get_args(setting.type)])
            choice.setCurrentText(value)
            choice.currentTextChanged.connect(lambda word: self._put(setting, word))
            return choice
        line = QLineEdit()
        line.setPlaceholderText(_AUTOMATIC)
        _write(line, value)
        line.editingFinished.connect(lambda: self._read(setting, line))
        return line

    def _read(self, setting: SettingsField, line: QLineEdit) -> None:
        try:
            value = _parsed(line.text(), setting.type)
        except ValueError:
            self._complain(f"{_title(setting, several=False)}: “{line.text()}” cannot be that. It is put back.")
            _write(line, _value(self.settings, setting.path))
            return
        self._put(setting, value)

    def _put(self, setting: SettingsField, value: Any) -> None:
        if value == _value(self.settings, setting.path):
            return
        try:
            settings = with_setting(self.settings, setting.path, value)
        except CtreviewError as wrong:  # settings look at their own values
            self._complain(str(wrong))
            field = self.fields[".".join(setting.path)]
            _write(field, _value(self.settings, setting.path))
            return
        self._complain("")
        self.settings = settings
        self.changed.emit(settings)

    def _complain(self, text: str) -> None:
        self._wrong.setText(text)
        self._wrong.setVisible(bool(text))


def _title(setting: SettingsField, *, several: bool) -> str:
    """What stands beside the field: its name, with the unit as units are written."""
    names = setting.path if several else setting.path[1:] or setting.path
    words = " ".join(names).replace("_", " ")
    for unit, written in ((" hu", " (HU)"), (" mm", " (mm)"), (" ml", " (mL)")):
        words = words[: -len(unit)] + written if words.endswith(unit) else words
    return words[0].upper() + words[1:]


def _value(settings: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        settings = getattr(settings, name)
    return settings


def _write(field: QWidget, value: Any) -> None:
    if isinstance(field, QCheckBox):
        field.setChecked(value)
    elif isinstance(field, QComboBox):
        field.setCurrentText(value)
    elif isinstance(field, QLineEdit):
        field.setText(_written(value))


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(_written(one) for one in value)
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _parsed(text: str, kind: Any) -> Any:
    """A value of a setting's type from what was typed; a minus sign may be a real one."""
    text, origin, inner = text.strip().replace("−", "-"), get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        (kind,) = (one for one in inner if one is not type(None))
        return None if text in ("", _AUTOMATIC) else _parsed(text, kind)
    if origin is tuple:
        parts = text.split(",")
        if len(parts) != len(inner):
            raise ValueError(text)
        return tuple(_parsed(part, one) for part, one in zip(parts, inner, strict=True))
    if kind is Path and not text:
        raise ValueError(text)
    return kind(text)
