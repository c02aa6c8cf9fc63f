"""Irregularity that belongs to the tissue: smooth noise as a function of place.

Gradient noise (Perlin, SIGGRAPH 1985) on a lattice whose gradients come from a hash of the lattice point, so that it
needs no table, has no edge, and is the same on every grid.
"""

from __future__ import annotations

from math import floor

from ctreview.compiled import compiled

__all__ = ["cloud", "lobular", "ripple"]

_jit = compiled()


@_jit
def _corner(i, j, k, seed, x, y, z):  # type: ignore[no-untyped-def]
    """Dot product of the offset with the gradient of one lattice point."""
    h = ((i * 73856093) ^ (j * 19349663) ^ (k * 83492791) ^ (seed * 2654435761)) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
    h = (h ^ (h >> 16)) & 15
    u = x if h < 8 else y
    if h < 4:
        v = y
    elif h in (12, 14):
        v = x
    else:
        v = z
    return (u if h & 1 == 0 else -u) + (v if h & 2 == 0 else -v)


@_jit
def ripple(x, y, z, wavelength, seed):  # type: ignore[no-untyped-def]
    """Smooth noise of about −1 to 1 that changes over ``wavelength`` millimetres."""
    # the lattice is turned, so that its planes are not those of an image
    u, v, w = 0.36 * x + 0.48 * y - 0.8 * z, -0.8 * x + 0.6 * y, 0.48 * x + 0.64 * y + 0.6 * z
    x, y, z = u / wavelength, v / wavelength, w / wavelength
    i, j, k = floor(x), floor(y), floor(z)
    x, y, z = x - i, y - j, z - k
    u = x * x * x * (x * (x * 6 - 15) + 10)
    v = y * y * y * (y * (y * 6 - 15) + 10)
    w = z * z * z * (z * (z * 6 - 15) + 10)
    a = _corner(i, j, k, seed, x, y, z) * (1 - u) + _corner(i + 1, j, k, seed, x - 1, y, z) * u
    b = _corner(i, j + 1, k, seed, x, y - 1, z) * (1 - u) + _corner(i + 1, j + 1, k, seed, x - 1, y - 1, z) * u
    c = _corner(i, j, k + 1, seed, x, y, z - 1) * (1 - u) + _corner(i + 1, j, k + 1, seed, x - 1, y, z - 1) * u
    d = (
        _corner(i, j + 1, k + 1, seed, x, y - 1, z - 1) * (1 - u)
        + _corner(i + 1, j + 1, k + 1, seed, x - 1, y - 1, z - 1) * u
    )
    return (a * (1 - v) + b * v) * (1 - w) + (c * (1 - v) + d * v) * w


@_jit
def cloud(x, y, z, wavelength, seed):  # type: ignore[no-untyped-def]
    """Three octaves of `ripple`, about −1 to 1: the ragged edge of a patch."""
    return (
        ripple(x, y, z, wavelength, seed)
        + 0.45 * ripple(x, y, z, wavelength * 0.47, seed + 101)
        + 0.17 * ripple(x, y, z, wavelength * 0.21, seed + 211)
    ) * 0.8


@_jit
def lobular(x, y, z, wavelength, seed):  # type: ignore[no-untyped-def]
    """Texture of ground glass about 1: secondary lobules, their parts, and clouds over several of them."""
    return (
        1.0
        + 0.36 * ripple(x, y, z, wavelength, seed + 5)
        + 0.40 * ripple(x, y, z, wavelength * 0.45, seed + 9)
        + 0.32 * ripple(x, y, z, wavelength * 3.0, seed + 13)
    )
