"""What a study's results rest on, so that opening it gives what was there and nothing else is filed into it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ctreview.study.shape import Kind, anything, flag, listed, mapping, number, optional, record, text

__all__ = ["PLAN", "PLAN_SCHEMA", "AnalysisPlan", "Difference"]

PLAN_SCHEMA = "ctreview.plan/2"

PLAN: Kind = record(
    {
        "recipe": text,
        "settings": mapping(anything),
        "age_years": optional(number),
        "allow_different_patients": flag,
        "images": listed(text),
        "version": text,
        "filed": flag,
    },
    {"same_patient": flag},
)
"""What a ``plan.json`` holds."""

_WITHOUT_EFFECT = frozenset({"threads"})
"""Settings that results do not depend on, at whatever depth they stand."""


@dataclass(frozen=True)
class Difference:
    """One point in which two plans differ.

    Attributes
    ----------
    name : str
        ``"images"``, ``"version"``, ``"age_years"`` …, or a setting as in ``"settings.verdict.level"``.
    kept, asked : object
        What the study holds, and what is asked for now; ready for JSON.
    """

    name: str
    kept: Any
    asked: Any

    def __str__(self) -> str:
        return f"{self.name} was {_shown(self.kept)}, now {_shown(self.asked)}"


@dataclass(frozen=True)
class AnalysisPlan:
    """What a recipe was given.

    Attributes
    ----------
    recipe : str
        Its name.
    settings : mapping
        Every setting, ready for JSON.
    age_years : float or None
        The age at baseline that the reader gave instead of the header's.
    allow_different_patients : bool
        Whether two patients were compared on purpose.
    same_patient : bool
        Whether somebody stated that both scans are of one patient although their ids differ.
    images : tuple of str
        `Volume.digest` of each timepoint's image, by its number from 1; empty where a timepoint is not there.
    version : str
        The ctreview that did it; empty where that was not kept.
    """

    recipe: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    age_years: float | None = None
    allow_different_patients: bool = False
    images: tuple[str, ...] = ()
    version: str = ""
    same_patient: bool = False

    def differences(self, kept: AnalysisPlan) -> tuple[Difference, ...]:
        """In what this plan differs from the one that a study keeps.

        A setting that only one of the two names is none: it came or went with a version, and the version is
        compared.
        """
        asked, there = self._rests_on(), kept._rests_on()
        return tuple(
            Difference(name, there[name], asked[name]) for name in asked if name in there and there[name] != asked[name]
        )

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of all that results depend on: what was made by an equal plan has this in its provenance."""
        rests_on = self._rests_on()
        if not self.same_patient:  # digests of plans that were written before it could be stated stay as they were
            rests_on.pop("same_patient")
        return hashlib.sha256(json.dumps(rests_on, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads."""
        return {**asdict(self), "settings": dict(self.settings), "images": list(self.images)}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> AnalysisPlan:
        """Read what `to_json` wrote."""
        return cls(
            recipe=str(plain["recipe"]),
            settings=plain["settings"],
            age_years=plain["age_years"],
            allow_different_patients=bool(plain["allow_different_patients"]),
            images=tuple(str(one) for one in plain["images"]),
            version=str(plain["version"]),
            same_patient=bool(plain.get("same_patient", False)),
        )

    def _rests_on(self) -> dict[str, Any]:
        """Every value by its name, as JSON gives it back."""
        plain = json.loads(json.dumps(self.to_json()))
        return {name: value for name, value in _leaves(plain) if name.rsplit(".", 1)[-1] not in _WITHOUT_EFFECT}


def _leaves(plain: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in plain.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _shown(value: Any) -> str:
    return "unknown" if value in ("", []) else json.dumps(value)
