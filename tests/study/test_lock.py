"""Who has a study open: one, always."""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
from pathlib import Path

import pytest

from ctreview.errors import StudyLocked
from ctreview.study.lock import locked

ROUNDS = 120
NOBODY = 2**30
"""A process number above any."""


def _open_at_once(path: str, barrier: object, results: object) -> None:
    for round_number in range(ROUNDS):
        barrier.wait(timeout=60)
        try:
            with locked(Path(path)):
                results.put((round_number, True))
                barrier.wait(timeout=60)  # both have tried before the winner lets go
        except StudyLocked:
            results.put((round_number, False))
            barrier.wait(timeout=60)
        barrier.wait(timeout=60)  # the test leaves the next stale lock behind
        barrier.wait(timeout=60)


def _leave_behind(path: Path) -> None:
    path.write_text(json.dumps({"user": "anna", "computer": platform.node(), "process": NOBODY, "since": "then"}))


@pytest.mark.skipif(os.name == "nt", reason="processes are spawned there, too slowly to meet")
def test_of_two_who_find_a_lock_left_behind_one_gets_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(3), context.Queue()
    path = tmp_path / "open.lock"
    _leave_behind(path)
    openers = [context.Process(target=_open_at_once, args=(str(path), barrier, results)) for _ in range(2)]
    for one in openers:
        one.start()
    for _ in range(ROUNDS):
        barrier.wait(timeout=60)
        barrier.wait(timeout=60)
        barrier.wait(timeout=60)
        _leave_behind(path)
        barrier.wait(timeout=60)
    found = [results.get(timeout=60) for _ in range(2 * ROUNDS)]
    for one in openers:
        one.join(timeout=60)
    winners = [sum(got for number, got in found if number == wanted) for wanted in range(ROUNDS)]
    assert winners == [1] * ROUNDS


@pytest.mark.parametrize("process", [-1, 0, 10**30, 1.5, "4711", None, [1]])
def test_a_lock_that_nobody_can_read_is_not_taken_over(tmp_path: Path, process: object) -> None:
    path = tmp_path / "open.lock"
    path.write_text(json.dumps({"computer": platform.node(), "process": process}))
    with pytest.raises(StudyLocked, match=r"delete open\.lock"), locked(path):
        pass
    assert path.exists()
