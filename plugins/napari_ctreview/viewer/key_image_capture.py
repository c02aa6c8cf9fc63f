"""The capture of a key image from the panes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qtpy.QtCore import QBuffer, QIODevice

from ctreview.study import KeyImage
from napari_ctreview.viewer.pane import Pane

__all__ = ["KeyImageCapture", "capture_key_image", "capture_png"]


@dataclass(frozen=True, eq=False)
class KeyImageCapture:
    """A key image as it was taken.

    Attributes
    ----------
    image : KeyImage
        Where it was, and how shown.
    png : bytes
        All panes with everything that was written over them.
    """

    image: KeyImage
    png: bytes


def capture_key_image(panes: Any, pane: Pane, contrast: str) -> KeyImageCapture:
    """What a widget with panes shows now; the slice is that of one pane."""
    low, high = (float(v) for v in pane.image.contrast_limits)
    x, y, z = (float(v) for v in pane.centre)
    image = KeyImage(
        pane.timepoint,
        (x, y, z),
        pane.plane.name.lower(),
        (low + high) / 2,
        high - low,
        pane.slab.name,
        pane.slab.thickness_mm,
        contrast,
    )
    return KeyImageCapture(image, capture_png(panes))


def capture_png(widget: Any) -> bytes:
    """A widget as it is on screen, as PNG; it holds no text beside the pixels."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    widget.grab().toImage().save(buffer, "PNG")
    return bytes(buffer.data().data())
