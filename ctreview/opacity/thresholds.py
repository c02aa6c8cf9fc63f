"""From normal lung to where opacity begins: each scan by itself, and one rule for several timepoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ctreview.checks import Check
from ctreview.errors import WrongUse
from ctreview.opacity.normal import NormalLung
from ctreview.opacity.settings import OpacitySettings

__all__ = ["Thresholds", "common_thresholds", "own_thresholds"]

GREATEST_RATIO = 4.0 / 3.0
"""Ratio of lung volumes beyond which constant mass no longer predicts density."""

AGREEMENT_HU = 25.0


@dataclass(frozen=True)
class Thresholds:
    """Where opacity begins in one scan.

    Attributes
    ----------
    normal_hu : float
        Density of normal lung halfway down gravity.
    excess_hu : float
        Opacity begins this much above normal.
    consolidation_hu : float
        Opacity denser than this is consolidation.
    rule : {"own", "common"}
        Whether the scan was judged by itself or by one rule for all timepoints.
    checks : tuple of Check
        What makes the rule less than sure.
    """

    normal_hu: float
    excess_hu: float
    consolidation_hu: float
    rule: Literal["own", "common"]
    checks: tuple[Check, ...] = ()

    @property
    def ground_glass_hu(self) -> float:
        """Where ground glass begins halfway down gravity, in HU."""
        return self.normal_hu + self.excess_hu


def own_thresholds(normal: NormalLung, *, settings: OpacitySettings | None = None) -> Thresholds:
    """Judge one scan by its own normal lung: μ + 2.5σ, clamped."""
    settings = settings or OpacitySettings()
    return Thresholds(
        normal.mu_hu,
        _excess(normal.sigma_hu, settings),
        _consolidation(normal.mu_hu, settings),
        "own",
        normal.checks,
    )


def common_thresholds(
    normals: Sequence[NormalLung],
    *,
    inflation: Sequence[float] | None = None,
    offsets_hu: Sequence[float] | None = None,
    settings: OpacitySettings | None = None,
) -> tuple[Thresholds, ...]:
    """Judge all timepoints of a patient by one normal lung, adjusted to how deep each breath was.

    Fitted one by one, the drift of the fits would show up as change. Normal lung is taken to keep its mass: with
    ρ = 1 + HU/1000 and lung volume V, ρ·V is one number for the patient, the mean of the timepoints' (weighted by
    how much normal lung each was fitted on), and each timepoint's normal density follows from its V. One σ, pooled,
    serves all.

    Parameters
    ----------
    normals : sequence of NormalLung
        One for each timepoint.
    inflation : sequence of float, optional
        How inflated each lung is, in any one unit; lung volume where not given. Hand in volume divided by the
        volume predicted from height where the child grew between the timepoints.
    offsets_hu : sequence of float, optional
        By how much each scan reads too high, as what does not change between them tells (air). Kernels shift the
        density of the whole lung.

    Returns
    -------
    tuple of Thresholds
        One for each timepoint. Check ``normal_lung_agreement`` says whether own fits and the common rule agree.

    Raises
    ------
    WrongUse
        No timepoint was given, or the numbers of inflation do not fit.
    """
    settings = settings or OpacitySettings()
    volumes = [normal.lung_ml for normal in normals] if inflation is None else [float(v) for v in inflation]
    if not normals or len(volumes) != len(normals) or min(volumes) <= 0:
        raise WrongUse("a common rule needs at least one timepoint, and one inflation above 0 for each")
    offsets = [0.0] * len(normals) if offsets_hu is None else [float(offset) for offset in offsets_hu]
    if len(offsets) != len(normals):
        raise WrongUse("a common rule needs one offset for each timepoint")
    weights = np.array([n.normal_fraction if n.source == "histogram" else 0.0 for n in normals])
    if weights.sum() == 0:
        weights = np.ones(len(normals))
    weights = weights / weights.sum()
    if max(volumes) / min(volumes) > GREATEST_RATIO:
        normal_hu = [n.mu_hu for n in normals]
    else:
        products = np.array([(1000.0 + n.mu_hu - o) * v for n, v, o in zip(normals, volumes, offsets, strict=True)])
        product = float(np.exp(np.sum(weights * np.log(np.maximum(products, 1.0)))))
        normal_hu = [product / v - 1000.0 + o for v, o in zip(volumes, offsets, strict=True)]
    sigma = float(np.sqrt(np.sum(weights * np.array([n.sigma_hu for n in normals]) ** 2)))
    excess = _excess(sigma, settings)
    apart = max(abs(n.mu_hu - hu) for n, hu in zip(normals, normal_hu, strict=True))
    spread = max(volumes) / min(volumes)
    check = _agreement(apart, spread)
    return tuple(
        Thresholds(hu, excess, _consolidation(hu, settings), "common", (*normal.checks, check))
        for hu, normal in zip(normal_hu, normals, strict=True)
    )


def _agreement(apart: float, spread: float) -> Check:
    if spread > GREATEST_RATIO:
        message = f"Lung volumes differ {spread:.2f}-fold, so that each scan was judged by its own normal lung."
    elif apart > AGREEMENT_HU:
        message = f"The scans' own normal lung and the common one are up to {apart:.0f} HU apart."
    else:
        message = f"The scans' own normal lung and the common one agree within {apart:.0f} HU."
    ok = spread <= GREATEST_RATIO and apart <= AGREEMENT_HU
    return Check("normal_lung_agreement", round(apart, 1), AGREEMENT_HU, ok, message)


def _excess(sigma_hu: float, settings: OpacitySettings) -> float:
    return float(min(max(settings.sigmas * sigma_hu, settings.least_excess_hu), settings.greatest_excess_hu))


def _consolidation(normal_hu: float, settings: OpacitySettings) -> float:
    """Half of what the normal lung is denser than an adult's at inspiration is added to the limit."""
    low, high = settings.consolidation_range_hu
    return float(min(max(settings.consolidation_hu + (normal_hu + 850.0) / 2, low), high))
