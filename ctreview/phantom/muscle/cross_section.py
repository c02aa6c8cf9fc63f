"""Where things lie in a slice of the thigh and the pelvis, as distances in millimetres; positive inside.

A thigh is described along its femur (0 at the knee, 1 at the hip) and in its slice by a place that is 1 on the fascia.
Muscles are the cells of a weighted Voronoi diagram, so that the distance to their septum is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["LEG_MUSCLES", "PELVIS_MUSCLES", "THIGH_MUSCLES", "Muscle", "Oval", "cells", "oval"]

Floats = npt.NDArray[np.float32]

LEVELS = (0.08, 0.45, 0.78, 1.0)
"""Shares of the femur's length, from the knee, at which `Muscle.places` are given; of the pelvis, of its height."""

_HEIGHTS = np.linspace(0, 1, 513).astype(np.float32)


@dataclass(frozen=True)
class Muscle:
    """One muscle.

    Attributes
    ----------
    name, group : str
        The group is empty where none is measured.
    places : tuple
        Lateral, posterior and weight at each of `LEVELS`; lengths in units of the fascia.
    """

    name: str
    group: str
    places: tuple[tuple[float, float, float], ...]

    def at(self, height: Floats) -> tuple[Floats, Floats, Floats]:
        """Lateral, posterior and weight at heights of any shape."""
        lateral, posterior, weight = (
            np.interp(height, LEVELS, [place[part] for place in self.places]).astype(np.float32) for part in range(3)
        )
        return lateral, posterior, weight


THIGH_MUSCLES = (
    Muscle(
        "rectus_femoris", "quadriceps", ((0.0, -0.8, 0.0), (0.02, -0.68, 0.04), (0.05, -0.7, 0.03), (0.1, -0.7, 0.02))
    ),
    Muscle(
        "vastus_lateralis", "quadriceps", ((0.62, -0.4, 0.1), (0.62, -0.3, 0.2), (0.62, -0.22, 0.16), (0.6, -0.2, 0.1))
    ),
    Muscle(
        "vastus_intermedius",
        "quadriceps",
        ((0.15, -0.4, 0.05), (0.12, -0.26, 0.12), (0.14, -0.26, 0.08), (0.15, -0.25, 0.02)),
    ),
    Muscle(
        "vastus_medialis",
        "quadriceps",
        ((-0.6, -0.4, 0.22), (-0.42, -0.4, 0.12), (-0.26, -0.45, 0.0), (-0.2, -0.45, -0.15)),
    ),
    Muscle(
        "sartorius",
        "sartorius",
        ((-0.88, 0.25, -0.05), (-0.74, -0.22, -0.05), (-0.5, -0.72, -0.03), (0.0, -0.9, -0.03)),
    ),
    Muscle(
        "gracilis", "adductors", ((-0.72, 0.55, -0.06), (-0.86, 0.18, -0.05), (-0.9, 0.15, -0.03), (-0.9, 0.1, -0.02))
    ),
    Muscle(
        "adductor_magnus",
        "adductors",
        ((-0.35, 0.1, -0.2), (-0.35, 0.2, 0.1), (-0.32, 0.3, 0.14), (-0.35, 0.3, 0.14)),
    ),
    Muscle(
        "adductor_longus",
        "adductors",
        ((-0.5, 0.0, -0.3), (-0.52, -0.05, -0.04), (-0.6, -0.18, 0.1), (-0.55, -0.25, 0.12)),
    ),
    Muscle("biceps_femoris", "hamstrings", ((0.6, 0.5, 0.08), (0.42, 0.52, 0.1), (0.28, 0.66, 0.0), (0.1, 0.55, -0.2))),
    Muscle(
        "semitendinosus",
        "hamstrings",
        ((0.05, 0.78, -0.02), (0.02, 0.76, 0.04), (-0.05, 0.78, 0.0), (-0.1, 0.6, -0.22)),
    ),
    Muscle(
        "semimembranosus",
        "hamstrings",
        ((-0.35, 0.6, 0.1), (-0.42, 0.62, 0.03), (-0.3, 0.72, -0.06), (-0.2, 0.5, -0.25)),
    ),
    Muscle("gluteus_maximus", "gluteal", ((0.5, 0.9, -0.8), (0.5, 0.9, -0.8), (0.5, 0.85, -0.12), (0.42, 0.68, 0.2))),
)
"""Muscles of a thigh."""

LEG_MUSCLES = (
    Muscle("tibialis_anterior", "", ((0.3, -0.6, 0.02), (0.35, -0.6, 0.05), (0.3, -0.55, 0.0), (0.2, -0.5, -0.1))),
    Muscle("peroneal", "", ((0.75, 0.0, -0.05), (0.8, 0.0, 0.0), (0.75, 0.1, 0.0), (0.7, 0.2, 0.0))),
    Muscle("soleus", "", ((0.1, 0.25, -0.1), (0.1, 0.3, 0.15), (0.05, 0.35, 0.2), (0.0, 0.4, 0.2))),
    Muscle("gastrocnemius_medial", "", ((-0.5, 0.7, 0.1), (-0.45, 0.75, 0.05), (-0.4, 0.85, -0.3), (-0.4, 0.9, -0.6))),
    Muscle("gastrocnemius_lateral", "", ((0.5, 0.7, 0.1), (0.5, 0.75, 0.03), (0.45, 0.85, -0.3), (0.4, 0.9, -0.6))),
)
"""Muscles of a lower leg, from the knee down; of none the group is measured."""

