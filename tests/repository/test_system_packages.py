"""Waiting for another package manager."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system_packages import held, wait_until_free

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no package manager with such locks")

HOLD = """
import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
input()
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "lock"
    path.touch()
    return path


@pytest.fixture
def holder(lock: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until a line is sent."""
    line = [sys.executable, "-c", HOLD, str(lock)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_lock_that_nobody_holds_and_one_that_is_not_there_are_free(lock: Path) -> None:
    assert held([lock, lock.with_name("other")]) == []


def test_a_lock_of_another_process_is_seen_and_waited_for(lock: Path, holder: subprocess.Popen[str]) -> None:
    assert held([lock]) == [lock]
    assert not wait_until_free([lock], longest_s=0.0, step_s=0.01)
    holder.communicate("\n", timeout=30)
    assert wait_until_free([lock], longest_s=30.0, step_s=0.01)
