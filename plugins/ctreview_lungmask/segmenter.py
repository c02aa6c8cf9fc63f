"""lungmask's networks behind the protocol of ctreview."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.models import Readiness, Structure
from ctreview.progress import Progress
from ctreview.volume.volume import Volume

__all__ = ["LungmaskSegmenter"]

_NETWORKS: Mapping[Structure, tuple[str, ...]] = {"lungs": ("R231",), "lobes": ("LTRCLobes", "R231")}
"""What each structure is found by; the second fills what the first leaves out."""

_ORDER: Mapping[Structure, tuple[int, ...]] = {"lungs": (0, 1, 2), "lobes": (0, 4, 5, 1, 2, 3)}
"""Our value for each of lungmask's: its lobes run left upper, left lower, right upper, middle, lower."""


class LungmaskSegmenter:
    """Lungs and lobes by lungmask."""

    name = "lungmask"
    licence = "package Apache-2.0; weights without a licence of their own, from the package's releases"
    structures: tuple[Structure, ...] = ("lungs", "lobes")

    def readiness(self, structure: Structure) -> Readiness:
        """Whether package and weights are there; asks the disk alone."""
        try:
            installed, weights = version("lungmask"), _weights(structure)
        except (ImportError, PackageNotFoundError) as error:
            return Readiness(False, None, _not_installed(error), "pip install 'ctreview[lungmask]'")
        lacking = [path.name for path in weights.values() if not path.is_file()]
        if not lacking:
            return Readiness(True, installed, weights={path.name: path for path in weights.values()})
        folder = next(iter(weights.values())).parent
        return Readiness(
            False,
            installed,
            f"the weights {', '.join(lacking)} are not there",
            f"Save {' and '.join(weights)} in {folder}.",
        )

    def segment(self, volume: Volume, structure: Structure, progress: Progress) -> npt.NDArray[np.integer[Any]]:
        """Run the networks on the CPU; slices run to the head, as lungmask expects them."""
        from lungmask.mask import LMInferer

        first, *second = (str(path) for path in _weights(structure).values())
        progress(0, 1, f"{structure}: lungmask")
        # by path, so that lungmask fetches nothing
        inferer = LMInferer(
            modelpath=first, fillmodel_path=second[0] if second else None, force_cpu=True, tqdm_disable=True
        )
        found = inferer.apply(np.ascontiguousarray(volume.array))
        progress(1, 1, f"{structure}: lungmask")
        return np.asarray(np.array(_ORDER[structure], dtype=np.uint8)[found])


def _weights(structure: Structure) -> dict[str, Path]:
    """Where the weights of a structure's networks belong, by the address that lungmask would fetch them from."""
    from lungmask.mask import MODEL_URLS
    from torch.hub import get_dir

    folder = Path(get_dir()) / "checkpoints"
    return {url: folder / Path(url).name for url in (MODEL_URLS[network][0] for network in _NETWORKS[structure])}


def _not_installed(error: Exception) -> str:
    missing = getattr(error, "name", None) or "lungmask"
    return f"the package {missing} is not installed"
