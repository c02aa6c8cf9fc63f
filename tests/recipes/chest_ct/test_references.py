import numpy as np
import pytest

from ctreview.recipes.chest_ct.references import air_residual_hu, reference_hu

AIR, BLOOD = "air in the trachea", "soft tissue of the heart"


def test_air_and_unenhanced_blood(child):
    found = reference_hu(child[0].volume, child[0].lungs)
    assert found[AIR] == pytest.approx(-990, abs=20)
    assert 20 < found[BLOOD] < 70


def test_contrast_in_the_blood_is_seen(child):
    """Everything between the lungs 150 HU brighter, as after an injection."""
    volume = child[0].volume
    brighter = np.where((volume.array > 0) & (volume.array < 100), volume.array + 150, volume.array)
    plain, enhanced = (reference_hu(one, child[0].lungs)[BLOOD] for one in (volume, volume.with_array(brighter)))
    assert enhanced - plain == pytest.approx(150, abs=10)


@pytest.mark.parametrize(
    ("baseline", "followup", "outside", "residual"),
    [
        ({AIR: -985.0, BLOOD: 40.0}, {AIR: -1000.0, BLOOD: 25.0}, (-1000.0, -1015.0), 0.0),  # one offset everywhere
        ({AIR: -985.0}, {AIR: -967.0}, (-1000.0, -1000.0), 9.0),  # a kernel: only what lies within the body
        ({AIR: -985.0}, {AIR: -970.0}, (None, -1000.0), 7.5),  # one reading alone
        ({}, {}, (-1000.0, -992.0), 4.0),
        ({AIR: -985.0, BLOOD: 30.0}, {AIR: -985.0, BLOOD: 60.0}, (-1000.0, -1000.0), 30.0 * 220 / 1040),  # a gain
        ({AIR: -985.0, BLOOD: 30.0}, {AIR: -985.0, BLOOD: 230.0}, (-1000.0, -1000.0), 0.0),  # contrast agent
        ({}, {}, (None, None), 0.0),
    ],
)
def test_what_air_leaves_open_of_the_hu_scale(baseline, followup, outside, residual):
    assert air_residual_hu(baseline, followup, outside) == pytest.approx(residual)


def test_what_is_not_there_is_left_out(child):
    lungs = child[0].lungs
    import dataclasses

    alone = dataclasses.replace(lungs, array=np.where(lungs.array == 1, 1, 0).astype(np.uint8))
    assert reference_hu(child[0].volume, alone) == {}
