"""What of a study's dense areas is still to confirm: by what was offered and what the reader recorded since."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ctreview.anatomy import DenseCandidate
from ctreview.edits import UNDO, Edit
from ctreview.recipes.chest_ct.candidates import dismissal
from ctreview.review.stored_candidates import (
    CANDIDATES,
    CANDIDATES_SCHEMA,
    candidates_document,
    candidates_to_confirm,
)
from ctreview.study import Study
from ctreview.volume.geometry import Geometry
from ctreview.volume.volume import Volume

GRID = Geometry.aligned((10, 12, 14), (2.0, 2.0, 2.0), origin=(0.0, 0.0, 0.0), frame_of_reference="1.2.3")


def dense(start: int) -> DenseCandidate:
    mask = np.zeros(GRID.shape, dtype=bool)
    mask[start : start + 3, 2:6, 2:6] = True
    return DenseCandidate.from_mask(
        mask, GRID, side="right_lung", region="right_lung", proposed="consolidation", reason="no air in it"
    )


def test_they_follow_every_record_of_the_reader_and_of_no_other(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study")
    offered = ((dense(0), dense(5)), (dense(2),))
    for number, pieces in enumerate(offered):
        volume = Volume(np.full(GRID.shape, number, np.int16), GRID)
        documents = {CANDIDATES: (CANDIDATES_SCHEMA, candidates_document(pieces))}
        study.add_timepoint(volume, path=tmp_path, series=None, masks=(), documents=documents)
    anna, image = study.reading("anna"), study.source(1).digest
    assert len(candidates_to_confirm(study, None)) == 3
    dismissed = Edit("dismiss_candidate", "opacity", dismissal(offered[0][0]), "anna", image, GRID)
    anna.record(dismissed)
    assert [one.piece.id for one in candidates_to_confirm(study, anna)] == [offered[0][1].id, offered[1][0].id]
    assert len(candidates_to_confirm(study, study.reading("bernd"))) == 3
    anna.record(Edit(UNDO, "opacity", {"of": dismissed.id}, "anna", image, GRID))
    assert len(candidates_to_confirm(study, anna)) == 3
