"""``ctreview info``: what lies in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ctreview.cli.options import AsJson, Quiet, Source
from ctreview.cli.terminal import print_json, progress_bar, results

if TYPE_CHECKING:
    from ctreview.dicom import Series

__all__ = ["info"]


def info(path: Source, *, as_json: AsJson = False, quiet: Quiet = False) -> int:
    """List the image series of a folder, what they are, and what keeps them from being used.

    No pixel is decoded, and nothing that names the patient is shown.
    """
    from ctreview.dicom import find_series

    with progress_bar(quiet=quiet) as progress:
        found = find_series(path, progress=progress)
    facts = [_facts(series) for series in found]
    if as_json:
        print_json({"schema": "ctreview.info/1", "series": facts})
    else:
        _show(facts)
    return 0 if any(series.usable for series in found) else 3


def _facts(series: Series) -> dict[str, Any]:
    """What is said of one series: ready for JSON, without identity or dates."""
    made = series.acquisition
    return {
        "key": series.key,
        "modality": series.modality,
        "kind": series.kind,
        "usable": series.usable,
        "shape": [int(n) for n in series.shape],
        "spacing_mm": None if series.spacing is None else [round(float(mm), 4) for mm in series.spacing],
        "files": len(series.files),
        "age_years": made.age_years,
        "kvp": made.kvp,
        "kernel": made.kernel,
        "slice_thickness_mm": made.slice_thickness_mm,
        "contrast": made.contrast,
        "posture": made.posture,
        "lossy": made.lossy,
        "warnings": list(series.warnings),
        "refusal": None if series.refusal is None else str(series.refusal),
    }


def _show(facts: list[dict[str, Any]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("--series", "what", "grid", "spacing mm", "kernel", "usable"):
        table.add_column(heading, overflow="fold")
    for one in facts:
        grid = "×".join(str(n) for n in one["shape"])
        spacing = "×".join(f"{mm:g}" for mm in one["spacing_mm"]) if one["spacing_mm"] else "–"
        what = " ".join(word for word in (one["modality"], one["kind"]) if word)
        row = (one["key"], what, grid, spacing, one["kernel"] or "–", "yes" if one["usable"] else "no")
        table.add_row(*(escape(str(cell)) for cell in row))
    console = results()
    console.print(table)
    for one in facts:
        for remark in ([one["refusal"]] if one["refusal"] else []) + one["warnings"]:
            console.print(f"{one['key']}: {remark}", markup=False, soft_wrap=True)
