"""The phantom child is the child of the table, and the sample on disk is the phantom child."""

from __future__ import annotations

import json
from pathlib import Path

import cc3d
import numpy as np
import pytest

from ctreview.phantom import ground_truth, phantom_child, true_correspondence, true_fate, true_transform
from ctreview.phantom.schemes import LOBES
from ctreview.phantom.truth import REGIONS

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"


@pytest.fixture(scope="module")
def child():
    return phantom_child(spacing=(2.0, 1.4, 1.4))


def components(phantom, lobe):
    """Patches of at least 0.1 mL, as millilitres."""
    mask = (phantom.opacity.array > 0) & phantom.lobes.mask(lobe)
    # vessels that run through a patch must not cut it
    mask = mask | (phantom.vessels.array > 0) & phantom.lobes.mask(lobe)
    labels = cc3d.connected_components(mask)
    opaque = np.bincount(labels[phantom.opacity.array > 0], minlength=labels.max() + 1)[1:]
    sizes = opaque * phantom.volume.geometry.voxel_ml
    return sizes[sizes > 0.1]


def opaque(phantom, lobe):
    return np.argwhere((phantom.opacity.array > 0) & phantom.lobes.mask(lobe))


def in_lobe(phantom, lobe):
    """Relative place of opacity in its lobe, (head, posterior, left) in 0–1."""
    home = np.argwhere(phantom.lobes.mask(lobe))
    return (opaque(phantom, lobe) - home.min(axis=0)) / np.ptp(home, axis=0)


@pytest.mark.parametrize("lobe", LOBES)
def test_before_every_lobe_has_ventral_ground_glass(child, lobe):
    before, _ = child
    assert before.true_ml[f"{lobe}/ground_glass"] > 10
    assert before.true_ml[f"{lobe}/consolidation"] == 0
    assert np.mean(in_lobe(before, lobe)[:, 1] < 0.5) > 0.95


def test_after_the_right_upper_lobe_has_one_basal_patch(child):
    _, after = child
    assert after.true_ml["right_upper_lobe/ground_glass"] > 2
    sizes = components(after, "right_upper_lobe")
    assert sizes.max() > 0.95 * sizes.sum()
    assert np.mean(in_lobe(after, "right_upper_lobe")[:, 0] < 1 / 3) > 0.9


def test_after_the_middle_lobe_has_single_patches(child):
    _, after = child
    assert after.true_ml["right_middle_lobe/ground_glass"] > 2
    assert 2 <= len(components(after, "right_middle_lobe")) <= 5


@pytest.mark.parametrize("lobe", ["right_lower_lobe", "left_upper_lobe", "left_lower_lobe"])
def test_after_the_other_lobes_are_clear(child, lobe):
    _, after = child
    assert not len(opaque(after, lobe))
    assert after.true_ml[f"{lobe}/ground_glass"] == 0


def test_the_spot_is_there_before_and_gone_after(child):
    before, after = child
    (spot,) = before.findings
    assert (spot.kind, spot.diameter_mm, spot.place) == ("round_spot", 8.0, "right minor fissure")
    index = np.rint(before.volume.geometry.to_index(spot.centre)).astype(int)
    assert before.volume.array[tuple(index)] > -60
    assert before.opacity.array[tuple(index)] == 0
    around = before.lobes.array[index[0] - 4 : index[0] + 5, index[1], index[2]]
    assert {1, 2} <= set(around.tolist())
    assert not after.findings
    there = true_correspondence(before, after).to_moving(np.array(spot.centre))
    index = np.rint(after.volume.geometry.to_index(there)).astype(int)
    assert after.volume.array[tuple(index)] < -500


def test_markings_are_faint_and_only_after(child):
    before, after = child
    assert before.settings.markings == 0
    assert 0 < after.settings.markings < 1


def test_what_the_report_does_not_say_is_marked_as_assumed(child):
    before, after = child
    said = " ".join(before.assumed) + " ".join(after.assumed)
    for words in ("left upper and left lower lobe is ventral", "8 mm", "the round spot has gone", "breath depth"):
        assert words in said


def test_the_child_is_four_invented_and_scanned_twice(child):
    for phantom, month in zip(child, (9, 11), strict=True):
        facts = phantom.volume.acquisition
        assert facts.patient.id == "CTREVIEW-PHANTOM-CHILD"
        assert facts.acquired.year == 2021
        assert facts.acquired.month == month
        assert (facts.acquired.date() - facts.patient.birth_date).days // 365 == 4
        assert 1000 < phantom.lungs.volume_ml("right_lung", "left_lung") < 1300


def test_breath_differs_by_less_than_a_tenth(child):
    volumes = [phantom.lungs.volume_ml("right_lung", "left_lung") for phantom in child]
    assert 0.01 < volumes[1] / volumes[0] - 1 < 0.10


def test_fates_add_up(child):
    before, after = child
    fate = true_fate(before, after)
    for region, lobes in REGIONS.items():
        found = fate[region]
        early = np.isin(before.lobes.array, [LOBES.index(x) + 1 for x in lobes]) & (before.opacity.array > 0)
        late = np.isin(after.lobes.array, [LOBES.index(x) + 1 for x in lobes]) & (after.opacity.array > 0)
        assert sum(found[k] for k in ("resolved", "persistent", "worsened", "improved")) == pytest.approx(
            early.sum() * before.volume.geometry.voxel_ml
        )
        assert found["new"] + found["persistent_followup"] == pytest.approx(late.sum() * after.volume.geometry.voxel_ml)
    assert fate["lungs"]["resolved"] > 0.9 * before.opacity.volume_ml("ground_glass")
    assert fate["lungs"]["persistent_followup"] > fate["lungs"]["new"]


def test_the_true_transform_finds_the_lungs_again(child):
    before, after = child
    transform = true_transform(before, after)
    index = np.argwhere(before.lobes.array > 0)[::997]
    there = np.rint(after.volume.geometry.to_index(transform.to_moving(before.volume.geometry.to_lps(index)))).astype(
        int
    )
    assert (after.lobes.array[tuple(there.T)] == before.lobes.array[tuple(index.T)]).mean() > 0.95


def test_a_healthy_child_has_nothing():
    for phantom in phantom_child(spacing=(4.0, 2.5, 2.5), healthy=True):
        assert not phantom.opacity.array.any()
        assert not phantom.findings


def test_the_sample_answers_what_the_phantom_is(child):
    """The file was made from the phantom of today: a change of the phantom asks for a new sample."""
    stored = json.loads((SAMPLE / "answer.json").read_text(encoding="utf-8"))
    fresh = ground_truth(*child)
    assert stored["schema"] == fresh["schema"] == "ctreview.phantom/1"
    for when in ("baseline", "followup"):
        assert stored[when]["findings"] == fresh[when]["findings"]
        assert stored[when]["assumed"] == fresh[when]["assumed"]
        for region, entry in fresh[when]["regions"].items():
            # the grid of the test is coarser than the sample's
            for key, value in entry.items():
                assert stored[when]["regions"][region][key] == pytest.approx(value, rel=0.06, abs=0.25), (region, key)


def test_the_sample_is_small_and_whole():
    for when in ("before", "after"):
        assert len(list((SAMPLE / when).glob("*.dcm"))) > 100
    files = [path for path in SAMPLE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 12e6
