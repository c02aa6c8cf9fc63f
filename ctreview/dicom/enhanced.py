"""Functional groups of enhanced multiframe files (PS3.3 C.7.6.16): what is shared, and what each frame adds."""

from __future__ import annotations

from ctreview.dicom.elements import Elements, MalformedDataSet
from ctreview.dicom.tags import Tag

__all__ = ["frame_groups"]

_UNASSIGNED = (Tag.UnassignedSharedConvertedAttributesSequence, Tag.UnassignedPerFrameConvertedAttributesSequence)
"""What a legacy converted file keeps of classic headers without a group of its own; the groups go before it."""

_SKIPPED_SEQUENCES = (*_UNASSIGNED, Tag.PhilipsPrivateSequence)


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

    Raises
    ------
    MalformedDataSet
        Fewer frames are described than there are.
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
    if len(own) < frames:
        raise MalformedDataSet(f"there are functional groups for {len(own)} of {frames} frames")
    groups = []
    for number in range(frames):
        flat = Elements(little=header.little)
        flat.values.update(base.values)
        _flatten(own[number], flat)
        groups.append(flat)
    return groups


def _flatten(item: Elements, into: Elements) -> None:
    """Copy the elements of a functional group's macros into one flat set; the standard's groups share no element."""
    for tag in _UNASSIGNED:
        for inner in item.items(tag)[:1]:
            _flatten(inner, into)
    for inner in item.items(Tag.PhilipsPrivateSequence)[:1]:
        _take_scaling(inner, into)
    for tag, (vr, value) in item.values.items():
        if isinstance(value, list):
            if value and tag not in _SKIPPED_SEQUENCES:
                _flatten(value[0], into)
        else:
            into.values[tag] = (vr, value)


def _take_scaling(item: Elements, into: Elements) -> None:
    """Of Philips' private copy of a classic header only the scaling: its positions are half a voxel off."""
    for tag in (Tag.PhilipsCreator, Tag.PhilipsScaleSlope, Tag.PhilipsScaleIntercept):
        if tag in item:
            into.values[tag] = item.values[tag]
