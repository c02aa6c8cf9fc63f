from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from ctreview.anatomy import LUNG_SCHEME, VesselSettings, find_vessels
from ctreview.errors import GridMismatch, SegmentationFailed, WrongUse
from ctreview.phantom import Phantom, small_thorax
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.volume import Volume

SHAPE = (50, 60, 60)


def block(hu: np.ndarray, seed: int = 0, noise: float = 15.0) -> tuple[Volume, LabelMap]:
    """A block of lung of 1 mm voxels in a wall of tissue, blurred and noisy."""
    geometry = Geometry.aligned(hu.shape, (1.0, 1.0, 1.0), frame_of_reference="source:test")
    lung = np.zeros(hu.shape, dtype=np.uint8)
    lung[5:-5, 5:-5, 5:-5] = 1
    image = gaussian_filter(np.where(lung > 0, hu, 50.0), 0.6)
    image += np.random.default_rng(seed).normal(0, noise, hu.shape)
    return Volume(image.astype(np.int16), geometry), LabelMap(lung, geometry, LUNG_SCHEME)


def rod(radius: float, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    y, x = np.ogrid[: shape[1], : shape[2]]
    return np.broadcast_to(((y - shape[1] // 2) ** 2 + (x - shape[2] // 2) ** 2 <= radius**2)[None], shape)


@pytest.mark.parametrize("radius", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("around", [-860.0, -600.0])
def test_vessels_of_several_widths_in_healthy_lung_and_in_ground_glass(radius: float, around: float) -> None:
    # a wide vessel belongs into a large lung, deep below the ribs
    shape = SHAPE if radius < 3 else (110, 120, 120)
    truth = rod(radius, shape)
    volume, lungs = block(np.where(truth, 40.0, around))
    found = find_vessels(volume, lungs).mask("vessel")
    core = truth.copy()
    core[: shape[0] // 4] = core[-shape[0] // 4 :] = False
    assert np.count_nonzero(found & core) > 0.9 * np.count_nonzero(core)
    # the rim of partial volume belongs to a vessel, and nothing beyond it
    assert not (found & ~rod(radius + 2.0, shape)).any()


@pytest.mark.parametrize("hu", [-620.0, -450.0, 30.0])
def test_a_patch_of_ground_glass_or_consolidation_is_no_vessel(hu: float) -> None:
    index = np.stack(np.meshgrid(*[np.arange(n) for n in SHAPE], indexing="ij"), axis=-1)
    patch = np.linalg.norm((index - np.array(SHAPE) / 2) / (1.0, 1.2, 0.9), axis=-1) < 15
    volume, lungs = block(np.where(patch, hu, -860.0))
    found = find_vessels(volume, lungs).mask()
    assert np.count_nonzero(found & patch) < 0.03 * np.count_nonzero(patch)


@pytest.mark.parametrize("thickness", [6, 8])
def test_a_band_of_consolidation_on_the_pleura_is_no_vessel(thickness: int) -> None:
    band = np.zeros(SHAPE, dtype=bool)
    band[15:35, 5 : 5 + thickness, 12:48] = True
    volume, lungs = block(np.where(band, 35.0, -860.0))
    found = find_vessels(volume, lungs).mask()
    assert np.count_nonzero(found & band) < 0.1 * np.count_nonzero(band)


def test_noise_alone_makes_no_vessels() -> None:
    volume, lungs = block(np.full(SHAPE, -860.0), noise=30.0)
    assert np.count_nonzero(find_vessels(volume, lungs).array) < 0.002 * lungs.voxels["right_lung"]


def test_the_wall_of_a_bronchus() -> None:
    lumen, outer = rod(2.0), rod(3.5)
    volume, lungs = block(np.where(lumen, -1000.0, np.where(outer, -250.0, -860.0)), noise=8.0)
    found = find_vessels(volume, lungs)
    wall = outer & ~lumen & (lungs.array > 0)
    assert np.count_nonzero(found.mask() & wall) > 0.6 * np.count_nonzero(wall)
    assert found.voxels["airway_wall"] > 0
    assert not found.mask()[20:30, 30, 30].any()


def test_a_phantom_with_ground_glass() -> None:
    from ctreview.phantom import Lesion

    phantom = small_thorax(lesions=(Lesion("ground_glass", "right_lower_lobe", "dorsal", 150.0),), spacing_mm=2.0)
    found = find_vessels(phantom.volume, phantom.lungs).mask()
    lung = phantom.lungs.mask("right_lung", "left_lung")
    dense = phantom.vessels.mask() & (phantom.volume.array > -400) & lung
    assert np.count_nonzero(found & dense) > 0.8 * np.count_nonzero(dense)
    glass = phantom.opacity.mask() & ~phantom.vessels.mask()
    assert np.count_nonzero(found & glass) < 0.08 * np.count_nonzero(glass)
    assert not (found & ~lung).any()


def test_nothing_to_look_in_is_refused(adult: Phantom) -> None:
    empty = LabelMap(np.zeros_like(adult.lungs.array), adult.lungs.geometry, LUNG_SCHEME)
    with pytest.raises(SegmentationFailed, match="no lung"):
        find_vessels(adult.volume, empty)
    with pytest.raises(GridMismatch):
        find_vessels(adult.volume.crop((0, 0, 0), (30, 30, 30)), adult.lungs)
    with pytest.raises(WrongUse, match="one least density"):
        VesselSettings(scales_mm=(1.0,))
