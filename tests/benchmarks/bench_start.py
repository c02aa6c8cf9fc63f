"""How long it takes until something happens: importing the package, asking the command for help."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any


def run() -> list[dict[str, Any]]:
    """Best of five, each in a fresh process."""
    cases = {
        "import ctreview": ["-c", "import ctreview"],
        "ctreview --help": ["-c", "from ctreview.cli import main; main(['--help'])"],
        "ctreview --version": ["-c", "from ctreview.cli import main; main(['--version'])"],
    }
    bare = _best(["-c", "pass"])
    limits = {"import ctreview": 0.1, "ctreview --help": 0.5, "ctreview --version": 0.5}
    return [
        {
            "stage": "start",
            "case": case,
            "ours": _best(command),
            "peer": bare,
            "peer_name": "Python alone",
            "goal": f"ours < {limits[case]}",
        }
        for case, command in cases.items()
    ]


def _best(command: list[str], times: int = 5) -> float:
    took = []
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, capture_output=True)
        took.append(time.perf_counter() - start)
    return min(took)
