"""The panel of change, by mouse and by keyboard."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ctreview.anatomy import DenseCandidate
from ctreview.change import Candidate, Comparison
from ctreview.change.tally import Tally
from ctreview.checks import Check
from ctreview.edits import Edit
from ctreview.recipes.chest_ct.corrections import handlers_of
from ctreview.study import Finding
from tests.plugins.napari_ctreview.waiting import focused
from tests.report.conftest import AFTER, BEFORE, SHIFT, compare, geometry, timepoint

DARK = (38, 41, 48)
"""The background of napari's dark theme."""


@pytest.fixture(scope="session")
def comparison() -> Comparison:
    """Two scans of two ellipsoids: a ball gone, one that shrank, a new one."""
    grids = geometry(), geometry((3.0, 1.8, 1.8), uid="1.2.4")
    return compare(timepoint(BEFORE, grids[0], np.zeros(3)), timepoint(AFTER, grids[1], SHIFT))


@pytest.fixture(scope="session")
def counts(comparison: Comparison) -> Callable[..., Any]:
    """Millilitres of both scans by region and label, with some added to the follow-up's right lung."""

    def made(added_ml: float = 0.0) -> tuple[Any, Any]:
        before, after = (
            Tally(point.regions, point.opacity).ml() for point in (comparison.baseline, comparison.followup)
        )
        for region in ("lungs", "right_lung"):
            after[region]["ground_glass"] += added_ml
        return before, after

    return made


class Heard:
    """What a panel said."""

    def __init__(self, panel: Any) -> None:
        self.places: list[tuple[int, tuple[float, ...]]] = []
        self.edits: list[tuple[int, str, dict[str, Any]]] = []
        self.regions: list[str] = []
        panel.go_to.connect(lambda pane, place: self.places.append((pane, tuple(place))))
        panel.decided.connect(lambda *said: self.edits.append(said))
        panel.region_chosen.connect(self.regions.append)


@pytest.fixture
def panel(qtbot: Any) -> Any:
    from napari_ctreview.widgets.change_panel import ChangePanel

    made = ChangePanel()
    qtbot.addWidget(made)
    made.resize(400, 700)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    return made


@pytest.fixture
def shown(panel: Any, comparison: Comparison, qtbot: Any) -> Any:
    """The panel with the comparison and its pieces."""
    panel.show_comparison(comparison)
    qtbot.waitUntil(lambda: bool(panel.pieces.pieces.pieces))
    return panel


@pytest.fixture
def listed(shown: Any, qtbot: Any) -> Any:
    """The tab of pieces, with the focus where the tab bar leaves it."""
    shown.tabs.setCurrentWidget(shown.pieces)
    focused(qtbot, shown.tabs.tabBar())
    return shown


def press(qtbot: Any, panel: Any, *keys: str) -> None:
    """Press keys wherever the focus is."""
    from qtpy.QtGui import QKeySequence
    from qtpy.QtTest import QTest
    from qtpy.QtWidgets import QApplication

    for key in keys:
        QTest.keySequence(QApplication.focusWidget() or panel, QKeySequence(key))
        qtbot.wait(5)


def click(qtbot: Any, tree: Any, region: str) -> None:
    from qtpy.QtCore import Qt

    item = tree.row(region)
    if item.parent() is not None:
        item.parent().setExpanded(True)
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=tree.visualItemRect(item).center())


def label_at(comparison: Comparison, pane: int, place: tuple[float, ...]) -> int:
    point = (comparison.baseline, comparison.followup)[pane]
    return int(point.opacity.array[tuple(np.rint(point.volume.geometry.to_index(np.array(place))).astype(int))])


