"""Nonsense is refused where it enters, in Python as on the command line."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ctreview.change import PieceSettings
from ctreview.errors import UnreadableFile, WrongUse
from ctreview.lung.growth import expected_growth
from ctreview.lung.size import expected_capacity_ml
from ctreview.opacity.priors import prior_for
from ctreview.possible_values import require_age
from ctreview.recipes.chest_ct import ChestCtSettings, compare, segment

NONSENSE = (math.nan, math.inf, -math.inf, np.float32("nan"), pd.NA, pd.NaT, "nan", "4", 1j, [4.0], True, 10**400)
STAGES = [item.name for item in fields(ChestCtSettings) if is_dataclass(getattr(ChestCtSettings(), item.name))]


@pytest.mark.parametrize("age", [*NONSENSE, -0.1, 130.5, -1, 200])
def test_what_is_no_age_is_refused_before_anything_is_read(age: Any) -> None:
    with pytest.raises(WrongUse, match="an age is"):
        segment("nowhere", age_years=age)
    with pytest.raises(WrongUse, match="an age is"):
        compare("nowhere", "nowhere", age_years=age)


@pytest.mark.parametrize("age", NONSENSE)
@pytest.mark.parametrize("step", [prior_for, expected_capacity_ml, lambda age: expected_growth(age, 60)])
def test_no_step_takes_a_missing_value_for_an_age(age: Any, step: Callable[[Any], object]) -> None:
    with pytest.raises(WrongUse, match="an age is"):
        step(age)


@pytest.mark.parametrize("age", [None, 0, 0.0, 4, 4.25, np.float64(4.25), np.int64(4), Fraction(17, 4), 130])
def test_an_age_is_taken_as_whatever_number_it_is(age: Any) -> None:
    require_age(age)


@pytest.mark.parametrize("stage", STAGES)
def test_no_setting_of_any_stage_takes_what_is_no_number(stage: str) -> None:
    settings = getattr(ChestCtSettings(), stage)
    for item in fields(settings):
        if not isinstance(getattr(settings, item.name), int | float) or isinstance(getattr(settings, item.name), bool):
            continue
        for nonsense in NONSENSE:
            with pytest.raises(WrongUse, match=item.name):
                replace(settings, **{item.name: nonsense})


@pytest.mark.parametrize("stage", STAGES)
def test_no_setting_takes_a_value_of_another_kind(stage: str) -> None:
    settings = getattr(ChestCtSettings(), stage)
    for item in fields(settings):
        with pytest.raises(WrongUse, match=item.name):
            replace(settings, **{item.name: object()})
    with pytest.raises(WrongUse, match=stage):
        ChestCtSettings(**{stage: object()})


@pytest.mark.parametrize(
    ("stage", "name", "value"),
    [
        ("interval", "draws", 10**9),
        ("interval", "draws", 1),
        ("interval", "level", 1.0),
        ("lungs", "coarse_mm", 1e-3),
        ("lungs", "smallest_lung_ml", -1.0),
        ("vessels", "scales_mm", (math.nan, 1.0)),
        ("opacity", "working_mm", 0.0),
        ("opacity", "border_share", 1.5),
        ("opacity", "consolidation_range_hu", (-300.0, math.nan)),
        ("opacity", "consolidation_range_hu", (-300.0,)),
        ("registration", "grid_mm", 4.1),
        ("registration", "threads", 0),
        ("registration", "intensity_range", (50.0, -50.0)),
        ("inspiration", "refuse", 2.0),
        ("fate", "tolerance_mm", -1.0),
        ("verdict", "least_ml", -1.0),
        ("load", "padding", "water"),
        ("load", "processes", 10**9),
    ],
)
def test_values_beyond_what_can_be_are_refused(stage: str, name: str, value: Any) -> None:
    with pytest.raises(WrongUse):
        replace(getattr(ChestCtSettings(), stage), **{name: value})


def test_a_stage_of_registration_has_limits_too() -> None:
    stage = ChestCtSettings().registration.stages[0]
    for name, value in (("spacing_mm", 0.001), ("keypoints", 10**9), ("search_mm", math.inf), ("crowding", math.nan)):
        with pytest.raises(WrongUse, match=name):
            replace(stage, **{name: value})
    with pytest.raises(WrongUse, match="reach_mm"):
        PieceSettings(reach_mm=math.nan)


@pytest.mark.parametrize(
    "plain", [{"lungs": 5}, {"lungs": {"coarse_mm": None}}, {"interval": {"draws": "many"}}, {"fate": []}]
)
def test_settings_that_a_study_holds_are_checked_when_they_are_read(plain: Any) -> None:
    with pytest.raises(UnreadableFile):
        ChestCtSettings.from_dict(plain)


@pytest.mark.parametrize(
    "words", [("--age", "nan"), ("--age", "inf"), ("--opacity-sigmas", "nan"), ("--lungs-coarse-mm", "1e-9")]
)
def test_on_the_command_line_they_are_wrong_use(words: tuple[str, str], tmp_path: Path, capsys: Any) -> None:
    from ctreview.cli import main

    assert main(["segment", str(tmp_path), "--out", str(tmp_path / "out"), *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_draws_without_end_are_wrong_use(tmp_path: Path, capsys: Any) -> None:
    from ctreview.cli import main

    words = ["compare", str(tmp_path), str(tmp_path), "--out", str(tmp_path / "out"), "--interval-draws", "1000000000"]
    assert main(words) == 2
    assert "draws" in capsys.readouterr().err
