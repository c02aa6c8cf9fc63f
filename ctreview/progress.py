"""How a long step says how far it is, and how it is stopped.

A step calls ``progress(done, total, what)`` now and then. Whoever listens may raise `Cancelled` from inside the
call; steps hold no lock and no half-written file at that moment, so the exception simply travels out.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Cancelled", "Progress", "part", "quiet"]


class Progress(Protocol):
    """A listener: ``done`` of ``total`` units of ``what`` (words for a person) are behind us."""

    def __call__(self, done: float, total: float, what: str) -> None:
        """Take note of how far it is."""


class Cancelled(Exception):
    """The user asked to stop."""


def quiet(done: float, total: float, what: str) -> None:
    """Listen to nothing."""


def part(progress: Progress, start: float, stop: float) -> Progress:
    """Give a sub-step the stretch from ``start`` to ``stop`` (fractions of 1) of the whole step's progress."""

    def stretch(done: float, total: float, what: str) -> None:
        share = done / total if total > 0 else 1.0
        progress(start + (stop - start) * min(max(share, 0.0), 1.0), 1.0, what)

    return stretch
