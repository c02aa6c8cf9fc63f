"""Change between two timepoints: how far off, how often the interval holds the truth, what zero change is called.

The truth comes from random pairs whose every voxel is known: phantoms of children and adults, and real scans with
opacity planted into healthy lung (hybrids), each breathed, moved and scanned anew in between. The hybrids have several
hosts in turn, in slices of 2 to 6 mm, and there are rows for each. Where one lung of a host has a disease of its own,
whose true volume nobody knows, opacity is planted into the other lung, and the change of that lung is judged.
``CTREVIEW_BENCH_PAIRS`` and ``CTREVIEW_BENCH_HYBRIDS`` say how many (200 and 40), ``CTREVIEW_BENCH_MINUTES`` for how
long pairs of each kind are begun, ``CTREVIEW_BENCH_WORKERS`` how many processes work at once (2). The peer of every
volume is the fixed band −700…−500 HU inside the same lungs, vessels left out.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from math import inf
from typing import Any, Literal

import numpy as np
from scipy.stats import binomtest

from ctreview.anatomy import find_lungs, find_vessels
from ctreview.change import FateSettings, Timepoint, find_fate
from ctreview.change.comparison import Comparison
from ctreview.opacity import fixed_bands
from ctreview.phantom import Host, Hybrid, Phantom, random_hybrid_pair, random_phantom_pair, true_transform
from ctreview.recipes import ChestCtSettings, compare
from ctreview.volume.labels import LabelMap
from ctreview.volume.load import load_volume
from ctreview.volume.volume import Volume
from tests.benchmarks.degraded_scans import averaged
from tests.real_scans import DATA, thinned_out

COUNTED = ("ground_glass", "consolidation")
FIRST_SEED = 1000
"""Pairs below were looked at while the rules for opacity and the limits of the interval were chosen, and do not
count."""

AGES = (4.0, 6.0, 9.0, 40.0, 60.0)
CHILD_MM, ADULT_MM = (2.0, 1.2, 1.2), (2.5, 1.7, 1.7)
UNSEEN_SHARE = 0.15
"""A pair in which more than this share of the true opacity lies outside the lungs that were found is also counted
apart: consolidation that one scan does not tell from heart, mediastinum or wall."""

Kind = Literal["phantom", "hybrid"]

THICKNESSES_MM = (0.0, 3.0, 4.0, 5.0, 6.0)
"""Of the slices of hybrids, in both scans; 0 leaves them as they are, at 2 or 2.5 mm."""


BOTH = ("right_lung", "left_lung")


@dataclass(frozen=True)
class HostScan:
    """A real scan with lungs that hold nothing, and which of them do.

    Attributes
    ----------
    path : str
        Within the folder of real scans.
    clear : tuple of str
        The lungs that opacity is planted into.
    """

    path: str
    clear: tuple[str, ...] = BOTH

    @property
    def region(self) -> str:
        """What is judged in a pair of hybrids of it."""
        return "lungs" if self.clear == BOTH else self.clear[0]


HOSTS = {
    "normal001": HostScan("normal001/dicom"),
    "nlst": HostScan("nlst"),
    "lidc_0001": HostScan("lidc_0001/dicom", clear=("right_lung",)),  # a nodule in the left one
    "lidc_0314": HostScan("lidc_0314", clear=("left_lung",)),  # the right upper lobe has collapsed
    "followup_pair": HostScan("followup_pair/baseline.mha"),  # one lung
}


@dataclass(frozen=True, eq=False)
class Pair:
    """Two scans of one patient whose opacity is known."""

    before: Phantom | Hybrid
    after: Phantom | Hybrid
    host: str = ""
    thickness_mm: float = 0.0

    @property
    def truth_ml(self) -> tuple[float, float]:
        before, after = (
            sum(one.opacity.volume_ml(key) for key in COUNTED if key in one.opacity.voxels)
            for one in (self.before, self.after)
        )
        return before, after

    @property
    def unchanged(self) -> bool:
        """Whether the same lesions stand in both."""
        return self.before.lesions == self.after.lesions


def random_pair(kind: Kind, seed: int) -> Pair:
    """A pair that is fully said by its kind and number."""
    if kind == "hybrid":
        there = [name for name, host in HOSTS.items() if (DATA / host.path).exists()]
        assert there, f"no scan to plant lesions in at {DATA}"
        name = there[seed % len(there)]
        thickness = float(np.random.default_rng([seed, 31]).choice(THICKNESSES_MM))
        before, after = random_hybrid_pair(planting_host(HOSTS[name].path), seed, places=HOSTS[name].clear)
        return Pair(before, after, name, thickness)
    age = float(np.random.default_rng([seed, 77]).choice(AGES))
    return Pair(*random_phantom_pair(seed, age_years=age, spacing=CHILD_MM if age < 14 else ADULT_MM))


@cache
def planting_host(path: str) -> Host:
    """A real scan with its lungs and vessels; of large images every second pixel of each row and column."""
    volume = replace(load_volume(DATA / path).canonical(), unmeasured=None)
    if min(volume.geometry.shape[1:]) > 300:
        volume = thinned_out(volume, 2)
    lungs = find_lungs(volume)
    return Host(volume, lungs, find_vessels(volume, lungs))


def in_slices(one: Phantom | Hybrid, thickness_mm: float) -> tuple[Volume, LabelMap]:
    """The image and its true opacity in slices of this thickness; as they are where it is 0."""
    if not thickness_mm:
        return one.volume, one.opacity
    thick = averaged(one.volume, thickness_mm)
    labels = np.zeros(thick.geometry.shape, dtype=np.uint8)
    for label in one.opacity.scheme:
        share = averaged(one.volume.with_array(one.opacity.mask(label.key) * np.int16(1000)), thickness_mm)
        labels[share.array >= 500] = label.value
    return thick, LabelMap(labels, thick.geometry, one.opacity.scheme)


@dataclass(frozen=True)
class Outcome:
    """What one pair came to."""

    kind: Kind
    seed: int
    unchanged: bool
    truth: tuple[float, float]
    found: tuple[float, float]
    band: tuple[float, float]
    low: float
    high: float
    verdict: str
    unseen_share: float
    fate_dice: dict[str, float]
    seconds: dict[str, float]
    host: str = ""
    thickness_mm: float = 0.0
    stopped_by: tuple[str, ...] = ()

    @property
    def change(self) -> float:
        return self.truth[1] - self.truth[0]

    @property
    def held(self) -> bool:
        return self.low <= self.change <= self.high

    @property
    def width_of_allowed(self) -> float:
        return (self.high - self.low) / 2 / max(3.0, 0.12 * self.truth[0])


def outcome(kind: Kind, seed: int, until: float = inf) -> Outcome | None:
    """Compare one random pair; None where it is too late to begin, in seconds since the epoch."""
    if time.time() > until:
        return None
    pair = random_pair(kind, seed)
    before, after = (in_slices(one, pair.thickness_mm) for one in (pair.before, pair.after))
    found = compare(before[0], after[0], settings=ChestCtSettings(lobes=False), threads=1)
    host = HOSTS.get(pair.host)
    judged, lungs = ("lungs", BOTH) if host is None else (host.region, host.clear)
    region = found[judged]
    interval = region.change["opacity_ml"]
    assert interval is not None
    return Outcome(
        kind,
        seed,
        pair.unchanged,
        pair.truth_ml,
        (region.baseline.opacity_ml, region.followup.opacity_ml),
        (_band_ml(found.baseline, lungs), _band_ml(found.followup, lungs)),
        interval.low,
        interval.high,
        region.verdict,
        _unseen_share((before[1], after[1]), found),
        _fate_dice(pair, before, after, found, lungs),
        dict(found.timings),
        pair.host,
        pair.thickness_mm,
        tuple(check.name for check in found.checks if check.stops),
    )


def _unseen_share(truth: tuple[LabelMap, LabelMap], found: Comparison) -> float:
    """The largest share of the true opacity of a scan that lies outside the lungs that were found."""
    shares = [0.0]
    for opacity, point in zip(truth, (found.baseline, found.followup), strict=True):
        true = opacity.mask(*COUNTED)
        if true.any():
            shares.append(float((true & ~point.organ.mask("right_lung", "left_lung")).sum() / true.sum()))
    return max(shares)


def _band_ml(point: Timepoint, lungs: Sequence[str]) -> float:
    judged = replace(point.organ, array=point.organ.array * point.organ.mask(*lungs))
    bands = fixed_bands(point.volume, judged, point.vessels)
    return next(band.volume_ml for band in bands if band.key == "ground_glass")


def _fate_dice(
    pair: Pair,
    before: tuple[Volume, LabelMap],
    after: tuple[Volume, LabelMap],
    found: Comparison,
    lungs: Sequence[str],
) -> dict[str, float]:
    """Dice of each fate of more than 10 mL against that of the true masks under the true deformation."""
    if found.baseline.fate is None or found.followup.fate is None:
        return {}
    transform = true_transform(replace(pair.before, volume=before[0]), replace(pair.after, volume=after[0]))
    truth = find_fate(before[1], after[1], transform, settings=FateSettings(tolerance_mm=0.0))
    dice = {}
    for point, true in ((found.baseline, truth.baseline), (found.followup, truth.followup)):
        assert point.fate is not None
        others = point.organ.mask(*BOTH) & ~point.organ.mask(*lungs)
        for label in true.scheme:
            there = true.mask(label.key)
            if np.count_nonzero(there) * true.geometry.voxel_ml > 10.0:
                here = point.fate.mask(label.key) & ~others
                dice[label.key] = 2.0 * float(np.sum(here & there)) / float(here.sum() + there.sum())
    return dice


def outcomes(kind: Kind, seeds: Sequence[int], workers: int = 2, until: float = inf) -> list[Outcome]:
    """Compare pairs in processes of their own, as many as are begun in time."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        found = []
        for one in pool.map(outcome, [kind] * len(seeds), seeds, [until] * len(seeds)):
            if one is not None:
                print(one, file=sys.stderr, flush=True)
                found.append(one)
        return found


