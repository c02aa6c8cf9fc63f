from __future__ import annotations

import numpy as np
import pytest

from ctreview.muscle.maps.spin_echo import EchoTrain, echo_trains


def bloch(train: EchoTrain, t2_ms: float, t1_ms: float, b1: float, isochromats: int = 512) -> np.ndarray:
    """The same train by rotating many magnetization vectors, which share nothing with phase graphs."""
    half = train.spacing_ms / 2
    phase = 2 * np.pi * (np.arange(isochromats) + 0.5) / isochromats  # dephasing within half an echo spacing

    def rotated(m: np.ndarray, axis: str, angle: float) -> np.ndarray:
        c, s = np.cos(angle), np.sin(angle)
        x, y, z = m
        if axis == "x":
            return np.array([x, c * y - s * z, s * y + c * z])
        return np.array([c * x + s * z, y, c * z - s * x])

    def waited(m: np.ndarray) -> np.ndarray:
        x, y, z = m
        transverse = (x + 1j * y) * np.exp(1j * phase) * np.exp(-half / t2_ms)
        along = 1 + (z - 1) * np.exp(-half / t1_ms)
        return np.array([transverse.real, transverse.imag, along])

    m = np.array([np.zeros(isochromats), np.zeros(isochromats), np.ones(isochromats)])
    m = rotated(m, "x", np.radians(train.excitation_degrees) * b1)  # along −y
    found = []
    for _ in range(train.echoes):
        m = waited(rotated(waited(m), "y", np.radians(train.refocusing_degrees) * b1))
        found.append(abs(np.mean(m[0] + 1j * m[1])))
    return np.array(found)


@pytest.mark.parametrize("b1", [1.0, 0.85, 0.6])
@pytest.mark.parametrize("t2_ms", [33.0, 90.0])
def test_phase_graphs_agree_with_rotating_vectors(b1: float, t2_ms: float):
    train = EchoTrain(10.0, 12, refocusing_degrees=170.0)
    ours = echo_trains(train, [t2_ms], [b1], t1_ms=1400.0)[0, 0]
    assert np.abs(ours - bloch(train, t2_ms, 1400.0, b1)).max() < 2e-3


def test_ideal_pulses_leave_plain_decay():
    train = EchoTrain(9.0, 10)
    times = 9.0 * np.arange(1, 11)
    assert echo_trains(train, [40.0], [1.0])[0, 0] == pytest.approx(np.exp(-times / 40.0))
