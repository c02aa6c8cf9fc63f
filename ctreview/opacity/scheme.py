"""What the classes of opacity are called."""

from __future__ import annotations

from ctreview.volume.labels import Code, Label, Scheme

__all__ = ["OPACITY_SCHEME"]

_ABNORMAL = Code("49755003", "SCT", "Morphologically Abnormal Structure")

OPACITY_SCHEME = Scheme(
    (
        Label(1, "ground_glass", (230, 159, 0), Code("112120", "DCM", "Ground glass opacity"), _ABNORMAL),
        Label(2, "consolidation", (204, 51, 17), Code("95436008", "SCT", "Lung consolidation"), _ABNORMAL),
        Label(3, "dependent_opacity", (0, 114, 178), Code("112119", "DCM", "Dependent opacity"), _ABNORMAL),
    )
)
"""Ground glass, consolidation and dependent opacity; colours that colour-blind eyes tell apart (Okabe and Ito)."""
