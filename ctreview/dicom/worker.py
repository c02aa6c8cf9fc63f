"""A process that decodes slices for `decode_all`: frames come in on stdin, pixels go out on stdout."""

from __future__ import annotations

import pickle
import signal
import struct
import sys
from typing import BinaryIO

import numpy as np

from ctreview.dicom.decode import stored_pixels

__all__ = ["FAILED", "HEAD", "main"]

HEAD = struct.Struct("<i8sqq")
"""Before the pixels: how many bytes follow (or `FAILED`), number type, rows, columns."""

FAILED = -1
"""Sent where a slice does not decode; the parent decodes it again and so meets the error itself."""


def main(given: BinaryIO | None = None, out: BinaryIO | None = None) -> None:
    """Answer until the parent closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    given, out = given or sys.stdin.buffer, out or sys.stdout.buffer
    while head := given.read(4):
        # what is unpickled comes from the parent alone
        frame = pickle.loads(given.read(int.from_bytes(head, "little")))  # noqa: S301
        try:
            (raw,) = stored_pixels([frame])
        except Exception:
            out.write(HEAD.pack(FAILED, b"", 0, 0))
        else:
            data = np.ascontiguousarray(raw)
            out.write(HEAD.pack(data.nbytes, data.dtype.str.encode(), *data.shape))
            out.write(data.data)
        out.flush()
