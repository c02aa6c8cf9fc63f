"""Functional groups of enhanced multiframe files (PS3.3 C.7.6.16): what is shared, and what each frame adds."""

from __future__ import annotations

from ctreview.dicom.elements import Elements
from ctreview.dicom.tags import SEQUENCES, Tag

__all__ = ["frame_groups"]


def frame_groups(header: Elements, frames: int) -> list[Elements]:
    """What holds for each frame, flat: the frame's own groups over the shared ones over the header.

    Parameters
    ----------
    header : Elements
        The whole data set.
    frames : int
        How many frames it has.

    Returns
    -------
    list of Elements, one for each frame
        For a classic file of one slice the header itself.
    """
    shared = header.items(Tag.SharedFunctionalGroupsSequence)
    own = header.items(Tag.PerFrameFunctionalGroupsSequence)
    if not shared and not own:
        return [header] * frames
    base = Elements(little=header.little)
    base.values.update(header.values)
    for item in shared[:1]:
        _flatten(item, base)
    if not own:
        return [base] * frames
    groups = []
    for number in range(frames):
        flat = Elements(little=header.little)
        flat.values.update(base.values)
        if number < len(own):
            _flatten(own[number], flat)
        groups.append(flat)
    return groups


def _flatten(item: Elements, into: Elements) -> None:
    """Copy the elements of a functional group's macros into one flat set; the groups share no element."""
    for tag, (vr, value) in item.values.items():
        if isinstance(value, list):
            if value and tag in SEQUENCES | {Tag.PhilipsFramesSequence}:
                _flatten(value[0], into)
        else:
            into.values[tag] = (vr, value)
