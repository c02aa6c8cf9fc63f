"""The settings of a whole recipe: those of its stages, one beside the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ctreview.anatomy import LobeSettings, LungSettings, VesselSettings
from ctreview.change import FateSettings, IntervalSettings, VerdictSettings
from ctreview.lung import InspirationSettings
from ctreview.opacity import OpacitySettings
from ctreview.possible_values import require_possible
from ctreview.registration import RegistrationSettings
from ctreview.settings_fields import read_settings
from ctreview.volume.load import LoadSettings

__all__ = ["ChestCtSettings"]

RETIRED = frozenset({"interval.calibration_hu"})
"""Settings of earlier versions that no number rests on any more: plans that name them are read all the same."""


@dataclass(frozen=True)
class ChestCtSettings:
    """Settings of `segment` and `compare`.

    Attributes
    ----------
    lobes : bool
        Whether the five lobes are found and counted.
    lungs_from : str or None
        Segmentation engine of a third party that finds the lungs, by the name that `ctreview models` lists; ctreview
        itself if not given.
    lobes_from : str or None
        The same for the lobes.
    load, lungs, lobe, vessels, opacity, registration, inspiration, fate, interval, verdict
        Settings of each stage.
    threads : int
        At most so many at once; two timepoints are worked on in parallel where there are two. Results do not
        depend on it.
    """

    load: LoadSettings = field(default_factory=LoadSettings)
    lungs: LungSettings = field(default_factory=LungSettings)
    lobe: LobeSettings = field(default_factory=LobeSettings)
    vessels: VesselSettings = field(default_factory=VesselSettings)
    opacity: OpacitySettings = field(default_factory=OpacitySettings)
    registration: RegistrationSettings = field(default_factory=RegistrationSettings)
    inspiration: InspirationSettings = field(default_factory=InspirationSettings)
    fate: FateSettings = field(default_factory=FateSettings)
    interval: IntervalSettings = field(default_factory=IntervalSettings)
    verdict: VerdictSettings = field(default_factory=VerdictSettings)
    lobes: bool = True
    lungs_from: str | None = None
    lobes_from: str | None = None
    threads: int = 2

    def __post_init__(self) -> None:
        require_possible(self, threads=(1, 4096))

    def with_threads(self, threads: int | None) -> ChestCtSettings:
        """The same settings with this many threads in every stage; None leaves them as they are."""
        chosen = self.threads if threads is None else threads
        return replace(self, threads=chosen, registration=replace(self.registration, threads=chosen))

    def to_dict(self) -> dict[str, Any]:
        """Every setting, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> ChestCtSettings:
        """Read what `to_dict` gave, also after it went through JSON.

        Raises
        ------
        UnreadableFile
            It names a setting that this version does not have, or gives one a value that cannot be.
        """
        return read_settings(cls(), plain, retired=RETIRED)
