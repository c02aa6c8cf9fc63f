"""Files and folders appear whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ctreview.processes import computer_hash
from ctreview.volume.atomic import atomic_folder, atomic_path, remove_leftovers


def test_a_file_is_put_in_place_and_keeps_its_ending(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "a.seg.nrrd"
    with atomic_path(target) as draft:
        assert draft.name == "a.seg.nrrd"
        assert draft.parent != target.parent
        draft.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["a.seg.nrrd"]


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    target.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(target) as draft:  # noqa: PT012
        draft.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "result"
    with atomic_folder(target) as draft:
        (draft / "sub").mkdir()
        (draft / "sub" / "a.txt").write_text("1")
        assert not target.exists()
    assert (target / "sub" / "a.txt").read_text() == "1"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_folder_gives_way_only_when_told(tmp_path: Path) -> None:
    target = tmp_path / "result"
    target.mkdir()
    (target / "old.txt").write_text("old")
    with pytest.raises(FileExistsError), atomic_folder(target):
        pass
    with pytest.raises(RuntimeError), atomic_folder(target, replace=True) as draft:  # noqa: PT012
        (draft / "half.txt").write_text("half")
        raise RuntimeError
    assert [path.name for path in target.iterdir()] == ["old.txt"]
    with atomic_folder(target, replace=True) as draft:
        (draft / "new.txt").write_text("new")
    assert [path.name for path in target.iterdir()] == ["new.txt"]
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("stops", [OSError, KeyboardInterrupt])
def test_the_old_folder_comes_back_whatever_stops_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stops: type[BaseException]
) -> None:
    target = _replaced(tmp_path, monkeypatch, stops, fails=1)
    assert (target / "old.txt").read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_an_old_folder_that_cannot_come_back_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = _replaced(tmp_path, monkeypatch, OSError, fails=2)
    assert not target.exists()
    (aside,) = tmp_path.iterdir()
    assert (aside / "result" / "old.txt").read_text() == "old"


def _replaced(folder: Path, monkeypatch: pytest.MonkeyPatch, stops: type[BaseException], *, fails: int) -> Path:
    """A result that a new one was to replace, had not so many renames failed after the first."""
    target = folder / "result"
    target.mkdir()
    (target / "old.txt").write_text("old")
    rename, calls = Path.rename, iter(range(1 + fails))

    def failing(path: Path, to: Path) -> Path:
        if next(calls, 0) > 0:
            raise stops
        return rename(path, to)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", failing)
        with pytest.raises(stops), atomic_folder(target, replace=True) as draft:
            (draft / "new.txt").write_text("new")
    return target


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom ctreview.volume.atomic import atomic_folder\n"
        # a shell that starts the tests in the background makes them ignore Ctrl-C
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "with atomic_folder(sys.argv[1]) as draft:\n"
        "    (draft / 'half').write_text('x')\n    print('writing', flush=True)\n    time.sleep(60)\n"
    )
    target = tmp_path / "result"
    with subprocess.Popen([sys.executable, "-c", program, str(target)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        process.wait(20)
    assert list(tmp_path.iterdir()) == []


_KILLED = """
import os, signal, sys
from pathlib import Path
from ctreview.volume import atomic
target = Path(sys.argv[1])
if sys.argv[2] == "between":
    rename, seen = Path.rename, []
    def once(path, to):
        if seen:
            os.kill(os.getpid(), signal.SIGKILL)
        seen.append(path)
        return rename(path, to)
    Path.rename = once
with atomic.atomic_folder(target, replace=True) as draft:
    (draft / "new.txt").write_text("new")
    print("writing", flush=True)
    if sys.argv[2] == "wait":
        sys.stdin.read()
    if sys.argv[2] == "within":
        os.kill(os.getpid(), signal.SIGKILL)
"""


def _killed(target: Path, when: str) -> None:
    done = subprocess.run([sys.executable, "-c", _KILLED, str(target), when], stdout=subprocess.DEVNULL, check=False)
    assert done.returncode == -signal.SIGKILL


def _hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_what_a_kill_left_is_swept_by_the_next_that_writes_there(tmp_path: Path) -> None:
    _killed(tmp_path / "result", "within")
    assert len(_hidden(tmp_path)) == 1
    with atomic_path(tmp_path / "other.json") as draft:
        draft.write_text("x")
    assert [path.name for path in tmp_path.iterdir()] == ["other.json"]


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_folder_that_was_moved_aside_when_the_program_was_killed_comes_back(tmp_path: Path) -> None:
    target = tmp_path / "result"
    target.mkdir()
    (target / "old.txt").write_text("old")
    _killed(target, "between")
    assert not target.exists()
    assert {name.split("-")[0] for name in _hidden(tmp_path)} == {".old", ".writing"}
    remove_leftovers(tmp_path)
    assert (target / "old.txt").read_text() == "old"
    assert _hidden(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="standard input of a child")
def test_a_process_that_still_writes_keeps_its_folder(tmp_path: Path) -> None:
    target = tmp_path / "result"
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(target), "wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for _ in range(2):
            with atomic_path(tmp_path / "other.json") as draft:
                draft.write_text("x")
        process.communicate()
    assert process.returncode == 0
    assert (target / "new.txt").read_text() == "new"
    assert _hidden(tmp_path) == []


def test_only_what_is_ours_and_of_no_living_process_is_swept(tmp_path: Path) -> None:
    mark, gone = computer_hash(), 2**30  # above any process number
    keep = [
        f".writing-{mark}-{os.getpid()}-abc",  # ours, and we live
        f".writing-00000000-{gone}-abc",  # another computer's
        ".writing-abc",
        ".old-mail",
        "result",
    ]
    for name in (*keep, f".writing-{mark}-{gone}-abc"):
        (tmp_path / name).mkdir()
    remove_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(keep)
    remove_leftovers(tmp_path / "not there")


@pytest.mark.skipif(os.name == "nt", reason="no such locks")
def test_a_folder_whose_lock_is_held_is_kept_although_its_process_is_not_seen(tmp_path: Path) -> None:
    """As between two containers that share a folder, and count processes on their own."""
    import fcntl

    name = f".writing-{computer_hash()}-{2**30}-abc"
    (tmp_path / name).mkdir()
    handle = os.open(tmp_path / name, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    remove_leftovers(tmp_path)
    assert _hidden(tmp_path) == [name]
    os.close(handle)
    remove_leftovers(tmp_path)
    assert _hidden(tmp_path) == []


def test_many_that_write_in_one_folder_at_once_lose_nothing(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom ctreview.volume.atomic import atomic_folder\n"
        "for number in range(60):\n"
        "    with atomic_folder(Path(sys.argv[1]), replace=True) as draft:\n"
        "        (draft / 'a').write_text(str(number))\n"
    )
    several = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path / str(n))]) for n in range(3)]
    assert [process.wait(60) for process in several] == [0, 0, 0]
    assert {path.name: (path / "a").read_text() for path in tmp_path.iterdir()} == dict.fromkeys("012", "59")
