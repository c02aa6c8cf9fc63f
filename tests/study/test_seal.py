"""What a signature covers, and what is said where it no longer holds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ctreview.edits import Edit
from ctreview.errors import InputRefused, WrongUse
from ctreview.study import AnalysisPlan, Finding, KeyImage, Reading, Study
from ctreview.study.seal import KEY_FILE_VARIABLE, KEY_VARIABLE
from tests.study.test_store import GRID, labels, volume

IMAGE = KeyImage(1, (1.0, 2.0, 3.0), "axial", -600.0, 1500.0, id="k1")


@pytest.fixture
def signed(tmp_path: Path) -> Reading:
    """A reading with something of everything, signed."""
    study = Study.create(tmp_path / "study")
    with study.planned(AnalysisPlan("chest_ct", {"a": 1}, images=("x",), version="1")):
        study.add_timepoint(volume(), path="before", series="2", masks=[labels()], measurements={"a": 1})
    reading = study.reading("anna")
    reading.record(Edit("put", "opacity", {"number": 1}, "anna", "abc", GRID))
    reading.write_findings([Finding("spot", 1, (1, 2, 3), text="round", id="f1")])
    reading.write_key_images([IMAGE], {IMAGE.id: b"png"})
    reading.comparison_folder.mkdir()
    (reading.comparison_folder / "change.json").write_text('{"verdict": "decreased"}')
    between = study.comparison_folder(1, 2)
    between.mkdir(parents=True)
    (between / "transform.h5").write_bytes(b"h5")
    reading.sign({"verdict": "decreased", "numbers": [1.5, 2.25]})
    return reading


def _rewritten(name: str, **values: Any) -> Callable[[Path], None]:
    def change(study: Path) -> None:
        path = study / name
        plain = json.loads(path.read_text())
        assert set(values) <= set(plain)
        path.write_text(json.dumps({**plain, **values}))

    return change


def _text(name: str, content: str) -> Callable[[Path], None]:
    return lambda study: (study / name).write_text(content) and None


def test_a_signature_that_holds_says_that_it_is_sealed(signed: Reading) -> None:
    found = signed.signature()
    assert found is not None
    assert (found["state"], found["statement"]["numbers"]) == ("sealed", [1.5, 2.25])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_rewritten("readers/anna/findings.json", findings=[]), "findings.json was changed"),
        (_text("readers/anna/journal.jsonl", ""), "journal.jsonl was changed"),
        (_text("readers/anna/key_images/k1.png", "other"), "key_images/k1.png was changed"),
        (_rewritten("readers/anna/key_images.json", key_images=[]), "key_images.json was changed"),
        (_text("readers/anna/comparison/change.json", "{}"), "comparison/change.json was changed"),
        (_text("readers/anna/blinded.json", "{}"), "blinded.json was added"),
        (_text("timepoints/1/masks.seg.nrrd", "x"), "timepoints/1/masks.seg.nrrd was changed"),
        (_rewritten("timepoints/1/source.json", digest="other"), "timepoints/1/source.json was changed"),
        (lambda study: (study / "timepoints/1/measurements.json").unlink(), "measurements.json is missing"),
        (_text("comparisons/1-2/transform.h5", "x"), "comparisons/1-2/transform.h5 was changed"),
        (_rewritten("plan.json", age_years=7.0), "plan.json was changed"),
        (_rewritten("readers/anna/signed.json", time="2001-01-01T00:00:00+00:00"), "reader, time, verdict or numbers"),
        (_rewritten("readers/anna/signed.json", reader="ben"), "reader, time, verdict or numbers"),
        (_rewritten("readers/anna/signed.json", statement={"verdict": "increased"}), "verdict or numbers"),
        (_rewritten("readers/anna/signed.json", contents={}), "verdict or numbers"),
    ],
)
def test_whatever_differs_from_what_was_signed_is_named(
    signed: Reading, change: Callable[[Path], None], named: str
) -> None:
    change(signed.folder.parent.parent)
    with pytest.raises(InputRefused) as caught:
        signed.signature()
    assert named in str(caught.value)


def test_a_reading_under_another_name_is_not_what_was_signed(signed: Reading) -> None:
    other = signed.folder.with_name("ben")
    signed.folder.rename(other)
    with pytest.raises(InputRefused, match="another name"):
        Reading(other, "ben", 1).signature()


def test_images_may_lie_elsewhere_and_notes_beside_the_results(signed: Reading) -> None:
    study = signed.folder.parent.parent
    _rewritten("timepoints/1/source.json", path="/elsewhere/before")(study)
    (signed.comparison_folder / "my notes.txt").write_text("call back")
    assert signed.signature() is not None
    copy = Study.open(study).copy_to(study.with_name("copy"))
    assert copy.reading("anna").signature() is not None


def test_what_an_earlier_version_signed_is_signed_and_not_sealed(signed: Reading) -> None:
    path = signed.folder / "signed.json"
    plain = json.loads(path.read_text())
    old = {name: plain[name] for name in ("reader", "version", "time", "journal_sha256", "statement")}
    path.write_text(json.dumps({"schema": "ctreview.signed/1", **old}))
    found = signed.signature()
    assert found is not None
    assert found["state"] == "signed, not sealed"
    signed.journal.path.write_bytes(b"")
    with pytest.raises(InputRefused, match=r"journal\.jsonl was changed"):
        signed.signature()


class TestKeys:
    @pytest.fixture
    def keyed(self, signed: Reading, monkeypatch: pytest.MonkeyPatch) -> Reading:
        monkeypatch.setenv(KEY_VARIABLE, "a key of the department")
        again = signed.next_version()
        again.sign({"verdict": "decreased"})
        return again

    def test_with_the_key_it_holds_and_without_it_is_said(
        self, keyed: Reading, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert keyed.signature()["state"] == "sealed with a key"
        monkeypatch.delenv(KEY_VARIABLE)
        assert keyed.signature()["state"] == "sealed with a key that is not at hand"

    def test_who_has_not_the_key_cannot_make_the_seal(self, keyed: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
        copy = keyed.folder.with_name("kept")
        shutil.copytree(keyed.folder, copy)
        monkeypatch.setenv(KEY_VARIABLE, "another key, of somebody else")
        (keyed.folder / "signed.json").unlink()
        keyed.sign({"verdict": "increased"})
        monkeypatch.setenv(KEY_VARIABLE, "a key of the department")
        with pytest.raises(InputRefused, match="made with another key"):
            keyed.signature()

    def test_the_key_may_lie_in_a_file(self, signed: Reading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "key").write_text("a key of the department\n")
        monkeypatch.setenv(KEY_FILE_VARIABLE, str(tmp_path / "key"))
        again = signed.next_version()
        again.sign({})
        monkeypatch.delenv(KEY_FILE_VARIABLE)
        monkeypatch.setenv(KEY_VARIABLE, "a key of the department")
        assert again.signature()["state"] == "sealed with a key"

    @pytest.mark.parametrize("variable", [KEY_VARIABLE, KEY_FILE_VARIABLE])
    def test_a_key_that_cannot_be_used_signs_nothing(
        self, signed: Reading, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        monkeypatch.setenv(variable, "short")
        again = signed.next_version()
        with pytest.raises(WrongUse, match="key"):
            again.sign({})
        assert again.state == "draft"
