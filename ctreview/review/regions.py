"""Regions that a reader paints on muscle MRI, and what each measures at each timepoint and on each side."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any, Self

import numpy as np

from ctreview.anatomy.mid_plane import MidPlane, find_mid_plane
from ctreview.edits import Edit, Handler, LabelChange, Patch, Session, SessionGroup
from ctreview.errors import EditDoesNotApply, WrongUse
from ctreview.recipes.muscle_mri import MuscleMriSettings
from ctreview.review.journal import ReadingJournal
from ctreview.study import AnalysisPlan
from ctreview.tools import TOOLS, Canvas, handlers, with_defaults
from ctreview.version import __version__
from ctreview.volume.contrasts import Contrast, Examination
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import Label, LabelMap, Scheme
from ctreview.volume.load import LoadSettings
from ctreview.volume.resample import resample
from ctreview.volume.statistics import RegionValues, region_values
from ctreview.volume.volume import Volume

__all__ = ["RECIPE", "REGIONS", "RegionReview", "RegionRow", "region_plan"]

RECIPE = "mr_regions"
"""What a study's plan calls this: regions that are painted, and tissues where they were looked for."""

REGIONS = "regions"
"""What edits call the label map of painted regions."""

_NAMES, _MIDDLE = "regions.names", "regions.middle"
"""What the records call the list of regions, and the plane between right and left."""

_COLOURS = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)
"""Told apart by colour-blind readers too (Okabe, Ito 2008)."""

_MOST = 255


@dataclass(frozen=True)
class RegionRow:
    """What a region measures at one timepoint in one contrast.

    Attributes
    ----------
    timepoint : int
        From 1.
    contrast : str
        "T1", "STIR" …
    unit : str
        Of mean and standard deviation: "arbitrary", "ms", "fraction" or "HU".
    values : RegionValues
    middle : MidPlane
        What parts right from left.
    """

    timepoint: int
    contrast: str
    unit: str
    values: RegionValues
    middle: MidPlane

    def to_dict(self) -> dict[str, Any]:
        """Plain values; columns of a tidy table, each in the unit that ends its name or stands in ``value_unit``."""
        return {
            "region": self.values.region,
            "side": self.values.side,
            "timepoint": self.timepoint,
            "contrast": self.contrast,
            "volume_ml": self.values.volume_ml,
            "mean": self.values.mean,
            "sd": self.values.sd,
            "value_unit": self.unit,
            "voxels": self.values.voxels,
            "middle_x_mm": self.middle.x_mm,
            "side_told_by": self.middle.method,
        }


