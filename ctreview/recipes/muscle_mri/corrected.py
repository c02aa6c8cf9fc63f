"""One examination measured again after a reader corrected its tissues or drew groups."""

from __future__ import annotations

from dataclasses import replace

from ctreview.muscle.femur import Femur
from ctreview.muscle.measures import MeasureSettings, measure_muscles
from ctreview.recipes.muscle_mri.measured import MuscleMriResult
from ctreview.volume.labels import LabelMap

__all__ = ["measured_again"]


def measured_again(
    scan: MuscleMriResult,
    labels: LabelMap,
    *,
    groups: LabelMap | None = None,
    femur: Femur | None = None,
    settings: MeasureSettings | None = None,
) -> MuscleMriResult:
    """What an examination measures with other tissues, groups or femurs; its maps stay as they were found.

    Parameters
    ----------
    scan : MuscleMriResult
        As the computer found it.
    labels : LabelMap
        Its tissues as they are now, by `ctreview.muscle.scheme.TISSUE_SCHEME`.
    groups : LabelMap, optional
        On the same grid.
    femur : Femur, optional
        Of every limb, where a reader says how far it reaches; as it was found if not given.
    settings : MeasureSettings, optional
    """
    sides = scan.tissue.sides
    found = measure_muscles(
        labels,
        sides,
        {side: femur or scan.found.femurs[scan.tissue.region(side)] for side in sides},
        segment=scan.tissue.segment,
        maps=scan.maps,
        groups=groups,
        joined=scan.tissue.limbs.joined,
        settings=settings,
    )
    return replace(scan, tissue=replace(scan.tissue, labels=labels), groups=groups, found=found)
