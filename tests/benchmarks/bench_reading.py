"""Reading 300 slices of 512 × 512, beside dcm2niix and SimpleITK's series reader; scanning headers; memory.

The series are made up here, with noise like that of a scan, and lie in a temporary folder. Everything is warm (read
once before), ours and the peers take turns, and medians are given. dcm2niix also writes its file, uncompressed
(``-z n``), which is the least it can be asked; SimpleITK sorts by its own list of files, as its users do.

``CTREVIEW_BENCH_SLICES`` and ``CTREVIEW_BENCH_RUNS`` make it smaller.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dcm2niix
import gdcm
import numpy as np
import SimpleITK as sitk  # noqa: N813
from scipy.ndimage import gaussian_filter, zoom

from ctreview.dicom import find_series
from ctreview.volume import Geometry, Volume, load_volume
from ctreview.volume.write import write_dicom

SLICES = int(os.environ.get("CTREVIEW_BENCH_SLICES", "300"))
RUNS = int(os.environ.get("CTREVIEW_BENCH_RUNS", "5"))
SCANNED = 10_000

Row = dict[str, Any]


def run() -> list[Row]:
    """Measure everything; about five minutes on two cores."""
    with tempfile.TemporaryDirectory(prefix="ctreview-bench-") as folder:
        raw = Path(folder, "raw")
        _make(raw)
        jpeg = _transcoded(raw, Path(folder, "jpeg"), gdcm.TransferSyntax.JPEGLosslessProcess14_1)
        jpeg2000 = _transcoded(raw, Path(folder, "jpeg2000"), gdcm.TransferSyntax.JPEG2000Lossless)
        return [
            *_reading(raw, "uncompressed", {"dcm2niix": "ratio <= 1.0", "SimpleITK": "ratio <= 0.6"}, RUNS),
            *_reading(jpeg, "JPEG Lossless", {"dcm2niix": "", "SimpleITK": "ratio <= 0.8"}, max(RUNS - 2, 1)),
            *_reading(jpeg2000, "JPEG 2000 lossless", {"SimpleITK": "ratio <= 0.8"}, 1),
            _memory(raw, "uncompressed"),
            _memory(jpeg, "JPEG Lossless"),
            _scan(raw, Path(folder, "tree")),
            *_image_files(raw, Path(folder, "files")),
        ]


def _image_files(raw: Path, folder: Path) -> list[Row]:
    """NIfTI, raw and gzip, beside SimpleITK: time and peak memory until there is a numpy array."""
    folder.mkdir()
    image = sitk.ReadImage([str(path) for path in sorted(raw.iterdir())])
    rows = []
    for name, case in (("a.nii", "NIfTI, uncompressed"), ("a.nii.gz", "NIfTI, gzip")):
        path = folder / name
        sitk.WriteImage(image, str(path))
        times: dict[str, list[float]] = {"ours": [], "SimpleITK": []}
        for _ in range(RUNS + 1):
            for reader, read in (("ours", _ours), ("SimpleITK", _itk_array)):
                start = time.perf_counter()
                read(path)
                times[reader].append(time.perf_counter() - start)
        ours, peer = (statistics.median(values[1:]) for values in times.values())
        rows.append(
            _beside_itk(case, ours, peer, "s", f"median of {RUNS}; header, voxels; ours also in canonical axes")
        )
        ours, peer = (_peak(path, reader) for reader in ("ours", "SimpleITK"))
        rows.append(_beside_itk(f"peak memory, {case}", ours, peer, "× volume", "growth in a fresh process"))
    return rows


def _beside_itk(case: str, ours: float, peer: float, unit: str, note: str) -> Row:
    return {
        "stage": "reading",
        "case": f"{SLICES} slices, {case}",
        "ours": round(ours, 3),
        "peer": round(peer, 3),
        "peer_name": "SimpleITK",
        "ratio": round(ours / peer, 3),
        "goal": "ratio <= 1.2",
        "unit": unit,
        "note": note,
    }


def _itk_array(path: Path) -> None:
    sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


_PEAK = """
import resource, sys
from pathlib import Path
import numpy as np, SimpleITK as sitk
from ctreview.volume import load_volume
small, path, reader = sys.argv[1:]
def read(name):
    if reader == "ours":
        return load_volume(name).array
    return sitk.GetArrayFromImage(sitk.ReadImage(name))
