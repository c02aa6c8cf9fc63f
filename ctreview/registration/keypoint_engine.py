"""The built-in engine: keypoints matched in stages, from far and coarse to near and fine."""

from __future__ import annotations

from ctreview.progress import Progress, quiet
from ctreview.registration.affine import estimate_affine
from ctreview.registration.field import FADE_MM, FIELD_MARGIN_MM, field_geometry, taper, unfold
from ctreview.registration.matching import match_keypoints
from ctreview.registration.pair import RegistrationPair
from ctreview.registration.scattered import smooth_field
from ctreview.registration.settings import MatchingStage, RegistrationSettings
from ctreview.volume.geometry import Geometry
from ctreview.volume.transform import Transform

__all__ = ["register_by_keypoints"]


def register_by_keypoints(
    pair: RegistrationPair, *, settings: RegistrationSettings, progress: Progress = quiet
) -> Transform:
    """Affine, then one smooth displacement, refitted to finer and finer matches.

    Every stage brings the moving image onto the fixed grid with what is known so far, matches keypoints of the
    fixed image in it, and smooths the *whole* displacement of the keypoints, so that errors of stages do not add
    up. Structure is matched instead of brightness, so that opacity that came or went may stay in the picture; only
    the edges of what the pair marks to be ignored are not aimed at.

    Raises
    ------
    RegistrationFailed
        The affine cannot be right.
    """
    steps = len(settings.stages) + 1
    progress(0, steps, "aligning")
    transform = pair.transform(estimate_affine(pair, settings=settings))
    nodes = field_geometry(pair.grid(settings.grid_mm, 0.0), settings.grid_mm, FIELD_MARGIN_MM)
    for number, stage in enumerate(settings.stages):
        progress(number + 1, steps, "matching keypoints")
        transform = _refined(pair, transform, nodes, stage, settings.threads)
    progress(steps, steps, "matching keypoints")
    return transform


def _refined(
    pair: RegistrationPair, transform: Transform, nodes: Geometry, stage: MatchingStage, threads: int
) -> Transform:
    start, end = match_keypoints(pair, transform, stage, threads=threads)
    whole = end - start + transform.displacement_at(end)
    field = smooth_field(start, whole, nodes, width_mm=stage.width_mm, threads=threads)
    smooth, _ = unfold(taper(field, round(FADE_MM / nodes.spacing[0])), nodes)
    return Transform(pair.fixed_geometry, pair.moving_geometry, transform.affine, smooth, nodes)
