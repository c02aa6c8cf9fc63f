from __future__ import annotations

from typing import Any

import numpy as np
from napari_ctreview.correcting import ToolBox
from napari_ctreview.correcting.shortcuts import KEYS
from napari_ctreview.correcting.tool_settings_form import ToolSettingsForm
from qtpy.QtCore import Qt

from ctreview.tools import BrushSettings
from tests.plugins.napari_ctreview.simulated_mouse import SHIFT, lesion_of


def test_every_field_says_what_it_is(at_work: Any) -> None:
    panes, _, corrector, _ = at_work()
    box = ToolBox(corrector)
    panes.viewer.window.add_dock_widget(box, area="right")
    widgets = [widget for form in box.fields.values() for widget in form.widgets.values()]
    assert len(widgets) > 15
    assert all(widget.toolTip() for widget in widgets)


def test_fields_show_the_settings_and_tell_of_changes(qtbot: Any) -> None:
    told: list[Any] = []
    form = ToolSettingsForm(BrushSettings(), ("radius_mm", "shape", "low_hu"), told.append)
    qtbot.addWidget(form)
    assert form.widgets["radius_mm"].suffix() == " mm"
    assert form.widgets["low_hu"].text() == "no limit"
    form.widgets["low_hu"].setValue(-800)
    form.widgets["shape"].setCurrentText("ball")
    assert told[-1] == BrushSettings(shape="ball", low_hu=-800.0)
    form.show_settings(BrushSettings(radius_mm=9.0))
    assert form.widgets["low_hu"].text() == "no limit"
    assert len(told) == 2, "what is only shown is no change"


def test_buttons_take_tools_and_never_the_focus(at_work: Any, pair: Any, qtbot: Any) -> None:
    panes, editor, corrector, mouse = at_work()
    box = ToolBox(corrector)
    panes.viewer.window.add_dock_widget(box, area="right")
    qtbot.mouseClick(box.tools["brush"], Qt.MouseButton.LeftButton)
    assert corrector.tool.name == "brush"
    assert box.tools["brush"].isChecked()
    qtbot.mouseClick(box.classes["consolidation"], Qt.MouseButton.LeftButton)
    assert corrector.label == "consolidation"
    assert not box.classes["ground_glass"].isChecked()
    mouse.wheel(0, lesion_of(pair), 1, modifiers=SHIFT)
    assert box.fields["brush"].widgets["radius_mm"].value() > 5.0
    mouse.click(0, lesion_of(pair))
    assert (editor.session(0).array == 2).any()
    assert "consolidation +" in box.message.text()
    qtbot.mouseClick(box.acts["Undo"], Qt.MouseButton.LeftButton)
    assert not editor.session(0).array.any()
    qtbot.mouseClick(box.tools["brush"], Qt.MouseButton.LeftButton)
    assert corrector.tool is None
    assert not any(button.isChecked() for button in box.tools.values())
    every = [*box.tools.values(), *box.classes.values(), *box.acts.values()]
    assert all(button.focusPolicy() is Qt.FocusPolicy.NoFocus for button in every)
    assert all(button.toolTip() for button in every)


def test_a_tool_without_scans_says_what_is_missing(make_panes: Any) -> None:
    from napari_ctreview.correcting import Corrector

    class Empty:
        def act(self, number: int, kind: str, payload: Any) -> None:
            raise AssertionError

        def undo(self) -> None: ...

        def redo(self) -> None: ...

        def canvas(self, number: int) -> None: ...

        def session(self, number: int) -> None: ...

        def lobe_borders(self, number: int) -> None: ...

        def stay_in_lobe(self, stays: bool) -> None: ...

    panes = make_panes()
    corrector = Corrector(panes, Empty())
    box = ToolBox(corrector)
    panes.viewer.window.add_dock_widget(box, area="right")
    for key in KEYS:
        key.act(corrector)
    corrector.act(0, "brush", {})
    assert "open two scans" in box.message.text()


def test_an_oblique_scan_is_painted_where_the_mouse_is(make_panes: Any, pair: Any, qtbot: Any) -> None:
    from dataclasses import replace
    from types import SimpleNamespace

    from napari_ctreview.correcting import Corrector

    from ctreview.volume.geometry import Geometry
    from tests.plugins.napari_ctreview.simulated_mouse import PhantomLabelEditor, SimulatedMouse

    set_plane = np.eye(4)
    set_plane[:2, :2] = [[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]]

    def turned(item: Any) -> Any:
        grid = item.geometry
        return replace(item, geometry=Geometry(grid.shape, set_plane @ grid.affine, grid.frame_of_reference))

    def scan(phantom: Any) -> Any:
        names = ("volume", "opacity", "lobes", "vessels")
        return SimpleNamespace(**{name: turned(getattr(phantom, name)) for name in names})

    both = SimpleNamespace(before=scan(pair.before), after=scan(pair.after), transform=pair.transform)
    panes = make_panes()
    panes.scans.show_timepoints(both.before.volume, both.after.volume)
    editor = PhantomLabelEditor(panes, both)
    corrector, mouse = Corrector(panes, editor), SimulatedMouse(panes, qtbot)
    place = lesion_of(both)
    panes.go_to(place)
    corrector.set("brush", BrushSettings(radius_mm=6.0))
    corrector.select_tool("brush")
    mouse.click(0, place)
    painted = panes.panes[0].geometry.to_lps(np.argwhere(editor.session(0).array))
    assert len(painted)
    assert np.linalg.norm(painted - place, axis=1).max() < 7.5
    assert np.linalg.norm(painted.mean(axis=0) - place) < 3