read(small)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
array = read(path)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / array.nbytes)
"""


def _peak(path: Path, reader: str) -> float:
    small = path.with_name(f"small-{path.name}")
    sitk.WriteImage(sitk.GetImageFromArray(np.full((4, 8, 8), -1000, np.int16)), str(small))
    program = [sys.executable, "-c", _PEAK, str(small), str(path), reader]
    return float(subprocess.run(program, check=True, capture_output=True, text=True).stdout)


def _make(folder: Path) -> None:
    """Write a series with the smoothness and the noise of a scan of the chest."""
    rng = np.random.default_rng(0)
    coarse = gaussian_filter(rng.normal(0, 1, (20, 128, 128)), 4)
    coarse = (coarse / coarse.std() * 500 - 300).clip(-1000, 1200)
    planes = [zoom(plane, 4, order=1) for plane in coarse]
    array = np.empty((SLICES, 512, 512), np.int16)
    for number in range(SLICES):
        array[number] = planes[number % len(planes)] + rng.normal(0, 15, (512, 512))
    geometry = Geometry.aligned(array.shape, (1.0, 0.7, 0.7), frame_of_reference="1.2.3")
    write_dicom(Volume(np.clip(array, -1024, 3000), geometry), folder)


def _transcoded(source: Path, target: Path, syntax: int) -> Path:
    target.mkdir()
    for path in sorted(source.iterdir()):
        reader = gdcm.ImageReader()
        reader.SetFileName(str(path))
        reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
        change.SetInput(reader.GetImage())
        change.Change()
        writer = gdcm.ImageWriter()
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        writer.SetFileName(str(target / path.name))
        writer.Write()
    return target


def _reading(folder: Path, case: str, goals: dict[str, str], runs: int) -> list[Row]:
    """Ours and each peer in turns."""
    peers: dict[str, Callable[[Path], None]] = {"dcm2niix": _dcm2niix, "SimpleITK": _simpleitk}
    readers = {"ours": _ours, **{name: peers[name] for name in goals}}
    times: dict[str, list[float]] = {name: [] for name in readers}
    for name, read in readers.items():
        if runs > 1 or name == "ours":
            read(folder)
    for _ in range(runs):
        for name, read in readers.items():
            start = time.perf_counter()
            read(folder)
            times[name].append(time.perf_counter() - start)
    middle = {name: statistics.median(values) for name, values in times.items()}
    return [
        {
            "stage": "reading",
            "case": f"{SLICES} slices, {case}",
            "ours": round(middle["ours"], 3),
            "peer": round(middle[name], 3),
            "peer_name": name,
            "ratio": round(middle["ours"] / middle[name], 3),
            "goal": goal,
            "unit": "s",
            "note": f"median of {runs}; headers, order, pixels",
        }
        for name, goal in goals.items()
    ]


def _ours(folder: Path) -> None:
    load_volume(folder)


def _simpleitk(folder: Path) -> None:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    sitk.GetArrayViewFromImage(reader.Execute())


def _dcm2niix(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([dcm2niix.bin, "-z", "n", "-b", "n", "-o", out, str(folder)], check=True, capture_output=True)


_PROGRAM = """
import sys, threading, time
import numba, psutil
from ctreview.volume import load_volume

def taken():
    found = 0
    for process in (me, *me.children()):
        try:
            found += process.memory_info().rss
        except psutil.NoSuchProcess:
            pass
    return found

def watch():
    while not stop.wait(0.005):
        peak.append(taken())

me, stop, peak = psutil.Process(), threading.Event(), []
from ctreview.dicom import find_series
from ctreview.dicom.decode import stored_pixels
list(stored_pixels(find_series(sys.argv[1] + "/0001.dcm")[0].frames, quick=True))
load_volume(sys.argv[1] + "/0001.dcm")  # what the libraries take is not what the volume takes
before = taken()
thread = threading.Thread(target=watch)
thread.start()
volume = load_volume(sys.argv[1])
stop.set()
thread.join()
print((max(peak + [taken()]) - before) / volume.array.nbytes)
"""


def _memory(folder: Path, case: str) -> Row:
    """Peak memory of a fresh process while it reads, over that of the volume."""
    program = [sys.executable, "-c", _PROGRAM, str(folder)]
    found = subprocess.run(program, check=True, capture_output=True, text=True)
    return {
        "stage": "reading",
        "case": f"peak memory, {case}",
        "ours": round(float(found.stdout), 3),
        "peer": 1.0,
        "peer_name": "the volume itself",
        "ratio": round(float(found.stdout), 3),
        "goal": "ratio <= 1.3",
        "unit": "× volume",
        "note": "growth while it reads, child processes included",
    }


def _scan(raw: Path, tree: Path) -> Row:
    """List the series of a tree of 10,000 files, a tenth of them something else."""
    sources = sorted(raw.iterdir())
    for number in range(SCANNED):
        folder = tree / f"{number // 500:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        if number % 10 == 9:
            (folder / f"note{number}.txt").write_text("Nothing to see here. " * 20)
        else:
            os.link(sources[number % len(sources)], folder / f"{number}.dcm")
    calls: list[float] = []

    def listen(done: float, total: float, what: str) -> None:
        calls.append(done)

    start = time.perf_counter()
    find_series(tree, progress=listen)
    took = time.perf_counter() - start
    return {
        "stage": "reading",
        "case": f"headers of {SCANNED} files",
        "ours": round(took, 2),
        "goal": "ours <= 10",
        "unit": "s",
        "note": f"folders, 10 % junk, {len(calls)} calls of progress",
    }
