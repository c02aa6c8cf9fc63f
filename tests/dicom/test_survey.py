"""What `ctreview info` has to say."""

from __future__ import annotations

from pathlib import Path

from ctreview.dicom import compare_series, find_series, pairs, survey
from tests.dicom.making import make_slice, make_stack, ramp, save

SHAPE = (4, 5, 6)
FACTS = {"KVP": "120", "ConvolutionKernel": "B40f", "ContrastBolusAgent": "", "Manufacturer": "ACME"}


def test_a_series_in_a_radiographers_words(tmp_path: Path) -> None:
    make_stack(tmp_path, ramp(SHAPE), spacing=(2, 0.7, 0.7), **FACTS)
    (entry,) = survey(find_series(tmp_path))
    assert entry.key == "ct3"
    assert entry.what == "CT, axial, 4 slices"
    assert entry.geometry == "2 mm slice spacing, 5 × 6 pixels of 0.7 mm"
    assert entry.protocol == "120 kV, kernel B40f, 2 mm thick, no contrast agent, supine, ACME"
    assert entry.reads
    assert entry.remarks == ()


def test_planes_are_named(tmp_path: Path) -> None:
    for name, orientation in (
        ("coronal", (1, 0, 0, 0, 0, -1)),
        ("sagittal", (0, 1, 0, 0, 0, -1)),
        ("oblique, nearest axial", (1, 0, 0, 0, 0.94, 0.34)),
    ):
        folder = tmp_path / name
        make_stack(folder, ramp(SHAPE), orientation=orientation)
        (entry,) = survey(find_series(folder))
        assert entry.what == f"CT, {name}, 4 slices"


def test_what_is_refused_says_why_and_what_to_do(tmp_path: Path) -> None:
    paths = make_stack(tmp_path / "a", ramp((9, 5, 6)))
    paths[4].unlink()
    make_stack(tmp_path / "b", ramp((1, 5, 6)), SeriesNumber=1, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    scout, gap = survey(find_series(tmp_path))
    assert scout.what == "CT localiser (topogram, scout): planning images, no volume"
    assert not gap.reads
    assert gap.remarks[-1].startswith("Not read: 1 of 9 slices are missing")
    assert gap.remarks[-1].endswith("on the way.")


def test_a_dose_sheet_is_one(tmp_path: Path) -> None:
    data = make_slice(ramp((1, 5, 6))[0], SeriesDescription="Patient Protocol", ImagePositionPatient=None)
    data.SOPClassUID, data.ConversionType = "1.2.840.10008.5.1.4.1.1.7", "WSD"
    save(data, tmp_path / "a.dcm")
    (entry,) = survey(find_series(tmp_path))
    assert entry.what == "CT dose report or protocol page"


def test_pairs_say_why_not(tmp_path: Path) -> None:
    make_stack(tmp_path / "a", ramp(SHAPE), **FACTS)
    make_stack(tmp_path / "b", ramp(SHAPE), **{**FACTS, "ConvolutionKernel": "B70f"}, SeriesNumber=4)
    make_stack(tmp_path / "c", ramp(SHAPE), **FACTS, SeriesNumber=5, PatientPosition="HFP")
    make_stack(tmp_path / "d", ramp(SHAPE), SeriesNumber=6, Modality="MR", SOPClassUID="1.2.840.10008.5.1.4.1.1.4")
    found = find_series(tmp_path)
    table = {(pair.first, pair.second): pair for pair in pairs(found)}
    assert set(table) == {("ct3", "ct4"), ("ct3", "ct5"), ("ct4", "ct5")}
    assert table["ct3", "ct4"].comparable
    assert any("kernels differ (B40f and B70f)" in sentence for sentence in table["ct3", "ct4"].why_not)
    assert not table["ct3", "ct5"].comparable
    assert any("prone" in sentence for sentence in table["ct3", "ct5"].why_not)
    names = [check.name for check in compare_series(found[0], found[3])]
    assert names[:2] == ["readable", "modality"]
    assert names[-1] == "inflation"
    assert not next(check for check in compare_series(found[0], found[3]) if check.name == "modality").ok
