"""Key images: kept with the study, found again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from qtpy.QtCore import QObject, Signal

from ctreview.errors import CtreviewError, in_words
from ctreview.study import KeyImage
from napari_ctreview.viewer.key_image_capture import KeyImageCapture
from napari_ctreview.viewer.panes import Panes
from napari_ctreview.viewer.planes import Plane
from napari_ctreview.viewer.slabs import slab_named

__all__ = ["KeyImageRecorder", "KeyImageStore"]


class KeyImageStore(Protocol):
    """Where key images are kept."""

    def key_images(self) -> Sequence[KeyImage]:
        """What was kept so far."""

    def keep_key_images(self, images: Sequence[KeyImage], pictures: Mapping[str, bytes]) -> object:
        """Replace them; pictures are of those that are new."""


class KeyImageRecorder(QObject):
    """Keeps the key images that are taken of the panes, and goes back to them.

    Attributes
    ----------
    notice : Signal(str)
        A short message.
    changed : Signal()
        There are other key images now.
    """

    notice = Signal(str)
    changed = Signal()

    def __init__(self, panes: Panes, store: KeyImageStore, parent: QObject | None = None) -> None:
        super().__init__(parent or panes)
        self.panes, self.store = panes, store
        panes.key_image_taken.connect(self.keep)

    @property
    def images(self) -> tuple[KeyImage, ...]:
        """What was kept so far."""
        return tuple(self.store.key_images())

    def keep(self, taken: KeyImageCapture) -> None:
        """Keep one more."""
        if self._store([*self.images, taken.image], {taken.image.id: taken.png}):
            self.notice.emit(f"Kept as key image {len(self.images)}: {taken.image.shown}.")

    def remove(self, image: KeyImage) -> None:
        """Take a key image out, with its picture."""
        self._store([one for one in self.images if one.id != image.id], {})

    def set_caption(self, image: KeyImage, caption: str) -> None:
        """Say something else of a key image."""
        if caption != image.caption:
            new = replace(image, caption=caption)
            self._store([new if one.id == image.id else one for one in self.images], {})

    def go_to(self, image: KeyImage) -> None:
        """Show the slice again as it was: contrast, plane, slab, window and place."""
        if image.contrast:
            self.panes.scans.contrast(image.contrast)
        pane = next(
            (one for one in self.panes.panes if one.volume is not None and one.timepoint == image.timepoint), None
        )
        if pane is None:
            return
        self.panes.set_plane(Plane[image.plane.upper()])
        self.panes.set_slab(slab_named(image.slab, image.slab_mm))
        pane.set_window((image.window_level, image.window_width))
        pane.go_to(np.asarray(image.place))

    def _store(self, images: Sequence[KeyImage], pictures: Mapping[str, bytes]) -> bool:
        try:
            self.store.keep_key_images(list(images), pictures)
        except (CtreviewError, OSError) as reason:
            self.notice.emit(f"Not kept: {in_words(reason)}")
            return False
        self.changed.emit()
        return True
