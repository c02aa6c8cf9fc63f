"""How the timepoints of a study are worked on, so that opening it gives what was there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["PLAN_SCHEMA", "Plan"]

PLAN_SCHEMA = "ctreview.plan/1"


@dataclass(frozen=True)
class Plan:
    """What a recipe was given beside the images.

    Attributes
    ----------
    recipe : str
        Its name.
    settings : mapping
        Ready for JSON.
    age_years : float or None
        The age at baseline that the reader gave instead of the header's.
    allow_different_patients : bool
        Whether two patients were compared on purpose.
    """

    recipe: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    age_years: float | None = None
    allow_different_patients: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads."""
        return {
            "recipe": self.recipe,
            "settings": dict(self.settings),
            "age_years": self.age_years,
            "allow_different_patients": self.allow_different_patients,
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Plan:
        """Read what `to_json` wrote."""
        return cls(
            recipe=str(plain["recipe"]),
            settings=plain["settings"],
            age_years=plain["age_years"],
            allow_different_patients=bool(plain["allow_different_patients"]),
        )
