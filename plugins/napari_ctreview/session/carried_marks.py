"""Findings and key images when other scans are loaded: which still apply, and what the reader is told of the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeVar

from ctreview.review.workspace import Workspace
from ctreview.study import Finding, KeyImage

__all__ = ["CarriedMarks", "ImageDigests", "kept_words", "removed_words"]

ImageDigests = Sequence[str | None]
"""The digest of each timepoint's image; None where there is none."""

_M = TypeVar("_M", Finding, KeyImage)


@dataclass(frozen=True, eq=False)
class CarriedMarks:
    """Findings and key images.

    Attributes
    ----------
    findings : tuple of Finding
    key_images : tuple of KeyImage
    pictures : mapping of str to bytes
        PNG of the key images by their id.
    """

    findings: tuple[Finding, ...] = ()
    key_images: tuple[KeyImage, ...] = ()
    pictures: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def carried_over(cls, workspace: Workspace, before: ImageDigests, now: ImageDigests) -> CarriedMarks:
        """What applies to the scans that are shown now: it goes with its image, to whichever timepoint that is.

        A study that was saved keeps its own, and a blinded reading starts nothing else.
        """
        if workspace.saved or workspace.seed is not None:
            return cls()
        images = _on(workspace.key_images, before, now)
        pictures = {image.id: workspace.picture(image) for image in images}
        return cls(_on(workspace.findings, before, now), images, {key: png for key, png in pictures.items() if png})

    def store_in(self, workspace: Workspace) -> None:
        """Go on with them at a workspace that holds none yet."""
        if self.findings:
            workspace.keep_findings(self.findings)
        if self.key_images:
            workspace.keep_key_images(self.key_images, self.pictures)


def _on(marks: Sequence[_M], before: ImageDigests, now: ImageDigests) -> tuple[_M, ...]:
    """The marks whose image is still there, with the timepoint that it has now."""
    there = {image: timepoint for timepoint, image in enumerate(now, 1) if image is not None}
    made_on = [(mark, before[mark.timepoint - 1]) for mark in marks]
    return tuple(replace(mark, timepoint=there[image]) for mark, image in made_on if image in there)


def removed_words(*, findings: int = 0, key_images: int = 0, measurements: int = 0) -> str:
    """What is gone with its scan; empty where nothing is."""
    what = _listed((findings, "finding"), (key_images, "key image"), (measurements, "measurement"))
    return f"Removed with the scan they were made on: {what}." if what else ""


def kept_words(workspace: Workspace) -> str:
    """What an unsaved study that is left still holds; empty where it holds nothing or the reader saved it."""
    if workspace.study is None or workspace.saved:
        return ""
    what = _listed(
        (len(workspace.journal), "act"), (len(workspace.findings), "finding"), (len(workspace.key_images), "key image")
    )
    return f"The reading of the scans before was not saved; it is offered above the steps, with {what}." if what else ""


def _listed(*counts: tuple[int, str]) -> str:
    words = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts if count]
    return " and ".join([*([", ".join(words[:-1])] if words[:-1] else []), *words[-1:]])
