"""Fields for a settings object of the core: one for each of its attributes, with its own default and description."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any, get_args, get_origin, get_type_hints

from qtpy.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFormLayout, QSpinBox, QWidget

from ctreview.settings_fields import described_attributes

__all__ = ["ToolSettingsForm"]

_UNITS = {"_hu_per_mm": "HU/mm", "_mm": "mm", "_hu": "HU", "_ml": "mL"}
"""What a name ends in, and what that means."""

_OPEN = -2001.0
"""Stands for "no limit" in the field of a density that may be left open."""


class ToolSettingsForm(QWidget):
    """A form for some attributes of a frozen dataclass.

    Parameters
    ----------
    settings : dataclass instance
        What is shown.
    names : sequence of str
        Which attributes, in order.
    changed : callable
        Called with the new settings object after each change.
    titles : mapping of str to str
        What a field is called where its name says too little.
    """

    def __init__(
        self,
        settings: Any,
        names: Sequence[str],
        changed: Callable[[Any], None],
        titles: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self.settings = settings
        self._changed = changed
        self._telling = True
        self._hints = get_type_hints(type(settings))
        said = described_attributes(type(settings))
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(3)
        self.widgets: dict[str, Any] = {}
        for field in fields(settings):
            if field.name in names:
                widget = self._widget(field.name)
                widget.setToolTip(said.get(field.name, ""))
                self.widgets[field.name] = widget
        for name in names:
            form.addRow(titles.get(name) or _words(name), self.widgets[name])

    def show_settings(self, settings: Any) -> None:
        """Show other values, such as those set by the wheel."""
        self.settings = settings
        self._telling = False
        for name, widget in self.widgets.items():
            value = getattr(settings, name)
            if isinstance(widget, QComboBox):
                widget.setCurrentText(str(value))
            elif isinstance(widget, QCheckBox):
                widget.setChecked(bool(value))
            elif value is None:
                widget.setValue(widget.minimum())
            else:
                widget.setValue(value)
        self._telling = True

    def show_unit(self, unit: str, value_resolution: float) -> None:
        """Set the unit of the fields of densities, and the smallest difference of two values that matters."""
        self._telling = False
        digits = max(0, -math.floor(math.log10(value_resolution)))
        for name, widget in self.widgets.items():
            if name.endswith(("_hu", "_hu_per_mm")):
                widget.setDecimals(digits if name.endswith("_hu") else max(1, digits))
                widget.setSingleStep(10 * value_resolution)
                per_mm = f"{unit}/mm" if unit else "per mm"
                widget.setSuffix(f" {per_mm if name.endswith('_per_mm') else unit}".rstrip())
        self._telling = True

    def _set(self, name: str, value: Any) -> None:
        if self._telling:
            self.settings = replace(self.settings, **{name: value})
            self._changed(self.settings)

    def _widget(self, name: str) -> Any:
        kind, value = self._hints[name], getattr(self.settings, name)
        if kind is bool:
            box = QCheckBox()
            box.setChecked(value)
            box.toggled.connect(lambda on: self._set(name, on))
            return box
        if get_origin(kind) is not None and not _is_number(kind):
            choice = QComboBox()
            choice.addItems([str(one) for one in get_args(kind)])
            choice.setCurrentText(str(value))
            choice.currentTextChanged.connect(lambda text: self._set(name, text))
            return choice
        return self._number(name, value, whole=kind is int, open_ended=type(None) in get_args(kind))

    def _number(self, name: str, value: float | None, *, whole: bool, open_ended: bool) -> Any:
        density = name.endswith("_hu")
        box: Any = QSpinBox() if whole else QDoubleSpinBox()
        if not whole:
            box.setDecimals(0 if density else 2 if name.endswith("_ml") else 1)
        least = _OPEN if density and open_ended else 0
        box.setRange(int(least) if whole else least, 4000 if density else 1000)
        box.setSingleStep(10 if density else 1 if whole else 0.1 if name.endswith("_ml") else 0.5)
        unit = next((unit for end, unit in _UNITS.items() if name.endswith(end)), "")
        box.setSuffix(f" {unit}" if unit else "")
        if open_ended:
            box.setSpecialValueText("no limit" if density else "everywhere")
        box.setValue(box.minimum() if value is None else value)
        box.setKeyboardTracking(False)
        # without this the field would keep the letters that are tools
        box.editingFinished.connect(box.clearFocus)
        box.valueChanged.connect(
            lambda number: self._set(name, None if open_ended and number == box.minimum() else number)
        )
        return box


def _is_number(kind: Any) -> bool:
    return bool({int, float} & set(get_args(kind)))


def _words(name: str) -> str:
    """A field's name as words, without the unit that stands behind the number."""
    for end in _UNITS:
        name = name.removesuffix(end)
    return name.replace("_", " ").capitalize()
