"""Learn the priors of fissures from points placed by hand; run as ``python -m ctreview.anatomy.lobes.learn_prior``.

The points are those of the Chest Imaging Platform, in the millimetres of one template. Only what is computed from
them is stored: mean heights over a plane, and modes of shape.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ctreview.anatomy.lobes.frame import Side, lung_ends
from ctreview.anatomy.lobes.prior import (
    FILE,
    FISSURES,
    FissureName,
    FissurePlane,
    FissurePrior,
    node_weights,
    smooth_covariance,
)
from ctreview.anatomy.lungs import LUNG_SCHEME
from ctreview.errors import WrongUse
from ctreview.volume.atomic import atomic_path
from ctreview.volume.geometry import FloatArray
from ctreview.volume.labels import LabelMap
from ctreview.volume.load import load_volume

__all__ = ["POINT_MM", "learn", "read_points", "template_lungs", "write_priors"]

POINT_MM = 1.5
"""How far a point placed by hand lies off the fissure: a voxel and a little."""

STEP_MM = 12.0
"""Distance of nodes; between them surfaces bend little enough for straight lines."""

START = (10.0, 60.0)
"""Deviation and length of the field that learning starts from, and that it keeps where no scan has points."""

START_SCANS = 5.0
"""As many scans does the start count for."""

ROUNDS = 8
MODES = 8
REST_LENGTH_MM = 25.0

_FILE_NAMES: Mapping[tuple[str, str], FissureName] = {
    ("right", "oblique"): "right_oblique",
    ("right", "horizontal"): "right_minor",
    ("left", "oblique"): "left_oblique",
}


def read_points(folder: Path) -> dict[FissureName, list[FloatArray]]:
    """Points of each fissure, one array (n, 3) for each scan, in template millimetres."""
    found: dict[FissureName, list[FloatArray]] = {name: [] for name in FISSURES}
    for path in sorted(folder.glob("scan_*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for (lung, fissure), name in _FILE_NAMES.items():
            own = [row for row in rows if (row["lung"], row["fissure"]) == (lung, fissure)]
            found[name].append(np.array([[float(row[axis]) for axis in "xyz"] for row in own]).reshape(-1, 3))
    return found


def template_lungs(folder: Path) -> LabelMap:
    """The lungs of the template."""
    volume = load_volume(folder / "template_lungs.nrrd")
    step = 4
    grid = volume.geometry.resized([spacing * step for spacing in volume.geometry.spacing])
    coarse = volume.array[step // 2 :: step, step // 2 :: step, step // 2 :: step]
    table = np.array([0, 0, LUNG_SCHEME["right_lung"].value, LUNG_SCHEME["left_lung"].value], dtype=np.uint8)
    return LabelMap(table[coarse.astype(np.int64)], grid.crop((0, 0, 0), coarse.shape), LUNG_SCHEME)


def learn(name: FissureName, scans: Sequence[FloatArray], ends: FloatArray) -> FissurePrior:
    """The mean surface and modes of one fissure.

    Heights of every scan are a smooth random field that is seen at its points; its mean and covariance are found by
    expectation and maximisation, beside a start that counts for a few scans.

    Parameters
    ----------
    name : FissureName
    scans : sequence of ndarray, shape (n, 3)
        Points of each scan in template millimetres; those without a point teach nothing, nor do
        those that lie far outside the lung.
    ends : ndarray, shape (2, 3)
        Of the template's lung on that side.
    """
    side: Side = "left_lung" if name.startswith("left") else "right_lung"
    beside = 0.25 * np.ptp(ends, axis=0)
    inside = [points[np.all((points > ends[0] - beside) & (points < ends[1] + beside), axis=1)] for points in scans]
    scans = [points for points in inside if len(points)]
    plane = _plane(name, np.vstack(scans), ends)
    start = smooth_covariance(plane, *START)
    seen = [plane.coordinates(points) for points in scans]
    weights = [node_weights(plane, points[:, :2]).toarray() for points in seen]
    heights = [points[:, 2] for points in seen]
    mean = np.full(len(start), np.mean([own.mean() for own in heights]))
    covariance = start
    for _ in range(ROUNDS):
        fields, spreads = [], np.zeros_like(start)
        for own, height in zip(weights, heights, strict=True):
            gain = np.linalg.solve(own @ covariance @ own.T + POINT_MM**2 * np.eye(len(own)), own @ covariance).T
            fields.append(mean + gain @ (height - own @ mean))
            spreads += covariance - gain @ own @ covariance
        mean = np.mean(fields, axis=0)
        off = np.array(fields) - mean
        covariance = (off.T @ off + spreads + START_SCANS * start) / (len(scans) + START_SCANS)
    strength, shapes = np.linalg.eigh(covariance)
    modes = (shapes[:, ::-1] * np.sqrt(np.maximum(strength[::-1], 0.0))).T[:MODES]
    rest = float(np.sqrt(max(np.trace(covariance - modes.T @ modes) / len(covariance), 0.25)))
    return FissurePrior(name, side, ends, plane, mean, modes, rest, REST_LENGTH_MM)


def _plane(name: FissureName, points: FloatArray, ends: FloatArray) -> FissurePlane:
    """The plane of least squares through a fissure of everyone; one axis runs from right to left."""
    middle = points.mean(axis=0)
    if name == "right_minor":
        normal = np.array([0.0, 0.0, 1.0])
    else:
        _, _, rows = np.linalg.svd((points - middle)[:, 1:], full_matrices=False)
        normal = np.array([0.0, *rows[1]]) * np.sign(rows[1, 1])
    along = np.array([[1.0, 0.0, 0.0], np.cross(normal, [1.0, 0.0, 0.0])])
    low, high = ends[0] - 0.1 * np.ptp(ends, axis=0), ends[1] + 0.1 * np.ptp(ends, axis=0)
    inside = np.clip(points, low, high)
    spans = (inside - middle) @ along.T
    spans[:, 0] = np.clip(spans[:, 0], low[0] - middle[0], high[0] - middle[0])
    first = np.array([low[0] - middle[0], spans[:, 1].min() - STEP_MM])
    last = np.array([high[0] - middle[0], spans[:, 1].max() + STEP_MM])
    count = np.ceil((last - first) / STEP_MM).astype(int) + 1
    return FissurePlane(middle + first @ along, along, normal, (int(count[0]), int(count[1])), STEP_MM)


def write_priors(folder: Path, target: Path) -> None:
    """Learn all fissures from the points of a folder, and store what was learnt."""
    points, lungs = read_points(folder), template_lungs(folder)
    stored: dict[str, Any] = {}
    for name, scans in points.items():
        side: Side = "left_lung" if name.startswith("left") else "right_lung"
        found = learn(name, scans, lung_ends(lungs, side))
        stored |= {
            f"{name}_ends": found.template_ends.astype(np.float32),
            f"{name}_origin": found.plane.origin.astype(np.float32),
            f"{name}_axes": found.plane.axes.astype(np.float32),
            f"{name}_shape": np.array(found.plane.shape, dtype=np.int16),
            f"{name}_scales": np.array([found.plane.step, found.rest_mm, found.rest_length_mm], dtype=np.float32),
            f"{name}_mean": found.mean.astype(np.float32),
            f"{name}_modes": found.modes.astype(np.float32),
        }
    with atomic_path(target) as path, path.open("wb") as file:
        np.savez_compressed(file, **stored)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise WrongUse("name the folder of the points", remedy="python -m ctreview.anatomy.lobes.learn_prior FOLDER")
    write_priors(Path(sys.argv[1]), Path(__file__).with_name(FILE))