def test_what_is_too_small_to_be_listed_is_told(panel: Any, comparison: Comparison, qtbot: Any) -> None:
    from ctreview.change import PieceSettings, find_pieces

    panel.pieces.show_pieces(find_pieces(comparison, settings=PieceSettings(least_ml=1000.0)))
    assert panel.pieces.table.rowCount() == 0
    assert panel.pieces.notice.text().startswith("No piece of 1000.0 mL or more. Below 1000.0 mL and not listed")
    panel.pieces.show_pieces(find_pieces(comparison, settings=PieceSettings(least_ml=20.0)))
    rows, small = panel.pieces.table.rowCount(), panel.pieces.pieces.small
    assert panel.pieces.filters["all"].text() == f"All {rows}"
    assert rows > 0
    assert any(one.count for one in small)
    assert "Below 20.0 mL and not listed, but in all volumes" in panel.pieces.notice.text()


# --- the table


def test_each_region_has_its_numbers_and_parts_stand_under_their_whole(shown: Any) -> None:
    row = shown.table.row("right_lung")
    assert [row.text(column) for column in range(4)] == ["Right lung", "75 →\n9.3", "−66\n(−72 to −60)", "▼ decreased"]
    part = shown.table.row("left_lung/apical")
    assert (part.text(0), part.parent()) == ("apical third", shown.table.row("left_lung"))
    assert shown.table.topLevelItemCount() == 3
    assert "−64 mL (−70 to −58 mL)" in shown.headline.text()


def test_a_correction_is_followed_at_once_and_intervals_are_said_to_be_carried_over(
    shown: Any, comparison: Comparison, counts: Any
) -> None:
    before, after = counts(80.0)
    took = []
    for _ in range(5):
        start = time.perf_counter()
        shown.follow(before, after)
        took.append(time.perf_counter() - start)
    assert min(took) < 0.05
    row = shown.table.row("lungs")
    assert [row.text(column) for column in (1, 2, 3)] == ["75 →\n91", "+16\n(+10 to +22)", "▲ increased *"]
    assert row.font(2).italic()
    assert row.toolTip(2).startswith("Carried over")
    assert "carried over" in shown.headline.text()
    shown.show_comparison(comparison)
    assert row.text(3) == "▼ decreased"
    assert not row.font(2).italic()
    assert "carried over" not in shown.headline.text()


def test_what_is_to_confirm_follows_what_the_reader_has_judged(panel: Any, comparison: Comparison, counts: Any) -> None:
    piece = DenseCandidate(
        "p1",
        "right_lung",
        "right_lung/basal",
        12.0,
        "consolidation",
        "",
        (0.0, 0.0, 0.0),
        (0, 0, 0),
        (1, 1, 1),
        b"\x80",
    )
    offered = replace(comparison.baseline, candidates=(Candidate(piece),))
    panel.show_comparison(replace(comparison, baseline=offered))
    assert "in none of these numbers" in panel.headline.text()
    panel.follow(*counts(), candidates=((Candidate(piece, "accepted", "consolidation"),), ()))
    assert "in none of these numbers" not in panel.headline.text()


def test_showing_a_comparison_does_not_hold_the_window_up(panel: Any, comparison: Comparison) -> None:
    panel.show_comparison(comparison)
    start = time.perf_counter()
    panel.show_comparison(comparison)
    assert time.perf_counter() - start < 0.1


def test_a_click_goes_to_the_largest_piece_that_is_left_there(shown: Any, qtbot: Any, comparison: Comparison) -> None:
    heard = Heard(shown)
    for region in ("right_lung", "left_lung", "left_lung/apical"):
        click(qtbot, shown.table, region)
        pane, place = heard.places[-1]
        assert pane == 1
        inside = comparison.followup.regions.mask(region)
        assert inside[tuple(np.rint(comparison.followup.volume.geometry.to_index(np.array(place))).astype(int))]
        assert label_at(comparison, pane, place) in (1, 2)
    assert heard.regions == ["right_lung", "left_lung", "left_lung/apical"]


def test_where_nothing_is_left_it_goes_to_where_something_was(shown: Any, qtbot: Any, comparison: Comparison) -> None:
    heard = Heard(shown)
    click(qtbot, shown.table, "right_lung/apical")
    ((pane, place),) = heard.places
    assert pane == 0
    assert label_at(comparison, pane, place) == 1


