"""Where each keypoint went: similarities over a window of displacements, then agreement with the neighbours."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from numba import types
from numba.extending import intrinsic
from scipy import ndimage
from scipy.spatial import cKDTree

from ctreview.compiled import compiled
from ctreview.errors import RegistrationFailed
from ctreview.registration.features import mind_descriptors
from ctreview.registration.keypoints import select_spaced
from ctreview.registration.pair import PreparedImage, RegistrationPair
from ctreview.registration.sampling import sample
from ctreview.registration.settings import MatchingStage
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.parallel import in_chunks
from ctreview.volume.transform import Transform

__all__ = ["Matches", "match_keypoints", "regularise_displacements", "similarity_costs"]

Descriptors = npt.NDArray[np.uint64]
Costs = npt.NDArray[np.float32]
Borders = npt.NDArray[np.bool_] | None

NEIGHBOURS = 20
FEWEST_KEYPOINTS = 20
"""An affine has twelve unknowns; fewer points than this are not worth fitting it to."""
BORDER_SHARE = 0.03
"""A patch of which a smaller part lies across a border does not see it."""

RETURN_VOXELS = 2.0
"""A match is rejected if the backward match ends farther from its start than this."""

COUPLING = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""How strongly a displacement is held to its neighbours' mean, round by round; bits per voxel and squared step."""


@intrinsic
def _count_bits(typingctx, word):  # type: ignore[no-untyped-def]  # noqa: ARG001 - numba's signature
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@compiled()
def _costs(fixed, moving, points, search, offsets, out, start, stop):  # type: ignore[no-untyped-def]
    # Both volumes are padded by search + patch, and ``points`` count in the padded one. The innermost loop runs
    # along contiguous displacements, which the compiler turns into vector instructions.
    side = 2 * search + 1
    total = np.zeros((side, side, side), dtype=np.uint64)
    for n in range(start, stop):
        z, y, x = points[n, 0], points[n, 1], points[n, 2]
        total[:] = 0
        for a in offsets:
            for b in offsets:
                for c in offsets:
                    word = fixed[z + a, y + b, x + c]
                    first = x + c - search
                    for dz in range(side):
                        for dy in range(side):
                            row = moving[z + a + dz - search, y + b + dy - search]
                            for dx in range(side):
                                total[dz, dy, dx] += _count_bits(word ^ row[first + dx])
        out[n] = total.ravel()


def patch_offsets(patch: int) -> npt.NDArray[np.int64]:
    """The voxels of a patch that are compared, along each axis.

    A descriptor already sees the 3×3×3 around it, so that in patches of 7 voxels and more every second one is enough.
    """
    return np.arange(-patch, patch + 1, 2 if patch >= 3 else 1)


def similarity_costs(
    fixed: Descriptors, moving: Descriptors, points: npt.NDArray[np.int64], *, search: int, patch: int, threads: int = 1
) -> Costs:
    """How unlike the surroundings of each point are to those of every displaced place.

    Parameters
    ----------
    fixed, moving : ndarray of uint64, equal shapes
        Descriptors on one grid.
    points : ndarray of int, shape (n, 3)
        Voxel indices.
    search : int
        Displacements of −search…search voxels along each axis.
    patch : int
        Half the side of the compared cubes, in voxels.

    Returns
    -------
    ndarray of float32, shape (n, (2·search + 1)³)
        Mean number of differing bits per voxel of the patch.
    """
    margin = search + patch
    padded_fixed, padded_moving = np.pad(fixed, margin), np.pad(moving, margin)
    side = 2 * search + 1
    out = np.empty((len(points), side**3), dtype=np.float32)
    shifted = np.ascontiguousarray(points + margin)
    offsets = patch_offsets(patch)
    in_chunks(
        lambda a, b: _costs(padded_fixed, padded_moving, shifted, search, offsets, out, a, b), len(points), threads
    )
    out /= np.float32(len(offsets) ** 3)
    return out


