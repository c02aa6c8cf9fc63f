"""More than two CTs of one patient: which there are, which two are shown, and how opacity went through all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from ctreview.cohort.follow_up import FollowUp, follow
from ctreview.errors import WrongModality, WrongUse
from ctreview.progress import Progress
from ctreview.recipes.chest_ct import ChestCtSettings
from ctreview.recipes.two_timepoints import require_one_patient
from napari_ctreview.input_output import scans
from napari_ctreview.worker import Worker

if TYPE_CHECKING:
    from ctreview.dicom import Series
    from napari_ctreview.input_output.scans import Scan
    from napari_ctreview.session.reading_state import ReadingState

__all__ = ["ScanCourse"]


class ScanCourse(QObject):
    """The scans of the patient that is read, in the order of time; two of them are baseline and follow-up.

    Parameters
    ----------
    state : ReadingState

    Attributes
    ----------
    scans : tuple of Scan
        By date where all have one, else in the order in which they came.
    follow_up : FollowUp or None
        Each against the first and the one before, as the computer finds them; None until that was asked for.
    worker : Worker
        What loads and follows.
    changed : Signal()
        Other scans, or there is another follow-up.
    """

    changed = Signal()

    def __init__(self, state: ReadingState) -> None:
        super().__init__(state)
        self._state = state
        self.scans: tuple[Scan, ...] = ()
        self.follow_up: FollowUp | None = None
        self.worker = Worker(self)
        self.worker.ended.connect(self._ended)
        self._showing = False
        state.loader.changed.connect(self._loaded)

    @property
    def names(self) -> tuple[str, ...]:
        """What each is called: the days since the first, or its place where dates are not known."""
        times = [scan.volume.acquisition.acquired for scan in self.scans]
        return tuple(_called(place, time, times[0]) for place, time in enumerate(times))

    @property
    def shown(self) -> tuple[int | None, int | None]:
        """Which of them are baseline and follow-up."""
        places = {scan.volume.digest: place for place, scan in enumerate(self.scans)}
        first, second = (None if image is None else places.get(image) for image in self._state.loader.images)
        return first, second

    # --- which there are

    def add(self, path: Path) -> None:
        """Load one more scan in the background; a folder with several series asks which."""

        def find(progress: Progress) -> tuple[Series, ...]:
            return scans.find_readable(path, progress)

        def load(found: tuple[Series, ...]) -> None:
            chosen: Sequence[Series] | None = scans.without_choice(found)
            if chosen is None:
                one = self._state.loader.chooser(found)
                chosen = None if one is None else (one,)
            if chosen is not None:
                series, settings = chosen, self._state.loader.settings
                self.worker.start(
                    "scan", lambda progress: scans.load_scan(path, series, settings, progress), self._take
                )

        self.worker.start("series", find, load)

    def remove(self, place: int) -> None:
        """Take a scan out of the list that is not shown.

        Raises
        ------
        WrongUse
            It is baseline or follow-up.
        """
        if place in self.shown:
            raise WrongUse("this scan is shown", remedy="Show two others first.")
        self._put([scan for number, scan in enumerate(self.scans) if number != place])

    def show(self, early: int, late: int) -> None:
        """Make two of them baseline and follow-up; the reading of those before is closed.

        Raises
        ------
        WrongUse
            They are one and the same, or not in the order of the list.
        """
        if early >= late:
            raise WrongUse("the follow-up comes after the baseline", remedy="Choose two scans in their order.")
        loader = self._state.loader
        self._showing = True
        try:
            loader.clear()
            for number, place in enumerate((early, late)):
                loader.put(number, self.scans[place])
        finally:
            self._showing = False
        self.changed.emit()

    def clear(self) -> None:
        """Forget all: another patient is read."""
        self.worker.cancel()
        self.scans, self.follow_up = (), None
        self.changed.emit()

    def _take(self, scan: Scan) -> None:
        if scan.modality != "CT":
            raise WrongModality(f"this is {scan.modality}, and opacity is followed in CT", remedy="Choose a CT.")
        if scan.volume.digest in [one.volume.digest for one in self.scans]:
            raise WrongUse("this scan is in the list already")
        if self.scans:
            stated = self._state.loader.same_patient
            require_one_patient(self.scans[0].volume, scan.volume, same_patient=stated)
        self._put([*self.scans, scan])

    def _put(self, found: Sequence[Scan]) -> None:
        times = [scan.volume.acquisition.acquired for scan in found]
        known = [time for time in times if time is not None]
        places = range(len(found))
        order = sorted(places, key=known.__getitem__) if len(known) == len(found) else places
        self.scans, self.follow_up = tuple(found[place] for place in order), None
        self.changed.emit()

    def _loaded(self) -> None:
        """Follow baseline and follow-up: scans of another patient begin another list."""
        if self._showing:
            return
        now = [scan for scan in self._state.loader.scans if scan is not None and scan.modality == "CT"]
        if not now:
            self.clear()
            return
        known = {scan.volume.digest for scan in self.scans}
        new = [scan for scan in now if scan.volume.digest not in known]
        if not new:
            self.changed.emit()
            return
        self.worker.cancel()
        self._put([*self.scans, *new] if len(new) < len(now) else new)

    # --- how opacity went through all

    def follow(self, settings: ChestCtSettings, age_years: float | None) -> None:
        """Compare every scan with the first and with the one before, in the background."""
        volumes, names = [scan.volume for scan in self.scans], self.names
        same = self._state.loader.same_patient
        self.worker.cancel("follow")
        self.worker.start(
            "follow",
            lambda progress: follow(
                volumes,
                names=names,
                settings=settings,
                age_years=age_years,
                same_patient=same,
                progress=progress,
            ),
            self._have,
        )

    def _have(self, found: FollowUp) -> None:
        self.follow_up = found
        self.changed.emit()

    def _ended(self, _job: str, how: str, said: str) -> None:
        if how == "failed":
            self._state.failed.emit(said)
        self.changed.emit()


def _called(place: int, time: datetime | None, first: datetime | None) -> str:
    if time is None or first is None:
        return f"scan {place + 1}"
    return f"day {(time - first).days:+d}" if place else "day 0"
