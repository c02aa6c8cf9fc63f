"""``ctreview consensus`` on a study that two readers corrected."""

import json
import shutil

import pytest

from ctreview.cli import main
from ctreview.study import Study

pytestmark = pytest.mark.slow


def test_differences_are_listed_and_a_consensus_is_made_of_them(read, tmp_path, capsys):
    study = Study.open(shutil.copytree(read.study.folder, tmp_path / "study"))
    line = ["consensus", "anna", "ben", "--study", str(study.folder)]
    assert main([*line, "--json", "--quiet"]) == 0
    listed = json.loads(capsys.readouterr().out)["differences"]
    assert [one["number"] for one in listed] == list(range(1, len(listed) + 1)) != []
    assert main([*line, "--author", "both", "--decide", "1=ben", "--quiet"]) == (2 if len(listed) > 1 else 0)
    assert main([*line, "--author", "both", "--decide", "1=nobody", "--rest", "anna", "--quiet"]) == 2
    if len(listed) > 1:
        assert main([*line, "--author", "both", "--decide", "1=ben", "--rest", "anna", "--quiet"]) == 0
    kinds = [edit.kind for edit in study.reading("both").edits()]
    assert kinds.count("decide") >= len(listed)
    capsys.readouterr()
