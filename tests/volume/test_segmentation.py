"""Segmentations keep places, names, colours and codes, and overlap in layers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from ctreview.errors import GridMismatch, UnreadableFile, WrongUse
from ctreview.volume import Code, Geometry, Label, LabelMap, Scheme
from ctreview.volume.segmentation import read_segmentation, read_segmentations, write_segmentation

GRID = Geometry.aligned((4, 5, 6), (2.0, 1.5, 0.7), origin=(-10, 3, 8), frame_of_reference="1.2.3")
LUNG = Code("39607008", "SCT", "Lung")
LUNGS = Scheme(
    (
        Label(1, "right_lung", (230, 20, 10), LUNG, Code("91723000", "SCT", "Anatomical Structure"), None),
        Label(3, "left_lung", (0, 120, 255), LUNG, None, Code("7771000", "SCT", "Left")),
        Label(4, "never_there", (1, 2, 3)),
    )
)
OPACITY = Scheme((Label(1, "ground_glass", (255, 255, 0)),))


def _maps() -> tuple[LabelMap, LabelMap]:
    rng = np.random.default_rng(0)
    lungs = rng.choice(np.array([0, 1, 3], np.uint8), GRID.shape)
    return LabelMap(lungs, GRID, LUNGS), LabelMap(rng.integers(0, 2, GRID.shape).astype(np.uint8), GRID, OPACITY)


def test_layers_come_back_as_they_were(tmp_path: Path) -> None:
    maps = _maps()
    write_segmentation(tmp_path / "a.seg.nrrd", maps)
    again = read_segmentation(tmp_path / "a.seg.nrrd", on=GRID)
    assert len(again) == 2
    for one, other in zip(maps, again, strict=True):
        assert np.array_equal(one.array, other.array)
        assert one.geometry == other.geometry
        assert [(n.key, n.value, n.colour, n.code, n.modifier) for n in one.scheme] == [
            (n.key, n.value, n.colour, n.code if n.key.endswith("lung") else None, n.modifier) for n in other.scheme
        ] or one.scheme.labels[2].code is None


def test_the_header_is_what_slicer_reads(tmp_path: Path) -> None:
    write_segmentation(tmp_path / "a.seg.nrrd", _maps())
    image = sitk.ReadImage(str(tmp_path / "a.seg.nrrd"))
    assert image.GetNumberOfComponentsPerPixel() == 2
    assert image.GetSpacing() == pytest.approx((0.7, 1.5, 2.0))
    assert image.GetOrigin() == pytest.approx((-10, 3, 8))
    assert image.GetMetaData("Segment0_Name") == "right lung"
    assert image.GetMetaData("Segment1_LabelValue") == "3"
    assert image.GetMetaData("Segment3_Layer") == "1"
    assert image.GetMetaData("Segment2_Extent") == "0 -1 0 -1 0 -1"
    assert image.GetMetaData("Segmentation_MasterRepresentation") == "Binary labelmap"
    assert "SCT^39607008^Lung" in image.GetMetaData("Segment0_Tags")
    colour = [float(part) for part in image.GetMetaData("Segment0_Color").split()]
    assert [round(part * 255) for part in colour] == [230, 20, 10]


def test_one_map_is_a_plain_volume_that_label_programs_read(tmp_path: Path) -> None:
    lungs, _ = _maps()
    write_segmentation(tmp_path / "a.seg.nrrd", [lungs])
    image = sitk.ReadImage(str(tmp_path / "a.seg.nrrd"))
    assert image.GetDimension() == 3
    assert np.array_equal(sitk.GetArrayFromImage(image), lungs.array)


def test_another_image_is_refused(tmp_path: Path) -> None:
    write_segmentation(tmp_path / "a.seg.nrrd", _maps())
    moved = Geometry.aligned((4, 5, 6), (2.0, 1.5, 0.7), origin=(-10, 3, 9), frame_of_reference="1.2.3")
    with pytest.raises(GridMismatch, match="corners 1 mm apart"):
        read_segmentation(tmp_path / "a.seg.nrrd", on=moved)


def test_wrong_use(tmp_path: Path) -> None:
    lungs, opacity = _maps()
    with pytest.raises(WrongUse, match="same key"):
        write_segmentation(tmp_path / "a.seg.nrrd", [lungs, lungs])
    other = replace(opacity, geometry=replace(GRID, frame_of_reference="9.9"))
    with pytest.raises(GridMismatch):
        write_segmentation(tmp_path / "a.seg.nrrd", [lungs, other])
    with pytest.raises(WrongUse):
        write_segmentation(tmp_path / "a.seg.nrrd", [])
    (tmp_path / "b.seg.nrrd").write_text("nothing")
    with pytest.raises(UnreadableFile, match=r"b\.seg\.nrrd"):
        read_segmentation(tmp_path / "b.seg.nrrd")
    assert not (tmp_path / "a.seg.nrrd").exists()


def _with_rim() -> LabelMap:
    array = np.zeros(GRID.shape, np.uint8)
    array[1:3, 2:4, 1:5] = 1
    array[2, 3, 2] = 3
    return LabelMap(array, GRID, LUNGS)


def _cropped(one: LabelMap, start: tuple[int, int, int], stop: tuple[int, int, int]) -> LabelMap:
    """As 3D Slicer saves it: the box around the segments alone."""
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    return replace(one, array=one.array[box], geometry=one.geometry.crop(start, stop))


def test_a_cropped_segmentation_gets_its_rim_back(tmp_path: Path) -> None:
    whole = _with_rim()
    write_segmentation(tmp_path / "a.seg.nrrd", [_cropped(whole, (1, 2, 1), (3, 4, 5))])
    (again,) = read_segmentation(tmp_path / "a.seg.nrrd", on=GRID)
    assert again.geometry == GRID
    assert np.array_equal(again.array, whole.array)


@pytest.mark.parametrize("boxes", [(None, 1), (1, None), (1, 2)])
def test_two_segmentations_meet_on_one_grid_whichever_was_cropped(
    tmp_path: Path, boxes: tuple[int | None, ...]
) -> None:
    starts = {1: ((1, 2, 1), (3, 4, 5)), 2: ((1, 1, 1), (4, 5, 5))}
    paths = (tmp_path / "a.seg.nrrd", tmp_path / "b.seg.nrrd")
    for path, box in zip(paths, boxes, strict=True):
        whole = _with_rim()
        write_segmentation(path, [whole if box is None else _cropped(whole, *starts[box])])
    (first,), (second,) = read_segmentations(*paths)
    assert first.geometry == second.geometry
    assert np.array_equal(first.array, second.array)
    assert first.volume_ml("right_lung") == pytest.approx(_with_rim().volume_ml("right_lung"))


def test_a_segmentation_between_the_voxels_or_beyond_the_image_is_refused(tmp_path: Path) -> None:
    whole = _with_rim()
    affine = np.array(GRID.affine)
    affine[:3, 3] += 0.4 * affine[:3, 2]
    beyond = np.array(GRID.affine)
    beyond[:3, 3] += 3 * beyond[:3, 2]
    for number, shifted in enumerate((affine, beyond)):
        path = tmp_path / f"{number}.seg.nrrd"
        write_segmentation(path, [replace(whole, geometry=replace(GRID, affine=shifted))])
        with pytest.raises(GridMismatch) as refusal:
            read_segmentation(path, on=GRID)
        assert refusal.value.exit_code == 3
