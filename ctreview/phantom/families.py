"""Random phantoms and hybrids: what benchmarks measure over.

Each seed is one case. Ages, breath, posture, protocol, bodies and vessels differ, and lesions run from half a
millilitre to hundreds, from faint to solid, from the pleura to the hilum; pairs hold lesions that go, stay, shrink,
turn solid or come, and some pairs hold no change at all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np

from ctreview.phantom.body import Shape, lungs_ml
from ctreview.phantom.hybrid import Host, Hybrid, HybridSettings, make_hybrid
from ctreview.phantom.lesions import Lesion, Pattern
from ctreview.phantom.motion import Bump, triple
from ctreview.phantom.schemes import LOBES
from ctreview.phantom.thorax import Phantom, ThoraxSettings, make_thorax

__all__ = ["random_hybrid", "random_hybrid_pair", "random_lesions", "random_phantom", "random_phantom_pair"]

_PATTERNS: tuple[Pattern, ...] = ("ventral", "dorsal", "basal", "patches", "subpleural", "diffuse")
_SOLID: tuple[Pattern, ...] = ("dorsal", "basal", "subpleural")
"""Where consolidation lies: dorsal, basal and under the costal pleura, as in organising pneumonia. In front of the
heart or along the mediastinum one scan does not tell it from them; what becomes of it there is measured apart."""

_SHARES = {
    "right_upper_lobe": 0.21,
    "right_middle_lobe": 0.07,
    "right_lower_lobe": 0.20,
    "left_upper_lobe": 0.28,
    "left_lower_lobe": 0.20,
    "right_lung": 0.48,
    "left_lung": 0.44,
}
"""About how much of both lungs a part is."""


def random_lesions(
    rng: np.random.Generator, lungs_ml: float, *, places: tuple[str, ...] = LOBES, strength: str = "any"
) -> tuple[Lesion, ...]:
    """One to five lesions: log-uniform from 0.5 mL to 6 % of the lungs each, at most a third of their place.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    lungs_ml : float
        Volume of both lungs.
    places : tuple of str
        Lobes or lungs to choose from; at most one lesion of each kind in each.
    strength : {"any", "faint", "clear"}
        Added density 75–150 HU, 150–350 HU, or either.
    """
    chosen = rng.permutation(places)[: rng.integers(1, min(5, len(places)) + 1)]
    lesions = []
    for place in chosen:
        room = 0.33 * _SHARES[str(place)] * lungs_ml
        volume = float(min(np.exp(rng.uniform(np.log(0.5), np.log(0.06 * lungs_ml))), room))
        solid = strength == "any" and rng.random() < 0.22
        lesions.append(_lesion(rng, "consolidation" if solid else "ground_glass", str(place), volume, strength))
        if not solid and volume > 8 and rng.random() < 0.25:
            # a solid core in the haze: the same shape, smaller
            lesions.append(replace(lesions[-1], kind="consolidation", volume_ml=volume * rng.uniform(0.1, 0.4)))
    return tuple(lesions)


def _lesion(
    rng: np.random.Generator,
    kind: Literal["ground_glass", "consolidation"],
    place: str,
    volume_ml: float,
    strength: str,
) -> Lesion:
    faint = strength == "faint" or (strength == "any" and rng.random() < 0.35)
    patterns = _SOLID if kind == "consolidation" else _PATTERNS if volume_ml > 6 else ("patches", "subpleural")
    lesion = Lesion(
        kind,
        place,
        patterns[rng.integers(len(patterns))],
        volume_ml,
        added_hu=float(rng.uniform(75, 150) if faint else rng.uniform(150, 350)),
        number=1 if volume_ml < 2 else int(rng.integers(1, 6)),
        edge_mm=float(rng.uniform(2, 7)) if kind == "ground_glass" else float(rng.uniform(1.5, 3)),
        roughness_mm=float(rng.uniform(4, 12)),
        seed=int(rng.integers(1, 10_000)),
    )
    if lesion.pattern == "diffuse":
        # the score of clouds rises slowly, so that their border is about twice as wide as it says
        lesion = replace(lesion, edge_mm=lesion.edge_mm / 2)
    if kind == "consolidation" and lesion.pattern == "subpleural":
        outward = 0.0 if place.startswith("right") else 1.0
        return replace(lesion, number=1, place=(outward, float(rng.uniform(0.4, 0.9)), float(rng.uniform(0.2, 0.8))))
    return lesion


def _bumps(rng: np.random.Generator, size: float, count: int) -> tuple[Bump, ...]:
    """Smooth shifts of up to some millimetres inside the lungs; too small against their width to fold."""
    found = []
    for _ in range(count):
        side = rng.choice((-1.0, 1.0))
        centre = size * np.array([side * rng.uniform(35, 95), rng.uniform(-50, 60), rng.uniform(-90, 80)])
        width = size * rng.uniform(28, 50)
        shift = rng.normal(0, 0.06 * width, 3)
        found.append(Bump(triple(centre), triple(shift), float(width)))
    return tuple(found)


def _shape(rng: np.random.Generator, age: float) -> Shape:
    usual = ThoraxSettings(age_years=age).body
    return replace(
        usual,
        width=usual.width * rng.uniform(0.93, 1.07),
        depth=usual.depth * rng.uniform(0.93, 1.08),
        heart=usual.heart * rng.uniform(0.9, 1.1),
        right_dome=usual.right_dome + rng.uniform(-10, 12),
        left_dome=usual.left_dome + rng.uniform(-10, 10),
        oblique_right=usual.oblique_right + rng.uniform(-10, 10),
        oblique_left=usual.oblique_left + rng.uniform(-10, 10),
        minor=usual.minor + rng.uniform(-8, 8),
        fissure_bend=rng.uniform(2, 8),
        fat=usual.fat * rng.uniform(0.5, 2.0),
        gas=float(rng.choice((0.0, 0.8, 1.3))),
        colon_gas=float(rng.choice((0.0, 0.0, 1.0, 1.4))),
    )


def _settings(rng: np.random.Generator, age_years: float | None, changes: dict[str, Any]) -> ThoraxSettings:
    age = age_years if age_years is not None else float(rng.choice((4.0, 5.0, 8.0, 12.0, 25.0, 45.0, 65.0)))
    fine = 0.62 if age < 7 else 0.8 if age < 14 else 1.0
    step = float(rng.choice((0.7, 0.8, 0.95))) * fine
    chosen: dict[str, Any] = {
        "age_years": age,
        "breath_depth": float(rng.uniform(0.55, 1.0)),
        "position": str(rng.choice(("HFS", "HFS", "HFS", "FFS", "HFP"))),
        "spacing": (float(rng.choice((1.0, 1.5, 2.0, 3.0))) * max(fine, 0.75), step, step),
        "kernel": "soft" if rng.random() < 0.75 else "sharp",
        "noise_hu": float(rng.uniform(8, 28)),
        "shape": _shape(rng, age),
        "anatomy_seed": int(rng.integers(1, 1_000_000)),
        "seed": int(rng.integers(1, 1_000_000)),
        "turn_degrees": float(rng.normal(0, 2)),
        "offset": triple(rng.normal(0, (8, 8, 60))),
        "markings": float(max(0.0, rng.normal(0, 0.25))),
        "table": bool(rng.random() < 0.9),
    }
    return ThoraxSettings(**{**chosen, **changes})


def _lungs_ml(settings: ThoraxSettings) -> float:
    return float(lungs_ml(settings.body) * settings.motion.mean_scale**3)


def random_phantom(
    seed: int, *, age_years: float | None = None, healthy: bool = False, strength: str = "any", **changes: Any
) -> Phantom:
    """One random thorax.

    Parameters
    ----------
    seed : int
        The case.
    age_years : float, optional
        Else 4 to 65.
    healthy : bool
        Plant nothing.
    strength : {"any", "faint", "clear"}
        See `random_lesions`.
    **changes
        Fields of `ThoraxSettings` that are not left to chance, such as ``spacing=(3, 3, 3)``.
    """
    rng = np.random.default_rng([seed, 17])
    settings = _settings(rng, age_years, changes)
    lesions = () if healthy else random_lesions(rng, _lungs_ml(settings), strength=strength)
    return make_thorax(lesions, settings=settings)


def random_phantom_pair(
    seed: int, *, age_years: float | None = None, changed: bool | None = None, **changes: Any
) -> tuple[Phantom, Phantom]:
    """Two visits of one random body; `true_transform` of them is the correspondence.

    Parameters
    ----------
    seed : int
        The case.
    age_years : float, optional
        Else 4 to 65.
    changed : bool, optional
        Whether opacity changes; else in three of four pairs.
    **changes
        Fields of `ThoraxSettings`, for both visits.
    """
    rng = np.random.default_rng([seed, 19])
    first = _settings(rng, age_years, changes)
    lungs = _lungs_ml(first)
    before = random_lesions(rng, lungs)
    moves = changed if changed is not None else bool(rng.random() < 0.75)
    after = _later(rng, before, lungs, LOBES) if moves else before
    size = first.motion.mean_scale
    second = replace(
        first,
        seed=first.seed + 1,
        breath_depth=float(np.clip(first.breath_depth + rng.normal(0, 0.08), 0.45, 1.05)),
        turn_degrees=first.turn_degrees + float(rng.normal(0, 2)),
        offset=triple(np.add(first.offset, rng.normal(0, (6, 6, 30)))),
        bumps=_bumps(rng, size, 4),
        noise_hu=first.noise_hu * float(rng.uniform(0.75, 1.3)),
        **{key: value for key, value in changes.items() if key in {"breath_depth", "bumps", "noise_hu"}},
    )
    return make_thorax(before, settings=first), make_thorax(after, settings=second)


def _later(
    rng: np.random.Generator, before: tuple[Lesion, ...], lungs_ml: float, places: tuple[str, ...]
) -> tuple[Lesion, ...]:
    """What became of lesions: gone, smaller, fainter, larger, solid, as it was; and now and then a new one."""
    after = []
    for lesion in before:
        room = 0.33 * _SHARES[lesion.lobe] * lungs_ml
        fate = rng.choice(("gone", "gone", "smaller", "fainter", "larger", "turned", "same"))
        if fate == "smaller":
            after.append(replace(lesion, volume_ml=lesion.volume_ml * rng.uniform(0.15, 0.7)))
        elif fate == "fainter":
            after.append(replace(lesion, added_hu=max(75.0, lesion.added_hu * rng.uniform(0.4, 0.8))))
        elif fate == "larger":
            after.append(replace(lesion, volume_ml=min(lesion.volume_ml * rng.uniform(1.2, 2.2), room)))
        elif fate == "turned" and lesion.kind == "consolidation":
            after.append(replace(lesion, kind="ground_glass"))
        elif fate == "turned" and lesion.pattern in ("dorsal", "basal"):
            after.append(replace(lesion, kind="consolidation"))
        elif fate in ("same", "turned"):
            after.append(lesion)
    if rng.random() < 0.3:
        after += random_lesions(rng, lungs_ml, places=(str(rng.choice(places)),))
    return tuple(after)


def _both_lungs(host: Host) -> tuple[float, tuple[str, ...]]:
    """Volume of the host's lungs as if it had both, and those it has."""
    counts = np.bincount(host.sides.ravel(), minlength=3)[1:] * host.volume.geometry.voxel_ml
    there = tuple(side for side, ml in zip(("right_lung", "left_lung"), counts, strict=True) if ml > 100)
    return float(counts.sum() * (2.0 if len(there) == 1 else 1.0)), there


