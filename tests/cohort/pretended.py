"""Cohorts whose results are made up, for what only shows them."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ctreview.cohort.case import CASE_SCHEMA, plan_cases, write_case
from ctreview.cohort.folder import CohortFolder
from ctreview.cohort.manifest import Manifest, ManifestRow


def pretended_cohort(folder: Path, subjects: int, *, timepoints: int = 2, seed: int = 3) -> CohortFolder:
    """A folder as `ctreview.cohort.run` leaves it: opacity that shrinks in one arm, one failed case in ten."""
    rng = np.random.default_rng(seed)
    rows = [
        ManifestRow(
            2 + place * timepoints + visit,
            f"S{place + 1:03d}",
            f"v{visit}",
            folder / "scans" / f"S{place + 1:03d}-{visit}",
            covariates={"arm": ("drug", "placebo")[place % 2]},
        )
        for place in range(subjects)
        for visit in range(timepoints)
    ]
    cohort = CohortFolder(folder / "results")
    cohort.begin(Manifest(tuple(rows), (), ("arm",)))
    for place, case in enumerate(plan_cases(cohort.manifest())):
        document: dict[str, Any] = {"schema": CASE_SCHEMA, "key": f"key-{place}", "resources": {"seconds": 1.0}}
        if place % 10 == 9:
            document |= {"status": "failed", "reason": "no lung was found.", "lasting": True}
        else:
            start = float(rng.uniform(20, 200))
            visits = int(case.followup.timepoint[1:]) - int(case.baseline.timepoint[1:])
            slope = -0.3 if case.followup.covariates["arm"] == "drug" else 0.0
            end = max(0.0, start * (1 + slope * visits) + float(rng.normal(0, 8)))
            document |= {"status": "done", "change": change(start, end, 90 * visits, stops=place % 7 == 3)}
            write_case(picture(rng), cohort.path / "pictures" / f"{case.name}.json")
        write_case(document, cohort.case_file(case))
    return cohort


def change(start: float, end: float, days: int, *, stops: bool = False) -> dict[str, Any]:
    """The parts of a ``change.json`` that a cohort reads."""
    regions = []
    for region, share in (("lungs", 1.0), ("right_lung", 0.6), ("left_lung", 0.4)):
        before, after = share * start, share * end
        value = after - before
        verdict = "not_interpretable" if stops else "decreased" if value < -8 else "indeterminate"
        interval = {"value": value, "low": value - 8, "high": value + 8}
        held = [
            {"volume_ml": 5000 * share, "opacity_ml": ml, "classes_ml": {"ground_glass": ml, "consolidation": 0.0}}
            for ml in (before, after)
        ]
        regions.append(
            {
                "region": region,
                "baseline": held[0],
                "followup": held[1],
                "change": {"opacity_ml": interval},
                "fate_ml": None,
                "verdict": verdict,
            }
        )
    check = {"name": "contrast", "value": None, "limit": None, "message": "One scan has contrast.", "regions": []}
    checks = [
        {**check, "ok": not stops, "effect": "stops"},
        {**check, "name": "motion", "ok": False, "effect": "tells"},
    ]
    return {"interval_days": days, "regions": regions, "checks": checks, "candidates": []}


def picture(rng: np.random.Generator) -> dict[str, Any]:
    """A picture of noise, as large as real ones."""
    target = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (24, 30), dtype=np.uint8)).resize((300, 240)).save(target, "JPEG", quality=85)
    uri = "data:image/jpeg;base64," + base64.b64encode(target.getvalue()).decode("ascii")
    side = {"uri": uri, "width_mm": 300.0, "height_mm": 240.0, "place": "slice 40 of 90"}
    path = "M100 100L140 90L150 130L110 140Z"
    return {when: {**side, "outlines": [["#e69f00", path]]} for when in ("baseline", "followup")}


def lines(path: Path) -> list[Any]:
    """The records of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
