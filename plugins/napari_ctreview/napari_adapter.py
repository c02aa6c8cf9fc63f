"""What the plugin takes of napari beyond its public viewer: canvases, their place in the window, its own panels.

napari has no public way to these before 0.10, and none of the ways used here after it; `pyproject.toml` keeps it below.
Nothing else in the plugin imports napari or touches its private attributes.
"""

from __future__ import annotations

import gc
from functools import cache
from typing import Any, cast

from napari.components import ViewerModel
from napari.layers import Layer
from napari.qt import QtViewer
from qtpy.QtCore import Qt
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QDockWidget, QLayout, QWidget

__all__ = [
    "LETTERS_PT",
    "QtViewer",
    "bare_slider",
    "canvas_of",
    "drawing_surface",
    "freeze_what_is_loaded",
    "give_canvas_back",
    "grid_of",
    "hide_slider",
    "make_layer",
    "menus_of_layers",
    "new_canvas",
    "panels_of_layers",
    "replace_canvas",
    "silence",
    "status_bar",
    "stop_playing",
    "take_canvas",
    "unwrapped",
    "window_of",
]


LETTERS_PT = 10.0
"""How large napari's theme writes, whatever the system's font is."""


class _FurtherCanvas(QtViewer):  # type: ignore[misc]  # napari carries no types
    """A canvas without keys of its own: they are the window's, and to bind all of napari's takes most of its making."""

    def _bind_shortcuts(self) -> None:
        """Bind none."""


@cache
def freeze_what_is_loaded() -> None:
    """Leave modules and classes, which stay, out of garbage collection; the first call counts.

    napari collects the garbage of the whole process whenever a layer goes: with all its libraries loaded that takes
    a fifth of a second for each, and another patient takes several layers away.
    """
    gc.collect()
    gc.freeze()


def unwrapped(viewer: Any) -> Any:
    """The viewer itself: from its menu napari hands over a proxy that hides the canvas."""
    return getattr(viewer, "__wrapped__", viewer)


def window_of(viewer: Any) -> QWidget:
    """The main window of a viewer."""
    return cast(QWidget, viewer.window._qt_window)


def canvas_of(viewer: Any) -> QtViewer:
    """The canvas of a viewer, with its sliders."""
    return viewer.window._qt_viewer


def new_canvas() -> tuple[Any, QtViewer]:
    """A further viewer model without a window of its own, and its canvas."""
    model = ViewerModel()
    return model, _FurtherCanvas(model, show_welcome_screen=False)


def take_canvas(viewer: Any) -> QtViewer:
    """Take napari's canvas out of its window, without the keys and the place to drop files that it advertises."""
    own = canvas_of(viewer)
    own.show_welcome_screen = False
    _layout(viewer).removeWidget(own)
    return own


def replace_canvas(viewer: Any, widget: QWidget) -> None:
    """Put a widget where napari's canvas was."""
    _layout(viewer).addWidget(widget)


def give_canvas_back(viewer: Any, widget: QWidget) -> None:
    """Put napari's canvas back where a widget is now."""
    layout = _layout(viewer)
    layout.removeWidget(widget)
    layout.addWidget(canvas_of(viewer))
    canvas_of(viewer).show_welcome_screen = True


def drawing_surface(canvas: QtViewer) -> QWidget:
    """The widget of a canvas that is drawn on: without sliders, with the mouse over the image."""
    return cast(QWidget, canvas.canvas.native)


def bare_slider(canvas: QtViewer) -> None:
    """Leave of the slider of a canvas the slider alone, as narrow as need be.

    Its numbers count from 0, which contradicts those of the slice; its label can be written over, and its button plays
    past the reading's own keys. It is made anew with each number of axes.
    """
    canvas.dims.setMinimumWidth(1)
    for one in canvas.dims.slider_widgets:
        one.slider.setMinimumWidth(1)  # napari wants more than a pane of a small screen has: its end would be cut off
        for part in one.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            part.setVisible(part is one.slider)


def hide_slider(canvas: QtViewer) -> None:
    """Take the slider of a canvas away, where the room is needed for the image."""
    canvas.dims.hide()


def stop_playing(canvas: QtViewer) -> None:
    """Stop what napari plays by itself along its sliders."""
    canvas.dims.stop()


def grid_of(model: Any) -> Any:
    """What lays the layers of a model beside each other; napari 0.9 moved it."""
    return model.canvas.grid if hasattr(getattr(model, "canvas", None), "grid") else model.grid


def panels_of_layers(viewer: Any) -> tuple[QDockWidget, ...]:
    """Napari's own panels, with the buttons that turn, roll and grid the layers, and its console."""
    own = canvas_of(viewer)
    return own.dockLayerControls, own.dockLayerList, own.dockConsole


def menus_of_layers(viewer: Any) -> tuple[QAction, ...]:
    """The entries of the menu bar that change layers and how they are turned."""
    return tuple(menu.menuAction() for menu in (viewer.window.view_menu, viewer.window.layers_menu))


def status_bar(viewer: Any) -> QWidget:
    """The bar below, in which napari advertises its own keys and names the value under the mouse."""
    return cast(QWidget, viewer.window._qt_window.statusBar())


def silence(viewer: Any) -> None:
    """Take away what the status bar says."""
    if viewer.help:
        viewer.help = ""
    if viewer.status:
        viewer.status = ""


def make_layer(data: Any, options: dict[str, Any], kind: str) -> Any:
    """A layer of napari from its tuple, in no viewer."""
    return Layer.create(data, options, kind)


def _layout(viewer: Any) -> QLayout:
    return cast(QLayout, viewer.window._qt_window.centralWidget().layout())
