"""TotalSegmentator's tasks ``total``, cut down to lobes, and ``total_mr``, cut down to muscles, as an engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from unittest import mock

import nibabel
import numpy as np
import numpy.typing as npt

from ctreview.models import STRUCTURES, Readiness, Structure
from ctreview.progress import Progress
from ctreview.volume.volume import Volume

__all__ = ["TotalSegmentatorSegmenter"]

_LOBES = (
    "lung_upper_lobe_right",
    "lung_middle_lobe_right",
    "lung_lower_lobe_right",
    "lung_upper_lobe_left",
    "lung_lower_lobe_left",
)
"""In the order of ctreview's own list."""

_MUSCLES = {
    "gluteal": ("gluteus_maximus", "gluteus_medius", "gluteus_minimus"),
    "quadriceps": ("quadriceps_femoris",),
    "hamstrings": ("thigh_posterior_compartment",),
    "adductors": ("thigh_medial_compartment",),
    "iliopsoas": ("iliopsoas",),
}
"""Which of its muscles make up a group. Those of the thigh are in ``total_mr`` of some versions only; the task that is
theirs in others, ``thigh_shoulder_muscles_mr``, has weights under a licence of their own and is not run from here."""

_SIDES = np.array([0, 1, 1, 1, 2, 2], dtype=np.uint8)
"""The lung of each lobe."""

_WEIGHTS = {"lungs": (298, 291), "lobes": (298, 291), "muscle_groups": (852, 850, 851)}
"""The networks that are run: where the parts are, roughly, and their borders."""

_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""From LPS to the axes of NIfTI."""


class TotalSegmentatorSegmenter:
    """Lobes, and lungs as their sum, by TotalSegmentator."""

    name = "totalsegmentator"
    licence = "package and weights of the tasks total and total_mr: Apache-2.0"
    structures: tuple[Structure, ...] = ("lungs", "lobes", "muscle_groups")

    def readiness(self, structure: Structure) -> Readiness:
        """Whether package and weights are there; asks the disk alone."""
        try:
            installed = version("TotalSegmentator")
            from totalsegmentator.config import get_weights_dir
            from totalsegmentator.map_tasks_config import TASK_ID_WEIGHTS_CONFIGS
        except (ImportError, PackageNotFoundError) as error:
            missing = getattr(error, "name", None) or "TotalSegmentator"
            return Readiness(
                False, None, f"the package {missing} is not installed", "pip install 'ctreview[totalsegmentator]'"
            )
        folders = [TASK_ID_WEIGHTS_CONFIGS[network]["foldername"] for network in _WEIGHTS[structure]]
        lacking = [name for name in folders if not (get_weights_dir() / name).is_dir()]
        if not lacking:
            networks = [get_weights_dir() / name for name in folders]
            files = [path for network in networks for path in sorted(network.rglob("checkpoint_*.pth"))]
            return Readiness(True, installed, weights={_name(path): path for path in files})
        return Readiness(
            False,
            installed,
            f"the weights {', '.join(lacking)} are not there",
            f"Fetch them with its own command: totalseg_download_weights -t {_task(structure)}",
        )

    def segment(self, volume: Volume, structure: Structure, progress: Progress) -> npt.NDArray[np.integer[Any]]:
        """Run the networks on the CPU, with nothing fetched and nothing reported."""
        from totalsegmentator import python_api
        from totalsegmentator.map_to_binary import class_map

        progress(0, 1, f"{structure}: TotalSegmentator")
        affine = _RAS @ volume.geometry.affine @ np.eye(4)[[2, 1, 0, 3]]
        image = nibabel.Nifti1Image(np.ascontiguousarray(volume.array.transpose(2, 1, 0)), affine)
        places = _places(structure, class_map[_task(structure)])
        wanted = [class_map[_task(structure)][value] for value in places]
        with _offline(python_api):
            found = python_api.totalsegmentator(
                image, None, ml=True, task=_task(structure), roi_subset=wanted, device="cpu", quiet=True
            )
        answer = np.asarray(found.dataobj).astype(np.int64).transpose(2, 1, 0)
        ours = np.zeros(int(answer.max()) + 1, dtype=np.uint8)
        for value, place in places.items():
            if value < len(ours):
                ours[value] = place
        progress(1, 1, f"{structure}: TotalSegmentator")
        parts = ours[answer]
        return _SIDES[parts] if structure == "lungs" else parts


def _task(structure: Structure) -> str:
    return "total_mr" if structure == "muscle_groups" else "total"


def _places(structure: Structure, classes: Mapping[int, str]) -> dict[int, int]:
    """The place in ctreview's own list of each of its classes that is asked for."""
    if structure != "muscle_groups":
        return {value: _LOBES.index(name) + 1 for value, name in classes.items() if name in _LOBES}
    group_of = {muscle: group for group, muscles in _MUSCLES.items() for muscle in muscles}
    found = {}
    for value, name in classes.items():
        muscle, _, side = name.rpartition("_")
        if side in ("right", "left") and muscle in group_of:
            found[value] = STRUCTURES["muscle_groups"].index(f"{side}_{group_of[muscle]}") + 1
    return found


def _name(weights: Path) -> str:
    """``Dataset…/…/fold_0/checkpoint_final.pth``, as far as it tells networks apart."""
    return f"{weights.parents[2].name}/{weights.name}"


@contextmanager
def _offline(api: Any) -> Iterator[None]:
    """Have it neither fetch weights nor send usage statistics, which it otherwise does on its own."""

    def nothing(*_: Any, **__: Any) -> None: ...

    with (
        mock.patch.object(api, "download_pretrained_weights", nothing),
        mock.patch.object(api, "send_usage_stats", nothing),
    ):
        yield
