"""Where a reader's corrections come in: the computer's opacity with the edits of a journal replayed on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial

from ctreview.change import Timepoint
from ctreview.checks import Check
from ctreview.edits import Edit, Handler, Journal, Patch, ReplayResult, active_edits, replay
from ctreview.errors import EditDoesNotApply, UnreadableFile
from ctreview.opacity import Thresholds
from ctreview.recipes.chest_ct.changed_lobes import LOBE_EDITS, ChangedLobes, lobe_edits
from ctreview.recipes.chest_ct.changed_lungs import LUNG_EDITS, ChangedLungs, lung_edits, with_changed_lungs
from ctreview.tools import Canvas, handlers
from ctreview.tools.candidate import ACCEPT, DISMISS
from ctreview.tools.kinds import STAYING
from ctreview.tools.organ_brush import ORGAN_BRUSH
from ctreview.tools.payload_reading import read_payload, require_well_formed
from ctreview.tools.payloads import OrganBrushPayload
from ctreview.volume.labels import LabelMap
from ctreview.volume.resample import unwarp_labels, warp_labels
from ctreview.volume.transform import Transform

__all__ = [
    "LOBES",
    "LUNGS",
    "NO_EDITS",
    "OPACITY",
    "STAYS_IN",
    "Edits",
    "canvas_of",
    "carried_opacity",
    "carried_to",
    "check_added_lung",
    "corrected",
    "corrected_pair",
    "handlers_of",
    "replayed",
    "split_by_scan",
    "tools_of",
]

Edits = tuple[Sequence[Edit], Sequence[Edit]]
"""The edits of baseline and follow-up."""

NO_EDITS: Edits = ((), ())

RECORDED_HU = 0.1
"""As finely densities are kept in a record."""

OPACITY = "opacity"
"""What edits call the label map of ground glass, consolidation and dependent opacity."""

STAYS_IN = "parts"
"""What a record calls the parts of which a tool stays in one: `LUNGS`, or `LOBES`."""

LUNGS = "lungs"
LOBES = "lobes"


def canvas_of(point: Timepoint, lungs: LabelMap | None = None, lobes: LabelMap | None = None) -> Canvas:
    """What the tools work on: opacity may be set within the lungs, and pieces do not grow through vessels.

    Parameters
    ----------
    point : Timepoint
    lungs : LabelMap, optional
        The lungs as they are by now; those that were found if not given.
    lobes : LabelMap, optional
        Their lobes, where tools are to stay in one of these instead of in one lung.
    """
    lungs = point.organ if lungs is None else lungs
    parts = replace(lungs, array=lungs.array * lungs.mask("right_lung", "left_lung")) if lobes is None else lobes
    organ = "lungs" if lobes is None else "lobes"
    return Canvas(point.volume, point.opacity, within=parts, barrier=point.vessels, organ=organ)


def _lung_canvas(point: Timepoint, lungs: LabelMap) -> Canvas:
    """What the lung brush works on; the airways are no place to add to."""
    return Canvas(point.volume, point.opacity, within=lungs, barrier=point.vessels, organ="lungs")


def handlers_of(
    point: Timepoint,
    *,
    other: LabelMap | Callable[[], LabelMap | None] | None = None,
    lungs: Callable[[], LabelMap] | None = None,
    lobes: Callable[[], LabelMap | None] | None = None,
) -> dict[str, Handler]:
    """The tools on one scan, without those that change its lobes.

    Parameters
    ----------
    point : Timepoint
    other : LabelMap, or callable that gives it, optional
        The other timepoint's opacity on this grid.
    lungs : callable, optional
        Gives the lungs as they are by now; those that were found if not given.
    lobes : callable, optional
        Likewise the lobes.
    """
    offered = [one.piece for one in point.candidates]
    now = cache(lambda: point.organ) if lungs is None else lungs
    canvas = cache(lambda: canvas_of(point, now()))
    tools = handlers(canvas, other=other, offered=offered)
    # a candidate lies beside the lungs as they were found, whatever became of them since
    beside = tools if lungs is None else handlers(cache(lambda: canvas_of(point)), offered=offered)
    brush = handlers(cache(lambda: _lung_canvas(point, now())))[ORGAN_BRUSH]
    in_lobe = handlers(
        cache(lambda: _lobe_canvas(point, now(), point.parts if lobes is None else lobes())), other=other
    )
    staying = {kind: partial(_staying, tools[kind], in_lobe[kind]) for kind in STAYING}
    return {**tools, **staying, ACCEPT: beside[ACCEPT], DISMISS: beside[DISMISS], ORGAN_BRUSH: brush}


def _lobe_canvas(point: Timepoint, lungs: LabelMap, lobes: LabelMap | None) -> Canvas:
    if lobes is None:
        raise EditDoesNotApply("it stays in a lobe, and the lobes were not looked for")
    return canvas_of(point, lungs, lobes)


def _staying(in_lung: Handler, in_lobe: Handler, labels: LabelMap, edit: Edit) -> Patch:
    """A tool in the lung, or in the lobe where its record says so."""
    payload = dict(edit.payload)
    parts = payload.pop(STAYS_IN, LUNGS)
    if parts not in (LUNGS, LOBES):
        raise EditDoesNotApply(f"it stays in {parts}, which this version does not know")
    return (in_lobe if parts == LOBES else in_lung)(labels, replace(edit, payload=payload))


def tools_of(
    point: Timepoint,
    *,
    other: LabelMap | Callable[[], LabelMap | None] | None = None,
    lungs: ChangedLungs | None = None,
    lobes: ChangedLobes | None = None,
) -> Callable[[Sequence[Edit]], dict[str, Handler]]:
    """The tools on one scan after edits: later acts work on the lungs and lobes as earlier ones left them.

    Parameters
    ----------
    point : Timepoint
        As the computer found it.
    other : LabelMap, or callable that gives it, optional
        As in `handlers_of`.
    lungs : ChangedLungs, optional
        Of the scan, where others ask for them as well.
    lobes : ChangedLobes, optional
        Likewise.
    """
    changed, divided = lungs or ChangedLungs(point), lobes or ChangedLobes(point)

    def made(applied: Sequence[Edit]) -> dict[str, Handler]:
        edits, parting = lung_edits(applied), lobe_edits(applied)
        now = cache(lambda: changed.after(edits))
        tools = handlers_of(
            point,
            other=other,
            lungs=now if edits else None,
            lobes=(lambda: divided.after(parting, now())) if edits or parting else None,
        )

        def of_lobes(labels: LabelMap, edit: Edit) -> Patch:
            return divided.handler(tools[edit.kind], parting, now())(labels, edit)

        return {**tools, **dict.fromkeys(LOBE_EDITS, of_lobes)}

    kept: list[tuple[tuple[str, ...], dict[str, Handler]]] = [((), made(()))]

    def after(applied: Sequence[Edit]) -> dict[str, Handler]:
        key = tuple(edit.id for edit in applied if edit.kind in LUNG_EDITS | LOBE_EDITS)
        known = next((tools for ids, tools in kept if ids == key), None)
        if known is None:
            known = made(applied)
            kept[1:] = [(key, known)]
        return known

    return after


def check_added_lung(when: str, edits: Sequence[Edit], thresholds: Thresholds) -> tuple[Check, ...]:
    """Whether lung that a reader added holds opacity by other densities than those by which it was found elsewhere.

    The record of a stroke keeps the densities of its time, so that it means the same wherever it is replayed.

    Parameters
    ----------
    when : {"baseline", "followup"}
    edits : sequence of Edit
        Of that scan.
    thresholds : Thresholds
        By which its opacity was found.
    """
    now = {"ground_glass": thresholds.ground_glass_hu, "consolidation": thresholds.consolidation_hu}
    records = [read_payload(edit.kind, edit.payload) for edit in active_edits(tuple(edits)) if edit.kind == ORGAN_BRUSH]
    others = {
        (one.label, one.from_hu, now[one.label])
        for record in records
        if isinstance(record, OrganBrushPayload) and record.adds
        for one in record.classes
        if one.label in now and abs(one.from_hu - now[one.label]) > RECORDED_HU
    }
    if not others:
        return ()
    said = "; ".join(
        f"{label.replace('_', ' ')} from {then:.0f} instead of {here:.0f} HU" for label, then, here in sorted(others)
    )
    message = f"{when.capitalize()}: lung that was added keeps the densities of when it was added ({said})."
    return (Check(f"{when}_added_lung", len(others), 0, ok=False, message=message.replace("-", "−")),)


def split_by_scan(journal: Journal, points: tuple[Timepoint, Timepoint]) -> tuple[Edits, tuple[Check, ...]]:
    """A journal's edits by the scan that they were drawn on, and a check that counts those of other scans.

    Raises
    ------
    UnreadableFile
        There is no such journal, or it is damaged.
    MalformedEdit
        A payload cannot be what its tool was given.
    """
    if not journal.path.is_file():
        raise UnreadableFile("there is no journal", where=journal.path)
    edits = [edit for edit in require_well_formed(journal.read(), where=journal.path) if edit.target == OPACITY]
    images = [point.volume.digest for point in points]
    first, second = ([edit for edit in edits if edit.image == image] for image in images)
    others = sum(edit.image not in images for edit in edits)
    if not others:
        return (first, second), ()
    message = f"{others} of the reader's corrections were drawn on other scans and were left out."
    return (first, second), (Check("edits_of_other_scans", others, 0, ok=False, message=message),)


def replayed(point: Timepoint, base: LabelMap, edits: Sequence[Edit], other: LabelMap | None = None) -> ReplayResult:
    """An opacity of a scan, the computer's or a variant of it, with the edits that concern it."""
    own = [edit for edit in edits if edit.target == OPACITY]
    return replay(base, own, tools_of(point, other=other), image=point.volume.digest)


