import json
import os
from dataclasses import replace

import pytest

from ctreview.cohort import read_manifest
from ctreview.cohort.case import write_case
from ctreview.cohort.folder import CohortFolder
from ctreview.cohort.outcome import Outcome
from ctreview.cohort.plan import plan_cohort
from ctreview.cohort.scan_files import content_digest, file_state
from ctreview.cohort.tasks import case_key, perform


class InThisProcess:
    """Does tasks here, and counts them."""

    workers = 1

    def __init__(self):
        self.asked = 0

    def perform(self, tasks):
        for number, task in enumerate(tasks):
            self.asked += 1
            yield Outcome(number, json.loads(json.dumps(perform(task.work))))


@pytest.fixture
def manifest(tree, tmp_path):
    path = tmp_path / "m.csv"
    path.write_text(
        f"subject,timepoint,path,arm\nA,v1,{tree}/A/v1,x\nA,v2,{tree}/A/v2,x\nA,v3,{tree}/A/v3,x\nB,v1,{tree}/B/v1,y\n"
    )
    return path


@pytest.fixture
def plan(manifest, tmp_path, quick_settings):
    workers, folder = InThisProcess(), CohortFolder(tmp_path / "out")

    def made(settings=quick_settings, **options):
        folder.begin(read_manifest(manifest))
        workers.asked = 0
        found = plan_cohort(read_manifest(manifest), folder, workers, settings=settings, **options)
        return found, workers.asked

    return made


def pretend_done(plan):
    """Write the files that finished cases would have."""
    for one in plan.cases:
        work = one.task.work
        paths = {when: one.task.work[when]["path"] for when in ("baseline", "followup")}
        contents = {when: content_digest(path_of(path)) for when, path in paths.items()}
        document = {
            "schema": "ctreview.case/1",
            "status": "done",
            "files": {when: file_state(path_of(path)) for when, path in paths.items()},
            "contents": contents,
            "key": case_key(work, contents),
            "patches": {"baseline": []} if work["against_previous"] else None,
        }
        write_case(document, path_of(work["file"]))


def path_of(text):
    from pathlib import Path

    return Path(text)


def states(plan):
    return {one.case.name: one.state for one in plan.cases}


def test_each_scan_is_compared_with_the_first_and_with_the_one_before(plan):
    found, _ = plan()
    said = {one.case.name: (one.case.against_baseline, one.case.against_previous) for one in found.cases}
    assert said == {"A_v1_v2": (True, True), "A_v1_v3": (True, False), "A_v2_v3": (False, True)}
    assert found.alone == ("B",)


def test_headers_are_read_once(plan):
    assert plan()[1] == 2
    assert plan()[1] == 0


def test_finished_cases_are_current_whatever_threads_do(plan, quick_settings):
    pretend_done(plan()[0])
    assert set(states(plan()[0]).values()) == {"current"}
    assert set(states(plan(quick_settings.with_threads(7))[0]).values()) == {"current"}


def test_another_setting_makes_results_outdated(plan, quick_settings):
    pretend_done(plan()[0])
    other = replace(quick_settings, opacity=replace(quick_settings.opacity, sigmas=3.3))
    assert set(states(plan(other)[0]).values()) == {"outdated"}


def test_a_covariate_changes_no_result_and_an_age_only_those_of_its_subject(plan, manifest):
    pretend_done(plan()[0])
    manifest.write_text(manifest.read_text().replace(",x", ",z"))
    assert set(states(plan()[0]).values()) == {"current"}
    lines = manifest.read_text().splitlines()
    manifest.write_text("\n".join([lines[0] + ",age", lines[1], lines[2] + ",4", *lines[3:]]))
    assert states(plan()[0]) == {"A_v1_v2": "current", "A_v1_v3": "current", "A_v2_v3": "outdated"}


def test_files_that_were_touched_are_read_and_those_that_changed_make_results_outdated(plan, manifest, tree, tmp_path):
    import shutil

    shutil.copytree(tree / "A/v3", tmp_path / "v3")
    manifest.write_text(manifest.read_text().replace(f"{tree}/A/v3", str(tmp_path / "v3")))
    pretend_done(plan()[0])
    for file in (tmp_path / "v3").iterdir():
        os.utime(file, (1, 1))
    assert set(states(plan()[0]).values()) == {"current"}
    with file.open("ab") as opened:
        opened.write(b"\0\0")
    assert states(plan()[0])["A_v1_v2"] == "current"
    assert states(plan()[0])["A_v2_v3"] == "outdated"


def test_a_pair_that_became_neighbours_is_compared_anew_for_its_patches(plan, manifest):
    pretend_done(plan()[0])
    manifest.write_text("\n".join(line for line in manifest.read_text().splitlines() if ",v2," not in line))
    assert states(plan()[0]) == {"A_v1_v3": "outdated"}


def test_a_bad_first_scan_is_replaced_by_no_other(plan, manifest, tree):
    manifest.write_text(manifest.read_text().replace(f"{tree}/A/v1", "nowhere"))
    assert states(plan()[0]) == {"A_v1_v2": "bad rows", "A_v1_v3": "bad rows", "A_v2_v3": "new"}
