"""The bench harness: rows, goals, failing modules, partial runs."""

from __future__ import annotations

import importlib
import json
import re
import types
from pathlib import Path

import pytest

harness = importlib.import_module("tests.benchmarks.__main__")


def test_a_row_works_out_its_ratio_and_goal():
    row = harness.Row.of({"stage": "reading", "case": "300 slices", "ours": 0.5, "peer": 1.0, "goal": "ratio <= 0.6"})
    assert row.ratio == 0.5
    assert row.met is True
    assert harness.Row.of({"stage": "s", "case": "c", "ours": 2.0, "goal": "ours < 1"}).met is False
    assert harness.Row.of({"stage": "s", "case": "c", "ours": None, "goal": "ours < 1"}).met is False
    assert harness.Row.of({"stage": "s", "case": "c", "ours": 2.0}).met is None


def test_a_row_with_a_misspelt_key_is_refused():
    with pytest.raises(ValueError, match="gaol"):
        harness.Row.of({"stage": "s", "case": "c", "ours": 1.0, "gaol": "ours < 1"})


@pytest.fixture
def bench(monkeypatch, tmp_path):
    """A harness in an empty folder with two modules, one of which fails."""
    (tmp_path / "bench_good.py").touch()
    (tmp_path / "bench_bad.py").touch()

    def load(name: str) -> types.SimpleNamespace:
        if name.endswith("bad"):
            raise RuntimeError("no such scan")
        return types.SimpleNamespace(run=lambda: [{"stage": "good", "case": "one", "ours": 3.0, "goal": "ours < 2"}])

    monkeypatch.setattr(harness, "HERE", tmp_path)
    monkeypatch.setattr(harness, "RESULTS", tmp_path / "RESULTS")
    monkeypatch.setattr(harness.importlib, "import_module", load)
    return tmp_path


def test_a_failing_module_costs_no_other_its_rows(bench, capsys):
    assert harness.main([]) == 1
    written = (bench / "RESULTS.md").read_text()
    assert "**Failed**: RuntimeError: no such scan" in written
    assert "| good | one | 3 s |" in written
    assert "ours < 2: **missed**" in written
    assert written in capsys.readouterr().out


def test_modules_that_are_not_run_keep_their_rows(bench):
    harness.main(["good"])
    stored = json.loads((bench / "RESULTS.json").read_text())
    stored["modules"]["good"]["date"] = "2020-01-01"
    stored["modules"]["gone"] = stored["modules"]["good"]
    (bench / "RESULTS.json").write_text(json.dumps(stored))
    harness.main(["bad"])
    written = (bench / "RESULTS.md").read_text()
    assert "Measured on 2020-01-01" in written
    assert "## gone" not in written


def test_an_unknown_module_is_wrong_use(bench, capsys):
    with pytest.raises(SystemExit) as stop:
        harness.main(["nothing"])
    assert stop.value.code == 2
    assert "known: bad, good" in capsys.readouterr().err


def test_every_goal_that_is_written_can_be_read():
    folder = Path(__file__).parent
    goals = [
        (path.name, goal)
        for path in folder.glob("bench_*.py")
        for goal in re.findall(r'"((?:ours|ratio|peer) [^\w" ]+ [^"]*)"', path.read_text(encoding="utf-8"))
    ]
    assert len(goals) > 20
    for name, goal in goals:
        assert re.fullmatch(r"(ours|ratio|peer) (<|<=|>|>=) ([\d.]+|{[^}]+})", goal), (name, goal)
