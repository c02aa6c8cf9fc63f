"""The report as a PDF file: a static page of A4, without script, drawn by WeasyPrint.

WeasyPrint is the extra ``ctreview[pdf]``; it needs Pango of the system.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from ctreview.change.comparison import Comparison
from ctreview.errors import WrongUse
from ctreview.report.languages import LANGUAGES, Marked, ShownImage
from ctreview.report.page import captioned, page_context, page_environment, template
from ctreview.report.page_pictures import PagePictures
from ctreview.report.scores import Recorded

__all__ = ["pdf_of", "render_static_page", "require_pdf", "static_environment"]


def require_pdf() -> None:
    """Check that reports can be written as PDF, best before time is spent on them.

    Raises
    ------
    WrongUse
        WeasyPrint is not installed, or a library of the system that it needs is not.
    """
    try:
        import weasyprint  # noqa: F401, PLC0415 - an extra
    except ImportError as missing:
        raise WrongUse(
            "a report is written as PDF by WeasyPrint, which is not installed",
            remedy="Install it: pip install 'ctreview[pdf]'. Or print report.html from a browser.",
        ) from missing
    except OSError as missing:
        raise WrongUse(
            f"WeasyPrint does not find a library of the system ({missing})",
            remedy="On Debian and Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0. "
            "Or print report.html from a browser.",
        ) from missing


def render_static_page(
    comparison: Comparison,
    document: Mapping[str, Any],
    provenance: Mapping[str, Any],
    drawn: PagePictures,
    *,
    language: str = "en",
    key_images: Sequence[tuple[ShownImage, bytes]] = (),
    findings: Sequence[Marked] = (),
    recorded: Recorded = MappingProxyType({}),
    section: str = "",
) -> str:
    """Make the page that is printed: HTML without script; parameters as of `ctreview.report.page.render_page`."""
    context = page_context(
        comparison, document, provenance, drawn, language=language, findings=findings, recorded=recorded
    )
    context["key_images"] = captioned(key_images, LANGUAGES[language])
    context["section"] = Markup(section)  # noqa: S704 - made by ctreview, as of `render_page`
    return static_environment(language).get_template("static.html.j2").render(context)


def static_environment(language: str) -> Environment:
    """Templates of the page with the style of a PDF (`page_environment`)."""
    environment = page_environment(language)
    environment.globals["style"] = Markup(template("static.css"))  # noqa: S704 - ours, from the package
    return environment


def pdf_of(html: str) -> bytes:
    """Draw a static page.

    Raises
    ------
    WrongUse
        As `require_pdf`.
    """
    require_pdf()
    import weasyprint  # noqa: PLC0415 - an extra
    from weasyprint.urls import URLFetcher  # noqa: PLC0415

    inside = URLFetcher(allowed_protocols=("data",), fail_on_errors=True)  # it asks no server for anything
    drawn: bytes | None = weasyprint.HTML(string=html, url_fetcher=inside).write_pdf()
    assert drawn is not None
    return drawn
