"""Where things lie: tests beside their modules, and one name for one class."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TESTED = {"ctreview": "tests", "plugins": "tests/plugins"}
OF_MANY_MODULES = {
    "tests/change/test_new_class.py",
    "tests/cli/test_accept_dense.py",
    "tests/cli/test_changed_lungs.py",
    "tests/cli/test_muscle_refusals.py",
    "tests/cli/test_refusals.py",
    "tests/cli/test_start.py",
    "tests/cohort/test_course_in_browser.py",
    "tests/lung/test_histogram_and_mass.py",
    "tests/plugins/napari_ctreview/session/test_stored_study.py",
    "tests/plugins/napari_ctreview/test_manifest.py",
    "tests/plugins/napari_ctreview/test_reading_window.py",
    "tests/plugins/napari_ctreview/viewer/test_contrasts.py",
    "tests/plugins/napari_ctreview/widgets/test_reading_window.py",
    "tests/report/test_candidates.py",
    "tests/report/test_german_page.py",
    "tests/report/test_page_in_browser.py",
    "tests/report/test_pictures.py",
    "tests/report/timeline/test_timeline_in_browser.py",
    "tests/study/test_malformed.py",
    "tests/test_shared_results.py",
}
"""Those of whole commands, of several modules of one folder, and of what the tests themselves share."""


def modules() -> Iterator[tuple[Path, Path]]:
    """Every module, and where its test would lie."""
    for root, tests in TESTED.items():
        for path in (REPOSITORY / root).rglob("*.py"):
            inside = path.relative_to(REPOSITORY / root)
            inside = inside.relative_to("ctreview") if inside.parts[0] == "ctreview" else inside
            yield path, REPOSITORY / tests / inside.parent / f"test_{path.stem}.py"


def test_a_test_has_the_path_and_the_name_of_its_module():
    expected = {test for _, test in modules()}
    elsewhere = {REPOSITORY / "tests" / name for name in ("end_to_end", "engines", "repository", "benchmarks")}
    astray = [
        name
        for path in (REPOSITORY / "tests").rglob("test_*.py")
        if path not in expected and not elsewhere.intersection(path.parents)
        if (name := path.relative_to(REPOSITORY).as_posix()) not in OF_MANY_MODULES
    ]
    assert astray == []


def test_the_name_of_a_public_class_is_that_of_one_class_only():
    homes: dict[str, list[str]] = {}
    for path, _ in modules():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(path.relative_to(REPOSITORY).as_posix())
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}
