"""The guide shows what is there: keys as the plugin has them, pictures that exist and are small."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from qtpy.QtGui import QKeySequence

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_table_of_keys_is_current():
    assert (DOCS / "guide.md").read_text(encoding="utf-8") == importlib.import_module("docs.generate").guide(), (
        "run `make docs`"
    )


def test_every_key_is_one_and_stands_there_once():
    keys = re.findall(r"^\| `(.+?)` \| .+ \|$", (DOCS / "guide.md").read_text(encoding="utf-8"), re.M)
    assert len(keys) > 50
    assert [key for key in keys if QKeySequence(key).isEmpty()] == []
    assert sorted(keys) == sorted(set(keys)), "one key would do two things"


def test_pictures_of_the_guide_are_those_that_its_script_takes():
    guide = (DOCS / "guide.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"images/([a-z-]+)\.webp", guide))
    script = (DOCS / "guide_pictures.py").read_text(encoding="utf-8")
    taken = set(re.findall(r'shoot\("([a-z-]+)"', script)) | {"guide-regions", "guide-pieces", "guide-words"}
    assert shown == taken
    assert {path.stem for path in (DOCS / "images").glob("*.webp")} == taken
    assert max(path.stat().st_size for path in (DOCS / "images").glob("*.webp")) < 250_000
