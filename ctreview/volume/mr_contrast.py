"""What kind of MR image it is: by its image type, then by times and angles, then by what its series is called."""

from __future__ import annotations

import re

from ctreview.dicom.pulse_sequence import PulseSequence
from ctreview.volume.volume import Volume

__all__ = ["FAT_SUPPRESSED", "GRADIENT_ECHO", "SPIN_ECHO", "contrast_name"]

GRADIENT_ECHO, SPIN_ECHO = "gradient echo", "spin echo"
"""What an image of a train of three echoes or more is called, before its echo time."""

FAT_SUPPRESSED = ("STIR", "T2 fat suppressed")
"""Contrasts in which oedema is bright and fat is not."""

_OF_IMAGE_TYPE: tuple[tuple[str, frozenset[str]], ...] = (
    ("fat fraction", frozenset({"FAT_FRACTION", "FATFRACTION", "FATFRAC", "FF", "PDFF"})),
    ("Dixon water", frozenset({"WATER", "W"})),
    ("Dixon fat", frozenset({"FAT", "F"})),
    ("Dixon in phase", frozenset({"IN_PHASE", "INPHASE", "IP", "IN"})),
    ("Dixon opposed phase", frozenset({"OUT_PHASE", "OPP_PHASE", "OUTPHASE", "OPPPHASE", "OP", "OPP", "OUT"})),
    ("ADC", frozenset({"ADC"})),
    ("T2* map", frozenset({"T2_STAR_MAP", "T2_STAR", "T2STAR", "T2*_MAP"})),
    ("R2* map", frozenset({"R2_STAR_MAP", "R2_STAR", "R2STAR", "R2*_MAP"})),
    ("T2 map", frozenset({"T2_MAP", "T2MAP", "T2 MAP"})),
    ("T1 map", frozenset({"T1_MAP", "T1MAP", "T1 MAP"})),
    ("field map", frozenset({"FIELD_MAP", "B0", "B0_MAP", "B1", "B1_MAP"})),
    ("phase", frozenset({"PHASE", "P", "PHASE MAP"})),
)
"""Words of ImageType and FrameType: those of the standard (PS3.3 C.8.13.3.1), of Siemens (whole words), Philips (one
or two letters) and GE (words without a line)."""

# What series are called by their makers and users; the first that fits names the contrast. An image that is fat
# suppressed is named so before its weighting, because that decides what is bright.
_OF_DESCRIPTION: tuple[tuple[str, str], ...] = (
    (r"fat.?frac|\bff\b|pdff", "fat fraction"),
    (r"\badc\b|apparent diff", "ADC"),
    (r"stir|tirm|\btir\b", "STIR"),
    (r"dixon.*water|water.*(dixon|flex|ideal)|_w\b|\bwater\b", "Dixon water"),
    (r"dixon.*fat|fat.*(dixon|flex|ideal)|_f\b|\bfat only\b|^fat\b", "Dixon fat"),
    (r"opp(osed)?\b|out.?of.?phase|outphase|_opp", "Dixon opposed phase"),
    (r"in.?phase|_in\b", "Dixon in phase"),
    (r"t2.*(fs|fat.?sat|spair|spir)", "T2 fat suppressed"),
    (r"t2.?map|\bt2 ?relax", "T2 map"),
    (r"\bt2|_t2", "T2"),
    (r"\bt1|_t1", "T1"),
    (r"\bpd\b|proton", "proton density"),
)

_FAT_NULL_MS = (90.0, 300.0)
"""Inversion times that null fat at 0.2 to 7 T (T1 of fat times ln 2); longer ones null fluid or tissue."""
_FAT_SHIFT_HZ_PER_T = 3.4 * 42.577
"""Of the main peak of fat from water."""


