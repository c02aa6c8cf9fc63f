"""The wheel carries what it must, and nothing that belongs to somebody's machine."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from the checkout with the locked back end."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel) -> set[str]:
    """What it holds."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_it_carries_every_module_and_data_file_of_the_package(names):
    package = REPOSITORY / "ctreview"
    wanted = {
        path.relative_to(REPOSITORY).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and "_sample_data" not in path.parts
    }
    assert wanted - names == set()


def test_it_carries_the_sample_data(names):
    folder = REPOSITORY / "sample_data"
    wanted = {
        f"ctreview/_sample_data/{path.relative_to(folder).as_posix()}"
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "ctreview/_sample_data/answer.json" in wanted
    assert wanted - names == set()


def test_it_carries_every_plugin_package(names):
    packages = [path.parent for path in (REPOSITORY / "plugins").glob("*/__init__.py")]
    assert [path.name for path in packages if f"{path.name}/__init__.py" not in names] == []


def test_it_carries_the_licence_and_no_tests(names):
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.endswith("licenses/NOTICE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "docs/"))]


def test_unpacked_elsewhere_it_finds_its_own_sample_data(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    ask = "from ctreview.sample_data import sample_data; print(sample_data())"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()) == tmp_path / "site" / "ctreview" / "_sample_data"
