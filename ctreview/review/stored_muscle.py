"""What was found in muscle MRI as a study keeps it, so that opening it again computes nothing that is unchanged.

Tissues lie in ``masks.seg.nrrd``, which other programs open; what measuring them again needs lies beside it. It is
believed only where version, settings and every contrast are those that it was found by; else it is found anew.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.checks import Check
from ctreview.errors import CtreviewError, UnreadableFile
from ctreview.muscle.alignment import Alignment
from ctreview.muscle.bones import Bones
from ctreview.muscle.femur import Femur
from ctreview.muscle.limb_matching import LimbMatch
from ctreview.muscle.limbs import Limbs
from ctreview.muscle.maps.from_examination import with_acquired
from ctreview.muscle.maps.stir_reference import ReferenceBall
from ctreview.muscle.maps.tissue_map import TissueMap
from ctreview.muscle.measures import measure_muscles
from ctreview.muscle.scheme import TISSUE_SCHEME
from ctreview.muscle.segment import LimbTissue
from ctreview.muscle.tissue_levels import TissueLevels
from ctreview.recipes.muscle_mri import MuscleMriResult, MuscleMriSettings
from ctreview.recipes.muscle_mri.loading import tissue_source
from ctreview.recipes.muscle_mri.registering import LimbsRegistration, RegisteredLimbs
from ctreview.recipes.scan_facts import scan_facts
from ctreview.review.muscle import FoundMuscle
from ctreview.study import Study
from ctreview.study.document import read_document, write_document
from ctreview.version import __version__
from ctreview.volume.atomic import atomic_path
from ctreview.volume.contrasts import Examination
from ctreview.volume.geometry import Geometry
from ctreview.volume.labels import LabelMap
from ctreview.volume.segmentation import read_segmentation, write_segmentation
from ctreview.volume.volume import Volume
from ctreview.volume.write import read_transform, write_transform

__all__ = ["MUSCLE_FOUND_SCHEMA", "store_muscle", "stored_muscle", "tissue_of_segmentation"]

MUSCLE_FOUND_SCHEMA = "ctreview.muscle_found/1"

_MASKS, _FACTS, _ARRAYS = "masks.seg.nrrd", "muscle.json", "muscle.npz"
_REGISTERED, _TRANSFORM = "limbs.json", "limbs.h5"
_REGISTERED_SCHEMA = "ctreview.registered_limbs/1"
_BROKEN = (OSError, ValueError, KeyError, IndexError, TypeError, zipfile.BadZipFile, CtreviewError)

Arrays = Mapping[str, npt.NDArray[Any]]


def store_muscle(study: Study, found: FoundMuscle, timepoints: Sequence[int]) -> None:
    """Keep what was found in the timepoints of a study, unless it holds just that already.

    Raises
    ------
    OSError
        It could not be written.
    """
    own = [_rests_on(images, scan.settings) for images, scan in zip(found.examinations, found.scans, strict=True)]
    for number, rests, images, scan in zip(timepoints, own, found.examinations, found.scans, strict=True):
        folder = _folder(study, number)
        if _kept(folder / _FACTS, MUSCLE_FOUND_SCHEMA, rests) is None:
            _store_scan(folder, rests, images, scan)
    if found.registered is not None:
        folder = study.comparison_folder(timepoints[0], timepoints[1])
        if _kept(folder / _REGISTERED, _REGISTERED_SCHEMA, {"scans": own}) is None:
            _store_registered(folder, {"scans": own}, found.registered)


def stored_muscle(
    study: Study, examinations: Sequence[Examination], timepoints: Sequence[int], settings: MuscleMriSettings
) -> FoundMuscle | None:
    """What a study keeps of examinations; None where it keeps nothing of any, or nothing that is still believed.

    Parameters
    ----------
    study : Study
    examinations : sequence of Examination
    timepoints : sequence of int
        The number of each.
    settings : MuscleMriSettings
        By which tissues are to be found.
    """
    rests = [_rests_on(images, settings.to_dict()) for images in examinations]
    known: list[tuple[Examination, MuscleMriResult]] = []
    for number, own, images in zip(timepoints, rests, examinations, strict=True):
        scan = _stored_scan(_folder(study, number), own, images, settings)
        if scan is not None:
            known.append((images, scan))
    if not known:
        return None
    registered = None
    if len(known) == len(examinations) == 2:
        folder = study.comparison_folder(timepoints[0], timepoints[1])
        grids = [scan.labels.geometry for _, scan in known]
        registered = _stored_registered(folder, {"scans": rests}, grids)
    return FoundMuscle(tuple(one for one, _ in known), tuple(scan for _, scan in known), registered, settings)


def tissue_of_segmentation(path: Path, on: Geometry, checks: Sequence[Check] = ()) -> LabelMap:
    """Tissues by the numbers of `TISSUE_SCHEME` from a segmentation that holds them, whatever else it holds.

    Raises
    ------
    UnreadableFile
        It is damaged, or holds no tissue.
    GridMismatch
        It lies on another grid.
    """
    known = {label.key: label.value for label in TISSUE_SCHEME}
    for layer in read_segmentation(path, on=on):
        keys = [label.key for label in layer.scheme if label.key in known]
        if keys:
            array = np.zeros(on.shape, np.uint8)
            for key in keys:
                array[layer.mask(key)] = known[key]
            return LabelMap(array, on, TISSUE_SCHEME, tuple(checks))
    raise UnreadableFile("this segmentation holds no tissues of limbs", where=path)


def _folder(study: Study, number: int) -> Path:
    return study.folder / "timepoints" / str(number)


def _rests_on(images: Examination, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the result depends on, as JSON gives it back: version, settings and the values of every contrast."""
    own = {name: value for name, value in settings.items() if name != "threads"}
    contrasts = [[one.name, one.acquired.digest] for one in images.contrasts]
    return dict(json.loads(json.dumps({"version": __version__, "settings": own, "contrasts": contrasts})))


