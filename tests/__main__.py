"""Run every check, say how long each took, and fail if one failed: ``python -m tests lint pytest``.

``lint`` is ruff, the import contracts and mypy, ``unit`` the quick tests (`tests.quick`), ``pytest`` every test.
All of them run even where an early one fails, so that one run shows everything there is to mend.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
CHECKED = ["ctreview", "plugins", "tests", "docs"]
NO_UNITS = ("plugins", "end_to_end", "benchmarks", "cli")
"""Folders of tests that draw windows or run whole commands."""


def steps(wanted: list[str], workers: int) -> dict[str, list[str]]:
    """Each check's name and its command line."""
    here = Path(sys.executable).parent
    ruff, lint_imports = (shutil.which(tool, path=str(here)) or tool for tool in ("ruff", "lint-imports"))
    lint = {
        "ruff check": [ruff, "check", *CHECKED],
        "ruff format": [ruff, "format", "--check", *CHECKED],
        "import contracts": [lint_imports],
        "mypy": [sys.executable, "-m", "mypy"],
    }
    pytest = [sys.executable, "-m", "pytest", "-q", "-n", str(workers), "--dist", "loadfile"]
    unit = [*pytest, "-p", "tests.quick", "-r", "fE", *(f"--ignore=tests/{folder}" for folder in NO_UNITS)]
    every = [*pytest, "-p", "tests.slow_first", "--no-loadscope-reorder", "--durations", "15"]
    groups = {"lint": lint, "unit": {"unit tests": unit}, "pytest": {"pytest": every}}
    return {name: command for group in wanted for name, command in groups[group].items()}


def main() -> int:
    """Run them one after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests", description=__doc__)
    parser.add_argument("what", nargs="+", choices=["lint", "unit", "pytest"])
    parser.add_argument("--workers", type=int, default=2, help="processes that pytest uses")
    given = parser.parse_args()
    # Workers share the cores; a library that starts a thread per core in each of them only makes all slower.
    environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **os.environ}
    took: dict[str, float] = {}
    failed: dict[str, str] = {}
    for name, command in steps(given.what, given.workers).items():
        print(f"── {name}", flush=True)
        start = time.perf_counter()
        code = subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode
        took[name] = time.perf_counter() - start
        if code != 0:
            failed[name] = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
    print("\n── how long each took")
    for name, seconds in took.items():
        print(f"{seconds:8.1f} s  {name}{f'  FAILED ({failed[name]})' if name in failed else ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
