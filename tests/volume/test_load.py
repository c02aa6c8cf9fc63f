"""Which series of a path is taken, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctreview.errors import InputRefused
from ctreview.recipes.scan_facts import scan_facts
from ctreview.volume.load import load_volume
from tests.dicom.making import make_stack, ramp


def _two_series(folder: Path, *, spoil: bool) -> None:
    thin = make_stack(folder, ramp((6, 8, 8)), spacing=(1.0, 1.0, 1.0), prefix="thin", SeriesInstanceUID="1.2.3.1")
    make_stack(folder, ramp((4, 8, 8)), spacing=(2.0, 1.0, 1.0), prefix="thick", SeriesInstanceUID="1.2.3.2")
    if spoil:
        thin[2].unlink()


def test_another_series_is_never_taken_in_silence(tmp_path: Path) -> None:
    _two_series(tmp_path, spoil=True)
    found = load_volume(tmp_path)
    assert found.geometry.shape == (4, 8, 8)
    (said,) = [note for note in found.notes if "lies beside it" in note]
    assert "cannot be read" in said
    assert f"Series {found.series_key} was taken" in said
    assert scan_facts(found, None)["series"] == found.series_key


def test_a_series_that_is_named_and_cannot_be_read_is_refused(tmp_path: Path) -> None:
    _two_series(tmp_path, spoil=True)
    with pytest.raises(InputRefused, match="missing"):
        load_volume(tmp_path, series="1.2.3.1")


def test_nothing_is_said_where_every_series_reads_and_one_is_named(tmp_path: Path) -> None:
    _two_series(tmp_path, spoil=False)
    found = load_volume(tmp_path, series="1.2.3.2")
    assert not [note for note in found.notes if "lies beside it" in note]
    assert found.canonical().series_key == found.series_key is not None