def run() -> list[dict[str, Any]]:
    """Rows of the change stage."""
    rows: list[dict[str, Any]] = []
    kinds: tuple[tuple[Kind, str, int], ...] = (
        ("hybrid", "CTREVIEW_BENCH_HYBRIDS", 40 if DATA.is_dir() else 0),
        ("phantom", "CTREVIEW_BENCH_PAIRS", 200),
    )
    workers = int(os.environ.get("CTREVIEW_BENCH_WORKERS", "2"))
    minutes = float(os.environ.get("CTREVIEW_BENCH_MINUTES", "inf"))
    for kind, variable, usual in kinds:
        count = int(os.environ.get(variable, usual))
        found = outcomes(kind, range(FIRST_SEED, FIRST_SEED + count), workers, time.time() + 60.0 * minutes)
        if found:
            rows += rows_of(kind, found)
    return rows


def rows_of(kind: Kind, found: Sequence[Outcome]) -> list[dict[str, Any]]:
    """All that is said of pairs of one kind."""
    return [
        *_volume_rows(kind, found),
        *_interval_rows(kind, found),
        *_group_rows(kind, found),
        *_fate_rows(kind, found),
        *_time_rows(kind, found),
    ]


def _volume_rows(kind: Kind, outcomes: Sequence[Outcome]) -> Iterator[dict[str, Any]]:
    large = [one for one in outcomes if abs(one.change) > 20.0]
    if large:
        ours, peer = (
            [100.0 * abs(getattr(one, name)[1] - getattr(one, name)[0] - one.change) / abs(one.change) for one in large]
            for name in ("found", "band")
        )
        yield {
            "stage": "change",
            "case": f"error of Δ mL, {len(large)} {kind} pairs with |Δ| > 20 mL, median",
            "ours": float(np.median(ours)),
            "peer": float(np.median(peer)),
            "peer_name": "−700…−500 HU",
            "unit": "%",
            "goal": "ours <= 8",
            "note": f"worst {max(ours):.0f} % against {max(peer):.0f} %",
        }
    zero = [one for one in outcomes if one.unchanged]
    if zero:
        unchanged = [one.verdict == "unchanged" for one in zero]
        yield {
            "stage": "change",
            "case": f"zero change called unchanged, {len(zero)} {kind} pairs",
            "ours": 100.0 * float(np.mean(unchanged)),
            "unit": "%",
            "goal": "ours >= 100",
            "note": _binomial(sum(unchanged), len(zero)),
        }


