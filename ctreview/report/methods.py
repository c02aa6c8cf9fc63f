"""The paragraph that may be cited, and what the numbers cannot say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ctreview.report import words

__all__ = ["limitations", "methods"]


def methods(document: Mapping[str, Any], provenance: Mapping[str, Any]) -> str:
    """How the numbers came about, in sentences for the methods section of a paper.

    Parameters
    ----------
    document : mapping
        The content of ``change.json``.
    provenance : mapping
        The content of ``provenance.json``: versions, settings and seeds.
    """
    return " ".join(
        [
            *_segmented(document),
            _found(provenance),
            _registered(document, provenance),
            _uncertain(document, provenance),
            _made(provenance),
        ]
    )


def _segmented(document: Mapping[str, Any]) -> Iterator[str]:
    """Where lungs and lobes come from."""
    engines = document["baseline"].get("engines", {})
    by = f" by {words.engine_words(engines['lungs'])}" if "lungs" in engines else ""
    yield f"Lungs were segmented{by} without trachea and main bronchi."
    if "lobes" in engines:
        yield (
            f"Lobes were segmented by {words.engine_words(engines['lobes'])}, which does not say how sure their "
            "borders are; all were varied alike."
        )
    elif any(row["region"].endswith("_lobe") for row in document["regions"]):
        yield (
            "Lobes were parted at fissures, found as thin bright sheets near surfaces learnt from other people. Where "
            "a fissure was not seen, the most probable surface parts them, and its spread is in their intervals."
        )


def _found(provenance: Mapping[str, Any]) -> str:
    opacity = provenance["settings"].get("opacity") or {}
    rule = (
        f", {opacity['sigmas']:g} standard deviations above the mean"
        if isinstance(opacity.get("sigmas"), float)
        else ""
    )
    return (
        "Vessels and airway walls were left out, their partial "
        "volume, predicted from the point spread measured at edges of each image, was taken off, and both scans were "
        "brought to one resolution. Ground glass and consolidation were found by thresholds relative to the patient's "
        f"own normal lung{rule}, following its gradient along gravity, with one common rule for both scans that is "
        "adjusted to what air reads in each; dependent opacity was counted apart. All volumes were measured on each "
        "scan's own grid."
    )


def _registered(document: Mapping[str, Any], provenance: Mapping[str, Any]) -> str:
    registration = document["registration"]
    if registration is None:
        return "The scans could not be registered, so that each was judged by itself and no voxel's fate is reported."
    engine = registration.get("engine")
    by = f" ({engine} engine)" if engine else ""
    alike = (provenance["settings"].get("opacity") or {}).get("alike_hu")
    within = f" within {alike:g} HU" if isinstance(alike, float) else ""
    return (
        f"The baseline was registered deformably to the follow-up{by}. The registration says which part became what; "
        f"where both scans show the same density{within}, both were judged by the mean of the two, soft tissue of one "
        "may be taken for lung where the other shows it aerated, and small airless pieces that only one of them takes "
        "for lung were left out. No volume is measured on a deformed image."
    )


def _uncertain(document: Mapping[str, Any], provenance: Mapping[str, Any]) -> str:
    change = document["regions"][0]["change"]["opacity_ml"]
    seeds = provenance["seeds"]
    drawn = f" (seed {', '.join(str(seed) for seed in seeds.values())})" if seeds else ""
    dominant = f"; what moves it most: {words.varied(change['dominant'])}" if change["dominant"] else ""
    return (
        f"The {change['kind']} interval (level {change['level']:g}) is how far the change moves when threshold, "
        "border, inspiration and what may have been overlooked are varied within plausible limits"
        f"{drawn}{dominant}; it is not a confidence interval."
    )


def _made(provenance: Mapping[str, Any]) -> str:
    libraries = [f"{name} {version}" for name, version in provenance["libraries"].items()]
    return f"Made with ctreview {provenance['version']} ({words.listed(libraries)}; Python {provenance['python']})."


def limitations(document: Mapping[str, Any]) -> list[str]:
    """What a reader must keep in mind."""
    kept = [
        "“Below threshold” is what a computer can see. That ground glass resolved is for a reader to confirm: it may "
        "have turned into reticulation, or lung into trapped air.",
        "Density depends on breath, age, kernel, contrast and posture. Compare like with like; the checks say where "
        "the two scans differ.",
        "The interval is of sensitivity: no repeated scans of one patient stand behind it. Verdicts of parts of the "
        "lung are exploratory; that of the lungs as a whole is the finding.",
        "A change next to a treatment is an association. Images say nothing about its cause, nor how the patient is.",
    ]
    if not any(row["region"].endswith("_lobe") for row in document["regions"]):
        kept.insert(2, "Lobes were not told apart: places are sides, thirds of height and halves of depth.")
    return kept
