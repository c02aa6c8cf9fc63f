"""A manifest made from a tree of folders, to be looked at before it is used."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from ctreview.cohort.manifest import ManifestRow
from ctreview.dicom.scan import find_series
from ctreview.errors import CtreviewError, NoSeriesFound
from ctreview.progress import Progress, quiet
from ctreview.volume.atomic import atomic_path
from ctreview.volume.image_file import is_image_file

__all__ = ["rows_of_tree", "write_manifest"]

COLUMNS = ("subject", "timepoint", "path", "date", "series", "age")


def rows_of_tree(folder: Path | str, *, progress: Progress = quiet) -> tuple[ManifestRow, ...]:
    """Make rows from a tree ``SUBJECT/TIMEPOINT/…``: a folder of DICOM files, or an image file, for each timepoint.

    Parameters
    ----------
    folder : path
        Its folders are subjects; what lies in each of them are timepoints.
    progress : Progress

    Returns
    -------
    tuple of ManifestRow
        Of each subject by the dates in the headers, where all have one; else by name. Their ``line`` is that in
        the file of `write_manifest`.

    Raises
    ------
    NoSeriesFound
        No folder in it holds a folder or an image.
    """
    folder = Path(folder)
    subjects = [one for one in _visible(folder) if one.is_dir()]
    rows: list[ManifestRow] = []
    for done, subject in enumerate(subjects):
        progress(done, len(subjects), "reading headers")
        scans = [(_day(path), name, path) for name, path in _scans(subject)]
        if all(day for day, _, _ in scans):
            scans.sort(key=lambda scan: (scan[0] or date.min, scan[1]))
        rows += [
            ManifestRow(len(rows) + place, subject.name, name, path.absolute(), day)
            for place, (day, name, path) in enumerate(scans, 2)
        ]
    if not rows:
        raise NoSeriesFound(
            "no folder in it holds a folder or an image",
            where=folder,
            remedy="Give a tree SUBJECT/TIMEPOINT/…, or a manifest: a CSV file with subject, timepoint and path.",
        )
    return tuple(rows)


def write_manifest(rows: tuple[ManifestRow, ...], path: Path) -> None:
    """Write rows as a manifest."""
    with atomic_path(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            acquired = "" if row.acquired is None else row.acquired.isoformat()
            writer.writerow([row.subject, row.timepoint, row.path, acquired, "", ""])


def _visible(folder: Path) -> list[Path]:
    return sorted(one for one in folder.iterdir() if not one.name.startswith("."))


def _scans(subject: Path) -> Iterator[tuple[str, Path]]:
    """Name and path of each timepoint; of a folder with a single image file in it the file."""
    for path in _visible(subject):
        if is_image_file(path):
            yield path.name.partition(".")[0], path
        elif path.is_dir():
            images = [one for one in path.rglob("*") if is_image_file(one)]
            yield path.name, images[0] if len(images) == 1 else path


def _day(path: Path) -> date | None:
    """The date in the headers of a folder, where they agree on one."""
    if is_image_file(path):
        return None
    try:
        series = find_series(path)
    except CtreviewError:
        return None  # the check of the manifest says why
    days = {one.acquisition.acquired.date() for one in series if one.usable and one.acquisition.acquired}
    return days.pop() if len(days) == 1 else None
