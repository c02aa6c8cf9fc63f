from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ctreview.edits import Edit
from ctreview.errors import EditDoesNotApply, InputRefused, WrongUse
from ctreview.review.images import load_examination_of_study
from ctreview.review.journal import ReadingJournal
from ctreview.review.region_files import as_csv, replay_regions, write_regions
from ctreview.review.regions import RegionReview, region_plan
from ctreview.study import Study
from ctreview.study.document import read_document
from ctreview.volume.contrasts import examination
from ctreview.volume.geometry import Geometry
from ctreview.volume.segmentation import read_segmentation
from ctreview.volume.statistics import region_values
from ctreview.volume.volume import Volume
from ctreview.volume.write import write_nifti

GRID = Geometry.aligned((8, 60, 120), (6.0, 2.0, 2.0), origin=(-120, -60, 0), frame_of_reference="1.2.3")
FINE = Geometry.aligned((16, 120, 240), (3.0, 1.0, 1.0), origin=(-120.5, -60.5, -1.5), frame_of_reference="1.2.3")


def thighs(grid: Geometry, muscle: float, spot: float, described: str) -> Volume:
    """Two thighs of one value with a brighter muscle in each, in air."""
    from ctreview.dicom.acquisition import Acquisition

    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij"), axis=-1)
    x, y, _ = np.moveaxis(grid.to_lps(index), -1, 0)
    array = np.zeros(grid.shape, np.float32)
    for middle in (-60, 60):
        array[np.hypot(x - middle, y) < 45] = muscle
        array[np.hypot(x - middle, y + 20) < 12] = spot
    return Volume(array, grid, "arbitrary", Acquisition(modality="MR", description=described))


def both() -> Any:
    return examination([thighs(GRID, 200, 300, "T1"), thighs(FINE, 80, 500, "STIR")])


def paint(review: RegionReview, number: int, side: int, label: str = "rectus_femoris", **gate: float) -> None:
    settings = {"radius_mm": 10.0, "shape": "ball", **gate}
    at = [float(side * 60), -20.0, 21.0]
    review.act(number, "brush", {"points": [at], "label": label, "plane": 0, "settings": settings})


def test_a_painted_region_is_measured_on_each_side_in_each_contrast() -> None:
    review = RegionReview([both()], author="anna", journal=ReadingJournal())
    assert review.name("Rectus  femoris").key == "Rectus_femoris"
    assert len(review.name("rectus femoris").key) == 14, "the same name is the same region"
    assert len(review.scheme) == 1
    key = review.scheme.labels[0].key
    paint(review, 0, -1, key)
    rows = {(row.contrast, row.values.side): row for row in review.rows(0)}
    right, left = rows["T1", "right"], rows["T1", "left"]
    assert right.values.volume_ml == pytest.approx(4 / 3 * np.pi * 1.0**3, rel=0.25), "a ball of 10 mm"
    assert (right.values.mean, right.values.sd) == pytest.approx((300, 0))
    assert left.values.volume_ml == 0.0
    assert left.values.mean is None
    assert right.middle.method == "gap between the limbs"
    stir = rows["STIR", "right"]
    assert stir.values.mean == pytest.approx(500)
    assert stir.values.volume_ml == right.values.volume_ml, "what was drawn is as large in every contrast"
    assert stir.values.voxels > 4 * right.values.voxels, "measured on its own finer voxels"


def test_the_tools_look_at_the_contrast_in_view_and_the_record_says_so() -> None:
    records: list[Edit] = []
    shown = both()
    review = RegionReview([shown], author="anna", journal=ReadingJournal(keep=records.append))
    key = review.name("rim").key
    review.look_at(0, shown["STIR"].volume.digest)
    paint(review, 0, 1, key, low_hu=400.0)
    assert records[-1].payload["contrast"] == shown["STIR"].volume.digest
    drawn = review.sessions[0].labels.mask(key)
    assert drawn.any(), "in T1 nothing is as bright as the gate asks"
    review.look_at(0, shown["T1"].volume.digest)
    again = RegionReview([shown], author="anna", journal=ReadingJournal(records))
    assert np.array_equal(again.sessions[0].array, review.sessions[0].array)
    assert [label.key for label in again.scheme] == [key]
    alone = RegionReview([examination([shown["T1"].volume])], author="anna", journal=ReadingJournal(records))
    assert [why for _, why in alone.refused] == ["it was drawn on a contrast that is not there"]


