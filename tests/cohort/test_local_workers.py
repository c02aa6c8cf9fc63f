"""Processes of this machine: what they are asked is small here, `perform` of another kind stands in for a case."""

import os
import time

import pytest

from ctreview.cohort import local_workers
from ctreview.cohort.local_workers import LocalWorkers
from ctreview.cohort.outcome import Task

FAKE = """
import json, os, sys, time
for line in sys.stdin:
    task = json.loads(line)
    if task.get("dies") and not os.path.exists(task["dies"]):
        open(task["dies"], "w").close() if task.get("once") else None
        os.kill(os.getpid(), 9)
    began = time.time()
    time.sleep(task.get("sleep", 0))
    answer = {"pid": os.getpid(), "peak_mib": 2000.0, "began": began, "ended": time.time()}
    print(json.dumps({"answer": answer}), flush=True)
"""


@pytest.fixture
def workers(monkeypatch):
    monkeypatch.setattr(local_workers, "COMMAND", FAKE)
    return LocalWorkers(2)


def tasks(*works: dict[str, object]) -> list[Task]:
    return [Task({"number": number, **work}) for number, work in enumerate(works)]


def test_each_task_is_answered_once(workers):
    found = list(workers.perform(tasks(*({} for _ in range(7)))))
    assert sorted(one.number for one in found) == list(range(7))
    assert len({one.answer["pid"] for one in found}) <= 2


def test_a_killed_worker_is_not_the_tasks_fault(workers, tmp_path):
    found = {one.number: one for one in workers.perform(tasks({}, {"dies": str(tmp_path / "x"), "once": True}, {}))}
    assert all(one.answer for one in found.values())


def test_a_task_whose_worker_ends_twice_fails_alone(workers, tmp_path):
    found = {one.number: one for one in workers.perform(tasks({}, {"dies": str(tmp_path / "x")}, {}))}
    assert found[1].answer is None
    assert "signal 9" in found[1].fault
    assert found[0].answer
    assert found[2].answer


def at_once(outcomes) -> int:
    """How many tasks were under way at one moment, at most."""
    answers = [one.answer for one in outcomes]
    return max(sum(other["began"] <= one["began"] < other["ended"] for other in answers) for one in answers)


@pytest.mark.parametrize(("memory_mib", "together"), [(None, 2), (3000, 1), (4500, 2)])
def test_only_so_many_run_at_once_as_there_is_memory_for(workers, memory_mib, together):
    crew = LocalWorkers(2, memory_mib=memory_mib)
    work = [Task({"sleep": 0.3}, megavoxels=50.0) for _ in range(4)]
    assert at_once(crew.perform(work)) == together


def test_who_stops_listening_ends_the_workers(workers):
    outcomes = workers.perform(tasks({}, {"sleep": 60}, {"sleep": 60}))
    pid = next(outcomes).answer["pid"]
    outcomes.close()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the worker still runs")
