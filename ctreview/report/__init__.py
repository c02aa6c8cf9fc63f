"""A comparison or a segmentation to files that last: tables, JSON with a published schema, and the page.

In goes what the stages before found; out come result folders that appear whole or not at all (`write_comparison`,
`write_segmentation_result`), the page (`render_page`), and a report in words (`narrate`). Every number on the page is
one of ``change.json``. `schema` gives the JSON Schema of a document by the name that it carries.
"""

from ctreview.report.document import change_document, schema
from ctreview.report.folder import (
    Segmented,
    basis_of,
    result_folder,
    write_comparison,
    write_segmentation_result,
)
from ctreview.report.languages import LANGUAGES
from ctreview.report.narrative import narrate
from ctreview.report.page import render_page
from ctreview.report.pdf import require_pdf
from ctreview.report.result_files import require_free

__all__ = [
    "LANGUAGES",
    "Segmented",
    "basis_of",
    "change_document",
    "narrate",
    "render_page",
    "require_free",
    "require_pdf",
    "result_folder",
    "schema",
    "write_comparison",
    "write_segmentation_result",
]