def test_enter_goes_there_too_and_arrows_walk(shown: Any, qtbot: Any) -> None:
    from qtpy.QtCore import Qt

    heard = Heard(shown)
    shown.table.setFocus()
    qtbot.keyClick(shown.table, Qt.Key.Key_Home)
    qtbot.keyClick(shown.table, Qt.Key.Key_Down)
    qtbot.keyClick(shown.table, Qt.Key.Key_Return)
    assert heard.regions == ["right_lung"]
    assert heard.places[0][0] == 1


def test_a_click_before_the_pieces_are_listed_is_kept(panel: Any, comparison: Comparison, qtbot: Any) -> None:
    heard = Heard(panel)
    panel.show_comparison(comparison)
    click(qtbot, panel.table, "right_lung")
    assert heard.regions == ["right_lung"]
    qtbot.waitUntil(lambda: len(heard.places) == 1)


def test_a_bar_is_as_long_as_its_volume_and_has_the_colour_of_its_verdict(shown: Any, qtbot: Any) -> None:
    qtbot.wait(20)
    tree = shown.table
    picture = tree.viewport().grab().toImage()

    def length(region: str, colour: tuple[int, int, int]) -> int:
        cell = tree.visualItemRect(tree.row(region))
        left = tree.header().sectionPosition(3)
        seen = [
            x
            for x in range(left, tree.viewport().width())
            for y in range(cell.top() + 2, cell.top() + 17)
            if picture.pixelColor(x, y).getRgb()[:3] == colour
        ]
        return max(seen) - left if seen else 0

    before, green = (139, 149, 161), (79, 196, 106)
    assert length("lungs", before) == pytest.approx(length("right_lung", before), abs=3)
    assert length("left_lung", before) < 0.1 * length("lungs", before)
    assert 0 < length("right_lung", green) < 0.5 * length("right_lung", before)
    assert length("left_lung", green) == 0


def test_without_a_verdict_the_headline_has_the_reason_and_no_number(panel: Any, comparison: Comparison) -> None:
    blocked = Check("posture", "supine/prone", "same", False, "Turned.", effect="stops")
    regions = tuple(replace(region, verdict="not_interpretable") for region in comparison.regions)
    panel.show_comparison(replace(comparison, regions=regions, checks=(blocked,)))
    assert "? no verdict" in panel.headline.text()
    assert "Turned." in panel.headline.text()
    assert "mL" not in panel.headline.text()
    assert panel.table.row("lungs").text(3) == "? no verdict"


def test_a_correction_before_any_comparison_is_no_fault(panel: Any, counts: Any) -> None:
    panel.follow(*counts())
    assert panel.regions == ()


# --- the pieces


def test_pieces_are_counted_by_what_became_of_them(listed: Any) -> None:
    texts = [button.text() for button in listed.pieces.filters.values()]
    assert texts[0].startswith("All ")
    assert texts[1].startswith("Resolved ")
    assert listed.pieces.table.rowCount() == int(texts[0].split()[1])
    shown_ml = [float(listed.pieces.table.item(row, 1).text()) for row in range(listed.pieces.table.rowCount())]
    assert shown_ml == sorted(shown_ml, reverse=True)


def test_the_keys_alone_step_through_and_decide(listed: Any, qtbot: Any, comparison: Comparison) -> None:
    heard, pieces = Heard(listed), listed.pieces
    press(qtbot, listed, ".")
    first = pieces.piece
    assert heard.places == [(first.timepoint, first.places["resolved"])]
    press(qtbot, listed, ".", ",")
    assert pieces.piece == first
    press(qtbot, listed, "8")
    assert pieces.state(first) == "accepted"
    assert heard.edits == []
    second = pieces.piece
    assert second != first
    press(qtbot, listed, "9")
    assert pieces.state(second) == "rejected"
    assert tuple(heard.edits) == second.rejected()
    assert pieces.notice.text().startswith("2 of ")
    assert len(heard.places) == 5
    row = [one for one in range(pieces.table.rowCount()) if pieces.table.item(one, 0).text() == "✕"]
    assert len(row) == 1
    assert pieces.table.item(row[0], 3).font().strikeOut()


