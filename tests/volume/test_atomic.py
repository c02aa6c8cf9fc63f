"""Files and folders appear whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ctreview.volume.atomic import atomic_folder, atomic_path


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
