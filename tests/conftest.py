"""What tests of every stage share."""

from __future__ import annotations

import gc
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.real_scans import DATA

if TYPE_CHECKING:
    from ctreview.recipes.chest_ct import Prepared
    from tests.readings import Read
    from tests.shared_results import SharedResults


def pytest_collection_finish() -> None:
    """Leave the tests and what they import out of garbage collection: they stay, and there is a lot of them."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_forced_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands write plain words: CI services, and napari's console for the whole process, set ``FORCE_COLOR``."""
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real images (never part of the repository), or a skip that says where it was looked for."""
    if not DATA.is_dir():
        pytest.skip(f"no real images at {DATA}; set CTREVIEW_DATA to the folder that holds them")
    return DATA


@pytest.fixture(scope="session")
def shared_results(tmp_path_factory: pytest.TempPathFactory) -> SharedResults:
    """What other processes of this run have computed already."""
    from tests.shared_results import SharedResults

    return SharedResults.of_run(tmp_path_factory)


PATIENT = {"id": "ZX-4711-Q", "name": "Quenneville^Ondine", "birth_date": date(1983, 2, 17), "sex": "F"}
"""Who the small scans say they are."""


@pytest.fixture(scope="session")
def small_scans(shared_results: SharedResults) -> Path:
    """A folder with two coarse scans of one patient as DICOM: ``before`` with ground glass, ``after`` with less."""
    return shared_results.files("small scans", _write_small_scans)


def _write_small_scans(folder: Path) -> None:
    from ctreview.dicom.acquisition import Patient
    from ctreview.phantom import Lesion, small_thorax
    from ctreview.volume.write import write_dicom

    volumes = {"before": (60.0, 40.0), "after": (15.0, 10.0)}
    dates = {"before": datetime(2021, 9, 3), "after": datetime(2021, 11, 8)}
    for seed, name in enumerate(volumes):
        lobes = zip(("right_lower_lobe", "left_lower_lobe"), volumes[name], strict=True)
        glass = tuple(Lesion("ground_glass", lobe, "ventral", ml) for lobe, ml in lobes)
        phantom = small_thorax(lesions=glass, spacing_mm=4.0, seed=seed, acquired=dates[name])
        write_dicom(phantom.volume, folder / name, patient=Patient(**PATIENT))


@pytest.fixture(scope="session")
def child_scans(shared_results: SharedResults) -> Path:
    """The same of a small child, for programs that run by themselves: little lung is quickly compared."""
    return shared_results.files("child scans", _write_child_scans)


def _write_child_scans(folder: Path) -> None:
    from ctreview.dicom.acquisition import Patient
    from ctreview.phantom import Lesion, small_thorax
    from ctreview.volume.write import write_dicom

    for name, ml, acquired in (("before", 15.0, datetime(2021, 9, 3)), ("after", 6.0, datetime(2021, 11, 8))):
        glass = tuple(Lesion("ground_glass", f"{side}_lower_lobe", "ventral", ml) for side in ("right", "left"))
        phantom = small_thorax(3.0, lesions=glass, spacing_mm=5.0, seed=1, acquired=acquired)
        write_dicom(phantom.volume, folder / name, patient=Patient(id="a child"))


@pytest.fixture(scope="session")
def small_prepared(small_scans: Path, shared_results: SharedResults) -> Prepared:
    """The small scans as the computer finds them, without lobes."""
    from tests.analysed_once import taken_from
    from tests.without_lobes import prepare

    def make() -> Prepared:
        with taken_from(shared_results):
            return prepare(small_scans / "before", small_scans / "after")

    return shared_results.value("small scans prepared without lobes", make)


@pytest.fixture(scope="session")
def read(small_scans: Path, small_prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Read:
    """A study of the small scans that two readers corrected; not to be changed."""
    from tests.readings import read_study

    scans = small_scans / "before", small_scans / "after"
    return read_study(tmp_path_factory.mktemp("read") / "study", scans, small_prepared)
