"""A virtual screen for tests that draw, where there is none."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys


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
