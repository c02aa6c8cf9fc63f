from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctreview.edits import REDO, UNDO, Edit, Journal, active_edits
from ctreview.errors import UnreadableFile, WrongUse
from ctreview.volume.geometry import Geometry

GRID = Geometry.aligned((4, 5, 6), (1.5, 0.7, 0.7), origin=(-3, 2, 9), frame_of_reference="1.2.3")

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def edit(kind: str = "brush", **payload: object) -> Edit:
    return Edit(kind=kind, target="opacity", payload=payload, author="reader one", image="abc", geometry=GRID)


@given(st.dictionaries(st.text(), plain, max_size=4), st.text(min_size=1))
def test_an_edit_survives_its_journal_line_whatever_a_reader_types(payload: dict[str, object], author: str) -> None:
    before = Edit(kind="brush", target="opacity", payload=payload, author=author, image="abc", geometry=GRID)
    after = Edit.from_json(before.to_json())
    assert after == before


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32(1), object(), {1: 2}])
def test_a_payload_that_json_could_not_give_back_is_refused_at_once(value: object) -> None:
    with pytest.raises(WrongUse, match="payload"):
        edit(value=value)


def test_a_journal_gives_back_its_edits_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    assert journal.read() == ()
    edits = [edit(number=n) for n in range(5)]
    for one in edits:
        journal.append(one)
    assert list(journal.read()) == edits


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(min_value=0))
def test_a_journal_torn_at_any_byte_keeps_every_whole_edit_and_goes_on(tmp_path: Path, where: int) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.path.unlink(missing_ok=True)
    edits = [edit(number=n) for n in range(3)]
    for one in edits:
        journal.append(one)
    data = journal.path.read_bytes()
    cut = where % len(data)
    journal.path.write_bytes(data[:cut])
    whole = max(0, data[:cut].count(b"\n") - 1)
    assert list(journal.read()) == edits[:whole]
    more = edit(number=99)
    journal.append(more)
    assert list(journal.read()) == [*edits[:whole], more]


def test_damage_before_the_last_line_is_never_skipped_in_silence(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    for number in range(3):
        journal.append(edit(number=number))
    data = bytearray(journal.path.read_bytes())
    data[data.index(b"number") + 9] ^= 1
    journal.path.write_bytes(bytes(data))
    with pytest.raises(UnreadableFile, match="line 2 of 4"):
        journal.read()
    with pytest.raises(UnreadableFile, match="line 2 of 4"):
        journal.append(edit())
    assert journal.path.read_bytes() == bytes(data)


def test_a_journal_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append(edit())
    from ctreview.edits import journal as module

    journal.path.write_text(module._line({"schema": "ctreview.journal/9"}))
    with pytest.raises(UnreadableFile, match="journal/9"):
        journal.read()


def test_a_full_disk_leaves_the_journal_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append(edit(number=1))
    before = journal.path.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        journal.append(edit(number=2))
    assert journal.path.read_bytes() == before


def test_a_process_killed_while_it_writes_loses_at_most_the_act_under_way(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from ctreview.edits import Edit, Journal\nfrom ctreview.volume.geometry import Geometry\n"
        "grid = Geometry.aligned((4, 5, 6), (1, 1, 1), frame_of_reference='1.2')\n"
        f"journal = Journal(Path({str(path)!r}))\n"
        "for n in range(100000):\n"
        "    journal.append(Edit('brush', 'opacity', {'n': n, 'pad': 'x' * 5000}, 'r', 'abc', grid))\n"
        "    print(n, flush=True)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    said = [int(child.stdout.readline()) for _ in range(20)]
    time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    said += [int(line) for line in child.stdout.read().split()]
    child.wait()
    kept = [one.payload["n"] for one in Journal(path).read()]
    assert kept[: len(said)] == said
    assert len(kept) - len(said) <= 1


def test_undo_and_redo_are_records_too() -> None:
    first, second = edit(number=1), edit(number=2)
    undo = edit(UNDO, of=first.id)
    assert active_edits([first, second]) == (first, second)
    assert active_edits([first, second, undo]) == (second,)
    assert active_edits([first, second, undo, edit(REDO, of=first.id)]) == (first, second)
    with pytest.raises(UnreadableFile, match="does not stand before"):
        active_edits([edit(UNDO, of="nothing")])
