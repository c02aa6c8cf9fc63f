"""The long work of the recipe, done once for all tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.shared_results import SharedResults


def prepare_once(work: Callable[..., Any], shared: SharedResults) -> Callable[..., Any]:
    """The recipe's first half, done once for each two scans and settings."""

    def prepare(baseline: Any, followup: Any, **options: Any) -> Any:
        progress, arrived = options.pop("progress"), options.pop("on_labels")
        key = repr(("prepared", *((one.digest, one.acquisition) for one in (baseline, followup)), options))
        if key not in _PREPARED:
            _PREPARED[key] = shared.value(key, lambda: work(baseline, followup, progress=progress, **options))
        found = _PREPARED[key]
        for number, point in enumerate(found.points):
            arrived(number, "lungs", point.organ)
            arrived(number, "opacity", point.opacity)
        progress(1.0, 1.0, "registering")
        return found

    return prepare


_PREPARED: dict[str, Any] = {}
"""What this process has at hand."""
