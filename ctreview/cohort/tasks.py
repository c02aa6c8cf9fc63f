"""What a worker does: one function for each kind of task, from plain values to plain values.

A task is ready for JSON, so that it reaches a child process, or a worker of a cluster, by the same words.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

from ctreview.cohort.case import CASE_SCHEMA, write_case
from ctreview.cohort.engine import engine_versions, segmenter_versions, short_digest, without_threads
from ctreview.cohort.manifest import ManifestRow
from ctreview.cohort.memory import forget_peak, peak_mib
from ctreview.cohort.scan_files import content_digest, file_state
from ctreview.cohort.subject_check import check_subject
from ctreview.errors import CtreviewError, in_words

__all__ = ["PERFORM", "case_key", "perform"]

Plain = dict[str, Any]


def case_key(task: Mapping[str, Any], contents: Mapping[str, str], versions: Mapping[str, str] | None = None) -> str:
    """Digest of all that a case's numbers rest on.

    The scans' content, what the manifest says that the headers do not, the settings that change a number, the code,
    the libraries and the engines of third parties that compute it. Paths, covariates, threads and what only shows
    results are not in it.
    """
    versions = versions or engine_versions()
    given = {when: {key: task[when][key] for key in ("series", "age_years", "acquired")} for when in contents}
    rest = [without_threads(task["settings"]), task["same_patient"], versions["code"], versions["libraries"]]
    engines = segmenter_versions(task["settings"])
    return short_digest([dict(contents), given, rest, *([engines] if engines else [])])


def perform(task: Mapping[str, Any]) -> Plain:
    """Do what a task says."""
    return PERFORM[task["do"]](task)


def _check_subject(task: Mapping[str, Any]) -> Plain:
    from ctreview.recipes.chest_ct.settings import ChestCtSettings  # noqa: PLC0415

    settings = ChestCtSettings.from_dict(task["settings"])
    rows = [ManifestRow.from_dict(row) for row in task["rows"]]
    return check_subject(rows, settings=settings.load, same_patient=task["same_patient"]).to_dict()


def _compare_case(task: Mapping[str, Any]) -> Plain:
    """Compare two scans and write the case's file, whatever became of it."""
    began, busy = time.monotonic(), time.process_time()
    forget_peak()
    document: Plain = {"schema": CASE_SCHEMA, "status": "failed", "case": task["case"], "engine": _engine(task)}
    try:
        document |= _inputs(task)
        document |= {"status": "done", **_compared(task)}
    except CtreviewError as error:
        document |= {"error": type(error).__name__, "reason": str(error), "lasting": True}
    except Exception as error:  # whatever it is, it is this case's alone; another run may do better
        document |= {"error": type(error).__name__, "reason": in_words(error), "lasting": False}
    spent = {
        "seconds": round(time.monotonic() - began, 2),
        "cpu_seconds": round(time.process_time() - busy, 2),
        "peak_mib": peak_mib(),
        "threads": task["threads"],
    }
    document["resources"] = spent
    write_case(document, Path(task["file"]))
    verdict = document["change"]["regions"][0]["verdict"] if "change" in document else None
    return {"status": document["status"], "verdict": verdict, "reason": document.get("reason"), **spent}


def _engine(task: Mapping[str, Any]) -> Plain:
    settings = task["settings"]
    return {
        **engine_versions(),
        "settings": short_digest(without_threads(settings)),
        "seeds": {"interval": settings["interval"]["seed"], "registration": settings["registration"]["seed"]},
    }


def _inputs(task: Mapping[str, Any]) -> Plain:
    """The files as they were before they were read, and the key that says what the result rests on."""
    versions = engine_versions()
    if versions["code"] != task["code"]:
        raise CtreviewError(
            "this worker runs another version of ctreview than the program that asks it",
            remedy="Install the same version everywhere.",
        )
    whens = ("baseline", "followup")
    files = {when: file_state(Path(task[when]["path"])) for when in whens}
    contents = {when: content_digest(Path(task[when]["path"])) for when in whens}
    return {"files": files, "contents": contents, "key": case_key(task, contents, versions)}


def _compared(task: Mapping[str, Any]) -> Plain:
    from ctreview.cohort.patches import patches_of_pair  # noqa: PLC0415 - heavy: workers only
    from ctreview.recipes.chest_ct import compare  # noqa: PLC0415
    from ctreview.recipes.chest_ct.settings import ChestCtSettings  # noqa: PLC0415
    from ctreview.report.document import change_document, plain  # noqa: PLC0415

    settings = ChestCtSettings.from_dict(task["settings"])
    baseline, followup = (_volume(task[when], settings) for when in ("baseline", "followup"))
    found = compare(
        baseline,
        followup,
        settings=settings,
        age_years=task["baseline"]["age_years"],
        same_patient=task["same_patient"],
        threads=task["threads"],
    )
    return {
        "change": change_document(found),
        "series": {
            when: short_digest(uid)
            for when, point in (("baseline", found.baseline), ("followup", found.followup))
            if (uid := point.volume.acquisition.series_uid)
        },
        "timings": plain(found.timings),
        "picture": _keep_picture(found, task),
        "patches": plain(patches_of_pair(found).to_dict()) if task["against_previous"] else None,
    }


def _keep_picture(found: Any, task: Mapping[str, Any]) -> bool:
    """Write the picture of a case; gives whether it could be drawn: the numbers do not wait for it."""
    from ctreview.cohort.case_picture import picture_of_case  # noqa: PLC0415

    file = Path(task["file"])
    try:
        write_case(picture_of_case(found), file.parent.parent / "pictures" / file.name)
    except (ValueError, IndexError):
        return False
    return True


def _volume(row: Mapping[str, Any], settings: Any) -> Any:
    """Load a scan; where its header has no date, that of the manifest counts."""
    from ctreview.volume.load import load_volume  # noqa: PLC0415

    volume = load_volume(row["path"], series=row["series"], settings=settings.load)
    if row["acquired"] is None or volume.acquisition.acquired is not None:
        return volume
    acquired = datetime.combine(date.fromisoformat(row["acquired"]), time_of_day())
    return replace(volume, acquisition=replace(volume.acquisition, acquired=acquired))


PERFORM: Mapping[str, Callable[[Mapping[str, Any]], Plain]] = {
    "check subject": _check_subject,
    "compare case": _compare_case,
}
"""Tasks by what they are called."""