def contrast_name(volume: Volume) -> str:
    """What kind of image it is.

    ImageType decides where it names a kind of image (water, fat, a map); then the parameters of the sequence, of which
    an inversion that nulls fat makes a STIR whatever it is called; then the words of the series' description.

    Returns
    -------
    str
        "T1", "T2", "STIR", "T2 fat suppressed", "proton density", "Dixon water" (fat, in phase, opposed phase), "fat
        fraction", "T2 map" …, "gradient echo 2.3 ms", "spin echo 20 ms"; the series' own description where none of
        these fits.
    """
    if volume.unit == "fraction":
        return "fat fraction"
    if volume.unit == "ms":
        return "T2 map"
    sequence = volume.acquisition.sequence
    described = (volume.acquisition.description or "").strip()
    return (
        _of_image_type(sequence)
        or _of_echo_train(sequence)
        or _of_parameters(sequence, described)
        or _of_description(described)
        or described
        or (volume.acquisition.modality or "image")
    )


def _of_image_type(sequence: PulseSequence) -> str | None:
    """The first two words say whether an image is original and primary, never of what kind it is."""
    words = set(sequence.image_type[2:])
    return next((name for name, known in _OF_IMAGE_TYPE if words & known), None)


def _is_gradient_echo(sequence: PulseSequence) -> bool:
    return bool({"GR", "GRADIENT"} & set(sequence.kinds)) and "SE" not in sequence.kinds


def _is_spin_echo(sequence: PulseSequence) -> bool:
    return bool({"SE", "SPIN"} & set(sequence.kinds)) and "GR" not in sequence.kinds


def _of_echo_train(sequence: PulseSequence) -> str | None:
    """Images of one series that differ in echo time."""
    time = sequence.echo_time_ms
    if sequence.echoes is None or sequence.echoes < 2 or time is None:
        return None
    if _is_gradient_echo(sequence):
        if sequence.echoes == 2:
            return _of_two_points(sequence)
        return f"{GRADIENT_ECHO} {time:g} ms"
    if _is_spin_echo(sequence) and sequence.echoes > 2:
        return f"{SPIN_ECHO} {time:g} ms"
    return None


def _of_two_points(sequence: PulseSequence) -> str | None:
    """In phase or opposed, by the angle between water and fat at this echo time; None halfway between."""
    if sequence.field_strength_t is None or sequence.echo_time_ms is None:
        return None
    turns = _FAT_SHIFT_HZ_PER_T * sequence.field_strength_t * sequence.echo_time_ms / 1000.0
    from_in_phase = abs(turns - round(turns))
    if from_in_phase < 0.15:
        return "Dixon in phase"
    return "Dixon opposed phase" if from_in_phase > 0.35 else None


def _of_parameters(sequence: PulseSequence, described: str) -> str | None:
    """The weighting of a spin echo or inversion recovery, where its times leave no doubt."""
    inversion = sequence.inversion_time_ms
    if inversion is not None and not _is_gradient_echo(sequence):
        # longer ones null fluid or weight T1, and the description says which
        return "STIR" if _FAT_NULL_MS[0] <= inversion <= _FAT_NULL_MS[1] else None
    said = _of_description(described)
    weighting = _weighting(sequence)
    weighted = said is None or said in ("T1", "T2", "T2 fat suppressed", "proton density")
    if weighting is None or not weighted:
        return None
    suppressed = "FS" in sequence.kinds or said == "T2 fat suppressed"
    return f"{weighting} fat suppressed" if suppressed else weighting


def _weighting(sequence: PulseSequence) -> str | None:
    """Of a spin echo."""
    repetition, echo = sequence.repetition_time_ms, sequence.echo_time_ms
    if not _is_spin_echo(sequence) or repetition is None or echo is None:
        return None
    if repetition >= 1500.0 and echo >= 50.0:
        return "T2"
    return "T1" if repetition <= 1000.0 and echo <= 30.0 else None


def _of_description(described: str) -> str | None:
    words = described.lower().replace("-", " ")
    return next((name for pattern, name in _OF_DESCRIPTION if re.search(pattern, words)), None)
