"""What kind of object an instance is, in the words of a radiographer."""

from __future__ import annotations

from ctreview.dicom.frame import MODALITY_OF_CLASS, Instance

__all__ = ["KINDS", "kind_of", "refusal_reason"]

_ENHANCED_COLOUR = "1.2.840.10008.5.1.4.1.1.4.3"
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_STRUCTURED_REPORT = "1.2.840.10008.5.1.4.1.1.88"
_RAW = "1.2.840.10008.5.1.4.1.1.66"
_PROJECTIONS = {"PROJECTION IMAGE", "MIP", "MAXIMUM INTENSITY PROJECTION", "MINIP", "MAX_IP", "MIN_IP", "VOLREN"}
_PROJECTIONS |= {"MNIP", "VRT", "CSAPARALLEL", "CSARANGE", "PROJECTION"}
_DOSE_WORDS = ("DOSE", "PATIENT PROTOCOL", "EXAM PROTOCOL", "PROTOCOL PAGE", "SCREEN SAVE")

KINDS = {
    "volume": "cross-sectional images",
    "single image": "one image",
    "localiser": "localiser (topogram, scout): planning images, no volume",
    "projection": "projection or rendering made from other images",
    "secondary capture": "a screen shot",
    "dose report": "dose report or protocol page",
    "colour image": "colour image",
    "mosaic": "Siemens mosaic: many slices tiled into one image",
    "document": "a report or another object without pixels",
    "other": "images of a kind that ctreview does not read",
}
"""What each kind means, for people."""

_REFUSAL_REASONS = {
    "localiser": "a localiser is no volume",
    "projection": "a projection or rendering is no volume, its numbers are not those of single slices",
    "secondary capture": "a screen shot carries no measurements",
    "dose report": "a dose report carries no images",
    "colour image": "colour images carry no density and are not read",
    "mosaic": "Siemens mosaic images (many slices tiled into one) are not read",
    "document": "there are no pixels in it",
}


def kind_of(instance: Instance) -> str:
    """One of `KINDS`."""
    words = set(instance.image_type)
    if instance.layout is None or not instance.frames:
        return "dose report" if instance.modality == "SR" and _names_dose(instance) else "document"
    if instance.sop_class.startswith(_SECONDARY_CAPTURE) or (instance.conversion and not _is_slice(instance)):
        return "dose report" if _names_dose(instance) else "secondary capture"
    for kind, found in (
        ("localiser", bool(words & {"LOCALIZER", "SCOUT", "TOPOGRAM"})),
        ("mosaic", "MOSAIC" in words),
        ("colour image", instance.layout.samples > 1 or instance.sop_class == _ENHANCED_COLOUR),
        (
            "colour image",
            instance.layout.photometric in ("RGB", "PALETTE COLOR") or "YBR" in instance.layout.photometric,
        ),
        ("projection", bool(words & _PROJECTIONS)),
        ("dose report", _names_dose(instance) and not instance.frames[0].position),
    ):
        if found:
            return kind
    known = instance.sop_class in MODALITY_OF_CLASS or instance.modality in ("CT", "MR", "PT")
    return "volume" if known else "other"


def refusal_reason(kind: str) -> str | None:
    """Why a kind is not read, as a clause; ``None`` where it is."""
    if kind == "volume":
        return None
    return _REFUSAL_REASONS.get(kind, "images of this kind are not read")


def _is_slice(instance: Instance) -> bool:
    """Whether an image is stored as CT or MR and says where it lies, whatever program it was converted by."""
    return instance.sop_class in MODALITY_OF_CLASS and instance.frames[0].position is not None


def _names_dose(instance: Instance) -> bool:
    text = (instance.acquisition.description or "").upper()
    return any(word in text for word in _DOSE_WORDS) or "DOSE" in " ".join(instance.image_type)
