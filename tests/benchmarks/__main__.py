"""Measure each stage beside its peers: ``python -m tests.benchmarks [reading registration …]``.

Every module ``bench_<name>.py`` of this folder has a function ``run()`` that gives a list of rows, each a mapping with
the keys of `Row`. Numbers of "ours" and "peer" share the row's unit. Modules that are not run keep the rows that
``RESULTS.json`` holds of them, with their own date; one that fails is reported and costs no other its rows.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "RESULTS"
LIBRARIES = ("numpy", "scipy", "SimpleITK", "pydicom", "python-gdcm", "numba", "scikit-image", "dcm2niix")


@dataclass(frozen=True)
class Row:
    """One measurement beside a peer's.

    ``ratio`` is ours divided by the peer's. ``goal`` is a comparison with one of ``ours``, ``ratio`` or ``peer`` in
    front, such as ``"ratio <= 1.0"`` or ``"ours < 60"``; empty where nothing was promised.
    """

    stage: str
    case: str
    ours: float | None
    unit: str = "s"
    peer: float | None = None
    peer_name: str = ""
    ratio: float | None = None
    goal: str = ""
    note: str = ""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Row:
        """Make a row of what a module gave; the ratio is worked out where it was left out."""
        unknown = set(given) - {item.name for item in fields(cls)}
        if unknown:
            raise ValueError(f"a row has unknown keys: {', '.join(sorted(unknown))}")
        row = {**given}
        ours, peer = row.get("ours"), row.get("peer")
        if row.get("ratio") is None and ours is not None and peer:
            row["ratio"] = ours / peer
        return cls(**row)

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if not self.goal:
            return None
        name, sign, limit = self.goal.split()
        value = {"ours": self.ours, "peer": self.peer, "ratio": self.ratio}[name]
        if value is None:
            return False
        return {
            "<": value < float(limit),
            "<=": value <= float(limit),
            ">": value > float(limit),
            ">=": value >= float(limit),
        }[sign]


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    import psutil

    return {
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "cpu": _cpu(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
    }


def _cpu() -> str:
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.is_file() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def known() -> list[str]:
    """Names of the modules that can be run."""
    return sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))


def measure(name: str) -> dict[str, Any]:
    """Run one module: its rows, or how it failed, with the date and what it took."""
    start = time.perf_counter()
    entry: dict[str, Any] = {"date": datetime.now(UTC).date().isoformat(), "rows": [], "failed": None}
    entry["load"] = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
    try:
        given = importlib.import_module(f"tests.benchmarks.bench_{name}").run()
        entry["rows"] = [asdict(Row.of(row)) for row in given]
    except Exception as error:  # the other modules still count
        traceback.print_exc()
        entry["failed"] = f"{type(error).__name__}: {error}".replace(str(HERE.parent.parent), "…")
    entry["seconds"] = round(time.perf_counter() - start, 1)
    return entry


def table(results: Mapping[str, Any]) -> str:
    """Write everything as Markdown."""
    on = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in on["libraries"].items())
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; do not edit. A ratio is ours divided by the peer's.",
        "",
        f"Machine: {on['cores']} cores ({on['cpu']}), {on['memory_gib']} GiB, {on['system']}, Python {on['python']}.",
        f"Libraries: {versions}.",
    ]
    for name, entry in sorted(results["modules"].items()):
        lines += ["", f"## {name}", "", f"Measured on {entry['date']}, in {entry['seconds']:g} s{_busy(entry)}.", ""]
        if entry["failed"]:
            lines += [f"**Failed**: {entry['failed']}", ""]
        if entry["rows"]:
            lines += [
                "| stage | case | ours | peer | ratio | goal | note |",
                "|---|---|---:|---:|---:|---|---|",
                *(_line(Row.of(row)) for row in entry["rows"]),
            ]
    return "\n".join(lines).rstrip() + "\n"


def _busy(entry: Mapping[str, Any]) -> str:
    """Times taken while other programs ran are long; say so."""
    load = entry.get("load") or 0.0
    return f", **on a busy machine** (load {load:g} before it began)" if load > 1.0 else ""


def _line(row: Row) -> str:
    peer = f"{_number(row.peer)} {row.unit} ({row.peer_name})" if row.peer is not None else row.peer_name
    goal = {None: "", True: f"{row.goal}: met", False: f"{row.goal}: **missed**"}[row.met]
    cells = (row.stage, row.case, f"{_number(row.ours)} {row.unit}", peer, _number(row.ratio), goal, row.note)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def main(arguments: Iterable[str] | None = None) -> int:
    """Run the chosen modules and write ``RESULTS.json`` and ``RESULTS.md``."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="module", help=f"of: {', '.join(known())}")
    parser.add_argument("--keep", action="store_true", help="print, and leave the files as they are")
    given = parser.parse_args(None if arguments is None else list(arguments))
    wrong = set(given.modules) - set(known())
    if wrong:
        parser.error(f"no benchmark is called {', '.join(sorted(wrong))}; known: {', '.join(known())}")

    stored = RESULTS.with_suffix(".json")
    results = json.loads(stored.read_text()) if stored.is_file() else {"modules": {}}
    results["machine"] = machine()
    results["modules"] = {name: entry for name, entry in results["modules"].items() if name in known()}
    wanted = given.modules or known()
    for name in wanted:
        print(f"── {name} …", file=sys.stderr, flush=True)
        results["modules"][name] = measure(name)
        if not given.keep:  # after each, so that stopping early loses nothing
            stored.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
            RESULTS.with_suffix(".md").write_text(table(results), encoding="utf-8")
    print(table(results))
    return 1 if any(results["modules"][name]["failed"] for name in wanted) else 0


if __name__ == "__main__":
    sys.exit(main())
