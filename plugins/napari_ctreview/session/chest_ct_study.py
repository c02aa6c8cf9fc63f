"""What a study of chest CT gives to a reading, and what a reading writes into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from ctreview.change import open_candidates
from ctreview.errors import InputRefused
from ctreview.progress import Progress, part
from ctreview.recipes.chest_ct import ChestCtSettings, Prepared, compare_prepared
from ctreview.recipes.steps import run_both
from ctreview.report import words
from ctreview.review.archive import ImageSource, settings_of
from ctreview.review.corrections import OpacityReview, ReviewedPair
from ctreview.review.images import load_ct_of_study, load_settings_of
from ctreview.review.stored_pair import StoredPair, stored_comparison, stored_pair
from ctreview.review.stored_reading import signed_by_another_version
from ctreview.review.workspace import Workspace
from napari_ctreview.input_output.scans import Scan

if TYPE_CHECKING:
    from ctreview.change import Candidate, Comparison
    from ctreview.recipes.chest_ct.corrections import Edits
    from ctreview.study import Reading, Study
    from ctreview.volume.labels import LabelMap
    from ctreview.volume.volume import Volume

__all__ = ["KeptReading", "WritingJob", "kept_reading", "load_scans", "review_of", "sign_summary", "writing_job"]

OnLabels = Callable[[int, str, "LabelMap"], object]


@dataclass(frozen=True, eq=False)
class KeptReading:
    """A reading as its study stores it.

    Attributes
    ----------
    review : OpacityReview
        The stored masks with the reader's corrections.
    comparison : Comparison or None
        The stored one, where it holds all of these.
    written : datetime or None
        When that was written.
    """

    review: OpacityReview
    comparison: Comparison | None
    written: datetime | None


@dataclass(frozen=True, eq=False)
class WritingJob:
    """What compares both scans, where that was not done yet, and writes.

    Attributes
    ----------
    work : callable
        Called away from the window; gives the comparison that was written.
    edits : Edits
        The corrections that it rests on.
    """

    work: Callable[[Progress], Comparison]
    edits: Edits


def review_of(prepared: ReviewedPair, workspace: Workspace) -> OpacityReview:
    """The corrections of a reader's journal, replayed on what was found."""
    return OpacityReview(prepared, author=workspace.author, journal=workspace.journal)


def load_scans(study: Study, progress: Progress) -> list[Scan | None]:
    """The images of a study's two timepoints.

    Raises
    ------
    InputRefused
        The study has not two timepoints, or an image is gone or another one.
    """
    if len(study.timepoints) != 2:
        raise InputRefused(
            f"the study has {len(study.timepoints)} timepoints, and two are read here",
            where=study.folder,
            remedy="Open its scans instead.",
        )
    settings = _loading(study)

    def load(number: int, share: Progress) -> Scan:
        source = study.source(number)
        volume = load_ct_of_study(study, number, settings=settings, progress=share)
        return Scan(ImageSource(source.path, source.series), volume)

    first, second = (partial(load, number) for number in study.timepoints)
    return list(run_both(first, second, threads=2, progress=progress))


def kept_reading(
    study: Study, reading: Reading, volumes: Sequence[Volume], workspace: Workspace, on_labels: OnLabels
) -> KeptReading | None:
    """What a study stores of a reading; None where that is too little to correct."""
    pair: StoredPair | None = stored_pair(study, volumes, on_labels=on_labels)
    if pair is None:
        return None
    review = review_of(pair, workspace)
    comparison = stored_comparison(study, reading, pair, review.edits)
    return KeptReading(review, comparison, None if comparison is None else _written(study, reading))


def sign_summary(
    comparison: Comparison | None, candidates: Sequence[Sequence[Candidate]], *, up_to_date: bool
) -> tuple[str, ...]:
    """Verdict and change of both lungs, and what was left open, a line each.

    Parameters
    ----------
    comparison : Comparison or None
        None hides it from a blinded reader.
    candidates : sequence of sequences of Candidate
        Of each scan.
    up_to_date : bool
        Whether the comparison holds every act.
    """
    lines = []
    if comparison is not None:
        change = comparison["lungs"].change["opacity_ml"]
        by = "" if change is None else f": {words.signed(change.value)} mL ({words.span(change.low, change.high)} mL)"
        lines.append(f"Both lungs {words.verdict_word(comparison.verdict)}{by}")
    if not up_to_date:
        lines.append("The numbers are made anew with the last acts before they are signed.")
    waiting = sum(len(open_candidates(offered)) for offered in candidates)
    if waiting:
        areas = "dense area is" if waiting == 1 else "dense areas are"
        lines.append(f"{waiting} {areas} still to confirm, and in no number")
    return tuple(lines)


def writing_job(
    prepared: Prepared | None,
    review: OpacityReview | None,
    known: Comparison | None,
    write: Callable[[Prepared | None, Comparison, Edits, Progress], object],
) -> WritingJob | None:
    """What compares both scans as they stand, where that was not done yet, and writes.

    None where there is nothing to be written: what is stored was corrected and not compared anew.
    """
    if review is None or (prepared is None and known is None):
        return None
    edits = review.edits

    def work(progress: Progress) -> Comparison:
        found = known
        if found is None:
            assert prepared is not None
            found = compare_prepared(prepared, edits=edits, progress=part(progress, 0.0, 0.4))
        write(prepared, found, edits, part(progress, 0.4, 1.0))
        return found

    return WritingJob(work, edits)


def _written(study: Study, reading: Reading) -> datetime | None:
    folders = (reading.comparison_folder, study.comparison_folder(1, 2))
    path = next((one / "change.json" for one in folders if (one / "change.json").is_file()), None)
    return None if path is None else datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _loading(study: Study) -> ChestCtSettings:
    """How a study's scans are loaded; of what another version signed no other setting is asked for."""
    return ChestCtSettings(load=load_settings_of(study)) if signed_by_another_version(study) else settings_of(study)
