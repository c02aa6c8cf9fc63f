"""What a reader asks of two CTs, and what finds it away from the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ctreview.errors import SignedOtherwise, in_words
from ctreview.progress import Progress, part
from ctreview.recipes.chest_ct import ChestCtSettings, Prepared, prepare
from ctreview.review.archive import differ_only_in, plan_of
from ctreview.review.corrections import OpacityReview
from ctreview.review.stored_reading import StoredReading, stored_reading
from ctreview.review.workspace import Workspace
from ctreview.study import AnalysisPlan
from napari_ctreview.input_output.scans import Scan
from napari_ctreview.session.chest_ct_study import review_of

if TYPE_CHECKING:
    from ctreview.volume.labels import LabelMap

__all__ = ["PairRequest", "find_in_pair"]

_OF_COMPARISON = frozenset({"fate", "interval", "verdict", "inspiration"})
"""Settings that change nothing before the comparison."""


@dataclass(frozen=True)
class PairRequest:
    """What is asked of two scans.

    Attributes
    ----------
    settings : ChestCtSettings
    age_years : float or None
        At baseline, instead of the header's.
    same_patient, allow_different_patients : bool
        What the reader says of two ids, or of two patients.
    """

    settings: ChestCtSettings
    age_years: float | None
    same_patient: bool
    allow_different_patients: bool

    def plan(self, prepared: Prepared) -> AnalysisPlan:
        """The same as a study keeps it, for the scans that were prepared."""
        asked = replace(prepared, settings=self.settings, same_patient=self.same_patient)
        return plan_of(asked, self.age_years, allow_different_patients=self.allow_different_patients)

    def only_compares(self, prepared: Prepared, kept: AnalysisPlan | None) -> bool:
        """Whether it differs from what was found in nothing that comes before the comparison."""
        return kept is not None and differ_only_in(self.plan(prepared).differences(kept), _OF_COMPARISON)


def find_in_pair(
    first: Scan,
    second: Scan,
    request: PairRequest,
    workspace: Workspace,
    *,
    on_labels: Callable[[int, str, LabelMap], None],
    on_not_kept: Callable[[str], object],
    progress: Progress,
) -> tuple[Prepared, OpacityReview] | StoredReading:
    """Find lungs and opacity in both scans, register them, and store them where a study can be written.

    Parameters
    ----------
    first, second : Scan
    request : PairRequest
    workspace : Workspace
    on_labels : callable
        Told of each label map as soon as it is there.
    on_not_kept : callable
        Told where corrections are not kept until the study is saved.
    progress : Progress

    Returns
    -------
    tuple of Prepared and OpacityReview, or StoredReading
        The latter where the study holds a reading that was signed on other results.
    """
    allowed = request.allow_different_patients
    prepared = prepare(
        first.volume,
        second.volume,
        settings=request.settings,
        age_years=request.age_years,
        same_patient=request.same_patient,
        allow_different_patients=allowed,
        progress=part(progress, 0.0, 0.95),
        on_labels=on_labels,
    )
    try:
        plan = plan_of(prepared, request.age_years, allow_different_patients=allowed)
        workspace.store_pair(prepared, (first.place, second.place), plan)
    except SignedOtherwise:
        study, reading = workspace.study, workspace.reading
        if study is None or reading is None or reading.state == "draft":
            raise
        return stored_reading(study, reading, (first.volume, second.volume))
    except OSError as error:
        on_not_kept(f"Corrections are not kept until the study is saved: {in_words(error)}")
    return prepared, review_of(prepared, workspace)
