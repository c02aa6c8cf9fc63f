"""``ctreview repeat``: how much measures vary between scans of patients in whom nothing changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ctreview.cli.options import AsJson
from ctreview.cli.summary import bare_table
from ctreview.cli.terminal import print_document, results

if TYPE_CHECKING:
    from ctreview.cohort.repeatability import RepeatabilityStudy

__all__ = ["repeat"]


def repeat(
    folder: Annotated[
        Path,
        typer.Argument(help="Results of `cohort` on test and retest scans: timepoints between which nothing changed."),
    ],
    *,
    as_json: AsJson = False,
) -> int:
    """Say how repeatable measures are: bias, limits of agreement, within-subject SD, repeatability coefficient, ICC.

    Writes repeatability.json into the folder; `cohort` and `compare` take it as the site's own limit of change
    (--limit-of-change).
    """
    from ctreview.cohort.repeatability import measure_repeatability, write_repeatability

    study = measure_repeatability(folder)
    target = folder / "repeatability.json"
    write_repeatability(study, target)
    if as_json:
        print_document(target)
    else:
        _show(study, target)
    return 0


def _show(study: RepeatabilityStudy, target: Path) -> None:
    console = results()
    table = bare_table(
        ("", "pairs", "bias", "limits of agreement", "wSD", "RC (95 % interval)", "as a factor", "ICC(2,1)")
    )
    for row in (one for one in study.rows if "/" not in one.region):
        table.add_row(
            f"{row.region.replace('_', ' ')}, {row.measure}",
            str(row.pairs),
            f"{row.bias:+.1f}".replace("-", "−"),
            f"{row.low:+.1f} to {row.high:+.1f}".replace("-", "−"),
            f"{row.wsd:.1f}",
            f"{row.rc:.1f} ({row.rc_low:.1f} to {row.rc_high:.1f}){'*' if row.proportional else ''}",
            "–" if row.rc_factor is None else f"{row.rc_factor:.2f}",
            "–" if row.icc is None else f"{row.icc:.2f}",
        )
    console.print(table)
    if any(row.proportional for row in study.rows):
        console.print("* differences grow with the mean: the factor holds, not the number.", markup=False)
    for note in study.notes:
        console.print(f"note: {note}", markup=False, soft_wrap=True)
    console.print(f"Written: {target}", markup=False, soft_wrap=True)
