"""Muscles in the MRI of one examination (`measure_muscle`) and of two (`compare_muscle`): the steps in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ctreview.change import failed_first
from ctreview.checks import Check
from ctreview.edits import Edit
from ctreview.errors import WrongUse
from ctreview.muscle.femur import Femur, find_femur, stated_femur
from ctreview.muscle.groups import find_groups
from ctreview.muscle.limb_segment import both_key
from ctreview.muscle.maps.from_examination import mended_examination
from ctreview.muscle.maps.stir_reference import ReferenceBall
from ctreview.muscle.maps.tissue_map import TissueMap
from ctreview.muscle.measures import FAT_FRACTIONS, measure_muscles
from ctreview.muscle.scheme import LimbSide
from ctreview.muscle.segment import LimbTissue, find_tissue
from ctreview.progress import Progress, part, quiet
from ctreview.recipes.muscle_mri.border_share import check_border_share
from ctreview.recipes.muscle_mri.changes import compare_numbers
from ctreview.recipes.muscle_mri.comparability import check_examinations, check_subjects, stopping_checks
from ctreview.recipes.muscle_mri.compared import MuscleMriComparison
from ctreview.recipes.muscle_mri.engine_groups import ask_for_groups
from ctreview.recipes.muscle_mri.loading import ExaminationInput, load_mri, tissue_source
from ctreview.recipes.muscle_mri.maps import make_maps
from ctreview.recipes.muscle_mri.measured import MuscleMriResult
from ctreview.recipes.muscle_mri.registering import LimbsRegistration, RegisteredLimbs, register_limbs
from ctreview.recipes.muscle_mri.settings import MuscleMriSettings
from ctreview.recipes.muscle_mri.shared_part import find_shared_parts
from ctreview.recipes.muscle_mri.varied_muscle import vary_muscle
from ctreview.recipes.scan_facts import scan_facts
from ctreview.recipes.steps import StepTimer
from ctreview.recipes.two_timepoints import days_between, require_one_patient, require_two_images
from ctreview.volume.labels import LabelMap

__all__ = ["compare_muscle", "measure_muscle"]

Ends = Mapping[str, tuple[float, float]]
"""LPS z of both ends of the femur, by side."""


def measure_muscle(
    source: ExaminationInput,
    *,
    contrasts: Mapping[str, str] | None = None,
    groups: LabelMap | Path | str | None = None,
    edits: Sequence[Edit] = (),
    femur_mm: Ends | None = None,
    side: LimbSide | None = None,
    stir_reference: ReferenceBall | None = None,
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
    groups : LabelMap or path, optional
        Muscles or groups that a reader drew, on the grid of the image that tissue is told by; of a group that is drawn
        on some slices, those between are filled. A path as for `ctreview.muscle.groups.read_groups`.
    edits : sequence of Edit
        A reader's journal of groups, with the target `ctreview.muscle.groups.GROUP_TARGET`.
    femur_mm : mapping of str to (float, float), optional
        LPS z of both ends of the femur, by side, where a reader knows them.
    side : {"right", "left"}, optional
        Of a limb that is imaged alone.
    stir_reference : ReferenceBall, optional
        Where a reader takes muscle to be healthy; without it there is no STIR ratio, and a place is proposed.
    settings : MuscleMriSettings, optional

    Raises
    ------
    InputRefused
        An image cannot be read, or is no MRI.
    SegmentationFailed
        No limb or no muscle stands out.
    WrongUse
        A femur is stated of a limb that is not shown, or is too short to be one.
    """
    settings = settings or MuscleMriSettings()
    timer = StepTimer()
    with timer("loading"):
        images = load_mri(source, contrasts=contrasts, settings=settings.load, progress=part(progress, 0.0, 0.3))
    images, swaps = mended_examination(images)
    chosen = tissue_source(images)
    progress(0.3, 1.0, "finding tissue")
    with timer("tissue"):
        tissue = find_tissue(chosen.image, fat=chosen.fat, fat_signal=chosen.fat_signal, settings=settings.tissue)
        tissue = _with_side(tissue, side)
    with timer("groups"):
        asked = None
        if settings.groups_from and groups is None:
            asked = ask_for_groups(settings.groups_from, chosen.image, tissue)
            groups = asked.labels
        drawn = find_groups(chosen.image, tissue.labels, groups, edits)
    progress(0.8, 1.0, "maps")
    with timer("maps"):
        mapped = make_maps(images, tissue, chosen.image, reference=stir_reference, settings=settings)
    progress(0.9, 1.0, "measuring")
    with timer("measures"):
        femurs = _femurs(tissue, femur_mm or {})
        found = measure_muscles(
            tissue.labels,
            tissue.sides,
            femurs,
            segment=tissue.segment,
            maps=mapped.maps,
            groups=drawn,
            joined=tissue.limbs.joined,
            settings=settings.measures,
        )
    checks = (
        *tissue.checks,
        check_border_share(tissue),
        *swaps,
        *mapped.checks,
        *_contrast_checks(chosen.words, mapped.maps),
        *(() if asked is None else (asked.check,)),
    )
    progress(1.0, 1.0, "measuring")
    return MuscleMriResult(
        image=chosen.image,
        tissue_told_by=chosen.words,
        images=images,
        tissue=tissue,
        maps=mapped.maps,
        groups=drawn,
        found=found,
        alignments=mapped.alignments,
        stir_reference=mapped.reference,
        proposed_reference=mapped.proposed,
        checks=failed_first(checks),
        facts=scan_facts(chosen.image, chosen.image.acquisition.age_years),
        settings=settings.to_dict(),
        timings=timer.seconds,
        engines={} if asked is None else {"muscle_groups": asked.facts},
    )


