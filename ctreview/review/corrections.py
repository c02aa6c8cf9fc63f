"""Two prepared scans while a reader corrects them: acts on both, counts that follow at once, one line of undo."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from ctreview.change.tally import Tally
from ctreview.edits import Edit, Handler, LabelChange, Session, SessionGroup
from ctreview.edits.replay import Patch
from ctreview.edits.session_group import Listener
from ctreview.recipes.chest_ct import Prepared
from ctreview.recipes.chest_ct.corrections import OPACITY, Edits, canvas_of, carried_to, handlers_of
from ctreview.review.journal import ReadingJournal
from ctreview.tools import Canvas, with_defaults
from ctreview.volume.labels import LabelMap

__all__ = ["OpacityReview"]


class OpacityReview(SessionGroup):
    """The opacity of baseline (0) and follow-up (1) under correction.

    Parameters
    ----------
    prepared : Prepared
        What the computer found.
    author : str
        Who works.
    journal : ReadingJournal
        What the reader did before, on this base or on one of other settings, and where acts are put down.
    listener : callable, optional
        Told of every act, undo and redo.

    Attributes
    ----------
    sessions : tuple of Session
    tallies : tuple of Tally
        Millilitres per region as they stand.
    journal : ReadingJournal
    """

    def __init__(
        self,
        prepared: Prepared,
        *,
        author: str,
        journal: ReadingJournal,
        listener: Listener | None = None,
    ) -> None:
        self.prepared = prepared
        self.author = author
        self.journal = journal
        before_it = tuple(journal)  # the reader may act elsewhere meanwhile
        self._known = len(before_it)
        super().__init__((self._session(0, before_it), self._session(1, before_it)), before_it, listener)
        self._canvases = tuple(canvas_of(point) for point in prepared.points)
        before, after = prepared.points
        self.tallies = (
            Tally(before.regions, self.sessions[0].labels),
            Tally(after.regions, self.sessions[1].labels),
        )

    @property
    def edits(self) -> Edits:
        """The whole journal of each scan, undo and redo records included: what `compare_prepared` takes."""
        first, second = (self.journal.of(point.volume.digest, OPACITY) for point in self.prepared.points)
        return first, second

    def follows(self, journal: ReadingJournal) -> bool:
        """Whether it knows every edit of a journal; not so where another review recorded some meanwhile."""
        return self.journal is journal and self._known == len(journal)

    def canvas(self, number: int) -> Canvas:
        """What the tools work on, with the labels as they stand."""
        return replace(self._canvases[number], labels=self.sessions[number].labels)

    def _session(self, number: int, edits: tuple[Edit, ...]) -> Session:
        point = self.prepared.points[number]
        session = Session(
            point.opacity,
            target=OPACITY,
            image=point.volume.digest,
            handlers=self._handlers(number),
            author=self.author,
            record=self._record,
            complete_payload=with_defaults,
        )
        session.restore(edit for edit in edits if edit.image == session.image and edit.target == OPACITY)
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

    def _record(self, edit: Edit) -> None:
        self.journal.record(edit)
        self._known += 1

    def _follow(self, number: int, change: LabelChange) -> None:
        self.tallies[number].follow(change.before.start, change.before.labels, change.after.labels)
        super()._follow(number, change)
