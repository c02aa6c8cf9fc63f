"""The list of checks is whole: each has an entry, an effect that is listed, and words in both languages."""

import ast
from pathlib import Path

import ctreview
from ctreview.recipes.chest_ct.check_registry import CHECKS, registered
from ctreview.report.languages.german_checks import SENTENCES

STAGES = ("anatomy", "change", "dicom", "image_quality", "lung", "opacity", "recipes/chest_ct", "registration")
OF_INFO = {"readable", "modality", "inflation"}
"""Those that `ctreview info` makes of two series; a comparison never has them."""


def made_in_code():
    """Names of checks that are written out where a check is made."""
    for stage in STAGES:
        for path in (Path(ctreview.__file__).parent / stage).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Check", "_check", "_graded"):
                    named = [one.value for one in node.keywords if one.arg == "name"] or node.args[:1]
                    yield from (one.value for one in named if isinstance(one, ast.Constant))


def test_every_check_that_code_makes_is_listed():
    names = set(made_in_code())
    assert len(names) > 30
    assert names - set(CHECKS) - OF_INFO == set()


def test_every_check_of_a_comparison_is_listed_with_its_effect(comparison):
    for check in comparison.checks:
        entry = registered(check.name)
        assert entry is not None, check.name
        assert check.ok or check.effect in entry.effects, check.name


def test_every_check_that_can_fail_has_words_in_german():
    can_fail = {name for name, entry in CHECKS.items() if "never fails" not in entry.effects.values()}
    assert can_fail - set(SENTENCES) == set()


def test_checks_of_one_scan_are_found_by_their_full_name():
    assert registered("followup_lung_size") is CHECKS["lung_size"]
    assert registered("followup_kernel") is None
