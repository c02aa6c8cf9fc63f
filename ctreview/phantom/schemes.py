"""What the values of a phantom's label maps mean."""

from __future__ import annotations

from ctreview.volume.labels import Label, Scheme

__all__ = ["AIRWAY_AND_LUNG_SCHEME", "LOBES", "LOBES_OF", "LOBE_SCHEME", "TRUE_OPACITY_SCHEME", "TRUE_VESSEL_SCHEME"]

AIRWAY_AND_LUNG_SCHEME = Scheme(
    (
        Label(1, "right_lung", (86, 180, 233)),
        Label(2, "left_lung", (0, 114, 178)),
        Label(3, "trachea_and_main_bronchi", (240, 228, 66)),
    )
)
"""Lungs with their vessels, small bronchi and opacity; large airways apart (values as in ``ctreview.anatomy``)."""

LOBE_SCHEME = Scheme(
    (
        Label(1, "right_upper_lobe", (86, 180, 233)),
        Label(2, "right_middle_lobe", (0, 158, 115)),
        Label(3, "right_lower_lobe", (0, 114, 178)),
        Label(4, "left_upper_lobe", (230, 159, 0)),
        Label(5, "left_lower_lobe", (213, 94, 0)),
    )
)
"""The five lobes."""

LOBES = tuple(label.key for label in LOBE_SCHEME)
"""Keys of the lobes in the order of their values."""

TRUE_VESSEL_SCHEME = Scheme((Label(1, "vessel", (204, 121, 167)), Label(2, "airway_wall", (240, 228, 66))))
"""Vessels, and walls and lumina of the bronchi inside the lung."""

TRUE_OPACITY_SCHEME = Scheme((Label(1, "ground_glass", (230, 159, 0)), Label(2, "consolidation", (213, 94, 0))))
"""What was planted, without vessels and airways."""

LOBES_OF: dict[str, tuple[int, ...]] = {
    **{lobe: (value,) for value, lobe in enumerate(LOBES, start=1)},
    "right_lung": (1, 2, 3),
    "left_lung": (4, 5),
}
"""Values of the lobes that a lobe or lung is made of."""
