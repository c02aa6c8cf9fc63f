"""Files that lie in a folder twice: read once."""

from __future__ import annotations

from collections import defaultdict

from ctreview.dicom.frame import Instance
from ctreview.dicom.source import FileRef

__all__ = ["without_copies"]

_BLOCK = 1 << 20


def without_copies(group: list[Instance]) -> tuple[list[Instance], tuple[str, ...]]:
    """Leave out files that are the same, byte by byte, as another one of the same SOPInstanceUID.

    Returns
    -------
    list of Instance
        Each once; objects of one UID whose bytes differ all stay.
    tuple of str
        A sentence that says how many were left out.
    """
    by_uid: dict[str, list[Instance]] = defaultdict(list)
    for instance in group:
        by_uid[instance.sop_uid].append(instance)
    if len(by_uid) == len(group):
        return group, ()
    dropped = {id(copy) for uid, same in by_uid.items() if uid for copy in _copies(same)}
    if not dropped:
        return group, ()
    note = f"{len(dropped)} files are exact copies of others and were left out."
    return [instance for instance in group if id(instance) not in dropped], (note,)


def _copies(same: list[Instance]) -> list[Instance]:
    """Those of which another one, first by name, has the same bytes."""
    kept: list[Instance] = []
    copies: list[Instance] = []
    for instance in sorted(same, key=lambda one: one.file):
        known = any(_same_bytes(instance.file, other.file) for other in kept)
        (copies if known else kept).append(instance)
    return copies


def _same_bytes(one: FileRef, other: FileRef) -> bool:
    with one.open() as (first, size), other.open() as (second, other_size):
        if size != other_size:
            return False
        while data := first.read(_BLOCK):
            if data != second.read(len(data)):
                return False
    return True
