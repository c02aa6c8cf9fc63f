"""TotalSegmentator's task ``total``, cut down to the five lobes, behind the protocol of ctreview."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from unittest import mock

import nibabel
import numpy as np
import numpy.typing as npt

from ctreview.models import Readiness, Structure
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

_SIDES = np.array([0, 1, 1, 1, 2, 2], dtype=np.uint8)
"""The lung of each lobe."""

_WEIGHTS = (298, 291)
"""The networks that are run where only lobes are asked for: where they are, roughly, and their borders."""

_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""From LPS to the axes of NIfTI."""


class TotalSegmentatorSegmenter:
    """Lobes, and lungs as their sum, by TotalSegmentator."""

    name = "totalsegmentator"
    licence = "package and weights of the task total: Apache-2.0"
    structures: tuple[Structure, ...] = ("lungs", "lobes")

    def readiness(self, structure: Structure) -> Readiness:  # noqa: ARG002 - both rest on the same weights
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
        folders = [TASK_ID_WEIGHTS_CONFIGS[network]["foldername"] for network in _WEIGHTS]
        lacking = [name for name in folders if not (get_weights_dir() / name).is_dir()]
        if not lacking:
            networks = [get_weights_dir() / name for name in folders]
            files = [path for network in networks for path in sorted(network.rglob("checkpoint_*.pth"))]
            return Readiness(True, installed, weights={_name(path): path for path in files})
        return Readiness(
            False,
            installed,
            f"the weights {', '.join(lacking)} are not there",
            "Fetch them with its own command: totalseg_download_weights -t total",
        )

    def segment(self, volume: Volume, structure: Structure, progress: Progress) -> npt.NDArray[np.integer[Any]]:
        """Run the networks on the CPU, with nothing fetched and nothing reported."""
        from totalsegmentator import python_api
        from totalsegmentator.map_to_binary import class_map

        progress(0, 1, f"{structure}: TotalSegmentator")
        affine = _RAS @ volume.geometry.affine @ np.eye(4)[[2, 1, 0, 3]]
        image = nibabel.Nifti1Image(np.ascontiguousarray(volume.array.transpose(2, 1, 0)), affine)
        with _offline(python_api):
            found = python_api.totalsegmentator(
                image, None, ml=True, task="total", roi_subset=list(_LOBES), device="cpu", quiet=True
            )
        values = {name: value for value, name in class_map["total"].items()}
        answer = np.asarray(found.dataobj).astype(np.int64).transpose(2, 1, 0)
        ours = np.zeros(int(answer.max()) + 1, dtype=np.uint8)
        for place, name in enumerate(_LOBES, start=1):
            if values[name] < len(ours):
                ours[values[name]] = place
        progress(1, 1, f"{structure}: TotalSegmentator")
        lobes = ours[answer]
        return lobes if structure == "lobes" else _SIDES[lobes]


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