def test_undo_goes_through_both_timepoints_and_the_reader_says_where_the_middle_is() -> None:
    records: list[Edit] = []
    later = examination([thighs(GRID, 210, 310, "T1")])
    review = RegionReview([both(), later], author="anna", journal=ReadingJournal(keep=records.append))
    key = review.name("vastus").key
    paint(review, 0, -1, key)
    paint(review, 1, -1, key)
    paint(review, 0, 1, key)
    assert [found[0] for found in (review.undo(), review.undo()) if found] == [0, 1]
    assert not review.sessions[1].labels.mask(key).any()
    assert review.redo() is not None
    review.set_middle(1, -100.0)
    again = RegionReview([both(), later], author="anna", journal=ReadingJournal(records))
    assert (again.middle(1).x_mm, again.middle(1).method) == (-100.0, "reader")
    sides = {row.values.side: row.values.voxels for row in again.rows(1, "T1")}
    assert sides["right"] == 0
    assert sides["left"] == sides["both"] > 0
    assert again.undo() is not None
    assert not again.sessions[1].labels.mask(key).any(), "the last act was there"


def test_a_disk_that_takes_nothing_leaves_no_region_behind() -> None:
    def full(_: Edit) -> None:
        raise OSError("no space left on device")

    review = RegionReview([both()], author="anna", journal=ReadingJournal(keep=full))
    with pytest.raises(OSError, match="no space"):
        review.name("vastus")
    assert not len(review.scheme)
    with pytest.raises(WrongUse, match="needs a name"):
        review.name(" - ")


def test_a_study_is_replayed_from_its_images_and_journal_alone(tmp_path: Path) -> None:
    image = tmp_path / "thighs.nii.gz"
    write_nifti(thighs(GRID, 200, 300, "T1"), image)
    study = Study.create(tmp_path / "study")
    from ctreview.volume.load import load_volume

    scan = load_volume(image).canonical()
    with study.planned(region_plan({1: scan})):
        study.add_timepoint(scan, path=image, series=None, masks=())
    reading = study.reading("anna")
    review = RegionReview(
        [load_examination_of_study(study, 1)], author="anna", journal=ReadingJournal(keep=reading.record)
    )
    key = review.name("rectus femoris").key
    paint(review, 0, -1, key)
    again = replay_regions(Study.open(study.folder), study.reading("anna"))
    assert np.array_equal(again.sessions[0].array, review.sessions[0].array)
    there = write_regions(again, reading.regions_folder)
    (labels,) = read_segmentation(there / "timepoint-1.seg.nrrd", on=again.sessions[0].base.geometry)
    assert np.array_equal(labels.array, review.sessions[0].array)
    rows = list(csv.DictReader(io.StringIO((there / "regions.csv").read_text())))
    assert [(row["region"], row["side"], row["timepoint"]) for row in rows] == [
        (key, side, "1") for side in ("right", "left", "both")
    ]
    assert float(rows[0]["mean"]) == pytest.approx(300)
    assert rows[0]["value_unit"] == "arbitrary"
    assert as_csv(again.rows(0)) == (there / "regions.csv").read_text()
    plain = read_document(there / "regions.json", "ctreview.regions/1")["regions"]
    assert plain[0]["volume_ml"] == pytest.approx(float(rows[0]["volume_ml"]), rel=1e-5)
    write_nifti(thighs(GRID, 200, 301, "T1"), image)
    with pytest.raises(InputRefused, match="not the image"):
        load_examination_of_study(study, 1)


