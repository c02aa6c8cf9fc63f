"""One CT alone: its lungs and opacity are found, shown and measured; nothing is compared, corrected or stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctreview.change import open_candidates
from ctreview.recipes.chest_ct import ChestCtSettings, Segmentation, segment
from ctreview.recipes.chest_ct.changed_lobes import ChangedLobes
from ctreview.recipes.chest_ct.corrections import OPACITY
from ctreview.report import words
from napari_ctreview.session.chest_ct_display import ChestCtDisplay
from napari_ctreview.session.reading_state import ReadingState
from napari_ctreview.session.steps import Step
from napari_ctreview.viewer.readout import ReadoutSource

if TYPE_CHECKING:
    from napari_ctreview.input_output.scans import Scan

__all__ = ["run_single_scan"]

_REGIONS = ("lungs", "right_lung", "left_lung")


def run_single_scan(
    scan: Scan, state: ReadingState, display: ChestCtDisplay, *, settings: ChestCtSettings, age_years: float | None
) -> None:
    """Find lungs and opacity of the scan that is shown alone, in the background."""
    state.steps.prepare()
    state.worker.start(
        "prepare",
        lambda progress: segment(scan.volume, settings=settings, age_years=age_years, progress=progress),
        lambda found: _show(found, state, display),
    )


def _show(found: Segmentation, state: ReadingState, display: ChestCtDisplay) -> None:
    point = found.timepoint
    vessels = () if point.vessels is None else (point.vessels,)
    display.show_part(0, OPACITY, point.opacity)
    state.panes.set_readout_source(0, ReadoutSource(classes=(point.opacity, *vessels), regions=point.regions))
    lobes = ChangedLobes(point).borders((), point.organ)
    state.panes.lobe_lines.show_borders(state.panes.panes[0].role, lobes)
    state.steps["lungs"] = Step("done")
    state.steps["opacity"] = Step("done", _in_words(found), checks=tuple(one for one in found.checks if not one.ok))
    for step in ("register", "change"):
        state.steps[step] = Step("to do", "needs the other timepoint")
    state.changed.emit()


def _in_words(found: Segmentation) -> str:
    """What one scan measures, a sentence for each lung, and what is in no number."""
    lines = []
    for region in _REGIONS:
        measures = found.measures.get(region)
        if measures is not None:
            name = "Both lungs" if region == "lungs" else words.region_name(region).capitalize()
            share = "" if measures.opacity_percent is None else f" ({measures.opacity_percent:.1f} %)"
            opacity = f"opacity {words.number(measures.opacity_ml)} mL{share}"
            lines.append(f"{name}: {words.number(measures.volume_ml)} mL, {opacity}.")
    offered = [one.piece.ml for one in open_candidates(found.timepoint.candidates)]
    asked = words.to_confirm({"in this scan": offered})
    return " ".join([*lines, f"{asked} They are in no number." if asked else ""]).strip()