@dataclass(frozen=True, eq=False)
class Matches:
    """Where keypoints were found again.

    Attributes
    ----------
    points : ndarray, shape (n, 3)
        Voxel indices in the fixed grid.
    displacements : ndarray, shape (n, 3)
        In voxels, to where each was found.
    kept : ndarray of bool, shape (n,)
        Which are in keeping with their neighbours.
    costs : ndarray, shape (n,)
        Differing bits per voxel of the patch at the match.
    """

    points: FloatArray
    displacements: FloatArray
    kept: npt.NDArray[np.bool_]
    costs: FloatArray


@compiled()
def _best(costs, means, weight, search, out, start, stop):  # type: ignore[no-untyped-def]
    side = 2 * search + 1
    for n in range(start, stop):
        best = np.float32(1e30)
        for dz in range(side):
            pz = (dz - search - means[n, 0]) ** 2
            for dy in range(side):
                py = pz + (dy - search - means[n, 1]) ** 2
                base = (dz * side + dy) * side
                for dx in range(side):
                    value = costs[n, base + dx] + weight * (py + (dx - search - means[n, 2]) ** 2)
                    if value < best:
                        best = value
                        out[n, 0], out[n, 1], out[n, 2] = dz - search, dy - search, dx - search


@compiled()
def _refine(costs, means, weight, search, best, out, at):  # type: ignore[no-untyped-def]
    # Per axis the vertex of the parabola through the best displacement and its two neighbours.
    side = 2 * search + 1
    stride = (side * side, side, 1)
    for n in range(len(best)):
        index = 0
        for axis in range(3):
            index += (int(best[n, axis]) + search) * stride[axis]
        at[n] = costs[n, index]
        for axis in range(3):
            d = best[n, axis]
            out[n, axis] = d
            if abs(d) >= search:
                continue
            here = costs[n, index] + weight * (d - means[n, axis]) ** 2
            before = costs[n, index - stride[axis]] + weight * (d - 1 - means[n, axis]) ** 2
            after = costs[n, index + stride[axis]] + weight * (d + 1 - means[n, axis]) ** 2
            curvature = before + after - 2 * here
            if curvature > 1e-6:
                out[n, axis] += min(max(0.5 * (before - after) / curvature, -0.5), 0.5)


def _choose(costs: Costs, means: FloatArray, strength: float, search: int, best: FloatArray, threads: int) -> None:
    in_chunks(lambda a, b: _best(costs, means, np.float32(strength), search, best, a, b), len(means), threads)


def regularise_displacements(
    points: npt.NDArray[np.int64],
    costs: Costs,
    *,
    search: int,
    width: float,
    coupling: float,
    outlier: float = 3.0,
    threads: int = 1,
) -> Matches:
    """Choose one displacement per keypoint, alike its surroundings and in keeping with its neighbours.

    Coupled convex optimisation (Heinrich et al., MICCAI 2014, doi 10.1007/978-3-319-10404-1_45) on the graph of
    nearest keypoints: in turn each point takes the best of its costs plus the squared distance from its neighbours'
    mean, and the means are made anew, with a rising weight. Points that end far from their neighbours' mean are cut.

    Parameters
    ----------
    points : ndarray of int, shape (n, 3)
        Voxel indices.
    costs : ndarray of float32, shape (n, (2·search + 1)³)
        From `similarity_costs`.
    search : int
        As there.
    width : float
        Standard deviation in voxels of the Gaussian that weighs neighbours.
    coupling : float
        Factor on `COUPLING`.
    outlier : float
        Cut beyond so many robust standard deviations (at least one voxel).
    """
    where = points.astype(np.float64)
    count = min(NEIGHBOURS + 1, len(points))
    found = cKDTree(where).query(where, k=count)
    distance = np.asarray(found[0]).reshape(len(points), -1)
    neighbour = np.asarray(found[1]).reshape(len(points), -1)
    weight = np.exp(-0.5 * (distance / width) ** 2) + 1e-9
    weight /= weight.sum(axis=1, keepdims=True)
    best = np.zeros_like(where)
    means = np.zeros_like(where)
    for strength in COUPLING:
        _choose(costs, means, coupling * strength, search, best, threads)
        means = np.einsum("nk,nkd->nd", weight, best[neighbour])
    refined, at = np.empty_like(where), np.empty(len(points))
    _refine(costs, means, np.float32(coupling * COUPLING[-1]), search, best, refined, at)
    others = weight.copy()
    others[:, 0] = 0
    others /= np.maximum(others.sum(axis=1, keepdims=True), 1e-9)
    away = np.linalg.norm(refined - np.einsum("nk,nkd->nd", others, refined[neighbour]), axis=1)
    limit = max(1.0, outlier * 1.4826 * float(np.median(away)))
    return Matches(where, refined, away <= limit, at)


