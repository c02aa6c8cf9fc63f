"""What a segmentation engine of a third party has to offer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ctreview.progress import Progress
from ctreview.volume.volume import Volume

__all__ = ["STRUCTURES", "Readiness", "Segmenter", "Structure"]

Structure = Literal["lungs", "lobes"]

STRUCTURES: Mapping[Structure, tuple[str, ...]] = {
    "lungs": ("right_lung", "left_lung"),
    "lobes": (
        "right_upper_lobe",
        "right_middle_lobe",
        "right_lower_lobe",
        "left_upper_lobe",
        "left_lower_lobe",
    ),
}
"""What can be asked for, and the keys of its parts; the value of a part is its place in the list, from 1."""


@dataclass(frozen=True)
class Readiness:
    """Whether an engine can be run on this machine now.

    Attributes
    ----------
    ready : bool
        Packages and weights are there.
    version : str or None
        Of the engine's package, where it is installed.
    missing : str
        What is not there, as a clause; empty if ready.
    remedy : str
        How to get it, as a sentence; empty if ready.
    """

    ready: bool
    version: str | None = None
    missing: str = ""
    remedy: str = ""


@runtime_checkable
class Segmenter(Protocol):
    """An engine. Its class takes no arguments, and importing or making it must not load a network.

    Attributes
    ----------
    name : str
        How it is chosen: ``"lungmask"``.
    licence : str
        Of package and weights, as the user has to know it before a result is published.
    structures : tuple of Structure
        What it finds.
    """

    name: str
    licence: str
    structures: tuple[Structure, ...]

    def readiness(self, structure: Structure) -> Readiness:
        """Say whether this structure can be segmented now. Fetches nothing."""
        ...

    def segment(self, volume: Volume, structure: Structure, progress: Progress) -> npt.NDArray[np.integer[Any]]:
        """Segment a CT in HU, in canonical axes (to head, posterior, left).

        Returns
        -------
        ndarray of integers, shape of the volume
            0, or the place of the part in ``STRUCTURES[structure]``, from 1. Fetches nothing and reports nothing to
            anybody.
        """
        ...
