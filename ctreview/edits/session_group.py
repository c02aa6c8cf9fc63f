"""Several label maps under correction at once, with one line of undo through all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from ctreview.edits.record import Edit, active_edits
from ctreview.edits.session import LabelChange, Session

__all__ = ["Listener", "SessionGroup"]

Listener = Callable[[int, LabelChange], None]
"""Called with the number of the label map and what changed in it."""


class SessionGroup:
    """The last act is taken back first, on whichever label map it was.

    Parameters
    ----------
    sessions : sequence of Session
        Each on an image of its own.
    journal : iterable of Edit
        What they were restored from.
    listener : callable, optional
        Told the number of the label map and what changed in it, by every act, undo and redo.

    Attributes
    ----------
    sessions : tuple of Session
    """

    def __init__(
        self, sessions: Sequence[Session], journal: Iterable[Edit] = (), listener: Listener | None = None
    ) -> None:
        self.sessions = tuple(sessions)
        self.listener = listener
        for number, session in enumerate(self.sessions):
            session.listeners.append(partial(self._follow, number))
        numbers = {(session.image, session.target): number for number, session in enumerate(self.sessions)}
        known = [edit for edit in journal if (edit.image, edit.target) in numbers]
        self._done = [numbers[edit.image, edit.target] for edit in active_edits(known)]
        self._undone: list[int] = []

    def act(self, number: int, kind: str, payload: Mapping[str, Any]) -> LabelChange:
        """Use a tool on one of them; errors are those of `Session.act`."""
        change = self.sessions[number].act(kind, payload)
        self._done.append(number)
        self._undone.clear()
        return change

    def undo(self) -> tuple[int, LabelChange] | None:
        """Take back the last act; gives its number too."""
        return self._step(self._done, self._undone, Session.undo)

    def redo(self) -> tuple[int, LabelChange] | None:
        """Bring back what was taken back last."""
        return self._step(self._undone, self._done, Session.redo)

    @property
    def refused(self) -> tuple[tuple[Edit, str], ...]:
        """Earlier edits that mean nothing here, and why."""
        return tuple(lost for session in self.sessions for lost in session.refused)

    @property
    def can_undo(self) -> bool:
        """Whether there is an act to take back."""
        return bool(self._done)

    @property
    def redoable(self) -> int:
        """How many acts can be brought back."""
        return len(self._undone)

    def _follow(self, number: int, change: LabelChange) -> None:
        if self.listener is not None:
            self.listener(number, change)

    def _step(
        self, take: list[int], give: list[int], move: Callable[[Session], LabelChange | None]
    ) -> tuple[int, LabelChange] | None:
        if not take:
            return None
        number = take[-1]
        change = move(self.sessions[number])
        take.pop()
        if change is None:
            return None
        give.append(number)
        return number, change
