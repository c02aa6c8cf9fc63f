from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

from napari_ctreview.session.tool_warm_up import warm_up_tools

from ctreview.tools import ScribbleSettings
from tests.plugins.napari_ctreview.simulated_mouse import lesion_of


def _compiled() -> dict[str, int]:
    """How many versions of each compiled function of the tools there are."""
    found = {}
    for name, module in list(sys.modules.items()):
        if name.startswith("ctreview.tools"):
            for what, one in vars(module).items():
                if hasattr(one, "signatures"):
                    found[f"{name}.{what}"] = len(one.signatures)
    return found


def test_after_it_the_first_scribble_compiles_nothing(at_work: Any, pair: Any) -> None:
    _, editor, _, _ = at_work()
    warm_up_tools()
    before = _compiled()
    assert sum(before.values()) > 0
    place = lesion_of(pair)
    points = [[float(place[0]) + step, float(place[1]), float(place[2])] for step in range(-8, 9, 4)]
    strokes = [{"points": points, "label": "ground_glass"}]
    editor.session(0).preview("scribble", {"strokes": strokes, "settings": asdict(ScribbleSettings())})
    assert _compiled() == before
