"""How well two readers of the same scans agree: overlap, surfaces, volumes, and change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ctreview.change.agreement import BlandAltman, Overlap, bland_altman, intraclass_correlation, overlap
from ctreview.change.tally import Tally
from ctreview.errors import InputRefused, WrongUse
from ctreview.progress import Progress, part, quiet
from ctreview.recipes.chest_ct.masks import find_label_map, regions_from_masks
from ctreview.recipes.chest_ct.settings import ChestCtSettings
from ctreview.review.grading import ScoreAgreement, compare_grades
from ctreview.review.readings import find_reading, open_reading
from ctreview.review.replay import CorrectedScan, replay_study
from ctreview.study import Study
from ctreview.volume.labels import LabelMap
from ctreview.volume.regions import Regions
from ctreview.volume.segmentation import read_segmentations

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AGREEMENT_SCHEMA",
    "Agreement",
    "LabelAgreement",
    "PairedValues",
    "agree",
    "compare_corrected",
    "compare_masks",
    "write_agreement",
]

AGREEMENT_SCHEMA = "ctreview.agreement/1"

LABELS: Mapping[str, tuple[str, ...]] = {
    "opacity": ("ground_glass", "consolidation"),
    "ground_glass": ("ground_glass",),
    "consolidation": ("consolidation",),
}
"""What is compared: both classes together, as everywhere, and each alone."""

PARTS = ("lungs", "right_lung", "left_lung")
ZONES = tuple(f"{side}/{third}" for side in PARTS[1:] for third in ("apical", "middle", "basal"))
"""Parts that do not overlap and make up the lungs: the cases of Bland–Altman and ICC."""


@dataclass(frozen=True)
class LabelAgreement:
    """One label in one region at one timepoint.

    Attributes
    ----------
    timepoint : int
    region, label : str
    overlap : Overlap
        Volumes, Dice, distances of the surfaces.
    """

    timepoint: int
    region: str
    label: str
    overlap: Overlap


@dataclass(frozen=True)
class PairedValues:
    """Both readers' millilitres of opacity in zones of the lungs.

    Zones of one patient are no independent cases: limits and ICC describe this patient, not the readers in general.

    Attributes
    ----------
    cases : tuple of str
        What each pair is of.
    first, second : tuple of float
        Millilitres, in the order of ``cases``.
    differences : BlandAltman or None
        Second − first; None below two pairs.
    icc : float or None
        ICC(2,1); None below two pairs and where nothing varies.
    """

    cases: tuple[str, ...]
    first: tuple[float, ...]
    second: tuple[float, ...]
    differences: BlandAltman | None
    icc: float | None

    @classmethod
    def of(cls, rows: Sequence[tuple[str, float, float]]) -> PairedValues:
        """From rows of case, first and second."""
        one, other = tuple(row[1] for row in rows), tuple(row[2] for row in rows)
        enough = len(rows) > 1
        return cls(
            tuple(row[0] for row in rows),
            one,
            other,
            bland_altman(one, other) if enough else None,
            intraclass_correlation(one, other) if enough else None,
        )


@dataclass(frozen=True)
class Agreement:
    """How two readings agree.

    Attributes
    ----------
    first, second : str
        What they are called.
    rows : tuple of LabelAgreement
        By timepoint, region and label.
    volumes : PairedValues
        Opacity in each zone at each timepoint.
    change : PairedValues
        Its change in each zone from each timepoint to the next.
    notes : tuple of str
        What a reader of these numbers must know, one sentence each.
    scores : tuple of ScoreAgreement
        Of each visual score that both readers graded.
    """

    first: str
    second: str
    rows: tuple[LabelAgreement, ...]
    volumes: PairedValues
    change: PairedValues
    notes: tuple[str, ...] = field(default=())
    scores: tuple[ScoreAgreement, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The content of ``agreement.json``."""
        return {
            "schema": AGREEMENT_SCHEMA,
            "first": self.first,
            "second": self.second,
            "rows": [_row(row) for row in self.rows],
            "volumes": asdict(self.volumes),
            "change": asdict(self.change),
            "notes": list(self.notes),
            "scores": [score.to_dict() for score in self.scores],
        }

    @property
    def table(self) -> pd.DataFrame:
        """One row per timepoint, region and label; the unit is the end of each column's name."""
        import pandas as pd  # noqa: PLC0415 - heavy, and only tables need it

        return pd.DataFrame([_row(row) for row in self.rows])


