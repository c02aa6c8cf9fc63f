"""The built-in engine: keypoints matched in stages, from far and coarse to near and fine."""

from __future__ import annotations

import numpy as np

from ctreview.progress import Progress, quiet
from ctreview.registration.affine import align
from ctreview.registration.features import describe
from ctreview.registration.field import field_geometry, taper, thin_plate, unfold
from ctreview.registration.keypoints import find_keypoints
from ctreview.registration.matching import agree, similarity_costs
from ctreview.registration.pair import Pair
from ctreview.registration.settings import MatchingStage, RegistrationSettings
from ctreview.volume.geometry import Geometry
from ctreview.volume.transform import Transform

__all__ = ["register_by_keypoints"]

FIELD_MARGIN_MM = 48.0
"""How far the displacement reaches beyond the fixed mask; over the outer two thirds it fades to nothing."""


def register_by_keypoints(pair: Pair, settings: RegistrationSettings, *, progress: Progress = quiet) -> Transform:
    """Affine, then one smooth displacement, refitted to finer and finer matches.

    Every stage brings the moving image onto the fixed grid with what is known so far, matches keypoints of the
    fixed image in it, and fits thin plates to the *whole* displacement of each keypoint, so that errors of the
    resampling do not add up over the stages.

    Raises
    ------
    RegistrationFailed
        The affine cannot be right.
    """
    steps = len(settings.stages) + 1
    progress(0, steps, "aligning")
    transform = pair.transform(align(pair, settings))
    nodes = field_geometry(pair.grid(settings.grid_mm, 0.0), settings.grid_mm, FIELD_MARGIN_MM)
    for number, stage in enumerate(settings.stages):
        progress(number + 1, steps, "matching keypoints")
        transform = _refined(pair, transform, nodes, stage, settings.threads)
    progress(steps, steps, "matching keypoints")
    return transform


def _refined(pair: Pair, transform: Transform, nodes: Geometry, stage: MatchingStage, threads: int) -> Transform:
    grid = pair.grid(stage.spacing_mm, stage.patch_mm + 3.0)
    fixed = pair.fixed_on(grid, threads=threads)
    moved = pair.moving_on(grid, transform, threads=threads)
    points = find_keypoints(fixed, pair.fixed_mask_on(grid, threads=threads), stage.keypoints)
    search, patch = round(stage.search_mm / stage.spacing_mm), round(stage.patch_mm / stage.spacing_mm)
    costs = similarity_costs(
        describe(fixed, threads=threads),
        describe(moved, threads=threads),
        points,
        search=search,
        patch=patch,
        threads=threads,
    )
    matches = agree(points, costs, search=search, width=stage.neighbours_mm / stage.spacing_mm, threads=threads)
    kept = matches.kept()
    start = grid.to_lps(matches.points[kept])
    end = grid.to_lps(matches.points[kept] + matches.displacements[kept])
    whole = end - start + transform.displacement_at(end)
    plate = thin_plate(start, whole, matches.weights[kept], stage.smoothing)
    index = np.moveaxis(np.indices(nodes.shape), 0, -1).reshape(-1, 3)
    field = plate(nodes.to_lps(index), threads=threads).T.reshape(3, *nodes.shape)
    faded = taper(np.ascontiguousarray(field), round(2 / 3 * FIELD_MARGIN_MM / nodes.spacing[0]))
    smooth, _ = unfold(faded, nodes)
    return Transform(pair.fixed_geometry, pair.moving_geometry, transform.affine, smooth, nodes)
