"""What must hold for the files of the repository, whatever stands in them."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LOCKS = sorted((REPOSITORY / "requirements").glob("*.txt"))

ABSOLUTE = re.compile(r"(?<![\w.~/-])/(?:work|root|home|Users|tmp|mnt|srv|var/tmp)/\w")
HOST = re.compile(r"https?://|--(?:index-url|extra-index-url|find-links|trusted-host)|\bfile:")
LARGE = 12 * 2**20


def tracked() -> list[Path]:
    """The files that git keeps, or a skip where this is no checkout."""
    git = shutil.which("git")
    if git is None or not (REPOSITORY / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True).stdout
    return [path for name in listed.decode().split("\0") if name and (path := REPOSITORY / name).is_file()]


def texts() -> dict[str, str]:
    """Every tracked file that is text, by its name."""
    found = {}
    for path in tracked():
        raw = path.read_bytes()
        # the header of a .nrrd is text, and longer than what tells binary files
        if path.suffix != ".nrrd" and b"\0" not in raw[:4096] and path != Path(__file__):
            found[path.relative_to(REPOSITORY).as_posix()] = raw.decode("utf-8")
    return found


def test_no_file_names_a_folder_of_somebodys_machine():
    leaks = [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if ABSOLUTE.search(line)
    ]
    assert not leaks


@pytest.mark.parametrize("line", ["/home/anna/scan", 'open("/mnt/x")', "see /srv/y"])
def test_the_pattern_for_such_folders_finds_them(line):
    assert ABSOLUTE.search(line)


@pytest.mark.parametrize("line", ["docs/home/index", "../shared/data", "https://example.org/home/x"])
def test_the_pattern_for_such_folders_spares_others(line):
    assert not ABSOLUTE.search(line)


def test_no_file_points_to_a_document_that_is_not_here():
    """Section marks are for laws and for documents of this repository, of which none has numbered sections."""
    assert [name for name, text in texts().items() if re.search(r"\b[A-Z]{3,} §\d", text)] == []


def test_sample_data_stay_small():
    folder = REPOSITORY / "sample_data"
    assert sum(path.stat().st_size for path in tracked() if path.is_relative_to(folder)) < LARGE


def test_every_line_ends_as_on_unix():
    assert [name for name, text in texts().items() if "\r\n" in text] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_locks_have_hashes_and_name_no_host(lock):
    text = lock.read_text()
    assert not HOST.search(text)
    pins = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert pins
    assert all(re.match(r"[a-z0-9._-]+==[^ ]+ (; .+ )?\\$", pin) for pin in pins)
    assert text.count("--hash=sha256:") >= len(pins)


def pinned(lock: str) -> dict[str, set[str]]:
    """Versions by name; a name may stand twice, for two kinds of system."""
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9._-]+)==(\S+)", (REPOSITORY / "requirements" / lock).read_text(), re.M):
        versions.setdefault(name, set()).add(version)
    return versions


@pytest.mark.parametrize("part", ["run.txt", "build.txt"])
def test_what_runs_is_what_was_tested(part):
    tests = pinned("test.txt")
    assert {name: versions for name, versions in pinned(part).items() if tests.get(name) != versions} == {}


def test_the_lock_holds_every_dependency():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    wanted = {re.match(r"[A-Za-z0-9._-]+", line).group().lower() for line in project["project"]["dependencies"]}
    assert wanted <= set(pinned("run.txt"))
    assert "hatchling" in pinned("build.txt")


def test_nothing_under_a_strong_copyleft_is_locked():
    """Packages under the GPL that look like obvious helps here (NOTICE lists the licences of what is used)."""
    assert not {"pylibjpeg-libjpeg", "pymaxflow", "dijkstra3d", "pyqt6"} & set(pinned("test.txt"))
