"""The phantom child: an invented patient with the findings of the published case.

A four-year-old with MDA5-positive juvenile dermatomyositis was scanned in September and November 2021. The report
names where ground glass was and what was left of it; sizes, densities, breath and everything that it does not name
are assumed here and said to be so in `Phantom.assumed`.

=========================== ============================== ==============================
finding                     before (September 2021)        after (November 2021)
=========================== ============================== ==============================
right upper lobe            ventral ground glass           one patch, basal
right middle lobe           ventral ground glass           single patches
right lower lobe            ventral ground glass (assumed) none
left upper, left lower lobe ventral ground glass (assumed) none
round spot on minor fissure present, 8 mm (assumed)        absent (assumed)
interstitial markings       none                           faint, slightly increased
=========================== ============================== ==============================
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from ctreview.dicom.acquisition import Patient
from ctreview.phantom.lesions import Lesion, Nodule
from ctreview.phantom.motion import Bump
from ctreview.phantom.thorax import Phantom, ThoraxSettings, make_thorax

__all__ = ["CHILD", "child_settings", "phantom_child"]

CHILD = Patient("CTREVIEW-PHANTOM-CHILD", "PHANTOM^CHILD", date(2017, 5, 20), "F")
"""An invented patient."""

_BEFORE: tuple[Lesion | Nodule, ...] = (
    Lesion("ground_glass", "right_upper_lobe", "ventral", 46.0, 260.0, seed=21),
    Lesion("ground_glass", "right_middle_lobe", "ventral", 26.0, 240.0, seed=22),
    Lesion("ground_glass", "right_lower_lobe", "ventral", 17.0, 200.0, seed=23),
    Lesion("ground_glass", "left_upper_lobe", "ventral", 42.0, 250.0, seed=24),
    Lesion("ground_glass", "left_lower_lobe", "ventral", 15.0, 200.0, seed=25),
    Nodule(diameter_mm=8.0),
)
_AFTER: tuple[Lesion | Nodule, ...] = (
    Lesion(
        "ground_glass", "right_upper_lobe", "basal", 5.0, 210.0, place=(0.45, 0.16, 0.14), roughness_mm=8.0, seed=31
    ),
    Lesion(
        "ground_glass", "right_middle_lobe", "patches", 4.0, 210.0, number=3, roughness_mm=5.0, half="ventral", seed=37
    ),
)
_ASSUMED_ALWAYS = (
    "size, density and texture of every opacity",
    "breath depth, volume and density of the lungs",
    "position, protocol and scanner",
)
_ASSUMED_BEFORE = (
    "ground glass in the right lower, left upper and left lower lobe is ventral",
    "the round spot measures 8 mm",
)
_ASSUMED_AFTER = ("the round spot has gone", "how strong the interstitial markings are")


def child_settings() -> tuple[ThoraxSettings, ThoraxSettings]:
    """How the child was scanned before and after."""
    before = ThoraxSettings(
        age_years=4.33,
        breath_depth=0.86,
        spacing=(1.5, 0.8, 0.8),
        noise_hu=13.0,
        quiet_air=True,
        anatomy_seed=2021,
        seed=9,
        offset=(3.0, -148.0, -402.5),
        turn_degrees=-1.5,
        acquired=datetime(2021, 9, 14, 10, 12),
        patient=CHILD,
    )
    after = replace(
        before,
        age_years=4.49,
        breath_depth=0.93,
        seed=11,
        offset=(-4.0, -151.5, -388.0),
        turn_degrees=1.0,
        bumps=(
            Bump((-38.0, -20.0, -18.0), (1.2, -1.6, 2.2), 26.0),
            Bump((42.0, 16.0, -40.0), (-1.4, 1.2, -2.4), 24.0),
            Bump((-30.0, 24.0, 34.0), (0.8, 1.5, -1.2), 22.0),
        ),
        markings=0.45,
        acquired=datetime(2021, 11, 16, 9, 40),
    )
    return before, after


def phantom_child(
    *, spacing: tuple[float, float, float] | None = None, healthy: bool = False
) -> tuple[Phantom, Phantom]:
    """Make the child's two scans.

    Parameters
    ----------
    spacing : tuple of float, optional
        A coarser grid for quick tests; 1.5 × 0.8 × 0.8 mm without.
    healthy : bool
        Plant nothing: what is found then is false.

    Returns
    -------
    tuple of Phantom
        Before and after. `true_transform` of the two is the correspondence.
    """
    settings = child_settings()
    if spacing is not None:
        settings = (replace(settings[0], spacing=spacing), replace(settings[1], spacing=spacing))
    before, after = ((), ()) if healthy else (_BEFORE, _AFTER)
    first = make_thorax(before, settings=settings[0])
    second = make_thorax(after, settings=replace(settings[1], markings=0.0) if healthy else settings[1])
    return (
        replace(first, assumed=_ASSUMED_ALWAYS + (() if healthy else _ASSUMED_BEFORE)),
        replace(second, assumed=_ASSUMED_ALWAYS + (() if healthy else _ASSUMED_AFTER)),
    )
