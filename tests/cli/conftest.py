"""What tests of the command line share."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pytest

from ctreview.cli import main

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


PATIENT = {"id": "ZX-4711-Q", "name": "Quenneville^Ondine", "born": date(1983, 2, 17), "sex": "F"}
"""Who the small scans say they are; nothing of it may come out again."""

SECRETS = (PATIENT["id"], "Quenneville", "QUENNEVILLE", "Ondine", "19830217", "1983-02-17", "20210903", "2021-09-03")


@pytest.fixture(scope="session")
def scans(tmp_path_factory) -> Path:
    """A folder with two coarse scans of one patient as DICOM: ``before`` with ground glass, ``after`` with less."""
    from ctreview.dicom.acquisition import Patient
    from ctreview.phantom import Lesion, small_thorax
    from ctreview.volume.write import write_dicom

    folder = tmp_path_factory.mktemp("scans")
    patient = Patient(id=PATIENT["id"], name=PATIENT["name"], birth_date=PATIENT["born"], sex=PATIENT["sex"])
    lesions = {"before": (60.0, 40.0), "after": (15.0, 10.0)}
    dates = {"before": datetime(2021, 9, 3), "after": datetime(2021, 11, 8)}
    for seed, (name, volumes) in enumerate(lesions.items()):
        glass = tuple(
            Lesion("ground_glass", lobe, "ventral", ml)
            for lobe, ml in zip(("right_lower_lobe", "left_lower_lobe"), volumes, strict=True)
        )
        phantom = small_thorax(lesions=glass, spacing_mm=4.0, seed=seed, acquired=dates[name])
        write_dicom(phantom.volume, folder / name, patient=patient)
    return folder
