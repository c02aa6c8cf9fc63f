import threading
import time

import pytest

from ctreview.progress import Cancelled, quiet
from ctreview.recipes.steps import StepTimer, run_both


@pytest.mark.parametrize("threads", [1, 2])
def test_both_give_their_own_result_in_order(threads):
    assert run_both(lambda p: 1, lambda p: "two", threads=threads, progress=quiet) == (1, "two")


def test_two_threads_run_at_the_same_time():
    meeting = threading.Barrier(2, timeout=5)
    run_both(lambda p: meeting.wait(), lambda p: meeting.wait(), threads=2, progress=quiet)


def test_progress_is_the_mean_of_both_and_ends_at_one():
    heard = []

    def task(progress):
        for done in range(3):
            progress(done, 2, "counting")

    run_both(task, task, threads=1, progress=lambda done, total, what: heard.append(done / total))
    assert heard == [0, 0.25, 0.5, 0.5, 0.75, 1.0]


@pytest.mark.parametrize("threads", [1, 2])
def test_a_failure_travels_out_and_stops_the_other(threads):
    steps = []

    def failing(progress):
        progress(0, 1, "failing")
        raise KeyError("mine")

    def long(progress):
        for done in range(2000):
            steps.append(done)
            progress(done, 2000, "going on")
            time.sleep(0.002)

    with pytest.raises(KeyError, match="mine"):
        run_both(failing, long, threads=threads, progress=quiet)
    assert len(steps) < 1900


def test_cancelling_stops_both():
    def listen(done, total, what):
        raise Cancelled

    def task(progress):
        for done in range(1000):
            progress(done, 1000, "going on")
            time.sleep(0.001)
        pytest.fail("was not stopped")

    with pytest.raises(Cancelled):
        run_both(task, task, threads=2, progress=listen)


def test_a_stopwatch_adds_up_by_name_and_counts_failures():
    timer = StepTimer()
    for _ in range(2):
        with timer("step"):
            time.sleep(0.01)
    with pytest.raises(ValueError, match="x"), timer("other"):
        raise ValueError("x")
    assert timer.seconds["step"] >= 0.02
    assert set(timer.seconds) == {"step", "other"}
