"""Qt's events for whoever waits outside a test, under the names that pytest-qt has for it."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.plugins.napari_ctreview.waiting import LONGEST_S


class Events:
    """Lets Qt work meanwhile."""

    def wait(self, ms: int) -> None:
        from qtpy.QtTest import QTest

        QTest.qWait(ms)

    def waitUntil(self, there: Callable[[], bool], timeout: int = 0) -> None:
        del timeout
        end = time.monotonic() + LONGEST_S
        while not there():
            assert time.monotonic() < end, "what was waited for did not come"
            self.wait(20)
