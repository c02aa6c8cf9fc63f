"""``ctreview demo --muscle``."""

from __future__ import annotations

import json


def test_it_ends_in_a_page_and_what_was_measured_lies_beside_what_is_true(command, tmp_path):
    said = command("demo", "--muscle", "--out", tmp_path / "out", "--json", "--quiet")
    assert said.code == 0, said.err
    document = json.loads(said.out)
    assert document["report"] == str(tmp_path / "out" / "report.html")
    assert "not a medical device" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    rows = {row["region"]: row for row in document["beside_truth"]}
    assert set(rows) == {"right_thigh", "left_thigh"}
    assert all(row["interval_holds_truth"] for row in rows.values())
