from __future__ import annotations

from ctreview.phantom.muscle import muscle_child


def test_the_childs_oedema_goes_and_its_right_thigh_catches_up():
    before, after = muscle_child(spacing=(10.0, 2.0, 2.0))
    assert before.oedema.any()
    assert not after.oedema.any()

    def asymmetry(legs):
        right, left = (legs.groups.volume_ml(f"{side}_quadriceps") for side in ("right", "left"))
        return 2 * (left - right) / (left + right)

    assert asymmetry(before) - asymmetry(after) > 0.04
    assert before.acquisition.patient == after.acquisition.patient
