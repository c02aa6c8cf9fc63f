"""Images with their place as one value, from a series or a file to arrays in canonical axes, and back to files.

Takes a `Series` or a path; gives `Volume`, `LabelMap`, `Regions` and `Transform`, brings them onto other grids
(`resample`, `warp`) and writes them (``ctreview.volume.write``).
"""

from __future__ import annotations

from ctreview.volume.geometry import Geometry, require_same_grid
from ctreview.volume.labels import Code, Label, LabelMap, Scheme
from ctreview.volume.load import LoadSettings, load_volume
from ctreview.volume.regions import Division, Partition, Regions
from ctreview.volume.resample import resample, resample_labels, warp, warp_labels
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Unit, Volume

__all__ = [
    "Code",
    "Division",
    "Geometry",
    "Label",
    "LabelMap",
    "LoadSettings",
    "Partition",
    "Regions",
    "Scheme",
    "Transform",
    "Unit",
    "Volume",
    "load_volume",
    "require_same_grid",
    "resample",
    "resample_labels",
    "warp",
    "warp_labels",
]
