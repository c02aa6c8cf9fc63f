"""Change between two timepoints: how far off, how often the interval holds the truth, what zero change is called.

The truth comes from random phantom pairs (a child's or an adult's lung, one to five opacities, two breaths, another
position and noise); ``CTREVIEW_BENCH_PAIRS`` says how many (default 12). The peer of every volume is the fixed band
−700…−500 HU inside the same lungs, vessels left out.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage
from scipy.stats import binomtest

from ctreview.change import FateSettings, find_fate
from ctreview.change.comparison import Comparison
from ctreview.opacity import fixed_bands
from ctreview.phantom import Lesion, Phantom, ThoraxSettings, make_thorax, true_transform
from ctreview.recipes import compare
from ctreview.volume.geometry import Geometry
from ctreview.volume.load import load_volume
from ctreview.volume.volume import Volume

LOBES = ("right_upper_lobe", "right_middle_lobe", "right_lower_lobe", "left_upper_lobe", "left_lower_lobe")
PATTERNS = ("ventral", "dorsal", "basal", "patches", "subpleural")
KINDS = ("clear", "partly", "zero", "grow", "healthy", "partly", "grow")
COUNTED = ("ground_glass", "consolidation")
FIRST_SEED = 1000
"""Pairs below 100 were looked at while the limits of the interval were chosen, and are not counted."""

CHILD_MM, ADULT_MM = (2.0, 1.2, 1.2), (2.5, 1.7, 1.7)


@dataclass(frozen=True, eq=False)
class Pair:
    """Two phantoms of one patient, and what was done to them in between."""

    kind: str
    faint: bool
    before: Phantom
    after: Phantom

    @property
    def truth_ml(self) -> tuple[float, float]:
        before, after = (sum(phantom.true_ml.values()) for phantom in (self.before, self.after))
        return before, after


def random_pair(seed: int) -> Pair:
    """A pair that is fully said by its number; every fourth is an adult."""
    random = np.random.default_rng([seed, 5])
    child = seed % 4 != 3
    body = {
        "age_years": float(random.choice([4.0, 6.0, 9.0])) if child else 40.0,
        "spacing": CHILD_MM if child else ADULT_MM,
        "anatomy_seed": seed + 100,
    }
    kind, faint = KINDS[seed % len(KINDS)], bool(random.random() < 0.25)
    drawn = [_lesion(random, 1.0 if child else 4.0, faint) for _ in range(random.integers(2, 6))]
    first = tuple({lesion.lobe: lesion for lesion in drawn}.values())
    first, second = _changed(kind, first, random)
    body["noise_hu"] = float(random.uniform(10, 25))
    breaths = random.uniform(0.8, 1.0, 2)
    before = make_thorax(ThoraxSettings(seed=2 * seed + 1, breath_depth=float(breaths[0]), **body), first)
    moved = {"offset": (4.0, -3.0, 6.0), "turn_degrees": float(random.uniform(-2, 2))}
    after = make_thorax(ThoraxSettings(seed=2 * seed + 2, breath_depth=float(breaths[1]), **moved, **body), second)
    return Pair(kind, faint, before, after)


def _lesion(random: np.random.Generator, scale: float, faint: bool) -> Lesion:
    return Lesion(
        "consolidation" if random.random() < 0.15 else "ground_glass",
        str(random.choice(LOBES)),
        str(random.choice(PATTERNS)),  # type: ignore[arg-type]
        volume_ml=float(random.uniform(5, 35)) * scale,
        added_hu=float(random.uniform(90, 150) if faint else random.uniform(150, 300)),
        number=int(random.integers(1, 4)),
        seed=int(random.integers(1, 1000)),
    )


Lesions = tuple[Lesion, ...]


def _changed(kind: str, first: Lesions, random: np.random.Generator) -> tuple[Lesions, Lesions]:
    """The lesions at both timepoints."""
    if kind == "clear":
        return first, tuple(replace(lesion, volume_ml=lesion.volume_ml * 0.3) for lesion in first[:1])
    if kind == "partly":
        share = random.uniform(0.3, 0.8, len(first))
        return first, tuple(
            replace(lesion, volume_ml=lesion.volume_ml * float(part)) for lesion, part in zip(first, share, strict=True)
        )
    if kind == "grow":
        return first[:1], first
    return ((), ()) if kind == "healthy" else (first, first)


@dataclass(frozen=True)
class Outcome:
    """What one pair came to."""

    seed: int
    kind: str
    truth: tuple[float, float]
    found: tuple[float, float]
    band: tuple[float, float]
    low: float
    high: float
    verdict: str
    fate_dice: dict[str, float]
    seconds: dict[str, float]

    @property
    def change(self) -> float:
        return self.truth[1] - self.truth[0]

    @property
    def held(self) -> bool:
        return self.low <= self.change <= self.high

    @property
    def width_of_allowed(self) -> float:
        return (self.high - self.low) / 2 / max(3.0, 0.12 * self.truth[0])


def outcome(seed: int) -> Outcome:
    """Compare one random pair."""
    pair = random_pair(seed)
    found = compare(pair.before.volume, pair.after.volume)
    whole = found["lungs"]
    interval = whole.change["opacity_ml"]
    assert interval is not None
    return Outcome(
        seed,
        pair.kind,
        pair.truth_ml,
        (whole.baseline.opacity_ml, whole.followup.opacity_ml),
        (_band_ml(found, 0), _band_ml(found, 1)),
        interval.low,
        interval.high,
        whole.verdict,
        _fate_dice(pair, found),
        dict(found.timings),
    )


def _band_ml(found: Comparison, number: int) -> float:
    point = (found.baseline, found.followup)[number]
    bands = fixed_bands(point.volume, point.organ, point.vessels)
    return next(band.volume_ml for band in bands if band.key == "ground_glass")


def _fate_dice(pair: Pair, found: Comparison) -> dict[str, float]:
    """Dice of each fate of more than 10 mL against that of the true masks under the true deformation."""
    if found.baseline.fate is None or found.followup.fate is None:
        return {}
    transform = true_transform(pair.before, pair.after)
    truth = find_fate(pair.before.opacity, pair.after.opacity, transform, settings=FateSettings(tolerance_mm=0.0))
    dice = {}
    for ours, true in ((found.baseline.fate, truth.baseline), (found.followup.fate, truth.followup)):
        for label in true.scheme:
            there = true.mask(label.key)
            if np.count_nonzero(there) * true.geometry.voxel_ml > 10.0:
                here = ours.mask(label.key)
                dice[label.key] = 2.0 * float(np.sum(here & there)) / float(here.sum() + there.sum())
    return dice


def run() -> list[dict[str, Any]]:
    """Rows of the change stage."""
    pairs = int(os.environ.get("CTREVIEW_BENCH_PAIRS", "12"))
    outcomes = [outcome(seed) for seed in range(FIRST_SEED, FIRST_SEED + pairs)]
    return [
        *_volume_rows(outcomes),
        *_interval_rows(outcomes),
        *_fate_rows(outcomes),
        *_time_rows(outcomes),
        *_real_rows(),
    ]


def _volume_rows(outcomes: Sequence[Outcome]) -> Iterator[dict[str, Any]]:
    large = [one for one in outcomes if abs(one.change) > 20.0]
    if large:
        ours, peer = (
            [100.0 * abs(getattr(one, name)[1] - getattr(one, name)[0] - one.change) / abs(one.change) for one in large]
            for name in ("found", "band")
        )
        yield {
            "stage": "change",
            "case": f"error of Δ mL, {len(large)} phantom pairs with |Δ| > 20 mL, median",
            "ours": float(np.median(ours)),
            "peer": float(np.median(peer)),
            "peer_name": "−700…−500 HU",
            "unit": "%",
            "goal": "ours <= 5",
            "note": f"worst {max(ours):.0f} % against {max(peer):.0f} %",
        }
    zero = [one for one in outcomes if one.kind in ("zero", "healthy")]
    if zero:
        unchanged = [one.verdict == "unchanged" for one in zero]
        yield {
            "stage": "change",
            "case": f"zero change called unchanged, {len(zero)} phantom pairs",
            "ours": 100.0 * float(np.mean(unchanged)),
            "unit": "%",
            "goal": "ours >= 100",
            "note": _binomial(sum(unchanged), len(zero)),
        }


def _interval_rows(outcomes: Sequence[Outcome]) -> Iterator[dict[str, Any]]:
    held = sum(one.held for one in outcomes)
    missed = ", ".join(str(one.seed) for one in outcomes if not one.held)
    yield {
        "stage": "change",
        "case": f"95 % interval holds the true Δ mL, {len(outcomes)} phantom pairs",
        "ours": 100.0 * held / len(outcomes),
        "unit": "%",
        "goal": "ours >= 93",
        "note": _binomial(held, len(outcomes)) + (f"; missed pairs {missed}" if missed else ""),
    }
    yield {
        "stage": "change",
        "case": "half width of the interval per max(3 mL, 12 % of baseline), median",
        "ours": float(np.median([one.width_of_allowed for one in outcomes])),
        "unit": "",
        "goal": "ours <= 1",
        "note": f"largest {max(one.width_of_allowed for one in outcomes):.1f}",
    }


def _fate_rows(outcomes: Sequence[Outcome]) -> Iterator[dict[str, Any]]:
    for key in ("resolved", "persistent", "worsened", "improved", "new", "persistent_followup"):
        dice = [one.fate_dice[key] for one in outcomes if key in one.fate_dice]
        if dice:
            yield {
                "stage": "change",
                "case": f"fate {key.replace('_', ' ')} over 10 mL, Dice, median of {len(dice)}",
                "ours": float(np.median(dice)),
                "unit": "",
                "goal": "ours >= 0.8",
                "note": f"worst {min(dice):.2f}",
            }


def _time_rows(outcomes: Sequence[Outcome]) -> Iterator[dict[str, Any]]:
    for step in outcomes[0].seconds:
        seconds = [one.seconds[step] for one in outcomes]
        yield {
            "stage": "change",
            "case": f"compare, phantom pairs: {step}, both scans added, median",
            "ours": float(np.median(seconds)),
            "unit": "s",
        }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    yield {"stage": "change", "case": "peak memory of this run", "ours": peak, "unit": "GiB", "goal": "ours <= 4"}


def _binomial(held: int, of: int) -> str:
    """Share with its exact binomial interval."""
    found = binomtest(held, of).proportion_ci(0.95, method="exact")
    return f"{held} of {of}; 95 % interval {100 * found.low:.0f}–{100 * found.high:.0f} %"


# -- zero change by construction, on real scans -----------------------------------------------------------------------


def _real_rows() -> Iterator[dict[str, Any]]:
    data = Path(os.environ.get("CTREVIEW_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    for case, before, after in _zero_pairs(data):
        found = compare(before, after, allow_different_patients=True)
        interval = found["lungs"].change["opacity_ml"]
        assert interval is not None
        yield {
            "stage": "change",
            "case": f"zero change: {case}",
            "ours": interval.value,
            "unit": "mL",
            "note": f"{found['lungs'].baseline.opacity_ml:.1f} → {found['lungs'].followup.opacity_ml:.1f} mL, interval "
            f"{interval.low:.1f} to {interval.high:.1f}, {found.verdict}, widest: {interval.dominant}",
        }


def _zero_pairs(data: Path) -> Iterator[tuple[str, Volume, Volume]]:
    """Pairs of one scan and the same scan made to look a little different."""
    if not data.is_dir():
        return
    kernels = sorted(path for path in (data / "two_kernels").iterdir() if path.is_dir())
    if len(kernels) == 2:
        one, other = (load_volume(path) for path in kernels)
        yield "two kernels of one acquisition", one, other
    ill = _coarser(load_volume(data / "covid_p001"))
    yield "a scan against itself", ill, ill
    random = np.random.default_rng(1)
    noisy = ill.array + ndimage.gaussian_filter(random.normal(0, 60, ill.array.shape), (0, 0.7, 0.7))
    yield "with more noise", ill, ill.with_array(np.round(noisy).astype(np.int16))
    moved = ndimage.shift(ill.array, (0.4, 0.4, 0.4), order=1, mode="nearest")
    yield "shifted by 0.4 voxels", ill, ill.with_array(moved)


def _coarser(volume: Volume) -> Volume:
    """Every second voxel within the slice: the zero does not depend on it, and it is four times as quick."""
    array = volume.array[:, ::2, ::2]
    affine = np.array(volume.geometry.affine)
    affine[:3, 1:3] *= 2
    return replace(
        volume,
        array=array,
        geometry=Geometry(array.shape, affine, volume.geometry.frame_of_reference),  # type: ignore[arg-type]
    )
