"""Lungs and lobes by engines of third parties, where settings name one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ctreview.anatomy import LUNG_SCHEME
from ctreview.anatomy.lobes.scheme import LOBES_OF_LUNG
from ctreview.models import EngineLabelMap, Segmenter, Structure, find_segmenter, require_ready, run_segmenter
from ctreview.progress import Progress, part, quiet
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.volume.volume import Volume

__all__ = ["GivenParts", "ask_engines", "engines_of"]


@dataclass(frozen=True, eq=False)
class GivenParts:
    """What engines gave of one scan.

    Attributes
    ----------
    lungs, lobes : EngineLabelMap or None
    """

    lungs: EngineLabelMap | None = None
    lobes: EngineLabelMap | None = None

    def facts(self) -> dict[str, Any]:
        """Which engine gave what, ready for JSON; empty where none did."""
        given = {"lungs": self.lungs, "lobes": self.lobes}
        engines = {structure: one.engine.to_dict() for structure, one in given.items() if one is not None}
        return {"engines": engines} if engines else {}


def engines_of(settings: ChestCtSettings) -> dict[Structure, Segmenter]:
    """The engines that settings name, by what each is to find, once all of them can be run.

    Raises
    ------
    WrongUse
        None is called so, it does not find that, or its package or weights are missing; the message says how to get it.
    """
    named: dict[Structure, str | None] = {"lungs": settings.lungs_from}
    if settings.lobes:
        named["lobes"] = settings.lobes_from
    engines = {structure: find_segmenter(name) for structure, name in named.items() if name}
    for structure, engine in engines.items():
        require_ready(engine, structure)
    return engines


def ask_engines(volume: Volume, *, settings: ChestCtSettings | None = None, progress: Progress = quiet) -> GivenParts:
    """Lungs and lobes by the engines that settings name.

    One engine that is named for both is run once: its lungs are the sum of its lobes.

    Raises
    ------
    WrongUse
        An engine cannot be run.
    SegmentationFailed
        One failed, or what it gave cannot be lungs or lobes.
    """
    engines = engines_of(settings or ChestCtSettings())
    if len(engines) == 2 and engines["lungs"].name == engines["lobes"].name:
        lobes = run_segmenter(engines["lobes"], volume, "lobes", progress=progress)
        return GivenParts(_lungs_of(lobes), lobes)
    found: dict[str, EngineLabelMap] = {}
    for number, (structure, engine) in enumerate(engines.items()):
        listener = part(progress, number / len(engines), (number + 1) / len(engines))
        found[structure] = run_segmenter(engine, volume, structure, progress=listener)
    return GivenParts(**found)


def _lungs_of(lobes: EngineLabelMap) -> EngineLabelMap:
    """The lungs that lobes make up."""
    array = np.zeros_like(lobes.array)
    for side, keys in LOBES_OF_LUNG.items():
        array[lobes.mask(*keys)] = LUNG_SCHEME[side].value
    return replace(lobes, array=array, scheme=LUNG_SCHEME, checks=())
