"""The readout of the crosshair at one voxel: value, place, class and fate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ctreview.change import FATE_SCHEME, fate_words
from ctreview.opacity.scheme import OPACITY_SCHEME
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.regions import Regions
from ctreview.volume.volume import Volume

__all__ = ["Readout", "ReadoutSource", "read"]

# "resolved" is a word for the reader to confirm; until then the image only says that it is below the threshold
_FATES = {label.key: fate_words(label.key, OPACITY_SCHEME) for label in FATE_SCHEME}


@dataclass(frozen=True)
class ReadoutSource:
    """What is known about one scan besides its image. Everything may be missing.

    Attributes
    ----------
    classes : tuple of LabelMap
        Label maps whose names are read out, such as opacity and vessels; the first that names the voxel wins.
    regions : Regions or None
        Lungs and lobes with their parts.
    fate : LabelMap or None
        What became of each voxel, on the grid of this scan.
    """

    classes: tuple[LabelMap, ...] = ()
    regions: Regions | None = None
    fate: LabelMap | None = None


@dataclass(frozen=True)
class Readout:
    """What is read at one place; empty texts where nothing is known.

    Attributes
    ----------
    value : float or None
        Of the voxel; None outside the image.
    unit : str
        "HU", "fraction", "ms" or "arbitrary".
    region, kind, fate : str
        Words for the reader.
    index : tuple of int or None
        The voxel.
    """

    value: float | None
    unit: str
    region: str = ""
    kind: str = ""
    fate: str = ""
    index: tuple[int, int, int] | None = field(default=None)

    @property
    def lines(self) -> tuple[str, ...]:
        """One line for each thing that is known."""
        if self.value is None:
            return ("outside the scan",)
        written = {
            "HU": f"{self.value:.0f} HU",
            "fraction": f"{100 * self.value:.1f} %",
            "ms": f"{self.value:.1f} ms",
        }.get(self.unit, f"{self.value:.4g}")
        return tuple(line for line in (written.replace("-", "−"), self.region, self.kind, self.fate) if line)


def read(lps: FloatArray, volume: Volume, known: ReadoutSource = ReadoutSource()) -> Readout:
    """Read one place of a scan.

    Parameters
    ----------
    lps : ndarray, shape (3,)
        The place in LPS millimetres.
    volume : Volume
        The scan.
    known : ReadoutSource
        Label maps, regions and fate of the same scan; each on a grid of its own if need be.
    """
    index = _voxel(volume.geometry, lps)
    if index is None:
        return Readout(None, volume.unit)
    return Readout(
        value=float(volume.array[index]),
        unit=volume.unit,
        region=_region(known.regions, lps),
        kind=_kind(known.classes, lps),
        fate="" if known.fate is None else _FATES.get(_key(known.fate, lps), ""),
        index=index,
    )


def _voxel(geometry: Geometry, lps: FloatArray) -> tuple[int, int, int] | None:
    a, b, c = (int(v) for v in np.rint(geometry.to_index(lps)))
    inside = all(0 <= i < n for i, n in zip((a, b, c), geometry.shape, strict=True))
    return (a, b, c) if inside else None


def _key(labels: LabelMap, lps: FloatArray) -> str:
    index = _voxel(labels.geometry, lps)
    value = 0 if index is None else int(labels.array[index])
    return next((label.key for label in labels.scheme if label.value == value), "")


def _kind(classes: Sequence[LabelMap], lps: FloatArray) -> str:
    return next((key.replace("_", " ") for key in (_key(labels, lps) for labels in classes) if key), "")


def _region(regions: Regions | None, lps: FloatArray) -> str:
    """The smallest organ part that the voxel lies in, and where in it: "right upper lobe, ventral, peripheral"."""
    index = None if regions is None else _voxel(regions.geometry, lps)
    if regions is None or index is None:
        return ""
    for partition in reversed(regions.partitions):  # the finest stands last
        cell = int(partition.cells[index])
        names = [name for name, cells in partition.regions.items() if cell and cell in cells]
        whole = next((name for name in names if "/" not in name), None)
        if whole is not None:
            parts = [name.split("/", 1)[1] for name in names if name.startswith(f"{whole}/")]
            return ", ".join([whole.replace("_", " "), *parts])
    return ""
