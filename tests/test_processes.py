"""Whether a process still runs."""

from __future__ import annotations

import ctypes
import os
from types import SimpleNamespace

import pytest

from ctreview import processes


def test_this_process_runs_and_one_of_no_possible_number_does_not() -> None:
    assert processes.is_running(os.getpid())
    assert not processes.is_running(2**30)


@pytest.mark.parametrize(("handle", "error", "there"), [(2**40, 0, True), (None, 5, True), (None, 87, False)])
def test_on_windows_a_process_that_may_not_be_asked_is_there(
    monkeypatch: pytest.MonkeyPatch, handle: int | None, error: int, there: bool
) -> None:
    closed: list[int | None] = []

    def open_process(*_: object) -> int | None:
        return handle

    kernel = SimpleNamespace(OpenProcess=open_process, CloseHandle=lambda given: closed.append(given.value))
    monkeypatch.setattr(processes, "os", SimpleNamespace(name="nt"))
    monkeypatch.setattr(ctypes, "WinDLL", lambda *_, **__: kernel, raising=False)
    monkeypatch.setattr(ctypes, "get_last_error", lambda: error, raising=False)
    assert processes.is_running(1234) is there
    assert closed == ([] if handle is None else [handle])
