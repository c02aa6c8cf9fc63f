"""The whole comparison of two scans of 512×512×300: time, memory, where the time goes, and how it grows with voxels.

The scans are the ill and the healthy one of the test data, resampled; two patients, so there is no verdict, but every
step runs. Each size runs in a process of its own, twice: the second time everything is compiled and loaded.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.real_scans import DATA

SHAPE = (300, 512, 512)
SHARES = {"a quarter": 0.25, "half": 0.5, "all": 1.0}
STEPS = ("lungs", "vessels", "lobes", "normal lung", "opacity", "registration", "fate", "interval")
GOALS = {"lobes": "ours <= 10"}
"""Seconds that steps may take in both scans together."""

Row = dict[str, Any]


def run() -> list[Row]:
    """Rows of time, memory, growth and steps; none without the test data."""
    if not DATA.is_dir():
        return []
    with tempfile.TemporaryDirectory() as folder:
        _resampled(Path(folder))
        found = {name: _measured(Path(folder), share) for name, share in SHARES.items()}
    whole = found["all"]
    size = "two scans of 512×512×300"
    rows = [
        _row(f"compare with lobes, {size}, warm", whole["warm"], "s", "ours <= 60"),
        _row(f"compare, {size}, first run of a process", whole["cold"], "s", ""),
        _row(f"compare, {size}, peak memory", whole["peak_gib"], "GiB", "ours <= 4"),
        *(
            _row(f"compare, {size}: {step}, both scans added", whole["steps"][step], "s", GOALS.get(step, ""))
            for step in STEPS
        ),
        _row(f"airways to the bronchi of lobes, {size}, both added", whole["bronchi"], "s", "ours <= 5"),
    ]
    for less, more in (("a quarter", "half"), ("half", "all")):
        growth = found[more]["warm"] / found[less]["warm"]
        rows.append(_row(f"compare, {more} of the voxels against {less}: time times", growth, "", "ours <= 2"))
    return rows


def _row(case: str, ours: float, unit: str, goal: str) -> Row:
    return {"stage": "compare", "case": case, "ours": ours, "unit": unit, "goal": goal}


def _resampled(folder: Path) -> None:
    import SimpleITK

    from ctreview.volume.load import load_volume
    from ctreview.volume.resample import resample

    for name in ("covid_p001", "normal001"):
        volume = load_volume(DATA / name / "dicom").canonical()
        for share in SHARES.values():
            part = share ** (1 / 3)
            wanted = [round(n * part) for n in SHAPE]
            spacing = [
                s * n / m for s, n, m in zip(volume.geometry.spacing, volume.geometry.shape, wanted, strict=True)
            ]
            small = resample(volume, volume.geometry.resized(spacing))
            image = SimpleITK.GetImageFromArray(small.array)
            image.SetSpacing([float(mm) for mm in small.geometry.spacing[::-1]])
            SimpleITK.WriteImage(image, str(folder / f"{name}-{share}.mha"))


def _measured(folder: Path, share: float) -> dict[str, Any]:
    paths = [str(folder / f"{name}-{share}.mha") for name in ("covid_p001", "normal001")]
    told = subprocess.run([sys.executable, "-m", __name__, *paths], check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(told.stdout.strip().splitlines()[-1])
    return found


def _compare_twice(baseline: str, followup: str) -> dict[str, Any]:
    import resource
    import time

    from ctreview.anatomy.bronchi import find_lobar_bronchi
    from ctreview.recipes import compare

    seconds, found = [], None
    for _ in range(2):
        del found  # nobody keeps one comparison while he makes the next
        start = time.perf_counter()
        found = compare(baseline, followup, age_years=40.0, allow_different_patients=True)
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    start = time.perf_counter()
    for point in (found.baseline, found.followup):
        find_lobar_bronchi(point.volume, point.organ)
    bronchi = time.perf_counter() - start
    steps = dict(found.timings)
    return {"cold": seconds[0], "warm": seconds[1], "peak_gib": peak, "steps": steps, "bronchi": bronchi}


if __name__ == "__main__":
    print(json.dumps(_compare_twice(*sys.argv[1:])))
