"""Files of transforms: any path, broken ones refused, and nothing of C++ on the screen."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from ctreview.errors import UnreadableFile
from ctreview.volume.itk_transform_file import read_itk_transform, write_itk_transform


def _affine() -> sitk.AffineTransform:
    made = sitk.AffineTransform(3)
    made.SetTranslation((1.0, 2.0, 3.5))
    return made


def test_a_path_that_is_not_utf_8(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/M\xfcller"))
    folder.mkdir()
    write_itk_transform(_affine(), folder / "a.h5")
    assert read_itk_transform(folder / "a.h5").TransformPoint((0, 0, 0)) == pytest.approx((1, 2, 3.5))


def test_broken_files_are_refused_in_silence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.h5"
    write_itk_transform(_affine(), path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    with caplog.at_level(logging.WARNING, "ctreview.itk"):
        for number in range(20):
            data = bytearray(whole)
            if number % 2:
                data = data[: rng.integers(len(data))]
            else:
                data[8 : 8 + 60] = rng.bytes(60)
            path.write_bytes(data)
            try:
                read_itk_transform(path)
            except UnreadableFile:
                refused += 1
    assert refused > 10
    assert capfd.readouterr() == ("", "")
    assert caplog.records


def test_what_is_no_transform_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_bytes(b"not a transform")
    for path in (tmp_path / "a.h5", tmp_path / "none.h5", tmp_path):
        with pytest.raises(UnreadableFile):
            read_itk_transform(path)
