from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari_ctreview.viewer.measurements import RegionOfInterest
from napari_ctreview.viewer.presets import limits, windows_for

from ctreview.volume.contrasts import examination
from ctreview.volume.geometry import Geometry
from tests.volume.test_contrasts import AXIAL, coronal, thigh


def test_contrasts_of_one_examination_lie_at_one_place(make_panes: Any) -> None:
    finer = Geometry.aligned((30, 70, 80), (2.0, 1.0, 1.0), origin=(-40, -33, 2), frame_of_reference="1.2.3")
    found = examination([thigh(AXIAL, "T1"), thigh(finer, "STIR"), thigh(coronal(), "T2")])
    assert [(one.name, one.resampled) for one in found.contrasts] == [("T1", False), ("STIR", False), ("T2", True)]
    for one in found.contrasts:
        bright = np.argwhere(np.asarray(one.volume.array) > 600)
        middle = one.volume.geometry.to_lps(bright.mean(axis=0))
        assert np.allclose(middle, (12, 4, 30), atol=max(one.volume.geometry.spacing) / 2)
    panes = make_panes(2)
    panes.scans.show_examinations(found)
    pane = panes.panes[0]
    assert not panes.panes[1].canvas.isVisible()
    panes.set_window("oedema")
    panes.go_to(np.array([12.0, 4.0, 30.0]))
    for name in ("STIR", "T2", "T1"):
        panes.scans.next_contrast()
        assert name in pane.annotations.corners.top_left
        assert tuple(pane.image.contrast_limits) == pytest.approx(limits(pane.windows["oedema"]))
        assert np.allclose(pane.centre, (12, 4, 30), atol=max(pane.geometry.spacing))
        assert pane.read(np.array([12.0, 4.0, 30.0])).value == pytest.approx(900)


def test_a_region_of_interest_measures_the_contrast_in_view_on_its_own_grid(make_panes: Any) -> None:
    finer = Geometry.aligned((30, 70, 80), (2.0, 1.0, 1.0), origin=(-40, -33, 2), frame_of_reference="1.2.3")
    found = examination([thigh(AXIAL, "T1"), thigh(finer, "STIR")])
    panes = make_panes(1)
    panes.scans.show_examinations(found)
    panes.go_to(np.array([12.0, 4.0, 30.0]))
    pane = panes.panes[0]
    pane.marks.append(RegionOfInterest(np.array([[8.0, 0.0, 30.0], [16.0, 8.0, 30.0]]), pane.geometry, 0))
    for _ in found.contrasts:
        (drawing,) = pane.annotations.drawings()
        assert drawing.text.startswith("900.0 ± 0.0")
        panes.scans.next_contrast()


def test_windows_of_mr_follow_the_image_and_not_its_scale() -> None:
    image = thigh(AXIAL, "T1")
    tenfold = image.with_array(np.asarray(image.array) * 10)
    for name, (level, width) in windows_for(image).items():
        assert windows_for(tenfold)[name] == pytest.approx((10 * level, 10 * width), rel=1e-3)
    low, high = limits(windows_for(image)["whole"])
    assert low <= 10
    assert 300 < high <= 900
    fraction = image.with_array(np.asarray(image.array) / 900, unit="fraction")
    assert limits(windows_for(fraction)["whole"]) == (0, 1)
