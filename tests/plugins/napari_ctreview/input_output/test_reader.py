from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its own name for itself
from napari.layers import Image, Labels
from napari_ctreview.input_output import reader
from napari_ctreview.input_output.reader import get_reader, read

from ctreview.dicom import Series, find_series
from ctreview.errors import CtreviewError, NoSeriesFound
from ctreview.volume.load import load_volume
from ctreview.volume.segmentation import write_segmentation
from ctreview.volume.volume import Volume
from ctreview.volume.write import write_nifti, write_nrrd


@pytest.fixture
def forms(small_scans: Path, tmp_path: Path) -> dict[str, Path]:
    """One scan as everything that can be dropped."""
    volume = load_volume(small_scans / "before")
    made = {name: tmp_path / f"scan.{name}" for name in ("nii.gz", "nrrd", "mha", "zip")}
    write_nifti(volume, made["nii.gz"])
    write_nrrd(volume, made["nrrd"])
    sitk.WriteImage(sitk.ReadImage(str(made["nrrd"])), str(made["mha"]))
    with zipfile.ZipFile(made["zip"], "w") as archive:
        for file in sorted((small_scans / "before").iterdir()):
            archive.write(file, file.name)
    nameless = tmp_path / "no_ending"
    nameless.mkdir()
    for number, file in enumerate(sorted((small_scans / "before").iterdir())):
        shutil.copy(file, nameless / f"IM{number:04}")
    return {**made, "folder": small_scans / "before", "without endings": nameless}


def test_whatever_is_dropped_lies_in_the_same_place_with_the_same_values(
    forms: dict[str, Path], small_scans: Path
) -> None:
    truth = load_volume(small_scans / "before")
    for name, path in forms.items():
        opened = get_reader(str(path))
        assert opened is not None, name
        ((data, options, kind),) = opened(str(path))
        layer = Image(data, **options)
        assert kind == "image"
        assert np.allclose(layer.scale, truth.geometry.spacing, atol=1e-4), name
        assert [str(unit) for unit in layer.units] == ["millimeter"] * 3
        assert tuple(layer.contrast_limits) == (-1350, 150), name
        assert np.array_equal(np.asarray(data), truth.array), name
        volume = layer.metadata["ctreview"]
        assert isinstance(volume, Volume)
        assert np.allclose(volume.geometry.corners(), truth.geometry.corners(), atol=1e-3), name


def test_slices_dropped_one_by_one_are_their_series(forms: dict[str, Path]) -> None:
    files = [str(file) for file in sorted(forms["without endings"].iterdir())]
    assert get_reader(files) is not None
    assert len(read(files)) == 1


def test_layer_names_do_not_say_whose_scan_it_is(small_scans: Path) -> None:
    ((_, options, _),) = read(str(small_scans / "before"))
    assert "quenneville" not in options["name"].lower()
    assert "ZX-4711" not in options["name"]


def test_a_folder_of_several_series_asks_which(small_scans: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Series, ...]] = []

    def second(found: Any) -> Series:
        asked.append(tuple(found))
        return found[1]

    monkeypatch.setattr(reader, "choose_series", second)
    ((data, _, _),) = read(str(small_scans))
    assert len(asked[0]) == 2
    assert np.array_equal(data, load_volume(asked[0][1]).array)
    monkeypatch.setattr(reader, "choose_series", lambda found: None)
    assert read(str(small_scans)) == []


def test_a_segmentation_comes_back_as_labels(pair: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.seg.nrrd"
    write_segmentation(path, [pair.before.lobes])
    opened = get_reader(str(path))
    assert opened is not None
    ((data, options, kind),) = opened(str(path))
    assert kind == "labels"
    layer = Labels(data, **options)
    assert "right upper lobe" in list(layer.features["name"])
    assert np.array_equal(np.asarray(layer.data) > 0, pair.before.lobes.array > 0)


def test_what_is_not_ours_is_left_to_others(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no image")
    assert get_reader(str(text)) is None
    assert get_reader(str(tmp_path / "gone.nii")) is None


def test_a_folder_without_images_says_what_was_found(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    opened = get_reader(str(empty))
    assert opened is not None
    with pytest.raises(NoSeriesFound, match="empty"):
        opened(str(empty))
    (empty / "notes.txt").write_text("no image")
    with pytest.raises(CtreviewError, match=r"notes\.txt"):
        opened(str(empty))
    broken = tmp_path / "broken.nii.gz"
    broken.write_bytes(b"not gzip at all")
    with pytest.raises(CtreviewError) as said:
        read(str(broken))
    assert "broken.nii.gz" in str(said.value)


def test_the_chooser_shows_every_series_and_gives_the_one_that_is_taken(small_scans: Path, qtbot: Any) -> None:
    from napari_ctreview.input_output.series_chooser import SeriesChooser
    from qtpy.QtCore import Qt

    found = find_series(small_scans)
    dialog = SeriesChooser(found)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.table.rowCount() == len(found) == 2
    shown = [dialog.table.item(row, column).text() for row in range(2) for column in range(dialog.table.columnCount())]
    assert any(str(found[0].shape[0]) in text for text in shown)
    assert not any("Quenneville" in text or "ZX-4711" in text for text in shown)
    dialog.table.selectRow(1)
    with qtbot.waitSignal(dialog.accepted):
        qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.chosen is found[1]


def test_the_question_may_be_closed(small_scans: Path, qtbot: Any) -> None:
    from napari_ctreview.input_output.series_chooser import ask
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QApplication

    def close() -> None:
        dialog = QApplication.activeModalWidget()
        assert dialog is not None
        dialog.reject()

    QTimer.singleShot(200, close)
    assert ask(find_series(small_scans)) is None
