"""The version, which is written in one file."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import ctreview
from ctreview.version import __version__

REPOSITORY = Path(__file__).parents[1]


def test_the_build_takes_the_version_from_its_module() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "ctreview/version.py"
    assert ctreview.__version__ == __version__


def test_the_citation_names_the_version() -> None:
    found = re.search(r"^version: (.+)$", (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    assert found.group(1) == __version__
