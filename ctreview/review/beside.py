"""Two kinds of examination of one patient in one folder: a study of chest CT and one of muscle MRI, side by side.

Each is a study of its own, with its plan, readings and signatures. The one that was saved first has the folder; the
other lies within it, under the name of what it shows.
"""

from __future__ import annotations

from pathlib import Path

from ctreview.dicom import find_series
from ctreview.dicom.acquisition import Patient
from ctreview.errors import CtreviewError, DifferentPatients
from ctreview.review import archive, regions
from ctreview.study import Study

__all__ = ["BESIDE", "place_of_study", "studies_beside"]

BESIDE = {archive.RECIPE: "chest", regions.RECIPE: "muscle"}
"""The folder of a study within one of another kind, by its recipe."""


def place_of_study(study: Study, folder: Path | str) -> Path:
    """Where a study goes that is to be saved in a folder: into the folder, or beside the study of another kind there.

    Parameters
    ----------
    study : Study
    folder : path
        What the reader chose: a new folder, that of a study of another kind, or any name within that.

    Raises
    ------
    DifferentPatients
        The headers of the images of both name two patients.
    UnreadableFile
        What lies there is a damaged study.
    """
    folder = Path(folder)
    around = next((one for one in (folder, folder.parent) if (one / "study.json").exists()), None)
    if around is None:
        return folder
    other = Study.open(around)
    if _kind(other) == _kind(study):
        return folder
    conflicts = [name for a in _patients(study) for b in _patients(other) for name in a.conflicts(b)]
    if conflicts:
        raise DifferentPatients(
            f"the {' and '.join(dict.fromkeys(conflicts))} of the images differ from those of the study there",
            where=around,
            remedy="Save each patient in a folder of their own.",
        )
    return around / BESIDE[_kind(study)]


def studies_beside(study: Study) -> dict[str, Path]:
    """The studies of other kinds in the same folder, by what they show: ``"chest"``, ``"muscle"``."""
    own = BESIDE[_kind(study)]
    around = study.folder.parent if study.folder.name == own else None
    found = {}
    for recipe, name in BESIDE.items():
        within = study.folder / name
        if name != own and (within / "study.json").exists():
            found[name] = within
        elif name != own and around is not None and _holds(around, recipe):
            found[name] = around
    return found


def _holds(folder: Path, recipe: str) -> bool:
    """Whether a folder holds a study of a kind."""
    try:
        return _kind(Study.open(folder)) == recipe
    except CtreviewError:
        return False


def _kind(study: Study) -> str:
    """Its recipe; a study without a plan is of chest CT, as all were once."""
    return archive.RECIPE if study.plan is None else study.plan.recipe


def _patients(study: Study) -> list[Patient]:
    """Whom the headers of its images name; nobody where an image was moved or has no header."""
    found = []
    for number in study.timepoints:
        source = study.source(number)
        try:
            series = [one for one in find_series(source.path) if source.series in (None, one.key)]
        except CtreviewError:
            continue
        found += [one.acquisition.patient for one in series]
    return found
