"""What of a reading of chest CT stands on the panes: scans, lungs, opacity under correction, the map of fate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtWidgets import QApplication

from ctreview.change import candidate_map, open_candidates
from ctreview.opacity.scheme import OPACITY_SCHEME
from ctreview.recipes.chest_ct.corrections import OPACITY
from ctreview.volume.geometry import FloatArray, Geometry
from ctreview.volume.labels import LabelMap
from napari_ctreview.session.reading_state import ReadingState
from napari_ctreview.viewer.correspondence import ROLES, TITLES
from napari_ctreview.viewer.layers import labels_layer, to_lps, to_world
from napari_ctreview.viewer.readout import ReadoutSource

if TYPE_CHECKING:
    from ctreview.change import Comparison
    from ctreview.review.corrections import OpacityReview
    from napari_ctreview.input_output.scans import Scan

__all__ = ["CANDIDATES", "FATE_PANE", "OUTLINE", "ChestCtDisplay"]

CANDIDATES = "to confirm"
"""The layer that outlines what is offered and not counted."""

OUTLINE = "lung outline"
"""The layer that outlines the lungs."""

FATE_PANE = 2
"""The pane of the map of fate, where there is one."""


class ChestCtDisplay:
    """Draws what a `ChestCtMode` found on the panes."""

    def __init__(self, state: ReadingState) -> None:
        self._state = state
        self.fate_wanted = False
        self._shown: tuple[object, ...] = ()
        self._comparison: Comparison | None = None

    def warm_up(self) -> None:
        """Let napari compile how it draws labels, once a process: while a step works it takes ten times as long."""
        pane = self._state.panes.panes[0]
        grid = Geometry.aligned((2, 2, 2), (1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0), frame_of_reference="source:nothing")
        nothing = LabelMap(np.zeros(grid.shape, np.uint8), grid, OPACITY_SCHEME)
        for array in (None, np.zeros(grid.shape, np.uint8)):  # frozen and writable arrays are two cases to compile
            data, options, _ = labels_layer(nothing, name="nothing", array=array)
            pane.model.layers.remove(pane.model.add_labels(data, **options))

    # --- scans

    def show_cts(self, scans: Sequence[Scan | None]) -> None:
        """Show the CTs that were loaded, before anything is found in them; empty panes where there is none."""
        there = [(scan, number) for number, scan in enumerate(scans) if scan is not None]
        if not there:
            self.clear()
            return
        self._shown = ()
        if len(there) == 1:
            (scan, number) = there[0]
            self._state.panes.scans.show_volumes([scan.volume], [TITLES[number]], [ROLES[number]])
        else:
            self._pair([scan for scan, _ in there], (0, 1))

    def forget(self) -> None:
        """Draw nothing more of what was compared: other scans are read."""
        self._comparison = None
        self._state.panes.lobe_lines.clear()
        self._hide_fate()

    def clear(self) -> None:
        """Empty panes."""
        panes = self._state.panes
        panes.link.unlink()
        for pane in panes.panes:
            pane.clear()
        self._shown = ()

    def show_pair(self, scans: Sequence[Scan], order: tuple[int, int], *, blinded: bool) -> None:
        """Show two CTs, to a blinded reader without what their headers say."""
        self._pair(scans, order)
        self._state.panes.scans.blind(blinded)

    def _pair(self, scans: Sequence[Scan], order: tuple[int, int]) -> None:
        """Show two CTs in the order a blinded reader gets them; roles stay with the scans, for the link needs them."""
        panes, key = self._state.panes, (scans[0].volume.digest, scans[1].volume.digest, order)
        here = panes.panes[0].volume
        if key == self._shown and here is not None and here.digest == scans[order[0]].volume.digest:
            return  # after new settings the reader stays where he was
        panes.scans.show_timepoints(scans[order[0]].volume, scans[order[1]].volume)
        for pane, timepoint in zip(panes.panes, order, strict=False):
            pane.role = ROLES[timepoint]
        panes.link.register(None)
        self._shown = key
        self._hide_fate()

    # --- what was found

    def show_part(self, pane: int, what: str, labels: LabelMap) -> None:
        """Show lungs, then opacity, as soon as they are there."""
        panes = self._state.panes
        if panes.panes[pane].volume is None:
            return
        layer = panes.show_labels(pane, labels, name=what)
        if what == "lungs":
            layer.contour = 1
        else:
            panes.panes[pane].remove_labels("lungs")

    def show_review(
        self, review: OpacityReview, scans: Sequence[Scan | None], order: tuple[int, int], *, blinded: bool
    ) -> None:
        """Show the opacity under correction, linked by the registration."""
        panes = self._state.panes
        self._pair([scan for scan in scans if scan is not None], order)
        panes.link.register(review.prepared.transform)
        for pane, timepoint in enumerate(order):
            session = review.sessions[timepoint]
            panes.panes[pane].remove_labels("lungs")
            panes.show_labels(pane, session.base, name=OPACITY, array=session.array)
            panes.set_readout_source(pane, _known(review, timepoint))
        self.show_candidates(review, order)
        self.show_outlines(review, order)
        self.show_lobe_borders(review)
        panes.scans.blind(blinded)
        self._comparison = None

    def show_candidates(self, review: OpacityReview, order: tuple[int, int]) -> None:
        """Outline the dense areas that are to be confirmed; nothing where none are."""
        for pane, timepoint in enumerate(order):
            candidates = review.candidates(timepoint)
            if not open_candidates(candidates):
                self._state.panes.panes[pane].remove_labels(CANDIDATES)
                continue
            labels = candidate_map(candidates, review.prepared.points[timepoint].volume.geometry)
            layer = self._state.panes.show_labels(pane, labels, name=CANDIDATES)
            layer.contour = 2

    def show_outlines(self, review: OpacityReview, order: tuple[int, int]) -> None:
        """Outline the lungs as they are by now, where the reader wants it."""
        panes = self._state.panes
        for pane, timepoint in enumerate(order):
            if panes.outline_wanted:
                layer = panes.show_labels(pane, review.lungs(timepoint), name=OUTLINE)
                layer.contour, layer.opacity, layer.visible = 1, 0.9, True
            else:
                panes.panes[pane].remove_labels(OUTLINE)

    def show_lobe_borders(self, review: OpacityReview) -> None:
        """Show where lobes border on each other by now, where the reader wants it."""
        for timepoint, role in enumerate(ROLES):
            self._state.panes.lobe_lines.show_borders(role, review.lobe_borders(timepoint))

    def read_out_regions(self, review: OpacityReview, order: tuple[int, int]) -> None:
        """Tell the crosshair which parts there are, after lungs or lobes were changed."""
        panes = self._state.panes
        for pane, timepoint in enumerate(order):
            known = panes.panes[pane].known
            panes.set_readout_source(pane, replace(known, regions=review.tallies[timepoint].regions))

    def refresh(self, pane: int, name: str, box: tuple[slice, slice, slice]) -> None:
        """Draw a box of a label map of a pane anew."""
        self._state.panes.panes[pane].refresh_labels(name, box)

    # --- fate

    def show_fate(
        self, review: OpacityReview, comparison: Comparison, order: tuple[int, int], *, blinded: bool
    ) -> None:
        """Tell crosshair and map what became of what."""
        panes = self._state.panes
        self._comparison = None if blinded else comparison
        for pane, timepoint in enumerate(order):
            fate = (comparison.baseline, comparison.followup)[timepoint].fate
            panes.set_readout_source(pane, replace(_known(review, timepoint), fate=None if blinded else fate))
        self._draw_fate()

    def want_fate(self, wanted: bool) -> None:
        """Show the map of fate in a pane of its own, or put it away."""
        self.fate_wanted = wanted
        self._draw_fate()

    def _draw_fate(self) -> None:
        panes = self._state.panes
        found = self._comparison
        if len(panes.panes) <= FATE_PANE:
            return
        if not self.fate_wanted or found is None or found.baseline.fate is None:
            self._hide_fate()
            return
        pane = panes.panes[FATE_PANE]
        if pane.volume is not found.baseline.volume:
            pane.role = "baseline"
            pane.show_volume(found.baseline.volume, name="baseline: fate")
        panes.hanging.use(FATE_PANE, True)
        panes.show_labels(FATE_PANE, found.baseline.fate, name="fate")
        place = panes.panes[0].centre
        panes.link.register(found.transform)
        self._whole_slices(place)

    def _hide_fate(self) -> None:
        panes = self._state.panes
        if len(panes.panes) <= FATE_PANE or panes.panes[FATE_PANE].volume is None or panes.link.shows_one_scan:
            return  # one scan in all panes is another mode's
        linked = panes.link.correspondence
        place = panes.panes[0].centre
        panes.panes[FATE_PANE].clear()
        panes.hanging.use(FATE_PANE, False)
        if linked is not None:
            panes.link.register(linked.transform)
            self._whole_slices(place)

    def _whole_slices(self, place: FloatArray) -> None:
        """The panes have another width now: whole slices, at the place that was on screen."""
        panes = self._state.panes
        QApplication.processEvents()  # the canvases get their new sizes
        panes.hanging.reset_view()
        middle = panes.panes[0].centre
        across = panes.panes[0].across
        kept = to_world(panes.panes[0].geometry, middle)
        kept[across] = to_world(panes.panes[0].geometry, place)[across]
        panes.panes[0].go_to(to_lps(panes.panes[0].geometry, kept))


def _known(review: OpacityReview, timepoint: int) -> ReadoutSource:
    point = review.prepared.points[timepoint]
    vessels = () if point.vessels is None else (point.vessels,)
    regions = review.tallies[timepoint].regions if review.counted else point.regions
    return ReadoutSource(classes=(review.sessions[timepoint].labels, *vessels), regions=regions)
