"""A thorax with a known answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ctreview.anatomy.lung_size import ADULT_LUNGS_ML
from ctreview.dicom.acquisition import Acquisition, Patient
from ctreview.errors import WrongUse
from ctreview.phantom.body import Shape, lungs_ml
from ctreview.phantom.lesions import Lesion, LesionsOnGrid, Nodule, TrueFinding, draw_lesions
from ctreview.phantom.motion import Bump, Motion, TrueCorrespondence, fit_transform
from ctreview.phantom.sampling import BodyOnGrid, TreesOnGrid, sample_body, sample_trees
from ctreview.phantom.scanner import KERNELS, KernelName, blurred, noise
from ctreview.phantom.schemes import (
    LOBE_SCHEME,
    LUNG_SCHEME,
    OPACITY_SCHEME,
    VESSEL_SCHEME,
)
from ctreview.phantom.trees import grow_trees
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.transform import Transform
from ctreview.volume.volume import Volume

__all__ = [
    "Phantom",
    "ThoraxSettings",
    "make_thorax",
    "parenchyma_hu",
    "small_thorax",
    "true_correspondence",
    "true_transform",
]

CHILD_LUNGS_ML = 1150.0
"""Both lungs of a four-year-old at full inspiration: 1.0 to 1.3 L."""
_DOWN = {"HFS": (0, 1), "FFS": (0, 1), "HFP": (0, -1), "FFP": (0, -1), "HFDR": (-1, 0), "HFDL": (1, 0)}


_NOBODY = Patient("CTREVIEW-PHANTOM", "PHANTOM^CTREVIEW", None, None)


@dataclass(frozen=True)
class ThoraxSettings:
    """Who is scanned, and how.

    Attributes
    ----------
    age_years : float
        Sets size, proportions and density of the lung; 4 to adult. Between 4 and 18 sizes are interpolated.
    breath_depth : float
        1 full inspiration, 0 resting expiration.
    position : str
        DICOM patient position; sets where gravity pulls (not where the axes run).
    spacing : tuple of float
        Voxel spacing in millimetres along axis 0 (head), 1 (posterior), 2 (left).
    geometry : Geometry or None
        The grid itself, oblique if need be; else one that holds the lungs and ``margin_mm`` around them.
    kernel : {"soft", "sharp"}
        Reconstruction kernel.
    margin_mm : float
        Above and below the lungs.
    whole_body : bool
        Wide enough for the skin; else the field of view cuts close to the lungs.
    noise_hu : float
        Standard deviation of the noise in the soft kernel.
    quiet_air : bool
        Leave noise out of the air around the body (it costs bytes and tells nothing).
    lungs_ml : float or None
        Volume of both lungs at full inspiration; else by age.
    shape : Shape or None
        The body's proportions; else by age.
    anatomy_seed, seed : int
        Vessels, bronchi and fine structure; noise. Two scans of one patient share the first.
    vessel_detail : float
        1 for as many vessels as a fine grid can show; less is faster.
    offset, turn_degrees, bumps
        See `Motion`.
    markings : float
        Strength of fine reticular markings (0 none; 1 clear).
    fissure_mm : float
        Thickness of the fissures.
    table : bool
        Draw the couch.
    acquired : datetime or None
        When; else 1 January 2021.
    patient : Patient
        Who; an invented one.
    """

    age_years: float = 40.0
    breath_depth: float = 1.0
    position: str = "HFS"
    spacing: tuple[float, float, float] = (1.5, 0.8, 0.8)
    geometry: Geometry | None = None
    margin_mm: float = 12.0
    whole_body: bool = True
    kernel: KernelName = "soft"
    noise_hu: float = 18.0
    quiet_air: bool = False
    lungs_ml: float | None = None
    shape: Shape | None = None
    anatomy_seed: int = 1
    seed: int = 1
    vessel_detail: float = 1.0
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    turn_degrees: float = 0.0
    bumps: tuple[Bump, ...] = ()
    markings: float = 0.0
    fissure_mm: float = 0.5
    table: bool = True
    acquired: datetime | None = None
    patient: Patient = field(default_factory=lambda: _NOBODY)

    def __post_init__(self) -> None:
        if self.position not in _DOWN:
            raise WrongUse(f"no phantom lies {self.position!r}", remedy=f"Choose one of {', '.join(_DOWN)}.")
        if self.kernel not in KERNELS:
            raise WrongUse(f"no kernel is called {self.kernel!r}", remedy=f"Choose one of {', '.join(KERNELS)}.")

    @property
    def body(self) -> Shape:
        """The proportions, by age where none are given."""
        if self.shape is not None:
            return self.shape
        grown = min(1.0, max(0.0, (self.age_years - 4.0) / 14.0))
        return Shape(
            width=0.97 + 0.03 * grown,
            depth=1.12 - 0.12 * grown,
            heart=1.08 - 0.08 * grown,
            thymus=max(0.0, 0.85 - 1.6 * grown),
            fat=9.0 + 5.0 * grown,
            gas=1.2 - 0.4 * grown,
        )

    @property
    def motion(self) -> Motion:
        """Where a point of this patient lies in the reference."""
        grown = min(1.0, max(0.0, (self.age_years - 4.0) / 14.0))
        litres = self.lungs_ml or float(np.exp(np.log(CHILD_LUNGS_ML) * (1 - grown) + np.log(ADULT_LUNGS_ML) * grown))
        size = (litres / lungs_ml(self.body)) ** (1 / 3)
        gravity = -1 if _DOWN[self.position][1] < 0 else 1
        return Motion((size, size, size), self.breath_depth, gravity, self.offset, self.turn_degrees, self.bumps)


@dataclass(frozen=True, eq=False)
class Phantom:
    """A scan whose answer is known.

    Attributes
    ----------
    volume : Volume
        The image in HU, int16.
    lungs : LabelMap
        right_lung, left_lung, trachea_and_main_bronchi.
    lobes : LabelMap
        The five lobes, which together are the lungs.
    vessels : LabelMap
        vessel, airway_wall (walls and lumina of bronchi in the lung).
    opacity : LabelMap
        ground_glass, consolidation: voxels of which the lesion covers at least half; no vessels, no airways.
    true_ml : mapping of str to float
        ``"right_upper_lobe/ground_glass"`` and so on, from the covered shares of voxels rather than from counts.
    findings : tuple of TrueFinding
        What is not opacity: the round spot.
    settings : ThoraxSettings
        What it was made from.
    lesions : tuple of Lesion
        What was planted.
    assumed : tuple of str
        What was chosen without a source.
    """

    volume: Volume
    lungs: LabelMap
    lobes: LabelMap
    vessels: LabelMap
    opacity: LabelMap
    true_ml: Dict[str, float]
    findings: tuple[TrueFinding, ...]
    settings: ThoraxSettings
    lesions: tuple[Lesion | Nodule, ...] = ()
    assumed: tuple[str, ...] = ()

    @property
    def motion(self) -> Motion:
        """Where its points lie in the reference body."""
        return self.settings.motion


def parenchyma_hu(age_years: float, dependency: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """HU of lung without visible vessels at full inspiration.

    Up to four years after Long 2005: −835 − 16·age, 33 HU higher at the bottom than at the top along gravity (and
    about 10 for the way from the side to the middle, taken as a constant here). Adults: −885 to −845, so that the
    whole lung with its vessels stands near −860. In between interpolated: an assumption.
    """
    grown = min(1.0, max(0.0, (age_years - 4.0) / 14.0))
    top = (-835.0 - 16.0 * min(age_years, 4.0) + 10.0) * (1 - grown) - 885.0 * grown
    return np.asarray(top + (33.0 + 7.0 * grown) * dependency)


def field_of_view(settings: ThoraxSettings) -> Geometry:
    """A canonical grid that holds the lungs at full inspiration with a margin, or the whole width of the body."""
    motion = replace(settings.motion, bumps=(), turn_degrees=0.0)
    body = settings.body
    wide = 152.0 * body.width + 1.3 * body.fat + 18.0 if settings.whole_body else 139.0 * body.width
    front = 108.0 * body.depth + body.fat + 2.0 if settings.whole_body else 96.0 * body.depth
    back = front + 8.0 if settings.whole_body else 104.0 * body.depth
    if settings.whole_body and settings.table:
        front, back = (front, back + 22.0) if motion.gravity > 0 else (front + 22.0, back)
    low = motion.from_reference(np.array([-wide, -front, -168.0]))
    high = motion.from_reference(np.array([wide, back, 132.0]))
    squeeze = np.array([settings.margin_mm, 0.0, 0.0])[::-1]
    low, high = low - squeeze, high + squeeze
    spacing = np.array(settings.spacing)
    shape = np.ceil((high - low)[::-1] / spacing).astype(int)
    middle = 0.5 * (low + high)
    origin = middle - 0.5 * ((shape - 1) * spacing)[::-1]
    return Geometry.aligned(
        (int(shape[0]), int(shape[1]), int(shape[2])),
        settings.spacing,
        origin=[float(v) for v in np.round(origin, 3)],
        frame_of_reference=_frame(settings),
    )


def _frame(settings: ThoraxSettings) -> str:
    """A frame of reference of its own for each visit."""
    visit = f"{settings.anatomy_seed}/{settings.seed}/{settings.acquired}/{settings.offset}/{settings.breath_depth}"
    return f"2.25.{int.from_bytes(hashlib.sha256(visit.encode()).digest()[:16], 'big')}"


def make_thorax(lesions: tuple[Lesion | Nodule, ...] = (), *, settings: ThoraxSettings | None = None) -> Phantom:
    """Make a thorax CT.

    Parameters
    ----------
    lesions : tuple of Lesion or Nodule
        What is planted into the lung.
    settings : ThoraxSettings, optional
        Who and how; an adult at full inspiration by default.

    Returns
    -------
    Phantom
        The image and everything that is true of it. The same settings give the same bytes on one platform.
    """
    settings = settings or ThoraxSettings()
    geometry = settings.geometry or field_of_view(settings)
    down = _DOWN[settings.position]
    motion, shape = settings.motion, settings.body
    body = sample_body(
        geometry,
        shape,
        motion,
        fissure_mm=settings.fissure_mm,
        down=(float(down[0]), float(down[1])),
        couch=settings.table,
    )
    trees = sample_trees(geometry, grow_trees(shape, settings.anatomy_seed, settings.vessel_detail), motion, body)
    drawn = draw_lesions(
        geometry, lesions, shape, motion, body, trees, markings=settings.markings, seed=settings.anatomy_seed
    )
    clean = _composed(settings, body, trees, drawn)
    # effusion takes the lung's place
    body.lobe[drawn.fluid >= 0.5] = 0
    image = _scanned(settings, geometry, clean, body)
    return Phantom(
        volume=Volume(image, geometry, "HU", _acquisition(settings)),
        lungs=_lungs(geometry, body, trees),
        lobes=LabelMap(np.where(trees.large_lumen, 0, body.lobe).astype(np.uint8), geometry, LOBE_SCHEME),
        vessels=_vessels(geometry, body, trees),
        opacity=LabelMap(drawn.labels, geometry, OPACITY_SCHEME),
        true_ml=drawn.true_ml,
        findings=drawn.findings,
        settings=settings,
        lesions=lesions,
    )


def small_thorax(
    age_years: float = 40.0, lesions: tuple[Lesion | Nodule, ...] = (), *, spacing_mm: float = 3.0, **changes: Any
) -> Phantom:
    """A coarse thorax for quick tests of other stages: isotropic 3 mm, few vessels, little noise."""
    scale = ThoraxSettings(
        age_years=age_years, **{k: v for k, v in changes.items() if k == "lungs_ml"}
    ).motion.mean_scale
    step = spacing_mm * (1.0 if age_years >= 10 else max(0.6, scale))
    chosen: dict[str, Any] = {"spacing": (step,) * 3, "vessel_detail": 0.25, "noise_hu": 8.0, **changes}
    return make_thorax(lesions, settings=ThoraxSettings(age_years=age_years, **chosen))


class _Moved(Protocol):
    @property
    def volume(self) -> Volume: ...
    @property
    def motion(self) -> Motion: ...


def true_correspondence(fixed: _Moved, moving: _Moved) -> TrueCorrespondence:
    """The exact correspondence of two phantoms of one body, or of two hybrids of one scan."""
    return TrueCorrespondence(fixed.motion, moving.motion)


def true_transform(fixed: _Moved, moving: _Moved, *, spacing_mm: float = 4.0) -> Transform:
    """The same as a `Transform` on a grid of ``spacing_mm``."""
    mapping = true_correspondence(fixed, moving)
    return fit_transform(mapping, fixed.volume.geometry, moving.volume.geometry, spacing_mm=spacing_mm)


def _composed(
    settings: ThoraxSettings, body: BodyOnGrid, trees: TreesOnGrid, drawn: LesionsOnGrid
) -> npt.NDArray[np.float32]:
    """HU before the scanner: lung of kept mass with fissures, lesions, vessels and bronchi, inside the body."""
    lung = _share(body, drawn.size_mm)
    ratio = body.ratio
    density = (1000.0 + parenchyma_hu(settings.age_years, body.dependency).astype(np.float32)) / ratio
    density += (drawn.added + body.grain) / ratio
    density *= 1.0 - drawn.solid
    density += drawn.solid * 1030.0
    density += (900.0 - density) * body.fissure * (density < 900)
    np.minimum(density, 1060.0, out=density)
    density += (1042.0 - density) * trees.vessel
    density += (1012.0 - density) * drawn.fluid
    np.multiply(density, lung, out=density)
    density += (1.0 - lung) * (1000.0 + body.tissue_hu)
    open_ = 1.0 - drawn.fluid
    density += (1030.0 - density) * trees.bronchus * open_
    density += (15.0 - density) * trees.lumen * open_
    return np.asarray(density - 1000.0, dtype=np.float32)


def _share(body: BodyOnGrid, size_mm: float) -> npt.NDArray[np.float32]:
    return np.asarray(np.clip(0.5 + body.lung_depth / np.float32(size_mm), 0, 1), dtype=np.float32)


def _scanned(
    settings: ThoraxSettings, geometry: Geometry, clean: npt.NDArray[np.float32], body: BodyOnGrid
) -> npt.NDArray[np.int16]:
    kernel = KERNELS[settings.kernel]
    image = blurred(clean, geometry, kernel)
    grain = noise(geometry, kernel, settings.noise_hu, np.random.default_rng([settings.seed, 11]))
    if settings.quiet_air:
        grain *= body.tissue_hu > -999.0
    image += grain
    return np.clip(np.rint(image), -1024, 3071).astype(np.int16)


def _lungs(geometry: Geometry, body: BodyOnGrid, trees: TreesOnGrid) -> LabelMap:
    sides = np.array([0, 1, 1, 1, 2, 2], dtype=np.uint8)[body.lobe]
    sides[trees.large_lumen] = 3
    return LabelMap(sides, geometry, LUNG_SCHEME)


def _vessels(geometry: Geometry, body: BodyOnGrid, trees: TreesOnGrid) -> LabelMap:
    inside = (body.lobe > 0) & ~trees.large_lumen
    labels = np.zeros(geometry.shape, np.uint8)
    labels[inside & (trees.bronchus >= 0.5)] = 2
    labels[inside & (trees.vessel >= 0.5)] = 1
    return LabelMap(labels, geometry, VESSEL_SCHEME)


def _acquisition(settings: ThoraxSettings) -> Acquisition:
    return Acquisition(
        modality="CT",
        patient=settings.patient,
        age_years=settings.age_years,
        acquired=settings.acquired or datetime(2021, 1, 1, 12),
        kvp=80.0 if settings.age_years < 12 else 120.0,
        kernel=KERNELS[settings.kernel].name,
        slice_thickness_mm=settings.spacing[0],
        contrast=False,
        posture=settings.position,
        manufacturer="ctreview",
        scanner="phantom",
        description="Thorax phantom",
    )
