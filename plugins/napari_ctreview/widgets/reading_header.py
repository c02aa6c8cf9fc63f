"""What stands above the steps at all times: how safe the work is, and whether it is signed."""

from __future__ import annotations

from qtpy.QtWidgets import QLabel, QWidget

from napari_ctreview.session.reading_controller import ReadingController

__all__ = ["ReadingHeader"]

_COLOURS = {
    "nothing": ("rgba(128, 128, 128, 40)", ""),
    "unsaved": ("#6b4a12", "●"),
    "behind": ("rgba(128, 128, 128, 70)", "●"),
    "saved": ("#1f5130", "✓"),
    "signed": ("#1c4f82", "✒"),
}


class ReadingHeader(QLabel):
    """One line of the save state; once the reading is signed, its badge."""

    def __init__(self, controller: ReadingController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.controller = controller
        self.setWordWrap(True)
        controller.state.changed.connect(self.follow)
        controller.state.reading_changed.connect(self.follow)
        self.follow()

    def follow(self) -> None:
        """Say how the work stands now."""
        state = self.controller.archive.save_state
        background, sign = _COLOURS[state.kind]
        colour = "" if state.kind in ("nothing", "behind") else "color: white;"
        weight = "font-weight: bold;" if state.kind == "signed" else ""
        self.setStyleSheet(
            f"QLabel {{ background: {background}; {colour} {weight} padding: 3px 6px; border-radius: 3px; }}"
        )
        self.setText(f"{sign} {state.words}".strip())
