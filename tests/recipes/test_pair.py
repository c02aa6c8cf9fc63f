import dataclasses

import numpy as np
import pytest

from ctreview.checks import Check
from ctreview.phantom import true_transform
from ctreview.progress import quiet
from ctreview.recipes import ChestCtSettings
from ctreview.recipes.pair import LookedAt, look_again, priors_for
from ctreview.recipes.together import Stopwatch


@dataclasses.dataclass(frozen=True)
class Looked:
    """As much of what was seen as the doubt about lungs needs."""

    lungs: object


def looked_at(child, *doubts_ml):
    found = []
    for phantom, ml in zip(child, doubts_ml, strict=True):
        check = Check("dense_lung_recovered", ml, None, ok=True, says="…")
        found.append(Looked(dataclasses.replace(phantom.lungs, checks=(check,))))
    return LookedAt(tuple(found), (None, None), (None, None))


def dice(one, other, key):
    a, b = one.mask(key), other.mask(key)
    return 2 * np.sum(a & b) / (a.sum() + b.sum())


@pytest.mark.parametrize(("doubts", "helped"), [((90.0, 0.0), 0), ((0.0, 90.0), 1)])
def test_the_scan_in_doubt_gets_the_other_ones_lungs_on_its_own_grid(child, doubts, helped):
    transform = true_transform(*child)
    priors = priors_for(looked_at(child, *doubts), transform)
    assert priors[1 - helped] is None
    assert priors[helped].geometry == child[helped].volume.geometry
    for key in ("right_lung", "left_lung"):
        assert dice(priors[helped], child[helped].lungs, key) > 0.9


@pytest.mark.parametrize("doubts", [(0.0, 0.0), (90.0, 85.0)])
def test_no_prior_where_both_are_sure_or_both_in_doubt(child, doubts):
    assert priors_for(looked_at(child, *doubts), true_transform(*child)) == (None, None)


def test_no_prior_without_a_transform(child):
    assert priors_for(looked_at(child, 90.0, 0.0), None) == (None, None)


def test_looking_again_uses_the_prior_for_one_scan_and_leaves_the_other(child, comparison, monkeypatch):
    from ctreview.recipes import pair

    settings, clock = ChestCtSettings(threads=1), Stopwatch()
    first = pair.look_at(tuple(one.volume for one in child), (4.0, 4.0), settings, clock, quiet)
    given = []
    find_lungs = pair.see.__globals__["find_lungs"]

    def watched(volume, **kwargs):
        given.append(kwargs.get("prior"))
        return find_lungs(volume, **kwargs)

    monkeypatch.setitem(pair.see.__globals__, "find_lungs", watched)
    prior = child[1].lungs
    again = look_again(first, (None, prior), settings, clock, quiet)
    assert given == [prior]
    assert again.seen[0].lungs is first.seen[0].lungs
    assert again.seen[1].lungs is not first.seen[1].lungs
