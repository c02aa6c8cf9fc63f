"""Change of opacity by lobe: how often a lobe's interval holds the truth, and which verdicts lobes get.

Phantoms know their lobes. Nobody drew those of the real scans that hybrids are made of: taken for true are the lobes
found in the scan itself, before anything was planted, breathed or scanned anew, and only those that no check of lobes
stops. An error that the lobes of a hybrid share with those of its scan is not seen here; what ground glass over a
fissure, another breath, place, sharpness and noise do to them is.
``CTREVIEW_BENCH_LOBES`` says how many pairs of each kind (4), ``CTREVIEW_BENCH_WORKERS`` how many processes work at
once (2).
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import numpy as np

from ctreview.anatomy import LOBES, find_lobes, find_lungs, find_vessels
from ctreview.anatomy.lobes.scheme import LOBES_OF_LUNG
from ctreview.change import Timepoint
from ctreview.checks import Check
from ctreview.phantom import Host, Hybrid, Phantom, random_hybrid_pair, random_phantom_pair
from ctreview.recipes import compare
from ctreview.volume.load import load_volume
from tests.benchmarks.bench_change import COUNTED, FIRST_SEED, UNSEEN_SHARE, WRONG
from tests.real_scans import DATA

PAIRS = int(os.environ.get("CTREVIEW_BENCH_LOBES", "4"))

Row = dict[str, Any]
Kind = Literal["phantom", "hybrid"]

AGES = (4.0, 6.0, 9.0, 40.0, 60.0)
CHILD_MM, ADULT_MM = (1.5, 1.0, 1.0), (2.0, 1.2, 1.2)

HOSTS = {"normal001": "normal001/dicom", "nlst": "nlst"}
"""Scans in slices of 2 mm and without opacity, whose fissures are seen."""

CLEAR_CHANGE_ML = 10.0
"""A change of which an error in per cent says something."""


@dataclass(frozen=True)
class LobeOutcome:
    """What one lobe of one pair came to.

    Attributes
    ----------
    known : bool
        Whether no check of its borders, size or bronchi stops it.
    unseen_share : float
        The largest share of its true opacity in a scan that lies outside the lungs that were found.
    """

    kind: Kind
    seed: int
    lobe: str
    known: bool
    truth_ml: tuple[float, float]
    found_ml: tuple[float, float]
    low: float
    high: float
    verdict: str
    unseen_share: float

    @property
    def change(self) -> float:
        return self.truth_ml[1] - self.truth_ml[0]

    @property
    def held(self) -> bool:
        return self.low <= self.change <= self.high

    @property
    def wrong_direction(self) -> bool:
        return self.verdict in WRONG[int(np.sign(self.change))]


def run() -> list[Row]:
    """Rows of phantoms, and of hybrids where real scans are at hand."""
    workers = int(os.environ.get("CTREVIEW_BENCH_WORKERS", "2"))
    kinds: tuple[Kind, ...] = ("phantom", "hybrid") if DATA.is_dir() else ("phantom",)
    rows: list[Row] = []
    for kind in kinds:
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
            seeds = range(FIRST_SEED, FIRST_SEED + PAIRS)
            found = [one for lobes in pool.map(outcomes, [kind] * PAIRS, seeds) for one in lobes]
        rows += rows_of(kind, found)
    return rows


def outcomes(kind: Kind, seed: int) -> list[LobeOutcome]:
    """Compare one random pair, by lobe."""
    before, after = _pair(kind, seed)
    found = compare(before.volume, after.volume, threads=1)
    truth = _true_ml(before), _true_ml(after)
    told = []
    for lobe in truth[0]:
        change = found[lobe]
        interval = change.change["opacity_ml"]
        assert interval is not None
        told.append(
            LobeOutcome(
                kind,
                seed,
                lobe,
                lobe not in _stopped(found.checks),
                (truth[0][lobe], truth[1][lobe]),
                (change.baseline.opacity_ml, change.followup.opacity_ml),
                interval.low,
                interval.high,
                change.verdict,
                max(_unseen_share(*scan, lobe) for scan in ((before, found.baseline), (after, found.followup))),
            )
        )
    return told


def _unseen_share(one: Phantom | Hybrid, point: Timepoint, lobe: str) -> float:
    """Which share of the true opacity of a lobe lies outside the lungs that were found."""
    assert one.lobes is not None
    true = one.opacity.mask(*COUNTED) & one.lobes.mask(lobe)
    outside = np.count_nonzero(true & ~point.organ.mask("right_lung", "left_lung"))
    return outside / max(1, int(np.count_nonzero(true)))


def _stopped(checks: Iterable[Check]) -> set[str]:
    """Lobes that checks of lobes alone stop."""
    return {region for check in checks if check.stops and check.parts_only for region in check.regions}


def _pair(kind: Kind, seed: int) -> tuple[Phantom | Hybrid, Phantom | Hybrid]:
    if kind == "hybrid":
        there = [path for path in HOSTS.values() if (DATA / path).exists()]
        host, lungs = _host(there[seed % len(there)])
        return random_hybrid_pair(host, seed, places=lungs)
    age = float(np.random.default_rng([seed, 77]).choice(AGES))
    return random_phantom_pair(seed, age_years=age, spacing=CHILD_MM if age < 14 else ADULT_MM)


@cache
def _host(path: str) -> tuple[Host, tuple[str, ...]]:
    """A real scan with its own lobes, and its lungs whose lobes are known."""
    volume = replace(load_volume(DATA / path).canonical(), unmeasured=None)
    lungs = find_lungs(volume)
    vessels = find_vessels(volume, lungs)
    lobes = find_lobes(volume, lungs, vessels)
    stopped = _stopped(lobes.checks)
    known = tuple(side for side, own in LOBES_OF_LUNG.items() if not stopped & set(own))
    return Host(volume, lungs, vessels, lobes), known


def _true_ml(one: Phantom | Hybrid) -> dict[str, float]:
    assert one.lobes is not None
    counted = one.opacity.mask(*COUNTED)
    voxel_ml = one.volume.geometry.voxel_ml
    return {lobe: float(np.count_nonzero(counted & one.lobes.mask(lobe))) * voxel_ml for lobe in LOBES}


def rows_of(kind: Kind, found: Sequence[LobeOutcome]) -> Iterator[Row]:
    """All that is said of pairs of one kind."""
    known = [one for one in found if one.known]
    pairs = len({one.seed for one in found})
    seen = [one for one in known if one.unseen_share <= UNSEEN_SHARE]
    for words, chosen, goal in (
        ("of any kind", found, ""),
        ("whose borders are known", known, "ours >= 93"),
        (f"with at most {UNSEEN_SHARE:.0%} of their opacity outside our lungs as well", seen, "ours >= 93"),
    ):
        missed = [f"{one.seed} {one.lobe.replace('_', ' ')}" for one in chosen if not one.held]
        yield {
            "stage": "change by lobe",
            "case": f"{pairs} {kind} pairs, lobes {words}: interval holds the true Δ mL",
            "ours": 100.0 * (1.0 - len(missed) / len(chosen)) if chosen else None,
            "unit": "%",
            "goal": goal,
            "note": f"{len(chosen)} lobes" + "".join(f"; {one}" for one in missed),
        }
    judged = [one for one in found if one.verdict != "not_interpretable"]
    yield {
        "stage": "change by lobe",
        "case": f"{pairs} {kind} pairs: lobes called changed in the wrong direction, or where nothing changed",
        "ours": float(sum(one.wrong_direction for one in judged)),
        "unit": "lobes",
        "goal": "ours <= 0",
        "note": f"of {len(judged)} with a verdict; {len(found) - len(judged)} not interpretable",
    }
    large = [one for one in known if abs(one.change) > CLEAR_CHANGE_ML]
    errors = [100 * abs(one.found_ml[1] - one.found_ml[0] - one.change) / abs(one.change) for one in large]
    yield {
        "stage": "change by lobe",
        "case": f"{kind} pairs, error of Δ mL in lobes with |Δ| > {CLEAR_CHANGE_ML:g} mL, median",
        "ours": float(np.median(errors)) if errors else None,
        "unit": "%",
        "note": f"{len(large)} lobes; half width of the interval "
        f"{np.median([(one.high - one.low) / 2 for one in known]):.1f} mL in the middle",
    }
