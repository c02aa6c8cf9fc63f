from __future__ import annotations

from pathlib import Path

import pytest

from ctreview.study import recovery


def test_a_signed_reading_is_kept_although_nothing_was_corrected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "recovery_folder", lambda: tmp_path)
    signed, untouched = recovery.begin(), recovery.begin()
    signed.reading("anna").sign({"verdict": "unchanged"})
    untouched.reading("ben")
    assert [study.folder for study in recovery.left_over()] == [signed.folder]
    assert signed.folder.exists()
    assert not untouched.folder.exists()


def test_work_of_an_earlier_version_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "recovery_folder", lambda: tmp_path)
    study = recovery.begin()
    first = study.reading("anna")
    assert not first.holds_work
    first.sign({"verdict": "decreased"})
    first.next_version()
    assert [one.holds_work for one in study.readings] == [True, False]
    assert recovery.left_over()
