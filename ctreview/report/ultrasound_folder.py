"""The result folder of muscle ultrasound, which appears whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ctreview.muscle.ultrasound_compared import ComparedUltrasound
from ctreview.muscle.ultrasound_measures import MeasuredUltrasound
from ctreview.report.document import plain, write_json
from ctreview.report.folder import PAGES, result_folder
from ctreview.report.provenance import provenance
from ctreview.report.ultrasound_page import render_ultrasound_page

__all__ = ["ULTRASOUND_SCHEMA", "ultrasound_document", "write_ultrasound_result"]

ULTRASOUND_SCHEMA = "ctreview.muscle_ultrasound/2"
"""Name and version of the shape that `ultrasound_document` gives."""


def ultrasound_document(found: Sequence[MeasuredUltrasound], compared: ComparedUltrasound) -> dict[str, Any]:
    """The content of ``muscle_ultrasound.json``: every number; no identity, no file, no date."""
    document = {
        "schema": ULTRASOUND_SCHEMA,
        "measures": [{**one.measures.to_dict(), "frame": one.frame + 1} for one in found],
        "comparisons": [one.to_dict() for one in compared.comparisons],
        "repeatability": {name: one.to_dict() for name, one in compared.repeatability.items()},
        "notes": [list(one.image.notes) for one in found],
    }
    return dict(plain(document))


def write_ultrasound_result(
    found: Sequence[MeasuredUltrasound], compared: ComparedUltrasound, folder: Path | str, *, overwrite: bool = False
) -> Path:
    """Write ``report.html``, ``report.de.html``, ``muscle_ultrasound.json`` and ``provenance.json``.

    Raises
    ------
    WrongUse
        The folder may not be written to.
    """
    with result_folder(folder, overwrite=overwrite) as draft:
        for language, name in PAGES.items():
            (draft / name).write_text(render_ultrasound_page(found, compared, language), encoding="utf-8")
        write_json(ultrasound_document(found, compared), draft / "muscle_ultrasound.json")
        inputs = {str(number): one.image.volume() for number, one in enumerate(found, 1)}
        write_json(provenance(inputs, settings={}, seeds={}, timings={}), draft / "provenance.json")
    return Path(folder)
