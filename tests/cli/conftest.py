"""What tests of the command line share."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ctreview.cli import main
from tests.analysed_once import analysed_once  # noqa: F401 - for all tests of this folder
from tests.conftest import PATIENT

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(capsys) -> Callable[..., Outcome]:
    """Run a command in this process."""

    def run(*words: object) -> Outcome:
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return run


@pytest.fixture
def process() -> Callable[..., Outcome]:
    """Run a command in a process of its own, as a person does."""

    def run(*words: object, **options: object) -> Outcome:
        line = [sys.executable, "-m", "ctreview", *(str(word) for word in words)]
        options = {"cwd": REPOSITORY, "timeout": 120, **options}
        done = subprocess.run(line, capture_output=True, text=True, check=False, **options)
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


SECRETS = (PATIENT["id"], "Quenneville", "QUENNEVILLE", "Ondine", "19830217", "1983-02-17", "20210903", "2021-09-03")
"""What the headers of the small scans say of their patient; nothing of it may come out again."""


@pytest.fixture(scope="session")
def scans(small_scans) -> Path:
    """The folder of the two coarse scans."""
    return small_scans
