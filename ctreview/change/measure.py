"""What is counted in each region of one scan, on its own grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.volume.box import Box, bounding_box
from ctreview.volume.geometry import require_same_grid
from ctreview.volume.labels import LabelMap, Scheme
from ctreview.volume.regions import Partition, Regions
from ctreview.volume.volume import Volume

__all__ = ["RegionMeasures", "count_labelled", "measure"]


@dataclass(frozen=True)
class RegionMeasures:
    """What one region of one scan holds.

    Attributes
    ----------
    volume_ml : float
        All of the region, with vessels and opacity.
    mean_hu : float or None
        None where the region is empty, as are the shares.
    opacity_ml : float
        The sum of all labels that are counted.
    opacity_percent : float or None
        ``opacity_ml`` as a share of ``volume_ml``.
    classes_ml : mapping of str to float
        Each label by its key, also one that is not counted.
    bands_percent : mapping of str to float or None
        What lies in each band of density that was asked for, as a share of ``volume_ml``.
    """

    volume_ml: float
    mean_hu: float | None
    opacity_ml: float
    opacity_percent: float | None
    classes_ml: Mapping[str, float]
    bands_percent: Mapping[str, float | None] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The measures by their names, ready for JSON."""
        return {
            "volume_ml": self.volume_ml,
            "mean_hu": self.mean_hu,
            "opacity_ml": self.opacity_ml,
            "opacity_percent": self.opacity_percent,
            "classes_ml": dict(self.classes_ml),
            "bands_percent": dict(self.bands_percent),
        }


def measure(
    volume: Volume,
    regions: Regions,
    opacity: LabelMap,
    *,
    bands_hu: Mapping[str, tuple[float, float]] | None = None,
) -> dict[str, RegionMeasures]:
    """Count what each region holds.

    Parameters
    ----------
    volume : Volume
        The scan in HU.
    regions : Regions
        Of the same grid.
    opacity : LabelMap
        What is measured; its scheme says which labels are counted together. Same grid.
    bands_hu : mapping of str to (float, float), optional
        Lower (included) and upper bound of each of ``bands_percent``, by its name.

    Returns
    -------
    dict of str to RegionMeasures
        By region name, in the order of ``regions.names``.

    Raises
    ------
    GridMismatch
        The three do not lie on one grid.
    """
    geometry = require_same_grid(volume, regions, opacity)
    bands_hu = bands_hu or {}
    box, regions = organ_box(regions)
    hu = volume.array[box]
    size = 1 + max(label.value for label in opacity.scheme)
    columns = size << len(bands_hu)
    codes = opacity.array[box].astype(np.min_scalar_type(columns - 1))
    # one bit for each band above the label: regions are walked through once, however many bands there are
    for place, (low, high) in enumerate(bands_hu.values()):
        codes += ((hu >= low) & (hu < high)) * codes.dtype.type(size << place)
    counts = regions.count(codes, columns)
    sums = regions.total(hu)
    return {
        name: _measures(table.reshape(-1, size), sums[name], opacity.scheme, tuple(bands_hu), geometry.voxel_ml)
        for name, table in counts.items()
    }


def _measures(
    table: npt.NDArray[np.int64], hu_sum: float, scheme: Scheme, bands: tuple[str, ...], voxel_ml: float
) -> RegionMeasures:
    """From voxel counts (rows: which bands a voxel lies in, as bits; columns: label values)."""
    by_label = table.sum(axis=0)
    voxels = int(by_label.sum())
    by_bands = table.sum(axis=1)
    rows = np.arange(len(table))
    in_band = {band: int(by_bands[(rows >> place) & 1 == 1].sum()) for place, band in enumerate(bands)}
    counted = sum(int(by_label[label.value]) for label in scheme.counted)
    return RegionMeasures(
        volume_ml=voxels * voxel_ml,
        mean_hu=hu_sum / voxels if voxels else None,
        opacity_ml=counted * voxel_ml,
        opacity_percent=100.0 * counted / voxels if voxels else None,
        classes_ml={label.key: float(by_label[label.value]) * voxel_ml for label in scheme},
        bands_percent={band: 100.0 * found / voxels if voxels else None for band, found in in_band.items()},
    )


def organ_box(regions: Regions) -> tuple[Box, Regions]:
    """The box that holds the organ, and the regions cut to it: most voxels of a scan are no organ."""
    inside = regions.partitions[0].cells > 0
    box = bounding_box(inside) if inside.any() else (slice(0, 1),) * 3
    geometry = regions.geometry.crop([span.start for span in box], [span.stop for span in box])
    return box, Regions(
        geometry,
        tuple(Partition(np.ascontiguousarray(one.cells[box]), one.regions) for one in regions.partitions),
        regions.divisions,
    )


def count_labelled(
    regions: Regions, labels: npt.NDArray[Any], size: int, weights: npt.NDArray[Any] | None = None
) -> npt.NDArray[np.float64]:
    """Voxels (or the sum of ``weights``) of each label value above 0 in each region, where labels are sparse.

    Unlike `Regions.count` this visits only voxels that carry a label, so that many variants of a small finding
    cost little; the column of value 0 stays 0.

    Returns
    -------
    ndarray, shape (len(regions.names), size)
    """
    where = np.flatnonzero(labels)
    found = labels.ravel()[where].astype(np.int64)
    weighed = None if weights is None else weights.ravel()[where]
    return count_listed(regions, where, found, size, weighed)


def count_listed(
    regions: Regions,
    where: npt.NDArray[np.int64],
    found: npt.NDArray[np.int64],
    size: int,
    weights: npt.NDArray[Any] | None = None,
) -> npt.NDArray[np.float64]:
    """Like `count_labelled`, of voxels at flat positions ``where`` whose label values are ``found``."""
    rows = []
    for partition in regions.partitions:
        cells = partition.cells.ravel()[where].astype(np.int64)
        length = max(partition.size, int(cells.max(initial=0)) + 1)
        table = np.bincount(cells * size + found, weights, minlength=length * size).reshape(-1, size)
        table[0] = 0  # outside the organ
        rows += [table[list(cells_of)].sum(axis=0) for cells_of in partition.regions.values()]
    return np.array(rows, dtype=np.float64).reshape(-1, size)
