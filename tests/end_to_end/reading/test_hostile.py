"""Mutated files: an image or a refusal, quickly, and nothing written.

``CTREVIEW_FUZZ`` sets how many mutations are tried (2,000 in the benchmark's run); the seed is fixed.
"""

from __future__ import annotations

import os
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from ctreview.dicom import find_series
from ctreview.errors import CtreviewError
from ctreview.volume import load_volume
from tests.dicom.making import make_enhanced, make_slice, make_stack, ramp, save

MUTATIONS = int(os.environ.get("CTREVIEW_FUZZ", "300"))
SLOWEST_S = 5.0


def _seeds(folder: Path) -> list[bytes]:
    """Files of every kind that the reader knows."""
    save(make_slice(ramp((1, 16, 16))[0]), folder / "classic.dcm")
    data = make_enhanced(ramp((3, 8, 8)), [(0, 0, 2 * n) for n in range(3)], content=[{"StackID": "1"}] * 3)
    save(data, folder / "enhanced.dcm")
    names = ("MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_bigendian.dcm")
    paths = [folder / "classic.dcm", folder / "enhanced.dcm"]
    paths += [Path(str(get_testdata_file(name))) for name in (*names, "MR_small_implicit.dcm", "CT_small.dcm")]
    seeds = [path.read_bytes() for path in paths]
    classic = seeds[0]
    start = classic.index(b"\x08\x00\x05\x00") if b"\x08\x00\x05\x00" in classic else classic.index(b"\x08\x00\x08\x00")
    packer = zlib.compressobj(wbits=-15)
    head = classic[:start].replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99"[:20])
    seeds.append(head + packer.compress(classic[start:]) + packer.flush())
    return seeds


def _mutated(data: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(data)
    kind = rng.integers(5)
    if kind == 0:
        return bytes(changed[: rng.integers(len(changed))])
    if kind == 1:  # a length, somewhere
        at = int(rng.integers(128, len(changed) - 4))
        changed[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\xfe\xff\x00\xe0"])
    elif kind == 2:
        for at in rng.integers(0, min(len(changed), 1500), rng.integers(1, 12)):
            changed[at] = rng.integers(256)
    elif kind == 3:  # in the pixels
        for at in rng.integers(len(changed) // 2, len(changed), 20):
            changed[at] = rng.integers(256)
    else:  # a piece doubled or cut out
        a, b = sorted(rng.integers(130, len(changed), 2))
        changed[a:b] = b"" if rng.random() < 0.5 else bytes(changed[a:b]) * 2
    return bytes(changed)


def _try(path: Path) -> str:
    try:
        for series in find_series(path):
            if series.usable:
                load_volume(series)
                return "read"
    except CtreviewError as error:
        assert path.name in str(error)  # noqa: PT017
        return "refused"
    return "listed"


@pytest.mark.slow
def test_mutated_files_are_read_or_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(20210930)
    seeds = _seeds(tmp_path / "seeds")
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "file.dcm"
    outcomes: dict[str, int] = {"read": 0, "refused": 0, "listed": 0}
    for number in range(MUTATIONS):
        path.write_bytes(_mutated(seeds[number % len(seeds)], rng))
        start = time.perf_counter()
        outcomes[_try(path)] += 1
        assert time.perf_counter() - start < SLOWEST_S
    assert outcomes["read"] > MUTATIONS / 20
    assert outcomes["refused"] > MUTATIONS / 10
    assert [item.name for item in (tmp_path / "in").iterdir()] == ["file.dcm"]


def test_truncated_at_any_byte(tmp_path: Path) -> None:
    whole = save(make_slice(ramp((1, 8, 8))[0]), tmp_path / "whole.dcm").read_bytes()
    path = tmp_path / "cut.dcm"
    for length in range(0, len(whole), 3):
        path.write_bytes(whole[:length])
        with pytest.raises(CtreviewError, match=r"cut\.dcm"):
            load_volume(path)


def test_more_pixels_than_said_are_ignored(tmp_path: Path) -> None:
    data = make_slice(ramp((1, 8, 8))[0])
    data.PixelData += bytes(1000)
    volume = load_volume(save(data, tmp_path / "a.dcm"))
    assert np.array_equal(volume.array, ramp((1, 8, 8)))


def test_a_deflated_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    from ctreview.dicom import header

    monkeypatch.setattr(header, "_MAX_INFLATED", 1 << 20)
    data = make_slice(np.zeros((2000, 2000), np.int16))
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    save(data, tmp_path / "a.dcm")
    with pytest.raises(CtreviewError, match=r"a\.dcm.*unpacks to more"):
        load_volume(tmp_path / "a.dcm")


def test_many_tiny_files_are_quick(tmp_path: Path) -> None:
    for number in range(3000):
        (tmp_path / f"{number}").write_bytes(b"x")
    make_stack(tmp_path / "s", ramp((3, 4, 4)))
    start = time.perf_counter()
    assert len(find_series(tmp_path)) == 1
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.70"])
def test_frames_that_the_bytes_cannot_hold_are_refused_at_once(tmp_path: Path, syntax: str) -> None:
    for number in range(40):
        data = make_slice(ramp((1, 16, 16))[0], NumberOfFrames=65536, number=number)
        if syntax.endswith("70"):
            from pydicom.encaps import encapsulate

            data.PixelData = encapsulate([bytes(100)])
            data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
            data.file_meta.TransferSyntaxUID = syntax
        save(data, tmp_path / f"{number}.dcm")
    start = time.perf_counter()
    with pytest.raises(CtreviewError, match="claims 65536 frames"):
        load_volume(tmp_path)
    assert time.perf_counter() - start < SLOWEST_S
