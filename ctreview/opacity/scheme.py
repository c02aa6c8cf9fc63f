"""What the classes of opacity are called, which of them are counted, and how they are drawn."""

from __future__ import annotations

from ctreview.volume.labels import Code, Label, Scheme

__all__ = ["OPACITY_SCHEME"]

_ABNORMAL = Code("49755003", "SCT", "Morphologically Abnormal Structure")

OPACITY_SCHEME = Scheme(
    (
        Label(
            1,
            "ground_glass",
            (230, 159, 0),
            Code("112120", "DCM", "Ground glass opacity"),
            _ABNORMAL,
            severity=1,
            line_colour=(240, 180, 41),
            words={"en": "ground glass", "de": "Milchglas"},
            subject={"de": "Milchglastrübungen"},
        ),
        Label(
            2,
            "consolidation",
            (204, 51, 17),
            Code("95436008", "SCT", "Lung consolidation"),
            _ABNORMAL,
            severity=2,
            dense=True,
            line_colour=(255, 95, 61),
            words={"en": "consolidation", "de": "Konsolidierung"},
            subject={"de": "Konsolidierungen"},
        ),
        Label(
            3,
            "dependent_opacity",
            (0, 114, 178),
            Code("112119", "DCM", "Dependent opacity"),
            _ABNORMAL,
            counted=False,
            may_be="ground_glass",
            line_colour=(86, 180, 233),
            words={"en": "dependent opacity", "de": "lageabhängige Verdichtung"},
        ),
        Label(
            4,
            "collapse",
            (204, 121, 167),
            Code("46621007", "SCT", "Atelectasis"),
            _ABNORMAL,
            counted=False,
            line_colour=(235, 150, 195),
            words={"en": "collapse", "de": "Atelektase"},
        ),
    )
)
"""Ground glass, consolidation, dependent opacity, and collapse, which only a reader finds; colours that
colour-blind eyes tell apart (Okabe and Ito).

A further class is a label here, and whoever finds or draws it; measures, intervals, documents, the page and the
window take it from the scheme.
"""
