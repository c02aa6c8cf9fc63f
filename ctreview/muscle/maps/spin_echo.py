"""Signal of a train of spin echoes by extended phase graphs: stimulated echoes where refocusing is imperfect.

Hennig, Concepts Magn Reson 1991;3:125; Weigel, J Magn Reson Imaging 2015;41:266 (states and rotation matrix).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, exp, radians, sin

import numpy as np
import numpy.typing as npt

from ctreview.compiled import compiled
from ctreview.possible_values import require_possible

__all__ = ["EchoTrain", "echo_trains"]

_MUSCLE_T1_MS = 1400.0


@dataclass(frozen=True)
class EchoTrain:
    """How the echoes are made.

    Attributes
    ----------
    spacing_ms : float
        From one echo to the next, and from excitation to the first.
    echoes : int
    refocusing_degrees, excitation_degrees : float
        Flip angles as they are meant; the transmit field B1 scales both.
    """

    spacing_ms: float
    echoes: int
    refocusing_degrees: float = 180.0
    excitation_degrees: float = 90.0

    def __post_init__(self) -> None:
        require_possible(
            self,
            spacing_ms=(0.1, 1000.0),
            echoes=(1, 256),
            refocusing_degrees=(1.0, 180.0),
            excitation_degrees=(1.0, 180.0),
        )


def echo_trains(
    train: EchoTrain, t2_ms: npt.ArrayLike, b1: npt.ArrayLike, *, t1_ms: float = _MUSCLE_T1_MS
) -> npt.NDArray[np.float64]:
    """Signal of every echo for each T2 and each transmit field.

    Parameters
    ----------
    train : EchoTrain
    t2_ms : array of float, shape (m,)
    b1 : array of float, shape (n,)
        Flip angle that was reached over the one that was meant.
    t1_ms : float
        Magnetization that is stored along the field decays with it; the result depends on it little.

    Returns
    -------
    ndarray, shape (m, n, echoes)
        1 for an ideal pulse without decay.
    """
    times, fields = np.atleast_1d(np.asarray(t2_ms, dtype=float)), np.atleast_1d(np.asarray(b1, dtype=float))
    found = np.empty((len(times), len(fields), train.echoes))
    _graph(
        times,
        fields,
        float(t1_ms),
        train.spacing_ms / 2,
        radians(train.excitation_degrees),
        radians(train.refocusing_degrees),
        found,
    )
    return found


@compiled()
def _graph(t2s, fields, t1, half, excitation, refocusing, out):  # type: ignore[no-untyped-def]
    """States by order of dephasing in steps of half an echo spacing.

    Excitation about one axis and refocusing about the other (Carr-Purcell-Meiboom-Gill) keep the transverse states
    real and those along the field imaginary (their imaginary part is held). Magnetization that recovers meanwhile
    refocuses at the pulses, never at the echoes.
    """
    echoes = out.shape[2]
    orders = 2 * echoes + 2
    plus, minus, along = np.empty(orders), np.empty(orders), np.empty(orders)
    for m in range(len(t2s)):
        transverse, longitudinal = exp(-half / t2s[m]), exp(-half / t1)
        for n in range(len(fields)):
            angle = refocusing * fields[n]
            same, turned, tipped = cos(angle / 2) ** 2, sin(angle / 2) ** 2, sin(angle)
            kept = cos(angle)
            plus[:], minus[:], along[:] = 0.0, 0.0, 0.0
            plus[0] = minus[0] = sin(excitation * fields[n])
            for echo in range(echoes):
                for part in range(2):
                    for k in range(orders):
                        plus[k] *= transverse
                        minus[k] *= transverse
                        along[k] *= longitudinal
                    for k in range(orders - 1, 0, -1):
                        plus[k] = plus[k - 1]
                    for k in range(orders - 1):
                        minus[k] = minus[k + 1]
                    minus[orders - 1] = 0.0
                    plus[0] = minus[0]
                    if part == 0:
                        for k in range(orders):
                            p, q, z = plus[k], minus[k], along[k]
                            plus[k] = same * p + turned * q + tipped * z
                            minus[k] = turned * p + same * q - tipped * z
                            along[k] = -0.5 * tipped * (p - q) + kept * z
                out[m, n, echo] = plus[0]
