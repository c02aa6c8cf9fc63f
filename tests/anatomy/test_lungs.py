from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from ctreview.anatomy import LungMap, LungSettings, find_lungs
from ctreview.errors import GridMismatch, SegmentationFailed, WrongUse
from ctreview.phantom import Phantom, ThoraxSettings, make_thorax, random_hybrid_pair, random_phantom, small_thorax
from ctreview.progress import Cancelled
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.load import load_volume
from ctreview.volume.volume import Volume
from tests.real_scans import healthy_host

Mask = npt.NDArray[np.bool_]


def dice(a: Mask, b: Mask) -> float:
    return float(2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b)))


def both(labels: LabelMap) -> Mask:
    return labels.mask("right_lung", "left_lung")


def check(labels: LabelMap, name: str) -> list[bool]:
    return [item.ok for item in labels.checks if item.name == name]


def painted(phantom: Phantom, where: Mask, hu: float, *, fades: float = 0.5) -> Volume:
    """The scan with soft tissue of a density in place of lung, which fades into lung over so many voxels."""
    noise = np.random.default_rng(3).normal(0, 12, phantom.volume.array.shape)
    array = phantom.volume.array.astype(np.float32)
    lung = where if fades <= 0.5 else both(phantom.lungs)
    soft = ndimage.gaussian_filter(where.astype(np.float32), fades)
    if fades > 0.5:
        # the pleura stays sharp
        soft /= np.maximum(ndimage.gaussian_filter(lung.astype(np.float32), fades), 0.01)
    soft = np.clip(soft[lung], 0, 1)
    array[lung] = array[lung] * (1 - soft) + (hu + noise[lung]) * soft
    return phantom.volume.with_array(array.astype(np.int16))


def dorsobasal(phantom: Phantom, share: float) -> Mask:
    """The back of the right lung below the middle, over the given part of its depth."""
    lung = phantom.lungs.mask("right_lung")
    z, y, _ = np.nonzero(lung)
    level, depth = np.ogrid[: lung.shape[0], : lung.shape[1]]
    back = depth > np.percentile(y, 100) - share * np.ptp(y)
    low = level < z.min() + 0.5 * np.ptp(z)
    return np.asarray(lung & (back & low)[:, :, None])


def test_both_lungs_of_an_adult(adult: Phantom, adult_lungs: LabelMap) -> None:
    for key in ("right_lung", "left_lung"):
        assert dice(adult_lungs.mask(key), adult.lungs.mask(key)) > 0.98
    assert dice(
        adult_lungs.mask("trachea_and_main_bronchi"), adult.lungs.mask("trachea_and_main_bronchi")
    ) == pytest.approx(0.9, abs=0.1)
    for name in ("one_lung", "lung_volume_plausible", "airway_found", "pleural_fluid"):
        assert check(adult_lungs, name) == [True]
    assert check(adult_lungs, "lung_touches_border") == [True, True]


def test_a_healthy_lung_is_given_no_dense_lung(adult_lungs: LungMap) -> None:
    (found,) = (item.value for item in adult_lungs.checks if item.name == "dense_lung_recovered")
    assert found == adult_lungs.dense_ml
    assert isinstance(found, float)
    assert adult_lungs.candidates == ()
    assert found < 0.002 * adult_lungs.volume_ml("right_lung", "left_lung")


def test_both_lungs_of_a_child() -> None:
    child = small_thorax(age_years=4.0, spacing_mm=2.0)
    found = find_lungs(child.volume)
    for key in ("right_lung", "left_lung"):
        assert dice(found.mask(key), child.lungs.mask(key)) > 0.975
    assert check(found, "airway_found") == [True]


def test_a_mirrored_patient_has_mirrored_sides(adult: Phantom, adult_lungs: LabelMap) -> None:
    """AeratedLungs come from the grid, not from what a right lung looks like."""
    mirrored = find_lungs(adult.volume.with_array(np.ascontiguousarray(adult.volume.array[:, :, ::-1])))
    assert dice(mirrored.mask("left_lung")[:, :, ::-1], adult_lungs.mask("right_lung")) > 0.99


@pytest.mark.parametrize("side", ["right_lung", "left_lung"])
def test_a_field_of_view_around_one_lung(adult: Phantom, side: str) -> None:
    hit = np.nonzero(adult.lungs.mask(side))
    start = [max(0, int(axis.min()) - 5) for axis in hit]
    stop = [min(n, int(axis.max()) + 6) for axis, n in zip(hit, adult.volume.array.shape, strict=True)]
    # the mediastinal side is cut through the lung
    if side == "right_lung":
        stop[2] -= 12
    else:
        start[2] += 12
    part = adult.volume.crop(start, stop)
    found = find_lungs(part)
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    assert dice(found.mask(side), adult.lungs.mask(side)[box]) > 0.97
    assert check(found, "one_lung") == [False]
    (touch,) = (item for item in found.checks if item.name == "lung_touches_border")
    assert not touch.ok
    assert isinstance(touch.value, str)
    assert ("left" if side == "right_lung" else "right") in touch.value.split(": ")[1]


