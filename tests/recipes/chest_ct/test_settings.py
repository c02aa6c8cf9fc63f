from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ctreview.errors import UnreadableFile
from ctreview.recipes.chest_ct.settings import ChestCtSettings


def test_settings_come_back_from_json_as_they_were() -> None:
    standard = ChestCtSettings()
    changed = replace(standard, threads=1, opacity=replace(standard.opacity, consolidation_range_hu=(-500.0, -100.0)))
    for settings in (standard, changed):
        assert ChestCtSettings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


def test_a_setting_of_another_version_is_named() -> None:
    plain = ChestCtSettings().to_dict()
    plain["lungs"]["gravity_of_mars"] = 3.7
    with pytest.raises(UnreadableFile, match=r"lungs\.gravity_of_mars"):
        ChestCtSettings.from_dict(plain)