class RegionReview(SessionGroup):
    """Painted regions of one examination or of two, under one set of names and one line of undo.

    Regions are drawn on the grid of an examination's first contrast; tools look at the contrast in view, which every
    record names.

    Parameters
    ----------
    examinations : sequence of Examination
        In the order of their timepoints; methods take an examination's number in this order, from 0.
    timepoints : sequence of int, optional
        The timepoint of each, from 1: a follow-up may be read alone. The first ones if not given.
    author : str
        Who works.
    journal : ReadingJournal
        What the reader did before, and where acts are recorded.
    listener : callable, optional
        Told the number of the examination and what changed.

    Attributes
    ----------
    sessions : tuple of Session
    """

    def __init__(
        self,
        examinations: Sequence[Examination],
        *,
        author: str,
        timepoints: Sequence[int] = (),
        journal: ReadingJournal,
        listener: Callable[[int, LabelChange], None] | None = None,
    ) -> None:
        self.examinations = tuple(examinations)
        self.timepoints = tuple(timepoints) or tuple(range(1, len(self.examinations) + 1))
        self.author = author
        self._journal = journal
        self._images: dict[tuple[int, str, Geometry], Volume] = {}
        self._rows: dict[tuple[int, str], tuple[RegionRow, ...]] = {}  # measuring takes a while: only what changed is
        done = tuple(journal)
        scheme = _scheme(tuple(dict.fromkeys(str(edit.payload["key"]) for edit in done if edit.target == _NAMES)))
        self._middles: dict[str, float] = {
            edit.image: float(edit.payload["x_mm"]) for edit in done if edit.target == _MIDDLE
        }
        drawn = [self._session(n, scheme, done) for n in range(len(self.examinations))]
        super().__init__([*drawn, *self._further_sessions(done)], done, listener)
        for number, shown in enumerate(self.examinations):
            self.look_at(number, shown.contrasts[0].volume.digest)
        self._found = cache(lambda number: find_mid_plane(self.examinations[number].contrasts[0].volume))

    def _further_sessions(self, journal: Sequence[Edit]) -> Sequence[Session]:  # noqa: ARG002 - for those that have any
        """Further label maps of these examinations, corrected in the same line of undo."""
        return ()

    # --- what is drawn

    @property
    def drawn(self) -> tuple[Session, ...]:
        """The regions of each examination; they are the first sessions."""
        return self.sessions[: len(self.examinations)]

    @property
    def scheme(self) -> Scheme:
        """The regions that were named."""
        return self.sessions[0].base.scheme

    def name(self, words: str) -> Label:
        """Give a region a name, at every timepoint; one that is there already is given back.

        Raises
        ------
        WrongUse
            The name holds no letter, or there are too many.
        OSError
            It could not be recorded; there is no such region.
        """
        key = "_".join(words.split())
        if not re.search(r"\w", key):
            raise WrongUse("a region needs a name")
        known = [label for label in self.scheme if label.key.casefold() == key.casefold()]
        if known:
            return known[0]
        if len(self.scheme) >= _MOST:
            raise WrongUse(f"there are {_MOST} regions already")
        self._put_down(0, "name", _NAMES, {"key": key})
        scheme = _scheme((*(label.key for label in self.scheme), key))
        for session in self.drawn:
            session.base = replace(session.base, scheme=scheme)
        self._rows.clear()
        return scheme[key]

    def look_at(self, number: int, contrast: str) -> None:
        """Let the tools work on the contrast with this digest."""
        self.sessions[number].context = {"contrast": contrast}

    def canvas(self, number: int) -> Canvas:
        """What the tools work on, with the regions as they stand."""
        session = self.sessions[number]
        return Canvas(self._image(number, str(session.context["contrast"]), session.base.geometry), session.labels)

    # --- what it measures

    def middle(self, number: int) -> MidPlane:
        """What parts right from left: the reader's word, else what the image shows."""
        said = self._middles.get(self.sessions[number].image)
        return self._found(number) if said is None else MidPlane(said, "reader")

    def set_middle(self, number: int, x_mm: float) -> None:
        """Say where right and left part, LPS millimetres.

        Raises
        ------
        OSError
            It could not be recorded; the plane is where it was.
        """
        self._put_down(number, "middle", _MIDDLE, {"x_mm": float(x_mm)})
        self._middles[self.sessions[number].image] = float(x_mm)
        self._measure_anew(number)

    def rows(self, number: int, contrast: str | None = None) -> tuple[RegionRow, ...]:
        """What every region measures in an examination, in one contrast or in all."""
        wanted = (one for one in self.examinations[number].contrasts if contrast in (None, one.name))
        return tuple(row for one in wanted for row in self._rows_of(number, one))

    def _rows_of(self, number: int, contrast: Contrast) -> tuple[RegionRow, ...]:
        """Measured once, until the regions, their names or the middle change."""
        key = (number, contrast.name)
        if key not in self._rows:
            middle, labels = self.middle(number), self.sessions[number].labels
            found = region_values(labels, contrast.acquired, middle_mm=middle.x_mm)
            timepoint, unit = self.timepoints[number], contrast.acquired.unit
            self._rows[key] = tuple(RegionRow(timepoint, contrast.name, unit, values, middle) for values in found)
        return self._rows[key]

    def _measure_anew(self, number: int) -> None:
        self._rows = {key: rows for key, rows in self._rows.items() if key[0] != number}

    def snapshot(self) -> Self:
        """The regions as they stand now, for writing while the reader paints on; it puts nothing down."""
        still = copy(self)
        still.sessions = tuple(
            Session(
                replace(session.base, array=session.array.copy()),
                target=session.target,
                image=session.image,
                handlers={},
                author=self.author,
                record=self._journal.record,
            )
            for session in self.sessions
        )
        still._middles, still._rows = dict(self._middles), dict(self._rows)
        return still

    # --- how it works

    def _session(self, number: int, scheme: Scheme, journal: Sequence[Edit]) -> Session:
        first = self.examinations[number].contrasts[0].volume
        nothing = LabelMap(np.zeros(first.geometry.shape, np.uint8), first.geometry, scheme)
        return self._restored(nothing, REGIONS, first.digest, self._handlers(number, first.geometry), journal)

    def _restored(
        self, base: LabelMap, target: str, image: str, tools: Mapping[str, Handler], journal: Sequence[Edit]
    ) -> Session:
        """A session on what was found, with what the journal holds of it."""
        session = Session(
            base,
            target=target,
            image=image,
            handlers=tools,
            author=self.author,
            record=self._journal.record,
            complete_payload=with_defaults,
        )
        session.restore([edit for edit in journal if edit.target == target and edit.image == image])
        return session

    def _handlers(self, number: int, grid: Geometry) -> dict[str, Handler]:
        """The tools on a grid; each record says which contrast it looked at."""

        @cache
        def on(contrast: str) -> dict[str, Handler]:
            image = self._image(number, contrast, grid)
            nothing = LabelMap(np.zeros(image.geometry.shape, np.uint8), image.geometry, Scheme(()))
            return handlers(Canvas(image, nothing))

        def run(labels: LabelMap, edit: Edit) -> Patch:
            call = dict(edit.payload)
            patch = on(str(call.pop("contrast", "")))[edit.kind](labels, replace(edit, payload=call))
            return _sparing_others(labels, patch, call["strokes"]) if edit.kind == "scribble" else patch

        return dict.fromkeys(TOOLS, run)

    def _image(self, number: int, contrast: str, grid: Geometry) -> Volume:
        """A contrast on a grid that is drawn on."""
        key = (number, contrast, grid)
        if key not in self._images:
            found = self._contrast(number, contrast).volume
            self._images[key] = found if found.geometry.same_grid(grid) else resample(found, grid)
        return self._images[key]

    def _contrast(self, number: int, digest: str) -> Contrast:
        for one in self.examinations[number].contrasts:
            if one.volume.digest == digest:
                return one
        raise EditDoesNotApply("it was drawn on a contrast that is not there")

    def _put_down(self, number: int, kind: str, target: str, payload: Mapping[str, Any]) -> None:
        session = self.sessions[number]
        self._journal.record(Edit(kind, target, payload, self.author, session.image, session.base.geometry))

    def _follow(self, number: int, change: LabelChange) -> None:
        self._measure_anew(number)
        super()._follow(number, change)