def accepted(lungs: LungMap) -> LungMap:
    array = lungs.array.copy()
    for candidate in lungs.candidates:
        array[candidate.box][candidate.mask] = lungs.scheme[candidate.side].value
    return replace(lungs, array=array, candidates=())


def test_consolidation_that_fades_into_lung_is_lung(adult: Phantom) -> None:
    where = dorsobasal(adult, 0.3)
    scan = painted(adult, where, 45.0, fades=1.5)
    found, plain = find_lungs(scan), find_lungs(scan, settings=LungSettings(dense=False))
    truth = both(adult.lungs)
    assert dice(both(plain), truth) < 0.97 < dice(both(found), truth)
    assert np.count_nonzero(both(found) & where) > 0.6 * np.count_nonzero(where)


def test_consolidation_that_ends_as_sharply_as_an_organ_is_offered_and_not_counted(adult: Phantom) -> None:
    where = dorsobasal(adult, 0.3)
    found = find_lungs(painted(adult, where, 45.0))
    assert np.count_nonzero(both(found) & where) < 0.1 * np.count_nonzero(where)
    (candidate,) = found.candidates
    assert (candidate.side, candidate.proposed) == ("right_lung", "consolidation")
    assert candidate.region == "right_lung/basal"
    assert check(found, "dense_candidates") == [False]
    assert dice(both(accepted(found)), both(adult.lungs)) > 0.97


def test_pleural_fluid_is_no_lung_and_is_said(adult: Phantom) -> None:
    where = dorsobasal(adult, 0.25)
    found = find_lungs(painted(adult, where, 8.0))
    truth = both(adult.lungs) & ~where
    assert dice(both(found), truth) > 0.97
    assert np.count_nonzero(both(found) & where) < 0.15 * np.count_nonzero(where)
    assert check(found, "pleural_fluid") == [False]
    assert [candidate.proposed for candidate in found.candidates] == ["effusion"]


