"""A screen for tests that draw: the system packages it needs, and a virtual one where there is none.

``python -m tests.plugins.screen`` installs what is missing (as root on Debian or Ubuntu) or says which line does. It
has to run before pytest starts, because pytest-qt loads Qt, and Qt the libraries, before any test is collected.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys

PACKAGES = (
    "xvfb libegl1 libgl1 libglx-mesa0 libgl1-mesa-dri libopengl0 libdbus-1-3 libfontconfig1 libxkbcommon-x11-0 "
    "libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 "
    "fonts-dejavu-core"
)
LINE = f"apt-get install --yes --no-install-recommends {PACKAGES}"


def missing() -> str:
    """What keeps windows from being drawn here, or an empty text."""
    if not sys.platform.startswith("linux"):
        return ""
    loads = subprocess.run(
        [sys.executable, "-c", "import PySide6.QtWidgets"], capture_output=True, text=True, check=False
    )
    if loads.returncode:
        return loads.stderr.strip().splitlines()[-1]
    return "" if os.environ.get("DISPLAY") or shutil.which("Xvfb") else "there is neither a screen nor Xvfb"


def install() -> str:
    """Install what is missing where that may be done; gives what is missing still, with the line that brings it."""
    found = missing()
    if found and shutil.which("apt-get") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in ("apt-get update --quiet", LINE):
            subprocess.run(command.split(), check=False, stdout=subprocess.DEVNULL, env=environment)
        found = missing()
    return f"{found}; on Debian and Ubuntu: sudo {LINE}" if found else ""


def start() -> None:
    """Start Xvfb on a free display where there is no screen; it ends with this process."""
    if not sys.platform.startswith("linux") or os.environ.get("DISPLAY"):
        return
    reading, writing = os.pipe()
    # a test process that is ended without ceremony leaves nothing behind: the server ends with its last client
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-terminate"],
        pass_fds=(writing,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    atexit.register(server.kill)
    with os.fdopen(reading) as told:
        os.environ["DISPLAY"] = f":{told.readline().strip()}"


if __name__ == "__main__":
    still = install()
    print(still or "windows can be drawn here")  # noqa: T201 - a command speaks
    sys.exit(bool(still))
