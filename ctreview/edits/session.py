"""A label map while a reader works on it: act, undo, redo, each recorded before it is shown."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.edits.record import REDO, UNDO, Edit, active_edits
from ctreview.edits.replay import Handler, Handlers, Patch, apply, handlers_after, replay
from ctreview.volume.box import bounding_box
from ctreview.volume.labels import LabelMap

__all__ = ["LabelChange", "Session"]


@dataclass(frozen=True, eq=False)
class LabelChange:
    """A box of the label map before and after an act, for whoever counts or draws.

    What the act meant and left as it was (`Patch.outside`, `Patch.in_other_part`) stands in ``after``.
    """

    before: Patch
    after: Patch


@dataclass(frozen=True, eq=False)
class _Packed:
    """What the voxels that an act changed were before: a bit for each voxel of its box, and the labels of those set.

    Both are long runs, and shrink a hundredfold; bits are an eighth of what a whole lung's labels would be.
    """

    start: tuple[int, int, int]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    changed: bytes
    labels: bytes

    @classmethod
    def pack(cls, before: Patch, after: npt.NDArray[Any]) -> _Packed:
        changed = before.labels != after
        return cls(
            before.start,
            changed.shape,
            before.labels.dtype,
            zlib.compress(np.packbits(changed).tobytes(), 1),
            zlib.compress(before.labels[changed].tobytes(), 1),
        )

    def unpack(self, array: npt.NDArray[Any]) -> Patch:
        """The patch that undoes the act in an array where it stands."""
        bits = np.frombuffer(zlib.decompress(self.changed), np.uint8)
        changed = np.unpackbits(bits, count=int(np.prod(self.shape))).view(bool).reshape(self.shape)
        patch = Patch(self.start, np.empty(self.shape, self.dtype))
        patch.labels[...] = array[patch.box]
        patch.labels[changed] = np.frombuffer(zlib.decompress(self.labels), self.dtype)
        return patch


class Session:
    """One label map under correction.

    Parameters
    ----------
    base : LabelMap
        What the computer proposed.
    target : str
        What the label map is called in edits: ``"opacity"``.
    image : str
        `Volume.digest` of its image.
    handlers : Handlers
        The tools.
    author : str
        Who works.
    record : callable
        Puts an edit down for good; called before anything changes, so that what is seen is never more than what is
        kept. If it raises, nothing changed.
    complete_payload : callable, optional
        Fills in what a payload leaves to the tool's defaults, so that the record does not change its meaning with them.
    listeners : sequence of callable
        Called with the `LabelChange` after every act, undo and redo.

    Attributes
    ----------
    context : mapping
        What the payload of every act holds beside what its tool was given, such as which of several images of one
        grid was in view.
    context_of : frozenset of str or None
        The kinds of acts whose payload holds it; all if None.

    Notes
    -----
    Undo keeps the changed boxes, compressed, and no copies of the volume. A box is as small as what changed: whoever
    follows need not look at the rest of what a tool looked at.
    """

    def __init__(
        self,
        base: LabelMap,
        *,
        target: str,
        image: str,
        handlers: Handlers,
        author: str,
        record: Callable[[Edit], None],
        complete_payload: Callable[[str, Mapping[str, Any]], Mapping[str, Any]] | None = None,
        listeners: Iterable[Callable[[LabelChange], None]] = (),
    ) -> None:
        self.base = base
        self.target = target
        self.image = image
        self.author = author
        self.listeners = list(listeners)
        self.context: Mapping[str, Any] = {}
        self.context_of: frozenset[str] | None = None
        self.refused: tuple[tuple[Edit, str], ...] = ()
        self._handlers = handlers
        self._record = record
        self._complete_payload = complete_payload
        self._array = base.array.copy()
        self._done: list[tuple[Edit, _Packed]] = []
        self._undone: list[Edit] = []
        self._earlier: list[Edit] = []
        self._changes = 0
        self._previewed: tuple[tuple[int, str, dict[str, Any]], Patch] | None = None

    @property
    def labels(self) -> LabelMap:
        """The labels as they stand; a view, which later acts change."""
        return replace(self.base, array=self._array)

    @property
    def array(self) -> npt.NDArray[Any]:
        """The working array itself, for a window that draws it without a copy. Change it only through `act`."""
        return self._array

    @property
    def can_undo(self) -> bool:
        """Whether there is an act to take back."""
        return bool(self._done or self._earlier)

    @property
    def applied(self) -> tuple[Edit, ...]:
        """The acts that stand, in order."""
        return (*self._earlier, *(edit for edit, _ in self._done))

    def restore(self, edits: Iterable[Edit]) -> None:
        """Start from a journal: the base with everything in it that applies; the rest stands in ``refused``."""
        journal = tuple(edits)
        done = replay(self.base, journal, self._handlers, image=self.image)
        before = self._whole()
        self._array[...] = done.labels.array
        self.refused = done.refused
        self._earlier, self._done, self._undone = list(active_edits(journal)), [], []
        self._notify(before)

    def preview(self, kind: str, payload: Mapping[str, Any]) -> Patch:
        """What an act would come to; nothing changes, and nothing is recorded.

        An act of the same payload that follows need not compute it again. This is the one method that another thread
        may call: what it finds is forgotten if the labels change meanwhile.

        Raises
        ------
        EditDoesNotApply
            The tool has nothing to do there.
        """
        payload = self._in_context(kind, payload)
        asked = (self._changes, kind, payload)
        known = self._previewed
        if known is None or known[0] != asked:
            known = asked, self._handler(kind)(self.labels, self._edit(kind, payload))
            self._previewed = known
        return known[1]

    def act(self, kind: str, payload: Mapping[str, Any]) -> LabelChange:
        """Use a tool.

        Raises
        ------
        EditDoesNotApply
            The tool has nothing to do there; nothing was recorded.
        OSError
            The edit could not be recorded; nothing was changed.
        """
        payload = self._in_context(kind, payload)
        edit = self._edit(kind, payload)
        known, asked = self._previewed, (self._changes, kind, payload)
        patch = known[1] if known is not None and known[0] == asked else self._handler(kind)(self.labels, edit)
        self._record(edit)
        before = self._apply(edit, patch)
        self._undone.clear()
        return self._notify(before, patch)

    def undo(self) -> LabelChange | None:
        """Take the last act back; None if there is none."""
        if not self._done:
            return self._undo_earlier()
        edit, packed = self._done[-1]
        self._record(self._edit(UNDO, {"of": edit.id}))
        self._done.pop()
        self._undone.append(edit)
        return self._notify(apply(self._array, packed.unpack(self._array)))

    def redo(self) -> LabelChange | None:
        """Bring the act that was taken back last; None if there is none."""
        if not self._undone:
            return None
        edit = self._undone[-1]
        patch = self._handler(edit.kind)(self.labels, edit)
        self._record(self._edit(REDO, {"of": edit.id}))
        self._undone.pop()
        return self._notify(self._apply(edit, patch))

    def _apply(self, edit: Edit, patch: Patch) -> Patch:
        """Put down what changes, and how to undo it; gives what stood there before."""
        patch = _cropped_to_change(patch, self._array)
        before = apply(self._array, patch)
        self._done.append((edit, _Packed.pack(before, patch.labels)))
        return before

    def _undo_earlier(self) -> LabelChange | None:
        """Take back an act of an earlier sitting, whose box was not kept: by replaying all but it."""
        if not self._earlier:
            return None
        edit = self._earlier[-1]
        self._record(self._edit(UNDO, {"of": edit.id}))
        self._earlier.pop()
        self._undone.append(edit)
        before = self._whole()
        done = replay(self.base, self._earlier, self._handlers, image=self.image)
        self._array[...] = done.labels.array
        return self._notify(before)

    def _in_context(self, kind: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        holds = self.context_of is None or kind in self.context_of
        return {**payload, **self.context} if holds else dict(payload)

    def _handler(self, kind: str) -> Handler:
        return handlers_after(self._handlers, self.applied)[kind]

    def _edit(self, kind: str, payload: Mapping[str, Any]) -> Edit:
        whole = payload if self._complete_payload is None else self._complete_payload(kind, payload)
        return Edit(kind, self.target, whole, self.author, self.image, self.base.geometry)

    def _whole(self) -> Patch:
        return Patch((0, 0, 0), self._array.copy())

    def _notify(self, before: Patch, meant: Patch | None = None) -> LabelChange:
        self._changes += 1
        self._previewed = None
        after = Patch(before.start, self._array[before.box].copy())
        if meant is not None:
            after = replace(after, outside=meant.outside, in_other_part=meant.in_other_part)
        change = LabelChange(before, after)
        for listener in self.listeners:
            listener(change)
        return change


def _cropped_to_change(patch: Patch, array: npt.NDArray[Any]) -> Patch:
    """The smallest box with the same effect; one voxel where there is none."""
    changed = patch.labels != array[patch.box]
    box = bounding_box(changed) if changed.any() else (slice(0, 1),) * 3
    a, b, c = (at + span.start for at, span in zip(patch.start, box, strict=True))
    return Patch((a, b, c), patch.labels[box])
