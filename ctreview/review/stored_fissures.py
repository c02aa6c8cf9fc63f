"""The fissures of a scan in its study: surfaces, how sure they are, where they were seen; and the bronchi of lobes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from ctreview.anatomy import LOBE_SCHEME, LOBES, LobeMap
from ctreview.anatomy.lobes import Fissure, FissureName
from ctreview.anatomy.lobes.frame import LungFrame
from ctreview.anatomy.lobes.prior import FISSURES, known_fissures
from ctreview.anatomy.lobes.scheme import in_lobe_scheme
from ctreview.anatomy.lobes.surface import SurfacePosterior
from ctreview.change import Timepoint
from ctreview.errors import EditDoesNotApply, UnreadableFile
from ctreview.study.document import read_document
from ctreview.study.shape import Kind, listed, number, one_of, optional, point, record, text, whole
from ctreview.tools.packed_mask import PackedMask

__all__ = ["FISSURES_FILE", "FISSURES_SCHEMA", "fissures_document", "with_stored_fissures"]

FISSURES_FILE = "fissures.json"
FISSURES_SCHEMA = "ctreview.fissures/1"

_MASK: Kind = optional(record({"start": listed(whole, 3), "shape": listed(whole, 3), "bits": text}))
_FISSURE: Kind = record(
    {
        "name": one_of(FISSURES),
        "scale": listed(number, 3),
        "offset": listed(number, 3),
        "height": listed(number),
        "deviation": listed(number),
        "columns": listed(whole, 2),
        "spacing": listed(number, 2),
        "by_chance": number,
        "places": listed(listed(number, 4)),
        "inside": _MASK,
        "seen": _MASK,
        "carried": _MASK,
    }
)
_KIND: Kind = record(
    {"fissures": listed(_FISSURE)},
    # an earlier version kept none
    {"bronchi": record({}, {lobe: listed(point) for lobe in LOBES})},
)

Mask = npt.NDArray[np.bool_]


def fissures_document(lobes: LobeMap) -> dict[str, Any]:
    """The content of ``fissures.json``.

    Lengths of fissures are millimetres of the template, their places as the prior has them; places on bronchi are LPS
    millimetres of the patient.
    """
    return {
        "fissures": [_plain(name, fissure) for name, fissure in lobes.fissures.items()],
        "bronchi": {lobe: places.tolist() for lobe, places in lobes.bronchi.items()},
    }


def with_stored_fissures(scan: Timepoint, folder: Path) -> Timepoint:
    """A scan whose lobes know their fissures, bronchi and checks again, where its folder in the study keeps them.

    Parameters
    ----------
    scan : Timepoint
        From the masks of the folder.
    folder : Path

    Raises
    ------
    UnreadableFile
        The file is damaged.
    """
    path = folder / FISSURES_FILE
    if scan.parts is None or not path.is_file():
        return scan
    plain = read_document(path, FISSURES_SCHEMA, _KIND)
    fissures: dict[FissureName, Fissure] = {one["name"]: _fissure(one, path) for one in plain["fissures"]}
    array = in_lobe_scheme(scan.parts.array, scan.parts.scheme)
    bronchi = {lobe: np.array(places, dtype=np.float64) for lobe, places in plain.get("bronchi", {}).items() if places}
    lobes = LobeMap(array, scan.parts.geometry, LOBE_SCHEME, fissures=fissures, bronchi=bronchi)
    return replace(scan, parts=lobes.checked())


def _plain(name: FissureName, fissure: Fissure) -> dict[str, Any]:
    spacing = fissure.position[1, 1] - fissure.position[0, 0]
    return {
        "name": name,
        "scale": fissure.frame.scale.tolist(),
        "offset": fissure.frame.offset.tolist(),
        "height": fissure.surface.height.tolist(),
        "deviation": fissure.surface.deviation.tolist(),
        "columns": list(fissure.seen.shape),
        "spacing": spacing.tolist(),
        "by_chance": float(fissure.by_chance),
        "places": np.column_stack([fissure.places, fissure.place_deviation]).tolist(),
        "inside": _packed(fissure.inside),
        "seen": _packed(fissure.seen),
        "carried": None if fissure.carried is None else _packed(fissure.carried),
    }


def _fissure(plain: Mapping[str, Any], path: Path) -> Fissure:
    prior = known_fissures()[plain["name"]]
    n, m = (int(count) for count in plain["columns"])
    step = np.array(plain["spacing"], dtype=np.float64)
    if len(plain["height"]) != len(prior.mean) or len(plain["deviation"]) != len(prior.mean):
        raise UnreadableFile("a fissure has another number of nodes than this version knows", where=path)
    position = np.stack(np.meshgrid(np.arange(n) * step[0], np.arange(m) * step[1], indexing="ij"), axis=-1)
    places = np.array(plain["places"], dtype=np.float64).reshape(-1, 4)
    surface = SurfacePosterior(prior, np.array(plain["height"], float), np.array(plain["deviation"], float))
    inside, seen = (_unpacked(plain[key], (n, m), path) for key in ("inside", "seen"))
    carried = None if plain["carried"] is None else _unpacked(plain["carried"], (n, m), path)
    frame = LungFrame(np.array(plain["scale"], float), np.array(plain["offset"], float))
    by_chance = float(plain["by_chance"])
    return Fissure(surface, frame, position, inside, seen, by_chance, places[:, :3], places[:, 3], carried)


def _packed(mask: Mask) -> dict[str, Any] | None:
    """A mask in two dimensions; None where nothing is set."""
    n, m = mask.shape
    whole_mask = (slice(0, 1), slice(0, n), slice(0, m))
    return PackedMask.of(whole_mask, mask[None]).to_json() if mask.any() else None


def _unpacked(plain: Mapping[str, Any] | None, shape: tuple[int, int], path: Path) -> Mask:
    if plain is None:
        return np.zeros(shape, dtype=bool)
    start, size = (cast("tuple[int, int, int]", tuple(int(v) for v in plain[key])) for key in ("start", "shape"))
    try:
        mask = np.asarray(PackedMask(start, size, plain["bits"]).unpacked((1, *shape))[0])
    except EditDoesNotApply as error:
        raise UnreadableFile(f"a fissure cannot be read: {error.found}", where=path) from error
    if mask.shape != shape:
        raise UnreadableFile("a mask of a fissure does not fill it", where=path)
    return mask
