"""Buttons that leave the keys to the window."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton

__all__ = ["action_button"]


def action_button(title: str, hint: str, act: Callable[[], object] | None = None) -> QPushButton:
    """Make a button that never takes the focus; ``act`` is called when it is clicked."""
    button = QPushButton(title)
    button.setToolTip(hint)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    if act is not None:
        button.clicked.connect(lambda _on=False: act())
    return button
