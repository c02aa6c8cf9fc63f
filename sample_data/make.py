"""Make the sample anew: ``python sample_data/make.py`` from the repository's root.

On one platform the files come out the same byte by byte (seeds and UIDs are fixed); on another one, rounding may
change single grey values.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ctreview.phantom import ground_truth, phantom_child, write_phantom
from ctreview.phantom.muscle import write_muscle_sample

HERE = Path(__file__).resolve().parent


def make(folder: Path) -> None:
    """Write ``before/``, ``after/`` and ``answer.json`` into a folder, and the same of muscle MRI into ``muscle/``."""
    before, after = phantom_child()
    write_phantom(before, folder / "before", description="Thorax phantom, before", replace=True)
    write_phantom(after, folder / "after", description="Thorax phantom, after", replace=True)
    _write(ground_truth(before, after), folder / "answer.json")
    make_muscle(folder / "muscle")


def make_muscle(folder: Path) -> None:
    """Write ``before/``, ``after/`` and ``answer.json`` of muscle MRI into a folder."""
    for date in ("before", "after"):
        shutil.rmtree(folder / date, ignore_errors=True)
    _write(write_muscle_sample(folder), folder / "answer.json")


def _write(truth: Mapping[str, Any], path: Path) -> None:
    path.write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write into (default: beside this script)")
    parser.add_argument("--muscle", action="store_true", help="only muscle MRI")
    chosen = parser.parse_args()
    if chosen.muscle:
        make_muscle(chosen.out / "muscle")
    else:
        make(chosen.out)
