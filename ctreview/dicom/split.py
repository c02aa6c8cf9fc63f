"""Which slices of one series make a volume together: echoes, phases, reconstructions and stations apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from ctreview.dicom.frame import AttributeValue, Frame
from ctreview.dicom.sort import Stack, StackFault, stack_of

__all__ = ["SliceGroup", "split_slices"]

_SAME_POSITION_ATTRIBUTES = (
    "stack",
    "echo",
    "echo number",
    "component",
    "image type",
    "kernel",
    "inversion time",
    "time point",
    "b-value",
    "gradient",
    "cardiac phase",
    "trigger time",
    "acquisition",
    "station",
    "folder",
)
"""Attributes that separate slices at one position, in the order in which they are tried."""

_OTHER_POSITION_ATTRIBUTES = ("stack", "station", "acquisition", "kernel", "echo")
"""Of these also slices at different places, where together they make no even grid."""


_KINDS = ("kernel", "echo", "component", "inversion time", "b-value", "cardiac phase")
"""Slices that differ in one of these are never of one volume."""

_PASSES = ("acquisition", "time point", "image type", "station", "folder", "acquisition time")
"""These may also change within one pass."""

_MOST_PASSES, _LEAST_SLICES = 8, 3


@dataclass(frozen=True, eq=False)
class SliceGroup:
    """Slices that belong together.

    Attributes
    ----------
    label : str or None
        What tells them from the rest: ``"echo 4.6"``.
    stack : Stack or None
        Their grid, where there is one.
    fault : StackFault or None
        Why they are no even grid.
    """

    frames: tuple[Frame, ...]
    label: str | None
    stack: Stack | None
    fault: StackFault | None


def split_slices(
    frames: Sequence[Frame], *, thickness_mm: float | None = None, modality: str = "CT"
) -> list[SliceGroup]:
    """Sort the slices of a series into volumes.

    Slices of another orientation, matrix or pixel spacing are always apart. Beyond that a series is only taken
    apart where it makes no even grid as it is, and only along one thing (or two) that its headers name; where that
    does not help either, the whole is given back with its fault.
    """
    planes = sorted(_by_plane(frames), key=_plane)
    parts = []
    for number, group in enumerate(planes, 1):
        label = f"orientation {number}" if len(planes) > 1 else None
        parts += _resolve(group, label, thickness_mm, modality)
    return parts


def _by_plane(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Group by orientation (within rounding), matrix and pixel spacing."""
    groups: list[list[Frame]] = []
    for frame in frames:
        for group in groups:
            if _same_plane(group[0], frame):
                group.append(frame)
                break
        else:
            groups.append([frame])
            if len(groups) > 200:  # a header per slice that agrees with no other: not a series to be sorted out
                return [list(frames)]
    return groups


def _plane(group: list[Frame]) -> tuple[object, ...]:
    """What to sort groups by: the largest first, and such that files in another order give the same parts."""
    first = min(group, key=lambda frame: (frame.orientation or (), frame.spacing or ()))
    orientation = tuple(round(part, 2) + 0.0 for part in first.orientation or ())
    return -len(group), first.layout.rows, first.layout.columns, orientation, first.spacing or ()


def _same_plane(one: Frame, other: Frame) -> bool:
    if (one.layout.rows, one.layout.columns) != (other.layout.rows, other.layout.columns):
        return False
    for ours, theirs, tolerance in (
        (one.orientation, other.orientation, 2e-3),
        (one.spacing, other.spacing, 1e-3 * min(one.spacing or (1.0,))),
    ):
        if (ours is None) != (theirs is None):
            return False
        if (
            ours is not None
            and theirs is not None
            and max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) > tolerance
        ):
            return False
    return True


def _resolve(frames: list[Frame], label: str | None, thickness_mm: float | None, modality: str) -> list[SliceGroup]:
    try:
        stack = stack_of(frames, thickness_mm=thickness_mm)
    except StackFault as fault:
        if fault.fault in ("doubled", "gap", "uneven", "wandering"):
            parts = _by_attributes(frames, label, fault, thickness_mm)
            if parts:
                return parts
        if fault.stack is not None:
            frames = [frames[i] for i in fault.stack.order]
        return [SliceGroup(tuple(frames), label, fault.stack, fault)]
    passes = _interleaved(frames, label, thickness_mm)
    if not passes and modality == "CT":  # slices of MR are numbered as they were excited, every second one first
        passes = _by_numbers(frames, label, thickness_mm)
    return passes or [SliceGroup(tuple(frames[i] for i in stack.order), label, stack, None)]


