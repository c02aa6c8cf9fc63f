"""Whether the scans of one subject are what the manifest says of them, by their headers alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from ctreview.cohort.engine import short_digest
from ctreview.cohort.manifest import ManifestRow
from ctreview.dicom.acquisition import Acquisition
from ctreview.dicom.scan import find_series
from ctreview.errors import CtreviewError, UnreadableFile, WrongModality, in_words
from ctreview.tables import RowFault
from ctreview.volume.image_file import is_image_file
from ctreview.volume.load import LoadSettings, choose_series

__all__ = ["SubjectCheck", "check_subject"]

DATES_APART_DAYS = 1
"""By so much the manifest's date may differ from the header's: a scan at midnight, another time zone."""


@dataclass(frozen=True)
class SubjectCheck:
    """What the headers of one subject's scans say.

    Attributes
    ----------
    faults : tuple of RowFault
    megavoxels : mapping of int to float
        Millions of voxels of the scan of each line.
    undated : frozenset of int
        Lines whose header has no date, so that the manifest's counts.
    series : mapping of int to str
        Digest of the series UID of each line.
    """

    faults: tuple[RowFault, ...]
    megavoxels: Mapping[int, float]
    undated: frozenset[int]
    series: Mapping[int, str]

    @classmethod
    def failed(cls, lines: Iterable[int], reason: str) -> SubjectCheck:
        """None of the scans could be looked at."""
        return cls(tuple(RowFault(line, reason) for line in lines), {}, frozenset(), {})

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON; no date and no identity."""
        return {
            "faults": [[fault.line, fault.message] for fault in self.faults],
            "megavoxels": {str(line): value for line, value in self.megavoxels.items()},
            "undated": sorted(self.undated),
            "series": {str(line): value for line, value in self.series.items()},
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> SubjectCheck:
        """Read what `to_dict` gave."""
        return cls(
            tuple(RowFault(int(line), str(message)) for line, message in plain["faults"]),
            {int(line): float(value) for line, value in plain["megavoxels"].items()},
            frozenset(int(line) for line in plain["undated"]),
            {int(line): str(value) for line, value in plain["series"].items()},
        )


@dataclass(frozen=True)
class _Header:
    acquisition: Acquisition
    megavoxels: float


def check_subject(rows: Sequence[ManifestRow], *, settings: LoadSettings, same_patient: bool = False) -> SubjectCheck:
    """Look at the headers of one subject's scans.

    Parameters
    ----------
    rows : sequence of ManifestRow
        In the order of time.
    settings : LoadSettings
    same_patient : bool
        Whether somebody states that ids may differ though the patient is one.
    """
    faults: list[RowFault] = []
    headers: dict[int, _Header] = {}
    for row in rows:
        try:
            headers[row.line] = _header(row, settings)
        except (CtreviewError, OSError) as error:
            faults.append(RowFault(row.line, in_words(error)))
    read = [row for row in rows if row.line in headers]
    facts = {line: header.acquisition for line, header in headers.items()}
    faults += [*_of_dates(read, facts), *_of_order(read, facts), *_of_patients(read, facts, same_patient)]
    return SubjectCheck(
        tuple(faults),
        {line: header.megavoxels for line, header in headers.items()},
        frozenset(line for line, one in facts.items() if one.acquired is None),
        {line: short_digest(one.series_uid) for line, one in facts.items() if one.series_uid},
    )


def _header(row: ManifestRow, settings: LoadSettings) -> _Header:
    if is_image_file(row.path):
        return _Header(Acquisition(), _megavoxels_of_file(row.path))
    series = choose_series(find_series(row.path), row.series, row.path, settings=settings)
    if series.modality not in ("CT", ""):
        raise WrongModality(f"this is {series.modality}, and CT is needed", where=row.path)
    slices, height, width = series.shape
    return _Header(series.acquisition, slices * height * width / 1e6)


def _megavoxels_of_file(path: Path) -> float:
    import SimpleITK  # noqa: PLC0415 - heavy, and only files of other formats need it

    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise UnreadableFile("its header cannot be read", where=path) from error
    voxels = 1.0
    for length in reader.GetSize():
        voxels *= length
    return voxels / 1e6


def _of_dates(rows: Iterable[ManifestRow], facts: Mapping[int, Acquisition]) -> list[RowFault]:
    """Dates of the manifest that are not those of the headers."""
    return [
        RowFault(row.line, "its date is not the date in the scan's header. Look whether path or date are another's.")
        for row in rows
        if row.acquired and (there := _day(facts[row.line])) and abs((there - row.acquired).days) > DATES_APART_DAYS
    ]


def _of_order(rows: Sequence[ManifestRow], facts: Mapping[int, Acquisition]) -> list[RowFault]:
    """Scans that were made before the one that stands before them."""
    dated = [(row, day) for row in rows if (day := _day(facts[row.line]))]
    return [
        RowFault(
            late.line,
            f"by the headers this scan was made before that of line {early.line}, which the manifest puts first. "
            "Look at timepoints and paths.",
        )
        for (early, before), (late, after) in pairwise(dated)
        if after < before
    ]


def _of_patients(rows: Sequence[ManifestRow], facts: Mapping[int, Acquisition], same_patient: bool) -> list[RowFault]:
    """Scans whose headers name another patient than the subject's first."""
    faults = []
    for row in rows[1:]:
        first, here = facts[rows[0].line].patient, facts[row.line].patient
        differ = first.contradictions(here) if same_patient else first.conflicts(here)
        if differ:
            says = f"its header names another patient than that of line {rows[0].line} ({' and '.join(differ)} differ)."
            faults.append(RowFault(row.line, f"{says} Look at the path, or state that both are one (--same-patient)."))
    return faults


def _day(facts: Acquisition) -> date | None:
    return None if facts.acquired is None else facts.acquired.date()
