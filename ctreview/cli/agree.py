"""``ctreview agree``: how well two readers of the same scans agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ctreview.cli.options import AsJson, Overwrite, Quiet
from ctreview.cli.summary import bare_table
from ctreview.cli.terminal import print_json, progress_bar, results

if TYPE_CHECKING:
    from ctreview.review.agreement import Agreement, PairedValues

__all__ = ["agree"]


def agree(
    first: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help="A reader of --study, by name or name.version; else the folder of a reading, or a .seg.nrrd file.",
            show_default=False,
        ),
    ],
    second: Annotated[str, typer.Argument(metavar="B", help="The other one, of the same kind.", show_default=False)],
    *,
    study: Annotated[
        Path | None, typer.Option("--study", help="The study that both have read.", show_default=False)
    ] = None,
    timepoint: Annotated[
        list[int] | None,
        typer.Option("--timepoint", min=1, help="Which timepoint; may be repeated. All if not given."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="A folder for agreement.json and agreement.csv; it must not exist yet."),
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Say how well two readers agree: Dice, distance of surfaces, volumes, Bland–Altman, ICC and kappa of scores.

    Their corrections are replayed on what the computer had proposed. Two readers of ground glass agree at a Dice of
    about 0.7.
    """
    from ctreview.report import require_free
    from ctreview.report.document import plain
    from ctreview.review import agreement

    if out is not None:
        require_free(out, overwrite=overwrite)
    with progress_bar(quiet=quiet) as progress:
        found = agreement.agree(
            first,
            second,
            study=study,
            timepoints=timepoint or (),
            progress=progress,
        )
        if out is not None:
            agreement.write_agreement(found, out, overwrite=overwrite)
    if as_json:
        print_json(plain(found.to_dict()))
    else:
        _show(found)
    return 0


def _show(found: Agreement) -> None:
    console = results()
    table = bare_table(("", found.first, found.second, "Dice", "surfaces, mean", "95 %"))
    for row in found.rows:
        one = row.overlap
        table.add_row(
            f"timepoint {row.timepoint}, {row.region.replace('_', ' ')}, {row.label.replace('_', ' ')}",
            f"{one.first_ml:.1f} mL",
            f"{one.second_ml:.1f} mL",
            "–" if one.dice is None else f"{one.dice:.2f}",
            "–" if one.mean_mm is None else f"{one.mean_mm:.1f} mm",
            "–" if one.percentile_95_mm is None else f"{one.percentile_95_mm:.1f} mm",
        )
    console.print(table)
    for what, paired in (("Opacity", found.volumes), ("Change of opacity", found.change)):
        if said := _statistics(paired):
            console.print(f"{what} in zones of the lungs: {said}", markup=False, soft_wrap=True)
    for score in found.scores:
        kappa, icc = ("not defined" if one is None else f"{one:.2f}" for one in (score.kappa, score.icc))
        console.print(
            f"Score {score.score}, {score.items} items: weighted kappa {kappa}, ICC {icc}.",
            markup=False,
            soft_wrap=True,
        )
    for note in found.notes:
        console.print(f"note: {note}", markup=False, soft_wrap=True)


def _statistics(paired: PairedValues) -> str:
    """Bland–Altman and ICC in words; nothing where there are no two pairs."""
    apart = paired.differences
    if apart is None:
        return ""
    bias, low, high = (f"{value:+.1f}".replace("-", "−") for value in (apart.bias, apart.low, apart.high))
    icc = "ICC not defined, nothing varies" if paired.icc is None else f"ICC {paired.icc:.2f}"
    return f"bias {bias} mL (limits of agreement {low} to {high} mL, {apart.pairs} pairs), {icc}."
