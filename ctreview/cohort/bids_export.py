"""A cohort's results in the layout of a BIDS derivative.

The Brain Imaging Data Structure has no computed tomography. Layout, names and descriptions follow it all the same; the
folders ``ct`` are named in ``.bidsignore``, and ``README`` says that they are not of the standard.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctreview.cohort.collect import FoundCase, measure_table
from ctreview.cohort.columns import MEASURE_COLUMNS
from ctreview.cohort.folder import CohortFolder
from ctreview.errors import WrongUse
from ctreview.version import __version__
from ctreview.volume.atomic import atomic_folder

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BIDS_VERSION", "export_bids"]

BIDS_VERSION = "1.10.0"

README = """Change of lung opacity between CT scans, measured by ctreview {version}.

The layout is that of a BIDS derivative. CT is not part of BIDS: the folders "ct", the suffix "change" and the file
"baselines.tsv" are not standard, and .bidsignore keeps validators from them. Names of sessions are those of the later
scan of each pair; the entity "base" names the earlier one, and is not standard either.

Research use; not a medical device.
"""


def export_bids(folder: Path | str, out: Path | str) -> Path:
    """Write the results of a cohort as a BIDS derivative.

    Parameters
    ----------
    folder : path
        What `ctreview.cohort.run` wrote.
    out : path
        A folder that does not exist, or is empty.

    Returns
    -------
    Path
        ``out``, with ``dataset_description.json``, ``participants.tsv``, and for each case
        ``sub-…/ses-…/ct/…_base-…_change.tsv`` with its measures and a JSON file that describes the columns and says
        what made them. Cases without a result are in ``participants.tsv`` alone.

    Raises
    ------
    UnreadableFile
        There is no cohort in ``folder``.
    WrongUse
        ``out`` holds something.
    """
    manifest, found = CohortFolder(folder).results()
    subjects = _labels(row.subject for row in manifest.rows)
    visits = _labels(row.timepoint for row in manifest.rows)
    try:
        with atomic_folder(Path(out)) as draft:
            _describe(draft)
            _write_participants(draft, found, subjects, manifest.covariates)
            for one in found:
                if one.change is not None:
                    _write_case(draft, one, subjects, visits)
    except FileExistsError as error:
        raise WrongUse("the folder holds something already", where=out, remedy="Name another folder.") from error
    return Path(out)


def _labels(names: Iterable[str]) -> dict[str, str]:
    """Labels of letters and digits alone, as BIDS wants them; names that would share one carry a digest."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        label = re.sub(r"[^A-Za-z0-9]", "", name)
        if not label or label.casefold() in {one.casefold() for one in found.values()}:
            label += hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:6]
        found[name] = label
    return found


def _describe(draft: Path) -> None:
    _write_json(
        draft / "dataset_description.json",
        {
            "Name": "Change of lung opacity",
            "BIDSVersion": BIDS_VERSION,
            "DatasetType": "derivative",
            "GeneratedBy": [{"Name": "ctreview", "Version": __version__}],
        },
    )
    (draft / "README").write_text(README.format(version=__version__), encoding="utf-8")
    (draft / ".bidsignore").write_text("**/ct/\n", encoding="utf-8")


def _write_participants(
    draft: Path, found: Sequence[FoundCase], subjects: Mapping[str, str], covariates: Sequence[str]
) -> None:
    """One row for each subject: covariates that are the same at all its scans, and what became of its pairs."""
    import pandas as pd  # noqa: PLC0415 - heavy, and only tables need it

    rows = []
    for subject, label in subjects.items():
        cases = [one for one in found if one.case.subject == subject]
        scans = [row for one in cases for row in (one.case.baseline, one.case.followup)]
        said = {name: {row.covariates.get(name) for row in scans} for name in covariates}
        constant = {name: values.pop() if len(values) == 1 else None for name, values in said.items()}
        without = sum(one.change is None for one in cases)
        rows.append(
            {"participant_id": f"sub-{label}", "pairs": len(cases), "pairs_without_result": without, **constant}
        )
    _write_tsv(pd.DataFrame(rows), draft / "participants.tsv")
    words = {
        "pairs": {"Description": "Pairs of scans in the manifest"},
        "pairs_without_result": {"Description": "Pairs that failed or were not run"},
        **{
            name: {"Description": "As the manifest says; n/a where it is not the same at all scans"}
            for name in covariates
        },
    }
    _write_json(draft / "participants.json", words)


def _write_case(draft: Path, found: FoundCase, subjects: Mapping[str, str], visits: Mapping[str, str]) -> None:
    case, document = found.case, found.document or {}
    subject, session, base = subjects[case.subject], visits[case.followup.timepoint], visits[case.baseline.timepoint]
    folder = draft / f"sub-{subject}" / f"ses-{session}" / "ct"
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"sub-{subject}_ses-{session}_base-{base}_change"
    table = measure_table([found], ())
    shown = ["region", "measure", "unit", "baseline_value", "followup_value", "value", "low", "high", "verdict"]
    _write_tsv(table[shown], folder / f"{stem}.tsv")
    words = {column.name: {"Description": column.words.replace("``", "")} for column in MEASURE_COLUMNS}
    made_by = {
        "IntervalDays": (found.change or {})["interval_days"],
        "FailedChecks": [one["name"] for one in (found.change or {})["checks"] if not one["ok"]],
        "Engine": document.get("engine"),
        "SeriesDigests": document.get("series"),
    }
    _write_json(folder / f"{stem}.json", {**{name: words[name] for name in shown}, **made_by})


def _write_tsv(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, sep="\t", index=False, na_rep="n/a", lineterminator="\n", encoding="utf-8")


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
