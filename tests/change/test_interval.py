import dataclasses

import numpy as np
import pytest

from ctreview.change import Conditions, IntervalSettings, find_intervals, find_sensitivity, judge, measure
from ctreview.change.interval_settings import SOURCES
from ctreview.change.sensitivity import Perturbation
from ctreview.errors import WrongUse
from ctreview.volume.geometry import Geometry

from .bodies import GLASS_HU, LUNG_HU, SOLID_HU, ball, box_regions, grid, labels, paint

GRID = grid()
MIDDLE = (20.0, 22.0, 24.0)
RIGHT, LEFT = (20.0, 22.0, 13.0), (20.0, 22.0, 35.0)
ALONE = IntervalSettings(draws=2000)


def pair(early, late, **kwargs):
    return find_intervals(early.sensitivity(), late.sensitivity(), settings=ALONE, **kwargs)


@pytest.fixture(scope="module")
def ill():
    return paint(GRID, {GLASS_HU: ball(GRID, RIGHT, 14) | ball(GRID, LEFT, 11)}, seed=1)


@pytest.fixture(scope="module")
def better():
    return paint(GRID, {GLASS_HU: ball(GRID, LEFT, 8)}, seed=2)


def test_no_two_sources_draw_the_same_numbers():
    assert len({source.stream for source in SOURCES.values()}) == len(SOURCES)


def test_the_interval_holds_the_truth_and_its_value_is_the_plain_difference(ill, better):
    found = pair(ill, better)["lungs"]["opacity_ml"]
    truth = (ball(GRID, LEFT, 8).sum() - (ball(GRID, RIGHT, 14) | ball(GRID, LEFT, 11)).sum()) * GRID.voxel_ml
    assert found.low < truth < found.high
    assert found.value == pytest.approx((better.segment().mask().sum() - ill.segment().mask().sum()) * GRID.voxel_ml)
    assert found.half_width < 0.3 * abs(truth)
    assert (found.level, found.kind) == (0.95, "sensitivity")


def test_swapped_order_negates(ill, better):
    forth, back = pair(ill, better), pair(better, ill)
    for region, changes in forth.items():
        for key in ("opacity_ml", "ground_glass_ml", "opacity_pp"):
            assert back[region][key].value == pytest.approx(-changes[key].value, abs=1e-9)
            # the draws of the two scans change places, so ends agree as far as 2000 draws tell
            assert back[region][key].low == pytest.approx(-changes[key].high, abs=0.1 * changes[key].half_width + 1e-6)


def test_a_scan_against_itself_and_against_its_own_noise_has_no_direction(ill):
    again = paint(GRID, {GLASS_HU: ball(GRID, RIGHT, 14) | ball(GRID, LEFT, 11)}, seed=9)
    for other in (ill, again):
        changes = pair(ill, other)
        parts = [measure(scan.volume, scan.regions, scan.segment()) for scan in (ill, other)]
        for region, found in changes.items():
            assert not found["opacity_ml"].excludes_zero
            verdict = judge(found["opacity_ml"], parts[0][region], parts[1][region])
            assert verdict in ("unchanged", "indeterminate"), region


def test_a_common_threshold_cancels_where_nothing_changed_and_not_where_all_was_lost(ill):
    nothing = paint(GRID, {}, seed=3)
    same = pair(ill, ill)["lungs"]["opacity_ml"]
    lost = pair(ill, nothing)["lungs"]["opacity_ml"]
    assert same.sources.get("threshold", 0.0) < 1e-9
    assert lost.sources["threshold"] > 0.1


def test_the_dominant_source_is_the_widest_alone(ill, better):
    found = pair(ill, better)["lungs"]["opacity_ml"]
    assert found.dominant == max(found.sources, key=found.sources.get)
    together = np.sqrt(sum(half**2 for half in found.sources.values()))
    assert 0.6 * together < found.half_width < 1.4 * together


def test_one_seed_gives_one_interval_and_another_seed_another(ill, better):
    first, second = pair(ill, better), pair(ill, better)
    assert first["lungs"]["opacity_ml"] == second["lungs"]["opacity_ml"]
    other = find_intervals(ill.sensitivity(), better.sensitivity(), settings=dataclasses.replace(ALONE, seed=7))
    assert other["lungs"]["opacity_ml"].low != first["lungs"]["opacity_ml"].low
    assert other["lungs"]["opacity_ml"].low == pytest.approx(first["lungs"]["opacity_ml"].low, rel=0.05)


def test_half_a_voxel_on_a_ball_is_three_half_voxels_over_its_radius():
    geometry = grid((40, 40, 40), (1.0, 1.0, 1.0))
    mask = ball(geometry, (20.0, 20.0, 20.0), 12.0)
    found = find_sensitivity(paint(geometry, {}).regions, labels(geometry, glass=mask))
    ml = mask.sum() * geometry.voxel_ml
    assert found.edge[0, 0] / ml == pytest.approx(3 * 0.5 / 12.0, rel=0.05)
    assert found.edge[0] == pytest.approx((found.edge[0, 2], 0.0, found.edge[0, 2]))
    assert not found.vessel.any()
    assert not found.rim.any()


