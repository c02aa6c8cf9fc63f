"""``ctreview demo --muscle``."""

from __future__ import annotations

import json


def test_it_ends_in_a_page_and_what_was_measured_lies_beside_what_is_true(command, tmp_path):
    said = command("demo", "--muscle", "--out", tmp_path / "out", "--json", "--quiet")
    assert said.code == 0, said.err
    document = json.loads(said.out)
    assert document["report"] == str(tmp_path / "out" / "report.html")
    assert "not a medical device" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    rows = {(row["measured"]["region"], row["measured"]["key"]): row for row in document["beside_truth"]}
    keys = ("lean_ml", "fat_fraction_mean", "hot_ml")
    assert set(rows) == {(region, key) for region in ("right_thigh", "left_thigh") for key in keys}
    assert [where for where, row in rows.items() if not row["interval_holds_truth"]] == []
    assert rows["right_thigh", "lean_ml"]["measured"]["verdict"] == "increased"
    assert rows["left_thigh", "hot_ml"]["measured"]["verdict"] == "decreased"
