"""Variants of two prepared scans, and what a study holds of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ctreview.change import VerdictSettings
from ctreview.recipes.chest_ct import Prepared
from ctreview.study import Study


def other_scan(prepared: Prepared, number: int) -> Prepared:
    """The same, as if the scan had been another one."""
    points = list(prepared.points)
    values = points[number].volume.array.copy()
    values[0, 0, 0] += 1
    points[number] = replace(points[number], volume=points[number].volume.with_array(values))
    return replace(prepared, pair=replace(prepared.pair, points=(points[0], points[1])))


def other_settings(prepared: Prepared) -> Prepared:
    settings = replace(prepared.settings, verdict=replace(VerdictSettings(), **moved(VerdictSettings())))
    return replace(prepared, settings=settings)


def moved(settings: Any) -> dict[str, float]:
    name, value = next((k, v) for k, v in vars(settings).items() if isinstance(v, float))
    return {name: value * 1.5}


def masks_of(study: Study) -> list[bytes]:
    return [(study.folder / f"timepoints/{number}/masks.seg.nrrd").read_bytes() for number in study.timepoints]


def emptied(prepared: Prepared) -> Prepared:
    """As another version might find it: nothing at the follow-up."""
    points = prepared.points
    none = replace(points[1].opacity, array=np.zeros_like(points[1].opacity.array))
    return replace(prepared, pair=replace(prepared.pair, points=(points[0], replace(points[1], opacity=none))))


def by_version(study: Study, version: str) -> None:
    path = study.folder / "plan.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": version}))


def opacity_ml(folder: Path) -> float:
    lungs = json.loads((folder / "change.json").read_text())["regions"][0]
    assert lungs["region"] == "lungs"
    return float(lungs["baseline"]["opacity_ml"])
