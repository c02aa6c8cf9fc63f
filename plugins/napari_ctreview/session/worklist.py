"""Cases to be read: where they come from, and how far the reading of each is."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ctreview.cohort import read_manifest
from ctreview.cohort.case import plan_cases
from ctreview.errors import CtreviewError, UnreadableFile
from ctreview.review.stored_candidates import candidates_to_confirm
from ctreview.study import Study

__all__ = ["CaseState", "CaseStatus", "ReadingCase", "read_worklist", "status_of", "thumbnail"]

CaseState = Literal["new", "draft", "signed", "unreadable"]

_DEEPEST = 3
"""So many folders below the one that is opened a study is looked for."""

_THUMBNAIL = 48
_LUNG_WINDOW = (-1350.0, 150.0)


@dataclass(frozen=True)
class ReadingCase:
    """Two scans to be compared, and the study that they are read in.

    Attributes
    ----------
    name : str
        What the list calls it.
    study : Path or None
        The study's folder; None where the scans have none yet.
    scans : tuple of Path
        Baseline and follow-up, where they are known before a study is.
    """

    name: str
    study: Path | None = None
    scans: tuple[Path, ...] = ()


@dataclass(frozen=True)
class CaseStatus:
    """How far a case is.

    Attributes
    ----------
    state : {"new", "draft", "signed", "unreadable"}
        Of the reader's own latest reading.
    to_confirm : int
        Dense areas that wait for a word of the reader.
    others : tuple of str
        Other readers who signed it.
    """

    state: CaseState
    to_confirm: int = 0
    others: tuple[str, ...] = ()


def read_worklist(path: Path) -> tuple[ReadingCase, ...]:
    """The cases of a folder of studies, or of a manifest.

    A manifest is a CSV file with a row for each case (columns ``baseline`` and ``followup``, and if wanted ``name`` and
    ``study``), or that of a cohort, with a row for each scan (`read_manifest`); each two that follow one another
    are a case. Paths may be relative to the file.

    Raises
    ------
    UnreadableFile
        There is no study in the folder, or the file is no such manifest.
    """
    if path.is_dir():
        found = sorted(one.parent for one in _studies_in(path, _DEEPEST))
        if not found:
            raise UnreadableFile("no study is in this folder", where=path, remedy="Choose one above study folders.")
        return tuple(ReadingCase(_short_name(folder, path), folder) for folder in found)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [{str(key or "").strip().lower(): value or "" for key, value in row.items()} for row in _rows(file)]
    except (OSError, UnicodeError, csv.Error) as wrong:
        raise UnreadableFile(f"the manifest cannot be read: {wrong}", where=path) from wrong
    columns = set(rows[0]) if rows else set()
    if {"baseline", "followup"} <= columns:
        return tuple(_case_of_row(row, path.parent) for row in rows if row["baseline"].strip())
    planned = plan_cases(read_manifest(path))
    return tuple(
        ReadingCase(f"{case.subject} {case.baseline.timepoint} – {case.followup.timepoint}", None, paths)
        for case in planned
        if case.against_previous
        for paths in [(case.baseline.path, case.followup.path)]
    )


def status_of(case: ReadingCase, reader: str) -> CaseStatus:
    """How far a reader's reading of a case is; read from the disk, nothing is written."""
    if case.study is None or not (case.study / "study.json").exists():
        return CaseStatus("new")
    try:
        study = Study.open(case.study)
        own = [reading for reading in study.readings if reading.reader == reader]
        others = dict.fromkeys(
            reading.reader for reading in study.readings if reading.reader != reader and reading.state == "signed"
        )
        state: CaseState = "new"
        if own and own[-1].holds_work:
            state = own[-1].state
        waiting = candidates_to_confirm(study, own[-1] if own else None)
        return CaseStatus(state, len(waiting), tuple(others))
    except (CtreviewError, OSError):
        return CaseStatus("unreadable")


def thumbnail(case: ReadingCase) -> npt.NDArray[np.uint8] | None:
    """A small picture of a slice of the middle of the baseline; None where that is not told at once."""
    import pydicom  # noqa: PLC0415 - only where there are thumbnails

    try:
        source = Study.open(case.study).source(1).path if case.study is not None and not case.scans else case.scans[0]
        files = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else []
        data = pydicom.dcmread(files[len(files) // 2])
        values = data.pixel_array.astype(float) * float(data.get("RescaleSlope", 1))
        values += float(data.get("RescaleIntercept", 0))
    except (CtreviewError, OSError, ValueError, IndexError, AttributeError, RuntimeError, NotImplementedError):
        return None
    except pydicom.errors.InvalidDicomError:
        return None
    if values.ndim != 2:
        return None
    low, high = _LUNG_WINDOW if data.get("Modality") == "CT" else tuple(np.percentile(values, [1, 99]))
    step = max(1, max(values.shape) // _THUMBNAIL)
    small = values[: values.shape[0] // step * step, : values.shape[1] // step * step]
    small = small.reshape(small.shape[0] // step, step, -1, step).mean(axis=(1, 3))
    return np.asarray(np.clip((small - low) / max(high - low, 1e-6) * 255, 0, 255), dtype=np.uint8)


def _rows(file: Any) -> list[dict[str, str]]:
    head = file.read(4096)
    file.seek(0)
    return list(csv.DictReader(file, delimiter=";" if head.count(";") > head.count(",") else ","))


def _studies_in(folder: Path, deep: int) -> list[Path]:
    document = folder / "study.json"
    if document.exists():
        return [document]
    if deep == 0:
        return []
    below = [one for one in folder.iterdir() if one.is_dir() and not one.name.startswith(".")]
    return [found for one in below for found in _studies_in(one, deep - 1)]


def _short_name(folder: Path, above: Path) -> str:
    return folder.name if folder == above else folder.relative_to(above).as_posix()


def _case_of_row(row: dict[str, str], home: Path) -> ReadingCase:
    scans = tuple(home / row[name].strip() for name in ("baseline", "followup"))
    study = row.get("study", "").strip()
    name = row.get("name", "").strip() or f"{scans[0].name} – {scans[1].name}"
    return ReadingCase(name, home / study if study else None, scans)
