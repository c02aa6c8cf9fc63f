"""What a study of muscle MRI gives to a reading, and what is stored in it of what the computer found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctreview.errors import CtreviewError, in_words
from ctreview.muscle.groups import GROUP_TARGET
from ctreview.progress import Progress, part
from ctreview.recipes.muscle_mri.loading import tissue_source
from ctreview.report import words
from ctreview.report.muscle_words import region_words
from ctreview.review.archive import ImageSource
from ctreview.review.images import load_examination_of_study
from ctreview.review.muscle import TISSUE, FoundMuscle, find_muscle
from ctreview.review.regions import REGIONS
from ctreview.review.stored_muscle import store_muscle, stored_muscle, tissue_of_segmentation
from ctreview.review.stored_reading import made_by_another_version
from ctreview.volume.segmentation import read_segmentation
from napari_ctreview.input_output.scans import Scan
from napari_ctreview.session.steps import Step
from napari_ctreview.viewer.correspondence import TITLES

if TYPE_CHECKING:
    from ctreview.checks import Check
    from ctreview.recipes.muscle_mri import MuscleMriResult, MuscleMriSettings
    from ctreview.review.workspace import Workspace
    from ctreview.study import AnalysisPlan, Reading, Study
    from ctreview.volume.contrasts import Examination
    from ctreview.volume.labels import LabelMap

__all__ = ["SignedLabels", "find_and_store", "load_examinations", "signed_labels", "tissue_step"]


@dataclass(frozen=True, eq=False)
class SignedLabels:
    """A signed reading of another version of ctreview, as it is stored: to be looked at.

    Attributes
    ----------
    labels : tuple of mapping of str to LabelMap
        Of each examination, by what they are labels of; tissues first, then what lies on top of them.
    summary : str
        By whom and which version it was made.
    """

    labels: tuple[Mapping[str, LabelMap], ...]
    summary: str


def load_examinations(study: Study, progress: Progress) -> list[Scan | None]:
    """The MRI of a study by timepoint; None where it has none."""
    found: list[Scan | None] = [None, None]
    numbers = study.timepoints
    for done, number in enumerate(numbers):
        share = part(progress, done / len(numbers), (done + 1) / len(numbers))
        images = load_examination_of_study(study, number, progress=share)
        source = study.source(number)
        found[number - 1] = Scan(ImageSource(source.path, source.series), images.contrasts[0].volume, images)
    return found


def find_and_store(
    examinations: Sequence[Examination],
    timepoints: Sequence[int],
    workspace: Workspace,
    plan: AnalysisPlan,
    settings: MuscleMriSettings,
    *,
    known: FoundMuscle | None,
    progress: Progress,
) -> tuple[FoundMuscle, str]:
    """Find the tissues of examinations, by what the open study keeps of them, and keep what is new.

    Parameters
    ----------
    examinations : sequence of Examination
    timepoints : sequence of int
        The number of each.
    workspace : Workspace
    plan : AnalysisPlan
        With these settings.
    settings : MuscleMriSettings
    known : FoundMuscle, optional
        What was found since it was opened.
    progress : Progress

    Returns
    -------
    FoundMuscle
    str
        Why it could not be kept; empty where it was.
    """
    study = workspace.study
    if known is None and study is not None:
        known = stored_muscle(study, examinations, timepoints, settings)
    compared = not plan.allow_different_patients
    found = find_muscle(examinations, known=known, compared=compared, settings=settings, progress=progress)
    try:
        workspace.change_plan(plan)
        if study is not None and not study.signed:
            store_muscle(study, found, timepoints)
    except (OSError, CtreviewError) as error:
        return found, f"That tissues were found is not kept until the study is saved: {in_words(error)}"
    return found, ""


def tissue_step(scans: Sequence[MuscleMriResult], timepoints: Sequence[int]) -> Step:
    """By which images tissues were told, and which checks failed; one that not all share names its examination."""
    failed: dict[str, list[Check]] = {}
    for timepoint, scan in zip(timepoints, scans, strict=True):
        title = TITLES[timepoint - 1]
        for check in (one for one in scan.checks if not one.ok):
            named = replace(check, message=f"{title[:1].upper()}{title[1:]}: {check.message}")
            failed.setdefault(check.message, []).append(named)
    checks = [
        replace(named[0], message=message) if len(named) == len(scans) else named[0]
        for message, named in failed.items()
    ]
    told = " and ".join(dict.fromkeys(scan.tissue_told_by for scan in scans))
    return Step("done", f"Told by {told}.", checks=tuple(checks))


def signed_labels(
    study: Study, reading: Reading, examinations: Sequence[Examination], timepoints: Sequence[int]
) -> SignedLabels | None:
    """What a study stores of a signed reading that rests on another version of ctreview; None of any other reading.

    Raises
    ------
    InputRefused
        What was signed was changed afterwards.
    UnreadableFile
        A segmentation is damaged.
    """
    signature = reading.signature()
    if signature is None or not made_by_another_version(study, reading):
        return None
    folder = reading.regions_folder
    found = [
        _labels_of(folder, number, place, len(examinations), images)
        for place, (number, images) in enumerate(zip(timepoints, examinations, strict=True))
    ]
    version = study.plan.version if study.plan is not None and study.plan.version else "an earlier version"
    summary = (
        f"{signature['state']} by {signature['reader']} on {str(signature['time'])[:10]}, made by ctreview {version}"
        f"{_change_words(signature['statement'].get('muscle'))}. Shown as it was stored, read-only"
    )
    return SignedLabels(tuple(found), summary)


def _change_words(signed: Any) -> str:
    """The change that was signed, of the first region, where a document of whatever version says it."""
    try:
        first = signed["changes"][0]
        value, low, high = (words.signed(first["change"][key]) for key in ("value", "low", "high"))
        region, unit = region_words(first["region"], "en"), first["unit"]
        return f": {region}, {words.verdict_word(first['verdict'])}, {value} {unit} ({low} to {high})"
    except (KeyError, IndexError, TypeError, ValueError):
        return ""


def _labels_of(folder: Path, number: int, place: int, count: int, images: Examination) -> dict[str, LabelMap]:
    """Tissues and groups lie where the commands write them, regions beside."""
    compared = (folder / "muscle" / "muscle_change.json").is_file()
    name = ("baseline", "followup")[place] if compared else "muscle"
    within = folder / "muscle" if compared or count == 1 else folder / "muscle" / str(place + 1)
    found: dict[str, LabelMap] = {}
    tissue = within / f"{name}.seg.nrrd"
    if tissue.is_file():
        grid = tissue_source(images).image.geometry
        found[TISSUE] = tissue_of_segmentation(tissue, grid)
        found.update((GROUP_TARGET, layer) for layer in read_segmentation(tissue, on=grid)[1:])
    regions = folder / f"timepoint-{number}.seg.nrrd"
    if regions.is_file():
        found[REGIONS] = read_segmentation(regions, on=images.contrasts[0].volume.geometry)[0]
    return found
