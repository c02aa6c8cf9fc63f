"""Scans that come in through napari itself: File > Open, Open Sample, a drop beside the panes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtCore import QTimer

from ctreview.sample_data import BASELINE, FOLLOWUP, sample_data
from ctreview.volume.volume import Volume
from napari_ctreview.reading_controller import ReadingController

__all__ = ["LayerImporter"]


class LayerImporter:
    """Hands scans that napari opened over to the controller, into the first timepoint that is free.

    Parameters
    ----------
    viewer : napari.Viewer
    controller : ReadingController
    """

    def __init__(self, viewer: Any, controller: ReadingController) -> None:
        self._viewer, self._controller = viewer, controller
        viewer.layers.events.inserted.connect(self._inserted)

    def stop(self) -> None:
        """Leave napari's layers alone from now on."""
        self._viewer.layers.events.inserted.disconnect(self._inserted)

    def _inserted(self, event: Any) -> None:
        layer = event.value
        path = _origin(layer)
        if path is not None and isinstance(layer.metadata.get("ctreview"), Volume):
            QTimer.singleShot(0, lambda: self._take(layer, path))  # napari is still busy with this layer

    def _take(self, layer: Any, path: Path) -> None:
        if layer in self._viewer.layers:
            self._viewer.layers.remove(layer)
        scans = self._controller.loader.scans
        waiting = 1 if self._controller.worker.running == "load" and scans[0] is None else 0
        free = [number for number, scan in enumerate(scans) if scan is None][waiting:]
        self._controller.open_dropped(free[0] if free else 1, [str(path)])


def _origin(layer: Any) -> Path | None:
    """Where napari read a layer from; None for those that the panes made."""
    source = layer.source
    if source.path is not None:
        return Path(source.path)
    if source.sample is not None and source.sample[0] == "ctreview":
        return sample_data() / (BASELINE if source.sample[1].endswith(BASELINE) else FOLLOWUP)
    return None
