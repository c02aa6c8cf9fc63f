"""The courses of all subjects of a cohort, and their patches, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ctreview.cohort.collect import FoundCase
from ctreview.cohort.course import COURSE_COLUMNS, course_rows
from ctreview.cohort.patches import PairPatches
from ctreview.cohort.tracking import PatchSighting, follow_patches

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PATCH_COLUMNS", "course_records", "course_table", "patch_table"]

PATCH_COLUMNS: Mapping[str, str] = {
    "timepoint": "the scan",
    "patch": "identity of the patch within its subject, the same at every timepoint",
    "ml": "its volume; 0 where it is gone",
    "region": "where most of it lies",
    "event": "first seen, new, persists, split from N, merged into N, gone; not linked where registration failed",
}
"""The columns of ``patches.csv`` behind the subject, and what they hold."""


def course_table(found: Sequence[FoundCase]) -> pd.DataFrame:
    """One row for each subject, timepoint and region, of all that were compared (`course_rows`)."""
    return _table(course_records(found), COURSE_COLUMNS)


def course_records(found: Sequence[FoundCase]) -> list[dict[str, Any]]:
    """The rows of `course_table`."""
    return [
        {"subject": subject, **row}
        for subject, names, since_first, since_previous in _subjects(found)
        for row in course_rows(names, _changes(since_first), _changes(since_previous))
    ]


def patch_table(found: Sequence[FoundCase]) -> pd.DataFrame:
    """One row for each patch and timepoint of every subject.

    Where a pair in the middle has no result, the patches after it cannot be those before it; nothing is said of them.
    """
    rows = [
        {"subject": subject, **vars(one), "timepoint": names[one.timepoint]}
        for subject, names, _, since_previous in _subjects(found)
        for one in _sightings(since_previous)
    ]
    return _table(rows, PATCH_COLUMNS)


def _subjects(
    found: Sequence[FoundCase],
) -> Iterator[tuple[str, list[str], list[FoundCase | None], list[FoundCase | None]]]:
    """Each subject with its timepoints and, for each but the first, its case against the first and the one before."""
    subjects: dict[str, list[FoundCase]] = {}
    for one in found:
        subjects.setdefault(one.case.subject, []).append(one)
    for subject, cases in subjects.items():
        since_first = {one.case.followup.line: one for one in cases if one.case.against_baseline}
        since_previous = {one.case.followup.line: one for one in cases if one.case.against_previous}
        names = [cases[0].case.baseline.timepoint, *(one.case.followup.timepoint for one in since_first.values())]
        later = list(since_first)
        yield subject, names, [since_first[line] for line in later], [since_previous.get(line) for line in later]


def _changes(cases: Sequence[FoundCase | None]) -> list[Mapping[str, Any] | None]:
    return [None if one is None else one.change for one in cases]


def _sightings(since_previous: Sequence[FoundCase | None]) -> Sequence[PatchSighting]:
    pairs = []
    for one in since_previous:
        kept = None if one is None or one.change is None or one.document is None else one.document.get("patches")
        if kept is None:
            break
        pairs.append(PairPatches.from_dict(kept))
    return follow_patches(pairs)


def _table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - heavy, and only tables need it

    return pd.DataFrame(rows, columns=["subject", *columns])
