"""Files with the most slow tests first: ``pytest -p tests.slow_first -n 2 --dist loadfile --no-loadscope-reorder``.

A worker that begins a long file last would leave the others without work at the end.
"""

from __future__ import annotations

from collections import Counter

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort files; within a file tests stay in their order."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])
