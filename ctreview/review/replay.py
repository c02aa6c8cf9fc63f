"""A reader's corrections, replayed without a window: the same masks, voxel for voxel, that the reader saw."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ctreview.change import Timepoint
from ctreview.edits import Edit, Journal
from ctreview.errors import WrongUse
from ctreview.progress import Progress, part, quiet
from ctreview.recipes.chest_ct import segment
from ctreview.recipes.chest_ct.corrections import OPACITY, corrected, replayed
from ctreview.recipes.chest_ct.loading import ScanInput, load_ct
from ctreview.recipes.chest_ct.masks import find_label_map, masks_of, timepoint_from_masks
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.review.images import load_ct_of_study
from ctreview.review.readings import open_journal, open_reading
from ctreview.review.stored_fissures import with_stored_fissures
from ctreview.study import Reading, Study
from ctreview.tools.payload_reading import require_well_formed
from ctreview.volume.labels import LabelMap
from ctreview.volume.resample import unwarp_labels, warp_labels
from ctreview.volume.segmentation import read_segmentation
from ctreview.volume.volume import Volume
from ctreview.volume.write import read_transform

__all__ = [
    "REPLAY_SCHEMA",
    "CorrectedScan",
    "replay",
    "replay_document",
    "replay_facts",
    "replay_journal",
    "replay_study",
    "write_replayed",
]

REPLAY_SCHEMA = "ctreview.replay/1"
"""Name and version of the shape that `replay_document` gives."""


@dataclass(frozen=True, eq=False)
class CorrectedScan:
    """One scan with one reader's corrections.

    Attributes
    ----------
    timepoint : Timepoint
        The scan with the corrected opacity.
    proposed : LabelMap
        What the computer had found.
    applied : tuple of Edit
        In order.
    refused : tuple of (Edit, str)
        What no longer applies, and why.
    elsewhere : tuple of Edit
        What was drawn on an image that is not known here; it was not replayed.
    number : int
        The number of the timepoint in its study, from 1.
    reader, version
        Whose corrections they are; empty and 0 where a bare journal was replayed.
    """

    timepoint: Timepoint
    proposed: LabelMap = field(repr=False)
    applied: tuple[Edit, ...] = field(repr=False)
    refused: tuple[tuple[Edit, str], ...] = ()
    elsewhere: tuple[Edit, ...] = ()
    number: int = 1
    reader: str = ""
    version: int = 0

    @property
    def opacity(self) -> LabelMap:
        """The corrected opacity."""
        return self.timepoint.opacity


def replay(
    source: Path | str,
    *,
    reader: str | None = None,
    timepoints: Sequence[int] = (),
    scan: Path | None = None,
    series: str | None = None,
    masks: Path | None = None,
    settings: ChestCtSettings | None = None,
    progress: Progress = quiet,
) -> tuple[CorrectedScan, ...]:
    """Replay whatever holds edits: a study, one reading of it, or a bare journal with its scan.

    Parameters
    ----------
    source : path
        A study's folder, the folder of a reading in it, or a journal.
    reader : str, optional
        See `readings.find_reading`.
    timepoints, scan, series, masks, settings, progress
        As in `replay_study` and `replay_journal`.

    Returns
    -------
    tuple of CorrectedScan
        One for each timepoint.

    Raises
    ------
    WrongUse
        A journal without its scan, or options that do not go with the source.
    """
    source = Path(source)
    if not source.is_dir():
        if scan is None:
            raise WrongUse(
                "a journal alone has no image to be replayed on", where=source, remedy="Give it with --scan."
            )
        if reader is not None or timepoints:
            raise WrongUse("a journal has neither readers nor timepoints", where=source, remedy="Name a study folder.")
        found = replay_journal(source, scan, masks=masks, series=series, settings=settings, progress=progress)
        return (found,)
    if masks is not None or series is not None:
        raise WrongUse("a study knows its masks and series", where=source, remedy="Leave --masks and --series out.")
    study, reading = open_reading(source, reader)
    return replay_study(study, (reading,), timepoints=timepoints, scan=scan, settings=settings, progress=progress)


def replay_study(
    study: Study,
    readings: Sequence[Reading],
    *,
    timepoints: Sequence[int] = (),
    scan: Path | str | None = None,
    settings: ChestCtSettings | None = None,
    progress: Progress = quiet,
) -> tuple[CorrectedScan, ...]:
    """Replay readings of a study on the masks that it keeps.

    Parameters
    ----------
    study : Study
    readings : sequence of Reading
        Whose edits; each scan is loaded once for all of them.
    timepoints : sequence of int
        Which; all if empty.
    scan : path, optional
        Where the image of the one timepoint lies now, if it was moved.
    settings : ChestCtSettings, optional
        How the scans are loaded, instead of what the study's plan says; the masks are those of the study.
    progress : Progress

    Returns
    -------
    tuple of CorrectedScan
        By timepoint, then by reading.

    Raises
    ------
    InputRefused
        An image is gone, or is another one than the study was made on; or what was signed was changed afterwards.
    WrongUse
        The study has no such timepoint.
    """
    for reading in readings:
        reading.signature()
    numbers = tuple(timepoints) or study.timepoints
    if scan is not None and len(numbers) != 1:
        raise WrongUse("one scan was given and several timepoints", remedy="Name the timepoint that it belongs to.")
    settings = settings or _loaded_by(study)
    known = {study.source(number).digest for number in study.timepoints}
    found = []
    for done, number in enumerate(numbers):
        listener = part(progress, done / len(numbers), (done + 1) / len(numbers))
        volume = load_ct_of_study(study, number, scan=scan, settings=settings, progress=listener)
        masks = study.masks(number, on=volume.geometry)
        folder = study.folder / "timepoints" / str(number)
        point = with_stored_fissures(timepoint_from_masks(volume, masks, where=folder), folder)
        own = [reading.edits(image=point.volume.digest, target=OPACITY) for reading in readings]
        copied = any(edit.kind == "carry" for edits in own for edit in edits)
        other = _other(study, number, point.volume) if copied else None
        for reading, edits in zip(readings, own, strict=True):
            lost = tuple(edit for edit in reading.edits(target=OPACITY) if edit.image not in known)
            done_here = _corrected(point, edits, other)
            found.append(
                replace(done_here, elsewhere=lost, number=number, reader=reading.reader, version=reading.version)
            )
    return tuple(found)


def replay_journal(
    journal: Journal | Path | str,
    scan: ScanInput,
    *,
    masks: Path | str | None = None,
    series: str | None = None,
    settings: ChestCtSettings | None = None,
    progress: Progress = quiet,
) -> CorrectedScan:
    """Replay a bare journal on one scan.

    Parameters
    ----------
    journal : Journal or path
        Edits of other scans in it are left alone.
    scan : Volume, Series or path
    masks : path, optional
        A ``.seg.nrrd`` of ctreview with what the computer had found; without it that is found anew, by the scan's own
        threshold and without what another timepoint tells, so that it may differ from what a comparison finds.
    series, settings, progress
        As in `segment`.

    Raises
    ------
    UnreadableFile
        The journal is missing or damaged, or the masks hold no lungs or no opacity.
    GridMismatch
        The masks do not lie on the scan.
    """
    journal = journal if isinstance(journal, Journal) else open_journal(journal)
    edits = [edit for edit in require_well_formed(journal.read(), where=journal.path) if edit.target == OPACITY]
    settings = settings or ChestCtSettings()
    if masks is None:
        point = segment(scan, series=series, settings=settings, progress=progress).timepoint
    else:
        volume = load_ct(scan, series, settings=settings, progress=progress)
        point = timepoint_from_masks(volume, read_segmentation(masks, on=volume.geometry), where=masks)
    own = [edit for edit in edits if edit.image == point.volume.digest]
    done = _corrected(point, own, None)
    return replace(done, elsewhere=tuple(edit for edit in edits if edit.image != point.volume.digest))


def replay_facts(
    number: int,
    reading: tuple[str, int],
    *,
    applied: int,
    refused: Sequence[tuple[Edit, str]],
    elsewhere: int,
    proposed: LabelMap,
    corrected: LabelMap,
) -> dict[str, Any]:
    """One timepoint of ``replay.json``.

    Parameters
    ----------
    number : int
        Of the timepoint, from 1.
    reading : tuple of (str, int)
        Reader and version; empty and 0 where a bare journal was replayed.
    applied, elsewhere : int
        How many edits apply, and how many were drawn on images that are not there.
    refused : sequence of (Edit, str)
        What no longer applies, and why.
    proposed, corrected : LabelMap
        Before and after.
    """
    reader, version = reading
    return {
        "timepoint": number,
        "reader": reader or None,
        "version": version or None,
        "applied": applied,
        "refused": [{"id": edit.id, "kind": edit.kind, "reason": reason} for edit, reason in refused],
        "drawn_elsewhere": elsewhere,
        "proposed_ml": _ml(proposed),
        "corrected_ml": _ml(corrected),
        "sha256": hashlib.sha256(np.ascontiguousarray(corrected.array).data).hexdigest(),
    }


def replay_document(found: Sequence[CorrectedScan]) -> dict[str, Any]:
    """What came of a replay, ready for JSON; ``sha256`` tells whether two opacities are the same voxel for voxel."""
    return {"schema": REPLAY_SCHEMA, "timepoints": [_facts(one) for one in found]}


def write_replayed(found: Sequence[CorrectedScan], folder: Path | str, *, overwrite: bool = False) -> Path:
    """Write ``timepoint-<n>.seg.nrrd`` (lungs, vessels, corrected opacity), ``replay.json`` and ``provenance.json``.

    Raises
    ------
    WrongUse
        The folder may not be written to, or two readers' masks of one timepoint were given.
    """
    from ctreview.report.document import write_json  # noqa: PLC0415 - the page's libraries are loaded only here
    from ctreview.report.folder import result_folder  # noqa: PLC0415
    from ctreview.report.provenance import provenance  # noqa: PLC0415
    from ctreview.volume.segmentation import write_segmentation  # noqa: PLC0415

    if len({one.number for one in found}) < len(found):
        raise WrongUse("two readers' masks of one timepoint do not fit into one folder")
    inputs = {f"timepoint {one.number}": one.timepoint.volume for one in found}
    with result_folder(folder, overwrite=overwrite) as draft:
        for one in found:
            write_segmentation(draft / f"timepoint-{one.number}.seg.nrrd", masks_of(one.timepoint))
        write_json(replay_document(found), draft / "replay.json")
        write_json(provenance(inputs, settings={}, seeds={}, timings={}), draft / "provenance.json")
    return Path(folder)


def _facts(one: CorrectedScan) -> dict[str, Any]:
    return replay_facts(
        one.number,
        (one.reader, one.version),
        applied=len(one.applied),
        refused=one.refused,
        elsewhere=len(one.elsewhere),
        proposed=one.proposed,
        corrected=one.opacity,
    )


def _ml(labels: LabelMap) -> dict[str, float]:
    return {label.key: labels.volume_ml(label.key) for label in labels.scheme}


def _corrected(point: Timepoint, edits: Sequence[Edit], other: LabelMap | None) -> CorrectedScan:
    done = replayed(point, point.opacity, edits, other)
    return CorrectedScan(corrected(point, done), point.opacity, done.applied, done.refused)


def _loaded_by(study: Study) -> ChestCtSettings:
    """How the study's scans were loaded; the other settings went into the masks that it keeps, and are not asked for.

    So a study is replayed whatever became of those settings since.
    """
    plan = study.plan
    return ChestCtSettings.from_dict({} if plan is None else {"load": plan.settings.get("load", {})})


def _other(study: Study, number: int, volume: Volume) -> LabelMap | None:
    """What the computer found at the timepoint this one was compared with, on this one's grid.

    None where the study keeps no registration of the two.

    Raises
    ------
    WrongUse
        The timepoint was compared with several others, so that it cannot be told which one was copied from.
    """
    pairs = [pair for pair in _registered(study) if number in pair]
    if not pairs:
        return None
    if len(pairs) > 1:
        names = ", ".join(f"{a}-{b}" for a, b in pairs)
        raise WrongUse(
            f"timepoint {number} was compared with several others ({names}), and edits copy from one of them",
            where=study.folder,
        )
    ((first, second),) = pairs
    path = study.comparison_folder(first, second) / "transform.h5"
    opacity = find_label_map(study.masks(second if number == first else first), "ground_glass")
    if opacity is None:
        return None
    if number == first:
        return warp_labels(opacity, read_transform(path, volume.geometry, opacity.geometry))
    return unwarp_labels(opacity, read_transform(path, opacity.geometry, volume.geometry))


def _registered(study: Study) -> list[tuple[int, int]]:
    """Pairs of timepoints whose comparison keeps a registration."""
    found = []
    for path in sorted((study.folder / "comparisons").glob("*-*/transform.h5")):
        first, _, second = path.parent.name.partition("-")
        if first.isdigit() and second.isdigit():
            found.append((int(first), int(second)))
    return found
