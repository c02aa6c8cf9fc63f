"""The file that edits are written to, one line each, the moment they are made."""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctreview.edits.record import Edit
from ctreview.errors import UnreadableFile

__all__ = ["JOURNAL_SCHEMA", "Journal"]

JOURNAL_SCHEMA = "ctreview.journal/1"


@dataclass(frozen=True)
class Journal:
    """An append-only file of edits (JSON lines, each with its own checksum).

    Parameters
    ----------
    path : Path
        The file; made with the first edit.

    Notes
    -----
    An edit is on the disk when `append` returns: a process that is killed afterwards loses nothing, one that is killed
    within loses that one act. Its torn line is recognised by its checksum, left out when reading, and moved to
    ``<name>.torn`` before the next line is written.
    """

    path: Path

    def append(self, edit: Edit) -> None:
        """Write one edit and wait until the disk has it.

        Raises
        ------
        OSError
            The disk is full, read-only, or gone; the file is then as it was before.
        """
        self._mend()
        new = not self.path.exists() or self.path.stat().st_size == 0
        lines = ([_line({"schema": JOURNAL_SCHEMA})] if new else []) + [_line(edit.to_json())]
        data = "".join(lines).encode()
        with self.path.open("ab") as file:
            before = file.tell()
            try:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.truncate(self.path, before)
                raise

    def read(self) -> tuple[Edit, ...]:
        """Every edit, in order; a last line that was torn by a crash is left out.

        Raises
        ------
        UnreadableFile
            Of another schema, or damaged anywhere but in its last line.
        """
        if not self.path.exists():
            return ()
        records, _ = self._intact()
        if records and records[0].get("schema") != JOURNAL_SCHEMA:
            raise UnreadableFile(
                f"the journal is of schema {records[0].get('schema')!r}, this version reads {JOURNAL_SCHEMA!r}",
                where=self.path,
                remedy="Open it with the version of ctreview that wrote it, or a newer one.",
            )
        return tuple(Edit.from_json(record) for record in records[1:])

    def _intact(self) -> tuple[list[dict[str, Any]], int]:
        """The records whose checksums hold, and the length in bytes of their lines."""
        data = self.path.read_bytes()
        lines = data.splitlines(keepends=True)
        records: list[dict[str, Any]] = []
        good = 0
        for number, line in enumerate(lines, start=1):
            record = _record(line)
            if record is None:
                if number < len(lines):
                    raise UnreadableFile(
                        f"line {number} of {len(lines)} of the journal is damaged",
                        where=self.path,
                        remedy="Restore the file from a backup; nothing was changed.",
                    )
                break
            records.append(record)
            good += len(line)
        return records, good

    def _mend(self) -> None:
        """Move a torn last line aside, so that the next one starts on a line of its own."""
        if not self.path.exists():
            return
        _, good = self._intact()
        data = self.path.read_bytes()
        if good < len(data):
            with self.path.with_name(self.path.name + ".torn").open("ab") as aside:
                aside.write(data[good:] + b"\n")
            os.truncate(self.path, good)


def _line(record: dict[str, Any]) -> str:
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return f"{zlib.crc32(text.encode()):08x} {text}\n"


def _record(line: bytes) -> dict[str, Any] | None:
    """The record of a line, or None where line or checksum is not whole."""
    if not line.endswith(b"\n") or len(line) < 10:
        return None
    checksum, text = line[:8], line[9:-1]
    if f"{zlib.crc32(text):08x}".encode() != checksum:
        return None
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
