"""Images of one examination that were taken at several positions of the couch, joined into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ctreview.errors import GridMismatch, InconsistentSeries, WrongUse
from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume

__all__ = ["are_stations", "join_stations", "matched_for_display"]

_ALONG, _ACROSS = 0.1, 0.1
"""Voxels by which stations may lie off each other's grid: along the couch, and within the slice."""


def are_stations(one: Volume, other: Volume) -> bool:
    """Whether two images of one contrast lie above each other: parallel, and over different stretches of the patient.

    Where more than half of the shorter lies in the longer one they are two images of one place.
    """
    a, b = one.geometry, other.geometry
    if not np.allclose(a.directions, b.directions, atol=1e-3):
        return False
    (low_a, high_a), (low_b, high_b) = _span(a, a), _span(b, a)
    common = min(high_a, high_b) - max(low_a, low_b)
    return common < 0.5 * min(high_a - low_a, high_b - low_b)


def join_stations(volumes: Sequence[Volume]) -> Volume:
    """One volume over the stretch of all.

    Values stay as they were measured. In an overlap each slice is that of the station whose middle is nearer, since
    images fade and bend towards the ends of a station.

    Raises
    ------
    InconsistentSeries
        A station is missing: slices are not there between two of them.
    GridMismatch
        They differ in voxel size or matrix, or are shifted within the slice, and cannot be joined without changing
        values.
    """
    if len(volumes) < 2:
        raise WrongUse(f"joining takes two stations or more, not {len(volumes)}")
    first = volumes[0].geometry
    ordered = sorted(volumes, key=lambda one: _span(one.geometry, first)[0])
    lowest = ordered[0]
    starts = [_start(lowest.geometry, one.geometry) for one in ordered]
    counts = [one.geometry.shape[0] for one in ordered]
    for number in range(1, len(ordered)):
        missing = starts[number] - (starts[number - 1] + counts[number - 1])
        if missing > 0:
            raise InconsistentSeries(
                f"between station {number} and station {number + 1} of {_name(lowest)} "
                f"{missing * lowest.geometry.spacing[0]:.0f} mm of the patient are missing",
                remedy="Give the station in between as well, or open the stations one by one.",
            )
    total = max(start + count for start, count in zip(starts, counts, strict=True))
    middles = np.array([start + (count - 1) / 2 for start, count in zip(starts, counts, strict=True)])
    array = np.empty((total, *lowest.array.shape[1:]), np.result_type(*[one.array.dtype for one in ordered]))
    for index in range(total):
        holding = [n for n, start in enumerate(starts) if start <= index < start + counts[n]]
        nearest = min(holding, key=lambda n: abs(middles[n] - index))
        array[index] = ordered[nearest].array[index - starts[nearest]]
    geometry = replace(lowest.geometry, shape=array.shape)
    notes = tuple(dict.fromkeys(note for one in ordered for note in one.notes))
    said = f"{len(ordered)} stations were joined; their values are as measured."
    return replace(
        lowest,
        array=array,
        geometry=geometry,
        notes=(*notes, said),
        slice_numbers=None,
        series_key=None,
        unmeasured=None,
    )


def matched_for_display(joined: Volume, stations: Sequence[Volume]) -> Volume:
    """A joined image whose stations are equally bright where they meet; for looking at, never to be measured.

    Each station is scaled by one number, such that its median in the slices that it shares with the one below is that
    of the one below.
    """
    first = stations[0].geometry
    ordered = sorted(stations, key=lambda one: _span(one.geometry, first)[0])
    scaled = [ordered[0]]
    for one in ordered[1:]:
        below = scaled[-1]
        start = _start(below.geometry, one.geometry)
        shared = below.geometry.shape[0] - start
        factor = 1.0
        if shared > 0:
            ours, theirs = one.array[:shared], below.array[start:]
            bright = theirs > 0.5 * float(np.percentile(theirs, 95))
            here = float(np.median(ours[bright]))
            factor = float(np.median(theirs[bright])) / here if here > 0 else 1.0
        scaled.append(one.with_array(np.asarray(one.array * np.float32(factor), np.float32)))
    return replace(join_stations(scaled), notes=joined.notes)


def _span(geometry: Geometry, along: Geometry) -> tuple[float, float]:
    """From where to where a grid reaches along the first axis of another, in millimetres."""
    heights = geometry.corners() @ along.directions[:, 0]
    half = geometry.spacing[0] / 2
    return float(heights.min()) - half, float(heights.max()) + half


def _start(base: Geometry, other: Geometry) -> int:
    """Index in the lower station at which the first slice of the other lies."""
    if base.shape[1:] != other.shape[1:] or not np.allclose(base.spacing, other.spacing, rtol=1e-3):
        raise GridMismatch(
            f"a station has voxels of {_sizes(base)} mm and another of {_sizes(other)} mm, or their matrices differ",
            remedy="Stations of one acquisition are needed; open the others by themselves.",
        )
    index = base.to_index(other.origin)
    if np.abs(index[1:]).max() > _ACROSS or abs(index[0] - round(index[0])) > _ALONG:
        raise GridMismatch(
            "two stations lie shifted against each other by part of a voxel",
            remedy="Resample one onto the grid of the other, or open the stations one by one.",
        )
    return round(float(index[0]))


def _sizes(geometry: Geometry) -> str:
    return " × ".join(f"{size:.3g}" for size in geometry.spacing)


def _name(volume: Volume) -> str:
    return volume.acquisition.description or "the series"
