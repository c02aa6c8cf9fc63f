"""Two prepared scans while a reader corrects them: acts on both, counts that follow at once, one line of undo."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

from ctreview.change.tally import Tally
from ctreview.edits import Edit, Handler, LabelChange, Session, SessionGroup
from ctreview.edits.replay import Patch
from ctreview.edits.session_group import Listener
from ctreview.recipes.chest_ct import Prepared
from ctreview.recipes.chest_ct.corrections import OPACITY, Edits, canvas_of, carried_to, handlers_of
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
        super().__init__((self._session(0), self._session(1)), self.journal, listener)
        self._canvases = tuple(canvas_of(point) for point in prepared.points)
        before, after = prepared.points
        self.tallies = (
            Tally(before.regions, self.sessions[0].labels),
            Tally(after.regions, self.sessions[1].labels),
        )

    @property
    def edits(self) -> Edits:
        """The whole journal of each scan, undo and redo records included: what `compare_prepared` takes."""
        return self._of(0), self._of(1)

    def canvas(self, number: int) -> Canvas:
        """What the tools work on, with the labels as they stand."""
        return replace(self._canvases[number], labels=self.sessions[number].labels)

    def _session(self, number: int) -> Session:
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

    def _follow(self, number: int, change: LabelChange) -> None:
        self.tallies[number].follow(change.before.start, change.before.labels, change.after.labels)
        super()._follow(number, change)
