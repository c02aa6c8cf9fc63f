"""A real scheduler and real workers, one of which is killed in the middle."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

import ctreview as ct
from ctreview.errors import WrongUse

REPOSITORY = Path(__file__).resolve().parents[2]

pytest.importorskip("distributed")

SCHEDULER = """
import asyncio, sys
from distributed import Scheduler
async def main():
    async with Scheduler(host="127.0.0.1", port=0, dashboard=False) as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()
asyncio.run(main())
"""
WORKER = """
import asyncio, sys
from distributed import Worker
async def main():
    async with Worker(sys.argv[1], nthreads=1, name=sys.argv[2], dashboard=False) as worker:
        print("ready", flush=True)
        await worker.finished()
asyncio.run(main())
"""


@pytest.fixture
def cluster():
    """The address of a scheduler, and its two workers."""
    started = []

    def start(code, *words):
        process = subprocess.Popen(
            [sys.executable, "-c", code, *words],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        started.append(process)
        return process, process.stdout.readline().strip()

    _, address = start(SCHEDULER)
    workers = [start(WORKER, address, name)[0] for name in ("one", "other")]
    yield address, workers
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.slow
def test_a_killed_worker_changes_nothing_in_the_table(cluster, tree, tmp_path, quick_settings):
    address, workers = cluster
    path = tmp_path / "m.csv"
    rows = [f"{subject},{visit},{tree}/{subject}/{visit}" for subject in "AB" for visit in ("v1", "v2")]
    path.write_text("\n".join(["subject,timepoint,path", *rows]))
    here = ct.cohort.run(path, tmp_path / "here", settings=quick_settings)

    def kill_the_first_at_work(done, total, what):
        if what.startswith("0 of") and "cases" in what:  # they are handed out now
            threading.Timer(2.0, workers[0].kill).start()

    there = ct.cohort.run(
        path, tmp_path / "there", scheduler=address, settings=quick_settings, progress=kill_the_first_at_work
    )
    assert workers[0].wait() == -9
    assert (tmp_path / "there/measures.csv").read_bytes() == (tmp_path / "here/measures.csv").read_bytes()
    assert "failed" not in set(there["verdict"])
    assert len(there) == len(here)


def test_a_scheduler_that_does_not_answer_is_named(tmp_path, monkeypatch):
    from ctreview.cohort import dask_workers

    monkeypatch.setattr(dask_workers, "CONNECT_S", 0.2)
    with pytest.raises(WrongUse, match="no scheduler answers"):
        dask_workers.DaskWorkers("tcp://127.0.0.1:9")
