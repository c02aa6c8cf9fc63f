"""Which engines are installed, and that a broken one disturbs no other."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from ctreview.errors import WrongUse
from ctreview.models import UnusableSegmenter, find_segmenter, find_segmenters, registry


@pytest.fixture
def installed(monkeypatch):
    def install(**points: str) -> None:
        found = [EntryPoint(name, value, registry.ENTRY_POINT) for name, value in points.items()]
        monkeypatch.setattr(registry, "entry_points", lambda group: found)

    return install


def test_the_adapters_are_found(installed):
    installed(lungmask="ctreview_lungmask:LungmaskSegmenter")
    assert find_segmenter("lungmask").structures == ("lungs", "lobes")


def test_a_broken_engine_is_listed_with_its_reason(installed):
    installed(broken="no_such_module:Nothing", lungmask="ctreview_lungmask:LungmaskSegmenter", odd="fractions:Fraction")
    broken, lungmask, odd = find_segmenters()
    assert broken == UnusableSegmenter("broken", "ModuleNotFoundError while it was loaded")
    assert lungmask.name == "lungmask"
    assert odd == UnusableSegmenter("odd", "it is no segmenter of this version of ctreview")


def test_an_unknown_name_lists_what_there_is(installed):
    installed(lungmask="ctreview_lungmask:LungmaskSegmenter")
    with pytest.raises(WrongUse, match="Installed: lungmask"):
        find_segmenter("lungmsk")
