"""The contrasts of a muscle examination of a body whose composition is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, radians
from typing import Any

import numpy as np
import numpy.typing as npt

from ctreview.dicom.pulse_sequence import PulseSequence
from ctreview.muscle.maps.fat_spectrum import fat_signal
from ctreview.muscle.maps.spin_echo import EchoTrain, echo_trains
from ctreview.phantom.muscle.body import Legs
from ctreview.phantom.muscle.scanner import Fields, MrScanner
from ctreview.volume.volume import Volume

__all__ = [
    "DixonScan",
    "scan_dixon",
    "scan_gradient_echoes",
    "scan_spin_echoes",
    "scan_stir",
    "scan_t1",
    "scan_t2",
    "stations",
]

Floats = npt.NDArray[np.float32]

_SCALE = 500.0
"""Stored number of a full signal of muscle."""
_FAT_T1_MS, _FAT_T2_MS = 370.0, 130.0
"""At 3 T; a single T2 stands for its several components."""
_CHANNEL = {"T1": 1, "T2": 2, "STIR": 3, "dixon": 10, "gradient echo": 20, "spin echo": 60}


@dataclass(frozen=True, eq=False)
class DixonScan:
    """The four images of a two-point Dixon acquisition."""

    water: Volume
    fat: Volume
    in_phase: Volume
    opposed_phase: Volume


def _stored(fields: Fields, magnitude: Floats, sequence: PulseSequence, description: str) -> Volume:
    """A contrast as the scanner stores it, with the facts of its header."""
    legs, scanner = fields.legs, fields.scanner
    facts = replace(
        legs.acquisition,
        contrast=False,
        description=description,
        sequence=replace(sequence, field_strength_t=scanner.field_strength_t, coil=scanner.coil),
    )
    return Volume((magnitude * np.float32(_SCALE)).astype(np.float32), legs.geometry, "arbitrary", facts)


def _spin_echo(fields: Fields, repetition: float, echo: float, inversion: float | None = None) -> Floats:
    """Signal of a spin echo, after an inversion or not, as the coil sees it."""
    matter = fields.legs.composition

    def recovered(t1: Any) -> Any:
        if inversion is None:
            return 1 - np.exp(-np.float32(repetition) / t1)
        return 1 - 2 * np.exp(-np.float32(inversion) / t1) + np.exp(-np.float32(repetition) / t1)

    water = matter.water * recovered(matter.t1_ms) * np.exp(-np.float32(echo) / matter.t2_ms)
    fat = matter.fat * np.float32(recovered(_FAT_T1_MS) * np.exp(-echo / _FAT_T2_MS))
    return np.asarray(fields.coil * np.abs(water + fat), np.float32)


def scan_t1(legs: Legs, scanner: MrScanner | None = None) -> Volume:
    """T1-weighted spin echo: fat bright, muscle dark."""
    return _scan_spin_echo(legs, scanner, "T1", repetition=600.0, echo=11.0, train=3)


def scan_t2(legs: Legs, scanner: MrScanner | None = None) -> Volume:
    """T2-weighted spin echo, fat not suppressed."""
    return _scan_spin_echo(legs, scanner, "T2", repetition=4500.0, echo=90.0, train=16)


def _scan_spin_echo(
    legs: Legs, scanner: MrScanner | None, name: str, *, repetition: float, echo: float, train: int
) -> Volume:
    fields = Fields(legs, scanner or MrScanner())
    signal = fields.scanner.magnitude(_spin_echo(fields, repetition, echo), _CHANNEL[name])
    facts = PulseSequence(echo, repetition, flip_angle_degrees=90.0, echo_train_length=train, kinds=("SE", "SK"))
    return _stored(fields, signal, facts, f"{name} tse axial")


def scan_stir(legs: Legs, scanner: MrScanner | None = None) -> Volume:
    """Short-tau inversion recovery: fat is nulled, oedema is bright."""
    fields = Fields(legs, scanner or MrScanner())
    repetition, echo = 4500.0, 45.0
    inversion = round(_FAT_T1_MS * float(np.log(2 / (1 + np.exp(-repetition / _FAT_T1_MS)))), 1)
    signal = fields.scanner.magnitude(_spin_echo(fields, repetition, echo, inversion), _CHANNEL["STIR"])
    facts = PulseSequence(
        echo, repetition, inversion, flip_angle_degrees=90.0, echo_train_length=11, kinds=("SE", "IR", "SK")
    )
    return _stored(fields, signal, facts, "T2 tirm axial")


def _gradient_echo(
    fields: Fields, times_ms: tuple[float, ...], flip_degrees: float, repetition_ms: float, first_channel: int
) -> list[npt.NDArray[np.complex64]]:
    """Complex signals with noise: water and fat of six peaks, T1 weighting, decay, and the phase of an uneven field.

    Magnetization is spoiled; muscle that recovers fully would have a signal of 1.
    """
    matter = fields.legs.composition
    fat = fat_signal(times_ms, fields.scanner.field_strength_t)
    cosine = np.float32(cos(radians(flip_degrees)))

    def recovered(t1: Any) -> Any:
        left = np.exp(-np.float32(repetition_ms) / t1)
        return (1 - left) / (1 - cosine * left)

    water, fat_share = matter.water * recovered(matter.t1_ms), np.float32(recovered(_FAT_T1_MS))
    found = []
    for number, time in enumerate(times_ms):
        decay = np.exp(np.float32(-time / 1000) * matter.r2star)
        phase = np.exp(np.complex64(2j * np.pi * time / 1000) * fields.b0_hz)
        signal = fields.coil * decay * phase * (water + np.complex64(fat[number]) * fat_share * matter.fat)
        found.append(fields.scanner.noisy(signal.astype(np.complex64), first_channel + number))
    return found


def scan_dixon(legs: Legs, scanner: MrScanner | None = None) -> DixonScan:
    """Two-point Dixon as a scanner reconstructs it: the field is known, fat is taken to have one peak.

    Water and fat change places where `MrScanner.swap` says so; "upper" needs two stations, and holds for every slice
    above the lower one.
    """
    scanner = scanner or MrScanner()
    fields = Fields(legs, scanner)
    opposed_ms = 1000.0 / (2 * 3.4 * 42.577 * scanner.field_strength_t)
    times = (round(opposed_ms, 2), round(2 * opposed_ms, 2))
    flip, repetition = 4.0, 8.0
    images = _gradient_echo(fields, times, flip, repetition, _CHANNEL["dixon"])
    opposed, in_phase = (
        image * np.exp(np.complex64(-2j * np.pi * time / 1000) * fields.b0_hz)
        for image, time in zip(images, times, strict=True)
    )
    water, fat = np.abs(in_phase + opposed) / 2, np.abs(in_phase - opposed) / 2
    wrong = _swapped(legs, scanner)
    water, fat = np.where(wrong, fat, water), np.where(wrong, water, fat)

    def stored(image: Any, echo: float, kind: str, words: str) -> Volume:
        facts = PulseSequence(
            echo,
            repetition,
            flip_angle_degrees=flip,
            echoes=2,
            kinds=("GR", "SP"),
            image_type=("DERIVED", "PRIMARY", kind),
        )
        return _stored(fields, np.asarray(np.abs(image), np.float32), facts, f"vibe dixon axial{words}")

    return DixonScan(
        stored(water, times[0], "WATER", "_W"),
        stored(fat, times[0], "FAT", "_F"),
        stored(in_phase, times[1], "IN_PHASE", "_in"),
        stored(opposed, times[0], "OUT_PHASE", "_opp"),
    )


def _swapped(legs: Legs, scanner: MrScanner) -> npt.NDArray[np.bool_]:
    if scanner.swap in ("right", "left"):
        return legs.side(scanner.swap)
    wrong = np.zeros((legs.geometry.shape[0], 1, 1), bool)
    if scanner.swap == "whole":
        wrong[:] = True
    if scanner.swap == "upper":
        wrong[_split(legs.geometry.shape[0], scanner)[1]] = True
    return wrong


def scan_gradient_echoes(
    legs: Legs, scanner: MrScanner | None = None, *, first_ms: float = 1.2, spacing_ms: float = 1.23, echoes: int = 6
) -> tuple[Volume, ...]:
    """Magnitudes of a spoiled gradient echo of several echoes and a low flip angle."""
    fields = Fields(legs, scanner or MrScanner())
    times = tuple(round(first_ms + number * spacing_ms, 3) for number in range(echoes))
    flip, repetition = 2.0, 15.0

    def stored(time: float, image: npt.NDArray[np.complex64]) -> Volume:
        facts = PulseSequence(time, repetition, flip_angle_degrees=flip, echoes=echoes, kinds=("GR", "SP"))
        return _stored(fields, np.abs(image).astype(np.float32), facts, f"gre {echoes} echoes axial")

    images = _gradient_echo(fields, times, flip, repetition, _CHANNEL["gradient echo"])
    return tuple(stored(time, image) for time, image in zip(times, images, strict=True))


def scan_spin_echoes(
    legs: Legs, scanner: MrScanner | None = None, *, spacing_ms: float = 10.0, echoes: int = 17
) -> tuple[Volume, ...]:
    """Magnitudes of a train of spin echoes; refocusing follows the transmit field, so that stimulated echoes arise."""
    fields = Fields(legs, scanner or MrScanner())
    matter = legs.composition
    train = EchoTrain(spacing_ms, echoes)
    there = (matter.water > 0) | (matter.fat > 0)
    b1 = np.broadcast_to(fields.b1, there.shape)[there]
    t2_nodes = np.geomspace(2.0, 1000.0, 140)
    b1_nodes = np.linspace(float(b1.min()) - 1e-3, float(b1.max()) + 1e-3, 24)
    at_t2 = np.interp(matter.t2_ms[there], t2_nodes, np.arange(len(t2_nodes))).astype(np.float32)
    at_b1 = np.interp(b1, b1_nodes, np.arange(len(b1_nodes))).astype(np.float32)
    repetition = 3000.0
    water = matter.water[there] * (1 - np.exp(-np.float32(repetition) / matter.t1_ms[there]))
    of_water = echo_trains(train, t2_nodes, b1_nodes)
    of_fat = echo_trains(train, [_FAT_T2_MS, _FAT_T2_MS], b1_nodes, t1_ms=_FAT_T1_MS)
    signal = np.zeros(there.shape, np.float32)
    found = []
    for echo in range(echoes):
        signal[there] = water * _between(of_water[:, :, echo], at_t2, at_b1)
        signal[there] += matter.fat[there] * _between(of_fat[:, :, echo], np.zeros_like(at_t2), at_b1)
        image = fields.scanner.magnitude(fields.coil * signal, _CHANNEL["spin echo"] + echo)
        facts = PulseSequence(
            (echo + 1) * spacing_ms, repetition, flip_angle_degrees=180.0, echoes=echoes, kinds=("SE",)
        )
        found.append(_stored(fields, image, facts, f"se {echoes} echoes axial"))
    return tuple(found)


def _between(table: npt.NDArray[np.float64], row: Any, column: Any) -> Floats:
    """Values of a table between its rows and columns, linearly."""
    i = np.minimum(row.astype(np.intp), table.shape[0] - 2)
    j = np.minimum(column.astype(np.intp), table.shape[1] - 2)
    down, across = row - i, column - j
    upper = table[i, j] * (1 - across) + table[i, j + 1] * across
    lower = table[i + 1, j] * (1 - across) + table[i + 1, j + 1] * across
    return np.asarray(upper * (1 - down) + lower * down, np.float32)


def _split(slices: int, scanner: MrScanner) -> tuple[slice, slice]:
    """The slices of the lower and of the upper station."""
    middle = slices // 2
    return slice(0, middle + scanner.overlap_slices), slice(middle, slices)


def stations(volume: Volume, scanner: MrScanner) -> tuple[Volume, ...]:
    """An image as the series of each couch position, from the feet up; the volume itself where there is one."""
    if scanner.stations == 1:
        return (volume,)
    size = volume.geometry.shape
    parts = []
    for number, part in enumerate(_split(size[0], scanner)):
        cut = volume.crop((part.start, 0, 0), (part.stop, *size[1:]))
        gain = np.float32(scanner.station_gain if number else 1.0)
        parts.append(cut.with_array(np.asarray(cut.array * gain)))
    return tuple(parts)
