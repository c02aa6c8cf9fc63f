"""What `make quick` leaves out of the tests, to end within a minute: ``pytest -p tests.quick``.

A unit test makes no scan of its own and looks at no whole one: what is marked ``slow`` or ``data``, asks for a fixture
that prepares scans, or took long when it last ran is left out. What is not begun when the time is over is skipped; the
next run knows how long everything takes and chooses better.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

WHOLE_SCANS = frozenset(
    {"small_scans", "read", "child", "prepared", "adult", "host", "shared_data", "process", "wheel", "qapp_args"}
)
"""Fixtures that take seconds by themselves."""

LONGEST_S = 0.3
TIME_S = 25.0
"""How long tests are begun, from the first one on; lint, types and collecting take the rest of the minute."""

DURATIONS = "ctreview/durations"

_began: list[float] = []
_took: dict[str, float] = {}


def is_quick(item: pytest.Item, durations: Mapping[str, float]) -> bool:
    """Whether a test is one of a few tenths of a second, as far as that is known."""
    marked = any(item.get_closest_marker(name) for name in ("slow", "data"))
    whole = WHOLE_SCANS.intersection(getattr(item, "fixturenames", ()))
    return not marked and not whole and durations.get(item.nodeid, 0.0) <= LONGEST_S


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not quick."""
    durations = config.cache.get(DURATIONS, {}) if config.cache else {}
    chosen = [item for item in items if is_quick(item, durations)]
    config.hook.pytest_deselected(items=[item for item in items if not is_quick(item, durations)])
    items[:] = chosen


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin nothing when the time is over."""
    now = time.monotonic()
    if not _began:
        _began.append(now)
    if now - _began[0] > TIME_S:
        pytest.skip("the time of a quick run was over")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember how long a test took, its fixtures apart: who comes first pays for those of others."""
    if report.when == "call" and not report.skipped:
        _took[report.nodeid] = report.duration


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep it for the next run; with several workers their head has all reports."""
    cache = session.config.cache
    if cache and not hasattr(session.config, "workerinput"):
        cache.set(DURATIONS, {**cache.get(DURATIONS, {}), **_took})