def test_a_rejection_is_an_edit_that_takes_the_piece_away(listed: Any, qtbot: Any, comparison: Comparison) -> None:
    heard = Heard(listed)
    press(qtbot, listed, ".", "9")
    number, kind, payload = heard.edits[0]
    point = (comparison.baseline, comparison.followup)[number]
    edit = Edit(kind, "opacity", payload, "anna", point.volume.digest, point.volume.geometry)
    patch = handlers_of(point)[kind](point.opacity, edit)
    lost = point.opacity.mask("ground_glass", "consolidation")[patch.box].sum() - (np.isin(patch.labels, (1, 2))).sum()
    largest = max(piece.ml for piece in listed.pieces.pieces.pieces if piece.timepoint == number)
    assert lost * point.volume.geometry.voxel_ml == pytest.approx(largest)


def test_what_is_in_both_scans_is_taken_in_the_other(listed: Any, qtbot: Any) -> None:
    from qtpy.QtCore import Qt

    heard = Heard(listed)
    qtbot.mouseClick(listed.pieces.filters["new"], Qt.MouseButton.LeftButton)
    press(qtbot, listed, ".")
    piece = next(one for one in listed.pieces.pieces.of("new") if one.fate == "new")
    while listed.pieces.piece != piece:
        press(qtbot, listed, ".")
    press(qtbot, listed, "Shift+G")
    assert [(number, kind) for number, kind, _ in heard.edits] == [(0, "take_piece")]
    assert listed.pieces.state(piece) == "in both"


def test_filters_show_one_kind_each(listed: Any, qtbot: Any) -> None:
    from qtpy.QtCore import Qt

    for name, word in (("resolved", "below threshold at follow-up"), ("persistent", "persistent"), ("new", "new")):
        qtbot.mouseClick(listed.pieces.filters[name], Qt.MouseButton.LeftButton)
        table = listed.pieces.table
        assert {table.item(row, 2).text() for row in range(table.rowCount())} == {word}
        assert table.rowCount() == int(listed.pieces.filters[name].text().split()[1]) > 0


def test_a_click_on_a_piece_goes_there_and_arrows_walk(listed: Any, qtbot: Any) -> None:
    from qtpy.QtCore import Qt

    heard, table = Heard(listed), listed.pieces.table
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualItemRect(table.item(1, 3)).center())
    assert heard.places
    assert table.currentRow() == 1
    qtbot.keyClick(table, Qt.Key.Key_Down)
    assert table.currentRow() == 2
    assert len(set(heard.places)) == 2


def test_a_new_comparison_keeps_what_was_accepted_and_opens_what_is_back(
    listed: Any, qtbot: Any, comparison: Comparison
) -> None:
    press(qtbot, listed, ".", "8", "9")
    accepted, rejected = (
        next(one for one in listed.pieces.pieces.pieces if listed.pieces.state(one) == state)
        for state in ("accepted", "rejected")
    )
    listed.show_comparison(comparison)
    qtbot.waitUntil(lambda: listed.pieces.state(rejected) == "open")
    assert listed.pieces.state(accepted) == "accepted"


def test_keys_are_those_of_the_list_only_while_it_is_shown(shown: Any, qtbot: Any) -> None:
    heard = Heard(shown)
    shown.tabs.setCurrentWidget(shown.table)
    press(qtbot, shown, ".", "9")
    assert heard.edits == heard.places == []