def _interleaved(frames: list[Frame], label: str | None, thickness_mm: float | None) -> list[SliceGroup]:
    """Two volumes or more whose slices lie between each other, so that together they look like one even grid.

    Each must be even by itself, over the same stretch of the patient. What merely counts along within one pass is no
    volume of its own: passes follow each other, by time or by slice number, and reconstructions differ in kernel.
    """
    for name in (*_KINDS, *_PASSES):
        groups: dict[tuple[AttributeValue, ...], list[Frame]] = defaultdict(list)
        for frame in frames:
            groups[_attribute(frame, name),].append(frame)
        if not 2 <= len(groups) <= _MOST_PASSES or min(len(group) for group in groups.values()) < _LEAST_SLICES:
            continue
        if name in _PASSES and not _one_after_the_other(list(groups.values())):
            continue
        parts = _all_even(groups, (name,), label, StackFault("uneven", ""), thickness_mm)
        if parts and _same_stretch(parts):
            return parts
    return []


def _by_numbers(frames: list[Frame], label: str | None, thickness_mm: float | None) -> list[SliceGroup]:
    """Passes through the patient in the order of slice numbers, where more than one lies over the same stretch."""
    numbers = [frame.attributes.get("instance") for frame in frames]
    if None in numbers or len(set(numbers)) < len(frames) or len(frames) < 2 * _LEAST_SLICES:
        return []
    orientation = np.array(frames[0].orientation)
    normal = np.cross(orientation[:3], orientation[3:])
    runs: list[list[Frame]] = [[]]
    before: float | None = None
    step: float | None = None
    for frame in sorted(frames, key=lambda one: _sortable(one.attributes["instance"])):
        height = float(np.dot(frame.position or (0, 0, 0), normal))
        moved = None if before is None else height - before
        if moved is not None and step is not None and abs(moved - step) > 0.25 * abs(step):
            runs.append([])
            moved = None
        step = moved if step is None or moved is None else step
        runs[-1].append(frame)
        before = height
    if not 2 <= len(runs) <= _MOST_PASSES or min(len(run) for run in runs) < _LEAST_SLICES:
        return []
    groups: dict[tuple[AttributeValue, ...], list[Frame]] = {(float(n),): run for n, run in enumerate(runs, 1)}
    parts = _all_even(groups, ("pass",), label, StackFault("uneven", ""), thickness_mm)
    return parts if parts and _same_stretch(parts) else []


def _same_stretch(parts: list[SliceGroup]) -> bool:
    """Whether the parts lie over each other for at least half of the shortest."""
    assert parts[0].stack is not None
    normal = np.cross(parts[0].stack.affine[:3, 2], parts[0].stack.affine[:3, 1])
    normal /= np.linalg.norm(normal)
    spans = [np.array([frame.position for frame in part.frames], dtype=float) @ normal for part in parts]
    low, high = max(span.min() for span in spans), min(span.max() for span in spans)
    return bool(high - low >= 0.5 * min(np.ptp(span) for span in spans))


def _one_after_the_other(groups: list[list[Frame]]) -> bool:
    """Whether one group was acquired (or numbered) as a whole before the next began."""
    for clock in ("acquisition time", "content time", "instance"):
        values = [[frame.attributes.get(clock) for frame in group] for group in groups]
        if any(value is None for group in values for value in group):
            continue
        spans = sorted((min(map(_sortable, group)), max(map(_sortable, group))) for group in values)
        if all(before[1] < after[0] for before, after in pairwise(spans)):
            return True
        if len({value for group in values for value in group}) > 1:
            return False
    return False