def compare_muscle(
    baseline: ExaminationInput | MuscleMriResult,
    followup: ExaminationInput | MuscleMriResult,
    *,
    contrasts: Mapping[str, str] | None = None,
    femurs_mm: tuple[Ends | None, Ends | None] = (None, None),
    stir_references: tuple[ReferenceBall | None, ReferenceBall | None] = (None, None),
    same_patient: bool = False,
    registered: RegisteredLimbs | None = None,
    settings: MuscleMriSettings | None = None,
    progress: Progress = quiet,
) -> MuscleMriComparison:
    """Measure how muscle changed between two examinations of one patient.

    Parameters
    ----------
    baseline, followup : MuscleMriResult, Examination, path, or sequence of path
    contrasts : mapping of str to str, optional
        As for `measure_muscle`, of the files of both.
    femurs_mm, stir_references : tuple
        ``femur_mm`` and ``stir_reference`` of `measure_muscle` for baseline and follow-up.
    same_patient : bool
        Whether somebody states that both are of one patient although their ids differ.
    registered : RegisteredLimbs, optional
        What `register_limbs` gave for them, where only their tissues were corrected since.
    settings : MuscleMriSettings, optional

    Raises
    ------
    DifferentPatients
    WrongUse
        Both are the same images.
    CtreviewError
        As `measure_muscle`.
    """
    settings = settings or MuscleMriSettings()
    timer = StepTimer()
    found: list[MuscleMriResult] = []
    for number, source in enumerate((baseline, followup)):
        if isinstance(source, MuscleMriResult):
            found.append(source)
        else:
            with timer("baseline" if number == 0 else "follow-up"):
                found.append(
                    measure_muscle(
                        source,
                        contrasts=_of_these(contrasts, source),
                        femur_mm=femurs_mm[number],
                        stir_reference=stir_references[number],
                        settings=settings,
                        progress=part(progress, 0.3 * number, 0.3 * number + 0.3),
                    )
                )
    before, after = found
    require_two_images(before.image, after.image)
    require_one_patient(before.image, after.image, same_patient=same_patient)
    days = days_between(before.image, after.image)
    known = find_shared_parts((before, after), None)
    registration: LimbsRegistration | None = None
    checks: tuple[Check, ...] = ()
    if len(known) < len(before.tissue.sides):
        with timer("registration"):
            steps = part(progress, 0.6, 0.9)
            registration, checks = registered or register_limbs(before, after, settings=settings, progress=steps)
    shared = find_shared_parts((before, after), registration)
    checks = (*checks, *check_examinations((before, after), days, shared), *stopping_checks((before, after)))
    subjects = check_subjects((before, after), shared)
    with timer("intervals"):
        # heights of the baseline are those that are meant; in the follow-up they may be off
        error = max((one.end_error_mm for one in shared), default=0.0)
        varied = (
            vary_muscle(before, {one.region: one.baseline_mm for one in shared}, 0.0, settings, after),
            vary_muscle(after, {one.region: one.followup_mm for one in shared}, error, settings, before),
        )
        about = {subject: (*checks, *own) for subject, own in subjects.items()}
        changes = compare_numbers(*varied, about, settings, whole=both_key(before.tissue.segment))
    progress(1.0, 1.0, "comparing")
    return MuscleMriComparison(
        baseline=before,
        followup=after,
        interval_days=days,
        shared=shared,
        changes=changes,
        checks=failed_first((*checks, *(check for own in subjects.values() for check in own))),
        transform=None if registration is None else registration.transform,
        registration=None if registration is None else dict(registration.figures),
        settings=settings.to_dict(),
        timings=timer.seconds,
    )


def _of_these(contrasts: Mapping[str, str] | None, source: object) -> dict[str, str]:
    """The contrasts that are named for files of one examination."""
    paths = [source] if isinstance(source, str | Path) else source if isinstance(source, list | tuple) else ()
    names = {str(path) for path in paths} | {Path(path).name for path in paths}
    return {name: contrast for name, contrast in (contrasts or {}).items() if name in names}


def _with_side(tissue: LimbTissue, side: LimbSide | None) -> LimbTissue:
    if side is None:
        return tissue
    if len(tissue.sides) != 1:
        raise WrongUse("a side can be stated for a limb that is imaged alone, and two are here")
    return tissue.taken_for(side)


def _femurs(tissue: LimbTissue, stated: Mapping[str, tuple[float, float]]) -> dict[LimbSide, Femur]:
    absent = sorted(set(stated) - set(tissue.sides))
    if absent:
        raise WrongUse(
            f"the ends of a femur are stated for {' and '.join(absent)}, and the limbs here are: "
            f"{', '.join(tissue.sides)}",
            remedy="State them for a limb that is shown, or which side a limb is that is imaged alone.",
        )
    return {
        side: stated_femur(*stated[side])
        if side in stated
        else find_femur(tissue.bones, _limb(tissue, number), tissue.labels.geometry, tissue.segment)
        for number, side in enumerate(tissue.sides, 1)
    }


def _limb(tissue: LimbTissue, number: int) -> npt.NDArray[np.bool_]:
    """A limb where it is not joined with the other one."""
    return np.asarray((tissue.limbs.number == number) & ~tissue.limbs.joined[:, None, None])


def _contrast_checks(words: str, maps: tuple[TissueMap, ...]) -> tuple[Check, ...]:
    """What is not measured, because no image tells it."""
    if any(one.kind in FAT_FRACTIONS for one in maps):
        return ()
    message = f"Tissue is told by {words}; without water and fat images no fat fraction is given."
    return (Check("no_fat_fraction", words, None, ok=True, message=message),)
