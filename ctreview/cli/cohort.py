"""``ctreview cohort``: a manifest of scans in, one table out."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ctreview.cli.options import AsJson, LimitOfChange, Quiet, chest_ct_settings, with_limit_of_change
from ctreview.cli.settings_flags import CommandWithSettings, chosen_settings
from ctreview.cli.terminal import complain, print_json, progress_bar, remark, results
from ctreview.progress import part

if TYPE_CHECKING:
    from ctreview.cohort.folder import CohortFolder
    from ctreview.cohort.plan import CohortPlan, PlannedCase
    from ctreview.cohort.runner import CaseListener, CohortCounts

__all__ = ["CohortCommand", "cohort"]


class CohortCommand(CommandWithSettings):
    """Its options include the settings of the chest CT recipe."""

    settings = staticmethod(chest_ct_settings)
    without = frozenset({"threads", "processes"})


def cohort(
    context: typer.Context,
    manifest: Annotated[
        Path,
        typer.Argument(
            help="A CSV file with the columns subject, timepoint, path and, if wanted, date, series, age and "
            "covariates. Of a folder tree SUBJECT/TIMEPOINT/… a manifest is made, to be looked at first.",
            show_default=False,
        ),
    ],
    *,
    out: Annotated[Path, typer.Option("--out", help="The folder of results; one of an earlier run is gone on with.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every row and say what would be run; nothing is written.")
    ] = False,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Run what can be run although rows are bad (exit code 4).")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Run cases anew that failed, also where nothing has changed.")
    ] = False,
    same_patient: Annotated[
        bool,
        typer.Option(
            "--same-patient",
            help="The scans of a subject are of one patient although their ids differ. Year of birth and sex still "
            "have to agree.",
        ),
    ] = False,
    root: Annotated[
        Path | None,
        typer.Option("--root", help="The folder that paths start from, and that stands for a drive of Windows."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="How many cases at once at most; one for each core if not given."),
    ] = None,
    threads: Annotated[
        int, typer.Option("--threads", min=1, help="Threads of each worker; results do not depend on it.")
    ] = 1,
    memory: Annotated[
        float | None,
        typer.Option(
            "--memory", min=0.5, help="GiB that all workers may take together; most of what is free if not given."
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler",
            metavar="tcp://HOST:PORT",
            help="A running Dask scheduler whose workers do it, instead of this machine's cores.",
            show_default=False,
        ),
    ] = None,
    limit_of_change: LimitOfChange = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Compare all scans of a cohort, each with the subject's first and with the one before; one table of all.

    The same command goes on where it was stopped, and runs again only what rests on other scans, settings or code.
    The folder gets measures.csv (a row for each case, region and measure), cases.csv, data_dictionary.csv and a file
    for each case.
    """
    from ctreview.cohort import runner
    from ctreview.cohort.folder import CohortFolder
    from ctreview.cohort.manifest import read_manifest
    from ctreview.cohort.plan import plan_cohort

    folder = CohortFolder(out)
    folder.require_usable()
    if manifest.is_dir():
        return _propose(manifest, out, quiet=quiet)
    rows = read_manifest(manifest, root=root)
    settings = runner.prepare_settings(
        with_limit_of_change(chosen_settings(context, chest_ct_settings()), limit_of_change), threads
    )
    memory_mib = None if memory is None else memory * 1024
    crew = runner.workers_for(scheduler, workers=workers, threads=threads, memory_mib=memory_mib)
    if not dry_run:
        folder.begin(rows)
    with progress_bar(quiet=quiet) as progress:
        plan = plan_cohort(
            rows,
            folder,
            crew,
            settings=settings,
            same_patient=same_patient,
            keep=not dry_run,
            progress=part(progress, 0.0, 0.02),
        )
        for fault in plan.manifest.faults:
            complain(str(fault))
        refused = bool(plan.manifest.faults) and not skip_bad_rows
        if dry_run or refused:
            _show_plan(plan, retry_failed=retry_failed, as_json=as_json)
            return 3 if refused else 0
        counts = runner.run_plan(
            plan,
            folder,
            crew,
            retry_failed=retry_failed,
            on_case=_line_for_each(quiet=quiet),
            progress=part(progress, 0.02, 1.0),
        )
    _show_counts(counts, folder, as_json=as_json)
    return counts.exit_code


def _propose(tree: Path, out: Path, *, quiet: bool) -> int:
    """Write a manifest of a folder tree and say what to do with it."""
    from ctreview.cohort.tree import rows_of_tree, write_manifest

    with progress_bar(quiet=quiet) as progress:
        rows = rows_of_tree(tree, progress=progress)
    target = out / "manifest.csv"
    write_manifest(rows, target)
    subjects = len({row.subject for row in rows})
    results().print(
        f"{target}: {len(rows)} scans of {subjects} subjects. Look at it, then: ctreview cohort {target} --out {out}",
        markup=False,
        soft_wrap=True,
    )
    return 0


def _line_for_each(*, quiet: bool) -> CaseListener:
    """Say what became of each case, on a line of its own where there is no bar."""

    def say(case: PlannedCase, answer: Mapping[str, Any]) -> None:
        if not sys.stderr.isatty():
            word = answer["verdict"] or f"failed: {answer['reason']}"
            remark(f"{case.case.name}: {word}", quiet=quiet)

    return say


def _show_plan(plan: CohortPlan, *, retry_failed: bool, as_json: bool) -> None:
    """Print what would be done."""
    cases = plan.to_run(retry_failed=retry_failed)
    if as_json:
        print_json(
            {
                "faults": [{"line": fault.line, "message": fault.message} for fault in plan.manifest.faults],
                "cases": [{"case": one.case.name, "state": one.state} for one in plan.cases],
                "to_run": [one.case.name for one in cases],
                "alone": list(plan.alone),
            }
        )
        return
    console = results()
    for one in plan.cases:
        console.print(f"{one.case.name}: {one.state}", markup=False, soft_wrap=True)
    if plan.alone:
        console.print(f"one scan only, nothing to compare: {', '.join(plan.alone)}", markup=False, soft_wrap=True)
    console.print(f"{len(cases)} of {len(plan.cases)} cases to run.", markup=False, soft_wrap=True)


def _show_counts(counts: CohortCounts, folder: CohortFolder, *, as_json: bool) -> None:
    """Print what became of the cases, and where the tables are."""
    if as_json:
        print_json({**vars(counts), "folder": str(folder.path)})
        return
    console = results()
    console.print(
        f"{counts.done} done, {counts.not_interpretable} not interpretable, {counts.failed} failed; "
        f"{counts.run} were run this time.",
        markup=False,
        soft_wrap=True,
    )
    console.print(f"Tables: {folder.path / 'measures.csv'}, {folder.path / 'cases.csv'}", markup=False, soft_wrap=True)
