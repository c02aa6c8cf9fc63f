"""One dock, in the order of the work: load, lungs, opacity, correct, register, change, sign."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QObject, QPoint
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import (
    QWidget,
)

from ctreview.allocation import return_freed_memory
from ctreview.change import Comparison
from ctreview.errors import EditDoesNotApply
from ctreview.study import Study
from napari_ctreview.correcting import shortcuts as correcting_shortcuts
from napari_ctreview.correcting.lung_brush import LungBrushTool
from napari_ctreview.input_output.layer_importer import LayerImporter
from napari_ctreview.marking import finding_marker
from napari_ctreview.napari_adapter import unwrapped
from napari_ctreview.session.tool_warm_up import warm_up_tools
from napari_ctreview.viewer import shortcuts
from napari_ctreview.viewer.correspondence import TITLES
from napari_ctreview.viewer.input_settings import conflicts, input_settings
from napari_ctreview.viewer.reading_window import ReadingWindow
from napari_ctreview.viewer.window_lock import fit_on_screen
from napari_ctreview.widgets import ask, muscle_tools, worklist_panel
from napari_ctreview.widgets.all_keys import CLOSE, OVERLAY, every_key
from napari_ctreview.widgets.candidate_list import KEYS as CANDIDATE_KEYS
from napari_ctreview.widgets.dock_form import DockForm
from napari_ctreview.worker import Worker

__all__ = ["ReviewDock"]

_KEYS_SHOWN = shortcuts.Shortcut(*OVERLAY, lambda keys: keys.open(), always=True)
_CLOSE = shortcuts.Shortcut(*CLOSE, lambda dock: dock.panes.window().close())


class ReviewDock(DockForm):
    """Review two timepoints: everything around the panes.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Its canvas becomes the pane of the baseline.
    """

    _window: ReadingWindow | None = None
    _fitted = False
    _version: int | None = None

    def __init__(self, napari_viewer: Any, parent: QWidget | None = None) -> None:
        return_freed_memory()
        viewer = unwrapped(napari_viewer)
        super().__init__(viewer, parent)
        self.controller.chest_ct.display.warm_up()
        self._incoming = LayerImporter(viewer, self.controller.open_in_free_timepoint, self._is_foreign, self.complain)
        self._shortcuts = [
            *shortcuts.install(self.panes),
            *correcting_shortcuts.install(self.corrector),
            *shortcuts.bind(finding_marker.KEYS, self.marker, self.panes),
            *shortcuts.bind(worklist_panel.KEYS, self.worklist, self.panes),
            *shortcuts.bind(muscle_tools.KEYS, self.muscle_tools, self.panes),
            *shortcuts.bind([_KEYS_SHOWN], self.keys, self.panes),
            *shortcuts.bind([_CLOSE], self, self.panes),
        ]
        self._connect()
        self._window = ReadingWindow(viewer, self, lambda: self.state.open and self.state.reads)
        self._window.events.dropped.connect(self._dropped)
        self._window.events.may_close = self._may_close
        self.boxes["load"].open()
        self._follow()
        self._warm_up = Worker(self)
        self._warm_up.start("prepare tools", lambda _progress: warm_up_tools(), lambda _done: None)
        self.complain("\n".join(conflicts(every_key(), input_settings())))

    def _connect(self) -> None:
        controller = self.controller
        self.run_all.clicked.connect(self._run)
        self.stop_all.clicked.connect(controller.cancel)
        for box in self.boxes.values():
            box.stopped.connect(controller.cancel)
        for settings in self.settings.values():
            settings.form.changed.connect(self._set)
            settings.run.connect(self._run)
        self.unsaved.chosen.connect(self._go_on)
        self.fate.toggled.connect(self.controller.chest_ct.display.want_fate)
        self.state.failed.connect(self.complain)
        self.state.replaced.connect(self._replaced)
        self.state.worker.began.connect(self._began)
        self.state.changed.connect(self._follow)
        self.state.reading_changed.connect(self._prepared)
        self.state.edited.connect(self._edited)
        controller.chest_ct.compared.connect(self._compared_now)
        controller.chest_ct.recounted.connect(self._follow_numbers)
        self.panes.scans.contrast_changed.connect(self.corrector.refresh_context)
        self.corrector.busy.connect(self._say_what_runs)
        self.marker.changed.connect(self._marked)
        self.change.go_to.connect(self._go_to)
        self.change.decided.connect(self._decided)
        self.candidates.chosen.connect(self._go_to)
        self.candidates.decided.connect(self._decided)
        self.candidates.install_keys(self)
        self.differences.install_keys(self)
        self.candidates.taken_before = self._taken_for_lung
        # napari's canvas is told when its window closes
        self.panes.panes[0].canvas.installEventFilter(self)

    # --- what happens

    def complain(self, text: str) -> None:
        """Say what went wrong and what to do; a click on another step does not take it away."""
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def _replaced(self, lost: str) -> None:
        """Say what did not go on with other scans, and offer what is left unsaved."""
        self.complain(lost)
        if lost:
            self.unsaved.refresh()

    def _began(self, job: str) -> None:
        """Take an earlier message away when the reader goes on."""
        if job in ("load", "save", "sign"):
            self.complain("")

    def _run(self) -> None:
        self.complain("")
        self.controller.run()

    def _dropped(self, where: QPoint, paths: list[str]) -> None:
        """Open what was dropped anywhere in the window."""
        self.complain("")
        self.controller.open_at(self.panes.pane_at(where), paths)

    def _is_foreign(self, layer: Any) -> bool:
        """Whether a layer of napari's own viewer is none of the reading that is open."""
        return self.state.open and self.state.reads and not self.panes.panes[0].guard.keeps(layer)

    def _follow(self) -> None:
        """Show the state of every step."""
        controller = self.controller
        if self._window is not None:
            self._window.follow()
        for name, box in self.boxes.items():
            box.show_step(self.state.steps[name], hidden_checks=self.state.blinded)
        busy = self.state.worker.busy
        self._say_what_runs()
        self.run_all.setText(self.state.mode.run_words)
        self.run_all.setEnabled(self.state.mode.can_run and not busy)
        self.stop_all.setEnabled(busy)
        self.change.setVisible(not self.state.blinded)
        self.fate.setEnabled(not self.state.blinded)
        for form in self.forms.values():
            if form.settings != controller.chest_ct.settings:
                form.show_settings(controller.chest_ct.settings)

    def _say_what_runs(self, tool: str = "") -> None:
        """One line at the foot of the dock, whichever step is open: what a tool or a step works at."""
        steps = [
            f"{name.capitalize()}: {step.message}" for name, step in self.state.steps.items() if step.state == "running"
        ]
        self.doing.setText(f"{tool} …" if tool else "; ".join(steps))

    def _set(self, settings: Any) -> None:
        self.controller.chest_ct.settings = settings
        self.state.loader.settings = settings.load
        self._follow()

    def _prepared(self) -> None:
        if not self.state.mode.begun:
            self._forget()
        version = None if self.state.reading is None else self.state.reading.version
        if self._version not in (None, version):
            self.marker.forget()  # what is offered is of the reading before, which a new one may not know
        self._version = version
        ab = dict(zip(self.state.order, ("A", "B"), strict=True))
        self.findings.titles = self.key_images.titles = (ab[0], ab[1]) if self.state.blinded else TITLES
        self.findings.show_findings()
        self.key_images.show_images()
        self._show_candidates()
        for box in (self.findings, self.tools, self.key_images):  # they spoke of the reading before
            box.message.clear()
        self.corrector.refresh_context()
        self.show_steps()
        if self.state.mode.begun:
            self.boxes["load"].suggest(False)
            self.boxes["correct"].suggest(True)
            self.boxes["measures"].suggest(True)
            self.boxes["change"].suggest(not self.state.blinded)
            self.make_room()
        if self.state.mode is self.controller.consensus:
            self.boxes["differences"].open()

    def _forget(self) -> None:
        """Let nothing stand that was found, said or begun in the scans before."""
        self.change.clear()
        self.regions.clear()
        self.muscle.follow()
        self.differences.follow()
        self.corrector.forget()
        self.marker.forget()
        self.landmarks.deactivate()

    def _show_candidates(self) -> None:
        """List what is offered by the timepoint, for a blinded reader by the pane."""
        titles = self.findings.titles
        self.candidates.show_candidates(self.controller.chest_ct.candidates, (titles[0], titles[1]))

    def _edited(self, _pane: int, _change: object) -> None:
        self._show_candidates()
        self._follow_numbers()

    def _follow_numbers(self) -> None:
        """Show the volumes after an act."""
        tallies = self.controller.chest_ct.tallies
        if tallies is not None and not self.state.blinded:
            before, after = tallies
            self.change.follow(
                before.ml(),
                after.ml(),
                volumes_ml=(before.volumes_ml, after.volumes_ml),
                candidates=self.controller.chest_ct.candidates,
            )

    def _compared_now(self, comparison: Comparison) -> None:
        if self.state.blinded:
            return
        self.change.show_comparison(comparison)
        self._marked()

    def _marked(self) -> None:
        """Bring findings and signature into the report."""
        controller = self.controller
        if controller.chest_ct.comparison is not None and not self.state.blinded:
            signed = None if self.state.reading is None else self.state.reading.signature()
            self.change.update_report(signed=signed, findings=self.state.findings())

    def _go_to(self, timepoint: int, lps: Any) -> None:
        self.panes.go_to(lps, pane=self.state.order.index(timepoint))

    def _decided(self, timepoint: int, kind: str, payload: Any) -> None:
        try:
            self.controller.act(self.state.order.index(timepoint), kind, payload)
        except EditDoesNotApply as reason:  # the reader has taken the piece away by hand already
            self.complain(f"The piece was left as it is: {reason.found}.")

    def _taken_for_lung(self, name: str) -> bool:
        """Let the lung brush have the key of a candidate while it is held."""
        label, tool = CANDIDATE_KEYS[name][2], self.corrector.tool
        if not isinstance(tool, LungBrushTool) or label not in ("consolidation", "collapse"):
            return False
        tool.take(label)
        return True

    def _go_on(self, study: Study) -> None:
        readers = [reading.reader for reading in study.readings]
        self.controller.archive.open(study.folder, author=readers[0])

    # --- the end

    def _may_close(self) -> bool:
        """Ask before the window closes over work that is in no study."""
        left = self.controller.archive.unsaved
        return not left or ask.closing_confirmed(self, left)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Make room for the dock when it is shown first, and write as large as the system does."""
        super().showEvent(event)
        self.follow_font()
        if not self._fitted:
            self._fitted = True
            fit_on_screen(self.window())

    def event(self, event: QEvent) -> bool:
        """End with the dock, where that is taken out of the window alone: napari is as it was before."""
        if event.type() == QEvent.Type.ParentChange and self.parentWidget() is None and self._window is not None:
            self._end()
        return bool(super().event(event))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """End with napari's window."""
        if event.type() == QEvent.Type.Close and watched is self.panes.panes[0].canvas:
            self.panes.setUpdatesEnabled(False)  # to show napari's bars again resizes the canvases, which would paint
            self.stop()
        return False

    def _end(self) -> None:
        """Leave napari's window without the reading."""
        self.stop()
        for pane in self.panes.panes:
            pane.clear()
        self.panes.give_back()

    def stop(self) -> None:
        """Stop what runs and detach from the panes; acts are on the disk already."""
        if self._window is not None:
            self._window.stop()
            self._window = None
            self._incoming.stop()
            self.controller.close()
