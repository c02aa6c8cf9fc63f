"""What each key does over the panes; the one list that the shortcuts and the guide are made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QShortcut, QWidget

from napari_ctreview.viewer.hanging import Layout
from napari_ctreview.viewer.input_settings import input_settings
from napari_ctreview.viewer.key_dispatch import ALWAYS, READING_KEY
from napari_ctreview.viewer.panes import Panes
from napari_ctreview.viewer.planes import Plane

__all__ = ["KEYS", "Shortcut", "bind", "bind_key", "install"]


@dataclass(frozen=True)
class Shortcut:
    """One key.

    Attributes
    ----------
    keys : str
        As Qt writes it.
    description : str
        What it does, for the guide.
    act : callable
        Called with the panes, or with whatever else the table of keys is for.
    always : bool
        Whether it works also while no scan is shown.
    """

    keys: str
    description: str
    act: Callable[[Any], object]
    always: bool = False


def _window(number: int) -> Callable[[Panes], object]:
    return lambda panes: panes.set_window(panes.windows[number]) if number < len(panes.windows) else None


def _layout(layout: Layout) -> Callable[[Panes], object]:
    return lambda panes: panes.hanging.set_layout(layout)


KEYS: tuple[Shortcut, ...] = (
    Shortcut("A", "axial", lambda panes: panes.set_plane(Plane.AXIAL)),
    Shortcut("C", "coronal", lambda panes: panes.set_plane(Plane.CORONAL)),
    Shortcut("S", "sagittal", lambda panes: panes.set_plane(Plane.SAGITTAL)),
    Shortcut("1", "lung window (MR: whole range)", _window(0)),
    Shortcut("2", "ground glass window (MR: muscle)", _window(1)),
    Shortcut("3", "mediastinum window (MR: oedema)", _window(2)),
    Shortcut("4", "bone window", _window(3)),
    Shortcut("Up", "next slice towards head, back or left", lambda panes: panes.step(1)),
    Shortcut("Down", "next slice towards feet, front or right", lambda panes: panes.step(-1)),
    Shortcut("PgUp", "ten slices on", lambda panes: panes.step(10)),
    Shortcut("PgDown", "ten slices back", lambda panes: panes.step(-10)),
    Shortcut("Space", "cine: run through the slices, stop", lambda panes: panes.cine.toggle()),
    Shortcut("M", "slab: MIP, MinIP, average, thin", lambda panes: panes.next_slab()),
    Shortcut("]", "thicker slab", lambda panes: panes.thicken(1)),
    Shortcut("[", "thinner slab", lambda panes: panes.thicken(-1)),
    Shortcut("F2", "layout: both scans side by side", _layout(Layout.SIDE_BY_SIDE)),
    Shortcut("F3", "layout: three planes of both scans, with lines where they cut", _layout(Layout.THREE_PLANES)),
    Shortcut("F4", "layout: three planes of the scan under the cursor", _layout(Layout.ONE_SCAN)),
    Shortcut("L", "unlink the panes, link them again", lambda panes: panes.link.toggle()),
    Shortcut("O", "overlay: filled, outlined, hidden", lambda panes: panes.next_overlay()),
    Shortcut("Shift+O", "outline of the lungs: show, hide", lambda panes: panes.toggle_outline()),
    Shortcut("Shift+L", "borders of the lobes: show, hide", lambda panes: panes.lobe_lines.toggle()),
    Shortcut("Z", "follow-up over baseline: fade, checkerboard, off", lambda panes: panes.blend.next_mode()),
    Shortcut("Shift+Z", "fade: how much of the follow-up", lambda panes: panes.blend.next_share()),
    Shortcut("X", "next contrast (MR)", lambda panes: panes.scans.next_contrast()),
    Shortcut(
        "Shift+N", "patient's name and date: show, hide", lambda panes: panes.scans.identify(not panes.scans.identified)
    ),
    Shortcut("Home", "whole slices", lambda panes: panes.hanging.reset_view()),
    Shortcut("D", "measure a distance", lambda panes: panes.rulers.select("distance")),
    Shortcut("N", "measure an angle", lambda panes: panes.rulers.select("angle")),
    Shortcut("R", "measure a region: mean ± SD", lambda panes: panes.rulers.select("region")),
    Shortcut("Backspace", "remove the last measurement", lambda panes: panes.rulers.remove_last()),
    Shortcut("Escape", "put ruler or tool down", lambda panes: panes.mouse.deactivate()),
    Shortcut("K", "keep the slice under the cursor as a key image", lambda panes: panes.take_key_image()),
)


def install(panes: Panes, widget: QWidget | None = None) -> list[QShortcut]:
    """Make the keys work in the window of the panes, or of another widget.

    A text field keeps the letters that are typed into it.
    """
    return bind(KEYS, panes, widget or panes)


def bind(keys: Iterable[Shortcut], to: object, widget: QWidget) -> list[QShortcut]:
    """Make the keys of a table work in the window of a widget, while that is shown."""
    return [bind_key(key.keys, _doing(key, to), widget, always=key.always) for key in keys]


def bind_key(keys: str, act: Callable[[], object], widget: QWidget, *, always: bool = False) -> QShortcut:
    """Make a key, as the reader has set it, work wherever the focus is in the window of a widget that is shown.

    Parameters
    ----------
    keys : str
        What it usually is.
    act : callable
    widget : QWidget
    always : bool
        Whether it works also while no scan is shown.
    """
    shortcut = QShortcut(QKeySequence(input_settings().key(keys)), widget)
    shortcut.setObjectName(READING_KEY)
    shortcut.setProperty(ALWAYS, always)
    shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
    shortcut.activated.connect(act)
    return shortcut


def _doing(key: Shortcut, to: object) -> Callable[[], None]:
    def act() -> None:
        key.act(to)

    return act
