"""The label maps of a scan as they are stored, and a timepoint put together from them."""

from __future__ import annotations

from collections.abc import Sequence

from ctreview.anatomy import LOBES, LUNG_SCHEME, divide_lungs
from ctreview.change import Timepoint
from ctreview.errors import UnreadableFile
from ctreview.opacity import OPACITY_SCHEME
from ctreview.recipes.scan_facts import scan_facts
from ctreview.volume.labels import LabelMap
from ctreview.volume.regions import Regions
from ctreview.volume.volume import Volume

__all__ = ["find_label_map", "masks_of", "regions_from_masks", "timepoint_from_masks"]


def masks_of(point: Timepoint) -> list[LabelMap]:
    """What is stored of a scan: lungs, lobes, vessels, opacity."""
    return [labels for labels in (point.organ, point.parts, point.vessels, point.opacity) if labels is not None]


def timepoint_from_masks(volume: Volume, masks: Sequence[LabelMap], *, where: object = None) -> Timepoint:
    """A timepoint from its image and the label maps that were stored of it.

    Parameters
    ----------
    volume : Volume
    masks : sequence of LabelMap
        In any order; they are told by the names of their labels.
    where : str or path, optional
        Where they were stored, for the message of an error.

    Raises
    ------
    UnreadableFile
        There are no lungs or no opacity among them.
    """
    lungs, regions = find_label_map(masks, "right_lung", "left_lung"), regions_from_masks(masks)
    opacity = find_label_map(masks, "ground_glass")
    if lungs is None or regions is None or opacity is None:
        missing = "lungs" if lungs is None else "opacity"
        raise UnreadableFile(f"the masks hold no {missing}", where=where, remedy="Use masks that ctreview wrote.")
    lungs, opacity = lungs.described_by(LUNG_SCHEME), opacity.described_by(OPACITY_SCHEME)
    vessels = find_label_map(masks, "vessel", "airway_wall")
    lobes = find_label_map(masks, *LOBES)
    return Timepoint(volume, lungs, opacity, regions, vessels, facts=scan_facts(volume, None), parts=lobes)


def regions_from_masks(masks: Sequence[LabelMap]) -> Regions | None:
    """The regions that are counted, lobes among them where they were stored; None without lungs."""
    lungs = find_label_map(masks, "right_lung", "left_lung")
    return None if lungs is None else divide_lungs(lungs, lobes=find_label_map(masks, *LOBES))


def find_label_map(masks: Sequence[LabelMap], *keys: str) -> LabelMap | None:
    """The first label map that knows one of these labels."""
    return next((one for one in masks if {label.key for label in one.scheme} & set(keys)), None)