def _kept(path: Path, schema: str, rests: Mapping[str, Any]) -> dict[str, Any] | None:
    """The document, where it is there and rests on this."""
    if not path.is_file():
        return None
    try:
        plain = read_document(path, schema)
    except CtreviewError:
        return None
    return plain if plain.get("rests_on") == rests else None


# --- one examination


def _store_scan(folder: Path, rests: Mapping[str, Any], images: Examination, scan: MuscleMriResult) -> None:
    """The document comes last: what a killed program left behind is found anew."""
    tissue, levels, limbs = scan.tissue, scan.tissue.levels, scan.tissue.limbs
    inside = limbs.inside  # nothing outside the limbs is asked of what tissue was told by
    arrays: dict[str, npt.NDArray[Any]] = {
        "limbs": limbs.number,
        "joined": limbs.joined,
        "depth_mm": limbs.depth_mm[inside],
        "bones": tissue.bones.number,
        "marrow": tissue.bones.marrow,
        "fat_likeness": levels.fat_likeness[inside],
        "corrected": levels.corrected[inside],
        "dark": levels.dark,
        "parted": levels.parted,
    }
    if levels.water is not None:
        arrays["water"] = levels.water[inside]
    for number, one in enumerate(scan.maps):
        arrays[f"map{number}"], arrays[f"valid{number}"] = one.array, one.valid
    for number, aligned in enumerate(scan.alignments.values()):
        arrays[f"aligned{number}"] = aligned.volume.array
    mended = [
        number
        for number, (was, now) in enumerate(zip(images.contrasts, scan.images.contrasts, strict=True))
        if now.acquired is not was.acquired
    ]
    for number in mended:
        arrays[f"mended{number}"] = scan.images.contrasts[number].acquired.array
    plain = {
        "rests_on": rests,
        "sides": list(tissue.sides),
        "limb_segment": tissue.segment,
        "fat_signal": levels.fat_signal,
        "fat_ratio": float(levels.fat_ratio),
        "mended": mended,
        "limb_checks": _plain(limbs.checks),
        "tissue_checks": _plain(tissue.checks),
        "checks": _plain(scan.checks),
        "maps": [
            {
                "kind": one.kind,
                "unit": one.unit,
                "noise_floor": None if one.noise_floor is None else float(one.noise_floor),
                "caveats": _plain(one.caveats),
                **_volume_facts(one.volume, scan.images),
            }
            for one in scan.maps
        ],
        "alignments": [
            {
                "contrast": name,
                "shift_mm": list(one.shift_mm),
                "turn_degrees": one.turn_degrees,
                "applied": bool(one.applied),
                "check": _plain([one.check])[0],
                "back": np.asarray(one.back).tolist(),
                **_volume_facts(one.volume, scan.images),
            }
            for name, one in scan.alignments.items()
        ],
        "femurs": {side: asdict(scan.found.femurs[tissue.region(side)]) for side in tissue.sides},
        "proposed_reference": None if scan.proposed_reference is None else asdict(scan.proposed_reference),
    }
    (folder / _FACTS).unlink(missing_ok=True)
    write_segmentation(folder / _MASKS, [scan.labels])
    with atomic_path(folder / _ARRAYS) as draft:
        _write_arrays(draft, arrays)
    write_document(folder / _FACTS, MUSCLE_FOUND_SCHEMA, plain)