def _interval_rows(kind: Kind, outcomes: Sequence[Outcome]) -> Iterator[dict[str, Any]]:
    held = sum(one.held for one in outcomes)
    missed = ", ".join(str(one.seed) for one in outcomes if not one.held)
    seen = [one for one in outcomes if one.unseen_share <= UNSEEN_SHARE]
    yield {
        "stage": "change",
        "case": f"95 % interval holds the true Δ mL, {len(outcomes)} {kind} pairs",
        "ours": 100.0 * held / len(outcomes),
        "unit": "%",
        "goal": "ours >= 93",
        "note": _binomial(held, len(outcomes)) + (f"; missed pairs {missed}" if missed else ""),
    }
    if seen:
        held = sum(one.held for one in seen)
        yield {
            "stage": "change",
            "case": f"the same, {len(seen)} {kind} pairs with at most {UNSEEN_SHARE:.0%} of it outside our lungs",
            "ours": 100.0 * held / len(seen),
            "unit": "%",
            "goal": "ours >= 93",
            "note": _binomial(held, len(seen)),
        }
    yield {
        "stage": "change",
        "case": f"half width of the interval per max(3 mL, 12 % of baseline), {len(outcomes)} {kind} pairs, median",
        "ours": float(np.median([one.width_of_allowed for one in outcomes])),
        "unit": "",
        "goal": "ours <= 1.5",
        "note": f"largest {max(one.width_of_allowed for one in outcomes):.1f}",
    }


