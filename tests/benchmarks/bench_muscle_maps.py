"""Maps of muscle MRI against the truth of the phantom: a child and an adult, with noise and an uneven coil.

The phantom and the fits share their models of fat and of spin echoes (which tests hold against rotating vectors), so
these rows say what noise, fields and partial volume do, not whether real tissue follows the models.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.ndimage import binary_erosion

from ctreview.muscle.maps.fat_fraction import dixon_fat_fraction, echo_fat_fraction
from ctreview.muscle.maps.swaps import mend_swaps
from ctreview.muscle.maps.water_t2 import water_t2
from ctreview.phantom.muscle import (
    ADULT_LEGS,
    CHILD_LEGS,
    FattyMuscle,
    Legs,
    LegsSettings,
    MrScanner,
    OedemaPatch,
    make_legs,
    scan_dixon,
    scan_gradient_echoes,
    scan_spin_echoes,
)

Row = dict[str, Any]

BODIES: dict[str, LegsSettings] = {
    "adult": replace(ADULT_LEGS, spacing=(30.0, 1.4, 1.4)),
    "child": replace(CHILD_LEGS, spacing=(20.0, 1.0, 1.0)),
}
GROUPS = {"left_quadriceps": "healthy", "right_hamstrings": "30 % fat", "left_hamstrings": "75 % fat"}
SWAPS = ("whole", "right", "left", "upper")
SEEDS = range(100, 110)
LARGE = (60, 320, 320)


def run() -> list[Row]:
    """Fat fraction, T2, swaps, speed."""
    rows: list[Row] = []
    for name, settings in BODIES.items():
        ill = replace(
            settings,
            fatty=(FattyMuscle("right", "hamstrings", 0.3), FattyMuscle("left", "hamstrings", 0.75)),
            oedema=(OedemaPatch("left", "quadriceps", 0.5, 0.4 * settings.thigh_radius_mm),),
        )
        legs = make_legs(ill)
        rows += [*_fat_fraction(name, legs), *_t2(name, legs)]
    return [*rows, *_swaps(), *_speed()]


def _inside(legs: Legs, group: str) -> np.ndarray:
    """A group without the voxels at its edge."""
    muscle = legs.tissues.mask("muscle") & legs.groups.mask(group)
    return np.stack([binary_erosion(layer, iterations=2) for layer in muscle])


def _fat_fraction(name: str, legs: Legs) -> Iterator[Row]:
    for signal_to_noise in (80.0, 30.0):
        for field in (1.5, 3.0):
            scanner = MrScanner(field_strength_t=field, signal_to_noise=signal_to_noise)
            found = echo_fat_fraction(scan_gradient_echoes(legs, scanner, spacing_ms=1.23 if field > 2 else 1.6))
            for group, words in GROUPS.items():
                yield _error(
                    f"{name}, {field:g} T, signal to noise {signal_to_noise:g}: proton-density fat fraction, {words}",
                    100 * _bias(found.array, legs.fat_fraction.array, _inside(legs, group)),
                    "points",
                    1.0,
                )
    scan = scan_dixon(legs)
    found = dixon_fat_fraction(scan.water, scan.fat)
    for group, words in GROUPS.items():
        bias = 100 * _bias(found.array, legs.fat_fraction.array, _inside(legs, group))
        yield {
            "stage": "muscle maps",
            "case": f"{name}, 3 T: signal fat fraction of two points, {words}",
            "ours": abs(bias),
            "unit": "points",
            "note": "no goal: one peak of fat, T2* and T1 weighting are in it",
        }


def _t2(name: str, legs: Legs) -> Iterator[Row]:
    for spread in (0.15, 0.35):
        echoes = scan_spin_echoes(legs, MrScanner(b1_spread=spread))
        found = water_t2(echoes, subcutaneous_fat=legs.tissues.mask("subcutaneous_fat"))
        places = {
            "healthy": _inside(legs, "right_quadriceps"),
            "30 % fat": _inside(legs, "right_hamstrings"),
            "oedema": _inside(legs, "left_quadriceps") & legs.oedema,
        }
        for words, where in places.items():
            bias = _bias(found.array, legs.t2.array, where)
            yield _error(f"{name}, B1 off by up to {100 * spread:.0f} %: T2 of water, {words}", bias, "ms", 3.0)


def _bias(found: np.ndarray, true: np.ndarray, where: np.ndarray) -> float:
    return float(found[where].mean() - true[where].mean())


def _error(case: str, bias: float, unit: str, limit: float) -> Row:
    return {
        "stage": "muscle maps",
        "case": case,
        "ours": abs(bias),
        "unit": unit,
        "goal": f"ours <= {limit:g}",
        "note": f"{bias:+.2f} {unit}",
    }


def _swaps() -> Iterator[Row]:
    bodies = {
        **BODIES,
        "thin child": replace(BODIES["child"], subcutaneous_mm=2.5),
        "half fat": replace(BODIES["adult"], fat_fraction=0.5),
    }
    for name, settings in bodies.items():
        missed = invented = planted = 0
        for seed in SEEDS:
            legs = make_legs(replace(settings, anatomy_seed=seed, spacing=tuple(1.6 * s for s in settings.spacing)))
            scanner = MrScanner(seed=seed, stations=2, signal_to_noise=40.0, coil_bias=0.5)
            right = scan_dixon(legs, scanner)
            invented += len(mend_swaps(right.water, right.fat).parts)
            for swap in SWAPS:
                scan = scan_dixon(legs, replace(scanner, swap=swap))
                mended = mend_swaps(scan.water, scan.fat).water.array
                body = legs.tissues.array > 0
                planted += 1
                missed += float(np.mean(mended[body] != right.water.array[body])) > 0.002
        for words, number, of in (("missed", missed, planted), ("invented", invented, len(SEEDS))):
            yield {
                "stage": "muscle maps",
                "case": f"{name}: swaps of water and fat, {words} of {of}",
                "ours": float(number),
                "unit": "swaps",
                "goal": "ours <= 0",
            }


def _speed() -> Iterator[Row]:
    legs = make_legs(replace(ADULT_LEGS, pelvis=False, spacing=(6.0, 1.3, 1.3), shape=LARGE))
    for words, images, method in (
        ("fat fraction of six echoes", scan_gradient_echoes(legs), echo_fat_fraction),
        ("T2 of 17 echoes", scan_spin_echoes(legs), water_t2),
    ):
        start = time.perf_counter()
        found = method(images)
        yield {
            "stage": "muscle maps",
            "case": f"{words}, {LARGE[1]} × {LARGE[2]} × {LARGE[0]}",
            "ours": time.perf_counter() - start,
            "unit": "s",
            "goal": "ours <= 10",
            "note": f"{found.valid.sum() / 1e6:.1f} million voxels of body",
        }
