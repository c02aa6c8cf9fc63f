"""One module knows the inside of napari."""

from __future__ import annotations

import re
from pathlib import Path

PLUGIN = Path(__file__).parents[3] / "plugins" / "napari_ctreview"
PRIVATE = re.compile(r"\._qt_|\.canvas\.native|\._scene_canvas|\bdockLayer")


def test_no_other_module_touches_what_napari_keeps_private() -> None:
    touching = [path.name for path in sorted(PLUGIN.rglob("*.py")) if PRIVATE.search(path.read_text(encoding="utf-8"))]
    assert touching == ["napari_adapter.py"]