def test_boundaries_are_told_apart_and_one_class_wins_what_the_other_loses():
    geometry = grid((30, 30, 30), (1.0, 1.0, 1.0))
    scan = paint(geometry, {})
    slab = np.zeros(geometry.shape, dtype=bool)
    slab[10:20, 2:28, 2:28] = True
    solid = np.zeros_like(slab)
    solid[15:20, 2:28, 2:28] = True
    vessels = np.zeros_like(slab)
    vessels[9, 2:28, 2:28] = True
    found = find_sensitivity(
        scan.regions,
        labels(geometry, glass=slab & ~solid, solid=solid),
        vessels=labels(geometry, glass=vessels),
    )
    layer = 26 * 26 * 0.5 * geometry.voxel_ml * 2 / 3
    wall = 4 * 26 * 5 * 0.5 * geometry.voxel_ml * 2 / 3
    assert found.edge[0] == pytest.approx((layer, 2 * layer, layer))
    assert found.vessel[0] == pytest.approx((layer, 0.0, layer))
    assert found.rim[0] == pytest.approx((wall, wall, 2 * wall))


def test_depth_of_breath_widens_towards_the_volume_at_one_depth(ill):
    raw = pair(ill, ill)["lungs"]
    breathed = pair(ill, ill, conditions=Conditions(volume_ratio=1 / 0.9))["lungs"]
    assert breathed["opacity_ml"].value == raw["opacity_ml"].value == 0
    assert breathed["opacity_ml"].low < raw["opacity_ml"].low - 0.3
    assert breathed["opacity_ml"].sources["inspiration"] > 0
    # a share of the lung needs no such correction
    assert breathed["opacity_pp"].sources.get("inspiration", 0.0) < 1e-9


def test_dependent_opacity_that_went_may_have_been_disease(ill):
    """12 mL more dependent opacity at baseline: the change may be up to 12 mL more of a decrease, never less."""
    early, late = ill.sensitivity(), ill.sensitivity()
    more = early.alternatives_ml["dependent opacity"] + np.array((12.0, 0.0, 12.0))
    early = dataclasses.replace(early, alternatives_ml={"dependent opacity": more})
    plain = find_intervals(late, late, settings=ALONE)["lungs"]["opacity_ml"]
    found = find_intervals(early, late, settings=ALONE)["lungs"]["opacity_ml"]
    assert found.value == plain.value == 0
    assert found.low < plain.low - 3
    assert found.high == pytest.approx(plain.high)
    assert found.sources["dependent opacity"] == pytest.approx(6.0)


def test_other_kernels_widen(ill):
    plain = pair(ill, ill)["lungs"]["opacity_ml"]
    other = pair(ill, ill, conditions=Conditions(kernels_differ=True))["lungs"]["opacity_ml"]
    assert other.half_width > plain.half_width
    ml = ill.segment().mask().sum() * GRID.voxel_ml
    assert other.sources["kernel"] == pytest.approx(0.95 * 0.14 * ml, rel=0.05)


def test_an_hu_scale_in_doubt_and_an_unknown_age_widen_as_a_shift_of_the_threshold_does(ill):
    plain, scale, age = (
        pair(ill, ill, conditions=conditions)["lungs"]["opacity_ml"]
        for conditions in (Conditions(), Conditions(air_hu=15.0), Conditions(unknown_age_hu=15.0))
    )
    assert scale.half_width > plain.half_width
    response = ill.sensitivity()
    per_hu = (response.opacity_ml[-1, 0, -1] - response.opacity_ml[0, 0, -1]) / np.ptp(response.shifts_hu)
    assert scale.sources["air calibration"] == pytest.approx(0.95 * 15.0 * abs(per_hu), rel=0.05)
    # what is the same in both scans does not change a change that is 0
    assert age.half_width == pytest.approx(plain.half_width, rel=0.05)


def test_what_unlike_images_do_widens_towards_what_alike_ones_would_show(ill):
    early, late = ill.sensitivity(), ill.sensitivity()
    won = np.array([3.0, 0.0, 3.0])
    blurred = early.with_degraded({"sharpness": dict.fromkeys(early.names, won)})
    plain = find_intervals(early, late, settings=ALONE)["lungs"]["opacity_ml"]
    found = find_intervals(blurred, late, settings=ALONE)["lungs"]["opacity_ml"]
    assert plain.low - 3.0 < found.low < plain.low - 1.0
    # the change that was found stays one of the readings
    assert found.high == pytest.approx(plain.high)
    assert found.sources["sharpness"] == pytest.approx(0.95 * 1.5, rel=0.05)
    assert "sharpness" not in plain.sources