def test_a_study_of_a_follow_up_alone_keeps_its_number_and_takes_the_baseline_later(tmp_path: Path) -> None:
    from ctreview.review.archive import ImageSource
    from ctreview.review.workspace import Workspace
    from ctreview.volume.load import load_volume

    images, places = {}, {}
    for number, muscle in ((1, 200.0), (2, 220.0)):
        path = tmp_path / f"{number}.nii.gz"
        write_nifti(thighs(GRID, muscle, 300, "T1"), path)
        images[number], places[number] = load_volume(path).canonical(), ImageSource(path)
    study = Study.create(tmp_path / "study")
    workspace = Workspace("anna")
    workspace.open(study.folder)
    alone = {2: images[2]}
    workspace.store_images(alone, places, region_plan(alone))
    assert study.timepoints == (2,)
    assert study.images == study.plan.images == ("", images[2].digest)
    again = replay_regions(study, study.reading("anna"))
    again.name("vastus")
    assert {row.timepoint for row in again.rows(0)} == {2}
    with pytest.raises(InputRefused, match="has timepoint 2, and timepoint 1 was read"):
        workspace.store_images({1: images[1]}, places, region_plan({1: images[1]}))
    swapped = {1: images[2], 2: images[1]}
    with pytest.raises(InputRefused, match="another image of timepoint 2"):
        workspace.store_images(swapped, places, region_plan(swapped))
    workspace.store_images(images, places, region_plan(images))
    assert study.images == (images[1].digest, images[2].digest)
    workspace.close()


def test_strokes_of_one_region_leave_the_others_alone() -> None:
    review = RegionReview([both()], author="anna", journal=ReadingJournal())
    first, second = review.name("rectus femoris").key, review.name("vastus").key
    paint(review, 0, -1, first)
    kept = review.sessions[0].labels.mask(first)
    strokes = [
        {"points": [[-60.0, 10.0, 24.0], [-50.0, 10.0, 24.0]], "label": second},
        {"points": [[-60.0, 50.0, 24.0], [-50.0, 50.0, 24.0]], "label": None},
    ]
    review.act(0, "scribble", {"strokes": strokes})
    assert review.sessions[0].labels.mask(second).any()
    assert np.array_equal(review.sessions[0].labels.mask(first), kept)


def test_an_act_needs_a_tool_that_means_something_there() -> None:
    review = RegionReview([both()], author="anna", journal=ReadingJournal())
    key = review.name("vastus").key
    with pytest.raises(EditDoesNotApply, match="other timepoint"):
        review.act(0, "carry", {"label": key})


def test_a_snapshot_stays_as_it_was_while_painting_goes_on() -> None:
    journal: list[Edit] = []
    review = RegionReview([both()], author="anna", journal=ReadingJournal(keep=journal.append))
    review.name("rectus femoris")
    paint(review, 0, -1)
    still, before = review.snapshot(), review.rows(0)
    paint(review, 0, 1)
    review.name("vastus")
    assert still.rows(0) == before != review.rows(0)
    assert len(still.scheme) == 1


def test_regions_are_measured_once_until_something_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    from ctreview.review import regions

    measured: list[str] = []

    def counted(labels: Any, image: Volume, **how: Any) -> Any:
        measured.append(image.acquisition.description)
        return region_values(labels, image, **how)

    monkeypatch.setattr(regions, "region_values", counted)
    later = examination([thighs(GRID, 210, 310, "T1")])
    review = RegionReview([both(), later], author="anna", journal=ReadingJournal())
    key = review.name("vastus").key

    def anew() -> list[str]:
        measured.clear()
        for _ in range(2):
            for number in (0, 1):
                review.rows(number)
        return measured

    assert anew() == ["T1", "STIR", "T1"]
    assert anew() == []
    paint(review, 0, -1, key)
    assert anew() == ["T1", "STIR"], "at the other timepoint nothing was painted"
    painted = review.rows(0)
    review.undo()
    assert anew() == ["T1", "STIR"]
    assert review.rows(0) != painted
    review.redo()
    assert review.rows(0) == painted
    review.set_middle(1, -100.0)
    assert anew() == ["T1"]
    review.name("rectus femoris")
    assert len(anew()) == 3


def test_a_table_without_regions_has_its_columns_all_the_same() -> None:
    review = RegionReview([both()], author="anna", journal=ReadingJournal())
    empty = as_csv(review.rows(0))
    review.name("vastus")
    assert as_csv(review.rows(0)).splitlines(keepends=True)[0] == empty