def test_every_button_says_its_key_and_what_it_does(listed: Any) -> None:
    from napari.utils.shortcuts import default_shortcuts
    from napari_ctreview.correcting import shortcuts as correcting
    from napari_ctreview.marking import finding_marker
    from napari_ctreview.viewer import shortcuts
    from napari_ctreview.widgets.piece_list import KEYS
    from napari_ctreview.widgets.words_tab import COPY

    for name, (key, _, _) in KEYS.items():
        assert listed.pieces.buttons[name].text().endswith(f" {key}")
        assert f"({key})" in listed.pieces.buttons[name].toolTip()
    assert all(button.toolTip() for button in listed.pieces.filters.values())
    taken = {key.keys for table in (shortcuts.KEYS, correcting.KEYS, finding_marker.KEYS) for key in table}
    taken |= {str(key) for keys_of in default_shortcuts.values() for key in keys_of}
    assert not {COPY, *(key for key, _, _ in KEYS.values())} & taken


def test_without_a_registration_the_pieces_of_both_scans_are_listed(
    panel: Any, qtbot: Any, comparison: Comparison
) -> None:
    points = (replace(comparison.baseline, fate=None), replace(comparison.followup, fate=None))
    panel.show_comparison(replace(comparison, baseline=points[0], followup=points[1], transform=None))
    qtbot.waitUntil(lambda: bool(panel.pieces.pieces.pieces))
    words = {panel.pieces.table.item(row, 2).text() for row in range(panel.pieces.table.rowCount())}
    assert words == {"at baseline", "at follow-up"}
    assert [button.isEnabled() for button in panel.pieces.filters.values()] == [True, False, False, False]


# --- the words


def test_the_report_is_copied_in_either_language(shown: Any, qtbot: Any) -> None:
    from napari_ctreview.widgets.words_tab import COPY
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import QApplication

    shown.tabs.setCurrentWidget(shown.words)
    qtbot.mouseClick(shown.words.copy, Qt.MouseButton.LeftButton)
    english = QApplication.clipboard().text()
    assert english.startswith("DRAFT, not signed.")
    shown.words.language.setFocus()
    qtbot.keyClick(shown.words.language, Qt.Key.Key_Down)
    shown.words.text.setFocus()
    press(qtbot, shown, COPY)
    qtbot.waitUntil(lambda: QApplication.clipboard().text().startswith("ENTWURF"))


def test_nothing_is_copied_that_is_out_of_date(shown: Any, counts: Any, comparison: Comparison) -> None:
    shown.follow(*counts(5.0))
    assert not shown.words.copy.isEnabled()
    assert "comparing anew" in shown.words.state.text()
    shown.show_comparison(comparison)
    assert shown.words.copy.isEnabled()


def test_what_is_marked_stands_in_the_report_and_lets_nothing_old_be_copied(shown: Any, counts: Any) -> None:
    spot = Finding("spot", 1, (10.0, 20.0, 30.0), region="right_lung", tracked="spot 1")
    assert "spot" not in shown.words.text.toPlainText().lower()
    shown.follow(*counts(5.0))
    shown.update_report(findings=(spot,))
    assert "spot" in shown.words.text.toPlainText().lower()
    assert not shown.words.copy.isEnabled()


def test_it_says_draft_until_it_is_signed(shown: Any) -> None:
    assert shown.words.state.text() == "draft"
    shown.update_report(signed={"reader": "anna", "time": "2021-11-09T10:30:00+00:00"})
    assert shown.words.state.text() == "signed"
    assert shown.words.text.toPlainText().startswith("Signed by anna")


# --- how it looks


def test_colours_can_be_read_on_napari_s_dark_background() -> None:
    from napari_ctreview.widgets.piece_list import FATES
    from napari_ctreview.widgets.region_table import VERDICTS

    for _, colour in (*VERDICTS.values(), *FATES.values()):
        channels = tuple(int(colour[n : n + 2], 16) for n in (1, 3, 5))
        assert contrast(channels, DARK) >= 4.5, colour


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """WCAG 2.1's ratio."""

    def luminance(colour: tuple[int, ...]) -> float:
        linear = [c / 255 / 12.92 if c / 255 <= 0.03928 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
