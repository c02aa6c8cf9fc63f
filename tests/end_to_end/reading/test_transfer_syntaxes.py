"""One slice in every transfer syntax: lossless ones alike to the bit, lossy ones flagged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ctreview.dicom.syntaxes import SYNTAXES
from ctreview.errors import UnsupportedSeries
from ctreview.volume import LoadSettings, Volume, load_volume

KEEP = LoadSettings(padding="keep")


def _syntax(path: Path) -> str:
    return path.stem.rpartition("_")[2]


def _read(path: Path) -> Volume:
    return load_volume(path, settings=KEEP)


@pytest.mark.data
def test_lossless_ones_are_alike_and_lossy_ones_flagged(shared_data: Path) -> None:
    folder = shared_data / "transfer_syntaxes"
    plain = _read(folder / "CTImage.dcm")
    paths = sorted(folder.glob("CTImage.dcm_*"))
    assert len(paths) == 15
    lossless = 0
    for path in paths:
        volume = _read(path)
        assert volume.geometry.same_grid(plain.geometry), path.name
        difference = np.abs(volume.array.astype(float) - plain.array)
        # JPEG 2000 (…4.91) may be either; this one was written as lossy
        lossy = SYNTAXES[_syntax(path)].lossy or _syntax(path).endswith("4.91")
        assert volume.acquisition.lossy is lossy, path.name
        if lossy:
            assert any("lossy" in note for note in volume.notes), path.name
            inside = plain.array > -1000
            assert 0 < float(difference[inside].mean()) < 40, path.name
        else:
            assert float(difference.max()) == 0, path.name
            lossless += 1
    assert lossless == 9


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("no-pixel-data.dcm", "no pixels"),
        ("no-pixel-spacing.dcm", "colour"),
        ("US-YBR_FULL_422-EVRLE.dcm", "colour"),
    ],
)
def test_what_is_no_slice_is_named(shared_data: Path, name: str, says: str) -> None:
    with pytest.raises(UnsupportedSeries, match=says):
        load_volume(shared_data / "transfer_syntaxes" / name)


@pytest.mark.data
@pytest.mark.parametrize("name", ["CT1_J2KR", "CT2_J2KR", "CT0012.fragmented_no_bot_jpeg_baseline.51.dcm"])
def test_simpleitk_decodes_the_same(shared_data: Path, name: str) -> None:
    import SimpleITK as sitk  # noqa: N813

    path = shared_data / "transfer_syntaxes" / name
    ours = load_volume(path, settings=KEEP).array
    theirs = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    if name.startswith("CT0012"):
        theirs = theirs[:, :, ::-1]  # its rows run to the right; SimpleITK leaves them so
    assert np.array_equal(ours, theirs)


@pytest.mark.data
def test_a_perfusion_map_is_not_taken_for_density(shared_data: Path) -> None:
    volume = load_volume(shared_data / "transfer_syntaxes" / "CT0012.fragmented_no_bot_jpeg_baseline.51.dcm")
    assert volume.unit == "arbitrary"
    assert any("no HU" in note for note in volume.notes)
