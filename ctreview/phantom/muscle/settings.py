"""Whose pelvis and thighs are made, what is wrong with the muscles, and how a second timepoint differs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from ctreview.dicom.acquisition import Patient
from ctreview.volume.geometry import Geometry

__all__ = [
    "ADULT_LEGS",
    "CHILD_LEGS",
    "Course",
    "FattyMuscle",
    "LegsSettings",
    "OedemaPatch",
    "later_legs",
]

_CHILD = Patient("CTREVIEW-MUSCLE-CHILD", "PHANTOM^MUSCLE CHILD", date(2017, 5, 20), "F")
_ADULT = Patient("CTREVIEW-MUSCLE-ADULT", "PHANTOM^MUSCLE ADULT", date(1984, 3, 2), "F")


@dataclass(frozen=True)
class FattyMuscle:
    """A group whose muscle is replaced by fat: ``fat_fraction`` on one side."""

    side: str
    group: str
    fat_fraction: float


@dataclass(frozen=True)
class OedemaPatch:
    """A ball of oedema within one group.

    Attributes
    ----------
    side, group : str
    height : float
        Of its middle: share of the femur's length from the knee.
    radius_mm : float
    t2_ms : float
        Of the water in it.
    """

    side: str
    group: str
    height: float
    radius_mm: float
    t2_ms: float = 60.0


@dataclass(frozen=True)
class LegsSettings:
    """A body and the grid on which it is known.

    Attributes
    ----------
    age_years : float
        For the header.
    femur_length_mm : float
        From the knee joint to the middle of the hip joint.
    thigh_radius_mm : float
        Half the width of the thigh inside its fascia, below the hip.
    subcutaneous_mm : float
        Mean thickness of the fat under the skin of the thigh.
    femur_radius_mm : float
        Half the width of the shaft.
    fat_fraction, t2_ms : float
        Of the water and fat, and of the water's transverse relaxation, in healthy muscle.
    marrow_fat_fraction : float
        A child's is part red.
    muscle_area : tuple of float
        Cross-section inside the fascia, right and left, over that of this body when healthy: below 1 for hypotrophy.
    septum_mm : float
        Thickness of the fat between two muscles.
    fatty : tuple of FattyMuscle
    oedema : tuple of OedemaPatch
    pelvis : bool
        Whether the grid reaches over the pelvis, or ends below the hip.
    lower_legs : bool
        Whether the body ends at the knee, and its lower legs are made instead of the rest.
    spacing : tuple of float
        Voxels in millimetres along axis 0 (head), 1 (posterior), 2 (left).
    shape : tuple of int, or None
        Of the grid; else as many as hold the body.
    geometry : Geometry or None
        The grid itself; then spacing and shape do not count.
    offset, turn_degrees
        Where the body lies on the couch: millimetres in LPS, and turned about the axis of the couch.
    anatomy_seed : int
        What is individual to this body; two timepoints share it.
    acquired : datetime or None
    patient : Patient
        An invented one.
    """

    age_years: float = 37.0
    femur_length_mm: float = 430.0
    thigh_radius_mm: float = 72.0
    subcutaneous_mm: float = 12.0
    femur_radius_mm: float = 14.0
    fat_fraction: float = 0.05
    t2_ms: float = 33.0
    marrow_fat_fraction: float = 0.88
    muscle_area: tuple[float, float] = (1.0, 1.0)
    septum_mm: float = 1.6
    fatty: tuple[FattyMuscle, ...] = ()
    oedema: tuple[OedemaPatch, ...] = ()
    pelvis: bool = True
    lower_legs: bool = False
    spacing: tuple[float, float, float] = (10.0, 1.4, 1.4)
    shape: tuple[int, int, int] | None = None
    geometry: Geometry | None = None
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    turn_degrees: float = 0.0
    anatomy_seed: int = 1
    acquired: datetime | None = datetime(2021, 9, 14, 11, 0)
    patient: Patient = field(default=_ADULT, repr=False)


ADULT_LEGS = LegsSettings()
"""An adult."""

CHILD_LEGS = LegsSettings(
    age_years=4.3,
    femur_length_mm=240.0,
    thigh_radius_mm=39.0,
    subcutaneous_mm=5.5,
    femur_radius_mm=8.0,
    fat_fraction=0.03,
    t2_ms=34.0,
    marrow_fat_fraction=0.72,
    septum_mm=0.9,
    spacing=(5.0, 1.0, 1.0),
    anatomy_seed=2,
    patient=_CHILD,
)
"""A thin four-year-old; sizes are assumed."""


@dataclass(frozen=True)
class Course:
    """What becomes of a body until the next timepoint.

    Attributes
    ----------
    growth : float
        Factor on every length.
    muscle_area : tuple of float
        Factor on the cross-section inside the fascia, right and left, beyond growth.
    fat_fraction_change : float
        Added to that of all muscle.
    fatty : tuple of FattyMuscle or None
    oedema : tuple of OedemaPatch or None
        Instead of those before; None leaves them.
    days : int
    offset, turn_degrees
        How the body lies then.
    """

    growth: float = 1.0
    muscle_area: tuple[float, float] = (1.0, 1.0)
    fat_fraction_change: float = 0.0
    fatty: tuple[FattyMuscle, ...] | None = None
    oedema: tuple[OedemaPatch, ...] | None = None
    days: int = 63
    offset: tuple[float, float, float] = (4.0, -6.0, 7.0)
    turn_degrees: float = 1.5


def later_legs(settings: LegsSettings, course: Course) -> LegsSettings:
    """The same body after some time."""
    acquired = settings.acquired
    return replace(
        settings,
        age_years=settings.age_years + course.days / 365.25,
        femur_length_mm=settings.femur_length_mm * course.growth,
        thigh_radius_mm=settings.thigh_radius_mm * course.growth,
        subcutaneous_mm=settings.subcutaneous_mm * course.growth,
        femur_radius_mm=settings.femur_radius_mm * course.growth,
        septum_mm=settings.septum_mm * course.growth,
        fat_fraction=settings.fat_fraction + course.fat_fraction_change,
        muscle_area=(
            settings.muscle_area[0] * course.muscle_area[0],
            settings.muscle_area[1] * course.muscle_area[1],
        ),
        fatty=settings.fatty if course.fatty is None else course.fatty,
        oedema=settings.oedema if course.oedema is None else course.oedema,
        offset=course.offset,
        turn_degrees=course.turn_degrees,
        acquired=None if acquired is None else datetime.fromordinal(acquired.toordinal() + course.days),
    )
