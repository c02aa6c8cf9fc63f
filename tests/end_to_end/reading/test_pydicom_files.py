"""pydicom's own test files: an image that pydicom decodes alike, or a clear refusal; never a traceback."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_files

from ctreview.dicom import find_series
from ctreview.errors import CtreviewError
from ctreview.volume import LoadSettings, load_volume

PATHS = sorted(Path(path) for path in get_testdata_files())


def _outcome(path: Path) -> str:
    try:
        found = find_series(path)
    except CtreviewError as error:
        assert path.name in str(error)  # noqa: PT017
        return "refused"
    for series in found:
        try:
            volume = load_volume(series, settings=LoadSettings(padding="keep", philips="displayed"))
        except CtreviewError as error:
            assert error.where is not None  # noqa: PT017
            continue
        if path.name == "DICOMDIR" or series.shape[0] > 1:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = pydicom.dcmread(path)
            slope, intercept = float(data.get("RescaleSlope", 1)), float(data.get("RescaleIntercept", 0))
            expected = data.pixel_array * slope + intercept
        # one slice, whatever axes it was cut along: the same numbers
        assert np.array_equal(np.sort(volume.array.ravel()), np.sort(expected.ravel())), path.name
        return "read"
    return "listed"


@pytest.mark.slow
def test_every_file_is_read_or_refused() -> None:
    outcomes = Counter(_outcome(path) for path in PATHS if path.is_file())
    assert outcomes["read"] >= 25
    assert sum(outcomes.values()) >= 150
