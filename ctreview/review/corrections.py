"""Two prepared scans while a reader corrects them: acts on both, counts that follow at once, one line of undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, Protocol

from ctreview.anatomy import DenseCandidate
from ctreview.anatomy.candidates import Side
from ctreview.anatomy.lobes import LobeBorders
from ctreview.change import Candidate, Timepoint
from ctreview.change.tally import Tally
from ctreview.edits import Edit, LabelChange, Session, SessionGroup
from ctreview.edits.session_group import Listener
from ctreview.opacity import Thresholds
from ctreview.recipes.chest_ct.candidates import judged
from ctreview.recipes.chest_ct.changed_lobes import LOBE_EDITS, ChangedLobes
from ctreview.recipes.chest_ct.changed_lungs import (
    LUNG_EDITS,
    ChangedLungs,
    lung_edits,
    piece_beside_lungs,
    with_changed_lungs,
)
from ctreview.recipes.chest_ct.corrections import LOBES, OPACITY, STAYS_IN, Edits, canvas_of, carried_to, tools_of
from ctreview.review.journal import ReadingJournal
from ctreview.review.lobe_acts import carried_border, points_on_fissure
from ctreview.tools import Canvas, nearest_part, with_defaults
from ctreview.tools.kinds import STAYING
from ctreview.tools.organ_brush import ORGAN_BRUSH
from ctreview.tools.parts import BORDER_POINTS, COPY_BORDER
from ctreview.volume.labels import LabelMap
from ctreview.volume.transform import Transform

__all__ = ["Count", "OpacityReview", "ReviewedPair"]


class ReviewedPair(Protocol):
    """Two scans that can be corrected: `Prepared`, or what a study keeps of them."""

    @property
    def points(self) -> tuple[Timepoint, Timepoint]:
        """As the computer found them."""

    @property
    def transform(self) -> Transform | None:
        """Baseline to follow-up points."""

    @property
    def thresholds(self) -> tuple[Thresholds | None, Thresholds | None]:
        """Where opacity begins in each; None where that is not known."""


@dataclass(frozen=True, eq=False)
class Count:
    """Millilitres of scans whose lungs were changed.

    Attributes
    ----------
    acts : int
        After so many acts they were counted.
    tallies : mapping of int to Tally
        By the number of the scan.
    """

    acts: int
    tallies: Mapping[int, Tally]


class OpacityReview(SessionGroup):
    """The opacity of baseline (0) and follow-up (1) under correction.

    Parameters
    ----------
    prepared : ReviewedPair
        What the computer found.
    author : str
        Who works.
    journal : ReadingJournal
        What the reader did before, on this base or on one of other settings, and where acts are recorded.
    listener : callable, optional
        Told of every act, undo and redo.

    Attributes
    ----------
    sessions : tuple of Session
    journal : ReadingJournal
    """

    def __init__(
        self,
        prepared: ReviewedPair,
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
        self._lungs = tuple(ChangedLungs(point) for point in prepared.points)
        self._lobes = tuple(ChangedLobes(point) for point in prepared.points)
        super().__init__((self._session(0, before_it), self._session(1, before_it)), before_it, listener)
        self._changes = [self._anatomy_changes(number) for number in (0, 1)]
        self._stays_in_lobe = False
        self._canvases: dict[int, tuple[tuple[object, ...], Canvas]] = {}
        self._acts = 0
        self._tallies = [self._counted(0), self._counted(1)]
        self._uncounted: set[int] = set()

    @property
    def tallies(self) -> tuple[Tally, Tally]:
        """Millilitres per region as they stand; counted here where the lungs have changed since."""
        if self._uncounted:
            self.take_count(self.count())
        return self._tallies[0], self._tallies[1]

    @property
    def counted(self) -> bool:
        """Whether `tallies` are at hand: after the lungs were changed, all their parts are counted anew."""
        return not self._uncounted

    def count(self) -> Count:
        """Count what is not counted yet, which takes some seconds; another thread may call this."""
        return Count(self._acts, {number: self._counted(number) for number in tuple(self._uncounted)})

    def take_count(self, count: Count) -> bool:
        """Take what was counted; False where the reader has acted meanwhile."""
        if count.acts != self._acts:
            return False
        for number, tally in count.tallies.items():
            self._tallies[number] = tally
            self._uncounted.discard(number)
        return True

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
        image = point.volume.digest
        return judged(point.candidates, self.journal.of(image, OPACITY), image=image)

    @property
    def lung_changes(self) -> tuple[tuple[str, ...], ...]:
        """Ids of the records of baseline and follow-up that change the lungs and were not undone."""
        return tuple(tuple(edit.id for edit in lung_edits(session.applied)) for session in self.sessions)

    def lungs(self, number: int) -> LabelMap:
        """The lungs of a scan as they are by now."""
        return self._lungs[number].after(self.sessions[number].applied)

    def lobe_borders(self, number: int) -> LobeBorders | None:
        """Where the lobes of a scan border on each other by now; None where they were not looked for."""
        return self._lobes[number].borders(self.sessions[number].applied, self.lungs(number))

    def stay_in_lobe(self, stays: bool) -> None:
        """Let tools stay in the lobe that a gesture began in, or in the lung."""
        self._stays_in_lobe = stays
        for session in self.sessions:
            session.context = {STAYS_IN: LOBES} if stays else {}

    def piece_beside(
        self, number: int, place: Sequence[float], *, size_mm: float, side: Side | None = None
    ) -> DenseCandidate:
        """What a reader may take for lung around a place outside the lungs; see `piece_beside_lungs`."""
        volume = self.prepared.points[number].volume
        return piece_beside_lungs(volume, self.lungs(number), place, size_mm=size_mm, side=side)

    def act(self, number: int, kind: str, payload: Mapping[str, Any]) -> LabelChange:
        """Use a tool on a scan.

        Of a stroke of the lung brush, what is not given is filled in: the nearest lung, and as what dense voxels
        count, by where ground glass and consolidation begin in this scan halfway down gravity. Of points on a border
        the fissure is filled in, the nearest one, and each goes to the sheet near it. Of a border that is copied all
        but its name is.

        Raises
        ------
        EditDoesNotApply
            The tool has nothing to do there; nothing was recorded.
        OSError
            The edit could not be recorded; nothing was changed.
        """
        if kind == ORGAN_BRUSH:
            payload = {**self._lung_brush(number, payload), **payload}
        elif kind == BORDER_POINTS:
            payload = points_on_fissure(self.prepared.points[number], self.lobe_borders(number), payload)
        elif kind == COPY_BORDER:
            transform = self.prepared.transform
            to_own = None if transform is None else (transform.to_fixed, transform.to_moving)[number]
            payload = {**payload, **carried_border(self.lobe_borders(1 - number), to_own, payload["border"])}
        return super().act(number, kind, payload)

    def _lung_brush(self, number: int, payload: Mapping[str, Any]) -> dict[str, Any]:
        point, found = self.prepared.points[number], self.prepared.thresholds[number]
        filled: dict[str, Any] = {}
        if "part" not in payload:
            canvas = Canvas(point.volume, point.opacity, within=self.lungs(number), organ="lungs")
            filled["part"] = nearest_part(canvas, payload["points"][0], ("right_lung", "left_lung"))
        if payload["adds"] and found is not None:
            limits = {"ground_glass": found.ground_glass_hu, "consolidation": found.consolidation_hu}
            filled["classes"] = [{"label": key, "from_hu": round(hu, 1)} for key, hu in limits.items()]
        return filled

    def canvas(self, number: int) -> Canvas:
        """What the tools work on, with the labels as they stand."""
        lungs, lobes = self.lungs(number), None
        if self._stays_in_lobe:
            lobes = self._lobes[number].after(self.sessions[number].applied, lungs)
        known = self._canvases.get(number)
        if known is None or known[0] != (lungs, lobes):
            known = (lungs, lobes), canvas_of(self.prepared.points[number], lungs, lobes)
            self._canvases[number] = known
        return replace(known[1], labels=self.sessions[number].labels)

    def _session(self, number: int, edits: tuple[Edit, ...]) -> Session:
        point, points, transform = self.prepared.points[number], self.prepared.points, self.prepared.transform
        other = cache(partial(carried_to, points, number, transform))  # carried over when it is first asked for
        session = Session(
            point.opacity,
            target=OPACITY,
            image=point.volume.digest,
            handlers=tools_of(point, other=other, lungs=self._lungs[number], lobes=self._lobes[number]),
            author=self.author,
            record=self._record,
            complete_payload=with_defaults,
        )
        session.context_of = STAYING
        session.restore(edit for edit in edits if edit.image == session.image and edit.target == OPACITY)
        return session

    def _record(self, edit: Edit) -> None:
        self.journal.record(edit)
        self._known += 1

    def _follow(self, number: int, change: LabelChange) -> None:
        self._acts += 1
        changes = self._anatomy_changes(number)
        if changes != self._changes[number]:  # the lungs or lobes are others now, and all their parts
            self._changes[number] = changes
            self._uncounted.add(number)
        elif number not in self._uncounted:
            self._tallies[number].follow(change.before.start, change.before.labels, change.after.labels)
        super()._follow(number, change)

    def _anatomy_changes(self, number: int) -> tuple[str, ...]:
        """The records that change the lungs or lobes of a scan, by their ids."""
        return tuple(edit.id for edit in self.sessions[number].applied if edit.kind in LUNG_EDITS | LOBE_EDITS)

    def _counted(self, number: int) -> Tally:
        """Millilitres in the parts of the lungs as they are by now."""
        point, session = self.prepared.points[number], self.sessions[number]
        changed = with_changed_lungs(point, session.applied, self._lungs[number], self._lobes[number])
        return Tally(changed.regions, session.labels)
