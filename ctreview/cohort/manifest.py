"""The manifest: which scan shows which subject at which timepoint."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path, PureWindowsPath
from typing import Any

from ctreview.cohort.columns import RESERVED
from ctreview.errors import UnreadableFile, WrongUse
from ctreview.possible_values import require_age
from ctreview.tables import (
    ColumnNames,
    DateFormat,
    RowFault,
    TextRow,
    TextTable,
    date_format,
    parse_date,
    parse_number,
    read_table_file,
    with_decimal_points,
)

__all__ = ["COLUMNS", "Manifest", "ManifestRow", "read_manifest"]

COLUMNS = ColumnNames(
    "the manifest",
    {
        "subject": ("patient", "patient_id", "subject_id", "pseudonym", "proband", "patienten_id", "fall"),
        "timepoint": ("visit", "session", "zeitpunkt", "visite", "untersuchung"),
        "path": ("folder", "file", "scan", "pfad", "ordner", "datei", "verzeichnis"),
        "date": ("scan_date", "datum", "untersuchungsdatum", "aufnahmedatum"),
        "series": ("serie",),
        "age": ("age_years", "alter", "alter_jahre"),
    },
    required=("subject", "timepoint", "path"),
)
"""The columns that mean something to ctreview, and what else they are called; all others are covariates."""

_NUMBERED = re.compile(r"([^\d]*)(\d+(?:[.]\d+)?)([^\d]*)")


@dataclass(frozen=True)
class ManifestRow:
    """One scan.

    Attributes
    ----------
    line : int
        Where it stands in the manifest; the names of the columns are line 1.
    subject, timepoint : str
        As they will stand in the table: pseudonyms, please.
    path : Path
        A folder of DICOM files, or a file.
    acquired : date or None
        When, as the manifest says.
    series : str or None
        Which series, where the path holds several.
    age_years : float or None
        At this scan, instead of the age in the header.
    covariates : mapping of str to str
        What else the manifest says.
    """

    line: int
    subject: str
    timepoint: str
    path: Path
    acquired: date | None = None
    series: str | None = None
    age_years: float | None = None
    covariates: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        acquired = None if self.acquired is None else self.acquired.isoformat()
        return {**vars(self), "path": str(self.path), "acquired": acquired, "covariates": dict(self.covariates)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> ManifestRow:
        """Read what `to_dict` gave."""
        acquired = None if plain["acquired"] is None else date.fromisoformat(plain["acquired"])
        return cls(**{**plain, "path": Path(plain["path"]), "acquired": acquired})


@dataclass(frozen=True)
class Manifest:
    """The scans, and what is wrong with some of them.

    Attributes
    ----------
    rows : tuple of ManifestRow
        All that name a subject and a timepoint, also those with a fault: a scan that cannot be used still is the
        subject's first, so that no other one takes its place.
    faults : tuple of RowFault
    covariates : tuple of str
        Names of the columns that mean nothing to ctreview and go into the table.
    """

    rows: tuple[ManifestRow, ...]
    faults: tuple[RowFault, ...] = ()
    covariates: tuple[str, ...] = ()

    def with_faults(self, faults: Iterable[RowFault]) -> Manifest:
        """With these among its faults."""
        return replace(self, faults=tuple(sorted({*self.faults, *faults})))

    def faults_of(self, *rows: ManifestRow) -> tuple[RowFault, ...]:
        """What is wrong with some of the rows."""
        lines = {row.line for row in rows}
        return tuple(fault for fault in self.faults if fault.line in lines)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "covariates": list(self.covariates),
            "rows": [row.to_dict() for row in self.rows],
            "faults": [[fault.line, fault.message] for fault in self.faults],
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Manifest:
        """Read what `to_dict` gave."""
        return cls(
            tuple(ManifestRow.from_dict(row) for row in plain["rows"]),
            tuple(RowFault(line, message) for line, message in plain["faults"]),
            tuple(plain["covariates"]),
        )

    def subjects(self) -> dict[str, tuple[ManifestRow, ...]]:
        """The rows of each subject in the order of time.

        By date where each of its rows has one; else by the number in the timepoint, where all are called alike but
        for it (``v1``, ``v2``; ``3m``, ``12m``); else as they stand in the manifest.
        """
        found: dict[str, list[ManifestRow]] = {}
        for row in self.rows:
            found.setdefault(row.subject, []).append(row)
        return {subject: _in_time(rows) for subject, rows in found.items()}


def _in_time(rows: Sequence[ManifestRow]) -> tuple[ManifestRow, ...]:
    if all(row.acquired for row in rows):
        return tuple(sorted(rows, key=lambda row: (row.acquired or date.min, row.line)))
    numbers = [_NUMBERED.fullmatch(row.timepoint) for row in rows]
    if len({(one[1], one[3]) if one else None for one in numbers}) == 1 and all(numbers):
        paired = zip(rows, numbers, strict=True)
        return tuple(row for row, _ in sorted(paired, key=lambda pair: float(pair[1][2]) if pair[1] else 0.0))
    return tuple(sorted(rows, key=lambda row: row.line))


def read_manifest(path: Path | str, *, root: Path | str | None = None) -> Manifest:
    """Read a manifest and look at each line by itself; no scan is opened.

    Parameters
    ----------
    path : path
        A CSV file with the columns ``subject``, ``timepoint``, ``path`` and, if wanted, ``date``, ``series``, ``age``;
        their German names do as well. All other columns are covariates.
    root : path, optional
        The folder that paths start from; that of the manifest if not given. What a drive letter of Windows names is
        looked for here on other systems.

    Returns
    -------
    Manifest
        What is wrong with a line is among its ``faults``, for all of them at once.

    Raises
    ------
    UnreadableFile
        The file cannot be read, or a required column is missing.
    """
    path = Path(path)
    table = read_table_file(path, COLUMNS)
    if not table.rows:
        raise UnreadableFile("the manifest names no scan", where=path, remedy="Give it one line for each scan.")
    reader = _RowReader(table, (path.parent if root is None else Path(root)).absolute())
    if taken := sorted(RESERVED.intersection(table.others)):
        raise UnreadableFile(
            f"the covariate {taken[0]!r} is called like a column of the result", where=path, remedy="Rename it."
        )
    rows = [row for text in table.rows if (row := reader.row(text))]
    return Manifest(tuple(rows), tuple(reader.faults), table.others).with_faults(_doubled(rows))


def _order_of_dates(table: TextTable) -> DateFormat:
    return date_format(row.cells.get("date", "") for row in table.rows)


def _covariates(table: TextTable) -> Mapping[int, Mapping[str, str]]:
    """The covariates of each line, with decimal points."""
    found: dict[int, dict[str, str]] = {row.line: {} for row in table.rows}
    for name in table.others:
        for row, text in zip(table.rows, with_decimal_points([row.cells[name] for row in table.rows]), strict=True):
            found[row.line][name] = text
    return found


class _RowReader:
    """Reads one row after the other and notes what is wrong."""

    def __init__(self, table: TextTable, root: Path) -> None:
        self._root = root
        self._order, self._covariates = _order_of_dates(table), _covariates(table)
        self.faults: list[RowFault] = []

    def row(self, text: TextRow) -> ManifestRow | None:
        """The row, or None where it names no subject or timepoint."""
        wrong: list[str] = []
        if missing := [name for name in ("subject", "timepoint", "path") if not text.cells[name]]:
            wrong.append(f"there is no {' and no '.join(missing)}.")
        if text.surplus:
            wrong.append(
                "it has more cells than there are columns. Put a text that holds the separator between quotes."
            )
        acquired = self._date(text, wrong)
        age = self._age(text, wrong)
        path = self._path(text.cells["path"], wrong)
        self.faults += [RowFault(text.line, one) for one in wrong]
        cells = text.cells
        if not cells["subject"] or not cells["timepoint"]:
            return None
        return ManifestRow(
            text.line,
            cells["subject"],
            cells["timepoint"],
            path,
            acquired,
            cells.get("series") or None,
            age,
            self._covariates[text.line],
        )

    def _date(self, text: TextRow, wrong: list[str]) -> date | None:
        said = text.cells.get("date", "")
        try:
            return parse_date(said, self._order) if said else None
        except ValueError as error:
            reason = str(error) if "YYYY" in str(error) else "there is no such day; write YYYY-MM-DD"
            wrong.append(f"the date cannot be used: {reason}.")
            return None

    def _age(self, text: TextRow, wrong: list[str]) -> float | None:
        said = text.cells.get("age", "")
        try:
            age = parse_number(said) if said else None
            require_age(age)
        except (ValueError, WrongUse):
            wrong.append("the age is no number of years. Leave it empty where it is not known.")
            return None
        return age

    def _path(self, said: str, wrong: list[str]) -> Path:
        """Where the scan lies; also where another system wrote the path."""
        path = self._root / said
        if "\\" in said and not path.exists():
            windows = PureWindowsPath(said)
            path = self._root.joinpath(*windows.relative_to(windows.anchor).parts)
        if said and not _exists(path):
            drive = " A drive of Windows is looked for below --root." if PureWindowsPath(said).drive else ""
            wrong.append(f"there is nothing at this path ({path}).{drive}")
        return path


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a disk that does not answer; what is wrong is said once the scan is looked at
        return True


def _doubled(rows: Sequence[ManifestRow]) -> list[RowFault]:
    """What several lines say and only one can: all of them are at fault, since nobody knows which is right."""
    same: dict[tuple[object, ...], list[ManifestRow]] = {}
    for row in rows:
        same.setdefault(("this subject at this timepoint", row.subject, row.timepoint), []).append(row)
        same.setdefault(("this scan", row.path, row.series), []).append(row)
    faults = [
        RowFault(row.line, f"{key[0]} stands also in line {', '.join(str(one.line) for one in group if one != row)}.")
        for key, group in same.items()
        if len(group) > 1
        for row in group
    ]
    written: dict[str, ManifestRow] = {}
    for row in rows:
        other = written.setdefault(row.subject.casefold(), row)
        if other.subject != row.subject:
            says = f"the subject is written with other capital letters than in line {other.line}."
            faults.append(RowFault(row.line, says))
    return faults
