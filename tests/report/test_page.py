"""The page as a reader and a browser get it."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pytest
from PIL import Image

from ctreview.change.interval_settings import SOURCES
from ctreview.change.residual import find_residual
from ctreview.checks import Check
from ctreview.recipes.chest_ct.check_registry import CHECKS
from ctreview.report import change_document, render_page, words
from ctreview.report.answers import BECAUSE
from ctreview.report.languages.german_page import FACTS_IN_GERMAN, IN_GERMAN
from ctreview.report.provenance import provenance
from ctreview.report.rows import FACTS, key_in_words
from ctreview.report.words import OTHER_READING
from ctreview.study import Finding

PACKED = r'base64,[A-Za-z0-9+/=]+|"(grey|marks|places|values)": "[^"]*"'
"""Pictures and volumes, in which any letters may stand."""

VOID = {"meta", "link", "br", "img", "input", "hr", "image", "path", "rect", "use"}


class Page(HTMLParser):
    """Elements, texts and rows of a page; complains where tags do not close."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.rows: list[list[str]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []
        self.rows = [[" ".join(cell.split()) for cell in row] for row in self.rows]

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if {"style", "script"} & set(self._open):
            return
        self.words.append(data)
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def images(self) -> dict[str, np.ndarray]:
        found = {}
        for _, attributes in self.elements:
            if attributes.get("href", "").startswith("data:"):
                content = base64.b64decode(attributes["href"].partition(",")[2], validate=True)
                found[attributes.get("id", str(len(found)))] = np.asarray(Image.open(io.BytesIO(content)))
        return found

    def svg_of(self, identifier: str) -> dict[str, str]:
        at = [i for i, (_, a) in enumerate(self.elements) if a.get("id") == identifier]
        return next(a for tag, a in reversed(self.elements[: at[0]]) if tag == "svg")


def html_of(comparison, **told) -> str:
    origin = provenance(
        {"baseline": comparison.baseline.volume}, settings=comparison.settings, seeds=comparison.seeds, timings={}
    )
    return render_page(comparison, change_document(comparison), origin, **told)


@pytest.fixture(scope="module")
def html(comparison) -> str:
    return html_of(comparison)


@pytest.fixture(scope="module")
def page(html) -> Page:
    return Page(html)


def test_the_page_asks_no_server_for_anything(html, page):
    for tag, attributes in page.elements:
        for name in ("src", "href", "action", "data", "srcset"):
            if name in attributes:
                assert attributes[name].startswith(("data:image/png;base64,", "#")), (tag, name)
    assert not re.search(
        r"https?://|//[a-z]|url\(|@import|fetch\(|XMLHttp",
        re.sub(PACKED, "", html),
    )
    assert len(html) < 8e6


def test_references_inside_the_page_resolve(page):
    identifiers = [a["id"] for _, a in page.elements if "id" in a]
    assert len(set(identifiers)) == len(identifiers)
    used = {a["href"][1:] for _, a in page.elements if a.get("href", "").startswith("#")}
    assert used <= set(identifiers)
    assert {a.get("lang") for tag, a in page.elements if tag == "html"} == {"en"}


def test_every_picture_has_words_for_those_who_do_not_see_it(page):
    for tag, attributes in page.elements:
        if tag == "svg":
            assert attributes.get("aria-hidden") == "true" or attributes.get("aria-label")


def test_pictures_decode_and_show_something(page):
    images = page.images()
    assert {"axial1-baseline", "axial1-followup", "coronal1-baseline"} <= set(images)
    for image in images.values():
        assert image.dtype == np.uint8
        assert np.ptp(image) > 100


