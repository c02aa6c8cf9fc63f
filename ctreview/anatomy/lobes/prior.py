"""What is known of fissures before an image is looked at: mean surfaces and how they vary between people."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ctreview.anatomy.lobes.frame import Side
from ctreview.volume.geometry import FloatArray

__all__ = [
    "FISSURES",
    "FissureName",
    "FissurePlane",
    "FissurePrior",
    "known_fissures",
    "node_weights",
    "smooth_covariance",
]

FissureName = Literal["right_oblique", "right_minor", "left_oblique"]

FISSURES: tuple[FissureName, ...] = ("right_oblique", "right_minor", "left_oblique")

FILE = "fissures.npz"


@dataclass(frozen=True, eq=False)
class FissurePlane:
    """A plane in the template, over which the surface of a fissure is a height field on a grid of nodes.

    Attributes
    ----------
    origin : ndarray, shape (3,)
        Template place of node (0, 0).
    along : ndarray, shape (2, 3)
        Unit vectors along both axes of the grid.
    normal : ndarray, shape (3,)
        Unit vector of heights; it points to the lobe above.
    shape : tuple of int
        Nodes along both axes.
    step : float
        Distance of nodes in template millimetres.
    """

    origin: FloatArray
    along: FloatArray
    normal: FloatArray
    shape: tuple[int, int]
    step: float

    @property
    def axes(self) -> FloatArray:
        """Both axes and the normal as rows, shape (3, 3)."""
        return np.vstack([self.along, self.normal])

    def coordinates(self, points: npt.ArrayLike) -> FloatArray:
        """Position along both axes in nodes, and height in template millimetres, of template places (…, 3)."""
        found = (np.asarray(points, dtype=np.float64) - self.origin) @ self.axes.T
        return np.asarray(found / (self.step, self.step, 1.0))

    def points(self, coordinates: npt.ArrayLike) -> FloatArray:
        """Template places of `coordinates`."""
        return np.asarray(
            (np.asarray(coordinates, dtype=np.float64) * (self.step, self.step, 1.0)) @ self.axes + self.origin
        )


@dataclass(frozen=True, eq=False)
class FissurePrior:
    """The mean surface of one fissure and its modes of shape, in template millimetres.

    Attributes
    ----------
    name : FissureName
    side : Side
        The lung that it parts.
    template_ends : ndarray, shape (2, 3)
        Of the template's lung, as `lung_ends` gives them.
    plane : FissurePlane
    mean : ndarray, shape (nodes,)
        Heights of the nodes, the second axis of the grid fastest.
    modes : ndarray, shape (modes, nodes)
        Each as large as its standard deviation between people.
    rest_mm, rest_length_mm : float
        Standard deviation of what the modes leave, and over what length that is alike.
    """

    name: FissureName
    side: Side
    template_ends: FloatArray
    plane: FissurePlane
    mean: FloatArray
    modes: FloatArray
    rest_mm: float
    rest_length_mm: float

    def covariance(self) -> FloatArray:
        """How the heights of nodes vary together between people, shape (nodes, nodes)."""
        rest = smooth_covariance(self.plane, self.rest_mm, self.rest_length_mm)
        return np.asarray(self.modes.T @ self.modes + rest)


def smooth_covariance(plane: FissurePlane, deviation_mm: float, length_mm: float) -> FloatArray:
    """Covariance of a field of one standard deviation that is alike over a length (a Gaussian of distance)."""
    axes = [np.arange(n) * plane.step for n in plane.shape]
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    apart = ((nodes[:, None] - nodes[None]) ** 2).sum(axis=-1)
    return np.asarray(deviation_mm**2 * np.exp(-apart / (2.0 * length_mm**2)) + 1e-4 * np.eye(len(nodes)))


def node_weights(plane: FissurePlane, position: npt.ArrayLike) -> Any:
    """Bilinear weights of nodes, a sparse matrix (n, nodes), at positions in nodes (n, 2).

    Beyond the grid they are those of its edge.
    """
    position = np.clip(np.asarray(position, dtype=np.float64), 0.0, np.array(plane.shape) - 1.0)
    low = np.minimum(np.floor(position).astype(np.int64), np.array(plane.shape) - 2)
    part = position - low
    corners = [(a, b) for a in (0, 1) for b in (0, 1)]
    columns = np.stack([(low[:, 0] + a) * plane.shape[1] + low[:, 1] + b for a, b in corners], axis=1)
    shares = np.stack([np.abs(1 - a - part[:, 0]) * np.abs(1 - b - part[:, 1]) for a, b in corners], axis=1)
    rows = np.arange(0, 4 * len(position) + 1, 4)
    return sparse.csr_matrix((shares.ravel(), columns.ravel(), rows), shape=(len(position), int(np.prod(plane.shape))))


@cache
def known_fissures() -> dict[FissureName, FissurePrior]:
    """The priors of this package, by fissure."""
    with resources.files(__package__).joinpath(FILE).open("rb") as file, np.load(file) as stored:
        return {name: _read(name, stored) for name in FISSURES}


def _read(name: FissureName, stored: Any) -> FissurePrior:
    def part(key: str) -> FloatArray:
        return np.asarray(stored[f"{name}_{key}"], dtype=np.float64)

    shape, scales = part("shape"), part("scales")
    plane = FissurePlane(
        part("origin"), part("axes")[:2], part("axes")[2], (int(shape[0]), int(shape[1])), float(scales[0])
    )
    side: Side = "left_lung" if name.startswith("left") else "right_lung"
    return FissurePrior(
        name, side, part("ends"), plane, part("mean"), part("modes"), float(scales[1]), float(scales[2])
    )