def test_gaps_widen_by_no_less_than_volumes_from_every_tenth_slice_scatter():
    fine = Geometry.aligned((120, 60, 60), (1.0, 1.0, 1.0), frame_of_reference="source:gaps")
    shape = ball(fine, (50.0, 30.0, 30.0), 24.0) & ~ball(fine, (58.0, 30.0, 22.0), 14.0)
    step, volumes, told = 10, [], []
    for start in range(step):
        part = np.ascontiguousarray(shape[start::step]).astype(np.uint8)
        coarse = Geometry.aligned(part.shape, (float(step), 1.0, 1.0), frame_of_reference="source:gaps")
        opacity = labels(coarse, glass=part > 0)
        table = find_sensitivity(box_regions(coarse), opacity).gap_ml
        volumes.append(part.sum() * coarse.voxel_ml)
        told.append(table[0, -1] * step)
    assert np.std(volumes) < np.median(told) < 8 * np.std(volumes)
    assert np.median(told) < 0.1 * np.mean(volumes)


def test_relative_change_is_left_out_below_five_millilitres_at_baseline(ill, better):
    forth, back = pair(ill, better), pair(better, ill)
    assert forth["lungs"]["opacity_relative_percent"].value == pytest.approx(
        100 * (better.segment().mask().sum() / ill.segment().mask().sum() - 1)
    )
    assert back["lungs"]["opacity_relative_percent"] is None
    assert back["lungs"]["opacity_ml"] is not None


def test_consolidation_is_counted_for_itself():
    early = paint(GRID, {GLASS_HU: ball(GRID, MIDDLE, 14), SOLID_HU: ball(GRID, MIDDLE, 8)}, seed=4)
    late = paint(GRID, {GLASS_HU: ball(GRID, MIDDLE, 14)}, seed=5)
    found = pair(early, late)["lungs"]
    solid_ml = ball(GRID, MIDDLE, 8).sum() * GRID.voxel_ml
    assert found["consolidation_ml"].low < -solid_ml < found["consolidation_ml"].high
    assert found["ground_glass_ml"].low < solid_ml < found["ground_glass_ml"].high
    assert not found["opacity_ml"].excludes_zero


def test_parts_that_only_one_scan_has_are_left_out(ill):
    early, late = ill.sensitivity(), ill.sensitivity()
    names = tuple(name for name in late.names if name != "left_lung")
    assert tuple(find_intervals(early, late.select(names), settings=ALONE)) == names


def test_thresholds_are_varied_on_both_sides(ill):
    with pytest.raises(WrongUse):
        find_sensitivity(ill.regions, ill.segment(), variants=ill.segment, shifts_hu=(5.0, 10.0))
    assert ill.segment(Perturbation(30)).mask().sum() < ill.segment().mask().sum()


def test_coverage_over_random_pairs():
    """A plain threshold on forty random pairs; with 38 of 40 expected, fewer than 35 would be a rare accident."""
    random = np.random.default_rng(0)
    held = 0
    for _ in range(40):
        scans, truth = [], []
        for _ in range(2):
            places = random.uniform(12, 28, (3, 3))
            mask = np.zeros(GRID.shape, dtype=bool)
            for place in places:
                mask |= ball(GRID, tuple(place + np.array((0.0, 2.0, 4.0))), random.uniform(5, 12))
            scans.append(paint(GRID, {LUNG_HU + random.uniform(200, 300): mask}, seed=int(random.integers(1 << 30))))
            truth.append(mask.sum() * GRID.voxel_ml)
        found = find_intervals(*(scan.sensitivity() for scan in scans), settings=IntervalSettings(draws=500))
        held += found["lungs"]["opacity_ml"].low <= truth[1] - truth[0] <= found["lungs"]["opacity_ml"].high
    assert held >= 35


def test_consolidation_at_the_organs_border_is_in_doubt_and_inside_it_is_not():
    inside = paint(GRID, {SOLID_HU: ball(GRID, RIGHT, 6)}, seed=1)
    organ = inside.regions.partitions[0].cells > 0
    first = np.argwhere(organ)[0]
    beside = paint(GRID, {SOLID_HU: ball(GRID, tuple(float(x) for x in first), 12) & organ}, seed=1)
    nothing = paint(GRID, {}, seed=2)
    seen, concluded = (pair(scan, nothing)["lungs"]["opacity_ml"].sources for scan in (inside, beside))
    assert "dense tissue" not in seen
    assert concluded["dense tissue"] > 0


def test_where_nothing_was_found_something_may_have_been_overlooked():
    nothing, again = paint(GRID, {}, seed=1), paint(GRID, {}, seed=2)
    found = pair(nothing, again)
    assert found["lungs"]["opacity_ml"].dominant == "overlooked opacity"
    halves = {name: changes["opacity_ml"].half_width for name, changes in found.items()}
    sizes = dict(zip(nothing.sensitivity().names, nothing.sensitivity().volume_ml, strict=True))
    limit = ALONE.overlooked_ml * np.sqrt(sizes["lungs"] / 5000.0)
    # both limits at once hardly ever come together
    assert 0.6 * limit < halves["lungs"] < limit
    for name, half in halves.items():
        # independent errors: a region has more than its share of the whole organ's
        assert half == pytest.approx(halves["lungs"] * np.sqrt(sizes[name] / sizes["lungs"]), rel=0.1)
