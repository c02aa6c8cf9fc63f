"""Tissues of muscle MRI as they were found, under correction, beside the regions that a reader draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ctreview.edits import Edit, LabelChange, Session, SessionGroup
from ctreview.errors import CtreviewError, WrongUse
from ctreview.muscle.carried_groups import GroupedLimbs, carry_groups, mirror_groups
from ctreview.muscle.femur import Femur, stated_femur
from ctreview.muscle.groups import GROUP_SCHEME, GROUP_TARGET, GROUPS, group_canvas, no_groups, without_empty
from ctreview.muscle.limb_segment import is_limb
from ctreview.muscle.maps.stir_reference import ReferenceBall, propose_reference
from ctreview.muscle.scheme import TISSUE_SCHEME, TISSUES, LimbSide, tissue_key
from ctreview.progress import Progress, part, quiet
from ctreview.recipes.muscle_mri import (
    MuscleChange,
    MuscleMriComparison,
    MuscleMriResult,
    MuscleMriSettings,
    compare_muscle,
    measure_muscle,
)
from ctreview.recipes.muscle_mri.corrected import measured_again
from ctreview.recipes.muscle_mri.maps import covered_by, fat_suppressed
from ctreview.recipes.muscle_mri.referenced import with_stir_reference, without_stir_reference
from ctreview.recipes.muscle_mri.registering import RegisteredLimbs, register_limbs
from ctreview.review.journal import ReadingJournal
from ctreview.review.regions import RegionReview
from ctreview.tools import Canvas, handlers
from ctreview.volume.contrasts import Examination
from ctreview.volume.labels import LabelMap, Scheme

__all__ = [
    "TISSUE",
    "FemurEnd",
    "FoundMuscle",
    "MeasuredExaminations",
    "MuscleReview",
    "changes_of_limbs",
    "find_muscle",
]

TISSUE = "tissue"
"""What edits call the label map of tissues."""

_FEMUR, _REFERENCE = "muscle.femur", "muscle.stir_reference"
"""What the records call the ends of the femur, and the reference of STIR."""

FemurEnd = Literal["knee", "hip"]


@dataclass(frozen=True, eq=False)
class FoundMuscle:
    """What the computer found in the examinations of a patient.

    Attributes
    ----------
    examinations : tuple of Examination
    scans : tuple of MuscleMriResult
        Of each.
    registered : RegisteredLimbs or None
        Of two; None where they are not to be compared.
    settings : MuscleMriSettings
        By which.
    """

    examinations: tuple[Examination, ...]
    scans: tuple[MuscleMriResult, ...]
    registered: RegisteredLimbs | None
    settings: MuscleMriSettings


@dataclass(frozen=True, eq=False)
class MeasuredExaminations:
    """What is measured with a reader's corrections.

    Attributes
    ----------
    scans : tuple of MuscleMriResult
    comparison : MuscleMriComparison or None
        Of two that may be compared.
    """

    scans: tuple[MuscleMriResult, ...]
    comparison: MuscleMriComparison | None


def changes_of_limbs(compared: MuscleMriComparison) -> tuple[MuscleChange, ...]:
    """How the volume of muscle changed, the whole first; of drawn groups nothing."""
    return tuple(one for one in compared.changes if one.key == "muscle_ml" and is_limb(one.region))


def find_muscle(
    examinations: Sequence[Examination],
    *,
    known: FoundMuscle | None = None,
    compared: bool = True,
    settings: MuscleMriSettings | None = None,
    progress: Progress = quiet,
) -> FoundMuscle:
    """Find the tissues of one examination or of two, and lay those over each other.

    Parameters
    ----------
    examinations : sequence of Examination
    known : FoundMuscle, optional
        What was found before: it stands where examination and settings are the same.
    compared : bool
        Whether two are to be compared: not where they are known to be of two patients.
    settings : MuscleMriSettings, optional

    Raises
    ------
    CtreviewError
        As `measure_muscle`.
    """
    settings = settings or MuscleMriSettings()
    share = 0.8 / len(examinations)
    before = (
        {} if known is None or known.settings != settings else dict(zip(known.examinations, known.scans, strict=True))
    )
    scans = []
    for number, images in enumerate(examinations):
        own = part(progress, number * share, (number + 1) * share)
        scans.append(before.get(images) or measure_muscle(images, settings=settings, progress=own))
    registered = None
    if len(scans) == 2 and compared:
        registered = _known_registration(known, scans)
        if registered is None:
            registered = register_limbs(*scans, settings=settings, progress=part(progress, 0.8, 1.0))
    return FoundMuscle(tuple(examinations), tuple(scans), registered, settings)


def _known_registration(known: FoundMuscle | None, scans: Sequence[MuscleMriResult]) -> RegisteredLimbs | None:
    """How the same two were laid over each other before."""
    same = known is not None and len(known.scans) == 2 and all(a is b for a, b in zip(known.scans, scans, strict=True))
    return known.registered if known is not None and same else None


class MuscleReview(RegionReview):
    """Tissues, groups of muscles and regions of one examination or of two, with one line of undo.

    Sessions are the regions of each examination, then the tissues of each, then the groups of each. Groups are drawn
    on the image that tissue is told by, inside the fascia as it was found, so that their records mean the same to
    `measure_muscle`.

    Parameters
    ----------
    examinations : sequence of Examination
    found : FoundMuscle
        What was found in them.
    timepoints, author, journal, listener
        As of `RegionReview`; the listener is told the number of the session.
    """

    def __init__(
        self,
        examinations: Sequence[Examination],
        found: FoundMuscle,
        *,
        author: str,
        timepoints: Sequence[int] = (),
        journal: ReadingJournal,
        listener: Callable[[int, LabelChange], None] | None = None,
    ) -> None:
        self.found = found
        self._ends: dict[str, dict[str, float]] = {}
        self._references: dict[str, ReferenceBall] = {}
        for edit in journal:
            if edit.target == _FEMUR:
                self._ends.setdefault(edit.image, {})[str(edit.payload["end"])] = float(edit.payload["z_mm"])
            elif edit.target == _REFERENCE:
                self._references[edit.image] = _ball(edit.payload)
        self._referenced: dict[tuple[int, ReferenceBall], MuscleMriResult] = {}
        self._groups = tuple(group_canvas(scan.image, scan.labels) for scan in found.scans)
        super().__init__(examinations, author=author, timepoints=timepoints, journal=journal, listener=listener)

    @property
    def tissues(self) -> tuple[Session, ...]:
        """The tissues of each examination."""
        return self.sessions[len(self.examinations) : 2 * len(self.examinations)]

    @property
    def groups(self) -> tuple[Session, ...]:
        """The groups of muscles of each examination."""
        return self.sessions[2 * len(self.examinations) :]

    def tissue_number(self, number: int) -> int:
        """The number of the session that holds the tissues of an examination."""
        return len(self.examinations) + number

    def group_number(self, number: int) -> int:
        """The number of the session that holds the groups of an examination."""
        return 2 * len(self.examinations) + number

    def look_at(self, number: int, contrast: str) -> None:
        """Let the tools work on the contrast with this digest."""
        super().look_at(number, contrast)
        self.tissues[number].context = {"contrast": contrast}

    def canvas(self, number: int) -> Canvas:
        """What the tools work on in a session, with its labels as they stand."""
        session = self.sessions[number]
        if session.target == GROUP_TARGET:
            return replace(self._groups[self._examination(number)], labels=session.labels)
        contrast = str(session.context["contrast"])
        return Canvas(self._image(self._examination(number), contrast, session.base.geometry), session.labels)

    def measured(self) -> MeasuredExaminations:
        """What is measured with tissues and regions as they stand; of a `snapshot` another thread may ask this."""
        scans = tuple(self._measured(number) for number in range(len(self.found.scans)))
        registered, settings = self.found.registered, self.found.settings
        if registered is None:
            return MeasuredExaminations(scans, None)
        before, after = scans  # whose they are was looked at when they were loaded
        compared = compare_muscle(before, after, same_patient=True, registered=registered, settings=settings)
        return MeasuredExaminations(scans, compared)

    def _measured(self, number: int) -> MuscleMriResult:
        scan, tissue = self.referenced(number), self.tissues[number]
        labels = LabelMap(tissue.array.copy(), tissue.base.geometry, TISSUE_SCHEME, scan.labels.checks)
        groups = without_empty(self._drawn_groups(number))
        given = groups if len(groups.scheme) else None
        femur = self._femur(number)
        return measured_again(scan, labels, groups=given, femur=femur, settings=self.found.settings.measures)

    # --- femurs

    def set_femur_end(self, number: int, end: FemurEnd, z_mm: float) -> None:
        """Say where the femurs of an examination end, LPS millimetres; they are known once both ends are.

        Raises
        ------
        OSError
            It could not be put down; the end is where it was.
        WrongUse
            No femur is so short as one with this end and the other, or it is no number.
        """
        ends = {**self.femur_ends(number), end: float(z_mm)}
        _stated(ends)
        self._put_down(number, "femur_end", _FEMUR, {"end": end, "z_mm": float(z_mm)})
        self._ends = {**self._ends, self.drawn[number].image: ends}

    def femur_ends(self, number: int) -> dict[str, float]:
        """What the reader said of the femurs of an examination, by ``"knee"`` and ``"hip"``."""
        return dict(self._ends.get(self.drawn[number].image, {}))

    def _femur(self, number: int) -> Femur | None:
        return _stated(self.femur_ends(number))

    # --- the reference of STIR

    def stir_reference(self, number: int) -> ReferenceBall | None:
        """Where the reader takes muscle of an examination to be healthy; None until that was confirmed."""
        return self._references.get(self.drawn[number].image)

    def referenced(self, number: int, ball: ReferenceBall | None = None) -> MuscleMriResult:
        """An examination as it was found, with its STIR over a reference; another thread may ask this.

        Parameters
        ----------
        number : int
        ball : ReferenceBall, optional
            The one that the reader confirmed if not given; the examination as it was found where there is none.

        Raises
        ------
        InputRefused, WrongUse
            As `with_stir_reference`; where the reader's own no longer applies, a check says so instead.
        """
        chosen, scan = ball or self.stir_reference(number), self.found.scans[number]
        if chosen is None:
            return scan
        key = number, chosen
        if key not in self._referenced:
            try:
                self._referenced[key] = with_stir_reference(scan, chosen)
            except CtreviewError as reason:
                if ball is not None:
                    raise
                self._referenced[key] = without_stir_reference(scan, reason.found)
        return self._referenced[key]

    def propose_in_group(self, number: int, group: str, radius_mm: float) -> ReferenceBall | None:
        """The darkest even place of STIR within a group that the reader drew; None where no such ball fits."""
        scan, drawn = self.found.scans[number], self._drawn_groups(number).mask(group)
        alignment, stir = scan.alignments.get("STIR"), fat_suppressed(scan.images)
        if alignment is None or stir is None:
            return None
        covered = covered_by(stir, alignment, scan.labels.geometry)
        return propose_reference(alignment.volume, drawn, covered, radius_mm=radius_mm)

    def confirm_stir_reference(self, number: int, ball: ReferenceBall) -> None:
        """Put down where the reader takes muscle to be healthy; whether it can be is asked of `referenced` before.

        Raises
        ------
        OSError
            It could not be put down; the reference is what it was.
        """
        self._put_down(number, "stir_reference", _REFERENCE, ball.to_dict())
        self._references = {**self._references, self.drawn[number].image: _ball(ball.to_dict())}

    # --- groups

    def groups_from_other_side(self, number: int, side: LimbSide, *, progress: Progress = quiet) -> LabelMap:
        """Propose the groups of one side of an examination on the other; of a `snapshot` another thread may ask this.

        Raises
        ------
        WrongUse
            It does not show both sides.
        """
        limbs = self._limbs(number)
        return mirror_groups(limbs, self._drawn_groups(number), drawn_on=side, progress=progress)

    def groups_from_other_date(self, number: int, *, progress: Progress = quiet) -> LabelMap:
        """Propose the groups of the other examination on one; of a `snapshot` another thread may ask this.

        Raises
        ------
        WrongUse
            There is no other one, or they have no limb in common.
        """
        if len(self.found.scans) < 2:
            raise WrongUse("there is no other examination to take groups from")
        other = 1 - number
        return carry_groups(self._limbs(other), self._drawn_groups(other), self._limbs(number), progress=progress)

    def _limbs(self, number: int) -> GroupedLimbs:
        scan = self.found.scans[number]
        return GroupedLimbs(scan.image, scan.tissue)

    def _drawn_groups(self, number: int) -> LabelMap:
        session = self.groups[number]
        return LabelMap(session.array.copy(), session.base.geometry, GROUP_SCHEME)

    def _further_sessions(self, journal: Sequence[Edit]) -> Sequence[Session]:
        numbers = range(len(self.found.scans))
        return [
            *(self._tissue(number, self.found.scans[number], journal) for number in numbers),
            *(self._group(number, self.found.scans[number], journal) for number in numbers),
        ]

    def _group(self, number: int, found: MuscleMriResult, journal: Sequence[Edit]) -> Session:
        base = replace(no_groups(found.labels.geometry), scheme=_of_sides(self.found.scans, GROUP_SCHEME, GROUPS))
        return self._restored(base, GROUP_TARGET, found.image.digest, handlers(self._groups[number]), journal)

    def _tissue(self, number: int, found: MuscleMriResult, journal: Sequence[Edit]) -> Session:
        base = replace(found.labels, scheme=_of_sides(self.found.scans, TISSUE_SCHEME, TISSUES))
        return self._restored(base, TISSUE, found.image.digest, self._handlers(number, base.geometry), journal)

    def _examination(self, number: int) -> int:
        return number % len(self.examinations)

    def _follow(self, number: int, change: LabelChange) -> None:
        if number < len(self.examinations):
            super()._follow(number, change)
        else:
            SessionGroup._follow(self, number, change)


def _ball(payload: Mapping[str, Any]) -> ReferenceBall:
    """The reference of a record."""
    x, y, z = (float(part) for part in payload["centre_mm"])
    return ReferenceBall((x, y, z), float(payload["radius_mm"]))


def _stated(ends: Mapping[str, float]) -> Femur | None:
    """The femur that a reader states; None while one of its ends is missing."""
    return stated_femur(ends["knee"], ends["hip"]) if {"knee", "hip"} <= ends.keys() else None


def _of_sides(results: Sequence[MuscleMriResult], scheme: Scheme, names: Sequence[str]) -> Scheme:
    """The labels of the limbs that are imaged, those of both sides beside each other."""
    sides = dict.fromkeys(side for result in results for side in result.tissue.sides)
    return Scheme(tuple(scheme[tissue_key(name, side)] for name in names for side in sides))