@pytest.mark.parametrize(("view", "sides"), [("axial", ("R", "L", "A", "P")), ("coronal", ("R", "L", "H", "F"))])
def test_the_patients_right_is_on_the_left_under_the_letter_r(html, page, view, sides):
    """The consolidation lies in the right lung: it is the brightest thing inside the lungs."""
    letters = re.findall(rf'id="{view}1-baseline".*?<g class="letters".*?</g>', html, flags=re.S)[0]
    found = re.findall(r'<text x="([\d.]+)" y="[\d.]+"[^>]*>([A-Z])</text>', letters)
    assert tuple(letter for _, letter in found) == sides
    assert float(found[0][0]) < float(found[1][0])
    images = [image for key, image in page.images().items() if key.startswith(view) and key.endswith("baseline")]
    halves = np.zeros(2)
    for image in images:
        inside = image[image.shape[0] // 3 : 2 * image.shape[0] // 3]
        ground_glass = (inside > 110) & (inside < 155)  # −560 HU is grey 134; lung is 85, body 236
        middle = ground_glass.shape[1] // 2
        halves += ground_glass[:, :middle].sum(), ground_glass[:, middle:].sum()
    assert halves[0] > 5 * halves[1] + 100


def test_both_scans_are_shown_in_one_window_and_at_one_scale(page):
    images = page.images()
    for level in ("axial1", "axial2", "coronal1"):
        before, after = (images[f"{level}-{when}"] for when in ("baseline", "followup"))
        # −850 HU of normal lung, 20 HU of noise
        assert abs(float(np.median(before[before < 110])) - 85) < 2
        assert abs(float(np.median(before[before < 110])) - float(np.median(after[after < 110]))) < 2
        boxes = [page.svg_of(f"{level}-{when}")["viewbox"].split() for when in ("baseline", "followup")]
        sizes = np.array([[float(v) for v in box[2:]] for box in boxes])
        assert np.abs(sizes[0] - sizes[1]).max() < 2.1  # a pixel


def test_what_makes_the_interval_wide_is_shown_in_figures(page, comparison):
    sources = change_document(comparison)["regions"][0]["change"]["opacity_ml"]["sources"]
    assert sources == comparison.regions[0].change["opacity_ml"].sources != {}
    for name, half_ml in sources.items():
        shown = [row[1] for row in page.rows if len(row) == 3 and row[0].lower() == name]
        assert words.number(half_ml, decimals=1) in shown


def test_the_table_holds_the_numbers_of_change_json(page, comparison):
    document = change_document(comparison)
    for region in document["regions"]:
        (row,) = [r for r in page.rows if len(r) == 10 and r[0] == words.region_name(region["region"])]
        assert row[1].split()[0] == words.number(region["baseline"]["opacity_ml"])
        assert row[2].split()[0] == words.number(region["followup"]["opacity_ml"])
        change = region["change"]["opacity_ml"]
        assert row[4] == f"{words.signed(change['value'])} ({words.span(change['low'], change['high'])})"
        fates = region["fate_ml"]
        assert row[6:9] == [words.number(fates[key]) for key in ("resolved", "persistent_followup", "new")]
        assert row[-1] == region["verdict"]


def test_the_first_words_are_the_finding_its_place_and_the_notice(page, comparison):
    change = comparison["lungs"].change["opacity_ml"]
    assert f"Opacity decreased by {words.number(-change.value)} mL over 62 days." in page.text
    rest = page.text.partition("Where the rest is")[2].partition("Opacity seen from the front")[0]
    found = find_residual({row.region: row.followup for row in comparison.regions}, comparison.followup.regions)
    assert [words.region_name(one.region) in rest for one in found.places] == [True] * len(found.places) != []
    assert f"{100 * found.places[0].share:.0f} %" in rest
    assert page.text.count("Research use; not a medical device") == 2
    assert "remission" not in page.text
    assert "cured" not in page.text


def test_fate_is_named_as_what_a_computer_sees(page):
    assert "below threshold at follow-up" in page.text
    assert not re.search(r"\bresolved\b", page.text.replace("That ground glass resolved is for a reader", ""))


def test_checks_stand_with_value_and_limit_the_failed_first(page, comparison):
    rows = [row for row in page.rows if row[0][:2] in ("✓ ", "✗ ")]
    assert [row[0] for row in rows] == ["✗ Kernel", "✓ Lung volume ratio (limit: how far from 1)"]
    kernel = comparison.checks[0]
    assert rows[0][1:] == ["B<40>f and B70f", "equal", kernel.effect, kernel.message]
    assert rows[1][1:3] == ["1.02", "1.1"]


def test_text_from_a_header_is_escaped(html):
    assert "B<40>f" not in html
    assert "B&lt;40&gt;f" in html


def test_no_identity_is_on_the_page(html):
    html = re.sub(PACKED, "", html)
    assert "4711" not in html
    assert "Doe" not in html


def test_identity_is_on_the_page_where_it_was_asked_for(comparison):
    origin = provenance({}, settings={}, seeds={}, timings={})
    page = Page(render_page(comparison, change_document(comparison, identify=True), origin))
    assert "Doe^Jane" in page.text


def test_lungs_without_any_opacity_make_a_page_too(healthy):
    page = Page(html_of(healthy))
    assert "No change of opacity beyond measurement error over 62 days." in page.text
    assert "There was no measurable opacity at baseline; 0 mL are new." in page.text
    assert len(page.images()) == 12


def test_methods_name_version_settings_and_seed(page):
    assert "2.5 standard deviations above the mean" in page.text
    assert "seed 20210921" in page.text
    assert "keypoints engine" in page.text
    assert f"numpy {np.__version__}" in page.text


def test_without_registration_nothing_is_said_of_fate(unregistered):
    page = Page(html_of(unregistered))
    assert "could not be registered" in page.text
    assert "below threshold" not in page.text.split("What these numbers cannot say")[0]
    assert {tuple(k for k, v in a.items() if k == "data-kind" and v == "fate") for t, a in page.elements} == {()}


def test_what_is_not_interpretable_says_why_before_any_number(comparison):
    checks = (Check("posture", "prone", "supine", False, "One scan is prone.", effect="stops"), *comparison.checks)
    rows = tuple(replace(row, verdict="not_interpretable") for row in comparison.regions)
    page = Page(html_of(replace(comparison, regions=rows, checks=checks)))
    assert "The change over 62 days cannot be interpreted." in page.text
    assert page.text.index("One scan is prone.") < page.text.index("mL")
    assert "decreased" not in page.text.split("Methods")[0]


TEXTS = re.compile(r"""_\(\s*"((?:[^"\\]|\\.)*)\"""")


def test_every_text_of_the_templates_has_german_words():
    templates = files("ctreview.report") / "templates"
    texts = {text for one in templates.iterdir() if one.name.endswith(".j2") for text in TEXTS.findall(one.read_text())}
    assert len(texts) > 100
    same = {"R", "L"}
    assert texts - set(IN_GERMAN) == same


@pytest.mark.parametrize(
    "said", [*BECAUSE.values(), OTHER_READING, *(source.words for source in SOURCES.values()), *SOURCES]
)
def test_what_decides_and_what_is_varied_have_german_words(said):
    assert said in IN_GERMAN


def test_every_check_and_fact_has_a_german_name(comparison):
    keys = {*CHECKS, *FACTS, *comparison.baseline.facts, *comparison.thresholds["baseline"]}
    assert {key_in_words(key) for key in keys} - set(FACTS_IN_GERMAN) == set()


def test_the_german_page_says_the_same_numbers_in_german(comparison):
    page = Page(html_of(comparison, language="de"))
    change = comparison["lungs"].change["opacity_ml"]
    assert f"Verdichtungen innerhalb von 62 Tagen um {words.number(-change.value)} ml rückläufig." in page.text
    assert page.text.count("kein Medizinprodukt") == 2
    (row,) = [row for row in page.rows if len(row) == 10 and row[0] == "Beide Lungen"]
    percent = words.number(comparison["lungs"].baseline.opacity_percent, decimals=1).replace(".", ",")
    assert row[1].endswith(f"({percent} %)")
    assert row[-1] == "rückläufig"
    english = r"\b(the|and|of|baseline|follow-up|lung|slice|between|were)\b"
    assert re.findall(english, page.text) == []


def test_one_more_section_stands_behind_the_regions(comparison):
    page = html_of(comparison, section='<section id="course"><h2>Course</h2></section>')
    assert page.index('id="regions"') < page.index('<section id="course">') < page.index('id="planes"')


def test_what_a_reader_marked_stands_on_the_page(comparison):
    finding = Finding("nodule", 1, (0.0, 0.0, 0.0), region="right_lung", text="<b>round</b>")
    page = Page(html_of(comparison, findings=[finding]))
    assert "Nodule in the right lung at baseline" in page.text
    assert "<b>round</b>" in page.text
