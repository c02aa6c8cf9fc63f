"""Result folders: what is in them, and that they appear whole or not at all."""

from __future__ import annotations

import csv
import errno
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from ctreview.change.measurements import measurements_document
from ctreview.change.timepoint import Timepoint
from ctreview.checks import Check
from ctreview.errors import CtreviewError, WrongUse
from ctreview.recipes.chest_ct.measuring import measure_scan
from ctreview.report import folder as folder_module
from ctreview.report import require_free, result_folder, schema, write_comparison, write_segmentation_result
from ctreview.report.document import SCHEMAS
from ctreview.volume.write import read_segmentation, read_transform


@dataclass(frozen=True)
class Segmented:
    """As little as `write_segmentation_result` asks for."""

    timepoint: Timepoint
    checks: tuple[Check, ...] = (Check("posture", None, None, True, "Fine."),)
    settings: Mapping[str, Any] = field(default_factory=lambda: {"threads": 1})
    timings: Mapping[str, float] = field(default_factory=dict)
    accepted: tuple[Any, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        point = self.timepoint
        thresholds = {"ground_glass_hu": -700.0, "consolidation_hu": -300.0, "rule": "own"}
        return measurements_document(point, measure_scan(point), self.checks, thresholds=thresholds)


FILES = {
    "report.html",
    "report.de.html",
    "scores.json",
    "report.en.txt",
    "report.de.txt",
    "change.json",
    "change.csv",
    "baseline.seg.nrrd",
    "followup.seg.nrrd",
    "fate.seg.nrrd",
    "transform.h5",
    "provenance.json",
}


@pytest.fixture(scope="module")
def written(comparison, tmp_path_factory) -> Path:
    return write_comparison(comparison, tmp_path_factory.mktemp("results") / "pair")


def _json(path: Path) -> dict:
    def refuse(word: str) -> None:
        raise AssertionError(f"{path.name} holds {word}")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def test_a_comparison_writes_exactly_the_promised_files(written):
    assert {path.name for path in written.iterdir()} == FILES
    assert [path.name for path in written.parent.iterdir()] == ["pair"]


def test_change_json_follows_its_schema_and_holds_the_numbers(written, comparison):
    document = _json(written / "change.json")
    Draft202012Validator(schema("ctreview.change/2")).validate(document)
    for row, found in zip(document["regions"], comparison.regions, strict=True):
        assert row["region"] == found.region
        assert row["baseline"]["opacity_ml"] == pytest.approx(found.baseline.opacity_ml, abs=1e-6)
        assert row["change"]["opacity_ml"]["low"] == pytest.approx(found.change["opacity_ml"].low, abs=1e-6)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d["regions"][0].update(verdict="remission"),
        lambda d: d["regions"][0].update(extra=1),
        lambda d: d["baseline"].update(PatientName="x"),
        lambda d: d["regions"][0]["fate_ml"].pop("resolved"),
        lambda d: d["regions"][0]["change"]["opacity_ml"].update(kind="confidence"),
        lambda d: d["regions"][0].update(region="spleen"),
    ],
)
def test_the_schema_refuses_what_it_does_not_know(written, spoil):
    document = _json(written / "change.json")
    spoil(document)
    assert not Draft202012Validator(schema("ctreview.change/2")).is_valid(document)


def test_every_schema_is_one():
    for name in SCHEMAS:
        Draft202012Validator.check_schema(schema(name))


