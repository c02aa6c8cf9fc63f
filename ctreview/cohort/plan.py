"""What is to be done in a cohort: which scans can be used, which cases are current, which have to be run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ctreview.cohort.case import Case, plan_cases, read_case
from ctreview.cohort.engine import engine_versions, short_digest
from ctreview.cohort.folder import CohortFolder
from ctreview.cohort.manifest import Manifest, ManifestRow
from ctreview.cohort.outcome import Task, Workers
from ctreview.cohort.scan_files import content_digest, file_state
from ctreview.cohort.subject_check import SubjectCheck
from ctreview.cohort.tasks import case_key
from ctreview.progress import Progress, quiet

if TYPE_CHECKING:
    from ctreview.recipes.chest_ct.settings import ChestCtSettings

__all__ = ["CohortPlan", "PlannedCase", "State", "plan_cohort"]

State = Literal["current", "new", "outdated", "failed before", "bad rows"]


@dataclass(frozen=True)
class PlannedCase:
    """A case and whether it has to be run.

    Attributes
    ----------
    case : Case
    state : str
        ``"current"``: its result stands. ``"new"``: there is none. ``"outdated"``: scans, settings, code or libraries
        are others than those it rests on. ``"failed before"``: it failed for a reason that another run would meet
        again. ``"bad rows"``: the manifest has to be mended first.
    task : Task
    """

    case: Case
    state: State
    task: Task


@dataclass(frozen=True)
class CohortPlan:
    """What is to be done.

    Attributes
    ----------
    manifest : Manifest
        With all faults, those of the headers included.
    cases : tuple of PlannedCase
    """

    manifest: Manifest
    cases: tuple[PlannedCase, ...]

    def in_state(self, *states: State) -> tuple[PlannedCase, ...]:
        """The cases of some states."""
        return tuple(one for one in self.cases if one.state in states)

    def to_run(self, *, retry_failed: bool = False) -> tuple[PlannedCase, ...]:
        """The cases that have to be run; on request also those that failed for a lasting reason."""
        return self.in_state("new", "outdated", *(("failed before",) if retry_failed else ()))

    @property
    def alone(self) -> tuple[str, ...]:
        """Subjects with one scan, which is compared with nothing."""
        return tuple(subject for subject, rows in self.manifest.subjects().items() if len(rows) == 1)


def plan_cohort(
    manifest: Manifest,
    folder: CohortFolder,
    workers: Workers,
    *,
    settings: ChestCtSettings,
    same_patient: bool = False,
    keep: bool = True,
    progress: Progress = quiet,
) -> CohortPlan:
    """Look at all headers, and find out what has to be run. No pixel is read.

    Parameters
    ----------
    manifest : Manifest
    folder : CohortFolder
    workers : Workers
        Who reads headers that were not read before.
    settings : ChestCtSettings
    same_patient : bool
        Whether it is stated that ids may differ though the patient is one.
    keep : bool
        Whether what headers say is noted in the folder for the next time.
    progress : Progress
    """
    plain = settings.to_dict()
    shared = {"settings": plain, "same_patient": same_patient, "threads": settings.threads}
    found = _check_headers(manifest, folder, workers, shared, keep=keep, progress=progress)
    manifest = manifest.with_faults(fault for check in found.values() for fault in check.faults)
    versions = engine_versions()
    planned = []
    for case in plan_cases(manifest):
        task = _task(case, found[case.subject], folder, {**shared, "code": versions["code"]})
        bad = bool(manifest.faults_of(case.baseline, case.followup))
        planned.append(PlannedCase(case, "bad rows" if bad else _state(folder.case_file(case), task.work), task))
    return CohortPlan(manifest, tuple(planned))


def _check_headers(
    manifest: Manifest,
    folder: CohortFolder,
    workers: Workers,
    shared: Mapping[str, Any],
    *,
    keep: bool,
    progress: Progress,
) -> dict[str, SubjectCheck]:
    """What the headers of each subject say; those that were read before and are as they were are not read again."""
    known = folder.checked()
    found: dict[str, SubjectCheck] = {}
    tasks: list[tuple[str, str | None, Task]] = []
    for subject, rows in manifest.subjects().items():
        good = [row for row in rows if not manifest.faults_of(row)]
        work = {"do": "check subject", "rows": [_without_covariates(row) for row in good], **shared}
        key = _key_of_check(good, work)
        if key in known:
            found[subject] = SubjectCheck.from_dict(known[key])
        else:
            tasks.append((subject, key, Task(work)))
    with closing(workers.perform([task for _, _, task in tasks])) as outcomes:
        for done, outcome in enumerate(outcomes):
            progress(done, len(tasks), f"reading headers, {done} of {len(tasks)} subjects")
            subject, key, task = tasks[outcome.number]
            if outcome.answer is None:
                lines = [row["line"] for row in task.work["rows"]]
                found[subject] = SubjectCheck.failed(lines, outcome.fault or "")
                continue
            found[subject] = SubjectCheck.from_dict(outcome.answer)
            if keep and key is not None:
                folder.keep_checked(key, outcome.answer)
    return found


def _without_covariates(row: ManifestRow) -> dict[str, Any]:
    return replace(row, covariates={}).to_dict()


def _key_of_check(rows: list[ManifestRow], work: Mapping[str, Any]) -> str | None:
    """Digest of what a check rests on; None where the disk does not answer, which the check then says in words."""
    try:
        states = [file_state(row.path) for row in rows]
    except OSError:
        return None
    return short_digest(
        [states, work["rows"], work["same_patient"], work["settings"]["load"], engine_versions()["code"]]
    )


def _task(case: Case, check: SubjectCheck, folder: CohortFolder, shared: Mapping[str, Any]) -> Task:
    rows = {"baseline": case.baseline, "followup": case.followup}
    scans = {when: _without_covariates(row) for when, row in rows.items()}
    for when, row in rows.items():
        if row.line not in check.undated:
            scans[when]["acquired"] = None  # the header's date counts
    scans["followup"]["age_years"] = None  # the comparison is told the age at baseline
    who = {"subject": case.subject, **{when: row.timepoint for when, row in rows.items()}}
    work = {"do": "compare case", "case": who, **scans, **shared, "against_previous": case.against_previous}
    work["file"] = str(folder.case_file(case).absolute())
    return Task(work, sum(check.megavoxels.get(row.line, 0.0) for row in rows.values()))


def _state(file: Path, work: Mapping[str, Any]) -> State:
    document = read_case(file)
    if document is None or "key" not in document:
        return "new"
    try:
        contents = {when: _content(Path(work[when]["path"]), when, document) for when in ("baseline", "followup")}
    except OSError:
        return "new"  # running it says what is wrong
    if case_key(work, contents) != document["key"]:
        return "outdated"
    if document["status"] == "done":  # patches are followed only from a scan to the next, which it may not have been
        return "current" if document.get("patches") or not work["against_previous"] else "outdated"
    return "failed before" if document["lasting"] else "new"


def _content(path: Path, when: str, document: Mapping[str, Any]) -> str:
    """What a scan's files hold; they are read only where they are not as they were."""
    if file_state(path) == document["files"][when]:
        return str(document["contents"][when])
    return content_digest(path)
