"""One patient on disk: where timepoints, masks, journals and provenance lie."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ctreview.errors import UnreadableFile, WrongUse
from ctreview.study.copying import copy_tree
from ctreview.study.document import read_document, write_document
from ctreview.study.lock import locked
from ctreview.study.plan import PLAN, PLAN_SCHEMA, AnalysisPlan
from ctreview.study.reading import Reading, folder_name
from ctreview.study.shape import Kind, optional, record, text
from ctreview.study.shape import path as path_kind
from ctreview.volume.atomic import atomic_folder, remove_leftovers
from ctreview.volume.geometry import Geometry, require_same_grid
from ctreview.volume.labels import LabelMap
from ctreview.volume.segmentation import read_segmentation, write_segmentation
from ctreview.volume.volume import Volume

__all__ = ["SOURCE_SCHEMA", "STUDY_SCHEMA", "ImageReference", "Study", "require_reader_name"]

STUDY_SCHEMA = "ctreview.study/1"
SOURCE_SCHEMA = "ctreview.source/1"
LOCK = "open.lock"

SOURCE: Kind = record({"path": path_kind, "series": optional(text), "digest": text})
"""What a ``source.json`` holds."""

_NUMBER = re.compile(r"[1-9][0-9]{0,3}")
"""How a timepoint's folder, and the version in a reading's, is called."""


@dataclass(frozen=True)
class ImageReference:
    """Where a timepoint's image comes from; the image itself stays where it is.

    Attributes
    ----------
    path : Path
        The folder or file it was loaded from.
    series : str or None
        Which series of it.
    digest : str
        `Volume.digest`, so that another image in its place is noticed.
    """

    path: Path
    series: str | None
    digest: str


@dataclass(frozen=True)
class Study:
    """A study folder.

    ::

        study.json                          schema, number of timepoints
        plan.json                           images, version, settings, age, whether two patients were allowed
        timepoints/<n>/source.json          where the image is, and its digest
        timepoints/<n>/masks.seg.nrrd       what the computer proposed
        timepoints/<n>/measurements.json    what was measured on it
        timepoints/<n>/candidates.json      the candidates that were offered, with their voxels
        timepoints/<n>/fissures.json        the fissures between lobes, where lobes were looked for
        timepoints/<n>/muscle.json, .npz    maps and levels of muscle MRI, where tissues were looked for
        readers/<name>/journal.jsonl        edits; findings, grades, key_images, blinded, signed (.json)
        readers/<name>/key_images/<id>.png  the pictures of key images
        readers/<name>/comparison/          what `ctreview compare` writes, with the reader's corrections
        readers/<name>/regions/             regions painted on muscle MRI, and what they measure
        comparisons/<a>-<b>/                the same without corrections
        muscle/, chest/                     a study of another kind of examination of the same patient
        open.lock                           who has it open for writing

    Attributes
    ----------
    folder : Path
        Where it lies.
    """

    folder: Path

    @classmethod
    def create(cls, folder: Path | str) -> Study:
        """Make an empty study.

        Raises
        ------
        WrongUse
            The folder is there already and not empty.
        """
        folder = Path(folder)
        _require_unused(folder)
        write_document(folder / "study.json", STUDY_SCHEMA, {})
        return cls(folder)

    @classmethod
    def open(cls, folder: Path | str) -> Study:
        """Open a study that exists.

        Raises
        ------
        UnreadableFile
            The folder holds no study, or one of a newer version of ctreview.
        """
        study = cls(Path(folder))
        if not (study.folder / "study.json").exists():
            raise UnreadableFile(
                "this folder holds no study", where=study.folder, remedy="Choose one with a study.json."
            )
        read_document(study.folder / "study.json", STUDY_SCHEMA)
        return study

    @contextmanager
    def writing(self) -> Iterator[Study]:
        """Hold the study's lock; raises `StudyLocked` where another process does.

        What a killed program left half-written is swept first.
        """
        with locked(self.folder / LOCK):
            for folder in (self.folder, *self.folder.glob("*"), *self.folder.glob("readers/*")):
                if folder.is_dir():
                    remove_leftovers(folder)
            yield self

    @property
    def timepoints(self) -> tuple[int, ...]:
        """The numbers of the timepoints that are there, rising: 1 is the baseline, 2 the follow-up."""
        there = self.folder / "timepoints"
        found = [int(path.name) for path in there.iterdir() if _NUMBER.fullmatch(path.name)] if there.is_dir() else []
        return tuple(sorted(found))

    def add_timepoint(
        self,
        volume: Volume,
        *,
        path: Path | str,
        series: str | None,
        masks: Sequence[LabelMap],
        measurements: Mapping[str, Any] | None = None,
        schema: str = "ctreview.measurements/2",
        documents: Mapping[str, tuple[str, Mapping[str, Any]]] = MappingProxyType({}),
        number: int | None = None,
    ) -> int:
        """Keep what the computer proposed for an image; whole or not at all.

        Parameters
        ----------
        volume : Volume
            The image; only its digest is kept.
        path, series
            Where it was loaded from.
        masks : sequence of LabelMap
            Lungs, opacity, … on the image's grid; none where the reader draws everything.
        measurements : mapping, optional
            Ready for JSON, of ``schema``.
        documents : mapping of str to (str, mapping)
            What else is kept, by the name of its file: schema, and content ready for JSON.
        number : int, optional
            Which timepoint; one that is there gives way, say to what was found with other settings. A new one if not
            given.

        Returns
        -------
        int
            The number of the timepoint.
        """
        require_same_grid(volume, *masks)
        number = number or max(self.timepoints, default=0) + 1
        with atomic_folder(self.folder / "timepoints" / str(number), replace=True) as draft:
            source = {"path": str(Path(path).absolute()), "series": series, "digest": volume.digest}
            write_document(draft / "source.json", SOURCE_SCHEMA, source)
            if masks:
                write_segmentation(draft / "masks.seg.nrrd", masks)
            if measurements is not None:
                write_document(draft / "measurements.json", schema, measurements)
            for name, (of_schema, content) in documents.items():
                write_document(draft / name, of_schema, content)
        return number

    @property
    def images(self) -> tuple[str, ...]:
        """The digest of each timepoint's image, as `AnalysisPlan.images` has them."""
        there = self.timepoints
        return tuple(self.source(n).digest if n in there else "" for n in range(1, max(there, default=0) + 1))

    def source(self, timepoint: int) -> ImageReference:
        """Where a timepoint's image comes from."""
        plain = read_document(self._timepoint(timepoint) / "source.json", SOURCE_SCHEMA, SOURCE)
        return ImageReference(Path(plain["path"]), plain["series"], plain["digest"])

    def relocate(self, timepoint: int, path: Path, series: str | None) -> None:
        """Say where a timepoint's image lies now; which image it is stays as it was.

        Raises
        ------
        WrongUse
            There is no such timepoint.
        """
        kept = self.source(timepoint)
        source = {"path": str(path.absolute()), "series": series, "digest": kept.digest}
        write_document(self._timepoint(timepoint) / "source.json", SOURCE_SCHEMA, source)

    def masks(self, timepoint: int, *, on: Geometry | None = None) -> tuple[LabelMap, ...]:
        """What the computer proposed at a timepoint; ``on`` is the grid of its image, which it is checked against."""
        return read_segmentation(self._timepoint(timepoint) / "masks.seg.nrrd", on=on)

    @property
    def plan(self) -> AnalysisPlan | None:
        """What the timepoints rest on; None where that was not kept."""
        plain = self._plan()
        return None if plain is None else AnalysisPlan.from_json(plain)

    @property
    def filed(self) -> bool:
        """Whether the timepoints are those of the plan; not so where a program was killed while it filed them."""
        plain = self._plan()
        return plain is not None and bool(plain["filed"])

    @contextmanager
    def planned(self, plan: AnalysisPlan) -> Iterator[None]:
        """Keep what is filed within the block under a plan; what was computed from another one is removed first.

        Signed readings keep their comparison, which is what was signed.
        """
        kept = self.plan
        if kept is None or plan.differences(kept):
            computed = [*(self.folder / "comparisons").glob("*-*")]
            computed += [reading.comparison_folder for reading in self.readings if reading.state == "draft"]
            for folder in computed:
                shutil.rmtree(folder, ignore_errors=True)
        path = self.folder / "plan.json"
        write_document(path, PLAN_SCHEMA, {**plan.to_json(), "filed": False})
        yield
        write_document(path, PLAN_SCHEMA, {**plan.to_json(), "filed": True})

    def _plan(self) -> dict[str, Any] | None:
        path = self.folder / "plan.json"
        if not path.exists():
            return None
        first = {1: lambda old: {**old, "images": list(self.images), "version": "", "filed": True}}
        return read_document(path, PLAN_SCHEMA, PLAN, migrations=first)

    def copy_to(self, folder: Path | str) -> Study:
        """Another study with the same content; whole or not at all.

        Raises
        ------
        WrongUse
            The folder is there already and not empty.
        UnreadableFile
            The study holds a link, whose target would come into the copy.
        """
        folder = Path(folder)
        _require_unused(folder)
        with atomic_folder(folder) as draft:
            copy_tree(self.folder.resolve(), draft, LOCK, ".*-*")
        return Study(folder)

    def comparison_folder(self, baseline: int, followup: int) -> Path:
        """Where the comparison of two timepoints is written."""
        return self.folder / "comparisons" / f"{baseline}-{followup}"

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Every reading, by reader and version."""
        there = self.folder / "readers"
        names = sorted(path.name for path in there.iterdir() if path.is_dir()) if there.is_dir() else []
        found = []
        for name in names:
            reader, _, version = name.rpartition(".")
            found.append(
                Reading(there / name, reader, int(version))
                if reader and _NUMBER.fullmatch(version)
                else Reading(there / name, name, 1)
            )
        return tuple(sorted(found, key=lambda reading: (reading.reader, reading.version)))

    @property
    def signed(self) -> bool:
        """Whether it holds a signed reading, so that what that rests on may not change any more."""
        return any(reading.state == "signed" for reading in self.readings)

    def reading(self, reader: str) -> Reading:
        """The latest reading of a reader; a new draft if there is none.

        Raises
        ------
        WrongUse
            The name cannot be a folder's.
        """
        require_reader_name(reader)
        of_reader = [reading for reading in self.readings if reading.reader == reader]
        return of_reader[-1] if of_reader else Reading(self.folder / "readers" / folder_name(reader, 1), reader, 1)

    def _timepoint(self, number: int) -> Path:
        if number not in self.timepoints:
            raise WrongUse(f"the study has no timepoint {number}", where=self.folder)
        return self.folder / "timepoints" / str(number)


def require_reader_name(name: str) -> None:
    """Refuse a name that cannot be a folder's.

    Raises
    ------
    WrongUse
        It has other characters than letters, digits, spaces, hyphens and underscores, or is too long.
    """
    if not re.fullmatch(r"[\w][\w \-]{0,63}", name):
        raise WrongUse(
            f"{name!r} cannot be a reader's name", remedy="Use letters, digits, spaces, hyphens and underscores."
        )


def _require_unused(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WrongUse("the folder is not empty", where=folder, remedy="Choose another name for the study.")
