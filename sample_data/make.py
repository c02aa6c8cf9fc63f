"""Make the sample anew: ``python sample_data/make.py`` from the repository's root.

On one platform the files come out the same byte by byte (seeds and UIDs are fixed); on another one, rounding may
change single grey values.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ctreview.phantom import answer, phantom_child, write_phantom

HERE = Path(__file__).resolve().parent


def make(folder: Path) -> None:
    """Write ``before/``, ``after/`` and ``answer.json`` into a folder."""
    before, after = phantom_child()
    write_phantom(before, folder / "before", description="Thorax phantom, before", replace=True)
    write_phantom(after, folder / "after", description="Thorax phantom, after", replace=True)
    text = json.dumps(answer(before, after), indent=1, sort_keys=False)
    (folder / "answer.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write into (default: beside this script)")
    make(parser.parse_args().out)
