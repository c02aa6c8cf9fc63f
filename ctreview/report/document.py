"""JSON that any program can read: plain types, no NaN, one shape with a published schema."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from ctreview.change.comparison import Comparison
from ctreview.change.timepoint import Timepoint

__all__ = ["SCHEMAS", "change_document", "plain", "schema", "with_identity", "write_json"]

SCHEMAS = {
    "ctreview.change/1": "change-1",
    "ctreview.change/2": "change-2",
    "ctreview.measurements/1": "measurements-1",
    "ctreview.measurements/2": "measurements-2",
    "ctreview.muscle/1": "muscle-1",
    "ctreview.muscle_change/1": "muscle_change-1",
    "ctreview.muscle_ultrasound/2": "muscle_ultrasound-2",
    "ctreview.scores/1": "scores-1",
    "ctreview.timeline/1": "timeline-1",
}
"""Name and version that a document carries as ``schema``, and the file that describes it."""

DECIMALS = 6
"""Of numbers in JSON: a millionth of a millilitre or HU is far below any error, and sums stay sums."""


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a document, by the name that the document carries."""
    text = (files("ctreview.report") / "schemas" / f"{SCHEMAS[name]}.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def change_document(comparison: Comparison, *, identify: bool = False) -> dict[str, Any]:
    """The content of ``change.json``.

    Parameters
    ----------
    comparison : Comparison
    identify : bool
        Whether name, id, birth date and the dates of both scans are put in. Without it the document holds days
        between the scans and age, no more.
    """
    document: dict[str, Any] = plain(comparison.to_dict())
    if identify:
        for key, timepoint in (("baseline", comparison.baseline), ("followup", comparison.followup)):
            document[key] = with_identity(document[key], timepoint)
    return document


def with_identity(facts: Mapping[str, Any], timepoint: Timepoint) -> dict[str, Any]:
    """Facts of a scan and who was scanned when, as far as the header says so; only ever on request."""
    acquisition = timepoint.volume.acquisition
    patient = {key: getattr(acquisition.patient, key) for key in ("id", "name", "birth_date", "sex")}
    return {**facts, "patient": plain(patient), "acquired": plain(acquisition.acquired)}


def plain(value: Any) -> Any:
    """A value in the types of JSON; what is not a finite number is null, never NaN.

    Raises
    ------
    TypeError
        It has no plain form.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str):
        return [plain(one) for one in value]
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> str | int | float | None:
    if isinstance(value, Enum):
        return _plain_scalar(value.value)
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return round(value, DECIMALS) + 0.0 if math.isfinite(value) else None  # + 0.0 turns −0.0 into 0.0
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path):
        return value.name  # where it lay may name a patient
    raise TypeError(f"{type(value).__name__} has no plain form in JSON")


def write_json(document: Mapping[str, Any], path: Path) -> None:
    """Write a document in UTF-8, indented, refusing anything that is not JSON."""
    text = json.dumps(plain(document), indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
