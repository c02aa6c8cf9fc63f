"""A check: something that was looked at and could make a number invalid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Check"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at before a number was believed.

    Attributes
    ----------
    name : str
        A stable key, such as ``"lung_volume_ratio"``.
    value, limit : float or str or None
        What was found, and up to where it would have been accepted.
    ok : bool
        Whether it was accepted.
    message : str
        One sentence for the reader: what was found and what follows from it.
    blocks : bool
        Whether a failed check forbids a verdict (it still leaves the numbers to be seen).
    """

    name: str
    value: float | str | None
    limit: float | str | None
    ok: bool
    message: str
    blocks: bool = False

    def to_dict(self) -> dict[str, Any]:
        """What a document of results holds of it."""
        return {"name": self.name, "value": self.value, "limit": self.limit, "ok": self.ok, "says": self.message}
