"""Pieces that are offered: accepted, dismissed, refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from ctreview.edits import UNDO, Edit, ReplayResult, replay
from ctreview.tools import Canvas, handlers
from ctreview.tools.candidate import CandidateClass
from ctreview.tools.packed_mask import PackedMask
from ctreview.volume.box import Box

from .drawing import BESIDE_THE_ORGAN, plain_mask

POINT = [-33.0, -24.0, -36.0]


@dataclass(frozen=True)
class Piece:
    """Offered beside the organ."""

    id: str = "r1"
    side: str = "organ"
    region: str = "organ"
    ml: float = 0.1
    proposed: CandidateClass = "consolidation"
    reason: str = "none"
    centre: tuple[float, float, float] = (-33.0, -24.0, -36.0)
    box: Box = BESIDE_THE_ORGAN

    @property
    def mask(self) -> np.ndarray:
        return np.ones((4, 8, 1), dtype=bool)


def replayed(canvas: Canvas, *edits: Edit, offered: tuple[Piece, ...] = ()) -> ReplayResult:
    return replay(canvas.labels, edits, handlers(canvas, offered=offered), image=canvas.volume.digest)


def edit(canvas: Canvas, kind: str, **payload: object) -> Edit:
    return Edit(kind, "opacity", payload, "reader", canvas.volume.digest, canvas.geometry)


def accept(canvas: Canvas, label: str = "consolidation", **payload: object) -> Edit:
    whole = {"id": "r1", "label": label, "point": POINT, "mask": plain_mask(BESIDE_THE_ORGAN), **payload}
    return edit(canvas, "accept_candidate", **whole)


def test_an_accepted_piece_gets_its_class_beside_the_organ(canvas: Canvas) -> None:
    array = replayed(canvas, accept(canvas)).labels.array
    assert (array[BESIDE_THE_ORGAN] == 2).all()
    assert np.count_nonzero(array) == 4 * 8


def test_an_effusion_gets_no_label_and_takes_away_what_stood_there(canvas: Canvas) -> None:
    assert not replayed(canvas, accept(canvas), accept(canvas, "effusion")).labels.array.any()


def test_a_dismissed_piece_loses_its_label_and_gets_it_back_when_that_is_undone(canvas: Canvas) -> None:
    dismiss = edit(canvas, "dismiss_candidate", id="r1", point=POINT, mask=plain_mask(BESIDE_THE_ORGAN))
    assert not replayed(canvas, accept(canvas), dismiss).labels.array.any()
    undone = replayed(canvas, accept(canvas), dismiss, edit(canvas, UNDO, of=dismiss.id))
    assert np.count_nonzero(undone.labels.array) == 4 * 8


@pytest.mark.parametrize(("name", "point"), [("r1", [0.0, 0.0, 0.0]), ("other", POINT)])
def test_without_voxels_a_piece_is_found_by_its_id_or_its_place(canvas: Canvas, name: str, point: list[float]) -> None:
    found = replayed(canvas, accept(canvas, id=name, point=point, mask=None), offered=(Piece(),))
    assert np.count_nonzero(found.labels.array) == 4 * 8


def test_a_piece_that_nobody_offers_is_refused_with_the_reason(canvas: Canvas) -> None:
    unknown = replayed(canvas, accept(canvas, id="r2", point=[0.0, 0.0, 0.0], mask=None), offered=(Piece(),))
    assert "no candidate is called r2" in unknown.refused[0][1]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"start": [39, 0, 0]}, "outside the image"),
        ({"bits": "####"}, "cannot be read"),
        ({"shape": [4, 8, 57]}, "outside the image"),
        ({"shape": [8, 20, 1]}, "do not fill"),
        ({"bits": plain_mask((slice(0, 1), slice(0, 1), slice(0, 1)))["bits"]}, "do not fill"),
    ],
)
def test_damaged_voxels_are_refused(canvas: Canvas, changed: dict[str, object], reason: str) -> None:
    done = replayed(canvas, accept(canvas, mask={**plain_mask(BESIDE_THE_ORGAN), **changed}))
    assert reason in done.refused[0][1]
    assert not done.labels.array.any()


def test_an_accepted_piece_can_be_given_another_class_by_hand(canvas: Canvas) -> None:
    place = canvas.geometry.to_lps(np.array([1.0, 3.0, 0.0])).tolist()
    dab = edit(canvas, "brush", points=[place], label="ground_glass", settings={"radius_mm": 1.0, "shape": "ball"})
    assert not replayed(canvas, dab).labels.array[1, 3, 0]
    assert replayed(canvas, accept(canvas), dab).labels.array[1, 3, 0] == 1


def test_a_mask_is_packed_and_unpacked_voxel_for_voxel() -> None:
    mask = np.random.default_rng(1).random((5, 7, 9)) < 0.4
    packed = PackedMask.of((slice(2, 7), slice(0, 7), slice(1, 10)), mask)
    assert np.array_equal(packed.unpacked((7, 7, 10)), mask)
    assert packed == replace(packed)
