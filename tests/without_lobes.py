"""The chest CT recipe for tests that ask nothing of lobes, which cost seconds in every scan."""

from __future__ import annotations

from functools import partial

from ctreview.recipes import chest_ct

__all__ = ["WITHOUT_LOBES", "compare", "prepare", "segment"]

WITHOUT_LOBES = chest_ct.ChestCtSettings(lobes=False)

segment = partial(chest_ct.segment, settings=WITHOUT_LOBES)
compare = partial(chest_ct.compare, settings=WITHOUT_LOBES)
prepare = partial(chest_ct.prepare, settings=WITHOUT_LOBES)
