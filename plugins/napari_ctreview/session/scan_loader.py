"""The two scans of a reading: found, asked about, loaded and checked against each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from ctreview.errors import WrongUse
from ctreview.recipes.two_timepoints import require_one_patient
from ctreview.volume.contrasts import series_of_examination
from ctreview.volume.load import LoadSettings
from napari_ctreview.input_output import reader, scans
from napari_ctreview.viewer.corner_text import dates_swapped
from napari_ctreview.worker import Worker

if TYPE_CHECKING:
    from ctreview.dicom import Series
    from napari_ctreview.input_output.scans import Scan

__all__ = ["JOB", "ScanLoader"]

JOB = "load"
"""What its jobs are called."""


class ScanLoader(QObject):
    """Baseline and follow-up as they were loaded.

    Attributes
    ----------
    scans : list of Scan or None
        Two of them.
    allow_different_patients : bool
        Whether two patients are loaded beside each other.
    same_patient : bool
        Whether the reader states that both scans are of one patient, although their ids differ.
    settings : LoadSettings
    chooser : callable
        Asks which of several series is meant; None where the question was closed.
    changed : Signal
        Other scans are there, or a question was closed.
    """

    changed = Signal()

    def __init__(self, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self.scans: list[Scan | None] = [None, None]
        self.allow_different_patients = False
        self.same_patient = False
        self.settings = LoadSettings()
        self._refused: tuple[int, Scan] | None = None
        self.chooser: Callable[[Sequence[Series]], Series | None] = _ask

    @property
    def ready(self) -> bool:
        """Whether two CTs are there."""
        return all(scan is not None and scan.modality == "CT" for scan in self.scans)

    @property
    def alone(self) -> Scan | None:
        """The CT that is loaded without another scan; None where there are two, or none."""
        there = [scan for scan in self.scans if scan is not None]
        return there[0] if len(there) == 1 and there[0].modality == "CT" else None

    @property
    def images(self) -> tuple[str | None, ...]:
        """The digest of each; None where there is none."""
        return tuple(None if scan is None else scan.volume.digest for scan in self.scans)

    @property
    def warning(self) -> str:
        """What is odd about the two; empty where nothing is."""
        first, second = self.scans
        if first is None or second is None:
            return ""
        return dates_swapped(first.volume.acquisition, second.volume.acquisition)

    def open(self, number: int, path: Path | str) -> None:
        """Load baseline (0) or follow-up (1) in the background; a folder with several series asks which."""
        where = Path(path)
        self._worker.start(
            JOB, lambda progress: scans.find_readable(where, progress), lambda found: self._choose(number, where, found)
        )

    def allow(self, different_patients: bool) -> None:
        """Allow two patients or not; the scan that was refused for it is taken."""
        self.allow_different_patients = different_patients
        self.same_patient = self.same_patient and not different_patients
        self._try_again(different_patients)

    def state_same_patient(self, stated: bool) -> None:
        """Take it as stated that both scans are of one patient, or not; the scan that was refused for it is taken."""
        self.same_patient = stated
        self.allow_different_patients = self.allow_different_patients and not stated
        self._try_again(stated)

    def _try_again(self, allowed: bool) -> None:
        if allowed and self._refused is not None:
            self.put(*self._refused)
        else:
            self.changed.emit()

    def swap(self) -> None:
        """Let baseline and follow-up change places."""
        self.scans.reverse()
        self.changed.emit()

    def clear(self) -> None:
        """Start with two other scans."""
        self._worker.cancel(JOB)
        self.forget_statements()
        self.scans = [None, None]
        self.changed.emit()

    def _choose(self, number: int, path: Path, found: tuple[Series, ...]) -> None:
        """One series of a CT, or the images of an MR examination; where a folder holds more, the reader is asked."""
        chosen = scans.without_choice(found)
        if chosen is None:
            one = self.chooser(found)
            if one is None:
                self.changed.emit()
                return
            chosen = series_of_examination(found, one) if one.modality == "MR" else (one,)
        settings = self.settings
        self._worker.start(
            JOB,
            lambda progress: scans.load_scan(path, chosen, settings, progress),
            lambda scan: self._replace(number, scan),
        )

    def _replace(self, number: int, scan: Scan) -> None:
        """Take a scan; what was said of two patients was said of the pair before."""
        if self.scans[number] is not None:
            self.forget_statements()
        self.put(number, scan)

    def forget_statements(self) -> None:
        """Take nothing as stated of whose scans these are."""
        self.allow_different_patients = self.same_patient = False
        self._refused = None

    def put(self, number: int, scan: Scan) -> None:
        """Take a scan if it goes with the other one.

        Raises
        ------
        InputRefused
            It does not; the scans stay as they were.
        """
        other = self.scans[1 - number]
        if other is not None:
            pair = (scan, other) if number == 0 else (other, scan)
            scans.require_one_kind(*pair)
            if scan.volume.digest == other.volume.digest:
                raise WrongUse("baseline and follow-up are the same image", remedy="Load the other timepoint here.")
            if not self.allow_different_patients:
                self._refused = (number, scan)
                require_one_patient(pair[0].volume, pair[1].volume, same_patient=self.same_patient)
        self._refused = None
        self.scans[number] = scan
        self.changed.emit()


def _ask(found: Sequence[Series]) -> Series | None:
    return reader.choose_series(found)  # looked up when it is asked, so that tests can answer
