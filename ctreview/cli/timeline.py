"""``ctreview timeline``: a clinic's scores, blood values and treatments on one time axis with what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ctreview.cli.options import Age, AsJson, Overwrite, Quiet
from ctreview.cli.terminal import print_document, remark, results
from ctreview.errors import WrongUse

if TYPE_CHECKING:
    from ctreview.report.timeline import DrawnTimeline

__all__ = ["timeline"]


def timeline(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="A CSV file (--template shows how it looks), or a bundle of FHIR R4B (.json; extra `fhir`).",
            show_default=False,
        ),
    ] = None,
    *,
    out: Annotated[Path | None, typer.Option("--out", help="The folder to write.", show_default=False)] = None,
    results_of: Annotated[
        list[Path] | None,
        typer.Option(
            "--results",
            help="What `compare --out` wrote: the second scan against the first, the third against the first, and so "
            "on; or the folder of a cohort, with --subject.",
            show_default=False,
        ),
    ] = None,
    subject: Annotated[
        str | None, typer.Option("--subject", help="Whose results of a cohort.", show_default=False)
    ] = None,
    lobes: Annotated[bool, typer.Option("--lobes", help="Opacity of each lobe instead of both lungs.")] = False,
    age: Age = None,
    identify: Annotated[
        bool, typer.Option("--identify", help="Name the days of the calendar; else days since the first scan.")
    ] = False,
    template: Annotated[
        bool, typer.Option("--template", help="Print a file to fill in, with one row of each kind.")
    ] = False,
    example: Annotated[bool, typer.Option("--example", help="Show the published case instead of a file.")] = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Draw scores, blood values, treatments and opacity on one time axis.

    The folder gets timeline.en.html, timeline.de.html and timeline.json. Rows that cannot be used are all named.
    """
    from ctreview.clinical import template as give_template

    if template:
        print(give_template(), end="")
        return 0
    if out is None or (file is None) != example:
        raise WrongUse("a file and a folder are needed", remedy="ctreview timeline FILE.csv --out DIR.")
    from ctreview.report import require_free

    require_free(out, overwrite=overwrite)
    _drawn(file, results_of or [], subject, lobes=lobes, age=age).save(out, identify=identify, overwrite=overwrite)
    if as_json:
        print_document(out / "timeline.json")
    else:
        results().print(str(out / "timeline.en.html"))
        remark("The same in German is in timeline.de.html.", quiet=quiet)
    return 0


def _drawn(
    file: Path | None, results_of: list[Path], subject: str | None, *, lobes: bool, age: float | None
) -> DrawnTimeline:
    from ctreview.clinical import index_case, read_timeline
    from ctreview.clinical.fhir import read_bundle
    from ctreview.cohort.subject_results import subject_results
    from ctreview.report.timeline import timeline as draw

    if file is None:
        read = index_case()
    elif file.suffix.lower() == ".json":
        read = read_bundle(file)
    else:
        read = read_timeline(file, age_years=age)
    if subject is None:
        return draw(read, results=results_of, lobes=lobes)
    if len(results_of) != 1:
        raise WrongUse("--subject needs the folder of one cohort", remedy="Name it with --results.")
    changes, images = subject_results(results_of[0], subject)
    return draw(read, results=changes, key_images=images, lobes=lobes)
