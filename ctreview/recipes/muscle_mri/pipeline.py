"""Muscles in the MRI of one examination (`measure`): the steps in order."""

from __future__ import annotations

from collections.abc import Mapping

from ctreview.change import failed_first
from ctreview.checks import Check
from ctreview.errors import WrongUse
from ctreview.muscle.femur import Femur, find_femur, stated_femur
from ctreview.muscle.measures import measure_muscles
from ctreview.muscle.scheme import LimbSide
from ctreview.muscle.segment import LimbTissue, find_tissue
from ctreview.progress import Progress, part, quiet
from ctreview.recipes.muscle_mri.loading import ExaminationInput, load_mri, tissue_source
from ctreview.recipes.muscle_mri.maps import make_maps
from ctreview.recipes.muscle_mri.measured import MuscleMriResult
from ctreview.recipes.muscle_mri.settings import MuscleMriSettings
from ctreview.recipes.scan_facts import scan_facts
from ctreview.recipes.steps import StepTimer
from ctreview.volume.labels import LabelMap

__all__ = ["measure"]


def measure(
    source: ExaminationInput,
    *,
    contrasts: Mapping[str, str] | None = None,
    groups: LabelMap | None = None,
    femur_mm: Mapping[str, tuple[float, float]] | None = None,
    side: LimbSide | None = None,
    settings: MuscleMriSettings | None = None,
    progress: Progress = quiet,
) -> MuscleMriResult:
    """Measure the muscles of one examination.

    Parameters
    ----------
    source : Examination, path, or sequence of path
        The series of one examination.
    contrasts : mapping of str to str, optional
        What files show that do not tell it themselves: NIfTI, NRRD, MetaImage.
    groups : LabelMap, optional
        Muscles or groups that a reader drew, on the grid of the image that tissue is told by.
    femur_mm : mapping of str to (float, float), optional
        LPS z of both ends of the femur, by side, where a reader knows them.
    side : {"right", "left"}, optional
        Of a limb that is imaged alone.
    settings : MuscleMriSettings, optional

    Raises
    ------
    InputRefused
        An image cannot be read, or is no MRI.
    SegmentationFailed
        No limb or no muscle stands out.
    """
    settings = settings or MuscleMriSettings()
    timer = StepTimer()
    with timer("loading"):
        images = load_mri(source, contrasts=contrasts, settings=settings.load, progress=part(progress, 0.0, 0.3))
    chosen = tissue_source(images)
    progress(0.3, 1.0, "finding tissue")
    with timer("tissue"):
        tissue = find_tissue(chosen.image, fat=chosen.fat, fat_signal=chosen.fat_signal, settings=settings.tissue)
        tissue = _with_side(tissue, side)
    progress(0.8, 1.0, "maps")
    with timer("maps"):
        maps = make_maps(images, tissue.labels.geometry)
    progress(0.9, 1.0, "measuring")
    with timer("measures"):
        femurs = _femurs(tissue, femur_mm or {})
        found = measure_muscles(
            tissue.labels, tissue.sides, femurs, maps=maps, groups=groups, settings=settings.measures
        )
    checks = (*tissue.checks, *(check for one in maps for check in one.caveats), *_contrast_checks(chosen.words, maps))
    progress(1.0, 1.0, "measuring")
    return MuscleMriResult(
        image=chosen.image,
        tissue_told_by=chosen.words,
        images=images,
        tissue=tissue,
        maps=maps,
        groups=groups,
        found=found,
        checks=failed_first(checks),
        facts=scan_facts(chosen.image, chosen.image.acquisition.age_years),
        settings=settings.to_dict(),
        timings=timer.seconds,
    )


def _with_side(tissue: LimbTissue, side: LimbSide | None) -> LimbTissue:
    if side is None:
        return tissue
    if len(tissue.sides) != 1:
        raise WrongUse("a side can be stated for a limb that is imaged alone, and two are here")
    return tissue.taken_for(side)


def _femurs(tissue: LimbTissue, stated: Mapping[str, tuple[float, float]]) -> dict[LimbSide, Femur]:
    return {
        side: stated_femur(*stated[side])
        if side in stated
        else find_femur(tissue.bones, tissue.limbs.number == number, tissue.labels.geometry)
        for number, side in enumerate(tissue.sides, 1)
    }


def _contrast_checks(words: str, maps: tuple[object, ...]) -> tuple[Check, ...]:
    """What is not measured, because no image tells it."""
    if maps:
        return ()
    message = f"Tissue is told by {words}; without water and fat images no fat fraction is given."
    return (Check("no_fat_fraction", words, None, ok=True, message=message),)
