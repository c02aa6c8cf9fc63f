"""Bad input gets one clear error that names the file or folder and what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.encaps import encapsulate

from ctreview.dicom import find_series
from ctreview.errors import (
    InconsistentSeries,
    NoSeriesFound,
    SeveralSeriesFound,
    UnreadableFile,
    UnsupportedSeries,
    WrongUse,
)
from ctreview.volume import load_volume
from tests.dicom.making import AXIAL, make_slice, make_stack, ramp, save

SHAPE = (6, 8, 9)


def test_nothing_at_the_path(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="nothing at this path"):
        find_series(tmp_path / "gone")


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(NoSeriesFound, match=r"(?s)nothing lies here.*Give the folder"):
        find_series(tmp_path)


def test_a_text_named_dcm(tmp_path: Path) -> None:
    (tmp_path / "letter.dcm").write_text("Dear colleague, " * 40)
    with pytest.raises(UnreadableFile, match=r"letter\.dcm.*no DICOM file"):
        load_volume(tmp_path / "letter.dcm")
    with pytest.raises(UnreadableFile, match=r"letter\.dcm"):
        load_volume(tmp_path)


def test_a_truncated_file_alone_and_among_others(tmp_path: Path) -> None:
    paths = make_stack(tmp_path, ramp(SHAPE))
    whole = paths[2].read_bytes()
    paths[2].write_bytes(whole[:300])
    with pytest.raises(UnreadableFile, match=paths[2].name):
        load_volume(paths[2])
    with pytest.raises(InconsistentSeries, match=paths[2].name):
        load_volume(tmp_path)
    paths[2].write_bytes(whole[:-7])
    with pytest.raises(UnreadableFile, match=rf"{paths[2].name}.*claims"):
        load_volume(tmp_path)
    paths[2].write_bytes(b"")
    with pytest.raises(InconsistentSeries, match="empty"):
        load_volume(tmp_path)


def test_fewer_pixels_than_the_header_says(tmp_path: Path) -> None:
    data = make_slice(ramp(SHAPE)[0], Rows=100)
    save(data, tmp_path / "a.dcm")
    with pytest.raises(UnreadableFile, match=r"a\.dcm.*claims 1 × 100 × 9 pixels \(1800 bytes\).*144 bytes"):
        load_volume(tmp_path)


def test_a_million_by_a_million_pixels(tmp_path: Path) -> None:
    from pydicom.dataelem import DataElement

    data = make_slice(ramp(SHAPE)[0])
    data["Rows"] = DataElement(0x00280010, "UL", 1_000_000)
    data["Columns"] = DataElement(0x00280011, "UL", 1_000_000)
    save(data, tmp_path / "a.dcm")
    with pytest.raises(UnreadableFile, match="1000000"):
        load_volume(tmp_path)


def test_a_missing_slice(tmp_path: Path) -> None:
    paths = make_stack(tmp_path, ramp((12, 8, 9)))
    paths[7].unlink()
    with pytest.raises(InconsistentSeries, match=r"1 of 12 slices are missing \(after 12\.0 mm"):
        load_volume(tmp_path)


def test_uneven_spacing(tmp_path: Path) -> None:
    for number, height in enumerate((0, 2, 4, 6.7, 9)):
        save(make_slice(ramp(SHAPE)[0], position=(0, 0, height), number=number), tmp_path / f"{number}.dcm")
    with pytest.raises(InconsistentSeries, match=r"spacing changes between 2 and 2\.7 mm"):
        load_volume(tmp_path)


def test_a_doubled_slice(tmp_path: Path) -> None:
    paths = make_stack(tmp_path, ramp(SHAPE))
    (tmp_path / "copy.dcm").write_bytes(paths[3].read_bytes()[:-2] + b"\1\1")
    with pytest.raises(InconsistentSeries, match="1 of 7 slices lie at the same position"):
        load_volume(tmp_path)


def test_two_patients_in_one_series(tmp_path: Path) -> None:
    make_stack(tmp_path / "a", ramp((3, 8, 9)))
    make_stack(tmp_path / "b", ramp((3, 8, 9)), origin=(0, 0, 6), first=4, PatientID="P2")
    with pytest.raises(InconsistentSeries, match="two patients") as caught:
        load_volume(tmp_path)
    assert "P2" not in str(caught.value)


def test_mixed_geometry_is_taken_apart_and_nothing_chosen_in_silence(tmp_path: Path) -> None:
    make_stack(tmp_path, ramp((3, 8, 9)))
    make_stack(tmp_path, ramp((4, 8, 9)), first=4, prefix="other", spacing=(2.0, 0.5, 0.5))
    with pytest.raises(SeveralSeriesFound, match=r"ct3\.1 .*ct3\.2 .*--series"):
        load_volume(tmp_path)
    assert load_volume(tmp_path, series="ct3.1").geometry.spacing == pytest.approx((2, 0.5, 0.5))
    with pytest.raises(WrongUse, match=r"ct3\.1, ct3\.2"):
        load_volume(tmp_path, series="nonsense")


def test_slices_that_wander(tmp_path: Path) -> None:
    for number in range(6):
        data = make_slice(ramp(SHAPE)[0], position=(3.0 * (number % 2), 0, 2 * number), number=number)
        save(data, tmp_path / f"{number}.dcm")
    with pytest.raises(InconsistentSeries, match="sideways"):
        load_volume(tmp_path)


@pytest.mark.parametrize(
    ("elements", "says"),
    [
        ({"ImageType": ["DERIVED", "PRIMARY", "MOSAIC"]}, "mosaic"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "localiser"),
        ({"ImageType": ["DERIVED", "SECONDARY", "PROJECTION IMAGE"]}, "projection"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7", "ConversionType": "WSD"}, "screen shot"),
        ({"ImagePositionPatient": None}, "no image position"),
        ({"PixelSpacing": None}, "no pixel spacing"),
        ({"ImageOrientationPatient": ["1", "0", "0", "1", "0", "0"]}, "perpendicular"),
        ({"BitsAllocated": 12, "BitsStored": 12, "HighBit": 11}, "12 bits in 12"),
        ({"BitsStored": 0, "HighBit": 40}, "bits"),
    ],
)
def test_what_is_not_read_is_refused_by_name(tmp_path: Path, elements: dict[str, object], says: str) -> None:
    make_stack(tmp_path, ramp(SHAPE), **elements)
    with pytest.raises((UnsupportedSeries, UnreadableFile), match=says):
        load_volume(tmp_path)


def test_an_unread_transfer_syntax_is_named(tmp_path: Path) -> None:
    data = make_slice(ramp(SHAPE)[0])
    data.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"
    data.PixelData = encapsulate([b"moving pictures"])
    data["PixelData"].is_undefined_length = True
    save(data, tmp_path / "a.dcm")
    with pytest.raises(UnsupportedSeries, match="MPEG-4"):
        load_volume(tmp_path)


def test_a_colour_image_is_named(tmp_path: Path) -> None:
    array = np.zeros((3 * 8, 9), dtype=np.uint8)
    data = make_slice(array, bits=8, Rows=8, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
    save(data, tmp_path / "a.dcm")
    with pytest.raises(UnsupportedSeries, match="colour"):
        load_volume(tmp_path)


def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = make_stack(tmp_path, ramp(SHAPE))
    locked = paths[2]
    real = Path.open

    def guarded(self: Path, *args: object, **kwargs: object) -> object:
        if self == locked:
            raise PermissionError(13, "Permission denied")
        return real(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", guarded)
    with pytest.raises(UnreadableFile, match=rf"{locked.name}.*may not be read"):
        load_volume(locked)
    with pytest.raises(InconsistentSeries, match=locked.name):
        load_volume(tmp_path)


def test_several_series_are_listed_by_key(tmp_path: Path) -> None:
    make_stack(tmp_path / "a", ramp(SHAPE))
    make_stack(tmp_path / "b", ramp(SHAPE), SeriesNumber=7, SeriesInstanceUID="1.2.3.4", ConvolutionKernel="B70f")
    with pytest.raises(SeveralSeriesFound, match=r"ct3 .*ct7 .*B70f") as caught:
        load_volume(tmp_path)
    assert caught.value.exit_code == 2
    assert load_volume(tmp_path, series="ct7").acquisition.kernel == "B70f"


def test_junk_between_the_files_does_no_harm(tmp_path: Path) -> None:
    make_stack(tmp_path / "deep" / "down", ramp(SHAPE))
    (tmp_path / "README.txt").write_text("about")
    (tmp_path / "deep" / "thumbs.db").write_bytes(b"\0" * 5000)
    (tmp_path / "deep" / "down" / "notes.pdf").write_bytes(b"%PDF-1.4")
    (tmp_path / "deep" / "loop").symlink_to(tmp_path)
    assert load_volume(tmp_path).geometry.shape == SHAPE


def test_no_error_names_the_patient(tmp_path: Path) -> None:
    make_stack(tmp_path, ramp(SHAPE), PatientName="Secret^Name", PatientID="4711")
    series = find_series(tmp_path)[0]
    assert "Secret" not in repr(series)
    assert "4711" not in repr(series)
    assert series.frames[0].orientation == AXIAL
