"""Marking findings with the mouse: a point, two axes, an ellipsoid, and the same finding at the other timepoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal, Protocol

import numpy as np
from qtpy.QtCore import QObject, Signal

from ctreview.errors import CtreviewError, in_words
from ctreview.study import FINDING_TYPES, Finding, FindingState
from ctreview.volume.geometry import FloatArray, Geometry
from napari_ctreview.marking.finding_sketches import sketches_of
from napari_ctreview.viewer.annotations import Drawing
from napari_ctreview.viewer.mouse_gestures import CursorPosition
from napari_ctreview.viewer.panes import Panes
from napari_ctreview.viewer.shortcuts import Shortcut

__all__ = ["KEYS", "FindingMarker", "FindingShape", "FindingStore"]

Point = tuple[float, float, float]

FindingShape = Literal["point", "axes", "ellipsoid"]

_SCANS = (0, 1)
_SHORTEST_MM = 0.5
"""A drag shorter than this is a slip of the hand."""

_HINTS = {
    "point": "Click on the finding.",
    "axes": "Drag along the longest diameter, then across it.",
    "ellipsoid": "Drag from one corner of the finding to the opposite one.",
}


class FindingStore(Protocol):
    """Where findings are kept."""

    def findings(self) -> Sequence[Finding]:
        """What was marked so far."""

    def keep_findings(self, findings: Sequence[Finding]) -> object:
        """Replace them."""


class FindingMarker(QObject):
    """Marks findings on the panes.

    Parameters
    ----------
    panes : Panes
        Pane 0 shows the first timepoint, pane 1 the second.
    store : FindingStore
        Where findings are kept.

    Attributes
    ----------
    notice : Signal(str)
        A short message.
    changed : Signal()
        There are other findings now, or another shape is active, or a finding is offered.
    shape : str or None
        What the next gesture marks.
    type : str
        One of `ctreview.study.FINDING_TYPES`.
    text : str
        What the reader says of the next finding.
    offer : Finding or None
        A finding carried to the other timepoint that waits for the reader's word.
    """

    notice = Signal(str)
    changed = Signal()

    def __init__(self, panes: Panes, store: FindingStore, parent: QObject | None = None) -> None:
        super().__init__(parent or panes)
        self.panes, self.store = panes, store
        self.shape: FindingShape | None = None
        self.type = FINDING_TYPES[0]
        self.text = ""
        self.offer: Finding | None = None
        self._sized = False
        self._begun: tuple[int, FloatArray, FloatArray] | None = None
        self._long: tuple[int, FloatArray] | None = None
        for number in _SCANS[: len(panes.panes)]:
            panes.panes[number].sketches.append(self._sketcher(number))
        panes.mouse.pressed.connect(self._press)
        panes.mouse.dragged.connect(self._drag)
        panes.mouse.released.connect(self._release)
        panes.mouse.clicked.connect(self._click)

    # --- what is marked

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was marked so far."""
        return tuple(self.store.findings())

    def select_shape(self, shape: FindingShape) -> None:
        """Mark with the next gesture; a long axis that waits for its short one is kept without."""
        if self._long is not None:
            self._keep_axes(self._long[0], self._long[1], None)
            return
        again = self.shape == shape
        self.deactivate()
        if not again:
            self.shape = shape
            self.panes.mouse.grab(self)
            self.notice.emit(_HINTS[shape])
            self.changed.emit()

    def deactivate(self) -> None:
        """Leave off; what was begun is forgotten."""
        self.shape, self._begun, self._long = None, None, None
        self.panes.mouse.release(self)
        self._redraw()
        self.changed.emit()

    def forget(self) -> None:
        """Forget what is offered, begun and said: it belongs to scans that are gone."""
        self.offer, self.text = None, ""
        self.deactivate()

    def change(self, finding: Finding, *, type: str | None = None, text: str | None = None) -> None:  # noqa: A002 - the finding's own word
        """Call a finding something else, or say more of it."""
        new = replace(finding, type=type or finding.type, text=finding.text if text is None else text)
        self._store([new if one.id == finding.id else one for one in self.findings])

    def remove(self, finding: Finding) -> None:
        """Take a finding out."""
        self._store([one for one in self.findings if one.id != finding.id])

    def go_to(self, finding: Finding) -> None:
        """Show a finding in its pane, and what corresponds to it in the other; nothing where its scan is not shown."""
        here = self._pane_of(finding)
        if here is not None:
            self.panes.go_to(np.asarray(finding.place), pane=here)

    # --- the same finding at the other timepoint

    def track(self, finding: Finding) -> None:
        """Offer a finding at the other timepoint, where the registration says that it lies."""
        here, link = self._pane_of(finding), self.panes.link.correspondence
        known = [one for one in self.findings if one.tracked == finding.tracked and one.timepoint != finding.timepoint]
        if known or link is None or here is None:
            self.notice.emit("It is marked there already." if known else "The scans are not linked.")
            if known:
                self.go_to(known[0])
            return
        there = 1 - here
        carry = link.between(self.panes.panes[here].role, self.panes.panes[there].role)
        place = np.asarray(carry(np.asarray(finding.place)))
        self.offer = Finding(
            finding.type,
            self.panes.panes[there].timepoint,
            _point(place),
            region=self._region(there, place),
            text=finding.text,
            tracked=finding.tracked,
        )
        self._sized = finding.long_axis is not None
        self.go_to(self.offer)
        self.notice.emit(
            f"{self._density(here, finding.place)} there, {self._density(there, self.offer.place)} here. Confirm it,"
            " say that it is not seen here, or dismiss it; a size is measured here anew."
        )
        self._tell()

    def confirm(self) -> None:
        """Keep the finding that is offered; where it has a size at the other timepoint, it is measured here first."""
        if self.offer is None:
            return
        if self._sized:
            self._sized = False  # confirmed once more, it is kept without a size
            if self.shape is None:
                self.select_shape("axes")
            self.notice.emit("Measure it: drag along its longest diameter. Confirmed again, it is kept without a size.")
            self._tell()
            return
        self._keep_offer("seen")

    def confirm_not_seen(self) -> None:
        """Keep that the finding that is offered is not seen at its timepoint."""
        if self.offer is not None:
            self._keep_offer("not_seen")

    def _keep_offer(self, state: FindingState) -> None:
        assert self.offer is not None
        offer, self.offer = replace(self.offer, state=state), None
        if self.shape is not None:
            self.deactivate()
        self.notice.emit("")
        self._store([*self.findings, offer])

    def _density(self, number: int, place: Sequence[float]) -> str:
        return self.panes.panes[number].read(np.asarray(place)).lines[0]

    def dismiss(self) -> None:
        """Forget the finding that is offered."""
        self.offer = None
        self.notice.emit("")
        self._tell()

    # --- gestures

    def _press(self, cursor: CursorPosition) -> None:
        if self._is_mine(cursor) and self.shape != "point":
            self._begun = (cursor.pane, cursor.lps, cursor.lps)

    def _drag(self, cursor: CursorPosition) -> None:
        if self._begun is not None and cursor.pane == self._begun[0]:
            self._begun = (cursor.pane, self._begun[1], cursor.lps)
            self._redraw()

    def _click(self, cursor: CursorPosition) -> None:
        if self._is_mine(cursor) and self.shape == "point":
            self._keep(cursor.pane, cursor.lps, None, None)

    def _release(self, cursor: CursorPosition) -> None:
        if self._begun is None or not self._is_mine(cursor):
            return
        (number, start, end), self._begun = self._begun, None
        if np.linalg.norm(end - start) < _SHORTEST_MM:
            return
        drawn = np.array([start, end])
        if self.shape == "ellipsoid":
            one, other = _axes_of_box(self.panes.panes[number].geometry, drawn, self.panes.panes[number].across)
            self._keep_axes(number, one, other)
        elif self._long is None or self._long[0] != number:
            self._long = (number, drawn)
            self.notice.emit("Now drag across it; the key again keeps the long axis alone.")
            self._redraw()
        else:
            self._keep_axes(number, self._long[1], drawn)

    def _is_mine(self, cursor: CursorPosition) -> bool:
        mine = self.shape is not None and self.panes.mouse.grabber is self
        return mine and cursor.button == "left" and cursor.pane in _SCANS

    def _keep_axes(self, number: int, one: FloatArray, other: FloatArray | None) -> None:
        if other is not None and np.linalg.norm(other[1] - other[0]) > np.linalg.norm(one[1] - one[0]):
            one, other = other, one
        self._keep(number, one.mean(axis=0), one, other)

    def _keep(self, number: int, place: FloatArray, long: FloatArray | None, short: FloatArray | None) -> None:
        offer = self.offer if self.offer is not None and self._pane_of(self.offer) == number else None
        kind = self.type if offer is None else offer.type
        finding = Finding(
            kind,
            self.panes.panes[number].timepoint,
            _point(place),
            None if long is None else _pair(long),
            None if short is None else _pair(short),
            self._region(number, place),
            self.text if offer is None else offer.text,
            self._name(kind) if offer is None else offer.tracked,
        )
        self.text, self.offer = "", None if offer is not None else self.offer
        self.deactivate()
        self._store([*self.findings, finding])

    def _name(self, kind: str) -> str:
        """A name that no finding has yet: "nodule 2"."""
        taken = {one.tracked for one in self.findings}
        number = 1
        while f"{kind} {number}" in taken:
            number += 1
        return f"{kind} {number}"

    def _region(self, number: int, place: FloatArray) -> str:
        return self.panes.panes[number].read(place).region

    def _pane_of(self, finding: Finding) -> int | None:
        """The pane that shows the scan a finding was marked on."""
        for number in _SCANS[: len(self.panes.panes)]:
            pane = self.panes.panes[number]
            if pane.volume is not None and pane.timepoint == finding.timepoint:
                return number
        return None

    def _store(self, findings: Sequence[Finding]) -> None:
        try:
            self.store.keep_findings(list(findings))
        except (CtreviewError, OSError) as reason:
            self.notice.emit(in_words(reason))
        self._tell()

    # --- what is drawn

    def _sketcher(self, number: int) -> Callable[[], Sequence[Drawing]]:
        def sketch() -> Sequence[Drawing]:
            pane = self.panes.panes[number]
            when = pane.timepoint
            lines = [line for one in self.findings if one.timepoint == when for line in sketches_of(one, pane)]
            if self.offer is not None and self.offer.timepoint == when:
                lines += sketches_of(self.offer, pane, offered=True)
            lines += [drawing for points in self._unfinished(number) for drawing in sketches_of(points, pane)]
            return lines

        return sketch

    def _unfinished(self, number: int) -> list[FloatArray]:
        found = []
        if self._long is not None and self._long[0] == number:
            found.append(self._long[1])
        if self._begun is not None and self._begun[0] == number:
            drawn = np.array(self._begun[1:])
            pane = self.panes.panes[number]
            found += _axes_of_box(pane.geometry, drawn, pane.across) if self.shape == "ellipsoid" else [drawn]
        return found

    def _redraw(self) -> None:
        for pane in self.panes.panes:
            pane.annotations.update()

    def _tell(self) -> None:
        self._redraw()
        self.changed.emit()


