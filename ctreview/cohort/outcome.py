"""What is asked of workers and what they answer, wherever they run."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Outcome", "Task", "Workers"]


@dataclass(frozen=True)
class Task:
    """Something that a worker is asked to do.

    Attributes
    ----------
    work : mapping
        What `ctreview.cohort.tasks.perform` takes; ready for JSON.
    megavoxels : float
        Millions of voxels that it loads.
    """

    work: Mapping[str, Any]
    megavoxels: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes
    ----------
    number : int
        Its place among those that were given.
    answer : mapping or None
        What the worker found.
    fault : str or None
        Why it found nothing.
    """

    number: int
    answer: Mapping[str, Any] | None
    fault: str | None = None


class Workers(Protocol):
    """Whoever does tasks: processes of this machine, or of a cluster."""

    @property
    def workers(self) -> int:
        """How many tasks are done at once, at most."""

    def perform(self, tasks: Sequence[Task]) -> Generator[Outcome]:
        """Do tasks and give what became of each as soon as it is known, in any order; closing it stops the rest."""
