"""Questions for a place on the disk, and before something is removed; functions, so that tests can answer."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QMessageBox, QWidget

__all__ = [
    "closing_confirmed",
    "file_to_open",
    "file_to_save",
    "folder_to_open",
    "folder_to_save",
    "manifest_to_open",
    "removal_confirmed",
]

_KINDS = "Images (*.zip *.nii *.nii.gz *.nrrd *.nhdr *.mha *.mhd *.dcm DICOMDIR);;All files (*)"


def folder_to_open(parent: QWidget, title: str) -> Path | None:
    """A folder that is there; None where the question was closed."""
    found = QFileDialog.getExistingDirectory(parent, title)
    return Path(found) if found else None


def file_to_open(parent: QWidget, title: str) -> Path | None:
    """An image or an archive."""
    found, _ = QFileDialog.getOpenFileName(parent, title, "", _KINDS)
    return Path(found) if found else None


def manifest_to_open(parent: QWidget) -> Path | None:
    """A list of cases."""
    found, _ = QFileDialog.getOpenFileName(parent, "A worklist", "", "Tables (*.csv);;All files (*)")
    return Path(found) if found else None


def folder_to_save(parent: QWidget, title: str) -> Path | None:
    """A folder that is made anew."""
    found, _ = QFileDialog.getSaveFileName(parent, title, "study", "Study folder (*)")
    return Path(found) if found else None


def file_to_save(parent: QWidget, title: str, name: str, kinds: str) -> Path | None:
    """A file that is made anew."""
    found, _ = QFileDialog.getSaveFileName(parent, title, name, kinds)
    return Path(found) if found else None


def removal_confirmed(parent: QWidget, question: str, detail: str) -> bool:
    """Whether something may be removed for good; the answer that is ready is No."""
    return _confirmed(parent, question, detail, "Remove", "Keep")


def closing_confirmed(parent: QWidget, detail: str) -> bool:
    """Whether the window may close although work was not saved; the answer that is ready is No."""
    return _confirmed(parent, "Close without saving to a study?", detail, "Close", "Stay")


def _confirmed(parent: QWidget, question: str, detail: str, yes: str, no: str) -> bool:
    box = QMessageBox(QMessageBox.Icon.Warning, "ctreview", question, parent=parent)
    box.setInformativeText(detail)
    doing = box.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
    leaving = box.addButton(no, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(leaving)
    box.setEscapeButton(leaving)
    box.exec()
    return box.clickedButton() is doing