def _group_rows(kind: Kind, outcomes: Sequence[Outcome]) -> Iterator[dict[str, Any]]:
    """Pairs with a verdict, and pairs of each host and of each thickness."""
    judged = [one for one in outcomes if one.verdict != "not_interpretable"]
    reasons = Counter(name for one in outcomes for name in one.stopped_by)
    yield {
        "stage": "change",
        "case": f"not interpretable, of {len(outcomes)} {kind} pairs",
        "ours": 100.0 * (1 - len(judged) / len(outcomes)),
        "unit": "%",
        "note": ", ".join(f"{name} {count}" for name, count in reasons.most_common()),
    }
    wrong = [one for one in judged if one.verdict in WRONG[int(np.sign(one.change))]]
    yield {
        "stage": "change",
        "case": f"the wrong direction, or one where nothing changed, of {len(judged)} {kind} pairs with a verdict",
        "ours": float(len(wrong)),
        "unit": "",
        "goal": "ours <= 0",
        "note": ", ".join(str(one.seed) for one in wrong),
    }
    groups = {f"host {one.host}": [] for one in outcomes if one.host} | {
        _slices(one): [] for one in outcomes if one.host
    }
    groups = {"pairs with a verdict": judged, **groups}
    for one in outcomes:
        if one.host:
            groups[f"host {one.host}"].append(one)
            groups[_slices(one)].append(one)
    for name, members in groups.items():
        if members:
            held = sum(one.held for one in members)
            yield {
                "stage": "change",
                "case": f"interval holds the true Δ mL, {kind}, {name}, {len(members)} pairs",
                "ours": 100.0 * held / len(members),
                "unit": "%",
                "note": _errors(members),
            }


WRONG = {-1: ("increased",), 0: ("increased", "decreased"), 1: ("decreased",)}
"""Verdicts that are wrong, by the sign of the true change."""


def _slices(one: Outcome) -> str:
    return f"{one.thickness_mm:g} mm slices" if one.thickness_mm else "slices as they are"


def _errors(members: Sequence[Outcome]) -> str:
    """The median error of large changes, and how wide the intervals are."""
    errors = [
        100.0 * abs(one.found[1] - one.found[0] - one.change) / abs(one.change)
        for one in members
        if abs(one.change) > 20.0
    ]
    width = float(np.median([one.width_of_allowed for one in members]))
    large = f"error of Δ {np.median(errors):.0f} % (median of {len(errors)}), " if errors else ""
    return f"{large}half width {width:.1f}"


def _fate_rows(kind: Kind, outcomes: Sequence[Outcome]) -> Iterator[dict[str, Any]]:
    for key in ("resolved", "persistent", "worsened", "improved", "new", "persistent_followup"):
        dice = [one.fate_dice[key] for one in outcomes if key in one.fate_dice]
        if dice:
            yield {
                "stage": "change",
                "case": f"fate {key.replace('_', ' ')} over 10 mL, {kind} pairs, Dice, median of {len(dice)}",
                "ours": float(np.median(dice)),
                "unit": "",
                "goal": "ours >= 0.8",
                "note": f"worst {min(dice):.2f}",
            }


def _time_rows(kind: Kind, outcomes: Sequence[Outcome]) -> Iterator[dict[str, Any]]:
    for step in outcomes[0].seconds:
        seconds = [one.seconds[step] for one in outcomes]
        yield {
            "stage": "change",
            "case": f"compare, {kind} pairs: {step}, both scans added, median",
            "ours": float(np.median(seconds)),
            "unit": "s",
        }
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2
    yield {"stage": "change", "case": f"peak memory of one process so far, {kind} pairs", "ours": peak, "unit": "GiB"}


def _binomial(held: int, of: int) -> str:
    """Share with its exact binomial interval."""
    found = binomtest(held, of).proportion_ci(0.95, method="exact")
    return f"{held} of {of}; 95 % interval {100 * found.low:.0f}–{100 * found.high:.0f} %"