KEYS: tuple[Shortcut, ...] = (
    Shortcut("Q", "mark a finding by a point", lambda marker: marker.select_shape("point")),
    Shortcut("Y", "mark a finding by its long and short axis", lambda marker: marker.select_shape("axes")),
    Shortcut("E", "mark a finding by an ellipsoid", lambda marker: marker.select_shape("ellipsoid")),
    Shortcut("Shift+Q", "confirm the finding offered at the other timepoint", lambda marker: marker.confirm()),
    Shortcut("Shift+E", "the finding offered is not seen there", lambda marker: marker.confirm_not_seen()),
)


def _axes_of_box(geometry: Geometry, corners: FloatArray, across: int) -> list[FloatArray]:
    """The two axes in the slice of the ellipse that fills a box, given by opposite corners."""
    index = geometry.to_index(corners)
    middle = index.mean(axis=0)
    found = []
    for axis in (one for one in range(3) if one != across):
        ends = np.array([middle, middle])
        ends[:, axis] = index[:, axis]
        found.append(geometry.to_lps(ends))
    return found


def _point(place: FloatArray) -> Point:
    x, y, z = (float(v) for v in place)
    return x, y, z


def _pair(axis: FloatArray) -> tuple[Point, Point]:
    return _point(axis[0]), _point(axis[1])
