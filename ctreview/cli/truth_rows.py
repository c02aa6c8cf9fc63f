"""What a demo measured beside what is true of its phantom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctreview.change import Interval

__all__ = ["TrueChange"]


@dataclass(frozen=True)
class TrueChange:
    """A true number at both dates, beside the interval that was measured for its change, if any."""

    before: float
    after: float
    interval: Interval | None

    @property
    def change(self) -> float:
        """Follow-up minus baseline."""
        return self.after - self.before

    @property
    def is_held(self) -> bool:
        """Whether the interval holds the true change."""
        return self.interval is not None and self.interval.low <= self.change <= self.interval.high

    def to_dict(self) -> dict[str, float]:
        """Ready for JSON."""
        return {"baseline": self.before, "followup": self.after, "change": round(self.change, 3)}
