"""What is true of two phantoms of one body: fate in millilitres, and the answer as a file."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.phantom.hybrid import Hybrid
from ctreview.phantom.schemes import LOBES, LOBES_OF_LUNG
from ctreview.phantom.thorax import Phantom, true_correspondence
from ctreview.volume.geometry import FloatArray, Geometry

__all__ = ["GROUND_TRUTH_SCHEMA", "REGIONS", "ground_truth", "true_fate", "true_landmarks"]

GROUND_TRUTH_SCHEMA = "ctreview.phantom/1"

REGIONS: dict[str, tuple[str, ...]] = {
    "lungs": LOBES,
    **LOBES_OF_LUNG,
    **{lobe: (lobe,) for lobe in LOBES},
}
"""The lobes that each region is made of."""

_FATES = ("resolved", "persistent", "worsened", "improved")


def _labels_at(labels: npt.NDArray[Any], geometry: Geometry, points: FloatArray) -> npt.NDArray[Any]:
    """The label of the voxel that holds each point (n, 3); 0 outside the grid."""
    index = np.rint(geometry.to_index(points)).astype(np.int64)
    inside = ((index >= 0) & (index < geometry.shape)).all(axis=1)
    found = np.zeros(len(points), labels.dtype)
    found[inside] = labels[tuple(index[inside].T)]
    return found


def _parts(subject: Phantom | Hybrid) -> tuple[npt.NDArray[Any], dict[str, list[int]]]:
    """The array of parts, and the values that make up each region: lobes where they are known, else lungs."""
    if isinstance(subject, Phantom):
        regions = {region: [LOBES.index(name) + 1 for name in lobes] for region, lobes in REGIONS.items()}
        return subject.lobes.array, regions
    return subject.lungs.array, {"lungs": [1, 2], "right_lung": [1], "left_lung": [2]}


def true_fate(baseline: Phantom | Hybrid, followup: Phantom | Hybrid) -> dict[str, dict[str, float]]:
    """What became of opacity, from the true masks and the exact mapping; nothing is estimated.

    Returns
    -------
    dict of str to dict
        For each of `REGIONS` (only lungs in hybrids) the millilitres ``resolved``, ``persistent``, ``worsened``,
        ``improved`` (they add up to the baseline's opacity in voxels) and ``new``, ``persistent_followup`` (they add
        up to the follow-up's).
    """
    mapping = true_correspondence(baseline, followup)
    here, there = baseline.opacity, followup.opacity
    index = np.argwhere(here.array > 0)
    was = here.array[tuple(index.T)]
    became = _labels_at(there.array, there.geometry, mapping.to_moving(here.geometry.to_lps(index)))
    fate = np.select([became == 0, became == was, became > was], [0, 1, 2], 3)
    parts, regions = _parts(baseline)
    lobe = parts[tuple(index.T)]
    table = np.bincount(lobe * 4 + fate, minlength=24).reshape(6, 4) * here.geometry.voxel_ml
    index = np.argwhere(there.array > 0)
    before = _labels_at(here.array, here.geometry, mapping.to_fixed(there.geometry.to_lps(index)))
    lobe = _parts(followup)[0][tuple(index.T)]
    later = np.bincount(lobe * 2 + (before > 0), minlength=12).reshape(6, 2) * there.geometry.voxel_ml
    result = {}
    for region, rows in regions.items():
        fates = dict(zip(_FATES, table[rows].sum(axis=0).tolist(), strict=True))
        new, kept = later[rows].sum(axis=0).tolist()
        result[region] = {**fates, "new": new, "persistent_followup": kept}
    return result


def _timepoint(phantom: Phantom) -> dict[str, Any]:
    geometry = phantom.volume.geometry
    regions = {}
    for region, lobes in REGIONS.items():
        part = phantom.lobes.mask(*lobes)
        entry: dict[str, float] = {"volume_ml": round(float(part.sum()) * geometry.voxel_ml, 3)}
        for value, kind in ((1, "ground_glass"), (2, "consolidation")):
            voxels = float(np.count_nonzero(phantom.opacity.array[part] == value)) * geometry.voxel_ml
            entry[f"{kind}_ml"] = round(voxels, 3)
            entry[f"{kind}_continuous_ml"] = round(sum(phantom.true_ml[f"{lobe}/{kind}"] for lobe in lobes), 3)
        regions[region] = entry
    return {
        "breath_depth": phantom.settings.breath_depth,
        "interstitial_markings": phantom.settings.markings,
        "regions": regions,
        "findings": [
            {
                "kind": finding.kind,
                "centre_lps_mm": [round(v, 2) for v in finding.centre],
                "diameter_mm": finding.diameter_mm,
                "volume_ml": round(finding.volume_ml, 4),
                "place": finding.place,
            }
            for finding in phantom.findings
        ],
        "assumed": list(phantom.assumed),
    }


def true_landmarks(
    baseline: Phantom, followup: Phantom, *, count: int = 60, seed: int = 5
) -> tuple[FloatArray, FloatArray]:
    """Points of the lung in both scans by the exact mapping: two arrays (n, 3) of LPS millimetres."""
    index = np.argwhere(baseline.lobes.array > 0)
    chosen = index[np.random.default_rng(seed).choice(len(index), count, replace=False)]
    points = np.round(baseline.volume.geometry.to_lps(chosen), 2)
    return points, true_correspondence(baseline, followup).to_moving(points)


def ground_truth(baseline: Phantom, followup: Phantom) -> dict[str, Any]:
    """Everything that is known of a pair, ready for JSON; millilitres and LPS millimetres.

    ``…_ml`` counts voxels that a lesion covers by half or more, without vessels and bronchi; ``…_continuous_ml`` adds
    up the covered shares. Both are of the scan's own breath.
    """
    fate = true_fate(baseline, followup)
    here, there = true_landmarks(baseline, followup)
    return {
        "schema": GROUND_TRUTH_SCHEMA,
        "baseline": _timepoint(baseline),
        "followup": _timepoint(followup),
        "fate_ml": {region: {key: round(v, 3) for key, v in fates.items()} for region, fates in fate.items()},
        "landmarks_lps_mm": {"baseline": here.tolist(), "followup": np.round(there, 2).tolist()},
    }
