"""Each stage's time in one comparison, and the whole command with its peak of memory, on the sample data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from tests.real_scans import REPOSITORY


def run() -> list[dict[str, Any]]:
    """Run the demo twice, the first time only to compile; take the second."""
    with tempfile.TemporaryDirectory() as folder:
        first, _ = timed([*_demo(), "--out", f"{folder}/first"])
        seconds, peak = timed([*_demo(), "--out", f"{folder}/second"])
        provenance = json.loads(Path(folder, "second", "provenance.json").read_text())
    threads = f"{provenance['threads']} threads"
    stages = [
        {"stage": name, "case": "phantom child, both scans", "ours": took, "note": threads}
        for name, took in provenance["seconds"].items()
    ]
    return [
        *stages,
        {"stage": "whole command", "case": "ctreview demo", "ours": seconds, "goal": "ours < 120", "note": threads},
        {
            "stage": "whole command",
            "case": "ctreview demo, first run after an update",
            "ours": first,
            "note": "compiles",
        },
        {"stage": "peak memory", "case": "ctreview demo", "ours": peak, "unit": "GiB", "goal": "ours < 4"},
    ]


def _demo() -> list[str]:
    return [sys.executable, "-m", "ctreview", "demo", "--quiet"]


def timed(command: list[str]) -> tuple[float, float]:
    """Seconds that a command takes, and the largest memory (GiB) that it and its children held."""
    start, peak = time.perf_counter(), 0
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, _held(watched))
            time.sleep(0.05)
    if process.returncode not in {0, 4}:
        raise RuntimeError(f"{' '.join(command[2:])} ended with {process.returncode}")
    return time.perf_counter() - start, peak / 2**30


def _held(process: psutil.Process) -> int:
    try:
        family = [process, *process.children(recursive=True)]
        return sum(one.memory_info().rss for one in family)
    except psutil.NoSuchProcess:
        return 0