def test_change_csv_holds_the_numbers_of_change_json(written):
    document = _json(written / "change.json")
    with (written / "change.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    for row, region in zip(rows, document["regions"], strict=True):
        assert (row["region"], row["verdict"]) == (region["region"], region["verdict"])
        for when in ("baseline", "followup"):
            assert float(row[f"{when}_opacity_ml"]) == region[when]["opacity_ml"]
            assert float(row[f"{when}_ground_glass_ml"]) == region[when]["classes_ml"]["ground_glass"]
            assert float(row[f"{when}_haa_percent"]) == region[when]["bands_percent"]["haa"]
        assert float(row["change_opacity_ml"]) == region["change"]["opacity_ml"]["value"]
        assert float(row["change_opacity_high_ml"]) == region["change"]["opacity_ml"]["high"]
        assert float(row["change_consolidation_low_ml"]) == region["change"]["classes_ml"]["consolidation"]["low"]
        assert float(row["fate_resolved_ml"]) == region["fate_ml"]["resolved"]


def test_the_table_of_a_comparison_has_the_columns_of_its_file(written, comparison):
    with (written / "change.csv").open(encoding="utf-8", newline="") as source:
        assert list(comparison.table.columns) == next(csv.reader(source))


def test_series_and_warnings_of_reading_stand_in_document_table_and_page(comparison, tmp_path):
    says = "Slice 3 was <doubled> and left out."
    volume = replace(comparison.baseline.volume, notes=(says,), series_key="ct2")
    facts = {**comparison.baseline.facts, "series": "ct2"}
    found = replace(comparison, baseline=replace(comparison.baseline, volume=volume, facts=facts))
    folder = write_comparison(found, tmp_path / "pair")
    document = _json(folder / "change.json")
    Draft202012Validator(schema("ctreview.change/2")).validate(document)
    assert document["reading_warnings"] == {"baseline": [says], "followup": []}
    assert document["baseline"]["series"] == "ct2"
    with (folder / "change.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    assert {(row["baseline_series"], row["baseline_reading_warnings"]) for row in rows} == {("ct2", says)}
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Slice 3 was &lt;doubled&gt; and left out." in page
    assert ">ct2<" in page


def test_masks_are_written_on_their_own_grids_with_the_fates_of_each(written, comparison):
    names = {}
    for name, point in (("baseline", comparison.baseline), ("followup", comparison.followup)):
        maps = read_segmentation(written / f"{name}.seg.nrrd", on=point.volume.geometry)
        masks = {label.key: one.mask(label.key) for one in maps for label in one.scheme}
        assert np.array_equal(masks["ground_glass"], point.opacity.mask("ground_glass"))
        assert np.array_equal(masks["right_lung"], point.organ.mask("right_lung"))
        names[name] = masks
    assert np.array_equal(names["followup"]["new"], comparison.followup.fate.mask("new"))
    assert not {"new", "resolved"} & set(names["baseline"])
    (fate,) = read_segmentation(written / "fate.seg.nrrd", on=comparison.baseline.volume.geometry)
    assert {label.key for label in fate.scheme} == {"resolved", "persistent", "worsened", "improved"}
    assert np.array_equal(fate.mask("resolved"), comparison.baseline.fate.mask("resolved"))


def test_the_transform_comes_back(written, comparison):
    fixed, moving = comparison.baseline.volume.geometry, comparison.followup.volume.geometry
    found = read_transform(written / "transform.h5", fixed, moving)
    points = np.array([[0.0, 0.0, 0.0], [-40.0, 10.0, 22.0]])
    np.testing.assert_allclose(found.to_moving(points), comparison.transform.to_moving(points), atol=1e-6)


def test_provenance_says_how_and_not_who(written, comparison):
    found = _json(written / "provenance.json")
    assert found["inputs"]["baseline"]["sha256"] == comparison.baseline.volume.digest
    assert found["seeds"] == {"interval": 20210921}
    assert found["libraries"]["numpy"] == np.__version__


def test_no_identity_is_in_any_file_unless_asked_for(written, comparison, tmp_path):
    for path in written.iterdir():
        content = re.sub(rb'"(grey|marks|places|values)": "[^"]*"|base64,[^"]*', b"", path.read_bytes())
        assert b"4711" not in content, path.name
        assert b"Doe" not in content, path.name
    named = write_comparison(comparison, tmp_path / "named", identify=True)
    document = _json(named / "change.json")
    Draft202012Validator(schema("ctreview.change/2")).validate(document)
    assert document["baseline"]["patient"]["id"] == "ID-4711"


def test_without_registration_the_fate_is_withheld(unregistered, tmp_path):
    folder = write_comparison(unregistered, tmp_path / "pair")
    assert {path.name for path in folder.iterdir()} == FILES - {"fate.seg.nrrd", "transform.h5"}
    document = _json(folder / "change.json")
    Draft202012Validator(schema("ctreview.change/2")).validate(document)
    assert document["registration"] is None
    assert {row["fate_ml"] for row in document["regions"]} == {None}


class TestWhatIsThereAlready:
    def test_an_earlier_result_stays_unless_asked(self, comparison, written, tmp_path):
        folder = write_comparison(comparison, tmp_path / "pair")
        (folder / "mine.txt").write_text("x")
        with pytest.raises(WrongUse, match="already holds a result"):
            write_comparison(comparison, folder)
        assert (folder / "mine.txt").exists()
        write_comparison(comparison, folder, overwrite=True)
        assert {path.name for path in folder.iterdir()} == FILES | {"mine.txt"}

    def test_what_ctreview_did_not_write_stays_with_all_that_is_in_it(self, comparison, tmp_path):
        folder = write_comparison(comparison, tmp_path / "pair")
        (folder / "table.xlsx").write_bytes(b"mine")
        (folder / "old").mkdir()
        (folder / "old" / "change.csv").write_text("of last year")
        (tmp_path / "elsewhere").write_text("outside")
        (folder / "link").symlink_to(tmp_path / "elsewhere")
        (folder / "gone").symlink_to("nowhere")
        write_comparison(comparison, folder, overwrite=True)
        write_comparison(comparison, folder, overwrite=True)
        assert (folder / "table.xlsx").read_bytes() == b"mine"
        assert (folder / "old" / "change.csv").read_text() == "of last year"
        assert (folder / "link").is_symlink()
        assert (folder / "gone").is_symlink()
        assert (tmp_path / "elsewhere").read_text() == "outside"

    def test_a_file_of_an_earlier_result_that_is_none_of_the_new_one_goes(self, comparison, unregistered, tmp_path):
        folder = write_comparison(comparison, tmp_path / "pair")
        write_comparison(unregistered, folder, overwrite=True)
        assert {path.name for path in folder.iterdir()} == FILES - {"fate.seg.nrrd", "transform.h5"}

    def test_a_file_of_ones_own_under_the_name_of_a_result_is_asked_about(self, comparison, unregistered, tmp_path):
        folder = write_comparison(unregistered, tmp_path / "pair")
        (folder / "transform.h5").write_text("mine")
        with pytest.raises(WrongUse, match=r"transform\.h5 .* did not write"):
            require_free(folder, overwrite=True)
        assert (folder / "transform.h5").read_text() == "mine"

    def test_a_link_to_a_result_keeps_leading_to_it(self, comparison, tmp_path):
        (tmp_path / "disk").mkdir()
        folder = write_comparison(comparison, tmp_path / "disk" / "pair")
        (tmp_path / "link").symlink_to(folder)
        write_comparison(comparison, tmp_path / "link", overwrite=True)
        assert (tmp_path / "link").is_symlink()
        assert {path.name for path in folder.iterdir()} == FILES

    def test_a_link_that_leads_nowhere_is_no_place_for_results(self, tmp_path):
        (tmp_path / "link").symlink_to(tmp_path / "gone")
        with pytest.raises(WrongUse, match="leads nowhere"):
            require_free(tmp_path / "link")

    @pytest.mark.parametrize("out", [".", "", "..", "../here", "link"])
    def test_the_folder_one_is_in_is_never_replaced(self, tmp_path, monkeypatch, out):
        (tmp_path / "here").mkdir()
        (tmp_path / "here" / "link").symlink_to(tmp_path / "here")
        monkeypatch.chdir(tmp_path / "here")
        with pytest.raises(WrongUse, match="runs in"):
            require_free(Path(out), overwrite=True)

    def test_a_folder_below_a_file_is_refused_before_any_work(self, tmp_path):
        (tmp_path / "file").write_text("x")
        with pytest.raises(WrongUse, match="a file stands"):
            require_free(tmp_path / "file" / "out")

    def test_a_folder_where_a_disk_is_mounted_is_refused_before_any_work(self):
        with pytest.raises(WrongUse, match="mounted"):
            require_free(Path("/proc"))

    def test_a_comparison_saves_over_its_own_result_when_asked(self, comparison, tmp_path):
        found = replace(comparison, writer=write_comparison)
        found.save(tmp_path / "pair")
        with pytest.raises(WrongUse, match="already holds a result"):
            found.save(tmp_path / "pair")
        assert found.save(tmp_path / "pair", overwrite=True) == tmp_path / "pair"

    def test_a_folder_of_others_is_never_replaced(self, comparison, tmp_path):
        (tmp_path / "theirs").mkdir()
        (tmp_path / "theirs" / "provenance.json").write_text('{"schema": "theirs/1"}')
        with pytest.raises(WrongUse, match="did not write"):
            write_comparison(comparison, tmp_path / "theirs", overwrite=True)
        assert (tmp_path / "theirs" / "provenance.json").exists()

    def test_a_file_is_not_a_folder(self, comparison, tmp_path):
        (tmp_path / "file").write_text("x")
        with pytest.raises(WrongUse, match="this is a file"):
            write_comparison(comparison, tmp_path / "file", overwrite=True)

    def test_an_empty_folder_is_free(self, tmp_path):
        (tmp_path / "empty").mkdir()
        with result_folder(tmp_path / "empty") as draft:
            (draft / "a").write_text("x")
        assert (tmp_path / "empty" / "a").read_text() == "x"


@pytest.mark.parametrize("where", ["write_json", "write_segmentation", "write_transform"])
def test_a_full_disk_is_one_clear_error_and_leaves_nothing(comparison, tmp_path, monkeypatch, where):
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(folder_module, where, full)
    with pytest.raises(CtreviewError, match="No space left on device") as caught:
        write_comparison(comparison, tmp_path / "pair")
    assert str(tmp_path / "pair") in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_stopping_leaves_nothing(comparison, tmp_path):
    def stop(done: float, total: float, what: str) -> None:
        if what == "writing segmentations":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_comparison(comparison, tmp_path / "pair", progress=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
def test_kill_minus_nine_leaves_no_half_made_result(tmp_path):
    target = tmp_path / "pair"
    program = textwrap.dedent(f"""
        import time
        from ctreview.report.folder import result_folder
        with result_folder({str(target)!r}) as draft:
            (draft / "change.json").write_text("{{")
            print("written", flush=True)
            time.sleep(60)
    """)
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline().strip() == "written"
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    assert not target.exists()
    with result_folder(target) as draft:  # what the killed one left under its own name is in nobody's way
        (draft / "change.json").write_text("{}")
    assert (target / "change.json").read_text() == "{}"


class TestSegmentations:
    """The folder that one scan gives."""

    @pytest.fixture(scope="class")
    @staticmethod
    def segmentation(baseline):
        return Segmented(baseline)

    @pytest.fixture(scope="class")
    @staticmethod
    def result(segmentation, tmp_path_factory) -> Path:
        return write_segmentation_result(segmentation, tmp_path_factory.mktemp("results") / "scan")

    def test_the_promised_files_are_there(self, result):
        names = {"segmentation.seg.nrrd", "measurements.json", "measurements.csv", "provenance.json"}
        assert {path.name for path in result.iterdir()} == names

    def test_measurements_follow_their_schema_and_the_table_holds_the_same(self, result, segmentation):
        document = _json(result / "measurements.json")
        Draft202012Validator(schema("ctreview.measurements/2")).validate(document)
        with (result / "measurements.csv").open(encoding="utf-8", newline="") as source:
            rows = list(csv.DictReader(source))
        assert [row["region"] for row in rows] == [row["region"] for row in document["regions"]]
        for row, region in zip(rows, document["regions"], strict=True):
            assert float(row["ground_glass_ml"]) == region["classes_ml"]["ground_glass"]

    def test_the_masks_come_back_by_name(self, result, segmentation):
        grid = segmentation.timepoint.volume.geometry
        maps = read_segmentation(result / "segmentation.seg.nrrd", on=grid)
        names = {label.name for one in maps for label in one.scheme}
        assert {"right lung", "left lung", "ground glass", "consolidation", "dependent opacity"} <= names

    def test_identity_only_where_asked_for(self, result, segmentation, tmp_path):
        assert all(b"4711" not in path.read_bytes() for path in result.iterdir())
        named = write_segmentation_result(segmentation, tmp_path / "named", identify=True)
        document = _json(named / "measurements.json")
        Draft202012Validator(schema("ctreview.measurements/2")).validate(document)
        assert document["scan"]["patient"]["name"] == "Doe^Jane"


@pytest.mark.slow
def test_the_recipe_gives_what_is_written(tmp_path):
    """The protocol that this stage asks for and the shape of its schema fit the real recipe's result."""
    from ctreview.phantom import Lesion, small_thorax
    from ctreview.recipes import chest_ct

    lesion = Lesion("ground_glass", "right_upper_lobe", "ventral", 15.0)
    found = chest_ct.segment(small_thorax(3.0, lesions=(lesion,), spacing_mm=5.0).volume, threads=1)
    folder = write_segmentation_result(found, tmp_path / "scan")
    document = _json(folder / "measurements.json")
    Draft202012Validator(schema("ctreview.measurements/2")).validate(document)
    assert document["regions"][0]["classes_ml"] == pytest.approx(dict(found.measures["lungs"].classes_ml), abs=1e-6)


RENAMES = """
    import os, signal, sys
    from pathlib import Path
    from ctreview.report.folder import result_folder
    left, rename, link = int(sys.argv[2]), Path.rename, os.link
    def counted(act):
        def step(*given, **named):
            global left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return act(*given, **named)
        return step
    Path.rename, os.link = counted(rename), counted(link)
    with result_folder(sys.argv[1], overwrite=True) as draft:
        (draft / "change.json").write_text("new")
        (draft / "provenance.json").write_text('{"schema": "ctreview.provenance/1"}')
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
@pytest.mark.parametrize("steps", range(4))
def test_killed_at_any_step_the_old_result_or_the_new_one_is_there_whole(tmp_path, steps):
    target = tmp_path / "pair"
    target.mkdir()
    (target / "change.json").write_text("old")
    (target / "provenance.json").write_text('{"schema": "ctreview.provenance/1"}')
    (target / "notes.txt").write_text("mine")
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(RENAMES), str(target), str(steps)], check=False)
    assert done.returncode == (-signal.SIGKILL if steps < 3 else 0)
    with pytest.raises(WrongUse, match="already holds a result"), result_folder(target) as draft:
        (draft / "change.json").write_text("of the next run")
    assert (target / "change.json").read_text() == ("old" if steps < 3 else "new")
    assert (target / "notes.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["pair"]