def test_another_timepoint_helps_where_shape_cannot(adult: Phantom) -> None:
    lung = adult.lungs.mask("right_lung")
    level = np.flatnonzero(lung.any(axis=(1, 2)))
    whole_base = lung & (np.arange(lung.shape[0]) < level[0] + len(level) // 3)[:, None, None]
    scan = painted(adult, whole_base, 45.0)
    alone, helped = find_lungs(scan), find_lungs(scan, prior=adult.lungs)
    assert dice(both(helped), both(adult.lungs)) > 0.97
    assert np.count_nonzero(both(helped) & whole_base) > 1.3 * np.count_nonzero(both(alone) & whole_base)
    message = next(item.message for item in helped.checks if item.name == "dense_lung_recovered")
    assert "other timepoint" in message


def test_gas_in_the_stomach_is_no_lung(adult: Phantom) -> None:
    lung = adult.lungs.mask("left_lung")
    z, y, x = np.nonzero(lung)
    middle = np.array([z.min() - 4, y.mean(), x.mean()])
    index = np.stack(np.meshgrid(*map(np.arange, lung.shape), indexing="ij"), axis=-1)
    gas = (np.linalg.norm((index - middle) * 3.0, axis=-1) < 22.0) & ~ndimage.binary_dilation(lung, iterations=2)
    array = adult.volume.array.copy()
    array[gas] = -990
    found = find_lungs(adult.volume.with_array(array))
    assert not (both(found) & ndimage.binary_erosion(gas)).any()
    assert dice(both(found), both(adult.lungs)) > 0.97


def test_gas_of_stomach_and_colon_right_under_a_childs_diaphragm_is_no_lung() -> None:
    usual = ThoraxSettings(age_years=4.0, spacing=(2.0, 1.2, 1.2), seed=3, anatomy_seed=5)
    child = make_thorax(settings=replace(usual, shape=replace(usual.body, gas=1.3, colon_gas=1.4)))
    found = find_lungs(child.volume)
    false = both(found) & ~child.lungs.mask("right_lung", "left_lung")
    assert np.count_nonzero(ndimage.binary_opening(false)) * child.volume.geometry.voxel_ml < 2.0
    assert dice(both(found), child.lungs.mask("right_lung", "left_lung")) > 0.985
    assert not [item for item in found.checks if item.name == "dense_lung_recovered" and item.value]


def test_lungs_that_touch_in_front_are_told_apart(adult: Phantom) -> None:
    array = adult.volume.array.copy()
    mask = both(adult.lungs)
    level = (np.flatnonzero(mask.any(axis=(1, 2))).mean() + np.arange(-8, 8)).astype(int)
    front = np.flatnonzero(mask.any(axis=(0, 2)))[0]
    spine = int(
        0.5 * (np.nonzero(adult.lungs.mask("right_lung"))[2].max() + np.nonzero(adult.lungs.mask("left_lung"))[2].min())
    )
    bridge = np.zeros_like(mask)
    bridge[level[0] : level[-1], front + 4 : front + 10, spine - 14 : spine + 14] = True
    array[bridge & ~mask] = -850
    array[bridge[:, :, :] & (np.arange(mask.shape[2]) == spine)] = -450  # the line where the pleurae meet
    found = find_lungs(adult.volume.with_array(array))
    for key in ("right_lung", "left_lung"):
        assert dice(found.mask(key), adult.lungs.mask(key)) > 0.95


def test_what_is_no_thorax_is_refused() -> None:
    geometry = Geometry.aligned((40, 60, 60), (3.0, 3.0, 3.0), frame_of_reference="source:test")
    array = np.full(geometry.shape, -1000, dtype=np.int16)
    array[:, 10:50, 10:50] = 40
    with pytest.raises(SegmentationFailed, match="no lung"):
        find_lungs(Volume(array, geometry))
    array[15:22, 25:32, 25:32] = -990  # a bubble of gas is not a lung either
    with pytest.raises(SegmentationFailed, match="no lung"):
        find_lungs(Volume(array, geometry))


def test_other_units_and_other_places_are_refused(adult: Phantom) -> None:
    with pytest.raises(WrongUse, match="HU"):
        find_lungs(replace(adult.volume, unit="arbitrary"))
    with pytest.raises(GridMismatch):
        find_lungs(adult.volume.crop((0, 0, 0), (40, 60, 60)), prior=adult.lungs)


def test_a_user_may_stop_it(adult: Phantom) -> None:
    def stop(done: float, total: float, what: str) -> None:
        if done >= 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        find_lungs(adult.volume, progress=stop)


@pytest.mark.data
@pytest.mark.parametrize("name", ["baseline", "followup"])
def test_agreement_with_experts(shared_data: Path, name: str) -> None:
    volume = load_volume(shared_data / "followup_pair" / f"{name}.mha")
    expert = load_volume(shared_data / "followup_pair" / f"{name}_lung.mha").array > 0
    found = find_lungs(volume)
    assert dice(both(found), expert) > 0.994
    assert found.voxels["left_lung"] == 0
    assert check(found, "side_of_single_lung") == [True]
    assert check(found, "lung_touches_border") == [False]


@pytest.mark.data
def test_a_head_is_refused(shared_data: Path) -> None:
    pixels = load_head(shared_data / "tilted_head_ct")
    with pytest.raises(SegmentationFailed, match="no lung"):
        find_lungs(pixels)


def load_head(folder: Path) -> Volume:
    """The slices in order, as if they were evenly spaced: the reader would refuse them for their spacing first."""
    import pydicom

    slices = sorted((pydicom.dcmread(path) for path in folder.glob("*.dcm")), key=lambda item: item.InstanceNumber)
    slices.sort(key=lambda item: float(item.ImagePositionPatient[2]))
    hu = [item.pixel_array * float(item.RescaleSlope) + float(item.RescaleIntercept) for item in slices]
    geometry = Geometry.aligned((len(hu), 512, 512), (5.6, 0.49, 0.49), frame_of_reference="source:head")
    return Volume(np.clip(hu, -1024, 3000).astype(np.int16), geometry)


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("name", ["normal001/dicom", "nlst", "lidc_0001/dicom"])
def test_organs_of_healthy_scans_are_neither_counted_nor_offered(shared_data: Path, name: str) -> None:
    found = find_lungs(load_volume(shared_data / name).canonical())
    assert [item.value for item in found.checks if item.name == "dense_lung_recovered"] == [0.0]
    assert found.candidates == ()


@pytest.mark.data
@pytest.mark.slow
def test_a_mass_with_ragged_borders_is_counted_without_the_aorta_that_it_touches(shared_data: Path) -> None:
    """With the aorta half of its surface lay on organs: too much to be counted by its edge."""
    found = find_lungs(load_volume(shared_data / "two_kernels_soft" / "body").canonical())
    assert 70 < found.dense_ml < 100
    assert sum(candidate.ml for candidate in found.candidates) < 40


@pytest.mark.data
@pytest.mark.slow
def test_real_adults(shared_data: Path) -> None:
    for folder, low, high in (("covid_p001", 5900, 6500), ("normal001", 3300, 3700)):
        found = find_lungs(load_volume(shared_data / folder / "dicom"))
        assert low < found.volume_ml("right_lung", "left_lung") < high
        assert 10 < found.volume_ml("trachea_and_main_bronchi") < 60
        assert check(found, "one_lung") == [True]


def test_shoulder_blades_are_not_taken_for_the_spine() -> None:
    adult = random_phantom(5, age_years=60.0, spacing=(2.5, 1.7, 1.7), healthy=True)
    found = find_lungs(adult.volume.canonical())
    assert check(found, "one_lung") == [True]
    right, left = found.voxels["right_lung"], found.voxels["left_lung"]
    assert 0.9 < right / left < 1.4


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.usefixtures("shared_data")
def test_tissue_along_the_right_heart_border_is_no_dense_lung() -> None:
    """Rays that go on through the heart meet the wall beyond the breastbone; they were taken for 6 mL of lung."""
    host = healthy_host(2, thinned=True)
    assert host is not None
    _, deformed = random_hybrid_pair(host, 107)
    lungs = find_lungs(deformed.volume)
    assert [item.value for item in lungs.checks if item.name == "dense_lung_recovered"] == [0.0]
