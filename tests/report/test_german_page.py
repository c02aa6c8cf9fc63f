"""The German page says nothing in English: no word list, but what it shares with the English page."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ctreview.change.interval_settings import SOURCES
from ctreview.checks import Check
from ctreview.report import change_document, render_page
from ctreview.report.languages import LANGUAGES
from ctreview.report.languages.german_checks import SENTENCES
from ctreview.report.languages.wording import Wording
from ctreview.report.page_pictures import draw_pictures
from ctreview.report.pdf import render_static_page
from ctreview.report.provenance import provenance
from ctreview.report.rows import check_unit
from ctreview.study import KeyImage

LEAST_WORDS = 3
"""From so many words on a text is a phrase: fewer may be a name that both languages share."""


class Texts(HTMLParser):
    """All that a reader is shown or a screen reader says, without what is marked as quoted."""

    def __init__(self, html):
        super().__init__()
        self.found, self.open = set(), []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if tag not in {"meta", "img", "input", "br", "link", "rect", "path", "image", "use"}:
            self.open.append((tag, "translate" in named))
        if not self.quoted:
            self.found |= {named[one] for one in ("alt", "aria-label", "title") if named.get(one)}

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not self.quoted and not {tag for tag, _ in self.open} & {"script", "style"}:
            self.found.add(" ".join(data.split()))

    @property
    def quoted(self):
        return any(quoted for _, quoted in self.open)


def phrases_of_both(pages):
    """Phrases that stand on the English page and, word by word, on the German one."""
    texts = [Texts(page).found for page in pages]
    return {one for one in texts[0] & texts[1] if len(re.findall(r"[^\W\d_]{2,}", one)) >= LEAST_WORDS}


@pytest.fixture(scope="module")
def failing(comparison):
    """A comparison with several checks that failed, and one that passed with words of its own."""
    checks = (
        Check("posture", "prone", "supine", False, "One scan is prone.", effect="stops"),
        Check("noise", 1.9, 1.5, False, "The noise differs.", effect="widens"),
        Check("followup_pleural_fluid", 12.0, 5.0, False, "There is fluid beside the lung."),
        Check("baseline_age_known", 4.3, None, True, "The age is known from the header."),
    )
    change = replace(comparison["lungs"].change["opacity_ml"], sources={**dict.fromkeys(SOURCES, 1.0), "breath": 2.0})
    whole = replace(comparison.regions[0], change={**comparison.regions[0].change, "opacity_ml": change})
    return replace(comparison, checks=checks, regions=(whole, *comparison.regions[1:]))


@pytest.mark.parametrize("render", [render_page, render_static_page])
def test_no_phrase_of_the_english_page_is_left_on_the_german_one(failing, render):
    origin = provenance({}, settings={}, seeds={}, timings={})
    document, drawn = change_document(failing), draw_pictures(failing)
    recorded = {("jdm_ild", "baseline", "right_lung/basal", "pattern"): 4.0}
    image = KeyImage(2, (0.0, 0.0, 0.0), "coronal", -600.0, 1500.0, "average", 8.0)
    given = {"recorded": recorded, "key_images": [(image, b"")]}
    given |= {"pictures": drawn} if render is render_page else {}
    more = () if render is render_page else (drawn,)
    pages = [render(failing, document, origin, *more, language=language, **given) for language in ("en", "de")]
    assert phrases_of_both(pages) == set()


def test_a_key_image_is_captioned_in_either_language():
    image = KeyImage(1, (0.0, 0.0, 0.0), "coronal", -600.0, 1500.0, "average", 7.5, caption="?")
    said = [say.key_image(image) for say in LANGUAGES.values()]
    assert said == [
        "Baseline, coronal, average 7.5 mm, W 1500 L −600: ?",
        "Voraufnahme, koronar, Mittelwert 7,5 mm, B 1500 Z −600: ?",
    ]


def test_a_check_has_the_unit_that_its_sentence_says():
    german = {"HE": "HU", "ml": "mL", "mm": "mm", "%": "%"}
    said = {name: re.search(r"\{value\} (HE|ml|mm|%)", sentence) for name, sentence in SENTENCES.items()}
    wrong = {name for name, unit in said.items() if unit and check_unit(name) != german[unit[1]]}
    assert wrong == set()
    assert check_unit("followup_bullae") == "mL"


def test_the_position_of_the_patient_is_said_in_words():
    assert Wording("en", LANGUAGES["en"]).cell("HFP") == "prone, head first (HFP)"
    assert Wording("de", LANGUAGES["de"]).cell("HFP") == "Bauchlage, Kopf voran (HFP)"
