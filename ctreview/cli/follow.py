"""``ctreview follow``: two scans or more of one patient in, a folder with their course out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ctreview.cli.options import Age, Out, Overwrite, Pdf, Quiet, Threads, chest_ct_settings
from ctreview.cli.settings_flags import CommandWithSettings, chosen_settings
from ctreview.cli.terminal import progress_bar, results

__all__ = ["FollowCommand", "follow"]


class FollowCommand(CommandWithSettings):
    """Its options include the settings of the chest CT recipe."""

    settings = staticmethod(chest_ct_settings)
    without = frozenset({"threads"})


def follow(
    context: typer.Context,
    scans: Annotated[
        list[Path], typer.Argument(help="The scans of one patient, in the order of time.", show_default=False)
    ],
    *,
    out: Out,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", help="What a scan is called; once for each, in their order. CT 1, CT 2 … if not given."),
    ] = None,
    age: Age = None,
    same_patient: Annotated[
        bool, typer.Option("--same-patient", help="All scans are of one patient although their ids differ.")
    ] = False,
    timeline: Annotated[
        Path | None,
        typer.Option(
            "--timeline",
            help="A clinic's scores, blood values and treatments, to stand on the page beside the opacity "
            "(`ctreview timeline --template`).",
            show_default=False,
        ),
    ] = None,
    identify: Annotated[
        bool, typer.Option("--identify", help="Name the days of the calendar; else days since the first scan.")
    ] = False,
    pdf: Pdf = False,
    threads: Threads = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> int:
    """Follow opacity through two or more CTs of one patient, each against the first and the one before.

    The folder gets course.html (and course.de.html), course.csv with each region at each scan, patches.csv with patches
    that keep their identity, and provenance.json.
    """
    from ctreview.clinical import read_timeline
    from ctreview.cohort.follow_up import follow as followed
    from ctreview.report import require_free, require_pdf

    require_free(out, overwrite=overwrite)
    if pdf:
        require_pdf()
    clinical = None if timeline is None else read_timeline(timeline, age_years=age)
    with progress_bar(quiet=quiet) as progress:
        found = followed(
            scans,
            names=name or None,  # never those of the folders, which may name the patient
            settings=chosen_settings(context, chest_ct_settings()),
            age_years=age,
            same_patient=same_patient,
            threads=threads,
            clinical=clinical,
            progress=progress,
        )
    found.save(out, clinical=clinical, identify=identify, pdf=pdf, overwrite=overwrite)
    for called, change in zip(found.timepoints[1:], found.against_baseline, strict=True):
        whole = change["regions"][0]
        ml = whole["change"]["opacity_ml"]
        results().print(
            f"{called}: {whole['followup']['opacity_ml']:.0f} mL; since the first {ml['value']:+.0f} mL "
            f"({ml['low']:+.0f} to {ml['high']:+.0f}): {whole['verdict'].replace('_', ' ')}",
            markup=False,
        )
    results().print(f"Report: {out / 'course.html'}", markup=False, soft_wrap=True)
    return 0
