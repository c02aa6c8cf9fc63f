"""The edits of one reading in memory: the one list that corrections, comparison and window look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ctreview.edits import Edit

__all__ = ["ReadingJournal"]


class ReadingJournal:
    """All edits of a reading in order; each is written before it stands here.

    Parameters
    ----------
    edits : iterable of Edit
        What is written already.
    keep : callable, optional
        Writes an edit, say into the reading's folder; raises where it cannot.
    """

    def __init__(self, edits: Iterable[Edit] = (), *, keep: Callable[[Edit], None] | None = None) -> None:
        self._edits = list(edits)
        self._keep = keep

    def __iter__(self) -> Iterator[Edit]:
        return iter(tuple(self._edits))

    def __len__(self) -> int:
        return len(self._edits)

    def record(self, edit: Edit) -> None:
        """Record an edit; where it could not be written, it does not stand here."""
        if self._keep is not None:
            self._keep(edit)
        self._edits.append(edit)

    def of(self, image: str, target: str) -> tuple[Edit, ...]:
        """The edits of one label map of one image, undo and redo records included."""
        return tuple(edit for edit in self if edit.image == image and edit.target == target)

    def go_on_in(self, kept: Iterable[Edit], keep: Callable[[Edit], None]) -> None:
        """Write edits elsewhere from now on, and first those that are missing there.

        Parameters
        ----------
        kept : iterable of Edit
            What is there.
        keep : callable
            Keeps an edit there.
        """
        there = {edit.id for edit in kept}
        for edit in self:
            if edit.id not in there:
                keep(edit)
        self._keep = keep
