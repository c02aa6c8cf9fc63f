"""Every error that ctreview raises on purpose, as one tree.

::

    CtreviewError                     anything below; the command line exits with its ``exit_code``
    ├── InputRefused                  the data cannot be used; exit code 3
    │   ├── UnreadableFile            a file is broken, truncated, locked, or not what its name says
    │   │   └── MalformedEdit         a journal's record whose payload its tool cannot take
    │   ├── NoSeriesFound             a folder or archive holds no image series
    │   ├── SeveralSeriesFound        more than one series, and none was chosen
    │   ├── UnsupportedSeries         an image that is recognised and named, and not read
    │   ├── InconsistentSeries        slices missing, doubled, of mixed geometry or of mixed acquisitions
    │   ├── WrongModality             an MR where a CT is needed, or the reverse
    │   ├── RowsRefused               rows of a table that cannot be used, all of them
    │   │   ├── ManifestRefused       of a cohort's manifest
    │   │   └── TimelineRefused       of a clinic's timeline
    │   ├── DifferentPatients         two timepoints whose id, birth date or sex differ
    │   ├── StudyLocked               another process has a study open for writing
    │   ├── SignedOtherwise           what was signed rests on masks that this version does not find
    │   └── AlreadySigned             a reading that is read-only since it was signed
    ├── GridMismatch                  two grids were combined that are not one and the same; exit code 3
    ├── EditDoesNotApply              an edit that has no meaning on this mask
    ├── SegmentationFailed            a structure was not found, or what was found cannot be it
    ├── RegistrationFailed            two images could not be brought together
    └── WrongUse                      an argument or option that makes no sense; exit code 2

Each carries what was found, where, and what to do about it. None carries a patient's identity: ``where`` is a
path that the user gave or a position in it, never a header's text.

Two things are no error of this tree. `ctreview.progress.Cancelled` ends what a person stopped. While headers are read
(`ctreview.dicom`), `MalformedDataSet`, `NotDicom` and `StackFault` carry a clause to the function that knows the file
and raises one of these.
"""

from __future__ import annotations

import errno
import traceback
from collections.abc import Sequence
from pathlib import Path

__all__ = [
    "AlreadySigned",
    "CtreviewError",
    "DifferentPatients",
    "EditDoesNotApply",
    "GridMismatch",
    "InconsistentSeries",
    "InputRefused",
    "MalformedEdit",
    "ManifestRefused",
    "NoSeriesFound",
    "RegistrationFailed",
    "RowsRefused",
    "SegmentationFailed",
    "SeveralSeriesFound",
    "SignedOtherwise",
    "StudyLocked",
    "TimelineRefused",
    "UnreadableFile",
    "UnsupportedSeries",
    "WrongModality",
    "WrongUse",
    "in_words",
]


class CtreviewError(Exception):
    """The root of the tree.

    Parameters
    ----------
    found : str
        What was found, in one clause.
    where : str or path, optional
        The file, series or region it was found in.
    remedy : str, optional
        What the reader can do about it, as an imperative sentence.
    """

    exit_code = 1

    def __init__(self, found: str, *, where: object = None, remedy: str | None = None) -> None:
        self.found = found
        self.where = None if where is None else str(where)
        self.remedy = remedy
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" {self.remedy}" if self.remedy else ""
        return f"{place}{self.found.rstrip('.')}.{advice}"


class InputRefused(CtreviewError):
    """The data cannot be used as they are."""

    exit_code = 3


class UnreadableFile(InputRefused):
    """A file is broken, truncated, locked, or not what its name says."""


class MalformedEdit(UnreadableFile):
    """A record of a journal whose payload its tool cannot take: a value is missing or of the wrong kind."""


class NoSeriesFound(InputRefused):
    """A folder or archive holds no image series."""


class SeveralSeriesFound(InputRefused):
    """More than one series was found where one is needed, and none was chosen."""

    exit_code = 2


class UnsupportedSeries(InputRefused):
    """An image that is recognised and named, and not read."""


class InconsistentSeries(InputRefused):
    """Slices are missing, doubled, of mixed geometry or of mixed acquisitions."""


class WrongModality(InputRefused):
    """An image of one modality where another is needed."""


class RowsRefused(InputRefused):
    """Rows of a table that cannot be used.

    Parameters
    ----------
    faults : sequence
        What is wrong with each line, in words; all of them, so that the table can be mended at once.
    """

    table = "table"
    advice = "Mend these lines."

    def __init__(self, faults: Sequence[object]) -> None:
        self.faults = tuple(faults)
        listed = "; ".join(str(fault).rstrip(".") for fault in self.faults)
        counted = "1 fault is" if len(self.faults) == 1 else f"{len(self.faults)} faults are"
        super().__init__(f"{counted} in the {self.table}: {listed}", remedy=self.advice)


class ManifestRefused(RowsRefused):
    """Rows of a cohort's manifest."""

    table = "manifest"
    advice = "Mend these lines, or have them skipped; what else can be run is run then."


class TimelineRefused(RowsRefused):
    """Rows of a clinic's timeline."""

    table = "timeline"


class DifferentPatients(InputRefused):
    """Two timepoints whose patient id, birth date or sex differ."""


class StudyLocked(InputRefused):
    """Another process has the study open for writing."""


class ImageMoved(InputRefused):
    """An image of a study does not lie any more where it was read from."""


class SignedOtherwise(InputRefused):
    """A signed study that rests on masks which this version of ctreview does not find."""


class AlreadySigned(InputRefused):
    """A signed reading is read-only; a correction is a new version."""


class GridMismatch(CtreviewError):
    """Two grids were combined that are not one and the same (shape, position, frame of reference)."""

    exit_code = 3


class EditDoesNotApply(CtreviewError):
    """An edit that has no meaning on this mask, such as a click on a piece that is no longer there."""


class SegmentationFailed(CtreviewError):
    """A structure was not found, or what was found cannot be it."""

    exit_code = 4


class RegistrationFailed(CtreviewError):
    """Two images could not be brought together."""

    exit_code = 4


class WrongUse(CtreviewError, ValueError):
    """An argument or option that makes no sense."""

    exit_code = 2


_DISK = {
    errno.ENOSPC: "Make room on the disk, or choose a folder on another one.",
    errno.EROFS: "Choose a folder on a disk that can be written to.",
    errno.EACCES: "Choose a folder that you may write to.",
    errno.EPERM: "Choose a folder that you may write to.",
}
_REPORT = "Please report it; CTREVIEW_DEBUG=1 shows the traceback."


def in_words(error: BaseException) -> str:
    """What a person is told of any error, in one line: what happened and what to do.

    The text of an exception that is not ours may quote a header, so it is not shown; where it came up is.
    """
    match error:
        case CtreviewError():
            return str(error)
        case MemoryError():
            return "the memory of this machine was not enough. Close other programs, or crop the scan to the thorax."
        case OSError() if error.strerror:
            advice = _DISK.get(error.errno or 0, "")
            return f"{error.filename or 'a file'}: {error.strerror}. {advice}".rstrip()
        case _:
            return f"a fault in ctreview itself ({type(error).__name__} at {_place(error)}). {_REPORT}"


def _place(error: BaseException) -> str:
    package = Path(__file__).parent
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(package)]
    if not frames:
        return "an unknown place"
    return f"{Path(frames[-1].filename).relative_to(package).as_posix()}:{frames[-1].lineno}"