def _write_arrays(path: Path, arrays: Arrays) -> None:
    """As `numpy.savez_compressed` masks alone: noise of images hardly gets smaller, and the reader waits."""
    with zipfile.ZipFile(path, "w", compresslevel=1) as out:
        for name, array in arrays.items():
            about = zipfile.ZipInfo(f"{name}.npy")
            about.compress_type = zipfile.ZIP_STORED if array.dtype.kind == "f" else zipfile.ZIP_DEFLATED
            with out.open(about, "w", force_zip64=True) as entry:
                np.save(entry, np.ascontiguousarray(array), allow_pickle=False)


def _volume_facts(volume: Volume, images: Examination) -> dict[str, Any]:
    """Of which contrast a volume was made, whose header it has, and its unit; no header is written."""
    sources = [one.acquired.acquisition for one in images.contrasts]
    return {"of": sources.index(volume.acquisition), "volume_unit": volume.unit, "notes": list(volume.notes)}


def _stored_scan(
    folder: Path, rests: Mapping[str, Any], images: Examination, settings: MuscleMriSettings
) -> MuscleMriResult | None:
    plain = _kept(folder / _FACTS, MUSCLE_FOUND_SCHEMA, rests)
    if plain is None:
        return None
    try:
        with np.load(folder / _ARRAYS, allow_pickle=False) as stored:
            return _scan(folder, plain, {name: stored[name] for name in stored.files}, images, settings)
    except _BROKEN:
        return None  # it is found anew


