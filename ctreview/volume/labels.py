"""Named regions of a grid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.checks import Check
from ctreview.compiled import compiled
from ctreview.errors import WrongUse
from ctreview.volume.geometry import Geometry

__all__ = ["Code", "Label", "LabelMap", "Scheme"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Code:
    """A term of a coding scheme: ``Code("39607008", "SCT", "Lung")``."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True)
class Label:
    """One kind of region.

    Attributes
    ----------
    value : int
        The number in the array; 0 is always background.
    key : str
        How programs call it: ``"right_lung"``.
    colour : tuple of int
        Red, green, blue, 0–255.
    code, category : Code or None
        What DICOM SEG calls it.
    modifier : Code or None
        Laterality.
    counted : bool
        Whether it is part of the sum of its scheme: airways are no part of the lungs' volume, dependent opacity none of
        ``opacity_ml``.
    severity : int
        Tissue that turns into a counted label of higher severity has worsened, of lower severity improved.
    dense : bool
        Whether it is as dense as what surrounds the organ, so that only shape tells the two apart where they touch.
    may_be : str
        Of one that is not counted: the key of the counted label that it might be. Intervals of change reach over that
        as well.
    line_colour : tuple of int, or None
        Of a line over a dark image, where ``colour`` would not stand out.
    words : mapping of str to str
        What people call it, by language (``"en"``, ``"de"``); English is the key with spaces if nothing is given.
    subject : mapping of str to str
        The same as the subject of a sentence, by language, where that is another word.
    """

    value: int
    key: str
    colour: tuple[int, int, int]
    code: Code | None = None
    category: Code | None = None
    modifier: Code | None = None
    counted: bool = True
    severity: int = 0
    dense: bool = False
    may_be: str = ""
    line_colour: tuple[int, int, int] | None = None
    words: Mapping[str, str] = field(default_factory=dict, hash=False)
    subject: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The key with spaces, ``"right lung"``: what segmentations in files call it."""
        return self.key.replace("_", " ")

    def called(self, language: str) -> str:
        """What people call it in a language; in English where there is no word."""
        return self.words.get(language) or self.words.get("en") or self.name

    def as_subject(self, language: str) -> str:
        """What it is called as the subject of a sentence."""
        return self.subject.get(language) or self.called(language)

    @property
    def line(self) -> str:
        """The colour of a line over a dark image, ``"#rrggbb"``."""
        return "#{:02x}{:02x}{:02x}".format(*(self.line_colour or self.colour))


@dataclass(frozen=True)
class Scheme:
    """A fixed list of labels; values and keys are unique."""

    labels: tuple[Label, ...]

    def __post_init__(self) -> None:
        values, keys = [label.value for label in self.labels], [label.key for label in self.labels]
        if len(set(values)) < len(values) or len(set(keys)) < len(keys) or min(values, default=1) < 1:
            raise WrongUse("labels of a scheme need unique keys and unique values above 0")
        if any(label.may_be and label.may_be not in [one.key for one in self.counted] for label in self.labels):
            raise WrongUse("a label can only be taken for one that is counted in the same scheme")

    @property
    def counted(self) -> tuple[Label, ...]:
        """The labels that are summed, the least severe first."""
        return tuple(sorted((label for label in self.labels if label.counted), key=lambda label: label.severity))

    def __iter__(self) -> Iterator[Label]:
        return iter(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, key: str) -> Label:
        for label in self.labels:
            if label.key == key:
                return label
        known = ", ".join(label.key for label in self.labels)
        raise WrongUse(f"no label is called {key!r}", remedy=f"Known here: {known}.")


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Regions of a grid that do not overlap.

    Attributes
    ----------
    array : ndarray of unsigned integers, shape ``geometry.shape``
        The label value of each voxel, 0 where none; read-only.
    geometry : Geometry
        Where the voxels lie.
    scheme : Scheme
        What the values mean.
    checks : tuple of Check
        What was looked at while the regions were made, and whether it was accepted.
    """

    array: npt.NDArray[Any]
    geometry: Geometry
    scheme: Scheme
    checks: tuple[Check, ...] = ()

    def __post_init__(self) -> None:
        if self.array.shape != self.geometry.shape:
            raise WrongUse(f"labels of {self.array.shape} do not fill a grid of {self.geometry.shape}")
        if self.array.dtype.kind != "u":
            raise WrongUse(f"labels must be unsigned integers, not {self.array.dtype}")
        view = self.array.view()
        view.flags.writeable = False
        object.__setattr__(self, "array", view)

    def mask(self, *keys: str) -> Mask:
        """Where any of the named labels is, shape ``geometry.shape``; every label if none is named."""
        if not keys:
            return np.asarray(self.array > 0)
        values = sorted({self.scheme[key].value for key in keys})
        first, last = self.array.dtype.type(values[0]), self.array.dtype.type(values[-1])
        if last - first == len(values) - 1:
            found = np.empty(self.array.shape, dtype=bool)
            _between(self.array, first, last, found)
            return found
        # a comparison for each label reads bytes, and is faster than to look each voxel up
        found = np.asarray(self.array == first)
        for value in values[1:]:
            found |= self.array == self.array.dtype.type(value)
        return found

    def described_by(self, known: Scheme) -> LabelMap:
        """The same map, each label described as in ``known`` where that has its key.

        Files hold names, values and colours; what is counted and how severe it is stands in the code.
        """
        own = {label.key for label in self.scheme}
        described = {label.key: replace(label, may_be=label.may_be if label.may_be in own else "") for label in known}
        labels = (replace(described.get(label.key, label), value=label.value) for label in self.scheme)
        return replace(self, scheme=Scheme(tuple(labels)))

    def counted_mask(self) -> Mask:
        """Where any label is that is counted."""
        keys = [label.key for label in self.scheme.counted]
        return self.mask(*keys) if keys else np.zeros(self.geometry.shape, dtype=bool)

    def counted_ml(self) -> float:
        """Volume of all labels that are counted, in millilitres."""
        return sum(self.voxels[label.key] for label in self.scheme.counted) * self.geometry.voxel_ml

    @cached_property
    def voxels(self) -> Mapping[str, int]:
        """Number of voxels of each label, by key."""
        size = 1 + max((label.value for label in self.scheme), default=0)
        counts = np.zeros(size, dtype=np.int64)
        _count(self.array, counts)
        return {label.key: int(counts[label.value]) for label in self.scheme}

    def volume_ml(self, *keys: str) -> float:
        """Volume of the named labels together, in millilitres; of every label if none is named."""
        return sum(self.voxels[key] for key in keys or self.voxels) * self.geometry.voxel_ml


@compiled()
def _between(labels: Any, first: Any, last: Any, found: Any) -> None:  # pragma: no cover - compiled
    """Where a label is one of a range of values."""
    n0, n1, n2 = labels.shape
    for i in range(n0):
        for j in range(n1):
            for k in range(n2):
                found[i, j, k] = (labels[i, j, k] >= first) & (labels[i, j, k] <= last)


@compiled()
def _count(labels: Any, counts: Any) -> None:  # pragma: no cover - compiled
    """Voxels of each value above 0 that has a place."""
    n0, n1, n2 = labels.shape
    for i in range(n0):
        for j in range(n1):
            for k in range(n2):
                value = labels[i, j, k]
                if value != 0 and value < counts.size:
                    counts[value] += 1
