"""What an act came to, in words: what came and went, and what of it fell outside."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ctreview.edits import LabelChange
from ctreview.volume.labels import LabelMap, Scheme

__all__ = ["change_words", "organ_ml", "outside_words"]

_BRUSH = " The lung brush (Shift+B) adds to the lung."
_ADDS = {"lungs": _BRUSH, "lobes": _BRUSH}
_OTHER = {"lungs": "the other lung", "lobes": "another lobe"}


def organ_ml(organ: LabelMap) -> dict[str, float]:
    """The volume of each part of an organ, by its name."""
    return {label.name: organ.volume_ml(label.key) for label in organ.scheme}


def change_words(
    change: LabelChange,
    scheme: Scheme,
    voxel_ml: float,
    before_ml: Mapping[str, float],
    after_ml: Mapping[str, float],
    organ: str,
) -> str:
    """How much of each part of the organ and of each class came or went, and how much fell outside.

    Parameters
    ----------
    change : LabelChange
    scheme : Scheme
        The classes.
    voxel_ml : float
    before_ml, after_ml : mapping of str to float
        Volumes of the parts of the organ, where they may have changed.
    organ : str
        What it is called.
    """
    steps = {part: after_ml[part] - ml for part, ml in before_ml.items()}
    before, after = change.before.labels, change.after.labels
    for label in scheme:
        voxels = int(np.count_nonzero(after == label.value)) - int(np.count_nonzero(before == label.value))
        steps[label.name] = voxels * voxel_ml
    said = ", ".join(f"{name} {_signed(ml)}" for name, ml in steps.items() if abs(ml) > voxel_ml / 2)
    outside = outside_words(change.after.outside * voxel_ml, change.after.in_other_part * voxel_ml, organ)
    return f"{said or 'Nothing changed'}. {outside}".strip()


def outside_words(outside_ml: float, other_ml: float, organ: str) -> str:
    """How much of an act lay outside an organ and in another part of it; empty where nothing did."""
    said = []
    if outside_ml > 0:
        said.append(f"{outside_ml:.2f} mL lie outside the {organ} and were not labelled.{_ADDS.get(organ, '')}")
    if other_ml > 0:
        said.append(f"{other_ml:.2f} mL lie in {_OTHER.get(organ, 'another part')} and stay as they were.")
    return " ".join(said)


def _signed(ml: float) -> str:
    return f"{ml:+.2f} mL".replace("-", "−")
