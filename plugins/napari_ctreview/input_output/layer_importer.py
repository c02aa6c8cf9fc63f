"""Scans that come in through napari itself: File > Open, Open Sample, a drop beside the panes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import QTimer

from ctreview.sample_data import BASELINE, FOLLOWUP, sample_data
from ctreview.volume.volume import Volume

__all__ = ["LayerImporter"]


class LayerImporter:
    """Takes scans that napari opened off its list of layers, and opens them as timepoints instead.

    Where a reading is open, other layers go as well: nothing may lie over a scan that no act put there.

    Parameters
    ----------
    viewer : napari.Viewer
    open_scan : callable
        ``open_scan(path)`` opens one.
    is_foreign : callable
        Whether a layer may not be added now.
    refused : callable
        Told, in words, what was not added.
    """

    def __init__(
        self,
        viewer: Any,
        open_scan: Callable[[Path], None],
        is_foreign: Callable[[Any], bool],
        refused: Callable[[str], object],
    ) -> None:
        self._viewer, self._open_scan = viewer, open_scan
        self._is_foreign, self._refused = is_foreign, refused
        viewer.layers.events.inserted.connect(self._inserted)
        for layer in list(viewer.layers):  # `napari SCAN SCAN -w ctreview …` opens them before the dock is there
            self._take_later(layer)

    def stop(self) -> None:
        """Leave napari's layers alone from now on."""
        self._viewer.layers.events.inserted.disconnect(self._inserted)

    def _inserted(self, event: Any) -> None:
        layer = event.value
        if not self._take_later(layer):
            QTimer.singleShot(0, lambda: self._refuse(layer))

    def _take_later(self, layer: Any) -> bool:
        """Open a scan as a timepoint once napari is no longer busy with its layer; gives whether it is one."""
        path = _origin(layer)
        if path is None or not isinstance(layer.metadata.get("ctreview"), Volume):
            return False
        QTimer.singleShot(0, lambda: self._take(layer, path))
        return True

    def _take(self, layer: Any, path: Path) -> None:
        if layer in self._viewer.layers:
            self._viewer.layers.remove(layer)
        self._open_scan(path)

    def _refuse(self, layer: Any) -> None:
        if layer in self._viewer.layers and self._is_foreign(layer):
            self._viewer.layers.remove(layer)
            self._refused(
                f"“{layer.name}” was not added: this window holds a reading. For other layers, start napari once more."
            )


def _origin(layer: Any) -> Path | None:
    """Where napari read a layer from; None for those that the panes made."""
    source = layer.source
    if source.path is not None:
        return Path(source.path)
    if source.sample is not None and source.sample[0] == "ctreview":
        return sample_data() / (BASELINE if source.sample[1].endswith(BASELINE) else FOLLOWUP)
    return None
