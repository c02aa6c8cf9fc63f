"""Pictures of the panes that are kept with a study."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qtpy.QtCore import QBuffer, QIODevice

from ctreview.volume.atomic import atomic_path
from ctreview.volume.geometry import FloatArray

__all__ = ["KeyImage", "picture_of", "write"]


@dataclass(frozen=True, eq=False)
class KeyImage:
    """What the panes showed, and where that was.

    Attributes
    ----------
    png : bytes
        The picture with everything that was written over it.
    lps : ndarray, shape (3,)
        The place in the middle of the first pane, in LPS millimetres of the scan that it showed.
    plane : str
        "axial", "coronal" or "sagittal".
    window : tuple of float
        Level and width.
    slab : str
        "MIP 8 mm", or empty where the slice was thin.
    caption : str
        What the reader wrote under it.
    """

    png: bytes
    lps: FloatArray
    plane: str
    window: tuple[float, float]
    slab: str = ""
    caption: str = ""

    def to_dict(self) -> dict[str, Any]:
        """All but the picture, for a study's file."""
        return {
            "lps_mm": [round(float(v), 2) for v in self.lps],
            "plane": self.plane,
            "window_level": self.window[0],
            "window_width": self.window[1],
            "slab": self.slab,
            "caption": self.caption,
        }


def picture_of(widget: Any) -> bytes:
    """A widget as it is on screen, as PNG; it holds no text beside the pixels."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    widget.grab().toImage().save(buffer, "PNG")
    return bytes(buffer.data().data())


def write(image: KeyImage, path: Path | str) -> Path:
    """Write the picture to a file; a file that is there stays whole until the new one is."""
    target = Path(path)
    with atomic_path(target) as draft:
        draft.write_bytes(image.png)
    return target
