"""What a person did, as a record that outlives the window it was done in."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import numpy as np

from ctreview.errors import UnreadableFile, WrongUse
from ctreview.volume.geometry import Geometry

__all__ = ["REDO", "UNDO", "Edit", "active_edits"]

UNDO = "undo"
REDO = "redo"


@dataclass(frozen=True)
class Edit:
    """One act of a reader on one label map.

    An edit says what was meant (a stroke, a click, the settings of the tool), not which voxels came of it. So it can be
    replayed on a mask that was computed anew.

    Attributes
    ----------
    kind : str
        Which tool: ``"brush"``, ``"pick"`` …, or ``"undo"`` and ``"redo"``, whose payload names another edit as ``of``.
    target : str
        Which label map: ``"opacity"``, ``"lungs"`` …
    payload : mapping
        What the tool needs, as plain JSON values; places are LPS millimetres.
    author : str
        Who did it, as the reader wants to be called.
    image : str
        `Volume.digest` of the image it was drawn on. An edit is never replayed on another image.
    geometry : Geometry
        The grid it was drawn on.
    mask : str or None
        Digest of the mask it was drawn on; advisory, since masks may be computed anew.
    time : datetime
        When, with its zone.
    id : str
        Unique, so that an undo can name it.
    """

    kind: str
    target: str
    payload: Mapping[str, Any]
    author: str
    image: str
    geometry: Geometry
    mask: str | None = None
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        if self.time.tzinfo is None:
            raise WrongUse("the time of an edit needs its zone")
        _require_plain(self.payload, "payload")
        object.__setattr__(self, "payload", MappingProxyType(dict(self.payload)))

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` turns back into an equal edit."""
        return {
            "id": self.id,
            "time": self.time.astimezone(UTC).isoformat(),
            "author": self.author,
            "kind": self.kind,
            "target": self.target,
            "image": self.image,
            "mask": self.mask,
            "geometry": {
                "shape": list(self.geometry.shape),
                "affine": self.geometry.affine.tolist(),
                "frame_of_reference": self.geometry.frame_of_reference,
            },
            "payload": dict(self.payload),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Edit:
        """Read what `to_json` wrote.

        Raises
        ------
        UnreadableFile
            A field is missing or of the wrong kind; the message names it.
        """
        try:
            grid = plain["geometry"]
            return cls(
                kind=str(plain["kind"]),
                target=str(plain["target"]),
                payload=plain["payload"],
                author=str(plain["author"]),
                image=str(plain["image"]),
                geometry=Geometry(tuple(grid["shape"]), np.array(grid["affine"]), grid["frame_of_reference"]),
                mask=plain["mask"],
                time=datetime.fromisoformat(plain["time"]),
                id=str(plain["id"]),
            )
        except KeyError as missing:
            raise UnreadableFile(f"an edit has no {missing}") from missing
        except (TypeError, ValueError) as broken:
            raise UnreadableFile(f"an edit holds a value that cannot be: {broken}") from broken


def active_edits(edits: list[Edit] | tuple[Edit, ...]) -> tuple[Edit, ...]:
    """The edits that count, in order, after every undo and redo among them.

    Raises
    ------
    UnreadableFile
        An undo or redo names an edit that does not stand before it.
    """
    standing: dict[str, bool] = {}
    for edit in edits:
        if edit.kind not in (UNDO, REDO):
            standing[edit.id] = True
            continue
        of = str(edit.payload.get("of"))
        if of not in standing:
            raise UnreadableFile(f"an {edit.kind} names an edit that does not stand before it", where=f"edit {edit.id}")
        standing[of] = edit.kind == REDO
    return tuple(edit for edit in edits if standing.get(edit.id, False))


def _require_plain(value: object, where: str) -> None:
    """Refuse what JSON could not give back unchanged."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise WrongUse(f"{where} has a key that is no text: {key!r}")
            _require_plain(item, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            _require_plain(item, f"{where}[{number}]")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise WrongUse(f"{where} is {value}")
    elif value is not None and not isinstance(value, str | int | bool):
        raise WrongUse(f"{where} is a {type(value).__name__}; a payload holds plain values only")
