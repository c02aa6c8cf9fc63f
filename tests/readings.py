"""A study of two coarse scans that two readers corrected, each in a session as the window has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ctreview.edits import Session
from ctreview.recipes.chest_ct import Prepared
from ctreview.recipes.chest_ct.corrections import OPACITY, handlers_of
from ctreview.study import Study
from ctreview.volume.resample import warp_labels
from ctreview.volume.write import write_transform

READERS = ("anna", "ben")


@dataclass(frozen=True, eq=False)
class Read:
    """The study, what the computer proposed, and what each reader saw last: a session for each timepoint."""

    study: Study
    prepared: Prepared
    sessions: dict[str, tuple[Session, Session]]


def read_study(folder: Path, scans: tuple[Path, Path], prepared: Prepared) -> Read:
    """Make the study; anna's journal has acts of several kinds with an undo, ben's one dab at each timepoint."""
    study = Study.create(folder)
    for point, path in zip(prepared.points, scans, strict=True):
        maps = [one for one in (point.organ, point.vessels, point.opacity) if one is not None]
        study.add_timepoint(point.volume, path=path, series=None, masks=maps)
    if prepared.transform is not None:
        study.comparison_folder(1, 2).mkdir(parents=True)
        write_transform(prepared.transform, study.comparison_folder(1, 2) / "transform.h5")
    sessions = {name: (_session(prepared, study, name, 0), _session(prepared, study, name, 1)) for name in READERS}
    first, second = sessions["anna"]
    first.act("brush", dab(prepared, 0, 9.0))
    first.act("remove_small", {"label": "ground_glass", "below_ml": 0.5})
    first.act("brush", dab(prepared, 0, 25.0))
    first.undo()
    if prepared.transform is not None:
        first.act("carry", {"label": "ground_glass"})
    second.act("brush", dab(prepared, 1, 12.0))
    for number, session in enumerate(sessions["ben"]):
        session.act("brush", dab(prepared, number, 10.0))
    return Read(study, prepared, sessions)


def dab(prepared: Prepared, number: int, radius_mm: float) -> dict[str, object]:
    """A ball of ground glass in the middle of the left lung."""
    point = prepared.points[number]
    where = np.argwhere(point.organ.mask("left_lung"))
    place = point.volume.geometry.to_lps(where[len(where) // 2]).tolist()
    return {"points": [place], "label": "ground_glass", "settings": {"radius_mm": radius_mm, "shape": "ball"}}


def _session(prepared: Prepared, study: Study, reader: str, number: int) -> Session:
    point = prepared.points[number]
    other = None
    if number == 0 and prepared.transform is not None:
        other = warp_labels(prepared.points[1].opacity, prepared.transform)
    return Session(
        point.opacity,
        target=OPACITY,
        image=point.volume.digest,
        handlers=handlers_of(point, other=other),
        author=reader,
        record=study.reading(reader).record,
    )
