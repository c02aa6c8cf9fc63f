"""One number about a muscle, with its unit, and why it is missing where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["MuscleMeasurement"]


@dataclass(frozen=True)
class MuscleMeasurement:
    """One number of one region.

    Attributes
    ----------
    region : str
        ``"right_thigh"``, ``"left_thigh"``, ``"thigh"`` where the side is not known, ``"both_thighs"``, and the same
        of a ``lower_leg``; the key of a drawn group, ``"right_quadriceps"``, and ``"both_quadriceps"`` where it is
        drawn on both sides.
    key : str
        What it is, such as ``"muscle_ml"``.
    value : float or None
        None where it may not be given.
    unit : str
        In UCUM.
    reason : str
        Why there is no value; empty where there is one.
    caveats : tuple of str
        Names of the checks that limit it.
    """

    region: str
    key: str
    value: float | None
    unit: str
    reason: str = ""
    caveats: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "region": self.region,
            "key": self.key,
            "value": self.value,
            "unit": self.unit,
            "reason": self.reason,
            "caveats": list(self.caveats),
        }
