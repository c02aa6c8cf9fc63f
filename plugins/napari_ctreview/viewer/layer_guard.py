"""What anything but the reading does to the layers of a pane is undone: moved, painted, taken away, turned.

napari has many ways to change a layer besides its tools: a plugin, its console, a menu. A label map that lies beside
its scan, or lacks a piece that no record names, is a wrong number that looks right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from qtpy.QtCore import QTimer

from napari_ctreview.napari_adapter import grid_of

__all__ = ["LayerGuard"]

_PLACING = ("scale", "translate", "rotate", "shear", "affine")
_PLACES = ("head", "posterior", "left")
"""The axes of a scan."""

_RESTING = "pan_zoom"
"""The mode of napari in which the mouse changes no layer."""


@dataclass(frozen=True, eq=False)
class _Guarded:
    """A layer, with the values that place it, and what answers its events."""

    layer: Any
    placed: dict[str, Any]
    connected: tuple[tuple[Any, Callable[[Any], None]], ...]


class LayerGuard:
    """Keeps the layers of one model, and how it is turned, as the reading made them.

    Parameters
    ----------
    model : ViewerModel
    view : callable
        Gives the order of the axes and the way up of the plane that the reading shows.
    restored : callable
        Told when layers that were taken away, or axes that were turned, are back: to show the place that was shown.

    Attributes
    ----------
    on : bool
        Whether anything is undone; it ends with the window.
    """

    def __init__(
        self,
        model: Any,
        view: Callable[[], tuple[tuple[int, int, int], tuple[str, str]]],
        restored: Callable[[], None],
    ) -> None:
        self.on = True
        self._model, self._view, self._restored, self._grid = model, view, restored, grid_of(model)
        self._guarded: list[_Guarded] = []
        self._postponed: list[Callable[[], None]] = []
        self._timer = QTimer(singleShot=True, interval=0)
        self._timer.timeout.connect(self._undo_postponed)
        model.layers.events.removed.connect(self._removed)
        model.dims.events.ndisplay.connect(self._raised)
        model.dims.events.order.connect(self._rolled)
        model.scene.camera.events.orientation.connect(self._flipped)
        self._grid.events.enabled.connect(self._gridded)

    def keep(self, layer: Any) -> None:
        """Guard a layer as it is now."""
        layer.editable = False  # edits go through the tools, so that each becomes a record
        placed = {name: _value(getattr(layer, name)) for name in _PLACING}
        connected: list[tuple[Any, Callable[[Any], None]]] = [
            (getattr(layer.events, name), self._placing(layer, name)) for name in _PLACING
        ]
        connected += [(layer.events.mode, self._resting(layer)), (layer.events.editable, self._resting(layer))]
        if hasattr(layer.events, "paint"):
            connected.append((layer.events.paint, self._unpainting(layer)))
        if hasattr(layer, "locked"):
            layer.locked = True  # napari's own word for it, where it has one
        for event, answer in connected:
            event.connect(answer)
        self._guarded.append(_Guarded(layer, placed, tuple(connected)))

    def release(self, layer: Any) -> None:
        """Let go of a layer, which is taken away next."""
        for one in [one for one in self._guarded if one.layer is layer]:
            self._guarded.remove(one)
            for event, answer in one.connected:
                event.disconnect(answer)

    def keeps(self, layer: Any) -> bool:
        """Whether a layer is guarded."""
        return self._of(layer) is not None

    def stop(self) -> None:
        """Undo nothing from now on."""
        if self.on:
            self.on = False
            self._timer.stop()
            self._timer.timeout.disconnect(self._undo_postponed)  # else Qt keeps the guard, and that the pane
            self._postponed.clear()

    # --- what is undone

    def _undo_postponed(self) -> None:
        """Undo what could not be undone while napari was busy with it."""
        postponed, self._postponed = self._postponed, []
        for undo in reversed(postponed):
            undo()

    def _postpone(self, undo: Callable[[], None]) -> None:
        if self.on:
            self._postponed.append(undo)
            self._timer.start()

    def _of(self, layer: Any) -> _Guarded | None:
        return next((one for one in self._guarded if one.layer is layer), None)

    def _placing(self, layer: Any, name: str) -> Callable[[Any], None]:
        def put_back(_event: Any = None) -> None:
            one = self._of(layer)
            if self.on and one is not None and not _same(getattr(layer, name), one.placed[name]):
                setattr(layer, name, one.placed[name])

        return put_back

    def _resting(self, layer: Any) -> Callable[[Any], None]:
        def rest(_event: Any = None) -> None:
            if not self.on:
                return
            if layer.editable:
                layer.editable = False
            if str(layer.mode) != _RESTING:
                layer.mode = _RESTING

        return rest

    def _unpainting(self, layer: Any) -> Callable[[Any], None]:
        def unpaint() -> None:
            if self.keeps(layer):
                layer.undo()

        def painted(_event: Any = None) -> None:
            self._postpone(unpaint)  # napari tells of a stroke before it is in the array

        return painted

    def _removed(self, event: Any) -> None:
        layer, index = event.value, event.index

        def put_back() -> None:
            if self.keeps(layer) and layer not in self._model.layers:
                self._model.layers.insert(min(index, len(self._model.layers)), layer)
                self._restored()

        if self.keeps(layer):
            self._postpone(put_back)  # napari takes all layers away before its window closes

    @property
    def disturbed(self) -> bool:
        """Whether axes are turned, or layers gone, until that is undone: nothing is where the reading has it."""
        dims = self._model.dims
        order, _ = self._view()
        return (
            dims.ndisplay != 2
            or tuple(dims.order) != order
            or any(one.layer not in self._model.layers for one in self._guarded)
        )

    @property
    def _undoes(self) -> bool:
        return self.on and bool(self._guarded) and self._model.dims.ndim == len(_PLACES)

    def _raised(self, _event: Any = None) -> None:
        """Three dimensions are not offered: what is read is slices."""
        if self._undoes and self._model.dims.ndisplay != 2:
            self._model.dims.ndisplay = 2
            self._postpone(self._restored)

    def _rolled(self, _event: Any = None) -> None:
        order, _ = self._view()
        if self._undoes and tuple(self._model.dims.order) != order:
            self._model.dims.order = order
            self._postpone(self._restored)

    def _flipped(self, _event: Any = None) -> None:
        _, way_up = self._view()
        camera = self._model.scene.camera
        turned = tuple(str(getattr(one, "value", one)) for one in camera.orientation2d)
        if self._undoes and not self.disturbed and turned != way_up:
            camera.orientation2d = way_up

    def _gridded(self, _event: Any = None) -> None:
        if self._undoes and self._grid.enabled:
            self._grid.enabled = False


def _value(placed: Any) -> Any:
    """A copy that does not follow the layer."""
    return np.array(getattr(placed, "affine_matrix", placed), dtype=float)


def _same(now: Any, before: Any) -> bool:
    value = _value(now)
    return value.shape == before.shape and bool(np.allclose(value, before))
