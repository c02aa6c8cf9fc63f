"""The candidates of a scan in its study: what was offered, voxel for voxel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from ctreview.anatomy import DenseCandidate
from ctreview.change import Candidate, open_candidates
from ctreview.errors import EditDoesNotApply, UnreadableFile
from ctreview.recipes.chest_ct.candidates import judged
from ctreview.study import Reading, Study
from ctreview.study.document import read_document
from ctreview.study.shape import Kind, listed, number, one_of, point, record, text, whole
from ctreview.tools.packed_mask import PackedMask

__all__ = ["CANDIDATES", "CANDIDATES_SCHEMA", "candidates_document", "candidates_of", "candidates_to_confirm"]

CANDIDATES = "candidates.json"
CANDIDATES_SCHEMA = "ctreview.candidates/1"

_MASK: Kind = record({"start": listed(whole, 3), "shape": listed(whole, 3), "bits": text})
_CANDIDATE: Kind = record(
    {
        "id": text,
        "side": one_of(("right_lung", "left_lung")),
        "region": text,
        "ml": number,
        "proposed": one_of(("consolidation", "collapse", "effusion")),
        "reason": text,
        "centre": point,
        "mask": _MASK,
    }
)
CANDIDATES_KIND: Kind = record({"candidates": listed(_CANDIDATE)})


def candidates_document(offered: Sequence[DenseCandidate]) -> dict[str, Any]:
    """The content of ``candidates.json``."""
    return {"candidates": [_plain(one) for one in offered]}


def candidates_of(folder: Path) -> tuple[DenseCandidate, ...] | None:
    """What a timepoint's folder keeps of them; None where an earlier version filed it, which kept none.

    Raises
    ------
    UnreadableFile
        The file is damaged.
    """
    path = folder / CANDIDATES
    if not path.is_file():
        return None
    plain = read_document(path, CANDIDATES_SCHEMA, CANDIDATES_KIND)
    return tuple(_candidate(one, path) for one in plain["candidates"])


def candidates_to_confirm(study: Study, reading: Reading | None) -> tuple[Candidate, ...]:
    """The candidates of all timepoints of a study that a reader has neither accepted nor dismissed so far.

    Raises
    ------
    UnreadableFile
        A file of the study is damaged.
    """
    journal = () if reading is None else reading.journal.read()
    found: list[Candidate] = []
    for timepoint in study.timepoints:
        offered = candidates_of(study.folder / "timepoints" / str(timepoint)) or ()
        found += judged((Candidate(one) for one in offered), journal, image=study.source(timepoint).digest)
    return open_candidates(found)


def _plain(one: DenseCandidate) -> dict[str, Any]:
    kept = ("id", "side", "region", "ml", "proposed", "reason")
    mask = PackedMask.of(one.box, one.mask).to_json()
    return {**{name: getattr(one, name) for name in kept}, "centre": list(one.centre), "mask": mask}


def _candidate(plain: Mapping[str, Any], path: Path) -> DenseCandidate:
    mask = PackedMask(_three(plain["mask"]["start"]), _three(plain["mask"]["shape"]), plain["mask"]["bits"])
    try:
        voxels = mask.unpacked([a + n for a, n in zip(mask.start, mask.shape, strict=True)])
    except EditDoesNotApply as error:
        raise UnreadableFile(f"a candidate cannot be read: {error.found}", where=path) from error
    x, y, z = (float(value) for value in plain["centre"])
    return DenseCandidate(
        id=plain["id"],
        side=cast("Any", plain["side"]),
        region=plain["region"],
        ml=float(plain["ml"]),
        proposed=cast("Any", plain["proposed"]),
        reason=plain["reason"],
        centre=(x, y, z),
        start=mask.start,
        shape=mask.shape,
        packed=np.packbits(voxels).tobytes(),
    )


def _three(values: Sequence[int]) -> tuple[int, int, int]:
    a, b, c = (int(value) for value in values)
    return a, b, c
