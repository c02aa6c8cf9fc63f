"""A reader's corrections, replayed on what the computer found."""

from __future__ import annotations

import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ctreview.change import Comparison, Sensitivity, Timepoint
from ctreview.edits import UNDO, Edit, Journal
from ctreview.errors import UnreadableFile
from ctreview.recipes.chest_ct import Prepared, compare_prepared
from ctreview.recipes.chest_ct import prepared as prepared_module
from ctreview.recipes.chest_ct.corrections import canvas_of, carried_opacity, handlers_of, split_by_scan
from ctreview.tools import BrushSettings
from tests.analysed_once import analysed_once  # noqa: F401 - for all tests of this file
from tests.readings import Read
from tests.without_lobes import compare


def edit(prepared: Prepared, number: int, kind: str, **payload: object) -> Edit:
    volume = prepared.points[number].volume
    return Edit(kind, "opacity", payload, "reader", volume.digest, volume.geometry)


def middle_of(prepared: Prepared, number: int, side: str) -> list[float]:
    """A place deep in one lung that has no opacity, in LPS millimetres."""
    point = prepared.points[number]
    free = point.organ.mask(side) & (point.opacity.array == 0)
    free[: len(free) // 2] &= False
    deep = np.argwhere(free)
    return point.volume.geometry.to_lps(deep[len(deep) // 2]).tolist()


def test_no_edits_change_nothing(prepared: Prepared, comparison: Comparison) -> None:
    assert np.array_equal(comparison.baseline.opacity.array, prepared.points[0].opacity.array)


def test_what_a_reader_paints_counts_in_that_lung_and_in_its_interval(
    prepared: Prepared, comparison: Comparison
) -> None:
    place = middle_of(prepared, 1, "left_lung")
    dab = edit(prepared, 1, "brush", points=[place], label="ground_glass", settings=asdict(BrushSettings(12.0, "ball")))
    found = compare_prepared(prepared, edits=((), (dab,)))
    for region in ("lungs", "left_lung"):
        before, after = comparison[region], found[region]
        painted = after.followup.classes_ml["ground_glass"] - before.followup.classes_ml["ground_glass"]
        assert painted == pytest.approx(4 / 3 * np.pi * 1.2**3, rel=0.35)
        old, new = before.change["opacity_ml"], after.change["opacity_ml"]
        assert old is not None
        assert new is not None
        assert new.value - old.value == pytest.approx(painted, abs=0.01)
        assert new.low > old.low
    assert found["right_lung"].followup == comparison["right_lung"].followup
    assert found["lungs"].baseline == comparison["lungs"].baseline
    undone = edit(prepared, 1, UNDO, of=dab.id)
    again = compare_prepared(prepared, edits=((), (dab, undone)))
    assert again["lungs"].followup == comparison["lungs"].followup


def test_an_edit_that_no_longer_applies_is_said_and_left_out(prepared: Prepared, comparison: Comparison) -> None:
    lost = edit(prepared, 0, "remove_piece", point=middle_of(prepared, 0, "left_lung"))
    foreign = replace(edit(prepared, 0, "keep_largest", label="ground_glass"), image="another")
    found = compare_prepared(prepared, edits=((lost, foreign), ()))
    (check,) = [check for check in found.checks if check.name == "baseline_edits"]
    assert check.value == 2
    assert "no piece lies under the click" in check.message
    assert "another image" in check.message
    assert found["lungs"].baseline == comparison["lungs"].baseline


def test_opacity_of_the_other_timepoint_can_be_copied_both_ways(prepared: Prepared) -> None:
    copies = tuple((edit(prepared, number, "carry", label="ground_glass"),) for number in (0, 1))
    others = carried_opacity(prepared.points, (copies[0], copies[1]), prepared.transform)
    for number, other in enumerate(others):
        assert other is not None
        own, far = prepared.points[number], prepared.points[1 - number]
        tool = handlers_of(own, other=other)["carry"]
        patch = tool(own.opacity, copies[number][0])
        copied = (patch.labels == own.opacity.scheme["ground_glass"].value).sum() * own.volume.geometry.voxel_ml
        # in the lungs and not in vessels, so somewhat less than both together, and no less than one's own
        assert copied >= own.opacity.volume_ml("ground_glass")
        assert copied <= 1.15 * (own.opacity.volume_ml("ground_glass") + far.opacity.volume_ml("ground_glass"))
    assert carried_opacity(prepared.points, ((), ()), prepared.transform) == (None, None)


def test_opacity_is_never_painted_outside_the_lungs(prepared: Prepared) -> None:
    canvas = canvas_of(prepared.points[0])
    assert canvas.within is not None
    assert not (canvas.within.mask() & prepared.points[0].organ.mask("trachea_and_main_bronchi")).any()


def test_a_journal_is_replayed_on_both_scans_and_says_what_it_holds_of_others(
    read: Read, small_scans: Path, tmp_path: Path
) -> None:
    journal = Journal(Path(shutil.copy(read.study.folder / "readers/anna/journal.jsonl", tmp_path)))
    journal.append(replace(journal.read()[0], image="another", id="foreign"))
    found = compare(small_scans / "before", small_scans / "after", edits=journal)
    for number, point in enumerate((found.baseline, found.followup)):
        assert np.array_equal(point.opacity.array, read.sessions["anna"][number].array)
    own = compare_prepared(
        read.prepared, edits=split_by_scan(read.study.reading("anna").journal, read.prepared.points)[0]
    )
    assert [region.to_dict() for region in found.regions] == [region.to_dict() for region in own.regions]
    (check,) = [check for check in found.checks if check.name == "edits_of_other_scans"]
    assert (check.value, check.ok) == (1, False)
    with pytest.raises(UnreadableFile):
        split_by_scan(Journal(tmp_path / "none"), read.prepared.points)


def test_a_scan_that_nobody_corrected_is_varied_once(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    varied: list[str] = []
    scan_sensitivity = prepared_module.scan_sensitivity

    def counted(point: Timepoint, *rest: Any, **options: Any) -> Sensitivity:
        varied.append(point.volume.digest)
        return scan_sensitivity(point, *rest, **options)

    monkeypatch.setattr(prepared_module, "scan_sensitivity", counted)
    first, second = (point.volume.digest for point in read.prepared.points)
    anna = read.study.reading("anna")
    drawn = tuple(edit for edit in anna.edits(image=first) if edit.kind != "carry"), ()
    prepared = replace(read.prepared)
    compare_prepared(prepared)
    assert sorted(varied) == sorted((first, second))
    corrected = compare_prepared(prepared, edits=drawn)
    assert varied[2:] == [first]
    compare_prepared(prepared)
    assert len(varied) == 3
    anew = compare_prepared(replace(read.prepared), edits=drawn)
    assert _numbers(corrected) == _numbers(anew)
    other = replace(prepared.settings, interval=replace(prepared.settings.interval, block_mm=7.0))
    del varied[:]
    compare_prepared(replace(prepared, settings=other))
    assert len(varied) == 2


def _numbers(found: Comparison) -> dict[str, Any]:
    return {key: value for key, value in found.to_dict().items() if key != "timings"}