PELVIS_MUSCLES = (
    Muscle("gluteus_maximus", "gluteal", ((0.46, 0.7, 0.12), (0.44, 0.72, 0.1), (0.42, 0.75, 0.05), (0.4, 0.8, 0.0))),
    Muscle("gluteus_medius", "gluteal", ((0.8, 0.1, -0.02), (0.78, 0.05, 0.06), (0.76, 0.05, 0.1), (0.72, 0.1, 0.06))),
    Muscle(
        "iliopsoas", "iliopsoas", ((0.48, -0.4, -0.06), (0.45, -0.38, -0.04), (0.4, -0.3, -0.02), (0.32, -0.1, 0.0))
    ),
    Muscle(
        "sartorius", "sartorius", ((0.6, -0.75, -0.08), (0.7, -0.66, -0.1), (0.78, -0.55, -0.14), (0.8, -0.5, -0.2))
    ),
    Muscle("obturators", "", ((0.3, 0.1, -0.08), (0.32, 0.2, -0.12), (0.32, 0.3, -0.16), (0.3, 0.3, -0.2))),
    Muscle("rectus_abdominis", "", ((0.18, -0.95, -0.1), (0.2, -0.95, -0.1), (0.22, -0.95, -0.1), (0.24, -0.95, -0.1))),
    Muscle("viscera", "viscera", ((0.0, -0.2, 0.0), (0.0, -0.15, 0.06), (0.0, -0.15, 0.14), (0.0, -0.2, 0.2))),
)
"""Muscles of half a pelvis, and what it holds."""


@dataclass(frozen=True, eq=False)
class Oval:
    """An oval in one slice, or in several.

    Attributes
    ----------
    lateral, posterior : ndarray
        Place in units of the oval: 1 from the middle is its edge.
    depth : ndarray
        Millimetres into it.
    posterior_share : ndarray
        1 at the back, −1 in front, by direction from the middle.
    """

    lateral: Floats
    posterior: Floats
    depth: Floats
    posterior_share: Floats


def oval(
    lateral: Floats, posterior: Floats, half_width: Floats, half_depth: Floats, *, wave: float, turn: Floats
) -> Oval:
    """Places relative to an oval whose edge swings by ``wave`` of its radius, turned by ``turn`` radians."""
    u, v = lateral / half_width, posterior / half_depth
    radius = np.sqrt(u * u + v * v) + np.float32(1e-6)
    cosine, sine = u / radius, v / radius
    # second and third harmonic of the direction, without an arc tangent
    second = (cosine * cosine - sine * sine) * np.cos(turn) - 2 * cosine * sine * np.sin(turn)
    third = cosine * (4 * cosine * cosine - 3)
    swung = radius * (1 + np.float32(wave) * second + np.float32(0.6 * wave) * third)
    slope = np.sqrt((cosine / half_width) ** 2 + (sine / half_depth) ** 2) + np.float32(1e-6)  # none in the very middle
    return Oval(
        np.asarray(cosine * swung, np.float32),
        np.asarray(sine * swung, np.float32),
        np.asarray((1 - swung) / slope, np.float32),
        np.asarray(sine, np.float32),
    )


def cells(
    place: Oval, muscles: tuple[Muscle, ...], height: Floats, jitter: Floats, scale: Floats
) -> tuple[npt.NDArray[np.uint8], Floats]:
    """Which muscle each place belongs to (its number), and the millimetres to the border of the next one.

    Parameters
    ----------
    place : Oval
    muscles : tuple of Muscle
    height : ndarray
        Where along `LEVELS`; of a shape that broadcasts to that of the places.
    jitter : ndarray, shape (muscles, 2)
        By how much each muscle of this body lies elsewhere.
    scale : ndarray
        Millimetres of one unit.
    """
    table = np.stack([np.stack(muscle.at(_HEIGHTS)) for muscle in muscles])
    table[:, :2] += jitter[: len(muscles), :, None]
    step = np.clip(np.rint(height * (len(_HEIGHTS) - 1)), 0, len(_HEIGHTS) - 1).astype(np.intp)
    shape = place.lateral.shape
    best, second = np.full(shape, np.inf, np.float32), np.full(shape, np.inf, np.float32)
    owner, runner_up = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    for number in range(len(muscles)):
        lateral, posterior, weight = (table[number, part][step] for part in range(3))
        power = (place.lateral - lateral) ** 2 + (place.posterior - posterior) ** 2 - weight
        first = power < best
        next_one = ~first & (power < second)
        second = np.where(first, best, np.where(next_one, power, second))
        runner_up = np.where(first, owner, np.where(next_one, np.uint8(number), runner_up))
        best, owner = np.where(first, power, best), np.where(first, np.uint8(number), owner)
    apart = np.hypot(
        table[owner, 0, step] - table[runner_up, 0, step], table[owner, 1, step] - table[runner_up, 1, step]
    )
    border = (second - best) / (2 * np.maximum(apart, np.float32(1e-3))) * scale
    return owner, np.asarray(border, np.float32)
