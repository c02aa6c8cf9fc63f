"""Two scans as a study keeps them: masks, candidates, registration and comparison, without computing any anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from ctreview.change import Candidate, Comparison, Interval, RegionChange, RegionMeasures, Timepoint, name_residual
from ctreview.change.comparison import CHANGE_SCHEMA
from ctreview.change.fate import BASELINE_FATES, FATE_SCHEME, FOLLOWUP_FATES
from ctreview.checks import Check
from ctreview.errors import CtreviewError
from ctreview.opacity import Thresholds
from ctreview.progress import Progress, quiet
from ctreview.recipes.chest_ct.corrections import Edits, carried_opacity, corrected_pair
from ctreview.recipes.chest_ct.masks import find_label_map, timepoint_from_masks
from ctreview.recipes.steps import run_both
from ctreview.review.archive import basis
from ctreview.review.stored_candidates import candidates_of
from ctreview.review.stored_fissures import with_stored_fissures
from ctreview.study import Reading, Study
from ctreview.version import __version__
from ctreview.volume.labels import LabelMap
from ctreview.volume.segmentation import read_segmentation
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume
from ctreview.volume.write import read_transform

__all__ = ["StoredPair", "stored_comparison", "stored_pair"]


@dataclass(frozen=True, eq=False)
class StoredPair:
    """What a study keeps of two scans.

    Attributes
    ----------
    points : pair of Timepoint
        As the computer found them.
    transform : Transform or None
        Baseline to follow-up points; None where none was kept.
    thresholds : pair of Thresholds or None
        None where they were not kept.
    unchanged : bool
        Whether this version would find the same by the same settings, so that nothing has to be found again.
    """

    points: tuple[Timepoint, Timepoint]
    transform: Transform | None
    thresholds: tuple[Thresholds | None, Thresholds | None]
    unchanged: bool


def stored_pair(
    study: Study,
    volumes: Sequence[Volume],
    *,
    on_labels: Callable[[int, str, LabelMap], object] = lambda _number, _what, _labels: None,
) -> StoredPair | None:
    """What a study keeps of two scans; None where it keeps no masks of both.

    Parameters
    ----------
    study : Study
    volumes : sequence of Volume
        Baseline and follow-up, found to be those that the study was made on.
    on_labels : callable
        Told the opacity of each scan as soon as it is read, in whichever order: number (0, 1), ``"opacity"``, labels.

    Raises
    ------
    UnreadableFile
        A file of the study is damaged.
    """
    folders = [study.folder / "timepoints" / str(number) for number in (1, 2)]
    if not all((folder / "masks.seg.nrrd").is_file() for folder in folders):
        return None

    offered = [candidates_of(folder) for folder in folders]

    def read(number: int, _progress: Progress) -> Timepoint:
        found = study.masks(number + 1, on=volumes[number].geometry)
        opacity = find_label_map(found, "ground_glass")
        if opacity is not None:
            on_labels(number, "opacity", opacity)
        folder = folders[number]
        point = with_stored_fissures(timepoint_from_masks(volumes[number], found, where=folder), folder)
        return replace(point, candidates=tuple(Candidate(one) for one in offered[number] or ()))

    points = run_both(partial(read, 0), partial(read, 1), threads=2, progress=quiet)
    kept = all(own is not None for own in offered)
    plan = study.plan
    return StoredPair(
        points=points,
        transform=_transform(study, volumes),
        thresholds=(_thresholds(folders[0]), _thresholds(folders[1])),
        unchanged=kept and study.filed and plan is not None and plan.version == __version__,
    )


def stored_comparison(study: Study, reading: Reading, pair: StoredPair, edits: Edits) -> Comparison | None:
    """The comparison that a reading keeps, where it rests on just these edits; None where it does not, or keeps none.

    Its numbers are those that were written; of each interval only its ends are known, and no sources.
    """
    from ctreview.report import basis_of  # noqa: PLC0415 - the page's libraries load only now

    plan = study.plan
    if plan is None or not pair.unchanged:
        return None
    shown = reading.key_images(), reading.findings()
    rests = {basis(plan, edits, *shown), basis(plan, edits, *shown, reading.grades())}  # grades change no number
    # a new version of a signed reading begins with what that rests on
    folders = [reading.comparison_folder, *(one.comparison_folder for one in study.readings)]
    folder = next((one for one in folders if basis_of(one) in rests), None)
    if folder is None and not any(edits) and basis_of(study.comparison_folder(1, 2)) == basis(plan, edits):
        folder = study.comparison_folder(1, 2)
    if folder is None:
        return None
    try:
        document = json.loads((folder / "change.json").read_text(encoding="utf-8"))
        if document["schema"] != CHANGE_SCHEMA:
            return None
        points, _ = corrected_pair(pair.points, edits, carried_opacity(pair.points, edits, pair.transform))
        return _comparison(document, folder, points, pair, plan.settings)
    except (OSError, ValueError, KeyError, TypeError, CtreviewError):
        return None  # it is made anew


def _comparison(
    document: Mapping[str, Any],
    folder: Path,
    points: tuple[Timepoint, Timepoint],
    pair: StoredPair,
    settings: Mapping[str, Any],
) -> Comparison:
    baseline, followup = (
        _with_fate(replace(point, facts=document[when]), folder / name, fates)
        for point, when, name, fates in zip(
            points,
            ("baseline", "followup"),
            ("fate.seg.nrrd", "followup.seg.nrrd"),
            (BASELINE_FATES, FOLLOWUP_FATES),
            strict=True,
        )
    )
    regions = tuple(_region(one) for one in document["regions"])
    return Comparison(
        baseline=baseline,
        followup=followup,
        interval_days=document["interval_days"],
        regions=regions,
        checks=tuple(Check(**{**one, "regions": tuple(one["regions"])}) for one in document["checks"]),
        registration=document["registration"],
        thresholds=document["thresholds"],
        fixed_bands=document["fixed_bands"],
        residual=name_residual({one.region: one.followup for one in regions}, followup.regions),
        transform=pair.transform,
        settings=settings,
    )


def _region(plain: Mapping[str, Any]) -> RegionChange:
    change = dict(plain["change"])
    classes = {f"{key}_ml": found for key, found in change.pop("classes_ml").items()}
    return RegionChange(
        region=plain["region"],
        baseline=RegionMeasures(**plain["baseline"]),
        followup=RegionMeasures(**plain["followup"]),
        change={key: None if one is None else Interval(**one) for key, one in {**change, **classes}.items()},
        fate_ml=plain["fate_ml"],
        verdict=plain["verdict"],
    )


def _with_fate(point: Timepoint, path: Path, keys: Sequence[str]) -> Timepoint:
    if not path.is_file():
        return point
    found = find_label_map(read_segmentation(path, on=point.volume.geometry), *keys)
    if found is None:
        return point
    array = np.zeros(found.geometry.shape, np.uint8)
    for label in found.scheme:
        array[found.mask(label.key)] = FATE_SCHEME[label.key].value
    return replace(point, fate=LabelMap(array, found.geometry, FATE_SCHEME))


def _transform(study: Study, volumes: Sequence[Volume]) -> Transform | None:
    folders = [study.comparison_folder(1, 2), *(reading.comparison_folder for reading in study.readings)]
    path = next((one / "transform.h5" for one in folders if (one / "transform.h5").is_file()), None)
    return None if path is None else read_transform(path, volumes[0].geometry, volumes[1].geometry)


def _thresholds(folder: Path) -> Thresholds | None:
    try:
        plain = json.loads((folder / "measurements.json").read_text(encoding="utf-8"))["thresholds"]
        normal, excess, dense = (float(plain[key]) for key in ("normal_hu", "excess_hu", "consolidation_hu"))
        return Thresholds(normal, excess, dense, cast("Any", plain["rule"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
