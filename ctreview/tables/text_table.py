"""A CSV file's text as rows, whatever program wrote it: encoding, separator, and the names of its columns."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ctreview.errors import UnreadableFile

__all__ = ["ColumnNames", "RowFault", "TextRow", "TextTable", "read_table_file", "read_text_table"]

SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True)
class ColumnNames:
    """The columns that a kind of table has.

    Attributes
    ----------
    table : str
        What the table is called in a message, such as ``"the manifest"``.
    names : mapping of str to tuple of str
        Columns that mean something, and what else they are called, in lower case with ``_`` for what is no letter.
    required : tuple of str
    """

    table: str
    names: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]

    def meant(self, written: str) -> str | None:
        """The column that a heading means; None where it means none."""
        plain = re.sub(r"[^a-z0-9]+", "_", unicodedata.normalize("NFKD", written).lower()).strip("_")
        return next((name for name, others in self.names.items() if plain == name or plain in others), None)


@dataclass(frozen=True)
class TextRow:
    """One record: the line of the file where it begins, and its cells by column; an empty cell is ``""``."""

    line: int
    cells: Mapping[str, str]
    surplus: int = 0
    """Cells beyond the last column."""


@dataclass(frozen=True, order=True)
class RowFault:
    """Why a line of a table cannot be used, and what to do about it."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclass(frozen=True)
class TextTable:
    """A table as text.

    Attributes
    ----------
    rows : tuple of TextRow
    others : tuple of str
        Columns that were not looked for, as they are called in the file.
    separator : str
    """

    rows: tuple[TextRow, ...]
    others: tuple[str, ...]
    separator: str


def read_text_table(data: bytes, columns: ColumnNames) -> TextTable:
    """Read the bytes of a CSV file.

    UTF-8 and UTF-16 with or without a byte-order mark, else the Western code page of Windows; separated by comma,
    semicolon or tab, whichever makes the required columns appear.

    Raises
    ------
    UnreadableFile
        A required column is missing, or two columns mean the same.
    """
    text = _decoded(data)
    attempts = {mark: _headings(text, mark, columns) for mark in SEPARATORS}
    separator = max(SEPARATORS, key=lambda mark: sum(name in attempts[mark] for name in columns.required))
    headings = attempts[separator]
    _require_columns(headings, columns)
    others = tuple(name for name in headings if name and name not in columns.names)
    return TextTable(tuple(_rows(text, separator, headings)), others, separator)


def read_table_file(path: Path, columns: ColumnNames) -> TextTable:
    """Read a CSV file as `read_text_table` does; what is wrong names the file.

    Raises
    ------
    UnreadableFile
        The file cannot be read, a required column is missing, or two columns mean the same.
    """
    try:
        return read_text_table(path.read_bytes(), columns)
    except OSError as error:
        raise UnreadableFile(error.strerror or "it cannot be read", where=path) from error
    except UnreadableFile as error:
        raise UnreadableFile(error.found, where=path, remedy=error.remedy) from error


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _headings(text: str, separator: str, columns: ColumnNames) -> list[str]:
    """The names of the columns, those that are looked for by their own name."""
    header = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
    return [columns.meant(name) or name.strip() for name in header]


def _require_columns(headings: list[str], columns: ColumnNames) -> None:
    if missing := [name for name in columns.required if name not in headings]:
        known = ", ".join(_with_other_names(name, columns.names[name]) for name in missing)
        raise UnreadableFile(
            f"{columns.table} has no column for {' and '.join(missing)}",
            remedy=f"Its first line names the columns: {known}.",
        )
    if doubled := [name for name in dict.fromkeys(headings) if name and headings.count(name) > 1]:
        raise UnreadableFile(
            f"two columns of {columns.table} mean {doubled[0]!r}", remedy="Rename or remove one of them."
        )


def _with_other_names(name: str, others: tuple[str, ...]) -> str:
    return f"{name} (or {', '.join(others)})" if others else name


def _rows(text: str, separator: str, headings: list[str]) -> Iterator[TextRow]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    next(reader)
    begins = reader.line_num + 1
    for record in reader:
        line, begins = begins, reader.line_num + 1
        cells = [cell.strip() for cell in record]
        if any(cells):
            named = {name: cells[place] if place < len(cells) else "" for place, name in enumerate(headings) if name}
            yield TextRow(line, named, sum(bool(cell) for cell in cells[len(headings) :]))