def _by_attributes(
    frames: list[Frame], label: str | None, fault: StackFault, thickness_mm: float | None
) -> list[SliceGroup]:
    candidates = _SAME_POSITION_ATTRIBUTES if fault.fault == "doubled" else _OTHER_POSITION_ATTRIBUTES
    varying = [name for name in candidates if len({_attribute(frame, name) for frame in frames}) > 1]
    for names in [(name,) for name in varying] + list(combinations(varying, 2)):
        groups: dict[tuple[AttributeValue, ...], list[Frame]] = defaultdict(list)
        for frame in frames:
            groups[tuple(_attribute(frame, name) for name in names)].append(frame)
        parts = _all_even(groups, names, label, fault, thickness_mm)
        if parts:
            return parts
    if fault.fault == "doubled":
        return _by_time(frames, label, thickness_mm)
    return []


def _all_even(
    groups: dict[tuple[AttributeValue, ...], list[Frame]],
    names: tuple[str, ...],
    label: str | None,
    fault: StackFault,
    thickness_mm: float | None,
) -> list[SliceGroup]:
    """The parts, if every one is an even stack of its own; else none."""
    least = 2 if fault.fault == "doubled" else 3
    if min(len(group) for group in groups.values()) < least:
        return []
    parts = []
    for values, group in sorted(groups.items(), key=lambda item: tuple(_sortable(value) for value in item[0])):
        try:
            stack = stack_of(group, thickness_mm=thickness_mm)
        except StackFault:
            return []
        words = [
            f"{name} {_words(_short(value, groups) if name == 'folder' else value)}"
            for name, value in zip(names, values, strict=True)
        ]
        name = ", ".join(([label] if label else []) + words)
        parts.append(SliceGroup(tuple(group[i] for i in stack.order), name, stack, None))
    return parts


def _by_time(frames: list[Frame], label: str | None, thickness_mm: float | None) -> list[SliceGroup]:
    """Repeated passes over the same positions, separated by the time of acquisition (or of content) alone."""
    for clock in ("acquisition time", "content time"):
        if any(frame.attributes.get(clock) is None for frame in frames):
            continue
        passes = _passes(frames, clock)
        if passes is None:
            continue
        groups: dict[tuple[AttributeValue, ...], list[Frame]] = {
            (float(i),): group for i, group in enumerate(passes, 1)
        }
        fault = StackFault("doubled", "")
        parts = _all_even(groups, ("pass",), label, fault, thickness_mm)
        if parts:
            return parts
    return []


def _passes(frames: list[Frame], clock: str) -> list[list[Frame]] | None:
    """The first, second … slice of each position by time; ``None`` unless all have as many, at different times."""
    orientation = np.array(frames[0].orientation)
    normal = np.cross(orientation[:3], orientation[3:])
    at: dict[int, list[Frame]] = defaultdict(list)
    for frame in frames:
        at[round(float(np.dot(frame.position or (0, 0, 0), normal)) * 100)].append(frame)
    counts = {len(group) for group in at.values()}
    if len(counts) != 1:
        return None
    for group in at.values():
        group.sort(key=lambda frame: str(frame.attributes[clock]))
        if len({frame.attributes[clock] for frame in group}) < len(group):
            return None
    return [[group[i] for group in at.values()] for i in range(counts.pop())]


def _attribute(frame: Frame, name: str) -> AttributeValue:
    """A trait, rounded; the folder counts as one, since a series may have been exported twice."""
    value = frame.file.folder if name == "folder" else frame.attributes.get(name)
    return round(value, 3) if isinstance(value, float) else value


def _sortable(value: AttributeValue) -> tuple[int, float, str]:
    if isinstance(value, float):
        return 0, value, ""
    return 1, 0.0, str(value)


def _short(folder: AttributeValue, groups: Collection[tuple[AttributeValue, ...]]) -> str:
    """As much of a folder's path, from its end, as tells it from the others; folders further up may name a patient."""
    others = [str(value) for values in groups for value in values if value != folder]
    parts = str(folder).replace("\\", "/").split("/")
    for count in range(1, len(parts)):
        tail = "/".join(parts[-count:])
        if not any(other.replace("\\", "/").endswith(tail) for other in others):
            return tail
    return str(folder)


def _words(value: AttributeValue) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return "/".join(f"{part:g}" if isinstance(part, float) else part for part in value)
    return "not given" if value is None else value
