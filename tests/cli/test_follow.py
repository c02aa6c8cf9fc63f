"""``ctreview follow``: what it asks for and what it writes."""

from ctreview.cli import main
from ctreview.clinical import ClinicalTimeline
from ctreview.cohort.follow_up import FollowUp
from ctreview.errors import WrongUse
from tests.cohort.test_course_page import course as course_fixture

course = course_fixture


def test_scans_are_never_called_by_their_folders(course, tmp_path, monkeypatch):
    asked = []

    def follow(scans, **told):
        asked.append(told["names"])
        return FollowUp(("0", "1", "2"), course.against_baseline, course.against_previous, course.patches)

    monkeypatch.setattr("ctreview.cohort.follow_up.follow", follow)
    line = ["follow", *(str(tmp_path / name) for name in ("Doe_Jane_1", "Doe_Jane_2", "Doe_Jane_3")), "--quiet"]
    assert main([*line, "--out", str(tmp_path / "out")]) == 0
    assert asked == [None]
    assert "Doe" not in (tmp_path / "out" / "course.html").read_text(encoding="utf-8")
    assert (tmp_path / "out" / "patches.csv").is_file()


def test_the_scans_are_compared_only_after_the_timeline_was_looked_at(tmp_path, monkeypatch, capsys):
    clinical = ClinicalTimeline()

    def follow(scans, **told):
        assert told["clinical"] is clinical
        raise WrongUse("the timeline does not fit")

    monkeypatch.setattr("ctreview.clinical.read_timeline", lambda *_, **__: clinical)
    monkeypatch.setattr("ctreview.cohort.follow_up.follow", follow)
    line = ["follow", "one", "two", "--timeline", "clinic.csv", "--out", str(tmp_path / "out"), "--quiet"]
    assert main(line) == 2
    assert "does not fit" in capsys.readouterr().err
