from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage as ndi

from ctreview.image_quality import PointSpread
from ctreview.opacity import OpacitySettings, measure_parenchyma
from ctreview.opacity.partial_volume import partial_volume
from tests.opacity.bodies import Ball, body
from tests.opacity.one_scan import find_opacity

LUNG_HU, WALL_HU = -850.0, 40.0


@pytest.mark.parametrize("blur_mm", [0.6, 1.2, 2.0])
def test_what_a_wall_sheds_into_the_lung_is_predicted(blur_mm: float) -> None:
    spacing = (2.0, 0.8, 0.8)
    lung = np.zeros((20, 60, 60), np.uint8)
    lung[:, 20:] = 1
    sharp = np.where(lung > 0, LUNG_HU, WALL_HU).astype(np.float32)
    hu = ndi.gaussian_filter(sharp, [0.0, blur_mm / 0.8, blur_mm / 0.8])
    partial, excluded = partial_volume(
        hu,
        lung,
        np.zeros_like(lung),
        spacing=spacing,
        spread_mm=(0.5, blur_mm, blur_mm),
        factors=(1, 1, 1),
        margin=(1, 2, 2),
        settings=OpacitySettings(),
    )
    used = (lung > 0) & (excluded == 0)
    used[:3] = used[-3:] = False
    assert np.abs((hu - partial - LUNG_HU)[used]).max() < 15.0
    assert used.sum() > 0.8 * (lung[3:-3] > 0).sum()


@pytest.mark.parametrize("blur_mm", [0.7, 1.2, 1.6])
def test_blurred_vessels_are_no_ground_glass(blur_mm: float) -> None:
    scan = body(vessels=150, blur_mm=blur_mm)
    found = find_opacity(scan.volume, scan.lungs, scan.vessels)
    lung_ml = scan.lungs.volume_ml("right_lung", "left_lung")
    assert found.volume_ml("ground_glass", "consolidation") < 0.003 * lung_ml


def test_ground_glass_is_kept_in_a_blurred_scan() -> None:
    ball = Ball((0.0, 0.0, -60.0), 20.0)
    scan = body(ball, vessels=150, blur_mm=1.5)
    found = find_opacity(scan.volume, scan.lungs, scan.vessels).mask("ground_glass")
    open_lung = scan.ball(ball) & (scan.vessels.array == 0)
    assert found.sum() == pytest.approx(open_lung.sum(), rel=0.1)


def test_a_given_spread_is_used() -> None:
    scan = body(vessels=150, blur_mm=1.5)
    wide, narrow = (
        measure_parenchyma(scan.volume, scan.lungs, scan.vessels, spread=PointSpread(blur, blur, 100))
        for blur in (1.5, 0.5)
    )
    assert wide.smoothed_hu[wide.inside].mean() < narrow.smoothed_hu[narrow.inside].mean()


def test_an_organ_that_moves_is_no_opacity_in_thick_slices() -> None:
    """A dome that rises aslant to slices of 5 mm, its border wider than the scan's point spread."""
    fine_mm, slice_mm, pixel_mm, motion_mm = 0.25, 5.0, 1.5, 2.5
    z = (np.arange(280) + 0.5) * fine_mm
    y = (np.arange(60) + 0.5) * pixel_mm
    sharp = np.where(z[:, None] < 15.0 + 2.0 * y, WALL_HU, LUNG_HU)
    plane = ndi.gaussian_filter(sharp.reshape(14, -1, 60).mean(axis=1), [0.0, motion_mm / pixel_mm])
    hu = np.repeat(plane[:, :, None], 30, axis=2).astype(np.float32)
    lung = (hu < -400.0).astype(np.uint8)
    partial, excluded = partial_volume(
        hu,
        lung,
        np.zeros_like(lung),
        spacing=(slice_mm, pixel_mm, pixel_mm),
        spread_mm=(1.5, 0.6, 0.6),
        factors=(1, 1, 1),
        margin=(1, 1, 1),
        settings=OpacitySettings(),
    )
    used = (lung > 0) & (excluded == 0)
    used[:2] = used[-2:] = False  # beyond them the body is not drawn
    used[:, :4] = used[:, -4:] = False
    assert used.any()
    assert (hu - partial - LUNG_HU)[used].max() < 50.0
