"""A cohort on a cluster with SLURM, each case a job: ``python -m docs.cohort_on_slurm MANIFEST.csv RESULTS``.

A recipe, to be copied and changed. It needs ``pip install submitit`` and a disk that all nodes share. Submitit asks for
an array of jobs and writes what they say into ``RESULTS-jobs``. Where there is no SLURM the same jobs run as processes
of this machine (``cluster="local"``), which is how it is tested; on SLURM itself it was not tried.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from pathlib import Path

import submitit

import ctreview as ct
from ctreview.cohort.outcome import Outcome, Task
from ctreview.cohort.tasks import perform


class SlurmWorkers:
    """Jobs of a cluster; what `ctreview.cohort.run` takes as its scheduler."""

    def __init__(self, folder: Path, *, at_once: int = 100, cluster: str | None = None):
        self.workers = at_once
        self._executor = submitit.AutoExecutor(folder=folder, cluster=cluster)
        self._executor.update_parameters(mem_gb=5, cpus_per_task=1, timeout_min=60)
        if self._executor.cluster == "slurm":
            self._executor.update_parameters(slurm_array_parallelism=at_once)

    def perform(self, tasks: Sequence[Task]) -> Generator[Outcome]:
        """Give each task to a job, and say what became of it."""
        jobs = self._executor.map_array(perform, [dict(task.work) for task in tasks])
        numbers = {job.job_id: number for number, job in enumerate(jobs)}
        for job in submitit.helpers.as_completed(jobs, poll_frequency=2):
            error = job.exception()
            yield Outcome(numbers[job.job_id], None if error else job.result(), error and f"its job failed: {error}")


if __name__ == "__main__":
    manifest, results = sys.argv[1:3]
    table = ct.cohort.run(manifest, results, scheduler=SlurmWorkers(Path(f"{results}-jobs")))
    print(table.query("region == 'lungs' and measure == 'opacity_ml'"))
