"""What tests need of the system: a screen to draw on and a browser. ``python -m tests.system_packages`` brings it.

As root on Debian or Ubuntu it installs what is missing, once no other package manager is at work; elsewhere it names
the line that does. No test installs anything: `make test` runs this first, before pytest-qt loads Qt and Qt its
libraries.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from docs.screenshot import BROWSERS

SCREEN = (
    "xvfb libegl1 libgl1 libglx-mesa0 libgl1-mesa-dri libopengl0 libdbus-1-3 libfontconfig1 libxkbcommon-x11-0 "
    "libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 "
    "fonts-dejavu-core"
)
BROWSER = "chromium"
PANGO = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
LOCKS = tuple(Path(path) for path in ("/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/apt/lists/lock"))
LONGEST_S = 600.0
"""How long another package manager is waited for; a machine that has just started updates itself for some minutes."""


def without_screen() -> str:
    """What keeps windows from being drawn here, or an empty text."""
    if not sys.platform.startswith("linux"):
        return ""
    loads = subprocess.run(
        [sys.executable, "-c", "import PySide6.QtWidgets"], capture_output=True, text=True, check=False
    )
    if loads.returncode:
        return loads.stderr.strip().splitlines()[-1]
    return "" if os.environ.get("DISPLAY") or shutil.which("Xvfb") else "there is neither a screen nor Xvfb"


def without_browser() -> str:
    """What keeps pages from being drawn here, or an empty text."""
    return "" if any(map(shutil.which, BROWSERS)) else f"none of {', '.join(BROWSERS)} is installed"


def without_pango() -> str:
    """What keeps reports from being written as PDF here, or an empty text."""
    loads = subprocess.run([sys.executable, "-c", "import weasyprint"], capture_output=True, text=True, check=False)
    return loads.stderr.strip().splitlines()[-1] if loads.returncode else ""


NEEDS: tuple[tuple[Callable[[], str], str], ...] = (
    (without_screen, SCREEN),
    (without_browser, BROWSER),
    (without_pango, PANGO),
)


def missing() -> dict[str, str]:
    """What is missing, in words, and the packages that bring it."""
    return {says: packages for found, packages in NEEDS if (says := found())}


def line(packages: str) -> str:
    """The command that installs packages on Debian and Ubuntu."""
    return f"apt-get install --yes --no-install-recommends {packages}"


def held(locks: Sequence[Path] = LOCKS) -> list[Path]:
    """The locks that another process holds."""
    import fcntl  # not on Windows, where nothing is installed

    found = []
    for path in locks:
        try:
            with path.open("r+b") as file:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # given back when the file is closed
        except BlockingIOError:
            found.append(path)
        except OSError:
            continue  # it is not there, or not ours to try
    return found


def wait_until_free(locks: Sequence[Path] = LOCKS, *, longest_s: float = LONGEST_S, step_s: float = 5.0) -> bool:
    """Wait until no other process holds a lock; False where one still does at the end."""
    until = time.monotonic() + longest_s
    said = False
    while held(locks):
        if time.monotonic() > until:
            return False
        if not said:
            print("Another package manager is at work; waiting for it …", flush=True)
            said = True
        time.sleep(step_s)
    return True


def install(packages: str) -> None:
    """Install packages; what goes wrong shows in what is missing afterwards."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ("apt-get update --quiet", line(packages)):
        if not wait_until_free():
            return
        subprocess.run(command.split(), check=False, stdout=subprocess.DEVNULL, env=environment)


def main() -> int:
    """Install what is missing where that may be done, and say what is missing still."""
    lacking = missing()
    if lacking and shutil.which("apt-get") and os.geteuid() == 0:
        install(" ".join(lacking.values()))
        lacking = missing()
    for says, packages in lacking.items():
        print(f"{says}; on Debian and Ubuntu: sudo {line(packages)}")
    return 0  # the tests that need it fail with the same words; all others run


if __name__ == "__main__":
    sys.exit(main())
