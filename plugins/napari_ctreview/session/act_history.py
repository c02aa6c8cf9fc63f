"""The acts of a reading as a list: which stand, which were taken back and can be brought again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ctreview.edits import REDO, UNDO, Edit
from ctreview.recipes.chest_ct.changed_lobes import LOBE_EDITS
from ctreview.volume.labels import Scheme

if TYPE_CHECKING:
    from napari_ctreview.session.reading_mode import LabelReview

__all__ = ["Act", "acts_of"]

_WORDS = {
    "brush": "Brush",
    "take_piece": "Pick",
    "remove_piece": "Piece removed",
    "scribble": "Scribble",
    "live_wire": "Live wire",
    "lasso": "Lasso",
    "fill_between": "Fill between",
    "fill_by_image": "Fill along the image",
    "carry": "Copy from the other scan",
    "smooth_outline": "Smooth",
    "move_outline": "Grow or shrink",
    "remove_small": "Small pieces removed",
    "keep_largest": "Largest piece kept",
    "keep_piece": "Piece kept",
    "accept_candidate": "Dense area accepted",
    "dismiss_candidate": "Dense area dismissed",
    "border_points": "Point on the fissure",
    "copy_border": "Fissure from the other scan",
    "part_brush": "Lung given to a lobe",
    "part_piece": "Opacity given to a lobe",
    "take_proposal": "Groups carried over",
    "decide": "Difference of two readings decided",
}


@dataclass(frozen=True)
class Act:
    """One act.

    Attributes
    ----------
    id : str
        That of its record.
    words : str
        What was done: tool and class.
    session : int
        On which scan of the review.
    time : datetime
        When, with its zone.
    stands : bool
        Whether it counts; else it was taken back, and a redo brings it again.
    """

    id: str
    words: str
    session: int
    time: datetime
    stands: bool


def acts_of(review: LabelReview, journal: Iterable[Edit]) -> tuple[Act, ...]:
    """The acts in the order in which undo and redo walk through them, the oldest first.

    What was taken back and can be brought again no more is not among them.
    """
    numbers = {(session.image, session.target): number for number, session in enumerate(review.sessions)}
    done: list[Edit] = []
    undone: list[Edit] = []
    for edit in journal:
        if (edit.image, edit.target) not in numbers:
            continue
        of = edit.payload.get("of")
        if edit.kind == UNDO:
            _move(str(of), done, undone)
        elif edit.kind == REDO:
            _move(str(of), undone, done)
        else:
            done.append(edit)
            undone.clear()
    again = undone[len(undone) - review.redoable :]
    scheme = review.sessions[0].base.scheme if review.sessions else Scheme(())
    return tuple(
        Act(edit.id, _in_words(edit, scheme), numbers[edit.image, edit.target], edit.time, stands)
        for edits, stands in ((done, True), (again[::-1], False))
        for edit in edits
    )


def _move(of: str, there: list[Edit], here: list[Edit]) -> None:
    for edit in [one for one in there if one.id == of]:
        there.remove(edit)
        here.append(edit)


def _in_words(edit: Edit, scheme: Scheme) -> str:
    """The tool, and the class that it gave."""
    words = _WORDS.get(edit.kind, edit.kind.replace("_", " ").capitalize())
    place = edit.payload.get("border", edit.payload.get("part"))
    if edit.kind in LOBE_EDITS and place is not None:
        return f"{words}: {str(place).replace('_', ' ')}"
    if "label" not in edit.payload and "as_class" not in edit.payload:
        return words
    key = edit.payload.get("label", edit.payload.get("as_class"))
    names = {label.key: label.name for label in scheme}
    return f"{words}: {'none' if key is None else names.get(str(key), str(key).replace('_', ' '))}"