def agree(
    first: Path | str,
    second: Path | str,
    *,
    study: Path | str | None = None,
    timepoints: Sequence[int] = (),
    settings: ChestCtSettings | None = None,
    progress: Progress = quiet,
) -> Agreement:
    """Compare two readings, or two segmentations.

    Parameters
    ----------
    first, second : path or str
        With ``study``: two readers of it, by name (``"anna"``, or ``"anna.2"`` for a version). Without: two folders of
        readings, of one study or of two studies of the same scans, or two ``.seg.nrrd`` files of one grid.
    study : path, optional
    timepoints : sequence of int, optional
        Of the first study; all if empty.
    settings : ChestCtSettings, optional
        How the scans are loaded.
    progress : Progress

    Raises
    ------
    WrongUse
        A file and a folder, a reader that is not there, or twice the same reading.
    InputRefused
        The two readings have no scan in common.
    """
    if study is None and Path(first).is_file() and Path(second).is_file():
        maps, others = read_segmentations(first, second)
        return compare_masks(maps, others, names=(Path(first).name, Path(second).name))
    if study is None and (Path(first).is_file() or Path(second).is_file()):
        raise WrongUse(
            "a file and a folder cannot be compared", remedy="Give two .seg.nrrd files or two folders of readings."
        )
    opened = [
        open_reading(source) if study is None else (Study.open(study), find_reading(Study.open(study), str(source)))
        for source in (first, second)
    ]
    (here, one), (there, other) = opened
    if one.folder.resolve() == other.folder.resolve():
        raise WrongUse(
            "both sides are one and the same reading",
            where=one.folder,
            remedy='Name two readers, or two versions as in "anna.1" and "anna.2".',
        )
    if here.folder.resolve() == there.folder.resolve():
        both = replay_study(here, (one, other), timepoints=timepoints, settings=settings, progress=progress)
        sides = both[0::2], both[1::2]
    else:
        sides = (
            replay_study(here, (one,), timepoints=timepoints, settings=settings, progress=part(progress, 0.0, 0.5)),
            replay_study(there, (other,), settings=settings, progress=part(progress, 0.5, 1.0)),
        )
    names = (one.folder.name, other.folder.name)
    if names[0] == names[1]:
        names = (f"{names[0]} (first)", f"{names[1]} (second)")
    found = compare_corrected(*sides, names=names)
    return replace(found, scores=compare_grades(one.grades(), other.grades()))


def compare_corrected(
    first: Sequence[CorrectedScan], second: Sequence[CorrectedScan], *, names: tuple[str, str]
) -> Agreement:
    """Compare what two readings made of the same scans, which are told by their digests.

    Raises
    ------
    InputRefused
        They have no scan in common.
    """
    others = {one.timepoint.volume.digest: one for one in second}
    pairs = [(one, others[one.timepoint.volume.digest]) for one in first if one.timepoint.volume.digest in others]
    if not pairs:
        raise InputRefused("the two readings have no scan in common", remedy="Compare readings of the same study.")
    notes = [_lost(one, name) for pair in pairs for one, name in zip(pair, names, strict=True) if one.refused]
    alone = len(first) + len(second) - 2 * len(pairs)
    if alone:
        notes.append(f"{alone} timepoints are in one of the readings only and were left out.")
    compared = [_Compared(one.number, one.opacity, other.opacity, one.timepoint.regions) for one, other in pairs]
    return _agreement(compared, names, notes)


