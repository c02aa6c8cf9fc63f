"""Two prepared scans while a reader corrects them: acts on both, counts that follow at once, one line of undo."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from ctreview.change import Candidate
from ctreview.change.tally import Tally
from ctreview.edits import Edit, Handler, LabelChange, Session, SessionGroup, active_edits
from ctreview.edits.replay import Patch
from ctreview.edits.session_group import Listener
from ctreview.recipes.chest_ct import Prepared
from ctreview.recipes.chest_ct.candidates import judged, with_judged_candidates
from ctreview.recipes.chest_ct.corrections import OPACITY, Edits, canvas_of, carried_to, handlers_of
from ctreview.review.journal import ReadingJournal
from ctreview.tools import Canvas, with_defaults
from ctreview.tools.candidate import ACCEPT, DISMISS
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
        self._judgements = [self._active_judgements(number) for number in (0, 1)]
        self.tallies = (self._counted(0), self._counted(1))

    @property
    def edits(self) -> Edits:
        """The whole journal of each scan, undo and redo records included: what `compare_prepared` takes."""
        first, second = (self.journal.of(point.volume.digest, OPACITY) for point in self.prepared.points)
        return first, second

    def follows(self, journal: ReadingJournal) -> bool:
        """Whether it knows every edit of a journal; not so where another review recorded some meanwhile."""
        return self.journal is journal and self._known == len(journal)

    def candidates(self, number: int) -> tuple[Candidate, ...]:
        """The dense pieces that are offered beside the lungs of a scan, as the reader has judged them so far."""
        point = self.prepared.points[number]
        return judged(point, self.journal.of(point.volume.digest, OPACITY))

    @property
    def judgements(self) -> tuple[tuple[str, ...], ...]:
        """Ids of the records of baseline and follow-up that accept or dismiss candidates and were not undone."""
        return tuple(self._judgements)

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
        judgements = self._active_judgements(number)
        if judgements != self._judgements[number]:  # the lungs are others now, and all their parts
            self._judgements[number] = judgements
            counted = self._counted(number)
            self.tallies = (counted, self.tallies[1]) if number == 0 else (self.tallies[0], counted)
        else:
            self.tallies[number].follow(change.before.start, change.before.labels, change.after.labels)
        super()._follow(number, change)

    def _active_judgements(self, number: int) -> tuple[str, ...]:
        """The records that accept or dismiss candidates of a scan, by their ids."""
        return tuple(edit.id for edit in active_edits(tuple(self.edits[number])) if edit.kind in (ACCEPT, DISMISS))

    def _counted(self, number: int) -> Tally:
        """Millilitres in the parts of the lungs, with what was accepted of the candidates."""
        point = with_judged_candidates(self.prepared.points[number], active_edits(tuple(self.edits[number])))
        return Tally(point.regions, self.sessions[number].labels)
