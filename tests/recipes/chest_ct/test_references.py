import numpy as np
import pytest

from ctreview.recipes.chest_ct.references import reference_hu

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


def test_what_is_not_there_is_left_out(child):
    lungs = child[0].lungs
    import dataclasses

    alone = dataclasses.replace(lungs, array=np.where(lungs.array == 1, 1, 0).astype(np.uint8))
    assert reference_hu(child[0].volume, alone) == {}