def random_hybrid(host: Host, seed: int, *, strength: str = "any", still: bool = True) -> Hybrid:
    """Random lesions in a real scan.

    Parameters
    ----------
    host : Host
        The scan.
    seed : int
        The case.
    strength : {"any", "faint", "clear"}
        See `random_lesions`.
    still : bool
        Leave the scan as it is but for the lesions; else it breathes, moves and gets other noise.
    """
    rng = np.random.default_rng([seed, 23])
    lungs, sides = _both_lungs(host)
    lesions = random_lesions(rng, lungs, places=sides, strength=strength)
    return make_hybrid(host, lesions, settings=HybridSettings(seed=seed) if still else _rescan(rng, host, seed))


def random_hybrid_pair(
    host: Host,
    seed: int,
    *,
    changed: bool | None = None,
    strength: str = "any",
    places: tuple[str, ...] = ("right_lung", "left_lung"),
) -> tuple[Hybrid, Hybrid]:
    """A real scan with lesions, and the same patient later: other lesions, breath, place, noise and kernel.

    `true_transform` of the two is the correspondence. Nothing is planted outside ``places``, such as in a lung that is
    ill already. Other parameters as in `random_hybrid` and `random_phantom_pair`.
    """
    rng = np.random.default_rng([seed, 29])
    lungs, sides = _both_lungs(host)
    sides = tuple(side for side in sides if side in places)
    before = random_lesions(rng, lungs, places=sides, strength=strength)
    moves = changed if changed is not None else bool(rng.random() < 0.75)
    after = _later(rng, before, lungs, sides) if moves else before
    return make_hybrid(host, before), make_hybrid(host, after, settings=_rescan(rng, host, seed))


def _rescan(rng: np.random.Generator, host: Host, seed: int) -> HybridSettings:
    kernel = rng.choice(("same", "same", "softer", "sharper"))
    return HybridSettings(
        breath_depth=float(np.clip(rng.normal(0.95, 0.1), 0.7, 1.12)),
        offset=triple(rng.normal(0, (5, 4, 12))),
        turn_degrees=float(rng.normal(0, 1.5)),
        bumps=_bumps(rng, host.motion.mean_scale, 4),
        blur_mm=0.6 if kernel == "softer" else 0.0,
        sharpening=0.5 if kernel == "sharper" else 0.0,
        noise_hu=float(rng.uniform(5, 20)),
        seed=seed,
    )
