"""The scans of the next case, loaded while the reader is busy with this one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

from ctreview.progress import Progress
from ctreview.study import Study
from napari_ctreview.input_output import scans
from napari_ctreview.session.worklist import ReadingCase
from napari_ctreview.worker import Worker

if TYPE_CHECKING:
    from napari_ctreview.input_output.scans import Scan
    from napari_ctreview.session.reading_state import ReadingState
    from napari_ctreview.session.study_archive import StudyArchive

__all__ = ["CaseLoader"]

_WAIT_MS = 1000
"""So long nothing else may run before the next case is looked at."""


class CaseLoader(QObject):
    """Opens cases, and has the one that was announced ready.

    Parameters
    ----------
    state : ReadingState
    archive : StudyArchive

    Attributes
    ----------
    ready : ReadingCase or None
        The case whose scans are in memory.
    """

    def __init__(self, state: ReadingState, archive: StudyArchive) -> None:
        super().__init__(state)
        self._state, self._archive = state, archive
        self.ready: ReadingCase | None = None
        self._scans: tuple[Scan | None, ...] = ()
        self._next: ReadingCase | None = None
        self._worker = Worker(self)
        self._pause = QTimer(self, singleShot=True, interval=_WAIT_MS)
        self._pause.timeout.connect(self._load)

    def open(self, case: ReadingCase) -> None:
        """Open a case: its study, or its scans where it has none."""
        self.announce(None)
        known = self._scans if case == self.ready else ()
        self.ready, self._scans = None, ()
        state = self._state
        if case.study is not None and (case.study / "study.json").exists():
            self._archive.open(case.study, scans=known or None)
            return
        state.loader.clear()
        for number, path in enumerate(case.scans[:2]):
            scan = known[number] if known else None
            if scan is not None:
                state.loader.put(number, scan)
            else:
                state.loader.open(number, path)

    def announce(self, case: ReadingCase | None) -> None:
        """Load a case as soon as nothing else runs; None for none."""
        self._worker.cancel()
        self._next = case if case != self.ready else None
        if self._next is None:
            self._pause.stop()
        else:
            self._pause.start()

    def close(self) -> None:
        """Stop what runs, and forget what was loaded."""
        self.announce(None)
        self.ready, self._scans = None, ()

    def wait(self, seconds: float) -> bool:
        """Wait for the thread, for the end of the program only; whether it has ended."""
        return self._worker.wait(seconds)

    def _load(self) -> None:
        case, state = self._next, self._state
        if case is None or not state.open:
            return
        if state.worker.busy:
            self._pause.start()
            return
        study = None if case.study is None or not (case.study / "study.json").exists() else case.study
        settings = state.loader.settings

        def work(progress: Progress) -> Sequence[Scan | None]:
            if study is not None:
                opened = Study.open(study)
                return state.mode_of(opened).load_study(opened, progress)
            found: list[Scan | None] = []
            for path in case.scans[:2]:
                series = scans.without_choice(scans.find_readable(path, progress))
                found.append(None if series is None else scans.load_scan(path, series, settings, progress))
            return found

        self._worker.start("next case", work, lambda loaded: self._have(case, loaded))

    def _have(self, case: ReadingCase, loaded: Sequence[Scan | None]) -> None:
        if case == self._next:
            self.ready, self._scans, self._next = case, tuple(loaded), None
