"""Lungs that a reader changed: the same record gives the same numbers by command, from Python, and in the review."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from ctreview.recipes.chest_ct import compare_prepared
from ctreview.recipes.chest_ct.candidates import acceptance
from ctreview.review.corrections import OpacityReview
from ctreview.review.journal import ReadingJournal
from ctreview.study import Study
from ctreview.volume.segmentation import read_segmentation


def test_a_record_means_the_same_by_command_from_python_and_in_the_review(command, read, scans, tmp_path):
    study = Study.open(shutil.copytree(read.study.folder, tmp_path / "study"))
    reading = study.reading("cara")
    review = OpacityReview(read.prepared, author="cara", journal=ReadingJournal(keep=reading.record))
    right = np.argwhere(review.lungs(0).mask("right_lung"))
    back = right[np.argmax(right[:, 1])]
    place = [float(v) for v in read.prepared.points[0].volume.geometry.to_lps(back + np.array([0, 3, 0]))]
    review.act(0, "organ_brush", {"points": [place], "adds": True, "settings": {"radius_mm": 14.0, "shape": "ball"}})
    review.act(
        0, "brush", {"points": [place], "label": "ground_glass", "settings": {"radius_mm": 6.0, "shape": "ball"}}
    )
    further = [place[0], place[1] + 16.0, place[2]]
    review.act(0, "accept_candidate", acceptance(review.piece_beside(0, further, size_mm=20.0), "collapse"))
    lungs = review.lungs(0)
    more = lungs.volume_ml("right_lung") - read.prepared.points[0].organ.volume_ml("right_lung")
    assert more > 3
    tally = review.tallies[0].ml()["right_lung"]
    assert tally["collapse"] > 0.5

    said = command("edits", "replay", study.folder, "--reader", "cara", "--out", tmp_path / "out")
    assert said.code == 0, said.err
    maps = read_segmentation(tmp_path / "out/timepoint-1.seg.nrrd")
    assert np.array_equal(maps[0].array, lungs.array)
    assert np.array_equal(maps[-1].array, review.sessions[0].array)

    words = ("compare", scans / "before", scans / "after", "--edits", reading.folder, "--no-lobes")
    said = command(*words, "--out", tmp_path / "compared", "--quiet")
    assert said.code in {0, 4}, said.err
    written = json.loads((tmp_path / "compared/change.json").read_text())
    found = compare_prepared(read.prepared, edits=review.edits)
    for one, other in zip(written["regions"], found.regions, strict=True):
        assert one["baseline"]["volume_ml"] == pytest.approx(other.baseline.volume_ml, abs=1e-5)
        assert one["change"]["opacity_ml"]["high"] == pytest.approx(other.change["opacity_ml"].high, abs=1e-5)
        assert one["verdict"] == other.verdict
    side = found["right_lung"].baseline
    assert side.volume_ml == pytest.approx(lungs.volume_ml("right_lung"))
    assert side.classes_ml["ground_glass"] == pytest.approx(tally["ground_glass"])
    (volume,) = [check.value for check in found.checks if check.name == "baseline_lung_volume_plausible"]
    assert volume == pytest.approx(lungs.volume_ml("right_lung", "left_lung"), abs=0.1)
