"""Results of muscle MRI on the time axis."""

from __future__ import annotations

import json
from functools import partial
from types import SimpleNamespace

import pytest

from ctreview.change import Interval
from ctreview.cli import main
from ctreview.clinical import ClinicalTimeline
from ctreview.errors import WrongUse
from ctreview.recipes.muscle_mri.compared import MuscleChange, MuscleMriComparison
from ctreview.report.timeline.muscle_course import with_muscle

DAYS = ClinicalTimeline(in_calendar=False)


def examination(fat):
    measured = [("fat_fraction_median", fat, "%"), ("muscle_ml", 812.0, "mL"), ("stir_ratio_median", None, "")]
    return {
        "measurements": [
            {"region": side, "key": key, "value": value, "unit": unit}
            for key, value, unit in measured
            for side in ("right_thigh", "left_thigh")
        ]
    }


def compared(verdict="decreased"):
    changes = [
        MuscleChange("both_thighs", key, unit, before, before - 12.0, Interval(-12.0, -20.0, -5.0), None, verdict)
        for key, unit, before in (("muscle_ml", "mL", 700.0), ("lean_ml", "mL", 600.0))
    ]
    tissue = SimpleNamespace(sides=("right", "left"), segment="thigh")
    baseline, followup = (SimpleNamespace(to_dict=partial(examination, fat), tissue=tissue) for fat in (11.0, 9.5))
    return MuscleMriComparison(baseline, followup, 90, (), tuple(changes), ()).to_dict()


def shown(timeline):
    return [(one.measure.key, one.when.earliest, one.quantity.value, one.interval) for one in timeline.values]


def test_an_examination_shows_what_does_not_depend_on_how_much_was_imaged():
    found = with_muscle(DAYS, [("12", examination(10.0))])
    assert shown(found) == [(f"fat_fraction_median/{side}_thigh", 12, 10.0, None) for side in ("right", "left")]
    assert found.values[0].measure.called("de") == "Fettanteil, Median, rechter Oberschenkel"


def test_of_two_the_volume_in_common_has_the_interval_of_its_change():
    found = shown(with_muscle(DAYS, [("5", compared())]))
    assert found[:2] == [
        ("muscle_ml/both_thighs", 5, 700.0, None),
        ("muscle_ml/both_thighs", 95, 688.0, (680.0, 695.0)),
    ]
    assert not [key for key, *_ in found if key.startswith("lean_ml")]
    assert {day for _, day, _, _ in found} == {5, 95}


def test_a_change_that_is_not_interpretable_has_no_interval():
    _, later = with_muscle(DAYS, [("5", compared("not_interpretable"))]).values[:2]
    assert later.interval is None
    assert "not interpretable" in later.note.english


def test_a_date_that_is_none_is_refused():
    with pytest.raises(WrongUse, match="'soon'"):
        with_muscle(ClinicalTimeline(), [("soon", compared())])


def test_folders_are_read_on_the_command_line(tmp_path, capsys):
    for name, content in (("one", examination(10.0)), ("two", compared())):
        (tmp_path / name).mkdir()
        written = "muscle.json" if name == "one" else "muscle_change.json"
        (tmp_path / name / written).write_text(json.dumps(content), encoding="utf-8")
    line = ["timeline", "--muscle", f"0={tmp_path / 'one'}", "--muscle", f"30={tmp_path / 'two'}"]
    assert main([*line, "--out", str(tmp_path / "out"), "--json"]) == 0
    values = json.loads(capsys.readouterr().out)["values"]
    fat = [one for one in values if one["measure"] == "fat_fraction_median/right_thigh"]
    assert sorted(one["when"]["earliest"] for one in fat) == [0, 30, 120]
    assert main(["timeline", "--muscle", f"0={tmp_path}", "--out", str(tmp_path / "other")]) != 0
    assert "no result of muscle MRI" in capsys.readouterr().err
