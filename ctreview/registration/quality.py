"""Quality of a registration, and whether it is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ctreview.checks import Check, Effect
from ctreview.registration.features import mind_descriptors
from ctreview.registration.field import jacobian, lowest_jacobian
from ctreview.registration.keypoints import find_keypoints
from ctreview.registration.matching import regularise_displacements, similarity_costs
from ctreview.registration.pair import RegistrationPair
from ctreview.registration.settings import MatchingStage
from ctreview.volume.transform import Transform

__all__ = ["QualityLimits", "local_volume_ratio", "quality_checks", "quality_figures"]

Mask = npt.NDArray[np.bool_]

RESIDUAL_SPACING_MM = 1.5
RESIDUAL_SEARCH = 4
RESIDUAL_PATCH = 3
RESIDUAL_KEYPOINTS = 1500
SURFACE_VOXELS = 4
WELL_MATCHED_MM = 2.3
"""A keypoint whose own best match lies no farther than this (one and a half voxels) is matched well."""


@dataclass(frozen=True)
class QualityLimits:
    """Up to where a registration is accepted.

    ``matched_share`` lies between wrong pairs (0.07 to 0.21 where tried; 0.03 would be chance) and the same person's
    at two dates (0.38 on the phantom child, whose vessels are sparse; 0.87 and more on a real lung).
    """

    folding_share: float = 0.0
    mask_dice: float = 0.9
    matched_share: float = 0.27
    volume_mismatch: float = 0.1
    inverse_mm: float = 1.5


def local_volume_ratio(transform: Transform) -> npt.NDArray[np.float32]:
    """How much room tissue takes, det J of a transform, at the nodes of its grid (above 1: more in the moving image).

    Shape ``transform.grid.shape``; a single value of shape (1, 1, 1) for an affine alone.
    """
    whole = np.float32(np.linalg.det(transform.affine[:3, :3]))
    if transform.displacement is None or transform.grid is None:
        return np.full((1, 1, 1), whole, dtype=np.float32)
    return jacobian(transform.displacement, transform.grid) * whole


def quality_figures(pair: RegistrationPair, transform: Transform, *, threads: int = 1) -> dict[str, float]:
    """The figures that a registration is judged by.

    Returns
    -------
    dict of str to float
        ``folding_share``: share of the mask's cells that fold anywhere. ``jacobian_1``, ``jacobian_50``,
        ``jacobian_99``: percentiles of det J in the mask. ``volume_ratio``: ∫ det J over the fixed mask per its
        volume; ``volume_ratio_measured``: moving per fixed mask volume. ``mask_dice``: overlap of the fixed with the
        warped moving mask. ``matched_share``: share of keypoints of the *moving* image, 6 mm and more inside, which no
        engine was fitted to, whose best match lies within 2.3 mm of where the transform says (chance: 3 %; two
        people: 15–20 %; one person: 90–98 %). ``residual_mm``: their
        median distance. ``inverse_mm``: mean displacement that matching the other way round asks for, after
        agreement among neighbours; 0 where forward and backward are consistent.
    """
    figures = _shape(pair, transform, threads)
    figures |= _residual(pair, transform, threads)
    return figures


def _shape(pair: RegistrationPair, transform: Transform, threads: int) -> dict[str, float]:
    measured = pair.moving.volume_ml / pair.fixed.volume_ml
    ratio = local_volume_ratio(transform)
    if transform.grid is None or transform.displacement is None:
        value = float(ratio.ravel()[0])
        share = float(value <= 0)
        low = middle = high = mean = value
    else:
        inside = pair.fixed_mask_on(transform.grid, threads=threads)
        values = ratio[inside]
        low, middle, high = (float(v) for v in np.percentile(values, (1, 50, 99)))
        mean = float(values.mean(dtype=np.float64))
        cells = inside[:-1, :-1, :-1]
        lowest = lowest_jacobian(transform.displacement, transform.grid) * np.linalg.det(transform.affine[:3, :3])
        share = float((lowest[cells] <= 0).mean())
    return {
        "folding_share": share,
        "jacobian_1": low,
        "jacobian_50": middle,
        "jacobian_99": high,
        "volume_ratio": mean,
        "volume_ratio_measured": measured,
    }


def _residual(pair: RegistrationPair, transform: Transform, threads: int) -> dict[str, float]:
    level = pair.level(RESIDUAL_SPACING_MM, threads=threads)
    grid, inside = level.grid, level.mask
    warped = pair.moving_mask_on(grid, transform, threads=threads)
    both = np.count_nonzero(inside & warped)
    dice = 2 * both / (np.count_nonzero(inside) + np.count_nonzero(warped))
    moved = pair.moving_on(grid, transform, threads=threads)
    points = find_keypoints(moved, _deep(inside & warped), RESIDUAL_KEYPOINTS, threads=threads)
    if len(points) == 0:
        return {"mask_dice": dice, "matched_share": 0.0, "residual_mm": np.inf, "inverse_mm": np.inf}
    costs = similarity_costs(
        mind_descriptors(moved, threads=threads),
        level.descriptors,
        points,
        search=RESIDUAL_SEARCH,
        patch=RESIDUAL_PATCH,
        threads=threads,
    )
    side = 2 * RESIDUAL_SEARCH + 1
    best = np.stack(np.unravel_index(costs.argmin(axis=1), (side, side, side)), axis=1) - RESIDUAL_SEARCH
    away = np.linalg.norm(best, axis=1) * RESIDUAL_SPACING_MM
    agreed = regularise_displacements(
        points,
        costs,
        search=RESIDUAL_SEARCH,
        width=12.0 / RESIDUAL_SPACING_MM,
        coupling=MatchingStage.coupling,
        threads=threads,
    )
    back = np.linalg.norm(agreed.displacements[agreed.kept], axis=1) * RESIDUAL_SPACING_MM
    return {
        "mask_dice": float(dice),
        "matched_share": float((away <= WELL_MATCHED_MM).mean()),
        "residual_mm": float(np.median(away)),
        "inverse_mm": float(back.mean()),
    }


def _deep(inside: Mask) -> Mask:
    # The surfaces of two people fit as well as those of one; what lies beneath does not.
    deep = np.asarray(ndimage.binary_erosion(inside, iterations=SURFACE_VOXELS))
    return deep if deep.any() else inside


def quality_checks(figures: Mapping[str, float], *, limits: QualityLimits | None = None) -> tuple[Check, ...]:
    """What the figures mean for whoever wants to use the transform."""
    limits = limits or QualityLimits()
    mismatch = figures["volume_ratio"] / figures["volume_ratio_measured"] - 1
    return (
        _check(
            "registration_folding",
            figures["folding_share"],
            limits.folding_share,
            figures["folding_share"] <= limits.folding_share,
            "Space folds nowhere.",
            "Space folds onto itself in places; what became of the tissue there cannot be told.",
            effect="widens",
        ),
        _check(
            "registration_overlap",
            figures["mask_dice"],
            limits.mask_dice,
            figures["mask_dice"] >= limits.mask_dice,
            "The organ's outlines lie on one another.",
            "The organ's outlines do not lie on one another; the two images may show different parts.",
            effect="stops",
        ),
        _check(
            "registration_matched",
            figures["matched_share"],
            limits.matched_share,
            figures["matched_share"] >= limits.matched_share,
            "Vessels and other structures of one image were found again in the other.",
            "Most structures of one image were not found again in the other: the registration failed, or the two "
            "images are not of one person.",
            effect="stops",
        ),
        _check(
            "registration_volume",
            mismatch,
            limits.volume_mismatch,
            abs(mismatch) <= limits.volume_mismatch,
            "The deformation explains the change of the organ's volume.",
            f"The deformation misses the measured change of the organ's volume by {abs(mismatch):.0%}.",
        ),
        _check(
            "registration_inverse",
            figures["inverse_mm"],
            limits.inverse_mm,
            figures["inverse_mm"] <= limits.inverse_mm,
            "Matching in the other direction agrees.",
            f"Matching in the other direction differs by {figures['inverse_mm']:.1f} mm on average.",
        ),
    )


def _check(name: str, value: float, limit: float, ok: bool, good: str, bad: str, *, effect: Effect = "tells") -> Check:
    return Check(name, value, limit, bool(ok), good if ok else bad, effect)