def match_keypoints(
    pair: RegistrationPair, transform: Transform, stage: MatchingStage, *, threads: int = 1
) -> tuple[FloatArray, FloatArray]:
    """Match keypoints of the fixed image in the moving one, starting from what is known.

    Returns
    -------
    start, end : ndarray, shape (n, 3)
        LPS millimetres, both in the fixed image: each keypoint, and where in the fixed image the present transform
        would have to start to reach its match. Keypoints at odds with their neighbours are left out.
    """
    level = pair.level(stage.spacing_mm, threads=threads)
    grid, here = level.grid, level.descriptors
    points = select_spaced(
        level.strength(stage.sharpness, threads=threads), level.mask, stage.keypoints, crowding=stage.crowding
    )
    if len(points) < FEWEST_KEYPOINTS:
        raise RegistrationFailed(
            f"only {len(points)} places with structure were found inside the fixed mask",
            remedy="Check that the mask covers the organ and that the image is not blank.",
        )
    moved = pair.moving_on(grid, transform, threads=threads)
    there = mind_descriptors(moved, threads=threads)
    aim = _border(pair.moving, transform, grid, stage, threads)
    found = _found(here, there, points, aim, stage, threads)
    kept, displacements = found.kept, found.displacements
    if stage.both_ways:
        start = _border(pair.fixed, None, grid, stage, threads)
        kept, displacements = _bidirectional(found, there, here, start, stage, threads)
    where = found.points[kept]
    return grid.to_lps(where), grid.to_lps(where + displacements[kept])


def _border(
    side: PreparedImage, mapping: Transform | None, grid: Geometry, stage: MatchingStage, threads: int
) -> Borders:
    """Where a patch sees the border of what is to be ignored in one image.

    Such a border is an edge that the other image need not have. A match may start at one, but not aim at it: points
    around are pushed off to whichever side looks more like them, and what the edge encloses seems to grow or shrink.
    Inside, vessels match as they do elsewhere.
    """
    if side.ignore is None:
        return None
    share = sample(side.ignore, side.geometry, grid, mapping, fill=0.0, threads=threads)
    ndimage.uniform_filter(share, 2 * stage.patch + 3, output=share, mode="nearest")
    return np.asarray((share > BORDER_SHARE) & (share < 1 - BORDER_SHARE))


def _found(
    here: Descriptors,
    there: Descriptors,
    points: npt.NDArray[np.int64],
    aim: Borders,
    stage: MatchingStage,
    threads: int,
) -> Matches:
    costs = similarity_costs(here, there, points, search=stage.search, patch=stage.patch, threads=threads)
    blind = np.zeros(len(points), dtype=np.bool_) if aim is None else aim[tuple(points.T)]
    costs[blind] = 0.0  # goes where its neighbours go
    width = stage.neighbours_mm / stage.spacing_mm
    found = regularise_displacements(
        points, costs, search=stage.search, width=width, coupling=stage.coupling, threads=threads
    )
    return replace(found, kept=found.kept & ~blind)


def _bidirectional(
    found: Matches, there: Descriptors, here: Descriptors, aim: Borders, stage: MatchingStage, threads: int
) -> tuple[npt.NDArray[np.bool_], FloatArray]:
    """Match back from where each match ended, and take the mean of both ways, or the one that is consistent."""
    ends = np.rint(found.points + found.displacements).astype(np.int64)
    ends = np.clip(ends, 0, np.array(here.shape) - 1)
    back = _found(there, here, ends, aim, stage, threads)
    gap = np.linalg.norm(found.displacements + back.displacements, axis=1)
    kept = np.where(found.kept & back.kept, gap <= RETURN_VOXELS, found.kept | back.kept)
    share = np.where(back.kept, np.where(found.kept, 0.5, 0.0), 1.0)[:, None]
    return kept, np.asarray(share * found.displacements - (1 - share) * back.displacements)
