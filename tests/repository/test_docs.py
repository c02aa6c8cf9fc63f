"""What the documents say is true: commands, links, examples."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md"), *REPOSITORY.glob("sample_data/*.md")])


def test_the_list_of_commands_is_current():
    commands = importlib.import_module("docs.generate").commands()
    assert (REPOSITORY / "docs" / "commands.md").read_text(encoding="utf-8") == commands, "run `make docs`"


def test_the_table_of_checks_is_current():
    page = importlib.import_module("docs.generate").checks()
    assert (REPOSITORY / "docs" / "checks.md").read_text(encoding="utf-8") == page, "run `make docs`"


def test_the_picture_of_the_architecture_is_current():
    page = importlib.import_module("docs.generate").architecture()
    assert (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8") == page, "run `make docs`"


def test_every_option_says_what_it_does():
    rows = re.findall(r"^\| (.+?) \| (.*?) \| (.*?) \|$", (REPOSITORY / "docs" / "commands.md").read_text(), re.M)
    assert [option for option, _, says in rows if not says.strip() and option != "---"] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target and not target.startswith("mailto:")]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_every_folder_of_the_package_stands_in_the_tour():
    tour = (REPOSITORY / "docs" / "tour.md").read_text()
    stages = [path.parent.name for path in (REPOSITORY / "ctreview").glob("*/__init__.py")]
    assert [stage for stage in stages if f"`{stage}/`" not in tour] == []


def test_files_named_in_the_tour_are_there():
    tour = (REPOSITORY / "docs" / "tour.md").read_text(encoding="utf-8")
    named = {name for name in re.findall(r"`([\w/.-]+)`", tour) if "/" in name and not name.startswith("plugins")}
    roots = [REPOSITORY, REPOSITORY / "ctreview", REPOSITORY / "plugins" / "napari_ctreview"]
    assert len(named) > 40
    assert sorted(name for name in named if not any((root / name).exists() for root in roots)) == []


def test_names_to_start_reading_at_are_in_their_folder():
    tour = (REPOSITORY / "docs" / "tour.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)/` \|.*\| ([^|]+) \|$", tour, re.M)
    roots = [REPOSITORY / "ctreview", REPOSITORY / "plugins" / "napari_ctreview"]
    missing = []
    for folder, cell in rows:
        code = "".join(path.read_text(encoding="utf-8") for root in roots for path in (root / folder).rglob("*.py"))
        defined = set(re.findall(r"^(?:def |class )?(\w+)", code, re.M))
        missing += [name for name in re.findall(r"`(\w+)`", cell) if name not in defined]
    assert len(rows) > 18
    assert missing == []


PLAIN_WORDS = {
    "fit",
    "free",
    "largest",
    "memory",
    "move",
    "random",
    "render",
    "segmented",
    "summary",
    "types",
    "write",
    "writer",
}
"""Words of names that need no explanation."""


def test_words_of_public_names_stand_in_the_glossary():
    known = set(re.findall(r"[a-z]+", (REPOSITORY / "docs" / "glossary.md").read_text(encoding="utf-8").lower()))
    missing = set()
    for folder in (path.parent.name for path in (REPOSITORY / "ctreview").glob("*/__init__.py")):
        for name in getattr(importlib.import_module(f"ctreview.{folder}"), "__all__", ()):
            words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+", name)]
            forms = {word: {word, f"{word}s", word.removesuffix("s"), f"{word}ed", f"{word}d"} for word in words}
            missing |= {f"{name}: {word}" for word, forms_of in forms.items() if not forms_of & (known | PLAIN_WORDS)}
    assert sorted(missing) == []


def examples(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (REPOSITORY / page).read_text(encoding="utf-8"), re.M | re.S)


def run(code: str, folder: Path) -> str:
    """Run an example as a person would, in a folder of their own."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_example_of_the_readme(tmp_path, child_scans):
    """On coarse scans in place of the sample data, whose numbers are those of the demo."""
    shutil.copytree(child_scans, tmp_path / "sample_data")
    (code,) = examples("README.md")
    said = run(code, tmp_path)
    assert re.match(r"[a-z_]+: -\d+ mL \(-\d+ to -?\d+\)\n", said)
    assert "left_lower_lobe" in said
    assert (tmp_path / "result" / "report.html").is_file()


@pytest.mark.slow
def test_the_example_of_a_cohort(tmp_path, child_scans):
    lines = [f"p01,{when},{child_scans / when}" for when in ("before", "after")]
    (tmp_path / "manifest.csv").write_text("\n".join(["subject,timepoint,path", *lines]))
    (code,) = examples("docs/cohort.md")
    shown = run(code, tmp_path)
    assert re.search(r"p01 +66 +-\d", shown)
    assert (tmp_path / "results" / "measures.csv").is_file()
