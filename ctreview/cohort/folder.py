"""The folder of a cohort: the files of its cases, its tables, and what was found out about its scans."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctreview.cohort.case import Case, plan_cases, read_case
from ctreview.cohort.collect import FoundCase, case_table, measure_table
from ctreview.cohort.courses import course_table, patch_table
from ctreview.cohort.dictionary import data_dictionary
from ctreview.cohort.manifest import Manifest
from ctreview.cohort.quality_log import QualityLog
from ctreview.errors import CtreviewError, UnreadableFile, WrongUse
from ctreview.volume.atomic import atomic_path

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CohortFolder"]

COHORT_SCHEMA = "ctreview.cohort/1"

PROPOSED = "manifest.csv"
"""What a manifest is called that was made from a folder tree."""


class CohortFolder:
    """The results of a cohort on disk.

    ======================  ===========================================================================================
    ``cohort.json``         the scans with their paths and covariates, and what is wrong with some of them
    ``cases/``              a JSON file for each case
    ``pictures/``           a picture of each case, for the quality page
    ``quality/``            decisions about the quality of cases
    ``exclusions.csv``      what is not to be analysed: who said so, when, why, whether blinded
    ``measures.csv``        one row for each case, region and measure (and ``.parquet``, where pyarrow is installed)
    ``course.csv``          one row for each subject, timepoint and region: volumes over time
    ``patches.csv``         one row for each patch of opacity and timepoint, by its identity
    ``cases.csv``           one row for each case and what became of it
    ``data_dictionary.csv`` what each column and each measure is
    ``checked.jsonl``       what the headers said of each subject, so that they need not be read again
    ======================  ===========================================================================================
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def case_file(self, case: Case) -> Path:
        """Where the result of a case stands."""
        return self.path / "cases" / f"{case.name}.json"

    def picture_of(self, case: Case) -> dict[str, Any] | None:
        """The picture of a case for the quality page; None where there is none."""
        try:
            found = json.loads((self.path / "pictures" / f"{case.name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def require_usable(self) -> None:
        """Refuse a folder that holds something else.

        Raises
        ------
        WrongUse
            It is not empty, and no cohort's; or it is a file.
        """
        if self.path.exists() and not self.path.is_dir():
            raise WrongUse("this is a file, and results need a folder", where=self.path)
        if self.path.is_dir() and self._content() is None and {one.name for one in self.path.iterdir()} - {PROPOSED}:
            raise WrongUse(
                "the folder holds files that are no cohort's",
                where=self.path,
                remedy="Name another folder; only a cohort's own results are ever added to.",
            )

    def _content(self) -> dict[str, Any] | None:
        """What ``cohort.json`` holds; None where it is not there, or another version's."""
        try:
            found = json.loads((self.path / "cohort.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) and found.get("schema") == COHORT_SCHEMA else None

    def begin(self, manifest: Manifest) -> None:
        """Make the folder, and note which scans it is about."""
        with _said_in_words(self.path):
            (self.path / "cases").mkdir(parents=True, exist_ok=True)
            content = {"schema": COHORT_SCHEMA, **manifest.to_dict()}
            with atomic_path(self.path / "cohort.json") as draft:
                draft.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def manifest(self) -> Manifest:
        """The scans that the cohort is about.

        Raises
        ------
        UnreadableFile
            There is no cohort in this folder.
        """
        content = self._content()
        if content is None:
            raise UnreadableFile(
                "there is no cohort in this folder", where=self.path, remedy="Give the folder that --out named."
            )
        return Manifest.from_dict(content)

    def results(self) -> tuple[Manifest, list[FoundCase]]:
        """The manifest, and what became of every case of it."""
        manifest = self.manifest()
        return manifest, [self._found(case, manifest) for case in plan_cases(manifest)]

    def _found(self, case: Case, manifest: Manifest) -> FoundCase:
        faults = manifest.faults_of(case.baseline, case.followup)
        if faults:
            return FoundCase(case, None, " ".join(str(fault) for fault in faults))
        return FoundCase(case, read_case(self.case_file(case)))

    def measures(self) -> pd.DataFrame:
        """One row for each case, region and measure, from the files of the cases."""
        manifest, found = self.results()
        return measure_table(found, manifest.covariates)

    def write_tables(self) -> pd.DataFrame:
        """Write the tables anew from the files of the cases; gives the measures."""
        manifest, found = self.results()
        measures = measure_table(found, manifest.covariates)
        with _said_in_words(self.path):
            self._write("measures.csv", lambda path: _write_csv(measures, path))
            self._write("course.csv", lambda path: _write_csv(course_table(found), path))
            self._write("patches.csv", lambda path: _write_csv(patch_table(found), path))
            self._write("cases.csv", lambda path: _write_csv(case_table(found, manifest.covariates), path))
            self._write("data_dictionary.csv", lambda path: _write_csv(data_dictionary(manifest.covariates), path))
            failed = {one.case.name: one.reason for one in found if one.reason}
            excluded = QualityLog(self.path).exclusions(failed)
            self._write("exclusions.csv", lambda path: _write_csv(excluded, path))
            if find_spec("pyarrow"):
                self._write("measures.parquet", lambda path: measures.to_parquet(path, index=False))
            else:
                (self.path / "measures.parquet").unlink(missing_ok=True)  # else it would be that of an earlier run
        return measures

    def _write(self, name: str, write: Callable[[Path], None]) -> None:
        with atomic_path(self.path / name) as draft:
            write(draft)

    def checked(self) -> dict[str, Any]:
        """What was found out about subjects, by the digest of what it rests on."""
        found: dict[str, Any] = {}
        with suppress(OSError):
            for line in (self.path / "checked.jsonl").read_text(encoding="utf-8").splitlines():
                with suppress(ValueError, KeyError, TypeError):  # a line that was cut short by a kill
                    record = json.loads(line)
                    found[record["key"]] = record["found"]
        return found

    def keep_checked(self, key: str, found: Mapping[str, Any]) -> None:
        """Note what was found out about a subject."""
        with _said_in_words(self.path), (self.path / "checked.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, "found": found}, ensure_ascii=False) + "\n")


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


@contextmanager
def _said_in_words(folder: Path) -> Iterator[None]:
    """Have a full disk, or one that cannot be written to, named."""
    try:
        yield
    except OSError as error:
        raise CtreviewError(
            f"the results could not be written ({error.strerror or error})",
            where=folder,
            remedy="Make room or name another folder; what is finished stays, and the same command goes on from there.",
        ) from error
