from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ctreview.tools.brush import stroke
from ctreview.volume.box import bounding_box
from tests.plugins.napari_ctreview.simulated_mouse import CTRL, lesion_of
from tests.plugins.napari_ctreview.waiting import until


def across_the_lesion(pair: Any, half_mm: float = 8.0) -> list[Any]:
    place = lesion_of(pair)
    return [place + np.array([x, 0.0, 0.0]) for x in np.linspace(-half_mm, half_mm, 5)]


def test_strokes_show_what_they_come_to_and_return_takes_it(
    at_work: Any, pair: Any, qtbot: Any, canvas_of: Any
) -> None:
    panes, editor, corrector, mouse = at_work()
    pane, truth = panes.panes[0], pair.before.opacity.mask("ground_glass")
    corrector.select_tool("scribble")
    # a stroke as thick as a voxel, or it may pass between their centres
    corrector.set("scribble", replace(corrector.settings["scribble"], stroke_mm=4.0))
    bare = canvas_of(pane)
    mouse.drag(0, across_the_lesion(pair))
    away = lesion_of(pair) + np.array([0.0, 45.0, 0.0])
    mouse.drag(0, [away, away + np.array([10.0, 0, 0])], modifiers=CTRL)
    until(qtbot, lambda: len(corrector.tool.sketches(0)) == 3)
    assert not editor.session(0).array.any(), "a preview changes nothing"
    x, y = (round(float(v)) for v in pane.pixels_of(lesion_of(pair))[0])
    shown, previewed = canvas_of(pane), corrector.tool.sketches(0)
    assert np.abs(shown[y, x].astype(int) - bare[y, x]).max() > 20
    corrector.finish()
    until(qtbot, lambda: len(editor.records) == 1)
    record = editor.records[0][1]
    assert record.kind == "scribble"
    assert [one["label"] for one in record.payload["strokes"]] == ["ground_glass", None]
    labels = editor.session(0).array
    place = tuple(np.rint(pane.geometry.to_index(lesion_of(pair))).astype(int))
    beside = tuple(np.rint(pane.geometry.to_index(away)).astype(int))
    assert (labels[place], labels[beside]) == (1, 0)
    found = labels == 1
    drawn = np.asarray(record.payload["strokes"][0]["points"])
    under = stroke(pane.geometry, drawn, 4.0, bounding_box(np.ones_like(found)))
    assert np.count_nonzero(found & truth) > 0.9 * np.count_nonzero(found), "what looks like the stroke is the lesion"
    assert np.count_nonzero(found) > 5 * np.count_nonzero(under), "and reaches far beyond it"
    preview = previewed[0]
    box = tuple(slice(a, a + n) for a, n in zip(preview.start, preview.values.shape, strict=True))
    assert np.array_equal(labels[box] == 1, preview.values == 1), "what is taken is what was shown"
    assert len(corrector.tool.sketches(0)) == 2, "the strokes that were taken stay, dashed"
    assert all(line.dashed for line in corrector.tool.sketches(0))


def test_doubt_is_shown_and_undo_takes_strokes_back_before_acts(at_work: Any, pair: Any, qtbot: Any) -> None:
    _, editor, corrector, mouse = at_work()
    corrector.select_tool("scribble")
    scribble = corrector.tool
    scribble.toggle_doubt()
    mouse.drag(0, across_the_lesion(pair))
    until(qtbot, lambda: len(scribble.sketches(0)) == 3)
    doubt = scribble.sketches(0)[0]
    assert 0 < doubt.values.max() <= 255
    scribble.toggle_doubt()
    assert len(scribble.sketches(0)) == 2
    corrector.undo()
    assert scribble.sketches(0) == []
    assert editor.records == []


def test_strokes_go_to_the_other_timepoint_through_the_registration(at_work: Any, pair: Any, qtbot: Any) -> None:
    _, editor, corrector, mouse = at_work()
    corrector.select_tool("scribble")
    points = across_the_lesion(pair)
    mouse.drag(0, points)
    corrector.tool.to_other()
    assert len(corrector.tool.sketches(0)) == 0
    line = corrector.tool.sketches(1)[-1]
    assert np.allclose(line.points[0], pair.transform.to_moving(points[0]), atol=2.1)
    corrector.finish()
    until(qtbot, lambda: len(editor.records) == 1)
    assert editor.records[0][0] == 1
    assert not editor.session(0).array.any()


def test_the_whole_lung_is_labelled_in_the_background(at_work: Any, pair: Any, qtbot: Any) -> None:
    _, editor, corrector, mouse = at_work()
    corrector.select_tool("scribble")
    busy: list[str] = []
    corrector.busy.connect(busy.append)
    mouse.drag(0, across_the_lesion(pair))
    corrector.finish(everywhere=True)
    assert editor.records == [], "the window does not wait for it"
    until(qtbot, lambda: len(editor.records) == 1)
    assert editor.records[0][1].payload["settings"]["reach_mm"] is None
    assert "Labelling the whole lung" in busy
