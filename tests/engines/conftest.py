"""Tests with the real packages of third parties: ``make test-engines``, never part of ``make test``."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("CTREVIEW_ENGINES") else ["test_*.py"]
