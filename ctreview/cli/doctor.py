"""``ctreview doctor``: what is installed, what works, what is missing and what to do about it."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ctreview.cli.options import AsJson
from ctreview.cli.terminal import print_json, results
from ctreview.version import __version__

__all__ = ["SelfTest", "doctor", "examine"]

MODULES = {
    "connected-components-3d": "cc3d",
    "fill-voids": "fill_voids",
    "pyjpegls": "jpeg_ls",
    "pynrrd": "nrrd",
    "python-gdcm": "gdcm",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
    "simpleitk": "SimpleITK",
}
"""How distributions are imported, where that is not their own name."""

EXTRAS = {"elastix": ("itk-elastix", "itk")}
"""What an extra brings and how it is imported."""


@dataclass(frozen=True)
class SelfTest:
    """One thing that was tried.

    Attributes
    ----------
    name : str
    ok : bool
    needed : bool
        Whether ctreview does not work without it.
    says : str
        Version, figure, or what went wrong.
    remedy : str or None
        What to do where it is not ok.
    """

    name: str
    ok: bool
    needed: bool
    says: str
    remedy: str | None = None


def doctor(*, as_json: AsJson = False) -> int:
    """Say what is installed, try what ctreview needs, and name the remedy for what is missing."""
    findings = list(examine())
    well = all(finding.ok for finding in findings if finding.needed)
    if as_json:
        print_json({"schema": "ctreview.doctor/1", "ok": well, "findings": [asdict(finding) for finding in findings]})
    else:
        _show(findings, well)
    return 0 if well else 1


def examine() -> Iterator[SelfTest]:
    """Try everything, one after the other."""
    system = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield SelfTest("Python", sys.version_info >= (3, 11), True, system, "Install Python 3.11 or newer.")
    yield SelfTest("ctreview", True, True, __version__)
    yield from _dependencies()
    yield _tried("decode JPEG Lossless", _decode, "Install again what requirements/run.txt locks.")
    yield _tried(
        "write and read a segmentation", _write, "Make room in, or name with TMPDIR, a folder for temporary files."
    )
    yield _tried("compiled loops and threads", _compile, "Set NUMBA_CACHE_DIR to a folder that may be written.")
    yield _tried("sample data", _sample, "Install ctreview from its wheel, or run it in a checkout.")
    for extra, (distribution, module) in EXTRAS.items():
        found = _version_of(distribution, module)
        remedy = f"Only for those who want it: pip install 'ctreview[{extra}]'."
        yield SelfTest(f"extra: {extra}", found is not None, False, found or "not installed", remedy)


def _dependencies() -> Iterator[SelfTest]:
    """What the distribution says it needs; the list is read from its metadata, not kept twice."""
    try:
        wanted = importlib.metadata.requires("ctreview") or []
    except importlib.metadata.PackageNotFoundError:
        yield SelfTest(
            "installation", False, False, "ctreview runs from a folder and is not installed", "pip install ."
        )
        return
    names = {m.group() for line in wanted if "extra ==" not in line and (m := re.match(r"[A-Za-z0-9._-]+", line))}
    for name in sorted(names, key=str.lower):
        found = _version_of(name, MODULES.get(name.lower(), name.lower()))
        yield SelfTest(name, found is not None, True, found or "does not import", f"pip install {name}")


def _version_of(distribution: str, module: str) -> str | None:
    try:
        importlib.import_module(module)
        return importlib.metadata.version(distribution)
    except Exception:  # a broken binary can raise anything, and that is what is looked for
        return None


def _tried(name: str, attempt: Callable[[], str], remedy: str) -> SelfTest:
    try:
        return SelfTest(name, True, True, attempt())
    except Exception as error:
        return SelfTest(name, False, True, f"{type(error).__name__}: {error}", remedy)


JPEG_LOSSLESS = (
    "/9j/wwALEAAEAAQBAREA/8QAGwABAAEFAQAAAAAAAAAAAAAACQgFBgcKCxD/2gAIAQEAAQAA9UbzyqiEmZdzd3MEhUNZeqg1Llvb/9kA"
)
"""The numbers 0, 17, 68 … 17·15² in four rows of four, as JPEG Lossless (process 14, selection value 1)."""


def _decode() -> str:
    """Decode a picture of sixteen pixels in the compression that CT archives use most."""
    import base64

    import numpy as np

    from ctreview.dicom.codecs import decompressed
    from ctreview.dicom.frame import PixelLayout

    data = base64.b64decode(JPEG_LOSSLESS)
    layout = PixelLayout(
        syntax="1.2.840.10008.1.2.4.70",
        rows=4,
        columns=4,
        frames=1,
        samples=1,
        photometric="MONOCHROME2",
        allocated=16,
        stored=16,
        high_bit=15,
        signed=False,
        offset=0,
        length=None,
        available=len(data),
    )
    if not np.array_equal(decompressed(data, layout).ravel(), 17 * np.arange(16) ** 2):
        raise ValueError("the pixels came out wrong")
    return "sixteen pixels came out right"


def _write() -> str:
    """Write labels for 3D Slicer into a temporary folder and read them back."""
    import numpy as np

    from ctreview.volume.geometry import Geometry
    from ctreview.volume.labels import Label, LabelMap, Scheme
    from ctreview.volume.write import read_segmentation, write_segmentation

    geometry = Geometry.aligned((3, 4, 5), (1.0, 2.0, 3.0), frame_of_reference="source:doctor")
    array = np.arange(60, dtype=np.uint8).reshape(geometry.shape) % 2
    labels = LabelMap(array, geometry, Scheme((Label(1, "odd_voxels", (255, 0, 0)),)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "doctor.seg.nrrd"
        write_segmentation(path, [labels])
        (back,) = read_segmentation(path)
    if not np.array_equal(back.array, array):
        raise ValueError("what was read is not what was written")
    return "the same came back"


def _compile() -> str:
    """Compile a loop and run it on every core."""
    import numba
    import numpy as np

    @numba.njit(parallel=True)
    def total(values: np.typing.NDArray[np.float64]) -> float:
        found = 0.0
        for i in numba.prange(len(values)):
            found += values[i]
        return found

    if total(np.ones(1000)) != 1000.0:
        raise ValueError("a sum over threads came out wrong")
    return f"{numba.get_num_threads()} threads of {os.cpu_count()} cores"


def _sample() -> str:
    from ctreview.sample_data import sample_data

    return str(sample_data())


def _show(findings: list[SelfTest], well: bool) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for finding in findings:
        mark = "ok" if finding.ok else ("MISSING" if finding.needed else "–")
        table.add_row(
            mark, finding.name, finding.says if finding.ok else f"{finding.says.rstrip('.')}. {finding.remedy}"
        )
    console = results()
    console.print(table, markup=False)
    console.print("Everything that is needed works." if well else "Something that is needed is missing.", style="bold")
