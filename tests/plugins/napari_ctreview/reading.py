"""What a reader does in a test: load, run, look where the opacity is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.plugins.napari_ctreview.waiting import told, until


def run(qtbot: Any, controller: Any) -> None:
    """Run all steps to the comparison."""
    compared(qtbot, controller, controller.run)


def compared(qtbot: Any, controller: Any, start: Callable[[], object]) -> None:
    """Start something and wait for the comparison; what fails on the way fails the test."""
    ends: list[str] = []
    controller.state.failed.connect(ends.append)
    controller.chest_ct.compared.connect(lambda _: ends.append(""))
    start()
    until(qtbot, lambda: bool(ends))
    assert ends == [""], ends


def register_coarsely(controller: Any) -> None:
    """Register on the coarsest grid alone, a tenth of the work: for tests that ask nothing of the registration."""
    settings = controller.chest_ct.settings
    standard = settings.registration
    coarsest = replace(standard, affine_stages=standard.affine_stages[:1], stages=standard.stages[:1])
    controller.chest_ct.settings = replace(settings, registration=coarsest)


def load(qtbot: Any, controller: Any, *folders: Path) -> None:
    for number, folder in enumerate(folders):
        with told(qtbot, controller.state.loader.changed):
            controller.open_dropped(number, [str(folder)])


def glass_at(controller: Any, number: int) -> list[float]:
    """The middle one of the voxels of ground glass in a pane, in LPS millimetres."""
    labels = controller.session(number).labels
    found = np.argwhere(labels.array == labels.scheme["ground_glass"].value)
    return [float(v) for v in labels.geometry.to_lps(found[len(found) // 2])]


def glass_ml(controller: Any, number: int) -> float:
    return float(controller.chest_ct.tallies[number].ml()["lungs"]["ground_glass"])


def write_mr(folder: Path, phantom: Any, *, description: str, number: int) -> None:
    """A phantom's values as an MR series."""
    import pydicom

    from ctreview.phantom import write_phantom

    for path in write_phantom(phantom, folder, compression="none", description=description, series_number=number):
        header = pydicom.dcmread(path)
        header.Modality = "MR"
        header.SOPClassUID = header.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
        header.SeriesInstanceUID = f"{header.SeriesInstanceUID[:50]}.{number}"
        header.save_as(path)