def carried_opacity(
    points: tuple[Timepoint, Timepoint], edits: Edits, transform: Transform | None
) -> tuple[LabelMap | None, LabelMap | None]:
    """What the computer found at the other timepoint, on each scan's own grid; None where no edit copies from it.

    It is the computer's and not the other reader's opacity, so that the edits of one scan mean the same whatever is
    done to the other.
    """
    wanted = [any(edit.kind == "carry" for edit in own) for own in edits]
    return (
        carried_to(points, 0, transform) if wanted[0] else None,
        carried_to(points, 1, transform) if wanted[1] else None,
    )


def carried_to(points: tuple[Timepoint, Timepoint], number: int, transform: Transform | None) -> LabelMap | None:
    """The other scan's opacity as the computer found it, on this one's grid; None where they are not registered."""
    if transform is None:
        return None
    return warp_labels(points[1].opacity, transform) if number == 0 else unwarp_labels(points[0].opacity, transform)


def corrected_pair(
    points: tuple[Timepoint, Timepoint], edits: Edits, others: tuple[LabelMap | None, LabelMap | None]
) -> tuple[tuple[Timepoint, Timepoint], tuple[Check, ...]]:
    """Both scans with their reader's opacity, and a check that names the edits that no longer apply."""
    first, lost = _corrected(points[0], edits[0], others[0])
    second, lost_too = _corrected(points[1], edits[1], others[1])
    return (first, second), (*_lost("baseline", lost), *_lost("followup", lost_too))


def corrected(point: Timepoint, done: ReplayResult) -> Timepoint:
    """The scan with what a replay made of it: its opacity, and lungs as a reader left them."""
    return with_changed_lungs(replace(point, opacity=done.labels), done.applied)


def _corrected(
    point: Timepoint, edits: Sequence[Edit], other: LabelMap | None
) -> tuple[Timepoint, tuple[tuple[Edit, str], ...]]:
    if not edits:
        return point, ()
    done = replayed(point, point.opacity, edits, other)
    return corrected(point, done), done.refused


def _lost(when: str, refused: Sequence[tuple[Edit, str]]) -> tuple[Check, ...]:
    if not refused:
        return ()
    reasons = "; ".join(f"{edit.kind}: {reason}" for edit, reason in refused)
    message = f"{len(refused)} of the reader's corrections no longer apply and were left out ({reasons})."
    return (Check(f"{when}_edits", len(refused), 0, ok=False, message=f"{when.capitalize()}: {message}"),)
