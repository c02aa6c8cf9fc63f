"""Ask an engine, and take its answer only where it can be true."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

import numpy as np

from ctreview.errors import CtreviewError, GridMismatch, SegmentationFailed, WrongUse
from ctreview.models.plausible import BY_OURSELVES, refuse_impossible, segmentation_checks
from ctreview.models.segmenter import STRUCTURES, EngineFacts, EngineLabelMap, Readiness, Segmenter, Structure
from ctreview.progress import Cancelled, Progress, quiet
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.volume import Volume

__all__ = ["require_ready", "run_segmenter"]

_COLOURS = ((86, 180, 233), (230, 159, 0), (0, 158, 115), (0, 114, 178), (204, 121, 167))
"""Safe for colour blindness (Okabe and Ito)."""

_ONE_AT_A_TIME = threading.Lock()
"""A network takes gigabytes and all cores, and engines are not written to be run twice in one process."""


def require_ready(engine: Segmenter, structure: Structure) -> Readiness:
    """What an engine says of itself, where it can be run for a structure.

    Raises
    ------
    WrongUse
        It does not find this structure, or something is missing; the message says how to get it.
    """
    if structure not in engine.structures:
        raise WrongUse(
            f"{engine.name} does not find {structure}", remedy=f"It finds {' and '.join(engine.structures)}."
        )
    state = engine.readiness(structure)
    if not state.ready:
        raise WrongUse(f"{engine.name} cannot be run: {state.missing}", remedy=state.remedy)
    return state


def run_segmenter(
    engine: Segmenter, volume: Volume, structure: Structure, *, progress: Progress = quiet
) -> EngineLabelMap:
    """Segment a volume by an engine of a third party.

    Parameters
    ----------
    engine : Segmenter
    volume : Volume
        A CT in HU, or for groups of muscles an MR image; any axes.
    structure : Structure
    progress : Progress

    Returns
    -------
    EngineLabelMap
        On the grid of the canonical volume, keys as in ``STRUCTURES[structure]``. ``checks`` say what about it is
        unusual, ``engine`` who gave it.

    Raises
    ------
    WrongUse
        The engine does not find this structure, is not ready, or the volume is not in HU, or is where MR is needed.
    SegmentationFailed
        The engine failed, or what it gave cannot be right: sides exchanged, lobes upside down, no or too much volume.
    GridMismatch
        What it gave lies on another grid.
    """
    if structure != "muscle_groups":
        volume.require_hu("a network for CT needs", remedy="Load a CT.")
    elif volume.unit == "HU":
        raise WrongUse("groups of muscles are found in MR images, and this is a CT", remedy="Load an MR image.")
    state = require_ready(engine, structure)
    canonical = volume.canonical()
    with _ONE_AT_A_TIME:
        answer = _answer(engine, canonical, structure, progress)
    labels = _label_map(answer, canonical, structure, engine.name)
    refuse_impossible(labels, canonical, structure, by=engine.name)
    facts = EngineFacts(
        engine.name, state.version, engine.licence, {name: _sha256(path) for name, path in state.weights.items()}
    )
    checks = segmentation_checks(labels, structure)
    return EngineLabelMap(labels.array, labels.geometry, labels.scheme, checks, engine=facts)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _answer(engine: Segmenter, volume: Volume, structure: Structure, progress: Progress) -> Any:
    try:
        return engine.segment(volume, structure, progress)
    except (CtreviewError, Cancelled, MemoryError):
        raise
    except Exception as error:
        raise SegmentationFailed(
            f"{engine.name} failed ({type(error).__name__})", remedy=f"Leave it out; {BY_OURSELVES[structure]}."
        ) from error


def _label_map(answer: Any, volume: Volume, structure: Structure, name: str) -> LabelMap:
    array = np.asarray(answer)
    if array.shape != volume.array.shape:
        raise GridMismatch(f"{name} gave labels of {array.shape} for an image of {volume.array.shape}")
    parts = STRUCTURES[structure]
    strange = sorted(set(np.unique(array).tolist()) - set(range(len(parts) + 1)))
    if strange:
        raise SegmentationFailed(f"{name} gave labels that are not of {structure}: {strange[:5]}")
    labels = (Label(n, key, _COLOURS[(n - 1) % len(_COLOURS)]) for n, key in enumerate(parts, start=1))
    return LabelMap(array.astype(np.uint8), volume.geometry, Scheme(tuple(labels)))