def compare_masks(first: Sequence[LabelMap], second: Sequence[LabelMap], *, names: tuple[str, str]) -> Agreement:
    """Compare two segmentations of one scan.

    Regions come from the lungs of the first; where it has none, all is one region and no zones are compared.

    Raises
    ------
    WrongUse
        One of them holds no opacity.
    GridMismatch
        They do not lie on one grid.
    """
    opacity, other = (find_label_map(maps, "ground_glass", "consolidation") for maps in (first, second))
    if opacity is None or other is None:
        raise WrongUse("a segmentation holds neither ground glass nor consolidation")
    regions = regions_from_masks(first)
    notes = [] if regions else ["The first segmentation holds no lungs, so that no zones are compared."]
    return _agreement([_Compared(1, opacity, other, regions)], names, notes)


def write_agreement(found: Agreement, folder: Path | str, *, overwrite: bool = False) -> Path:
    """Write ``agreement.json``, ``agreement.csv`` and ``provenance.json``.

    Raises
    ------
    WrongUse
        The folder may not be written to.
    """
    from ctreview.report.document import write_json  # noqa: PLC0415 - the page's libraries are loaded only here
    from ctreview.report.folder import result_folder  # noqa: PLC0415
    from ctreview.report.provenance import provenance  # noqa: PLC0415
    from ctreview.report.table import write_csv  # noqa: PLC0415

    document = found.to_dict()
    with result_folder(folder, overwrite=overwrite) as draft:
        write_json(document, draft / "agreement.json")
        write_csv(document["rows"], draft / "agreement.csv")
        write_json(provenance({}, settings={}, seeds={}, timings={}), draft / "provenance.json")
    return Path(folder)


@dataclass(frozen=True, eq=False)
class _Compared:
    """One scan with both readers' opacity."""

    timepoint: int
    first: LabelMap
    second: LabelMap
    regions: Regions | None


def _agreement(compared: Sequence[_Compared], names: tuple[str, str], notes: Sequence[str]) -> Agreement:
    zones = [_zones(one) for one in compared]
    volumes = [
        (f"timepoint {one.timepoint}, {zone}", *ml)
        for one, found in zip(compared, zones, strict=True)
        for zone, ml in found.items()
    ]
    change = [
        (f"timepoint {one.timepoint} to {later.timepoint}, {zone}", after[zone][0] - ml[0], after[zone][1] - ml[1])
        for one, later, before, after in zip(compared, compared[1:], zones, zones[1:], strict=False)
        for zone, ml in before.items()
        if zone in after
    ]
    rows = tuple(row for one in compared for row in _rows(one))
    return Agreement(*names, rows, PairedValues.of(volumes), PairedValues.of(change), tuple(notes))


def _rows(one: _Compared) -> list[LabelAgreement]:
    known = [{label.key for label in labels.scheme} for labels in (one.first, one.second)]
    shared = {name: keys for name, keys in LABELS.items() if set(keys) <= known[0] & known[1]}
    parts: list[tuple[str, npt.NDArray[np.bool_] | None]] = [("all", None)]
    if one.regions is not None:
        parts = [(name, one.regions.mask(name)) for name in PARTS if name in one.regions.names]
    return [
        LabelAgreement(one.timepoint, region, label, overlap(one.first, one.second, *keys, within=mask))
        for region, mask in parts
        for label, keys in shared.items()
    ]


def _zones(one: _Compared) -> dict[str, tuple[float, float]]:
    """Millilitres of opacity of both readers in each zone."""
    if one.regions is None:
        return {}
    first, second = (Tally(one.regions, labels).ml() for labels in (one.first, one.second))
    names = [zone for zone in ZONES if zone in first]
    return {zone: (_opacity(first[zone]), _opacity(second[zone])) for zone in names}


def _opacity(ml: Mapping[str, float]) -> float:
    return sum(ml.get(key, 0.0) for key in LABELS["opacity"])


def _lost(one: CorrectedScan, name: str) -> str:
    count = len(one.refused)
    return f"{count} of the corrections of {name} at timepoint {one.number} no longer apply and were left out."


def _row(row: LabelAgreement) -> dict[str, Any]:
    return {"timepoint": row.timepoint, "region": row.region, "label": row.label, **asdict(row.overlap)}
