"""A tiny cohort: small children on a coarse grid, compared with a short registration and few draws."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ctreview.recipes.chest_ct.settings import ChestCtSettings
from tests.analysed_once import analysed_once  # noqa: F401 - for all tests of this folder


@pytest.fixture(scope="session")
def quick_settings() -> ChestCtSettings:
    """Settings with which a case takes about two seconds; its numbers are not meant to be good."""
    from dataclasses import replace

    from ctreview.change import IntervalSettings
    from ctreview.registration import RegistrationSettings

    standard = RegistrationSettings()
    registration = replace(standard, affine_stages=standard.affine_stages[:1], stages=standard.stages[:1])
    return ChestCtSettings(registration=registration, interval=IntervalSettings(draws=100), lobes=False)


def make_scan(folder: Path, subject: int, ml: float, acquired: datetime) -> Path:
    """A coarse scan of a child as DICOM, with ground glass in both lower lobes."""
    from ctreview.dicom.acquisition import Patient
    from ctreview.phantom import Lesion, small_thorax
    from ctreview.volume.write import write_dicom

    glass = tuple(Lesion("ground_glass", f"{side}_lower_lobe", "ventral", ml) for side in ("right", "left"))
    phantom = small_thorax(3.0, lesions=glass, spacing_mm=5.0, seed=subject, acquired=acquired)
    write_dicom(phantom.volume, folder, patient=Patient(id=f"id-{subject}", name="Quenneville^Ondine", sex="F"))
    return folder


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scans of two subjects: A at three timepoints, B at two."""
    root = tmp_path_factory.mktemp("cohort")
    for name, subject, ml, acquired in (
        ("A/v1", 1, 15.0, datetime(2021, 9, 3)),
        ("A/v2", 1, 6.0, datetime(2021, 11, 8)),
        ("A/v3", 1, 2.0, datetime(2022, 2, 1)),
        ("B/v1", 2, 12.0, datetime(2021, 3, 1)),
        ("B/v2", 2, 12.5, datetime(2021, 6, 1)),
    ):
        make_scan(root / name, subject, ml, acquired)
    return root
