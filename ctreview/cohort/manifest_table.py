"""A manifest's text as rows, whatever program wrote it: encoding, separator, and the names of its columns."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ctreview.errors import UnreadableFile

__all__ = ["FIELDS", "ManifestTable", "TextRow", "read_manifest_table"]

REQUIRED = ("subject", "timepoint", "path")

FIELDS: Mapping[str, tuple[str, ...]] = {
    "subject": ("patient", "patient_id", "subject_id", "pseudonym", "proband", "patienten_id", "fall"),
    "timepoint": ("visit", "session", "zeitpunkt", "visite", "untersuchung"),
    "path": ("folder", "file", "scan", "pfad", "ordner", "datei", "verzeichnis"),
    "date": ("scan_date", "datum", "untersuchungsdatum", "aufnahmedatum"),
    "series": ("serie",),
    "age": ("age_years", "alter", "alter_jahre"),
}
"""The columns that mean something to ctreview, and what else they are called; all others are covariates."""

SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True)
class TextRow:
    """One record: the line of the file where it begins, and its cells by column; an empty cell is ``""``."""

    line: int
    cells: Mapping[str, str]
    surplus: int = 0
    """Cells beyond the last column."""


@dataclass(frozen=True)
class ManifestTable:
    """A manifest as text.

    Attributes
    ----------
    rows : tuple of TextRow
    covariates : tuple of str
        Columns that are not in `FIELDS`, as they are called in the file.
    separator : str
    """

    rows: tuple[TextRow, ...]
    covariates: tuple[str, ...]
    separator: str


def read_manifest_table(data: bytes) -> ManifestTable:
    """Read the bytes of a CSV file.

    UTF-8 and UTF-16 with or without a byte-order mark, else the Western code page of Windows; separated by comma,
    semicolon or tab, whichever makes the required columns appear.

    Raises
    ------
    UnreadableFile
        A required column is missing, or two columns mean the same.
    """
    text = _decoded(data)
    attempts = {mark: _columns(text, mark) for mark in SEPARATORS}
    separator = max(SEPARATORS, key=lambda mark: sum(name in attempts[mark] for name in REQUIRED))
    columns = attempts[separator]
    _require_columns(columns)
    rows = tuple(_rows(text, separator, columns))
    return ManifestTable(rows, tuple(name for name in columns if name and name not in FIELDS), separator)


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _columns(text: str, separator: str) -> list[str]:
    """The names of the columns, those of `FIELDS` by their own name."""
    header = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
    return [_field(name) or name.strip() for name in header]


def _field(name: str) -> str | None:
    plain = re.sub(r"[^a-z0-9]+", "_", unicodedata.normalize("NFKD", name).lower()).strip("_")
    return next((field for field, others in FIELDS.items() if plain == field or plain in others), None)


def _require_columns(columns: list[str]) -> None:
    if missing := [name for name in REQUIRED if name not in columns]:
        known = ", ".join(f"{name} (or {', '.join(FIELDS[name])})" for name in missing)
        raise UnreadableFile(
            f"the manifest has no column for {' and '.join(missing)}",
            remedy=f"Its first line names the columns: {known}.",
        )
    if doubled := [name for name in dict.fromkeys(columns) if name and columns.count(name) > 1]:
        raise UnreadableFile(f"two columns of the manifest mean {doubled[0]!r}", remedy="Rename or remove one of them.")


def _rows(text: str, separator: str, columns: list[str]) -> Iterator[TextRow]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    next(reader)
    begins = reader.line_num + 1
    for record in reader:
        line, begins = begins, reader.line_num + 1
        cells = [cell.strip() for cell in record]
        if any(cells):
            named = {name: cells[place] if place < len(cells) else "" for place, name in enumerate(columns) if name}
            yield TextRow(line, named, sum(bool(cell) for cell in cells[len(columns) :]))
