"""Decisions about the quality of cases: who accepted or rejected which, when, why, and whether they were blinded.

The log only grows; the last word of a reader about a case counts. What was decided blinded is frozen before the blind
is lifted: later decisions are noted as such and never replace it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from ctreview.errors import UnreadableFile, WrongUse
from ctreview.volume.atomic import atomic_path

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Decision", "QualityDecision", "QualityLog"]

Decision = Literal["accepted", "rejected", "open"]
"""``open`` takes an earlier decision back."""


@dataclass(frozen=True)
class QualityDecision:
    """What a reader decided about a case.

    Attributes
    ----------
    case : str
    key : str
        That of the result which was looked at: a result that was computed anew has to be looked at anew.
    reader : str
    decision : str
        ``"accepted"``, ``"rejected"`` or ``"open"``.
    comment : str
    blinded : bool
    reading : int
        2 where the case was shown a second time, to see whether the reader agrees with himself.
    when : str
        UTC.
    """

    case: str
    key: str
    reader: str
    decision: Decision
    comment: str = ""
    blinded: bool = False
    reading: int = 1
    when: str = ""

    def __post_init__(self) -> None:
        if self.decision not in get_args(Decision) or self.reading not in (1, 2):
            raise WrongUse("a case is accepted, rejected or open, at a first or a second reading")


class QualityLog:
    """The decisions of a cohort, in ``quality/decisions.jsonl`` of its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "quality"
        self._file = self.folder / "decisions.jsonl"
        self._seal = self.folder / "frozen.json"

    def record(self, decision: QualityDecision) -> None:
        """Add a decision.

        Raises
        ------
        WrongUse
            It is blinded, and the blind has been lifted.
        """
        if decision.blinded and self.frozen:
            raise WrongUse("blinded decisions were frozen when the blind was lifted", where=self.folder)
        stamped = {**asdict(decision), "when": datetime.now(UTC).isoformat(timespec="seconds")}
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(stamped, ensure_ascii=False) + "\n")
            file.flush()

    def decisions(self) -> tuple[QualityDecision, ...]:
        """Every decision, in their order.

        Raises
        ------
        UnreadableFile
            A line is broken, other than the last, which a kill may have cut short.
        """
        if not self._file.exists():
            return ()
        lines = self._file.read_text(encoding="utf-8").splitlines()
        found = []
        for number, line in enumerate(lines, 1):
            try:
                found.append(QualityDecision(**json.loads(line)))
            except (ValueError, TypeError) as error:
                if number < len(lines):
                    raise UnreadableFile(f"line {number} is no decision", where=self._file) from error
        return tuple(found)

    def standing(self) -> dict[tuple[str, str, int, bool], QualityDecision]:
        """The last decision by case, reader, reading, and whether it was blinded; those taken back are left out."""
        last = {(one.case, one.reader, one.reading, one.blinded): one for one in self.decisions()}
        return {key: one for key, one in last.items() if one.decision != "open"}

    @property
    def frozen(self) -> bool:
        """Whether the blind has been lifted."""
        return self._seal.exists()

    @property
    def waits_for_unblinding(self) -> bool:
        """Whether cases were decided blinded and the blind has not been lifted."""
        return not self.frozen and any(one.blinded for one in self.decisions())

    def freeze(self) -> None:
        """Freeze what was decided blinded, by its digest."""
        if self.frozen:
            return
        with atomic_path(self._seal) as draft:
            draft.write_text(json.dumps({"sha256": self._digest(), "when": _now()}) + "\n", encoding="utf-8")

    def require_as_frozen(self) -> None:
        """Refuse a log whose blinded decisions are not those that were frozen.

        Raises
        ------
        UnreadableFile
            They were changed since.
        """
        if self.frozen and json.loads(self._seal.read_text(encoding="utf-8"))["sha256"] != self._digest():
            raise UnreadableFile(
                "the blinded decisions are not those that were frozen before the blind was lifted",
                where=self._file,
                remedy="Restore the file from a copy.",
            )

    def _digest(self) -> str:
        blinded = [asdict(one) for one in self.decisions() if one.blinded]
        return hashlib.sha256(json.dumps(blinded, sort_keys=True).encode()).hexdigest()

    def exclusions(self, failed: Mapping[str, str] | None = None) -> pd.DataFrame:
        """The exclusion log: what is not to be analysed, who said so, when, why, and whether blinded.

        Parameters
        ----------
        failed : mapping of str to str, optional
            Cases without a result and why; they stand in the log too, by ``ctreview``.
        """
        import pandas as pd  # noqa: PLC0415 - heavy, and only tables need it

        rows: list[dict[str, str | bool | None]] = [
            {"case": case, "who": "ctreview", "when": None, "why": why, "blinded": None}
            for case, why in (failed or {}).items()
        ]
        rows += [
            {"case": one.case, "who": one.reader, "when": one.when, "why": one.comment, "blinded": one.blinded}
            for one in self.standing().values()
            if one.decision == "rejected" and one.reading == 1
        ]
        return pd.DataFrame(rows, columns=["case", "who", "when", "why", "blinded"])

    def self_agreement(self, reader: str) -> tuple[int, int]:
        """Of how many cases that a reader saw twice the decision was the same, and how many there were."""
        first, second = ({}, {})  # type: dict[str, str], dict[str, str]
        for one in self.standing().values():
            if one.reader == reader:
                (first, second)[one.reading - 1][one.case] = one.decision
        both = sorted(first.keys() & second.keys())
        return sum(first[case] == second[case] for case in both), len(both)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def shown_twice(cases: Sequence[str], share: float, seed: int) -> tuple[str, ...]:
    """A random share of cases, always the same for one seed."""
    wanted = round(share * len(cases))
    return tuple(sorted(_by_chance(cases, seed)[:wanted]))


def _by_chance(cases: Iterable[str], seed: int) -> list[str]:
    return sorted(cases, key=lambda case: hashlib.sha256(f"{seed} {case}".encode()).digest())
