"""The steps of a reading and how far each is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ctreview.checks import Check
from ctreview.recipes.chest_ct import Prepared

__all__ = ["SIGNED", "STEPS", "Step", "StepState", "Steps", "checks_of"]

STEPS = ("load", "lungs", "opacity", "register", "change", "tissue", "measures", "differences", "correct", "sign")
"""In the order of the work: what is found stands above what it is corrected with. A mode has some of them."""

SIGNED = "signed, read-only: a correction makes a new version"
"""The message of the last step for a reading that is closed."""

StepState = Literal["to do", "running", "done", "failed"]

_PREPARED = ("lungs", "opacity", "register")
"""The steps of one job of the core, in its order."""

_OF_JOB = {
    "load": "load",
    "compare": "change",
    "find muscle": "tissue",
    "carry groups": "correct",
    "confirm reference": "correct",
    "measure": "measures",
    "save": "sign",
    "sign": "sign",
}


@dataclass(frozen=True)
class Step:
    """How far a step is.

    Attributes
    ----------
    state : StepState
    message : str
        What it does while it runs; what went wrong where it failed; else what came of it.
    share : float
        How much of it is done while it runs, 0 to 1.
    checks : tuple of Check
        Those that failed.
    """

    state: StepState = "to do"
    message: str = ""
    share: float = 0.0
    checks: tuple[Check, ...] = ()


class Steps(dict[str, Step]):
    """Every step by its name."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: set[tuple[int, str]] = set()
        self.clear()

    def clear(self) -> None:
        """Everything is still to be done."""
        self.update({name: Step() for name in STEPS})

    def of(self, job: str) -> str:
        """The step that a job is busy with."""
        if job == "prepare":
            return next((name for name in _PREPARED if self[name].state == "running"), _PREPARED[0])
        return _OF_JOB[job]

    def run(self, job: str, share: float = 0.0, what: str = "") -> None:
        """A job works."""
        name = self.of(job)
        self[name] = replace(self[name], state="running", message=what, share=share)

    def stop(self, job: str, *, failed: bool, message: str) -> None:
        """A job ended before its end."""
        self[self.of(job)] = Step("failed" if failed else "to do", message)

    # --- lungs, opacity, registration: one job

    def prepare(self) -> None:
        """The job that finds lungs and opacity and registers them begins."""
        self._parts.clear()
        self.update({name: Step() for name in (*_PREPARED, "change")})
        self["lungs"] = Step("running")

    def labels_found(self, number: int, what: str) -> None:
        """Lungs or opacity of one scan are there; with those of both the next step has begun."""
        self._parts.add((number, what))
        if {(0, what), (1, what)} <= self._parts and self[what].state == "running":
            following = _PREPARED[_PREPARED.index(what) + 1]
            self[following] = replace(self[what], state="running")
            self[what] = Step("done")

    def prepared(self, checks: Mapping[str, tuple[Check, ...]], *, registered: bool) -> None:
        """That job has ended."""
        self.update({name: Step("done", checks=checks[name]) for name in _PREPARED})
        if not registered:
            self["register"] = replace(self["register"], state="failed", message="Volumes stand, fate is withheld.")

    def compared(self, checks: Iterable[Check]) -> None:
        """The comparison is there; a check that another step shows is not repeated."""
        known = {check.message for name in _PREPARED for check in self[name].checks}
        failed = (check for check in checks if not check.ok)
        self["change"] = Step("done", checks=tuple(check for check in failed if check.message not in known))


def checks_of(prepared: Prepared) -> dict[str, tuple[Check, ...]]:
    """The failed checks of what the computer did, by step; each names its scan."""
    found: dict[str, list[Check]] = {"lungs": [], "opacity": [], "register": list(prepared.registration_checks)}
    for when, seen, thresholds in zip(
        ("Baseline", "Follow-up"), prepared.pair.scans, prepared.pair.thresholds, strict=True
    ):
        own = (*seen.lungs.checks, *seen.vessels.checks)
        found["lungs"] += [replace(check, message=f"{when}: {check.message}") for check in own]
        found["opacity"] += [replace(check, message=f"{when}: {check.message}") for check in seen.normal.checks]
        found["opacity"] += [check for check in thresholds.checks if check not in (*own, *seen.normal.checks)]
    return {step: tuple(dict.fromkeys(one for one in checks if not one.ok)) for step, checks in found.items()}
