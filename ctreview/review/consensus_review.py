"""A consensus while it is being made: differences of two readings, each decided once and recorded at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from ctreview.edits import REDO, UNDO, Edit, LabelChange, Session, SessionGroup, active_edits
from ctreview.errors import WrongUse
from ctreview.progress import Progress, quiet
from ctreview.recipes.chest_ct.corrections import OPACITY
from ctreview.review.consensus import SIDES, ReadingDifference, Side, acts_of_decision, read_differences
from ctreview.review.journal import ReadingJournal
from ctreview.review.readings import find_reading
from ctreview.review.replay import CorrectedScan
from ctreview.study import Study
from ctreview.tools import Canvas, handlers
from ctreview.tools.decide import DECIDE
from ctreview.tools.packed_mask import PackedMask

__all__ = ["ComparedReadings", "ConsensusReview", "compare_readings"]

_OWN = frozenset({DECIDE, UNDO, REDO})


@dataclass(frozen=True, eq=False)
class ComparedReadings:
    """Two readings of one study beside each other.

    Attributes
    ----------
    names : tuple of str
        Their readers.
    acts : tuple of Edit
        Those of the first, which the consensus begins with.
    scans : tuple of (CorrectedScan, CorrectedScan)
        Each scan as either reader left it.
    differences : tuple of ReadingDifference
        The largest first.
    """

    names: tuple[str, str]
    acts: tuple[Edit, ...]
    scans: tuple[tuple[CorrectedScan, CorrectedScan], ...]
    differences: tuple[ReadingDifference, ...]


def compare_readings(study: Study, first: str, second: str, *, progress: Progress = quiet) -> ComparedReadings:
    """Replay two readings of a study; parameters and errors are those of `read_differences`."""
    one, other, differences = read_differences(study, first, second, progress=progress)
    acts = find_reading(study, first).edits()
    return ComparedReadings((first, second), acts, tuple(zip(one, other, strict=True)), differences)


class ConsensusReview(SessionGroup):
    """The opacity of each scan as the first reader left it, with what was decided since.

    Parameters
    ----------
    compared : ComparedReadings
    author : str
        Who decides.
    journal : ReadingJournal
        Of the consensus: empty, or as it was left. It gets the acts of the first reader before all others.
    listener : callable, optional
        Told the number of the scan and what changed.

    Attributes
    ----------
    sessions : tuple of Session
        One for each scan.

    Raises
    ------
    WrongUse
        The journal holds something else than decisions on the first reading.
    """

    def __init__(
        self,
        compared: ComparedReadings,
        *,
        author: str,
        journal: ReadingJournal,
        listener: Callable[[int, LabelChange], None] | None = None,
    ) -> None:
        self.compared, self.author, self._journal = compared, author, journal
        own = _own(compared.acts, tuple(journal))
        for edit in compared.acts[len(journal) :]:  # all of them, or what a full disk left out
            journal.record(edit)
        sessions = [self._session(first, own) for first, _ in compared.scans]
        super().__init__(sessions, own, listener)
        self._timepoints = [first.number for first, _ in compared.scans]
        self._standing = _decisions(active_edits(own))
        self._taken_back: list[int] = []

    def canvas(self, number: int) -> Canvas:
        """The scan with what was decided so far."""
        return Canvas(self.compared.scans[number][0].timepoint.volume, self.sessions[number].labels)

    def difference(self, number: int) -> ReadingDifference:
        """A difference by its number."""
        return self.compared.differences[number - 1]

    def decision(self, number: int) -> Side | None:
        """What was decided of a difference; None where nothing was.

        Where one reader has nothing there, neither is the same as that one.
        """
        difference = self.difference(number)
        scan = self._timepoints.index(difference.timepoint)
        if not any(self._number_of(edit) == number for edit in self.sessions[scan].applied):
            return None
        now = self.sessions[scan].array[difference.box][difference.where]
        for side, corrected in zip(SIDES, self.compared.scans[scan], strict=False):
            if np.array_equal(now, corrected.opacity.array[difference.box][difference.where]):
                return side
        return "neither"

    @property
    def undecided(self) -> tuple[int, ...]:
        """Numbers of the differences that are left."""
        numbers = (difference.number for difference in self.compared.differences)
        return tuple(number for number in numbers if self.decision(number) is None)

    def decide(self, number: int, side: Side) -> None:
        """Decide a difference, or decide it otherwise.

        Raises
        ------
        OSError
            It could not be recorded.
        """
        difference = self.difference(number)
        scan = self._timepoints.index(difference.timepoint)
        payloads = acts_of_decision(difference, side, self.compared.scans[scan])
        done = 0
        try:
            for payload in payloads:
                self.act(scan, DECIDE, payload)
                done += 1
        except OSError:
            self._forget_half(done)
            raise
        self._standing.append(done)
        self._taken_back.clear()

    def _forget_half(self, done: int) -> None:
        """Take back what was recorded of a decision; where that fails as well, the next undo does."""
        if done:
            self._standing.append(done)
            with suppress(OSError):
                self.undo()
            self._taken_back.clear()

    def undo(self) -> tuple[int, LabelChange] | None:
        """Take back the last decision, with all its acts."""
        return self._move(self._standing, self._taken_back, super().undo)

    def redo(self) -> tuple[int, LabelChange] | None:
        """Bring back the decision that was taken back last."""
        return self._move(self._taken_back, self._standing, super().redo)

    @staticmethod
    def _move(
        take: list[int], give: list[int], step: Callable[[], tuple[int, LabelChange] | None]
    ) -> tuple[int, LabelChange] | None:
        if not take:
            return None
        found = None
        for _ in range(take[-1]):
            found = step()
        give.append(take.pop())
        return found

    def _session(self, first: CorrectedScan, own: Iterable[Edit]) -> Session:
        volume, opacity = first.timepoint.volume, first.opacity
        session = Session(
            opacity,
            target=OPACITY,
            image=volume.digest,
            handlers={DECIDE: handlers(Canvas(volume, opacity))[DECIDE]},
            author=self.author,
            record=self._journal.record,
        )
        session.restore(edit for edit in own if edit.image == volume.digest)
        return session

    def _number_of(self, edit: Edit) -> int | None:
        """Which difference an act decides."""
        mask = _mask(edit)
        for difference in self.compared.differences:
            scan = self.compared.scans[self._timepoints.index(difference.timepoint)][0].timepoint.volume
            if scan.digest == edit.image and mask.box == difference.box:
                where = mask.unpacked(scan.geometry.shape)
                if not np.any(where & ~difference.where):
                    return difference.number
        return None


def _own(first: tuple[Edit, ...], journal: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """The decisions in a journal that begins as the first reader's.

    Raises
    ------
    WrongUse
        It does not, or it holds other acts as well.
    """
    if not journal:
        return ()
    if journal == first[: len(journal)]:
        return ()
    own = [edit for edit in journal if edit.id not in {one.id for one in first}]
    if len(own) + len(first) != len(journal) or any(edit.kind not in _OWN for edit in own):
        raise WrongUse(
            "this reading holds work that is no decision on these two readings",
            remedy="Open it by itself to go on with it, or name another reader for the consensus.",
        )
    return tuple(own)


def _decisions(acts: Iterable[Edit]) -> list[int]:
    """Of how many acts each decision consists: acts of one decision share a box and no voxel."""
    sizes: list[int] = []
    box, taken = None, None
    for act in acts:
        mask = _mask(act)
        where = mask.unpacked([span.stop for span in mask.box])
        if taken is not None and (act.image, mask.box) == box and not np.any(taken & where):
            sizes[-1] += 1
            taken = taken | where
        else:
            sizes.append(1)
            box, taken = (act.image, mask.box), where
    return sizes


def _mask(edit: Edit) -> PackedMask:
    plain = edit.payload["mask"]
    (a, b, c), (d, e, f) = plain["start"], plain["shape"]
    return PackedMask((a, b, c), (d, e, f), plain["bits"])
