"""Dense tissue at the border of the lungs: organs that are counted as lung, and planted consolidation that is not.

Scans read without consolidation hold organs only: whatever is counted there is false. Consolidation of known place is
planted into each of them against chest wall, diaphragm and mediastinum. Nothing is fitted to a host here; how the two
limits of the edge come out when each host is left out is in docs/decisions/0030-dense-evidence.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ctreview.anatomy import LungSettings, find_lungs, find_vessels
from ctreview.phantom import Lesion
from ctreview.phantom.hybrid import Host, make_hybrid
from ctreview.volume.load import load_volume
from ctreview.volume.volume import Volume
from tests.benchmarks.degraded_scans import thicker
from tests.real_scans import DATA

Row = dict[str, Any]

HOSTS = {"normal001": "normal001/dicom", "nlst": "nlst", "lidc_0001": "lidc_0001/dicom"}
"""Scans without consolidation, but for a nodule of 7 mL inside the left lung of the last."""

THICK_MM = (5.0, 6.0)


def _planted(side: str, pattern: Any, ml: float, place: tuple[float, float, float] | None, seed: int) -> Lesion:
    return Lesion("consolidation", side, pattern, ml, place=place, seed=seed)


SITES: Mapping[str, tuple[Lesion, ...]] = {
    "chest wall": (
        _planted("right_lung", "subpleural", 60.0, (0.0, 0.5, 0.45), 11),
        _planted("left_lung", "subpleural", 90.0, (0.5, 1.0, 0.5), 12),
        _planted("right_lung", "dorsal", 200.0, None, 13),
        _planted("left_lung", "patches", 25.0, (1.0, 0.5, 0.5), 14),
    ),
    "diaphragm": (
        _planted("right_lung", "basal", 60.0, (0.5, 0.5, 0.1), 15),
        _planted("left_lung", "basal", 60.0, (0.6, 0.7, 0.1), 16),
        _planted("right_lung", "basal", 200.0, (0.5, 0.6, 0.1), 17),
        _planted("left_lung", "patches", 25.0, (0.5, 0.5, 0.15), 18),
    ),
    "mediastinum": (
        _planted("right_lung", "patches", 40.0, (1.0, 0.35, 0.35), 19),
        _planted("left_lung", "patches", 40.0, (0.0, 0.3, 0.3), 20),
        _planted("right_lung", "patches", 80.0, (0.95, 0.6, 0.7), 21),
        _planted("left_lung", "patches", 80.0, (0.0, 0.7, 0.35), 22),
    ),
}


@dataclass(frozen=True)
class Shares:
    """Millilitres that were planted, that were counted, and that were offered."""

    planted: float = 0.0
    counted: float = 0.0
    offered: float = 0.0

    @property
    def counted_percent(self) -> float:
        """Of what was planted."""
        return 100.0 * self.counted / self.planted

    @property
    def either_percent(self) -> float:
        """What was counted or offered, of what was planted."""
        return 100.0 * (self.counted + self.offered) / self.planted

    def __add__(self, other: Shares) -> Shares:
        return Shares(self.planted + other.planted, self.counted + other.counted, self.offered + other.offered)


def run() -> list[Row]:
    """Rows of the bench's table."""
    volumes = {name: load_volume(DATA / path).canonical() for name, path in HOSTS.items() if (DATA / path).is_dir()}
    return [*_healthy(volumes), *_reference(volumes), *_collapse(), *_hybrids(volumes)]


def _healthy(volumes: Mapping[str, Volume]) -> Iterator[Row]:
    for name, volume in volumes.items():
        own = volume.geometry.spacing[0]
        counts = sorted({1, *(max(2, round(mm / own)) for mm in THICK_MM)})
        for count in counts:
            lungs = find_lungs(thicker(volume, count) if count > 1 else volume)
            case = f"{name}, {own * count:.1f} mm"
            offered = [candidate.ml for candidate in lungs.candidates]
            yield _row(f"{case}: organs counted as lung", lungs.dense_ml, "mL", "ours <= 0")
            note = f"{len(offered)} candidates, at most two are allowed"
            yield _row(f"{case}: offered", sum(offered), "mL", "ours <= 10", note)


def _reference(volumes: Mapping[str, Volume]) -> Iterator[Row]:
    path = DATA / "lidc_0001" / "lungs.nrrd"
    if "lidc_0001" not in volumes or not path.exists():
        return
    reference = load_volume(path).canonical().array > 0
    found = find_lungs(volumes["lidc_0001"]).mask("right_lung", "left_lung")
    dice = 2 * np.count_nonzero(found & reference) / (np.count_nonzero(found) + np.count_nonzero(reference))
    yield _row("lidc_0001: lungs against the reference", float(dice), "Dice", "ours >= 0.985", "an automatic mask")


def _hybrids(volumes: Mapping[str, Volume]) -> Iterator[Row]:
    by_host = {name: _in_host(volume) for name, volume in volumes.items()}
    if not by_host:
        return
    nothing = Shares()
    total = {site: sum((shares[site] for shares in by_host.values()), nothing) for site in SITES}
    for site, shares in (*total.items(), ("all three", sum(total.values(), nothing))):
        note = f"{shares.planted:.0f} mL planted into {len(volumes)} hosts"
        yield _row(f"consolidation at the {site}: counted", shares.counted_percent, "%", "ours >= 60", note)
        yield _row(f"consolidation at the {site}: counted or offered", shares.either_percent, "%", "ours >= 95", note)
    for name, sites in by_host.items():
        shares = sum(sites.values(), nothing)
        note = f"{shares.counted_percent:.0f} % counted; {shares.planted:.0f} mL planted; " + ", ".join(
            f"{site} {each.counted_percent:.0f} and {each.either_percent:.0f} %" for site, each in sites.items()
        )
        yield _row(f"consolidation in {name}: counted or offered", shares.either_percent, "%", "", note)


def _in_host(volume: Volume) -> dict[str, Shares]:
    lungs = find_lungs(volume, settings=LungSettings(dense=False))
    host = Host(volume, lungs, find_vessels(volume, lungs))
    return {site: sum((_found(host, lesion) for lesion in lesions), Shares()) for site, lesions in SITES.items()}


def _collapse() -> Iterator[Row]:
    """A scan with a collapsed right upper lobe and an effusion; how large they are nobody outlined."""
    path = DATA / "lidc_0314"
    if not path.is_dir():
        return
    lungs = find_lungs(load_volume(path).canonical())
    for proposed in ("collapse", "effusion", "consolidation"):
        ml = [candidate.ml for candidate in lungs.candidates if candidate.proposed == proposed]
        yield _row(f"lidc_0314: offered as {proposed}", sum(ml), "mL", "", f"{len(ml)} candidates; no truth at hand")
    yield _row("lidc_0314: counted as dense lung", lungs.dense_ml, "mL", "ours <= 0")


def _found(host: Host, lesion: Lesion) -> Shares:
    hybrid = make_hybrid(host, (lesion,))
    truth, ml = hybrid.opacity.mask("consolidation"), hybrid.volume.geometry.voxel_ml
    lungs = find_lungs(hybrid.volume)
    counted = np.count_nonzero(truth & lungs.mask("right_lung", "left_lung"))
    offered = sum(np.count_nonzero(truth[candidate.box] & candidate.mask) for candidate in lungs.candidates)
    return Shares(np.count_nonzero(truth) * ml, counted * ml, offered * ml)


def _row(case: str, ours: float, unit: str, goal: str, note: str = "") -> Row:
    return {"stage": "dense lung", "case": case, "ours": float(ours), "unit": unit, "goal": goal, "note": note}
