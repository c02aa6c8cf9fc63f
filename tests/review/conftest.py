"""Two coarse scans stored in an unsaved study."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ctreview.recipes.chest_ct import Prepared
from ctreview.review.archive import ImageSource, plan_of
from ctreview.review.workspace import Workspace
from tests.analysed_once import analysed_once  # noqa: F401 - for all tests of this folder
from tests.readings import Read


@pytest.fixture
def places(small_scans: Path) -> tuple[ImageSource, ImageSource]:
    return ImageSource(small_scans / "before"), ImageSource(small_scans / "after")


@pytest.fixture
def prepared(read: Read) -> Prepared:
    return read.prepared


@pytest.fixture
def workspace(
    prepared: Prepared, places: tuple[ImageSource, ImageSource], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    """With both scans stored in an unsaved study."""
    monkeypatch.setattr("ctreview.study.recovery.recovery_folder", lambda: tmp_path / "recovery")
    made = Workspace("anna")
    made.store_pair(prepared, places, plan_of(prepared))
    yield made
    made.close()


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Folders that pages are rendered for are counted (by the English one), and the page is a stand-in."""
    made: list[str] = []

    def render(comparison: Any, *_: Any, language: str, **__: Any) -> str:
        made.extend([comparison.verdict] if language == "en" else [])
        return "<html></html>"

    monkeypatch.setattr("ctreview.report.folder.render_page", render)
    return made
