"""The list of checks of muscle MRI is whole: each has an entry, an effect that is listed, and words in German."""

import ast
from pathlib import Path

import ctreview
from ctreview.recipes.muscle_mri.check_registry import MUSCLE_CHECKS, registered_for_muscle
from ctreview.report.languages.german_muscle_checks import MUSCLE_SENTENCES


def made_in_code():
    """Names of checks that are written out where a check is made."""
    for stage in ("muscle", "recipes/muscle_mri"):
        for path in (Path(ctreview.__file__).parent / stage).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Check":
                    yield from (one.value for one in node.args[:1] if isinstance(one, ast.Constant))


def test_every_check_that_code_makes_is_listed():
    names = set(made_in_code())
    assert len(names) > 20
    assert names - set(MUSCLE_CHECKS) == set()


def test_every_check_has_words_in_german():
    assert set(MUSCLE_CHECKS) - set(MUSCLE_SENTENCES) == set()


def test_checks_of_one_examination_are_found_by_their_full_name():
    assert registered_for_muscle("followup_cut_in_plane") is MUSCLE_CHECKS["cut_in_plane"]
    assert registered_for_muscle("followup_voxel_size") is None
