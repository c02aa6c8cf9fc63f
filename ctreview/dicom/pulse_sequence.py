"""How an MR image was made, as far as its header says so."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PulseSequence"]


@dataclass(frozen=True)
class PulseSequence:
    """Everything may be unknown: ``None``, or empty.

    Attributes
    ----------
    echo_time_ms, repetition_time_ms, inversion_time_ms : float or None
    flip_angle_degrees : float or None
    field_strength_t : float or None
        In tesla.
    echo_train_length : int or None
        Echoes after one excitation that make one image.
    echoes : int or None
        Images at one place that differ in echo time.
    coil : str or None
        What the receive coil is called.
    name : str or None
        What the vendor calls the sequence.
    kinds : tuple of str
        ScanningSequence, SequenceVariant and ScanOptions as written: ``"SE"``, ``"GR"``, ``"IR"``, ``"SP"``, ``"FS"`` …
    image_type : tuple of str
        ImageType as written, with what enhanced files say of the frames.
    """

    echo_time_ms: float | None = None
    repetition_time_ms: float | None = None
    inversion_time_ms: float | None = None
    flip_angle_degrees: float | None = None
    field_strength_t: float | None = None
    echo_train_length: int | None = None
    echoes: int | None = None
    coil: str | None = None
    name: str | None = None
    kinds: tuple[str, ...] = ()
    image_type: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """What is known, for people: ``"3 T"``, ``"TR 600 ms"``, ``"TE 11 ms"``, ``"flip angle 3°"``."""
        known = (
            (self.field_strength_t, "{:.2g} T"),
            (self.repetition_time_ms, "TR {:.4g} ms"),
            (self.echo_time_ms, "TE {:.3g} ms"),
            (self.inversion_time_ms, "TI {:.4g} ms"),
            (self.flip_angle_degrees, "flip angle {:.3g}°"),
            (self.echoes if (self.echoes or 1) > 1 else None, "one of {} echoes"),
        )
        return tuple(form.format(value) for value, form in known if value is not None)
