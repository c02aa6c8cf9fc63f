"""Which scans the panes show: their images, contrasts and titles, and what of these a blinded reader may not see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QApplication

from ctreview.volume.contrasts import Examination
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume
from napari_ctreview.viewer.corner_text import ScanTiming, dates_swapped
from napari_ctreview.viewer.correspondence import ROLES, TITLES, TimepointRole
from napari_ctreview.viewer.hanging import Hanging
from napari_ctreview.viewer.link_controller import LinkController
from napari_ctreview.viewer.pane import Pane, SliceMeasurement
from napari_ctreview.viewer.pane_mouse import PaneMouse
from napari_ctreview.viewer.timepoint_blend import TimepointBlend

__all__ = ["ShownScans"]


class ShownScans(QObject):
    """Puts scans on panes, in roles, linked and hung as the reader is used to.

    Parameters
    ----------
    panes : sequence of Pane
        Baseline, follow-up, and the map of fate.
    link : LinkController
    hanging : Hanging
    mouse : PaneMouse
    blend : TimepointBlend

    Attributes
    ----------
    blinded : bool
        Whether days, dates, headers, order and fate are hidden.
    identified : bool
        Whether the patient's name and the date are written over the image.
    examinations : tuple of Examination
        The MR examinations that are shown; none of CT.
    contrast_changed : Signal()
        Another contrast of an MR examination is shown.
    """

    contrast_changed = Signal()

    def __init__(
        self,
        panes: Sequence[Pane],
        link: LinkController,
        hanging: Hanging,
        mouse: PaneMouse,
        blend: TimepointBlend,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._panes, self._link, self._hanging, self._mouse, self._blend = panes, link, hanging, mouse, blend
        self.blinded = self.identified = False
        self.examinations: tuple[Examination, ...] = ()
        self.contrast_name = ""
        self._timings: list[ScanTiming] = []
        self._warnings: tuple[str, ...] = ()

    # --- CT

    def show_timepoints(
        self,
        baseline: Volume,
        followup: Volume,
        *,
        transform: Transform | None = None,
        names: tuple[str, str] = TITLES,
        identify: bool = False,
    ) -> None:
        """Show two scans of one patient, the earlier at its customary left, and link them by anatomy.

        Parameters
        ----------
        baseline, followup : Volume
            The two scans.
        transform : Transform, optional
            A registration from baseline to follow-up. Without one the frame of reference links the scans where they
            share it, else their middles do; the corner says which.
        names : tuple of str
            What the image layers are called.
        identify : bool
            Whether dates stand in the corners; else days since baseline.
        """
        with self._measurements_kept():
            self._show_timepoints(baseline, followup, names, identify=identify)
        self._link.register(transform)
        self._hang(baseline)
        self._hanging.reset_view()

    def show_volumes(
        self, volumes: Sequence[Volume], names: Sequence[str], roles: Sequence[TimepointRole] = ROLES
    ) -> None:
        """Show an image in each pane, each on its own; roles say which timepoint each is of."""
        with self._measurements_kept():
            self._show_volumes(volumes, names, roles)
        self._hang(volumes[0])
        QApplication.processEvents()  # the canvases get the place of those that are hidden now
        self._hanging.reset_view()

    def _hang(self, volume: Volume) -> None:
        """Hang scans as the reader has those of their modality."""
        self._hanging.recall(volume.acquisition.modality or ("CT" if volume.unit == "HU" else "MR"))

    def _show_timepoints(self, baseline: Volume, followup: Volume, names: tuple[str, str], *, identify: bool) -> None:
        scans = [(baseline, TITLES[0]), (followup, TITLES[1]), (baseline, "fate")]
        roles: tuple[TimepointRole, TimepointRole, TimepointRole] = (*ROLES, ROLES[0])
        self._take_off()
        self._timings, self.identified = [], identify
        swapped = dates_swapped(baseline.acquisition, followup.acquisition)
        self._warnings = (swapped,) if swapped else ()
        self._set_blinded(False)
        layer_names = (*names, f"{names[0]}: fate")
        for number, (pane, (scan, title), role, name) in enumerate(
            zip(self._panes, scans, roles, layer_names, strict=False)
        ):
            timing = ScanTiming.of(title, scan.acquisition, baseline.acquisition, identify=identify)
            self._timings.append(timing)
            pane.role = role
            self._hanging.use(number, True)
            pane.show_volume(scan, name=name, timing=timing)
            pane.annotations.set_texts(warnings=self._warnings)

    def _show_volumes(self, volumes: Sequence[Volume], names: Sequence[str], roles: Sequence[TimepointRole]) -> None:
        self._take_off()
        self._warnings = ()
        self._timings, self.identified = [ScanTiming(name) for name in names], False
        for number in range(len(self._panes)):
            self._hanging.use(number, number < len(volumes))
        for pane in self._panes[len(volumes) :]:
            pane.clear()
        for pane, volume, role, timing in zip(self._panes, volumes, roles, self._timings, strict=False):
            pane.role = role
            pane.show_volume(volume, name=timing.title, timing=timing)

    def _take_off(self) -> None:
        """Let go of what was shown before."""
        self._link.unlink()
        self._mouse.forget()
        self._blend.clear()
        self.examinations, self.contrast_name = (), ""

    # --- MR

    def show_examinations(
        self, *examinations: Examination, roles: Sequence[TimepointRole] = ROLES, identify: bool = False
    ) -> None:
        """Show muscle MRI: one examination in each pane, all with their first contrast.

        Two panes are linked by the middles of their scans until `LinkController.register` says better.
        """
        first = [one.contrasts[0] for one in examinations]
        titles = [TITLES[ROLES.index(role)] for role in roles[: len(first)]]
        self.show_volumes([one.volume for one in first], titles, roles)
        days = {role: one.volume.acquisition for role, one in zip(roles, first, strict=False)}
        for number, (pane, one) in enumerate(zip(self._panes, first, strict=False)):
            scan = one.volume.acquisition
            self._timings[number] = ScanTiming.of(titles[number], scan, days.get("baseline"), identify=identify)
            pane.describe(self._timings[number], contrast=one.name)
        self.examinations = examinations
        self.contrast_name = first[0].name
        if len(self._full) > 1:
            self._link.register(None)
        QApplication.processEvents()  # the canvases that have just come get their sizes
        self._hanging.reset_view()

    def contrast(self, name: str) -> None:
        """Show another contrast of the same examinations at the same place; a pane without it keeps its own."""
        with self._link.paused():
            for number, (pane, examination) in enumerate(zip(self._full, self.examinations, strict=False)):
                if name in [one.name for one in examination.contrasts]:
                    title = ScanTiming("ABC"[number]) if self.blinded else self._timings[number]
                    pane.replace_image(examination[name].volume, name=f"{title.title}: {name}")
                    pane.describe(title, blinded=self.blinded, contrast=name)
        self.contrast_name = name
        self.contrast_changed.emit()

    def next_contrast(self) -> None:
        """The next contrast of the first examination."""
        if self.examinations:
            self.contrast(self.examinations[0].after(self.contrast_name).name)

    # --- what may be seen of whose they are

    def blind(self, blinded: bool) -> None:
        """Hide or reveal days, dates, all that headers say, their order, and what the crosshair knows of fate.

        Which scan comes first is hidden only from who does not know how they were given: shuffle them before.
        """
        self._set_blinded(blinded)
        for number, (pane, timing) in enumerate(zip(self._panes, self._timings, strict=False)):
            if pane.volume is None:
                continue
            hidden = ScanTiming("ABC"[number])
            pane.describe(hidden if blinded else timing, blinded=blinded, contrast=self.contrast_name)
            pane.image.name = hidden.title if blinded else pane.name
            pane.annotations.set_texts(warnings=() if blinded else self._warnings)
            pane.annotations.set_corner(bottom_left=())

    def identify(self, identified: bool) -> None:
        """Write the patient's name and the date over each scan, or take them away; a blinded reader gets neither."""
        self.identified = identified
        for number, (pane, timing) in enumerate(zip(self._panes, self._timings, strict=False)):
            if pane.volume is not None:
                self._timings[number] = timing.identified(pane.volume.acquisition if identified else None)
        self.blind(self.blinded)

    @contextmanager
    def unidentified(self) -> Iterator[None]:
        """Within this block nobody is named over the image."""
        if not self.identified:
            yield
            return
        self.identify(False)
        try:
            yield
        finally:
            self.identify(True)

    def _set_blinded(self, blinded: bool) -> None:
        self.blinded = self._mouse.fate_hidden = blinded

    # --- measurements

    @property
    def measurements(self) -> int:
        """How many measurements there are in all panes."""
        return sum(len(pane.marks) for pane in self._panes)

    @contextmanager
    def _measurements_kept(self) -> Iterator[None]:
        """Within this block other images are shown: measurements go with theirs, to whichever pane shows it then."""
        before: dict[str, list[SliceMeasurement]] = {}
        for pane in self._full:
            if pane.marks:
                before.setdefault(self._image_of(pane), []).extend(pane.marks)
        yield
        if before:
            for pane in self._full:
                pane.marks = before.pop(self._image_of(pane), [])

    def _image_of(self, pane: Pane) -> str:
        """The digest of what a pane shows; of an examination that of its first contrast."""
        assert pane.volume is not None
        for one in self.examinations:
            if any(contrast.volume is pane.volume for contrast in one.contrasts):
                return one.contrasts[0].volume.digest
        return pane.volume.digest

    @property
    def _full(self) -> list[Pane]:
        return [pane for pane in self._panes if pane.volume is not None]
