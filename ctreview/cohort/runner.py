"""A whole cohort: from a manifest to tables."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctreview.cohort.case import CASE_SCHEMA, write_case
from ctreview.cohort.dask_workers import DaskWorkers
from ctreview.cohort.engine import engine_versions
from ctreview.cohort.folder import CohortFolder
from ctreview.cohort.local_workers import LocalWorkers, cores
from ctreview.cohort.manifest import Manifest, read_manifest
from ctreview.cohort.memory import SHARE, available_mib
from ctreview.cohort.outcome import Outcome, Workers
from ctreview.cohort.plan import CohortPlan, PlannedCase, plan_cohort
from ctreview.errors import ManifestRefused
from ctreview.progress import Progress, part, quiet

if TYPE_CHECKING:
    import pandas as pd

    from ctreview.recipes.chest_ct.settings import ChestCtSettings

__all__ = [
    "CohortCounts",
    "default_folder",
    "load",
    "prepare_settings",
    "require_good_rows",
    "run",
    "run_plan",
    "workers_for",
]

CaseListener = Callable[[PlannedCase, Mapping[str, Any]], None]
"""Told of each case as soon as it is finished: what became of it, by ``status``, ``verdict``, ``reason``."""


@dataclass(frozen=True)
class CohortCounts:
    """What became of the cases of a cohort, those of earlier runs included.

    Attributes
    ----------
    done, not_interpretable, failed : int
        ``done`` have a verdict, ``indeterminate`` included.
    run : int
        How many were run this time.
    """

    done: int
    not_interpretable: int
    failed: int
    run: int

    @property
    def exit_code(self) -> int:
        """0 where all are done, 3 where none could be run, else 4."""
        if not self.not_interpretable and not self.failed:
            return 0
        return 4 if self.done or self.not_interpretable else 3


def run(
    manifest: Manifest | Path | str,
    out: Path | str | None = None,
    *,
    scheduler: str | Workers | None = None,
    settings: ChestCtSettings | None = None,
    workers: int | None = None,
    threads: int = 1,
    memory_mib: float | None = None,
    root: Path | str | None = None,
    same_patient: bool = False,
    skip_bad_rows: bool = False,
    retry_failed: bool = False,
    progress: Progress = quiet,
) -> pd.DataFrame:
    """Compare every pair of scans of a cohort and give one table; the same call goes on where it was stopped.

    Parameters
    ----------
    manifest : path or Manifest
        A CSV file with the columns subject, timepoint, path and, if wanted, date, series, age and covariates.
    out : path, optional
        The folder of results; beside the manifest, named after it, if not given.
    scheduler : str or Workers, optional
        Address of a running Dask scheduler, ``"tcp://host:8786"``, or whatever does tasks as
        `ctreview.cohort.outcome.Workers` says; processes of this machine if not given.
    settings : ChestCtSettings, optional
    workers : int, optional
        How many cases at once at most; by default one for each core, as far as memory allows.
    threads : int
        Of each worker. No number depends on it.
    memory_mib : float, optional
        What all workers together may take; by default most of what is free now.
    root : path, optional
        The folder that paths of the manifest start from; that of the manifest if not given.
    same_patient : bool
        State that ids of one subject's scans may differ; year of birth and sex still have to agree.
    skip_bad_rows : bool
        Run what can be run although rows of the manifest are bad.
    retry_failed : bool
        Run cases anew that failed, also where nothing has changed.
    progress : Progress

    Returns
    -------
    DataFrame
        One row for each case, region and measure; ``data_dictionary.csv`` in ``out`` says what the columns are.

    Raises
    ------
    ManifestRefused
        Rows are bad; the message lists them all. Nothing was run.
    UnreadableFile
        The manifest cannot be read.
    WrongUse
        ``out`` holds something else.
    """
    rows = manifest if isinstance(manifest, Manifest) else read_manifest(manifest, root=root)
    folder = CohortFolder(default_folder(manifest) if out is None else out)
    folder.require_usable()
    settings = prepare_settings(settings, threads)
    crew = workers_for(scheduler, workers=workers, threads=threads, memory_mib=memory_mib)
    folder.begin(rows)
    plan = plan_cohort(
        rows, folder, crew, settings=settings, same_patient=same_patient, progress=part(progress, 0.0, 0.02)
    )
    if not skip_bad_rows:
        require_good_rows(plan.manifest)
    run_plan(plan, folder, crew, retry_failed=retry_failed, progress=part(progress, 0.02, 1.0))
    return folder.measures()


def load(folder: Path | str) -> pd.DataFrame:
    """Read the table of a cohort from the files of its cases, also while it runs.

    Parameters
    ----------
    folder : path
        What `run` wrote.

    Returns
    -------
    DataFrame
        As that of `run`; cases that were not run yet have one row without a verdict.

    Raises
    ------
    UnreadableFile
        There is no cohort in this folder.
    """
    return CohortFolder(folder).measures()


def default_folder(manifest: Manifest | Path | str) -> Path:
    """Where results go if nobody says so: beside the manifest, named after it."""
    if isinstance(manifest, Manifest):
        return Path("cohort-results")
    return Path(manifest).with_name(f"{Path(manifest).stem}-results")


def prepare_settings(settings: ChestCtSettings | None, threads: int) -> ChestCtSettings:
    """The settings of a worker, which uses no more than its own threads.

    Raises
    ------
    WrongUse
        They name an engine that cannot be run.
    """
    from ctreview.recipes.chest_ct.engines import engines_of  # noqa: PLC0415
    from ctreview.recipes.chest_ct.settings import ChestCtSettings  # noqa: PLC0415 - beside heavy code

    chosen = (settings or ChestCtSettings()).with_threads(threads)
    engines_of(chosen)
    return replace(chosen, load=replace(chosen.load, processes=threads))


def workers_for(
    scheduler: str | Workers | None = None,
    *,
    workers: int | None = None,
    threads: int = 1,
    memory_mib: float | None = None,
) -> Workers:
    """Those who do the tasks: of a cluster, or of this machine; these may take most of the memory that is free.

    Raises
    ------
    WrongUse
        A scheduler is named and distributed is not installed, or nobody answers there.
    """
    if scheduler is not None:
        return DaskWorkers(scheduler) if isinstance(scheduler, str) else scheduler
    if memory_mib is None and (free := available_mib()) is not None:
        memory_mib = SHARE * free
    return LocalWorkers(workers or max(1, cores() // threads), threads=threads, memory_mib=memory_mib)


def require_good_rows(manifest: Manifest) -> None:
    """Refuse a manifest with bad rows.

    Raises
    ------
    ManifestRefused
        It lists them all.
    """
    if manifest.faults:
        raise ManifestRefused(manifest.faults)


def run_plan(
    plan: CohortPlan,
    folder: CohortFolder,
    workers: Workers,
    *,
    retry_failed: bool = False,
    on_case: CaseListener | None = None,
    progress: Progress = quiet,
) -> CohortCounts:
    """Run the cases of a plan that have to be run, then write the tables.

    Parameters
    ----------
    plan : CohortPlan
    folder : CohortFolder
    workers : Workers
    retry_failed : bool
        Whether cases that failed for a lasting reason are run again.
    on_case : callable, optional
        Told of each case as soon as it is finished.
    progress : Progress
    """
    folder.begin(plan.manifest)
    cases = plan.to_run(retry_failed=retry_failed)
    estimate = _Estimate([one.task.megavoxels for one in cases])
    progress(0.0, 1.0, estimate.words())
    with closing(workers.perform([one.task for one in cases])) as outcomes:  # whatever stops us stops the workers
        for outcome in outcomes:
            answer = outcome.answer or _not_answered(cases[outcome.number], outcome)
            if on_case is not None:
                on_case(cases[outcome.number], answer)
            estimate.finished(outcome.number, failed=answer["status"] == "failed")
            progress(estimate.share, 1.0, estimate.words())
    folder.write_tables()
    return _counted(folder, len(cases))


def _not_answered(case: PlannedCase, outcome: Outcome) -> dict[str, Any]:
    """Note in the case's file that its worker gave no answer; another run tries it again."""
    document = {
        "schema": CASE_SCHEMA,
        "status": "failed",
        "case": case.task.work["case"],
        "engine": dict(engine_versions()),
        "error": "WorkerEnded",
        "reason": outcome.fault,
        "lasting": False,
        "resources": {},
    }
    write_case(document, Path(case.task.work["file"]))
    return {"status": "failed", "verdict": None, "reason": outcome.fault}


def _counted(folder: CohortFolder, ran: int) -> CohortCounts:
    _, found = folder.results()
    verdicts = [one.change["regions"][0]["verdict"] for one in found if one.change is not None]
    stopped = verdicts.count("not_interpretable")
    return CohortCounts(len(verdicts) - stopped, stopped, len(found) - len(verdicts), ran)


class _Estimate:
    """How far a run is, by the voxels that are behind it, and how long the rest will take."""

    def __init__(self, megavoxels: list[float]) -> None:
        self._sizes = [max(size, 1.0) for size in megavoxels]
        self._began = time.monotonic()
        self._done = 0.0
        self._finished = self._failed = 0

    def finished(self, number: int, *, failed: bool) -> None:
        self._done += self._sizes[number]
        self._finished += 1
        self._failed += failed

    @property
    def share(self) -> float:
        return self._done / max(sum(self._sizes), 1.0)

    def words(self) -> str:
        said = f"{self._finished} of {len(self._sizes)} cases"
        if self._failed:
            said += f", {self._failed} failed"
        if 0 < self._finished < len(self._sizes):
            left = (time.monotonic() - self._began) * (1.0 - self.share) / self.share
            said += f", about {_duration(left)} left"
        return said


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.0f} h"
