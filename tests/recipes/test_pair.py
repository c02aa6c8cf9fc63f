import dataclasses

import numpy as np
import pytest

from ctreview.phantom import true_transform
from ctreview.progress import quiet
from ctreview.recipes import ChestCtSettings
from ctreview.recipes.pair import LookedAt, look_again, priors_for
from ctreview.recipes.together import Stopwatch


@dataclasses.dataclass(frozen=True)
class Looked:
    """As much of what was seen as the search for lost lung needs."""

    volume: object
    lungs: object


def looked_at(child, consolidated=None):
    """Both scans; the base of the lungs of one of them turned to soft tissue, which its own lungs leave out."""
    found = []
    for number, phantom in enumerate(child):
        volume, lungs = phantom.volume, phantom.lungs
        if number == consolidated:
            levels = np.flatnonzero(lungs.array.any(axis=(1, 2)))
            base = lungs.array > 0
            base[levels[0] + len(levels) // 4 :] = False
            volume = volume.with_array(np.where(base, 40, volume.array).astype(np.int16))
            lungs = dataclasses.replace(lungs, array=np.where(base, 0, lungs.array))
        found.append(Looked(volume, lungs))
    return LookedAt(tuple(found), (None, None), (None, None))


def dice(one, other, key):
    a, b = one.mask(key), other.mask(key)
    return 2 * np.sum(a & b) / (a.sum() + b.sum())


@pytest.mark.parametrize("number", [0, 1])
def test_the_scan_that_lost_lung_gets_the_other_ones_on_its_own_grid(child, number):
    transform = true_transform(*child)
    priors = priors_for(looked_at(child, number), transform)
    assert priors[1 - number] is None
    assert priors[number].geometry == child[number].volume.geometry
    for key in ("right_lung", "left_lung"):
        # the child's baseline holds consolidation, which helps nobody
        assert dice(priors[number], child[number].lungs, key) > 0.85


def test_no_prior_where_nothing_is_lost(child):
    assert priors_for(looked_at(child), true_transform(*child)) == (None, None)


def test_no_prior_without_a_transform(child):
    assert priors_for(looked_at(child, 1), None) == (None, None)


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
