"""A case: two scans of one subject that are compared, and the file that its result stands in."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctreview.cohort.manifest import Manifest, ManifestRow
from ctreview.volume.atomic import atomic_path

__all__ = ["CASE_SCHEMA", "Case", "plan_cases", "read_case", "write_case"]

CASE_SCHEMA = "ctreview.case/1"
"""Name and version of the shape of a case's file."""

_SAFE = re.compile(r"[A-Za-z0-9.-]+")


@dataclass(frozen=True)
class Case:
    """Two scans of one subject.

    Attributes
    ----------
    baseline, followup : ManifestRow
        The earlier and the later of the two.
    against_baseline, against_previous : bool
        Whether the earlier one is the first of the subject, and whether it is the one just before; both where the
        later one is the second.
    """

    baseline: ManifestRow
    followup: ManifestRow
    against_baseline: bool
    against_previous: bool

    @property
    def subject(self) -> str:
        """Whose scans they are."""
        return self.baseline.subject

    @property
    def name(self) -> str:
        """What its files are called: subject and timepoints, in characters that every disk takes."""
        return "_".join(_file_word(word) for word in (self.subject, self.baseline.timepoint, self.followup.timepoint))


def plan_cases(manifest: Manifest) -> tuple[Case, ...]:
    """Every pair to be compared: each scan with the subject's first, and with the one before it."""
    return tuple(case for rows in manifest.subjects().values() for case in _of_subject(rows))


def _of_subject(rows: tuple[ManifestRow, ...]) -> Iterator[Case]:
    for place in range(1, len(rows)):
        yield Case(rows[0], rows[place], True, place == 1)
        if place > 1:
            yield Case(rows[place - 1], rows[place], False, True)


def _file_word(word: str) -> str:
    """A word that is safe in a file's name; one that had to be altered carries a digest, so that none is two's."""
    if _SAFE.fullmatch(word) and not word.startswith(".") and len(word) <= 60:
        return word
    digest = hashlib.sha256(word.encode("utf-8", "surrogateescape")).hexdigest()[:6]
    return f"{re.sub(r'[^A-Za-z0-9-]+', '-', word).strip('-')[:40]}-{digest}"


def write_case(document: Mapping[str, Any], path: Path) -> None:
    """Write a case's file, whole or not at all."""
    with atomic_path(path) as draft:
        draft.write_text(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def read_case(path: Path) -> dict[str, Any] | None:
    """Read a case's file; None where there is none, or it is not one of this version."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("schema") == CASE_SCHEMA else None
