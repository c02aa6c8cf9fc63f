"""Which numbers of muscle are compared between two examinations, and what may be said of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ctreview.change import VariedNumber, change_of, judge_number
from ctreview.checks import Check
from ctreview.recipes.muscle_mri.compared import MuscleChange
from ctreview.recipes.muscle_mri.settings import MuscleMriSettings, MuscleVerdictSettings

__all__ = ["NUMBERS", "ComparedNumber", "Subject", "compare_numbers"]

Subject = Literal["size", "fat", "stir", "stir_ratio", "t2"]
"""What a number is about: checks of two examinations concern one of these, or all."""


@dataclass(frozen=True)
class ComparedNumber:
    """A number that is compared.

    Attributes
    ----------
    unit : str
        In UCUM.
    subject : Subject
    least : float
        Smaller values at baseline have no change in per cent.
    in_points : bool
        Whether it is a share, whose change is given in points alone.
    """

    unit: str
    subject: Subject
    least: float = 0.0
    in_points: bool = False


NUMBERS: Mapping[str, ComparedNumber] = {
    "muscle_ml": ComparedNumber("mL", "size", least=5.0),
    "lean_ml": ComparedNumber("mL", "size", least=5.0),
    "mean_section_cm2": ComparedNumber("cm2", "size"),
    "muscle_ml_per_femur_cm": ComparedNumber("mL/cm", "size"),
    "section_per_bone": ComparedNumber("{ratio}", "size"),
    "fat_fraction_mean": ComparedNumber("%", "fat", in_points=True),
    "hot_ml": ComparedNumber("mL", "stir", least=5.0),
    "stir_ratio_median": ComparedNumber("{ratio}", "stir_ratio"),
    "water_t2_median": ComparedNumber("ms", "t2"),
}
"""In the order in which they are shown."""

Varied = Mapping[str, Mapping[str, VariedNumber]]


def compare_numbers(
    baseline: Varied,
    followup: Varied,
    checks: Mapping[Subject, Sequence[Check]],
    settings: MuscleMriSettings,
    *,
    whole: str = "both_thighs",
) -> tuple[MuscleChange, ...]:
    """Compare every number that both examinations have of a region.

    Parameters
    ----------
    baseline, followup : mapping of str to mapping of str to VariedNumber
        By region and key.
    checks : mapping of Subject to sequence of Check
        What concerns numbers about each.
    settings : MuscleMriSettings
    whole : str
        The region of both limbs together.
    """
    found = []
    for region in (name for name in baseline if name in followup):
        for key, about in NUMBERS.items():
            pair = baseline[region].get(key), followup[region].get(key)
            if pair[0] is not None and pair[1] is not None:
                found.append(_compared(region, key, about, (pair[0], pair[1]), checks[about.subject], whole, settings))
    return tuple(found)


def _compared(
    region: str,
    key: str,
    about: ComparedNumber,
    pair: tuple[VariedNumber, VariedNumber],
    checks: Sequence[Check],
    whole: str,
    settings: MuscleMriSettings,
) -> MuscleChange:
    draws = settings.interval.draws
    change = change_of(*pair, settings=draws)
    percent = None
    if not about.in_points and pair[0].value > about.least:
        percent = change_of(*pair, relative=True, settings=draws)
        percent = replace(percent, low=max(percent.low, -100.0))  # no amount falls below nothing
    larger = max(one.value for one in pair)
    repeatability, equivalence = _margins(key, about, larger, settings.verdict)
    concerned = [check for check in checks if check.concerns(region, whole)]
    verdict = judge_number(change, repeatability=repeatability, equivalence=equivalence, checks=concerned)
    return MuscleChange(region, key, about.unit, pair[0].value, pair[1].value, change, percent, verdict)


def _margins(key: str, about: ComparedNumber, larger: float, settings: MuscleVerdictSettings) -> tuple[float, float]:
    """What a change must exceed, and within what it is none, in the number's unit."""
    if about.subject == "fat":
        return settings.fat_points, settings.fat_equivalent_points
    if key == "hot_ml":
        return settings.hot_ml, settings.hot_equivalent_ml
    if about.subject == "size":
        least = settings.least_ml if about.unit == "mL" else 0.0
        shares = settings.size_percent, settings.size_equivalent_percent
        return max(least, shares[0] * larger / 100), max(least, shares[1] * larger / 100)
    return settings.signal_percent * larger / 100, settings.signal_equivalent_percent * larger / 100
