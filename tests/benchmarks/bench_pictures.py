"""The contact sheets of `pictures`, drawn so that someone looks at them; their figures are those of single cases."""

from __future__ import annotations

import os
import time
from typing import Any

from tests.benchmarks.pictures import draw


def run() -> list[dict[str, Any]]:
    """Draw, and give a row that names the worst case."""
    start = time.perf_counter()
    rows = draw(int(os.environ.get("CTREVIEW_BENCH_HYBRIDS", "12")))
    took = time.perf_counter() - start
    scored = sorted((row.dice, row.name) for row in rows if row.dice is not None)
    said = "; ".join(f"{name} Dice {dice:.2f}" for dice, name in scored[:3])
    refused = [row.name for row in rows if row.point is None]
    note = f"{len(rows)} rows in tests/benchmarks/pictures, not in git; worst: {said or 'no truth at hand'}"
    if refused:
        note += f"; refused: {', '.join(refused)}"
    return [{"stage": "pictures", "case": "contact sheets", "ours": took, "unit": "s", "note": note}]
