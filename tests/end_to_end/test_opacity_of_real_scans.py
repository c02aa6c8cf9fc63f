"""Real scans at a coarse grid: what three radiologists saw, and a lung that is normal."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from ctreview.anatomy import find_lungs, find_vessels
from ctreview.volume.labels import LabelMap
from ctreview.volume.load import load_volume
from ctreview.volume.resample import resample
from tests.opacity.one_scan import find_opacity

pytestmark = [pytest.mark.data, pytest.mark.slow]


def opacity_of(folder: Path) -> tuple[LabelMap, LabelMap]:
    volume = load_volume(folder)
    across, down, left = volume.geometry.spacing
    volume = resample(volume, volume.geometry.resized((across, 2 * down, 2 * left)))
    lungs = find_lungs(volume)
    return find_opacity(volume, lungs, find_vessels(volume, lungs)), lungs


def test_slices_that_radiologists_called_ill_hold_more(shared_data: Path) -> None:
    found, _ = opacity_of(shared_data / "covid_p001" / "dicom")
    with (shared_data / "covid_p001" / "lobe_labels.csv").open(newline="") as file:
        readings = list(csv.DictReader(file))
    ill = np.array([any(row[key] == "1" for key in row if key not in ("slice_from_head", "z_mm")) for row in readings])
    per_slice = found.mask("ground_glass", "consolidation").sum(axis=(1, 2))[::-1]
    rank = mannwhitneyu(per_slice[ill], per_slice[~ill]).statistic / (ill.sum() * (~ill).sum())
    assert rank > 0.94


def test_a_normal_lung_has_next_to_none(shared_data: Path) -> None:
    found, lungs = opacity_of(shared_data / "normal001" / "dicom")
    share = found.volume_ml("ground_glass", "consolidation") / lungs.volume_ml("right_lung", "left_lung")
    assert share < 0.005
