"""Series of one UID that are several: acquisitions, echoes, phases, reconstructions, stations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ctreview.dicom import find_series
from ctreview.errors import InconsistentSeries
from ctreview.volume import load_volume
from tests.dicom.making import make_slice, make_stack, ramp, save

SHAPE = (4, 5, 6)


def _twice(folder: Path, one: dict[str, object], other: dict[str, object]) -> tuple[np.ndarray, np.ndarray]:
    arrays = ramp(SHAPE, 1), ramp(SHAPE, 2)
    make_stack(folder, arrays[0], prefix="a", **one)
    make_stack(folder, arrays[1], prefix="b", first=5, **other)
    return arrays


@pytest.mark.parametrize(
    ("one", "other", "parts"),
    [
        ({"EchoTime": "2.3"}, {"EchoTime": "4.6"}, ["echo 2.3", "echo 4.6"]),
        ({"AcquisitionNumber": "1"}, {"AcquisitionNumber": "2"}, ["acquisition 1", "acquisition 2"]),
        ({"ConvolutionKernel": "B40f"}, {"ConvolutionKernel": "B70f"}, ["kernel B40f", "kernel B70f"]),
        ({"TemporalPositionIdentifier": "1"}, {"TemporalPositionIdentifier": "2"}, ["time point 1", "time point 2"]),
        ({"TriggerTime": "100"}, {"TriggerTime": "350.5"}, ["trigger time 100", "trigger time 350.5"]),
        (
            {"ImageType": ["DERIVED", "PRIMARY", "W"]},
            {"ImageType": ["DERIVED", "PRIMARY", "F"]},
            ["image type DERIVED/PRIMARY/F", "image type DERIVED/PRIMARY/W"],
        ),
        ({"AcquisitionTime": "101500"}, {"AcquisitionTime": "101530"}, ["pass 1", "pass 2"]),
    ],
)
def test_what_the_headers_name_tells_volumes_apart(
    tmp_path: Path, one: dict[str, object], other: dict[str, object], parts: list[str]
) -> None:
    arrays = _twice(tmp_path, one, other)
    found = find_series(tmp_path)
    assert [series.part for series in found] == parts
    assert [series.key for series in found] == ["ct3.1", "ct3.2"]
    loaded = [load_volume(series).array for series in found]
    order = (1, 0) if parts[0].endswith("/F") else (0, 1)
    assert np.array_equal(loaded[0], arrays[order[0]])
    assert np.array_equal(loaded[1], arrays[order[1]])


def test_what_nothing_tells_apart_is_refused(tmp_path: Path) -> None:
    _twice(tmp_path, {}, {})
    with pytest.raises(InconsistentSeries, match="same position"):
        load_volume(tmp_path)


def test_a_series_exported_twice_with_other_headers_is_two(tmp_path: Path) -> None:
    make_stack(tmp_path / "cd", ramp(SHAPE))
    make_stack(tmp_path / "copy", ramp(SHAPE), InstitutionName="elsewhere")
    found = find_series(tmp_path)
    assert [series.part for series in found] == ["folder cd", "folder copy"]
    assert all(series.usable for series in found)


def test_acquisition_numbers_alone_do_not_take_a_scan_apart(tmp_path: Path) -> None:
    """Step-and-shoot scanners count every rotation."""
    for number in range(8):
        data = make_slice(ramp(SHAPE)[0], position=(0, 0, 2 * number), number=number)
        data.AcquisitionNumber = number // 2
        save(data, tmp_path / f"{number}.dcm")
    (series,) = find_series(tmp_path)
    assert series.part is None
    assert series.shape[0] == 8


def test_stations_of_a_leg_examination(tmp_path: Path) -> None:
    for station, start in ((1, 0), (2, 300)):
        make_stack(
            tmp_path,
            ramp(SHAPE),
            origin=(0, 0, start),
            prefix=f"s{station}",
            first=10 * station,
            AcquisitionNumber=station,
        )
    found = find_series(tmp_path)
    assert [series.part for series in found] == ["acquisition 1", "acquisition 2"]
    assert [load_volume(series).geometry.origin[2] for series in found] == [0, 300]


def test_localisers_of_the_same_series_are_left_aside(tmp_path: Path) -> None:
    make_stack(tmp_path, ramp(SHAPE))
    make_stack(tmp_path, ramp((1, 5, 6)), prefix="scout", first=9, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    assert {series.kind for series in find_series(tmp_path)} == {"volume", "localiser"}
    assert load_volume(tmp_path).geometry.shape == SHAPE


def test_keys_do_not_depend_on_the_order_of_files(tmp_path: Path) -> None:
    for name, uid in (("z", "1.2.3.1"), ("a", "1.2.3.2")):
        make_stack(tmp_path / "one" / name, ramp(SHAPE), SeriesInstanceUID=uid)
    for name, uid in (("a", "1.2.3.1"), ("z", "1.2.3.2")):
        make_stack(tmp_path / "two" / name, ramp(SHAPE), SeriesInstanceUID=uid)
    keys = [{series.uid: series.key for series in find_series(tmp_path / name)} for name in ("one", "two")]
    assert keys[0] == keys[1]
    assert len(set(keys[0].values())) == 2
