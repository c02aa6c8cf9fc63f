from __future__ import annotations

from typing import Any

from napari_ctreview.widgets.folding_section import FoldingSection
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel


def test_a_part_that_was_folded_is_folded_at_the_next_start(qtbot: Any) -> None:
    first = FoldingSection("Findings", QLabel("none"))
    qtbot.addWidget(first)
    first.show()
    assert first.content.isVisible()
    QTest.mouseClick(first.header, Qt.MouseButton.LeftButton)
    assert not first.content.isVisible()
    second = FoldingSection("Findings", QLabel("none"))
    qtbot.addWidget(second)
    second.show()
    assert not second.content.isVisible()
