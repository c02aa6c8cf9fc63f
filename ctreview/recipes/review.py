"""Two prepared scans while a reader corrects them: acts on both, counts that follow at once, one line of undo."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from ctreview.change.tally import Tally
from ctreview.edits import Change, Edit, Handler, Session, Several
from ctreview.edits.replay import Patch
from ctreview.recipes.chest_ct import Prepared
from ctreview.recipes.corrected import OPACITY, Edits, canvas_of, carried_to, handlers_of
from ctreview.tools import Canvas, written_out
from ctreview.volume.labels import LabelMap

__all__ = ["Listener", "Review"]

Listener = Callable[[int, Change], None]
"""Called with the number of the scan and what changed in it."""


class Review:
    """The opacity of baseline (0) and follow-up (1) under correction.

    Parameters
    ----------
    prepared : Prepared
        What the computer found.
    author : str
        Who works.
    record : callable
        Puts an edit down for good, before anything changes.
    journal : iterable of Edit
        What the reader did before, on this base or on one of other settings.
    listener : callable, optional
        Told of every act, undo and redo.

    Attributes
    ----------
    sessions : tuple of Session
    tallies : tuple of Tally
        Millilitres per region as they stand.
    journal : list of Edit
        All that was put down, in order.
    """

    def __init__(
        self,
        prepared: Prepared,
        *,
        author: str,
        record: Callable[[Edit], None],
        journal: Iterable[Edit] = (),
        listener: Listener | None = None,
    ) -> None:
        self.prepared = prepared
        self.author = author
        self._put_down = record
        self.journal = list(journal)
        self.listener = listener
        self._canvases = tuple(canvas_of(point) for point in prepared.points)
        self.sessions = (self._session(0), self._session(1))
        before, after = prepared.points
        self.tallies = (
            Tally(before.regions, self.sessions[0].labels),
            Tally(after.regions, self.sessions[1].labels),
        )
        for number, session in enumerate(self.sessions):
            session.listeners.append(self._follows(number))
        self._acts = Several(self.sessions, self.journal)

    @property
    def edits(self) -> Edits:
        """The whole journal of each scan, undo and redo records included: what `conclude` takes."""
        return self._of(0), self._of(1)

    @property
    def refused(self) -> tuple[tuple[Edit, str], ...]:
        """Earlier edits that mean nothing on this base, and why."""
        return tuple(lost for session in self.sessions for lost in session.refused)

    def canvas(self, number: int) -> Canvas:
        """What the tools work on, with the labels as they stand."""
        return replace(self._canvases[number], labels=self.sessions[number].labels)

    def act(self, number: int, kind: str, payload: Mapping[str, Any]) -> Change:
        """Use a tool on a scan; errors are those of `Session.act`."""
        return self._acts.act(number, kind, payload)

    def undo(self) -> tuple[int, Change] | None:
        """Take back the last act, on whichever scan it was; gives the scan's number."""
        return self._acts.undo()

    def redo(self) -> tuple[int, Change] | None:
        """Bring back what was taken back last."""
        return self._acts.redo()

    @property
    def can_undo(self) -> bool:
        """Whether there is an act to take back."""
        return self._acts.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is an act to bring back."""
        return self._acts.can_redo

    def _session(self, number: int) -> Session:
        point = self.prepared.points[number]
        session = Session(
            point.opacity,
            target=OPACITY,
            image=point.volume.digest,
            handlers=self._handlers(number),
            author=self.author,
            record=self._record,
            write_out=written_out,
        )
        session.restore(self._of(number))
        return session

    def _handlers(self, number: int) -> dict[str, Handler]:
        """The tools; what is copied from the other scan is carried over when it is first asked for."""
        point, points, transform = self.prepared.points[number], self.prepared.points, self.prepared.transform

        @cache
        def carry() -> Handler:
            return handlers_of(point, other=carried_to(points, number, transform))["carry"]

        def carried(labels: LabelMap, edit: Edit) -> Patch:
            return carry()(labels, edit)

        return {**handlers_of(point), "carry": carried}

    def _of(self, number: int) -> tuple[Edit, ...]:
        image = self.prepared.points[number].volume.digest
        return tuple(edit for edit in self.journal if edit.image == image and edit.target == OPACITY)

    def _record(self, edit: Edit) -> None:
        self._put_down(edit)
        self.journal.append(edit)

    def _follows(self, number: int) -> Callable[[Change], None]:
        def follow(change: Change) -> None:
            self.tallies[number].follow(change.before.start, change.before.labels, change.after.labels)
            if self.listener is not None:
                self.listener(number, change)

        return follow
