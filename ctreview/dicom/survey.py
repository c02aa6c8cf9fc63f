"""What a folder holds, in a radiographer's words: each series, its geometry, what is odd, what compares with what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ctreview.checks import Check
from ctreview.dicom.classify import KINDS
from ctreview.dicom.comparability import compare_acquisitions, posture_in_words
from ctreview.dicom.series import Series

__all__ = ["SeriesPair", "SeriesSummary", "compare_series", "pairs", "survey"]


@dataclass(frozen=True)
class SeriesSummary:
    """One line of the table.

    Attributes
    ----------
    key : str
        The word for ``--series``.
    what : str
        What it is: ``"CT, axial, 148 slices"``, ``"localiser (topogram, scout): planning images, no volume"``.
    geometry : str or None
        ``"2 mm slice spacing, 512 × 512 pixels of 0.75 mm"``; ``None`` where there is no grid.
    protocol : str
        What the header says of the acquisition: ``"120 kV, kernel B40f, 2 mm thick, no contrast named, supine"``.
    remarks : tuple of str
        What is odd about it, a sentence each.
    reads : bool
        Whether ctreview reads it; if not, the last of `remarks` says why.
    """

    key: str
    what: str
    geometry: str | None
    protocol: str
    remarks: tuple[str, ...]
    reads: bool


@dataclass(frozen=True)
class SeriesPair:
    """Two series and what was looked at to tell whether they may be compared."""

    first: str
    second: str
    checks: tuple[Check, ...]

    @property
    def comparable(self) -> bool:
        """Whether nothing forbids a verdict; single checks may still have failed."""
        return not any(check.stops for check in self.checks)

    @property
    def why_not(self) -> tuple[str, ...]:
        """What speaks against comparing them, or makes it less sure, a sentence each."""
        return tuple(check.message for check in self.checks if not check.ok)


def survey(found: Sequence[Series]) -> tuple[SeriesSummary, ...]:
    """Describe every series that `find_series` found."""
    return tuple(_entry(series) for series in found)


def pairs(found: Sequence[Series]) -> tuple[SeriesPair, ...]:
    """Every two readable volumes of one modality, and how they compare."""
    volumes = [series for series in found if series.usable and series.kind == "volume"]
    return tuple(
        SeriesPair(a.key, b.key, compare_series(a, b)) for a, b in combinations(volumes, 2) if a.modality == b.modality
    )


def compare_series(a: Series, b: Series) -> tuple[Check, ...]:
    """Look at everything that the headers of two series say about whether they may be compared.

    Returns
    -------
    tuple of Check
        ``readable`` and ``modality``, those of `compare_acquisitions`, and ``inflation``, which no header knows.
    """
    return (_readable(a, b), _modality(a, b), *compare_acquisitions(a.acquisition, b.acquisition), _inflation())


def _readable(a: Series, b: Series) -> Check:
    refused = [series for series in (a, b) if series.refusal is not None]
    if not refused:
        return Check("readable", "both", "both", True, "Both are read as volumes.")
    reasons = "; ".join(f"{series.key}: {series.refusal.found}" for series in refused if series.refusal is not None)
    return Check("readable", "not both", "both", False, f"Not both are read as volumes ({reasons}).", effect="stops")


def _modality(a: Series, b: Series) -> Check:
    ok = a.modality == b.modality
    message = f"Both are {a.modality}." if ok else f"One is {a.modality} and the other {b.modality}."
    return Check("modality", a.modality if ok else f"{a.modality}/{b.modality}", "same", ok, message, effect="stops")


def _inflation() -> Check:
    message = "No header knows how deep the breath was; the two lung volumes will tell once they are segmented."
    return Check("inflation", None, None, True, message)


def _entry(series: Series) -> SeriesSummary:
    remarks = list(series.warnings)
    if series.refusal is not None:
        remedy = f" {series.refusal.remedy}" if series.refusal.remedy else ""
        remarks.append(f"Not read: {series.refusal.found}.{remedy}")
    return SeriesSummary(series.key, _what(series), _geometry(series), _protocol(series), tuple(remarks), series.usable)


def _what(series: Series) -> str:
    count = series.shape[0]
    if series.kind not in ("volume", "single image"):
        images = f" ({count} images)" if count > 1 else ""
        return f"{series.modality} {KINDS[series.kind]}{images}"
    words = [series.modality or "unknown modality"]
    if series.stack is not None:
        words.append(_plane(series))
    words.append("1 slice" if count == 1 else f"{count} slices")
    if series.part:
        words.append(series.part)
    return ", ".join(words)


def _plane(series: Series) -> str:
    """Axial, coronal or sagittal, by the patient axis that the normal is closest to; oblique beyond 5°."""
    assert series.stack is not None
    rows, columns = series.stack.affine[:3, 2], series.stack.affine[:3, 1]
    normal = np.abs(np.cross(rows, columns) / (np.linalg.norm(rows) * np.linalg.norm(columns)))
    name = ("sagittal", "coronal", "axial")[int(np.argmax(normal))]
    return name if normal.max() > np.cos(np.radians(5)) else f"oblique, nearest {name}"


def _geometry(series: Series) -> str | None:
    if series.spacing is None:
        return None
    between, down, across = series.spacing
    pixel = f"{down:.3g} mm" if abs(down - across) < 1e-3 * down else f"{down:.3g} × {across:.3g} mm"
    grid = f"{series.shape[1]} × {series.shape[2]} pixels of {pixel}"
    if series.shape[0] == 1:
        return grid
    even = series.stack is not None and series.stack.even
    return f"{between:.4g} mm slice spacing{'' if even else ' on average'}, {grid}"


def _protocol(series: Series) -> str:
    facts = series.acquisition
    contrast = {True: "contrast agent", False: "no contrast agent", None: None}[facts.contrast]
    words = (
        f"{facts.kvp:g} kV" if facts.kvp else None,
        f"kernel {facts.kernel}" if facts.kernel else None,
        f"{facts.slice_thickness_mm:g} mm thick" if facts.slice_thickness_mm else None,
        *facts.sequence.words,
        contrast,
        posture_in_words(facts.posture),
        " ".join(part for part in (facts.manufacturer, facts.scanner) if part) or None,
    )
    return ", ".join(word for word in words if word)
