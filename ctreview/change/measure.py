"""What is counted in each region of one scan, on its own grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.volume.box import Box, bounding_box
from ctreview.volume.geometry import require_same_grid
from ctreview.volume.labels import LabelMap
from ctreview.volume.regions import Partition, Regions
from ctreview.volume.volume import Volume

__all__ = ["CONSOLIDATION", "DEPENDENT", "GROUND_GLASS", "RegionMeasures", "count_labelled", "measure"]

GROUND_GLASS = "ground_glass"
CONSOLIDATION = "consolidation"
DEPENDENT = "dependent_opacity"

HIGH_ATTENUATION_HU = (-600.0, -250.0)
"""High-attenuation areas: Lederer et al., AJRCCM 2009 (doi 10.1164/rccm.200812-1966OC)."""


@dataclass(frozen=True)
class RegionMeasures:
    """What one region of one scan holds.

    Attributes
    ----------
    volume_ml, mass_g : float
        All of the region, with vessels and opacity; the mass from ``density = 1 + HU / 1000`` in g/mL.
    mean_hu : float or None
        None where the region is empty, as are the two shares.
    ground_glass_ml, consolidation_ml, opacity_ml : float
        ``opacity_ml`` is the sum of the two before it.
    dependent_ml : float
        Dependent opacity, which is no part of ``opacity_ml``.
    opacity_percent, haa_percent : float or None
        ``opacity_ml``, and what lies in −600…−250 HU, as a share of ``volume_ml``.
    """

    volume_ml: float
    mass_g: float
    mean_hu: float | None
    ground_glass_ml: float
    consolidation_ml: float
    dependent_ml: float
    opacity_ml: float
    opacity_percent: float | None
    haa_percent: float | None

    def to_dict(self) -> dict[str, float | None]:
        """The measures by their names, ready for JSON."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


def measure(
    volume: Volume,
    regions: Regions,
    opacity: LabelMap,
    *,
    high_attenuation_hu: tuple[float, float] = HIGH_ATTENUATION_HU,
) -> dict[str, RegionMeasures]:
    """Count what each region holds.

    Parameters
    ----------
    volume : Volume
        The scan in HU.
    regions : Regions
        Of the same grid.
    opacity : LabelMap
        Labels ``ground_glass``, ``consolidation`` and, where the scheme has it, ``dependent_opacity``; same grid.
    high_attenuation_hu : tuple of float
        Lower (included) and upper bound of ``haa_percent``.

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
    box, regions = organ_box(regions)
    hu = volume.array[box]
    size = 1 + max(label.value for label in opacity.scheme)
    low, high = high_attenuation_hu
    dense = (hu >= low) & (hu < high)
    counts = regions.count(opacity.array[box] + dense.astype(np.uint8) * np.uint8(size), 2 * size)
    sums = regions.total(hu)
    values = {label.key: label.value for label in opacity.scheme}
    return {
        name: _measures(table.reshape(2, size), sums[name], values, geometry.voxel_ml) for name, table in counts.items()
    }


def _measures(
    table: npt.NDArray[np.int64], hu_sum: float, values: Mapping[str, int], voxel_ml: float
) -> RegionMeasures:
    """From voxel counts (rows: outside, inside the high-attenuation band; columns: label values)."""
    by_label = table.sum(axis=0)
    voxels = int(by_label.sum())
    ml = {key: float(by_label[value]) * voxel_ml for key, value in values.items()}
    opaque = int(by_label[values[GROUND_GLASS]] + by_label[values[CONSOLIDATION]])
    return RegionMeasures(
        volume_ml=voxels * voxel_ml,
        # Not clipped at −1000 HU: noise around air is symmetric, and cutting one side off it would add mass.
        mass_g=(voxels + hu_sum / 1000.0) * voxel_ml,
        mean_hu=hu_sum / voxels if voxels else None,
        ground_glass_ml=ml[GROUND_GLASS],
        consolidation_ml=ml[CONSOLIDATION],
        dependent_ml=ml.get(DEPENDENT, 0.0),
        opacity_ml=opaque * voxel_ml,
        opacity_percent=100.0 * opaque / voxels if voxels else None,
        haa_percent=100.0 * int(table[1].sum()) / voxels if voxels else None,
    )


def organ_box(regions: Regions) -> tuple[Box, Regions]:
    """The box that holds the organ, and the regions cut to it: most voxels of a scan are no organ."""
    inside = regions.partitions[0].cells > 0
    box = bounding_box(inside) if inside.any() else (slice(0, 1),) * 3
    geometry = regions.geometry.crop([span.start for span in box], [span.stop for span in box])
    return box, Regions(
        geometry,
        tuple(Partition(np.ascontiguousarray(one.cells[box]), one.regions) for one in regions.partitions),
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
