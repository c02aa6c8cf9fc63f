"""``ctreview info``: what lies in a folder, in a radiographer's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ctreview.cli.options import AsJson, Quiet, Source
from ctreview.cli.terminal import print_json, progress_bar, results, shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ctreview.dicom import Series
    from ctreview.dicom.survey import SeriesPair, SeriesSummary

__all__ = ["info"]

FACTS = (
    *("key", "what", "modality", "kind", "usable", "shape", "spacing_mm", "files", "age_years", "kvp", "kernel"),
    *("slice_thickness_mm", "unscanned_percent", "contrast", "posture", "lossy", "warnings", "refusal"),
)
"""What is said of each series, in this order."""

MOST_PAIRS = 10
"""More pairs than this are not listed in the table; ``--json`` has them all."""


def info(path: Source, *, as_json: AsJson = False, quiet: Quiet = False) -> int:
    """List the image series of a folder: what each is, what is odd about it, which may be compared.

    No pixel is decoded, and nothing that names the patient is shown.
    """
    from ctreview.dicom import find_series
    from ctreview.dicom.survey import pairs, survey
    from ctreview.volume.image_file import is_image_file

    if is_image_file(path):
        return _info_of_file(path, as_json=as_json)

    with progress_bar(quiet=quiet) as progress:
        found = find_series(path, progress=progress)
    entries, couples = survey(found), pairs(found)
    if as_json:
        series = [_facts(one, entry) for one, entry in zip(found, entries, strict=True)]
        print_json({"schema": "ctreview.info/1", "series": series, "pairs": [_pair(couple) for couple in couples]})
    else:
        _show(entries, couples)
    return 0 if any(series.usable for series in found) else 3


def _info_of_file(path: Path, *, as_json: bool) -> int:
    """Say what a NIfTI, NRRD or MetaImage file holds, from its header."""
    from ctreview.dicom.survey import SeriesSummary
    from ctreview.volume.geometry import Geometry
    from ctreview.volume.image_file import format_name, read_image_header

    image = read_image_header(path)
    grid = Geometry(image.shape, image.affine, "file").canonical()
    between, down, across = grid.spacing
    warnings = (*image.notes, "The format does not say what was scanned, nor whether the numbers are HU.")
    what = f"{format_name(path)}, {grid.shape[0]} slices"
    if as_json:
        facts = dict.fromkeys(FACTS) | {
            "key": "file",
            "what": what,
            "kind": "volume",
            "usable": True,
            "shape": list(grid.shape),
            "spacing_mm": [round(float(mm), 4) for mm in grid.spacing],
            "files": 1,
            "warnings": list(warnings),
        }
        print_json({"schema": "ctreview.info/1", "series": [facts], "pairs": []})
        return 0
    pixels = f"{grid.shape[1]} × {grid.shape[2]} pixels of {down:.3g} × {across:.3g} mm"
    _show([SeriesSummary("file", what, f"{between:.4g} mm slice spacing, {pixels}", "", warnings, True)], [])
    return 0


def _facts(series: Series, entry: SeriesSummary) -> dict[str, Any]:
    """What is said of one series: ready for JSON, without identity or dates."""
    from ctreview.dicom.acquisition import published_age

    made = series.acquisition
    return {
        "key": series.key,
        "what": entry.what,
        "modality": series.modality,
        "kind": series.kind,
        "usable": series.usable,
        "shape": [int(n) for n in series.shape],
        "spacing_mm": None if series.spacing is None else [round(float(mm), 4) for mm in series.spacing],
        "files": len(series.files),
        "age_years": published_age(made.age_years),
        "kvp": made.kvp,
        "kernel": made.kernel,
        "slice_thickness_mm": made.slice_thickness_mm,
        "unscanned_percent": round(100 * series.unscanned_share),
        "contrast": made.contrast,
        "posture": made.posture,
        "lossy": made.lossy,
        "warnings": list(series.warnings),
        "refusal": None if series.refusal is None else str(series.refusal),
    }


def _pair(couple: SeriesPair) -> dict[str, Any]:
    return {
        "series": [couple.first, couple.second],
        "comparable": couple.comparable,
        "remarks": list(couple.why_not),
    }


def _show(entries: Sequence[SeriesSummary], couples: Sequence[SeriesPair]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("--series", "what", "geometry", "protocol", "read"):
        table.add_column(heading, overflow="fold")
    for entry in entries:
        row = (entry.key, entry.what, entry.geometry or "–", entry.protocol or "–", "yes" if entry.reads else "no")
        table.add_row(*(escape(shown(cell)) for cell in row))
    console = results()
    console.print(table)
    for entry in entries:
        for remark in entry.remarks:
            console.print(f"{entry.key}: {remark}", markup=False, soft_wrap=True)
    for couple in couples[:MOST_PAIRS]:
        word = "may be compared" if couple.comparable else "are not to be compared"
        remarks = f": {' '.join(couple.why_not)}" if couple.why_not else "."
        console.print(f"{couple.first} and {couple.second} {word}{remarks}", markup=False, soft_wrap=True)
    if len(couples) > MOST_PAIRS:
        console.print(f"… and {len(couples) - MOST_PAIRS} more pairs; --json lists them all.", markup=False)
