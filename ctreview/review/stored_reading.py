"""A signed reading of another version of ctreview, from what the study stores of it; nothing is computed anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ctreview.change import Timepoint
from ctreview.errors import InputRefused
from ctreview.recipes.chest_ct.masks import timepoint_from_masks
from ctreview.study import Reading, Study
from ctreview.version import __version__
from ctreview.volume.segmentation import read_segmentation
from ctreview.volume.volume import Volume

__all__ = ["StoredReading", "made_by_another_version", "signed_by_another_version", "stored_reading"]

_FILES = ("baseline.seg.nrrd", "followup.seg.nrrd")


@dataclass(frozen=True, eq=False)
class StoredReading:
    """What was signed, to be looked at.

    Attributes
    ----------
    points : pair of Timepoint
        The scans with the masks that were signed: lungs, vessels, corrected opacity.
    signature : mapping
        What `Reading.signature` gives: verdict, numbers and words stand under ``statement``.
    made_by : str
        The version of ctreview that found and measured it; empty where that was not kept.
    """

    points: tuple[Timepoint, ...] = field(repr=False)
    signature: dict[str, Any] = field(repr=False)
    made_by: str

    @property
    def summary(self) -> str:
        """One sentence: by whom and which version it was made, what came out, and that it stays as it is."""
        signed, statement = self.signature, self.signature["statement"]
        version = f"ctreview {self.made_by}" if self.made_by else "an earlier version of ctreview"
        verdict = str(statement.get("verdict", "")).replace("_", " ")
        found = f": {verdict}{_lungs(statement.get('change'))}" if verdict else ""
        return (
            f"{signed['state']} by {signed['reader']} on {str(signed['time'])[:10]}, made by {version}{found}."
            " Shown as it was stored, read-only"
        )


def made_by_another_version(study: Study, reading: Reading) -> bool:
    """Whether a reading is signed and rests on what another version of ctreview found."""
    plan = study.plan
    return reading.state == "signed" and (plan is None or plan.version != __version__)


def signed_by_another_version(study: Study) -> bool:
    """Whether a study holds a signed reading that rests on what another version of ctreview found."""
    return any(made_by_another_version(study, reading) for reading in study.readings)


def stored_reading(study: Study, reading: Reading, volumes: Sequence[Volume]) -> StoredReading:
    """What a study stores of a signed reading of two scans.

    Parameters
    ----------
    study : Study
    reading : Reading
    volumes : sequence of Volume
        Baseline and follow-up, found to be those that the study was made on.

    Raises
    ------
    InputRefused
        It is not signed, what was signed was changed, or its masks were not stored.
    """
    signature = reading.signature()
    if signature is None:
        raise InputRefused("this reading is a draft", where=reading.folder, remedy="Compute it anew.")
    points = []
    for volume, name in zip(volumes, _FILES, strict=True):
        path = reading.comparison_folder / name
        if not path.is_file():
            raise InputRefused("the masks that were signed are not there", where=path, remedy="Restore a backup.")
        points.append(timepoint_from_masks(volume, read_segmentation(path, on=volume.geometry), where=path))
    plan = study.plan
    return StoredReading(tuple(points), signature, "" if plan is None else plan.version)


def _lungs(change: Any) -> str:
    """The change of both lungs, where a document of whatever version says it."""
    try:
        opacity = next(one for one in change["regions"] if one["region"] == "lungs")["change"]["opacity_ml"]
        value, low, high = (f"{opacity[key]:+.0f}".replace("-", "−") for key in ("value", "low", "high"))
    except (KeyError, TypeError, ValueError, StopIteration):
        return ""
    return f", {value} mL ({low} to {high})"
