"""The data dictionary of a cohort's tables, generated from their columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ctreview.cohort.columns import CASE_COLUMNS, MEASURE_COLUMNS, MEASURES, unit_of
from ctreview.cohort.course import COURSE_COLUMNS
from ctreview.cohort.courses import PATCH_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["data_dictionary", "dictionary_rows"]


def dictionary_rows(covariates: Sequence[str] = ()) -> list[dict[str, str]]:
    """What stands in each column of each table, and what each measure is."""
    tables = (("measures", MEASURE_COLUMNS), ("cases", CASE_COLUMNS))
    rows = [
        {"table": table, "name": column.name, "kind": column.kind, "unit": "", "words": column.words}
        for table, columns in tables
        for column in columns
    ]
    rows += [
        {"table": table, "name": name, "kind": "", "unit": unit_of(name), "words": words}
        for table, columns_of in (("course", COURSE_COLUMNS), ("patches", PATCH_COLUMNS))
        for name, words in {"subject": "the subject", **columns_of}.items()
    ]
    rows += [
        {"table": table, "name": name, "kind": "covariate", "unit": "", "words": "as the manifest says at follow-up"}
        for table, _ in tables
        for name in covariates
    ]
    rows += [
        {"table": "measures", "name": measure, "kind": "measure", "unit": unit_of(measure), "words": words}
        for measure, words in MEASURES.items()
    ]
    return [{**row, "words": row["words"].replace("``", "")} for row in rows]


def data_dictionary(covariates: Sequence[str] = ()) -> pd.DataFrame:
    """The same as a table."""
    import pandas as pd  # noqa: PLC0415 - heavy, and only tables need it

    return pd.DataFrame(dictionary_rows(covariates))
