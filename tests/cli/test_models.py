"""``ctreview models``."""

from __future__ import annotations

import json
from importlib.metadata import EntryPoint

from ctreview.models import registry

ENGINES = {
    "lungmask": "ctreview_lungmask:LungmaskSegmenter",
    "totalsegmentator": "ctreview_totalsegmentator:TotalSegmentatorSegmenter",
}


def test_models_says_what_is_missing_and_how_to_get_it(command, monkeypatch):
    points = [EntryPoint(name, value, registry.ENTRY_POINT) for name, value in ENGINES.items()]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    engines = {engine["name"]: engine for engine in json.loads(command("models", "--json").out)["engines"]}
    assert set(engines) == set(ENGINES)
    for engine in engines.values():
        assert "Apache-2.0" in engine["licence"]
        for structure in engine["structures"]:
            assert structure["ready"] or (structure["missing"] and structure["remedy"])


def test_a_broken_engine_is_said_to_be(command, monkeypatch):
    points = [EntryPoint("broken", "no_such_module:Nothing", registry.ENTRY_POINT)]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    assert "broken: cannot be loaded: ModuleNotFoundError" in command("models").out
