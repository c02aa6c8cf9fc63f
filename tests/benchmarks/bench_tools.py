"""The semi-automatic tools: how quick on a large scan, and how far a simulated reader gets with few acts.

The reader (`simulated_reader`) works on real scans with planted opacity and on phantom children, once from an empty
mask and once from what the computer proposes. ``CTREVIEW_BENCH_READER`` says on how many of each ("3,3").

nnInteractive (Isensee et al. 2025, arXiv 2503.08373) is no peer here: what is published of it are means over other
sets and other structures, one object at a time, and no figure for ground glass was found to set beside these.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ctreview.edits import Session
from ctreview.phantom import Host, Hybrid, Phantom, ThoraxSettings, make_thorax, random_hybrid, random_phantom
from ctreview.phantom.schemes import OPACITY_SCHEME
from ctreview.tools import Canvas, handlers
from ctreview.volume.box import bounding_box
from ctreview.volume.labels import LabelMap
from ctreview.volume.resample import resample, resample_labels
from ctreview.volume.volume import Volume
from tests.benchmarks.simulated_reader import (
    Act,
    Case,
    Scribbler,
    dice,
    gated_brush,
    pick,
    pick_with_wheel,
    read,
    threshold_painting,
    walked,
)
from tests.opacity.one_scan import find_opacity
from tests.real_scans import healthy_host

Row = dict[str, Any]

FIRST_SEED = 5000
"""Cases below 1000 were looked at while the tools were made, and are not counted."""
ACTS = (1, 3, 5, 10)
LARGE = (300, 512, 512)


def run() -> list[Row]:
    """Rows of speed, then of the simulated reader."""
    hybrids, phantoms = (int(n) for n in os.environ.get("CTREVIEW_BENCH_READER", "3,3").split(","))
    host = healthy_host(3)
    rows = [*_speed(*_large(host))]
    seeds = range(FIRST_SEED, FIRST_SEED + max(hybrids, phantoms))
    cases = [hybrid_case(host, seed) for seed in seeds[:hybrids]] if host is not None else []
    cases += [child_case(seed) for seed in seeds[:phantoms]]
    return [*rows, *_reader(cases)]


# -- cases ------------------------------------------------------------------------------------------------------------


def hybrid_case(host: Host, seed: int) -> Case:
    """Random lesions in the real scan."""
    return case_of(f"hybrid {seed}", random_hybrid(host, seed))


def child_case(seed: int) -> Case:
    """A random child with random lesions."""
    age = 4.0 + seed % 3 * 2
    return case_of(f"child {seed}", random_phantom(seed, age_years=age, spacing=(2.0, 1.3, 1.3)))


def case_of(name: str, known: Hybrid | Phantom) -> Case:
    """A scan with its truth, cut to the lungs; the computer sees the whole of it."""
    vessels = known.vessels
    proposal = find_opacity(known.volume, known.lungs, vessels)
    box = tuple(
        slice(max(0, s.start - 2), min(n, s.stop + 2))
        for s, n in zip(bounding_box(known.lungs.array > 0), known.lungs.geometry.shape, strict=True)
    )
    start, stop = [s.start for s in box], [s.stop for s in box]
    grid = known.volume.geometry.crop(start, stop)

    def cut(labels: LabelMap) -> LabelMap:
        return LabelMap(np.ascontiguousarray(labels.array[box]), grid, labels.scheme)

    lungs = cut(known.lungs)
    lungs = replace(lungs, array=lungs.array * lungs.mask("right_lung", "left_lung"))
    volume = known.volume.crop(start, stop)
    truth, proposed = cut(known.opacity), cut(proposal)
    array = np.where(proposed.mask("ground_glass", "consolidation"), proposed.array, 0)
    proposed = replace(truth, array=_renumbered(array, proposed, truth))
    return Case(name, Canvas(volume, truth, within=lungs, barrier=cut(vessels)), truth, proposed)


def _renumbered(array: np.ndarray[Any, Any], of: LabelMap, like: LabelMap) -> np.ndarray[Any, Any]:
    """The values of one scheme as those of another with the same keys."""
    out = np.zeros_like(like.array)
    for key in ("ground_glass", "consolidation"):
        out[array == of.scheme[key].value] = like.scheme[key].value
    return out


# -- the reader -------------------------------------------------------------------------------------------------------

TOOLS: dict[str, Callable[[], Act]] = {
    "pick": lambda: pick,
    "pick and wheel": lambda: pick_with_wheel,
    "gated brush": lambda: gated_brush,
    "scribble, 40 mm around": lambda: Scribbler(40.0),
    "scribble, whole lung": lambda: Scribbler(None),
}


def _reader(cases: list[Case]) -> Iterator[Row]:
    for start in ("empty", "proposal"):
        reached: dict[str, list[list[float]]] = {}
        for case in cases:
            for name, values in read_case(case, start).items():
                reached.setdefault(name, []).append(values)
        yield from _rows(start, reached, len(cases))


def read_case(case: Case, start: str) -> dict[str, list[float]]:
    """Dice before, and after `ACTS` acts, of each tool and peer."""
    first: LabelMap = getattr(case, start)
    reached = {}
    for name, make in TOOLS.items():
        tool = make()
        along = read(case, first, tool, ACTS[-1])
        reached[name] = [along[0], *(along[n] for n in ACTS)]
        if isinstance(tool, Scribbler) and tool.reach_mm is not None:
            painted = [dice(labels, case.truth) for labels in threshold_painting(case, first, tool.faults)]
            painted += [painted[-1]] * (ACTS[-1] - len(painted))
            reached["−700…−500 HU painted"] = [along[0], *(painted[n - 1] for n in ACTS)]
            found = {n: dice(walked(case, first, tool.faults[:n]), case.truth) for n in (1, 5)}
            reached["random walker"] = [along[0], *(found.get(n, np.nan) for n in ACTS)]
    return reached


def _rows(start: str, reached: dict[str, list[list[float]]], cases: int) -> Iterator[Row]:
    peers = {name: np.array(reached[name]) for name in ("−700…−500 HU painted", "random walker")}
    best_peer = max(peers, key=lambda name: float(np.median(peers[name][:, 3])))
    for name in TOOLS:
        values = np.array(reached[name])
        middle, worst = np.median(values, axis=0), values.min(axis=0)
        yield {
            "stage": "reader",
            "case": f"{name}, from {start}: Dice after 5 acts, median of {cases}",
            "ours": float(middle[3]),
            "unit": "",
            "peer": float(np.median(peers[best_peer][:, 3])),
            "peer_name": f"{best_peer}, same strokes as scribble",
            "goal": "ours >= 0.85",
            "note": f"after 0, 1, 3, 5, 10 acts {_said(middle)}; worst case {_said(worst)}",
        }
    for name, values in peers.items():
        yield {
            "stage": "reader",
            "case": f"{name}, from {start}: Dice after 5 acts, median of {cases}",
            "ours": None,
            "unit": "",
            "peer": float(np.median(values[:, 3])),
            "peer_name": name,
            "note": f"after 0, 1, 3, 5, 10 acts {_said(np.median(values, axis=0))}; "
            f"worst case {_said(values.min(axis=0))}",
        }


def _said(values: np.ndarray[Any, Any]) -> str:
    return ", ".join("–" if np.isnan(value) else f"{value:.2f}" for value in values)


# -- speed ------------------------------------------------------------------------------------------------------------


def _large(host: Host | None) -> tuple[Volume, LabelMap, LabelMap]:
    """A chest of 512×512×300 with its lungs and vessels."""
    known: Host | Phantom = host if host is not None else make_thorax(settings=ThoraxSettings(spacing=(2.5, 1.5, 1.5)))
    old = known.volume.geometry
    grid = old.resized([s * n / m for s, n, m in zip(old.spacing, old.shape, LARGE, strict=True)])
    lungs = resample_labels(known.lungs, grid)
    lungs = replace(lungs, array=lungs.array * lungs.mask("right_lung", "left_lung"))
    return resample(known.volume, grid), lungs, resample_labels(known.vessels, grid)


def _speed(volume: Volume, lungs: LabelMap, vessels: LabelMap) -> Iterator[Row]:
    """Each act through a session, as the window does it; warm, median of 5."""
    geometry = volume.geometry
    empty = LabelMap(np.zeros(geometry.shape, np.uint8), geometry, OPACITY_SCHEME)
    canvas = Canvas(volume, empty, within=lungs, barrier=vessels)
    centre = geometry.to_lps(_middle(canvas))
    stroke = [(centre + np.array([0.0, 4.0 * n, 0.0])).tolist() for n in (-1, 0, 1)]
    # "not" in two corners, so that strokes and reach span 256×256×64 voxels
    reach = 0.5 * 63 * geometry.spacing[0]
    aside = 0.5 * 255 * np.array(geometry.spacing[2:0:-1]) - reach
    corners = [[(centre + np.array([*(sign * aside), 0.0])).tolist()] for sign in (-1.0, 1.0)]
    examples = [{"points": stroke, "label": "ground_glass"}, *({"points": one, "label": None} for one in corners)]
    calls: dict[str, tuple[str, dict[str, Any], float]] = {
        "pick": ("take_piece", {"point": centre.tolist(), "label": "ground_glass"}, 0.150),
        "scribble, 256×256×64 around": ("scribble", {"strokes": examples, "settings": {"reach_mm": reach}}, 0.400),
        "scribble, whole lung": ("scribble", {"strokes": examples, "settings": {"reach_mm": None}}, 5.0),
        "brush stroke, disc of 5 mm": ("brush", {"points": stroke, "label": "ground_glass"}, 0.010),
    }
    for name, (kind, payload, goal) in calls.items():
        yield from _timed(canvas, name, kind, payload, goal)


def _middle(canvas: Canvas) -> np.ndarray[Any, Any]:
    """A place deep in the right lung: the voxel that may be labelled closest to its middle."""
    assert canvas.within is not None
    there = np.argwhere(canvas.within.array[::4, ::4, ::4] == 1) * 4
    order = np.argsort(np.linalg.norm(there - there.mean(axis=0), axis=1))
    assert canvas.barrier is not None
    return next(there[n] for n in order if canvas.barrier.array[tuple(there[n])] == 0)


def _timed(canvas: Canvas, name: str, kind: str, payload: dict[str, Any], goal: float) -> Iterator[Row]:
    first: list[tuple[float, float]] = []
    again: list[tuple[float, float]] = []
    undone: list[tuple[float, float]] = []
    for _ in range(4):
        session = Session(
            canvas.labels, target="opacity", image="", handlers=handlers(canvas), author="", record=lambda edit: None
        )
        first.append(_seconds(lambda s=session: s.act(kind, payload)))  # type: ignore[misc]
        undone.append(_seconds(session.undo))
        again.append(_seconds(lambda s=session: s.act(kind, payload)))  # type: ignore[misc]
    voxels = np.prod(session.preview(kind, payload).labels.shape)
    note = f"512×512×300, headless, box of {voxels / 1e6:.2g} million voxels, {_median(first)[1]:.3g} s of CPU; "
    note += f"a second time {_median(again)[0]:.3g} s"
    yield _row(name, _median(first)[0], f"ours <= {goal:g}", note)
    yield _row(f"undo of {name}", _median(undone)[0], "ours <= 0.1", "512×512×300, headless")


def _seconds(do: Callable[[], Any]) -> tuple[float, float]:
    """On the clock, and of CPU."""
    start, busy = time.perf_counter(), time.process_time()
    do()
    return time.perf_counter() - start, time.process_time() - busy


def _median(seconds: list[tuple[float, float]]) -> tuple[float, float]:
    """The first is left out: it compiles."""
    wall, busy = np.median(seconds[1:], axis=0)
    return float(wall), float(busy)


def _row(case: str, seconds: float, goal: str, note: str) -> Row:
    return {"stage": "tools", "case": case, "ours": seconds, "unit": "s", "goal": goal, "note": note}
