"""A check: something that was looked at and could make a number invalid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["SCAN_PREFIXES", "Check", "Effect", "RegisteredCheck", "find_registered", "registered_of_scan"]

Effect = Literal["stops", "widens", "tells"]
"""What follows from a check that failed: no verdict; an interval that reaches further; nothing but the message."""

SCAN_PREFIXES = ("baseline_", "followup_")
"""What the name of a check of one scan alone begins with in documents of a comparison."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at before a number was believed.

    Attributes
    ----------
    name : str
        A stable key, such as ``"lung_volume_ratio"``; for documents and tables, never to decide by.
    value, limit : float or str or None
        What was found, and up to where it would have been accepted.
    ok : bool
        Whether it was accepted.
    message : str
        One sentence for the reader: what was found and what follows from it.
    effect : Effect
        What follows where it failed. One that ``stops`` forbids a verdict; the numbers are still to be seen.
    regions : tuple of str
        The regions it is about; empty where it is about all.
    parts_only : bool
        Whether the whole stands whatever becomes of those regions: a border between parts does not move it.
    """

    name: str
    value: float | str | None
    limit: float | str | None
    ok: bool
    message: str
    effect: Effect = "tells"
    regions: tuple[str, ...] = ()
    parts_only: bool = False

    @property
    def stops(self) -> bool:
        """Whether it failed and forbids a verdict."""
        return not self.ok and self.effect == "stops"

    @property
    def widens(self) -> bool:
        """Whether it failed and makes intervals wider."""
        return not self.ok and self.effect == "widens"

    def concerns(self, region: str, whole: str) -> bool:
        """Whether it is about a region, such as ``"right_lung/basal"``, of an organ that is named by ``whole``.

        One that names no region is about all. One that names a region is also about its parts, about what that is a
        part of, and about the whole unless it is about parts only.
        """
        organ = region.partition("/")[0]
        return (
            not self.regions
            or (organ == whole and not self.parts_only)
            or organ in {name.partition("/")[0] for name in self.regions}
        )

    def to_dict(self) -> dict[str, Any]:
        """What a document of results holds of it."""
        return {
            "name": self.name,
            "value": self.value,
            "limit": self.limit,
            "ok": self.ok,
            "message": self.message,
            "effect": self.effect,
            "regions": list(self.regions),
        }


@dataclass(frozen=True)
class RegisteredCheck:
    """A check as the list of a pipeline describes it.

    Attributes
    ----------
    looks_at : str
        What it looks at.
    effects : mapping of Effect to str
        What follows where it fails, with the limit beyond which it does; the mildest first where there are two.
    source : str
        Where the limit comes from.
    of_each_scan : bool
        Whether it is made of each scan alone, and its name begins with ``baseline_`` or ``followup_``.
    """

    looks_at: str
    effects: Mapping[Effect, str]
    source: str
    of_each_scan: bool = False


def registered_of_scan(looks_at: str, effects: Mapping[Effect, str], source: str) -> RegisteredCheck:
    """Describe a check that is made of each scan alone."""
    return RegisteredCheck(looks_at, effects, source, of_each_scan=True)


def find_registered(checks: Mapping[str, RegisteredCheck], name: str) -> RegisteredCheck | None:
    """The entry of a check in the list of a pipeline, by the name that it has in documents and tables."""
    for prefix in SCAN_PREFIXES:
        entry = checks.get(name.removeprefix(prefix))
        if name.startswith(prefix) and entry is not None and entry.of_each_scan:
            return entry
    return checks.get(name)
