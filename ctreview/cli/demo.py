"""``ctreview demo``: the two series of the phantom child, whose answer is known."""

from __future__ import annotations

__all__ = ["demo"]


def demo() -> int:
    """Compare the two scans of a phantom child and show what was measured beside what is true."""
    return 0
