"""What a folder holds, series by series."""

from __future__ import annotations

from dataclasses import dataclass, field

from ctreview.dicom.acquisition import Acquisition
from ctreview.dicom.frame import Frame
from ctreview.dicom.sampling import unscanned_share
from ctreview.dicom.sort import Stack
from ctreview.dicom.source import FileRef
from ctreview.errors import CtreviewError

__all__ = ["Series"]


@dataclass(frozen=True, eq=False)
class Series:
    """Images that belong together, as their headers describe them.

    Attributes
    ----------
    key : str
        A short stable word for ``--series``: ``"ct4"``, ``"mr3-echo2"``.
    uid : str
        SeriesInstanceUID; made from the path where the header has none.
    modality : str
        ``"CT"``, ``"MR"`` …
    kind : str
        What it is: ``"volume"``, ``"localiser"``, ``"secondary capture"``, ``"dose report"``, ``"projection"``,
        ``"colour image"``, ``"mosaic"``, ``"single image"``, ``"document"`` or ``"other"``.
    acquisition : Acquisition
        Patient, scanner and protocol.
    shape : tuple of int
        Slices, rows, columns, as stored.
    spacing : tuple of float or None
        Millimetres from slice to slice, row to row, column to column; ``None`` where there is no grid.
    warnings : tuple of str
        What is odd and accepted, a sentence each.
    refusal : CtreviewError or None
        Why it is not read.
    files : tuple of FileRef
        Every file of it.
    frames : tuple of Frame
        The slices, in order where `stack` is known.
    stack : Stack or None
        The grid they make.
    frame_of_reference : str
        UID, or ``"source:…"`` where the header has none.
    part : str or None
        What tells this series from others of the same UID: ``"echo 4.6"``.
    """

    key: str
    uid: str
    modality: str
    kind: str
    acquisition: Acquisition
    shape: tuple[int, int, int]
    spacing: tuple[float, float, float] | None
    files: tuple[FileRef, ...]
    frames: tuple[Frame, ...] = field(repr=False)
    stack: Stack | None = field(repr=False)
    frame_of_reference: str = field(repr=False)
    number: int | None = None
    part: str | None = None
    warnings: tuple[str, ...] = ()
    refusal: CtreviewError | None = None

    @property
    def usable(self) -> bool:
        """Whether `load_volume` reads it."""
        return self.refusal is None

    @property
    def unscanned_share(self) -> float:
        """Which share of the patient lies between the slices, where they are thinner than they are apart."""
        return 0.0 if self.spacing is None else unscanned_share(self.acquisition.slice_thickness_mm, self.spacing[0])

    @property
    def where(self) -> str:
        """The folder, archive or file that it lies in."""
        return self.files[0].folder if len(self.files) > 1 else str(self.files[0])
