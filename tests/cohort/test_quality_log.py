import pytest

from ctreview.cohort.quality_log import QualityDecision, QualityLog, shown_twice
from ctreview.errors import UnreadableFile, WrongUse


@pytest.fixture
def log(tmp_path):
    return QualityLog(tmp_path)


def decision(case="A", what="rejected", **rest):
    return QualityDecision(case, "key", "anna", what, **rest)


def test_the_last_word_counts_and_can_be_taken_back(log):
    for what in ("accepted", "rejected"):
        log.record(decision(what=what, comment="motion"))
    assert [one.decision for one in log.standing().values()] == ["rejected"]
    log.record(decision(what="open"))
    assert log.standing() == {}
    assert len(log.decisions()) == 3


def test_the_exclusion_log_says_who_when_why_and_whether_blinded(log):
    log.record(decision(comment="motion", blinded=True))
    log.record(decision("B", "accepted"))
    failed, rejected = log.exclusions({"C": "no lung was found."}).to_dict("records")
    assert (failed["case"], failed["who"], failed["why"]) == ("C", "ctreview", "no lung was found.")
    assert (rejected["case"], rejected["who"], rejected["why"], rejected["blinded"]) == ("A", "anna", "motion", True)
    assert rejected["when"].startswith("20")


def test_blinded_decisions_are_frozen_when_the_blind_is_lifted(log):
    log.record(decision(blinded=True))
    assert log.waits_for_unblinding
    log.freeze()
    with pytest.raises(WrongUse, match="frozen"):
        log.record(decision(what="accepted", blinded=True))
    log.record(decision(what="accepted"))
    log.require_as_frozen()


def test_frozen_decisions_that_were_altered_are_refused(log):
    log.record(decision(blinded=True))
    log.freeze()
    file = log.folder / "decisions.jsonl"
    file.write_text(file.read_text().replace("rejected", "accepted"))
    with pytest.raises(UnreadableFile, match="frozen"):
        log.require_as_frozen()


def test_a_line_cut_short_by_a_kill_is_left_out_and_a_broken_one_is_not(log):
    log.record(decision())
    file = log.folder / "decisions.jsonl"
    file.write_text(file.read_text() + '{"case": "B", "ke')
    assert len(log.decisions()) == 1
    file.write_text("nonsense\n" + file.read_text())
    with pytest.raises(UnreadableFile, match="line 1"):
        log.decisions()


def test_a_reader_who_sees_cases_twice_is_compared_with_himself(log):
    for case, first, second in (("A", "accepted", "accepted"), ("B", "accepted", "rejected")):
        log.record(decision(case, first))
        log.record(decision(case, second, reading=2))
    assert log.self_agreement("anna") == (1, 2)


def test_the_share_shown_twice_is_drawn_once_for_all():
    cases = [f"S{number}" for number in range(50)]
    assert shown_twice(cases, 0.2, 1) == shown_twice(cases[::-1], 0.2, 1)
    assert len(shown_twice(cases, 0.2, 1)) == 10
    assert shown_twice(cases, 0.2, 1) != shown_twice(cases, 0.2, 2)
