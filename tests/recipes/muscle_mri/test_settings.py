from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ctreview.errors import UnreadableFile
from ctreview.recipes.muscle_mri import MuscleMriSettings


def test_settings_come_back_from_json_as_they_were():
    standard = MuscleMriSettings()
    changed = replace(standard, measures=replace(standard.measures, hot_z=2.5), threads=1)
    assert MuscleMriSettings.from_dict(json.loads(json.dumps(changed.to_dict()))) == changed


def test_a_setting_that_is_not_known_is_named():
    with pytest.raises(UnreadableFile, match=r"measures\.warm_z"):
        MuscleMriSettings.from_dict({"measures": {"warm_z": 2.0}})
