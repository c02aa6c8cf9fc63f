"""Visual scores in a reading: what is proposed, what the reader confirms or gives, and how two readers agree."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from ctreview.change.agreement import intraclass_correlation, weighted_kappa
from ctreview.errors import UnreadableFile, WrongUse
from ctreview.study import Grade, Reading

__all__ = ["ScoreAgreement", "compare_grades", "confirm", "proposals", "recorded"]

TIMEPOINTS = {1: "baseline", 2: "followup"}


@dataclass(frozen=True)
class ScoreAgreement:
    """How two readers agree on a score.

    Attributes
    ----------
    score : str
        Its key.
    items : int
        Items that both graded, over all timepoints. Items of one patient are no independent cases.
    kappa : float or None
        `weighted_kappa` (quadratic); None below two items and where nothing varies.
    icc : float or None
        ICC(2,1) of the same grades.
    """

    score: str
    items: int
    kappa: float | None
    icc: float | None

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def proposals(reading: Reading) -> dict[tuple[str, int, str, str], tuple[float, float]]:
    """What was proposed for a reading: value and highest value, by score, timepoint, region and item.

    Raises
    ------
    UnreadableFile
        The reading has no ``comparison/scores.json`` yet.
    """
    path = reading.comparison_folder / "scores.json"
    if not path.is_file():
        raise UnreadableFile(
            "there are no proposed scores of this reading", where=path, remedy="Save the reading, which writes them."
        )
    document = json.loads(path.read_text(encoding="utf-8"))
    return {
        (score["key"], timepoint, item["region"], item["name"]): (item["value"], item["highest"])
        for timepoint, name in TIMEPOINTS.items()
        for score in document[name]["scores"]
        for item in score["items"]
    }


def recorded(grades: Sequence[Grade]) -> dict[tuple[str, str, str, str], float]:
    """What a reader recorded, as the page takes it: by score, scan, region and name of the item."""
    return {(one.score, TIMEPOINTS[one.timepoint], one.region, one.item): one.value for one in grades}


def confirm(
    reading: Reading, score: str, *, timepoint: int, given: Mapping[tuple[str, str], float] | None = None
) -> tuple[Grade, ...]:
    """Record a reader's grades of a score: what was proposed, but for what the reader gives otherwise.

    Parameters
    ----------
    reading : Reading
    score : str
        Its key, such as ``"jdm_ild"``.
    timepoint : int
        From 1.
    given : mapping of (region, item) to float, optional

    Raises
    ------
    WrongUse
        No such score or item was proposed, or a grade is higher than there is.
    AlreadySigned
        The reading is signed.
    """
    known = {place[2:]: value for place, value in proposals(reading).items() if place[:2] == (score, timepoint)}
    if not known:
        raise WrongUse(f"no score {score!r} is proposed at timepoint {timepoint}", where=reading.folder)
    given = given or {}
    for place, value in given.items():
        if place not in known or not 0 <= value <= known[place][1]:
            raise WrongUse(
                f"{value:g} is no grade of {' '.join(place)} in {score}",
                remedy="; ".join(f"{region} {item} 0–{top:g}" for (region, item), (_, top) in known.items()),
            )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    grades = tuple(
        Grade(score, timepoint, *place, float(given.get(place, proposed)), now, proposed)
        for place, (proposed, _) in known.items()
    )
    reading.write_grades(grades)
    return grades


def compare_grades(first: Sequence[Grade], second: Sequence[Grade]) -> tuple[ScoreAgreement, ...]:
    """How two readers agree on each score that both graded."""
    others = {grade.place: grade.value for grade in second}
    pairs: dict[str, list[tuple[float, float]]] = {}
    for grade in first:
        if grade.place in others:
            pairs.setdefault(grade.score, []).append((grade.value, others[grade.place]))
    found = []
    for score, values in pairs.items():
        one, other = ([pair[side] for pair in values] for side in (0, 1))
        enough = len(values) > 1
        found.append(
            ScoreAgreement(
                score,
                len(values),
                weighted_kappa(one, other) if enough else None,
                intraclass_correlation(one, other) if enough else None,
            )
        )
    return tuple(found)
