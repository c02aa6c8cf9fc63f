"""What a segmentation engine of a third party has to offer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ctreview.progress import Progress
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

__all__ = ["STRUCTURES", "EngineFacts", "EngineLabelMap", "Readiness", "Segmenter", "Structure"]

Structure = Literal["lungs", "lobes", "muscle_groups"]

STRUCTURES: Mapping[Structure, tuple[str, ...]] = {
    "lungs": ("right_lung", "left_lung"),
    "lobes": (
        "right_upper_lobe",
        "right_middle_lobe",
        "right_lower_lobe",
        "left_upper_lobe",
        "left_lower_lobe",
    ),
    "muscle_groups": tuple(
        f"{side}_{group}"
        for side in ("right", "left")
        for group in (
            "gluteal",
            "quadriceps",
            "hamstrings",
            "adductors",
            "iliopsoas",
            "anterior_leg",
            "posterior_leg",
        )
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
    weights : mapping of str to Path
        Files that an answer will rest on, by the name under which a result may mention them.
    """

    ready: bool
    version: str | None = None
    missing: str = ""
    remedy: str = ""
    weights: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class EngineFacts:
    """Which engine gave something, as a result has to say it.

    Attributes
    ----------
    name : str
    version : str or None
        Of its package.
    licence : str
        Of package and weights.
    weights_sha256 : mapping of str to str
        Digest of each file of weights, by its name; empty where the engine does not name its files.
    """

    name: str
    version: str | None
    licence: str
    weights_sha256: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Name and version."""
        return self.name if self.version is None else f"{self.name} {self.version}"

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False, kw_only=True)
class EngineLabelMap(LabelMap):
    """Lungs, lobes or groups of muscles that an engine gave and that were believed.

    Attributes
    ----------
    engine : EngineFacts
    """

    engine: EngineFacts


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
        """Segment a CT in HU, or for groups of muscles an MR image, in canonical axes (to head, posterior, left).

        Returns
        -------
        ndarray of integers, shape of the volume
            0, or the place of the part in ``STRUCTURES[structure]``, from 1. Fetches nothing and reports nothing to
            anybody.
        """
        ...
