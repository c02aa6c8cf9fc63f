"""Two scans with their regions and opacity, and a transform between them, to a comparison.

In go, for each timepoint, a `Volume`, its `Regions` and a label map of what is sought;
out come, per region, the measures (`measure`), what became of each voxel (`find_fate`), how far each number could
be off (`find_sensitivity` of each scan, `find_intervals` of both), what may be said (`judge`), where the rest is
(`name_residual`, and piece by piece `find_pieces`), and all of it as one `Comparison`; `carry_over` follows a reader's
corrections between two comparisons. Nothing here knows an organ: the regions, the masks and the variants of a
segmentation are handed in.
"""

from ctreview.change.candidates import (
    CANDIDATE_SCHEME,
    Candidate,
    CandidateState,
    candidate_map,
    candidates_document,
    ml_to_confirm,
    open_candidates,
    shares_of_regions,
)
from ctreview.change.carried_over import carry_over
from ctreview.change.comparability import (
    ReferenceLimits,
    check_coverage,
    check_field_of_view,
    check_order,
    check_parts,
    check_references,
    failed_first,
)
from ctreview.change.comparison import CHANGE_SCHEMA, Comparison, Interval, RegionChange, Verdict, Writer
from ctreview.change.fate import (
    BASELINE_FATES,
    FATE_SCHEME,
    FOLLOWUP_FATES,
    Fate,
    FateSettings,
    fate_ml,
    fate_words,
    find_fate,
)
from ctreview.change.interval import SOURCES, Conditions, IntervalSettings, find_intervals
from ctreview.change.measure import RegionMeasures, measure
from ctreview.change.measurements import MEASUREMENTS_SCHEMA, measurements_document
from ctreview.change.pieces import Piece, Pieces, PieceSettings, SmallPieces, find_pieces
from ctreview.change.residual import Residual, Share, find_residual, name_residual, residual_words
from ctreview.change.sensitivity import (
    DegradedVolumes,
    Perturbation,
    Sensitivity,
    Variants,
    change_ml,
    find_sensitivity,
)
from ctreview.change.table import change_rows, measurement_rows
from ctreview.change.timepoint import Timepoint
from ctreview.change.varied import DrawSettings, VariedNumber, change_of
from ctreview.change.verdict import VerdictSettings, equivalence_ml, judge, judge_number, repeatability_ml

__all__ = [
    "BASELINE_FATES",
    "CANDIDATE_SCHEME",
    "CHANGE_SCHEMA",
    "FATE_SCHEME",
    "FOLLOWUP_FATES",
    "MEASUREMENTS_SCHEMA",
    "SOURCES",
    "Candidate",
    "CandidateState",
    "Comparison",
    "Conditions",
    "DegradedVolumes",
    "DrawSettings",
    "Fate",
    "FateSettings",
    "Interval",
    "IntervalSettings",
    "Perturbation",
    "Piece",
    "PieceSettings",
    "Pieces",
    "ReferenceLimits",
    "RegionChange",
    "RegionMeasures",
    "Residual",
    "Sensitivity",
    "Share",
    "SmallPieces",
    "Timepoint",
    "Variants",
    "VariedNumber",
    "Verdict",
    "VerdictSettings",
    "Writer",
    "candidate_map",
    "candidates_document",
    "carry_over",
    "change_ml",
    "change_of",
    "change_rows",
    "check_coverage",
    "check_field_of_view",
    "check_order",
    "check_parts",
    "check_references",
    "equivalence_ml",
    "failed_first",
    "fate_ml",
    "fate_words",
    "find_fate",
    "find_intervals",
    "find_pieces",
    "find_residual",
    "find_sensitivity",
    "judge",
    "judge_number",
    "measure",
    "measurement_rows",
    "measurements_document",
    "ml_to_confirm",
    "name_residual",
    "open_candidates",
    "repeatability_ml",
    "residual_words",
    "shares_of_regions",
]
