"""Transfer syntaxes: which ones are read, by which decoder, and whether they lose anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["SYNTAXES", "Syntax"]


@dataclass(frozen=True, slots=True)
class Syntax:
    """One transfer syntax.

    Attributes
    ----------
    name : str
        As the standard calls it, shortened.
    decoder : {"native", "rle", "gdcm", "jpegls"} or None
        The decoder; ``None`` where there is none. The decoder is named here and never chosen by what happens to be
        installed: some plugins that pydicom would pick up by itself are under the GPL.
    lossy : bool
        Whether the syntax itself always loses something.
    little, deflated : bool
        Byte order of uncompressed pixels; whether the whole data set is deflated.
    """

    name: str
    decoder: Literal["native", "rle", "gdcm", "jpegls"] | None
    lossy: bool = False
    little: bool = True
    deflated: bool = False


_ROOT = "1.2.840.10008.1.2"

SYNTAXES = {
    _ROOT: Syntax("implicit little endian", "native"),
    f"{_ROOT}.1": Syntax("explicit little endian", "native"),
    f"{_ROOT}.1.99": Syntax("deflated", "native", deflated=True),
    f"{_ROOT}.2": Syntax("explicit big endian", "native", little=False),
    f"{_ROOT}.5": Syntax("RLE lossless", "rle"),
    f"{_ROOT}.4.50": Syntax("JPEG baseline", "gdcm", lossy=True),
    f"{_ROOT}.4.51": Syntax("JPEG extended", "gdcm", lossy=True),
    f"{_ROOT}.4.53": Syntax("JPEG spectral selection", "gdcm", lossy=True),
    f"{_ROOT}.4.55": Syntax("JPEG full progression", "gdcm", lossy=True),
    f"{_ROOT}.4.57": Syntax("JPEG lossless", "gdcm"),
    f"{_ROOT}.4.70": Syntax("JPEG lossless SV1", "gdcm"),
    f"{_ROOT}.4.80": Syntax("JPEG-LS lossless", "jpegls"),
    f"{_ROOT}.4.81": Syntax("JPEG-LS near-lossless", "jpegls", lossy=True),
    f"{_ROOT}.4.90": Syntax("JPEG 2000 lossless", "gdcm"),
    f"{_ROOT}.4.91": Syntax("JPEG 2000", "gdcm"),
    f"{_ROOT}.4.92": Syntax("JPEG 2000 multi-component lossless", None),
    f"{_ROOT}.4.93": Syntax("JPEG 2000 multi-component", None, lossy=True),
    f"{_ROOT}.4.94": Syntax("JPIP", None),
    f"{_ROOT}.4.95": Syntax("JPIP deflated", None),
    f"{_ROOT}.4.100": Syntax("MPEG-2", None, lossy=True),
    f"{_ROOT}.4.102": Syntax("MPEG-4", None, lossy=True),
    f"{_ROOT}.4.103": Syntax("MPEG-4 BD", None, lossy=True),
    f"{_ROOT}.4.110": Syntax("JPEG XL lossless", None),
    f"{_ROOT}.4.112": Syntax("JPEG XL", None, lossy=True),
    f"{_ROOT}.4.201": Syntax("high-throughput JPEG 2000 lossless", None),
    f"{_ROOT}.4.202": Syntax("high-throughput JPEG 2000 RPCL lossless", None),
    f"{_ROOT}.4.203": Syntax("high-throughput JPEG 2000", None),
    "1.2.840.113619.5.2": Syntax("GE private big endian", None),
}
"""By UID. JPEG 2000 (…4.91) may be either; the header's LossyImageCompression decides there."""
