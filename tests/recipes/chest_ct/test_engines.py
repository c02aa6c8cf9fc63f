"""Lungs and lobes by an engine of a third party, through the whole recipe; one stands in that knows the phantom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import jsonschema
import numpy as np
import pytest

from ctreview.change import Comparison
from ctreview.errors import SegmentationFailed, WrongUse
from ctreview.models import Readiness, registry
from ctreview.phantom import Lesion, Phantom, small_thorax
from ctreview.recipes.chest_ct import ChestCtSettings, compare, segment
from ctreview.report.document import change_document, schema
from ctreview.report.methods import methods
from ctreview.report.provenance import provenance

LESION = Lesion("ground_glass", "left_lower_lobe", "ventral", 60.0)
BOTH = ChestCtSettings(lobes=True, lungs_from="stand-in", lobes_from="stand-in")


class KnowsPhantoms:
    """Answers with what is true of the phantoms that it was told."""

    name, licence, structures = "stand-in", "nobody's", ("lungs", "lobes")
    known: ClassVar[dict[str, Phantom]] = {}
    asked: ClassVar[list[str]] = []
    spoil: ClassVar[Callable[[Any], Any]] = staticmethod(lambda labels: labels)

    def readiness(self, structure: str) -> Readiness:
        return Readiness(True, "7.1")

    def segment(self, volume: Any, structure: str, progress: Any) -> Any:
        self.asked.append(structure)
        phantom = self.known[volume.digest]
        return type(self).spoil((phantom.lobes if structure == "lobes" else phantom.lungs).array)


@pytest.fixture(scope="module")
def before() -> Phantom:
    return small_thorax(3.0, lesions=(LESION,), spacing_mm=5.0)


@pytest.fixture(scope="module")
def after() -> Phantom:
    return small_thorax(3.0, lesions=(), spacing_mm=5.0, seed=1)


@pytest.fixture(scope="module")
def engine(before: Phantom, after: Phantom) -> Iterator[type[KnowsPhantoms]]:
    KnowsPhantoms.known.update({one.volume.digest: one for one in (before, after)})
    point = SimpleNamespace(name="stand-in", load=lambda: KnowsPhantoms)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "entry_points", lambda group: [point])
        yield KnowsPhantoms


@pytest.fixture(scope="module")
def found(engine: type[KnowsPhantoms], before: Phantom, after: Phantom) -> Comparison:
    return compare(before.volume, after.volume, settings=BOTH)


def test_one_engine_for_both_is_run_once_for_each_scan(found: Comparison) -> None:
    assert KnowsPhantoms.asked == ["lobes", "lobes"]


def test_lungs_are_those_of_the_engine_without_the_airways(found: Comparison, before: Phantom) -> None:
    lungs = found.baseline.organ
    own, true = lungs.mask("right_lung", "left_lung"), before.lobes.array > 0
    airways = lungs.mask("trachea_and_main_bronchi")
    assert airways.any()
    assert np.array_equal(own, true & ~airways)


def test_lobes_are_those_of_the_engine(found: Comparison, before: Phantom) -> None:
    parts = found.baseline.parts
    assert parts is not None
    inside = parts.array > 0
    assert np.array_equal(parts.array[inside], before.lobes.array[inside])
    assert found["left_lower_lobe"].baseline.volume_ml > 100


def test_the_engine_stands_in_the_facts_and_checks_of_the_scan(found: Comparison) -> None:
    given = {"name": "stand-in", "version": "7.1", "licence": "nobody's", "weights_sha256": {}}
    assert found.to_dict()["followup"]["engines"] == {"lungs": given, "lobes": given}
    assert "baseline_engine_lobes_borders" in {check.name for check in found.checks if not check.ok}


def test_a_comparison_names_it_in_document_and_methods(found: Comparison) -> None:
    document = change_document(found)
    jsonschema.validate(document, schema("ctreview.change/2"))
    origin = provenance({}, settings=found.settings, seeds=found.seeds, timings={})
    assert "by stand-in 7.1 (licence: nobody's)" in methods(document, origin)


def test_the_interval_of_a_lobe_rests_on_its_border(found: Comparison) -> None:
    assert found["left_lower_lobe"].change["opacity_ml"].sources["borders of parts"] > 0


def test_sides_that_are_exchanged_are_refused(engine: type[KnowsPhantoms], before: Phantom) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "spoil", staticmethod(lambda labels: labels[:, :, ::-1]))
        with pytest.raises(SegmentationFailed, match="exchanged"):
            segment(before.volume, settings=ChestCtSettings(lobes=True, lobes_from="stand-in"))


def test_an_engine_that_is_not_there_is_said_before_anything_is_read(engine: type[KnowsPhantoms]) -> None:
    with pytest.raises(WrongUse, match="no segmentation engine is called 'lungmsk'"):
        segment(Path("nowhere"), settings=ChestCtSettings(lungs_from="lungmsk"))