def region_plan(
    images: Mapping[int, Volume],
    *,
    settings: LoadSettings | None = None,
    muscle: MuscleMriSettings | None = None,
    allow_different_patients: bool = False,
) -> AnalysisPlan:
    """What a study keeps of the images of its timepoints.

    Parameters
    ----------
    images : mapping of int to Volume
        By their numbers.
    settings : LoadSettings, optional
        How they are loaded.
    muscle : MuscleMriSettings, optional
        By which tissues were found in them; not where nothing was looked for.
    allow_different_patients : bool
        Whether they are of two patients on purpose, and so not compared.
    """
    numbers = range(1, max(images) + 1)
    digests = tuple(images[number].digest if number in images else "" for number in numbers)
    plain: dict[str, Any] = {"load": asdict(settings or LoadSettings())}
    if muscle is not None:
        plain["muscle"] = json.loads(json.dumps(muscle.to_dict()))  # as it is read back: JSON knows no tuples
    return AnalysisPlan(
        RECIPE, plain, images=digests, version=__version__, allow_different_patients=allow_different_patients
    )


def _sparing_others(labels: LabelMap, patch: Patch, strokes: Sequence[Mapping[str, Any]]) -> Patch:
    """A scribble that takes nothing from regions of which no stroke speaks, and gives them nothing."""
    spoken = [0, *(labels.scheme[one["label"]].value for one in strokes if one["label"] is not None)]
    before = labels.array[patch.box]
    asked = np.isin(before, spoken) & np.isin(patch.labels, spoken)
    return Patch(patch.start, np.where(asked, patch.labels, before))


def _scheme(keys: Sequence[str]) -> Scheme:
    """Regions in the order they were named, each with a colour of its own as far as those go."""
    return Scheme(tuple(Label(n, key, _COLOURS[(n - 1) % len(_COLOURS)]) for n, key in enumerate(keys, 1)))
