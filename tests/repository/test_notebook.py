"""The notebook runs from top to bottom, and finds the effect that it simulates."""

import json
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "cohort.ipynb"

pytest.importorskip("statsmodels")


def test_the_notebook_of_a_cohort(capsys):
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    names: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec(compile("".join(cell["source"]), NOTEBOOK.name, "exec"), names)
    found = names["found"]
    assert found["low"] <= -40.0 <= found["high"] < 0.0
    assert names["held"] >= 6
    assert "share" in capsys.readouterr().out
