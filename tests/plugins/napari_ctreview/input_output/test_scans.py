"""What the window lists of a folder."""

from __future__ import annotations

from pathlib import Path

from napari_ctreview.input_output.scans import find_readable

from ctreview.progress import quiet
from ctreview.volume.load import load_volume
from tests.dicom.making import make_stack, ramp


def test_a_series_warns_of_another_beside_it_that_cannot_be_read(tmp_path: Path) -> None:
    thin = make_stack(tmp_path, ramp((6, 8, 8)), spacing=(1.0, 1.0, 1.0), prefix="thin", SeriesInstanceUID="1.2.3.1")
    make_stack(tmp_path, ramp((4, 8, 8)), spacing=(2.0, 1.0, 1.0), prefix="thick", SeriesInstanceUID="1.2.3.2")
    thin[2].unlink()
    (only,) = find_readable(tmp_path, quiet)
    assert only.shape == (4, 8, 8)
    assert [note for note in load_volume(only).notes if "lies beside it" in note]
