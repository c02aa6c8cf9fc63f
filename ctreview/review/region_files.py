"""Painted regions on disk: their tables and segmentations, signed, and replayed from images and journal alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ctreview.edits import active_edits
from ctreview.progress import Progress, part, quiet
from ctreview.recipes.muscle_mri import MuscleMriSettings
from ctreview.review.images import load_examination_of_study
from ctreview.review.journal import ReadingJournal
from ctreview.review.muscle import MeasuredExaminations, MuscleReview, find_muscle
from ctreview.review.readings import open_reading
from ctreview.review.regions import RECIPE, REGIONS, RegionReview, RegionRow
from ctreview.review.replay import REPLAY_SCHEMA, replay_facts
from ctreview.study import Reading, Study
from ctreview.study.document import write_document
from ctreview.volume.atomic import atomic_folder
from ctreview.volume.segmentation import write_segmentation

__all__ = [
    "REGIONS_SCHEMA",
    "as_csv",
    "find_region_reading",
    "muscle_settings_of",
    "replay_regions",
    "sign_regions",
    "write_regions",
    "write_replayed_regions",
]

REGIONS_SCHEMA = "ctreview.regions/1"

_COLUMNS = (
    "region",
    "side",
    "timepoint",
    "contrast",
    "volume_ml",
    "mean",
    "sd",
    "value_unit",
    "voxels",
    "middle_x_mm",
    "side_told_by",
)
"""Of the table; those of `RegionRow.to_dict`."""


def find_region_reading(source: Path | str, reader: str | None = None) -> tuple[Study, Reading] | None:
    """The study of MRI and the reading that a folder stands for; None where it holds CT or is no folder of a study.

    Raises
    ------
    WrongUse
        Several readers painted there and none was named.
    """
    folder = Path(source)
    if not folder.is_dir():
        return None
    study, reading = open_reading(folder, reader)
    return (study, reading) if study.plan is not None and study.plan.recipe == RECIPE else None


def replay_regions(study: Study, reading: Reading, *, progress: Progress = quiet) -> RegionReview:
    """The regions that a reader painted, voxel for voxel, from the images and the journal alone.

    Raises
    ------
    InputRefused
        An image is gone or another one, or what was signed was changed afterwards.
    """
    reading.signature()
    numbers = study.timepoints
    found = [
        load_examination_of_study(
            study, number, progress=part(progress, place / len(numbers), (place + 1) / len(numbers))
        )
        for place, number in enumerate(numbers)
    ]
    journal = ReadingJournal(reading.edits(), keep=reading.record)
    settings = muscle_settings_of(study)
    if settings is None:
        return RegionReview(found, timepoints=numbers, author=reading.reader, journal=journal)
    compared = study.plan is not None and not study.plan.allow_different_patients
    muscle = find_muscle(found, compared=compared, settings=settings)
    return MuscleReview(found, muscle, timepoints=numbers, author=reading.reader, journal=journal)


def muscle_settings_of(study: Study) -> MuscleMriSettings | None:
    """By which settings tissues were found in the images of a study; None where they were not looked for.

    Raises
    ------
    UnreadableFile
        It names a setting that this version does not have.
    """
    plain = None if study.plan is None else study.plan.settings.get("muscle")
    return None if plain is None else MuscleMriSettings.from_dict(plain)


def as_csv(rows: Iterable[RegionRow], *, separator: str = ",") -> str:
    """Rows as a table with a line of column names, one line each."""
    plain = [row.to_dict() for row in rows]
    text = io.StringIO()
    table = csv.DictWriter(text, _COLUMNS, delimiter=separator, lineterminator="\n")
    table.writeheader()
    table.writerows({key: _rounded(value) for key, value in row.items()} for row in plain)
    return text.getvalue()


def write_regions(review: RegionReview, folder: Path) -> Path:
    """Write ``regions.csv``, ``regions.json`` and for each timepoint ``timepoint-N.seg.nrrd``; whole or not at all.

    Where tissues were found, ``muscle/`` holds what the commands write of them, with the reader's corrections.

    Parameters
    ----------
    review : RegionReview
    folder : Path
        Replaced where it is there.
    """
    with atomic_folder(folder, replace=True) as draft:
        _fill(review, draft)
    return folder


def write_replayed_regions(
    review: RegionReview, reading: Reading, folder: Path | str, *, overwrite: bool = False
) -> Path:
    """Write what `write_regions` does, with ``replay.json`` and ``provenance.json``, as a result that may be replaced.

    Raises
    ------
    WrongUse
        The folder may not be written to.
    """
    from ctreview.report.document import write_json  # noqa: PLC0415 - the page's libraries are loaded only here
    from ctreview.report.folder import result_folder  # noqa: PLC0415
    from ctreview.report.provenance import provenance  # noqa: PLC0415

    inputs = {
        f"timepoint {number} {one.name}": one.acquired
        for number, shown in zip(review.timepoints, review.examinations, strict=True)
        for one in shown.contrasts
    }
    with result_folder(folder, overwrite=overwrite) as draft:
        _fill(review, draft)
        write_json({"schema": REPLAY_SCHEMA, "timepoints": _replayed(review, reading)}, draft / "replay.json")
        write_json(provenance(inputs, settings={}, seeds={}, timings={}), draft / "provenance.json")
    return Path(folder)


def _fill(review: RegionReview, draft: Path) -> None:
    """Write tables and segmentations into a folder that is there."""
    rows = [row for number in range(len(review.drawn)) for row in review.rows(number)]
    (draft / "regions.csv").write_text(as_csv(rows), encoding="utf-8")
    write_document(draft / "regions.json", REGIONS_SCHEMA, {"regions": [row.to_dict() for row in rows]})
    for timepoint, session in zip(review.timepoints, review.drawn, strict=True):
        if len(review.scheme):
            write_segmentation(draft / f"timepoint-{timepoint}.seg.nrrd", [session.labels])
    if isinstance(review, MuscleReview):
        _write_muscle(review.measured(), draft / "muscle")


def _write_muscle(found: MeasuredExaminations, folder: Path) -> None:
    """Page, numbers and segmentations of what was measured of muscle, as the commands write them."""
    from ctreview.report.muscle_folder import write_muscle, write_muscle_comparison  # noqa: PLC0415 - as below

    if found.comparison is not None:
        write_muscle_comparison(found.comparison, folder)
    else:
        for number, scan in enumerate(found.scans, 1):
            write_muscle(scan, folder if len(found.scans) == 1 else folder / str(number))


def _replayed(review: RegionReview, reading: Reading) -> list[dict[str, Any]]:
    """What became of a reading's edits at each timepoint."""
    drawn = active_edits(reading.edits(target=REGIONS))
    known = {session.image for session in review.drawn}
    return [
        replay_facts(
            number,
            (reading.reader, reading.version),
            applied=sum(edit.image == session.image for edit in drawn) - len(session.refused),
            refused=session.refused,
            elsewhere=sum(edit.image not in known for edit in drawn),
            proposed=session.base,
            corrected=session.labels,
        )
        for number, session in zip(review.timepoints, review.drawn, strict=True)
    ]


def sign_regions(review: RegionReview, reading: Reading) -> None:
    """Write the regions and close the reading with what they measure.

    Raises
    ------
    AlreadySigned
        It is closed already.
    """
    reading.require_draft()
    write_regions(review, reading.regions_folder)
    rows = [row.to_dict() for number in range(len(review.drawn)) for row in review.rows(number)]
    statement: dict[str, Any] = {"regions": rows}
    if isinstance(review, MuscleReview):
        found = review.measured()
        whole = found.comparison
        statement["muscle"] = [scan.to_dict() for scan in found.scans] if whole is None else whole.to_dict()
    reading.sign(statement)


def _rounded(value: Any) -> Any:
    return f"{value:.6g}" if isinstance(value, float) else value