def _scan(
    folder: Path, plain: Mapping[str, Any], arrays: Arrays, images: Examination, settings: MuscleMriSettings
) -> MuscleMriResult:
    contrasts = list(images.contrasts)
    for number in plain["mended"]:
        acquired = contrasts[number].acquired
        contrasts[number] = with_acquired(contrasts[number], acquired.with_array(arrays[f"mended{number}"]))
    images = Examination(tuple(contrasts))
    chosen = tissue_source(images)
    grid = chosen.image.geometry
    tissue = _tissue(folder, plain, arrays, grid)

    def volume(about: Mapping[str, Any], array: npt.NDArray[Any]) -> Volume:
        source = contrasts[about["of"]].acquired.acquisition
        return Volume(array, grid, about["volume_unit"], source, tuple(about["notes"]))

    maps = tuple(
        TissueMap(
            one["kind"],
            volume(one, arrays[f"map{number}"]),
            one["unit"],
            arrays[f"valid{number}"],
            _checks(one["caveats"]),
            one["noise_floor"],
        )
        for number, one in enumerate(plain["maps"])
    )
    alignments = {
        one["contrast"]: Alignment(
            volume(one, arrays[f"aligned{number}"]),
            (one["shift_mm"][0], one["shift_mm"][1], one["shift_mm"][2]),
            one["turn_degrees"],
            one["applied"],
            _checks([one["check"]])[0],
            np.array(one["back"]),
        )
        for number, one in enumerate(plain["alignments"])
    }
    found = measure_muscles(
        tissue.labels,
        tissue.sides,
        {side: Femur(**plain["femurs"][side]) for side in tissue.sides},
        segment=tissue.segment,
        maps=maps,
        joined=tissue.limbs.joined,
        settings=settings.measures,
    )
    proposed = plain["proposed_reference"]
    return MuscleMriResult(
        image=chosen.image,
        tissue_told_by=chosen.words,
        images=images,
        tissue=tissue,
        maps=maps,
        groups=None,
        found=found,
        checks=_checks(plain["checks"]),
        alignments=alignments,
        proposed_reference=None
        if proposed is None
        else ReferenceBall(tuple(proposed["centre_mm"]), proposed["radius_mm"]),
        facts=scan_facts(chosen.image, chosen.image.acquisition.age_years),
        settings=settings.to_dict(),
    )


def _tissue(folder: Path, plain: Mapping[str, Any], arrays: Arrays, grid: Geometry) -> LimbTissue:
    inside = arrays["limbs"] > 0

    def spread(name: str) -> npt.NDArray[np.float32]:
        found = np.zeros(grid.shape, np.float32)
        found[inside] = arrays[name]
        return found

    sides = tuple(plain["sides"])
    limbs = Limbs(arrays["limbs"], sides, spread("depth_mm"), arrays["joined"], _checks(plain["limb_checks"]))
    levels = TissueLevels(
        spread("fat_likeness"),
        arrays["dark"],
        spread("corrected"),
        plain["fat_signal"],
        plain["fat_ratio"],
        arrays["parted"],
        spread("water") if "water" in arrays else None,
    )
    labels = tissue_of_segmentation(folder / _MASKS, grid, _checks(plain["tissue_checks"]))
    return LimbTissue(labels, sides, levels, limbs, Bones(arrays["bones"], arrays["marrow"]), plain["limb_segment"])


# --- how two lie over each other


def _store_registered(folder: Path, rests: Mapping[str, Any], registered: RegisteredLimbs) -> None:
    found, checks = registered
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _REGISTERED).unlink(missing_ok=True)
    plain: dict[str, Any] = {"rests_on": rests, "checks": _plain(checks), "registration": None}
    if found is not None:
        write_transform(found.transform, folder / _TRANSFORM)
        plain["registration"] = {side: asdict(match) for side, match in found.matches.items()}
    write_document(folder / _REGISTERED, _REGISTERED_SCHEMA, plain)


def _stored_registered(folder: Path, rests: Mapping[str, Any], grids: Sequence[Geometry]) -> RegisteredLimbs | None:
    plain = _kept(folder / _REGISTERED, _REGISTERED_SCHEMA, rests)
    if plain is None:
        return None
    try:
        about = plain["registration"]
        if about is None:
            return None, _checks(plain["checks"])
        transform = read_transform(folder / _TRANSFORM, grids[0], grids[1])
        matches = {side: LimbMatch(**{**one, "check": _checks([one["check"]])[0]}) for side, one in about.items()}
        return LimbsRegistration(matches, transform), _checks(plain["checks"])
    except _BROKEN:
        return None


# --- checks


def _plain(checks: Sequence[Check]) -> list[dict[str, Any]]:
    return [
        {**asdict(one), "value": _number(one.value), "limit": _number(one.limit), "ok": bool(one.ok)} for one in checks
    ]


def _number(value: Any) -> Any:
    """A number of numpy as Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _checks(plain: Sequence[Mapping[str, Any]]) -> tuple[Check, ...]:
    return tuple(Check(**{**one, "regions": tuple(one["regions"])}) for one in plain)
