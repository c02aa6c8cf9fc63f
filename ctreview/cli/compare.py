"""``ctreview compare``: two scans in, a folder with a report of change out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ctreview.cli.options import (
    AcceptDense,
    Age,
    AsJson,
    Identify,
    LimitOfChange,
    Out,
    Overwrite,
    Pdf,
    Quiet,
    Threads,
    candidate_ids,
    chest_ct_settings,
    with_limit_of_change,
)
from ctreview.cli.settings_flags import CommandWithSettings, chosen_settings
from ctreview.cli.summary import show_comparison
from ctreview.cli.terminal import print_document, progress_bar
from ctreview.progress import part

__all__ = ["CompareCommand", "compare"]


class CompareCommand(CommandWithSettings):
    """Its options include the settings of the chest CT recipe."""

    settings = staticmethod(chest_ct_settings)
    without = frozenset({"threads"})


def compare(
    context: typer.Context,
    baseline: Annotated[Path, typer.Argument(help="The earlier scan: a folder or a file.", show_default=False)],
    followup: Annotated[Path, typer.Argument(help="The later scan of the same patient.", show_default=False)],
    *,
    out: Out,
    baseline_series: Annotated[
        str | None, typer.Option(help="Which series of the earlier scan, by the word `info` lists.", show_default=False)
    ] = None,
    followup_series: Annotated[
        str | None, typer.Option(help="Which series of the later scan.", show_default=False)
    ] = None,
    age: Age = None,
    same_patient: Annotated[
        bool,
        typer.Option(
            "--same-patient",
            help="Both scans are of one patient although their ids differ, as those of two hospitals; recorded in the "
            "result. Year of birth and sex still have to agree.",
        ),
    ] = False,
    allow_different_patients: Annotated[
        bool,
        typer.Option(
            "--allow-different-patients", help="Compare scans of two patients; there is no verdict then (exit code 4)."
        ),
    ] = False,
    edits: Annotated[
        Path | None,
        typer.Option(
            "--edits",
            help="A reader's corrections, replayed on what is found: a journal, the folder of a reading, or a study "
            "that one reader read.",
            show_default=False,
        ),
    ] = None,
    timeline: Annotated[
        Path | None,
        typer.Option(
            "--timeline",
            help="A clinic's scores, blood values and treatments, to stand on the page beside the opacity, on one time "
            "axis (`ctreview timeline --template`).",
            show_default=False,
        ),
    ] = None,
    accept_dense: AcceptDense = None,
    limit_of_change: LimitOfChange = None,
    identify: Identify = False,
    pdf: Pdf = False,
    threads: Threads = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Measure how much ground glass came or went between two CTs, where, and how sure that is.

    The folder gets report.html and report.de.html, the report in words (English and German), change.json and .csv,
    scores.json, segmentations for 3D Slicer, transform.h5 and provenance.json.
    """
    from ctreview.clinical import read_timeline
    from ctreview.recipes import chest_ct
    from ctreview.recipes.chest_ct.corrections import NO_EDITS
    from ctreview.report import require_free, require_pdf, write_comparison
    from ctreview.report.timeline import timeline_of_comparison
    from ctreview.review.readings import open_journal

    require_free(out, overwrite=overwrite)
    if pdf:
        require_pdf()
    clinical = None if timeline is None else read_timeline(timeline, age_years=age)
    corrections = NO_EDITS if edits is None else open_journal(edits)
    with progress_bar(quiet=quiet) as progress:
        found = chest_ct.compare(
            baseline,
            followup,
            settings=with_limit_of_change(chosen_settings(context, chest_ct_settings()), limit_of_change),
            baseline_series=baseline_series,
            followup_series=followup_series,
            age_years=age,
            same_patient=same_patient,
            allow_different_patients=allow_different_patients,
            edits=corrections,
            accept_dense=candidate_ids(accept_dense),
            threads=threads,
            progress=part(progress, 0.0, 0.85),
        )
        course = None if clinical is None else timeline_of_comparison(clinical, found)
        write_comparison(
            found,
            out,
            sections={} if course is None else course.sections(identify=identify),
            printed_sections={} if course is None else course.sections(identify=identify, printed=True),
            identify=identify,
            pdf=pdf,
            overwrite=overwrite,
            progress=part(progress, 0.85, 1.0),
        )
    if as_json:
        print_document(out / "change.json")
    else:
        show_comparison(found, out)
    return 4 if found.verdict == "not_interpretable" else 0
