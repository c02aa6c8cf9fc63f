"""A real browser without a window, driven through its debugging pipe: real mouse, real keys, every request seen."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docs.screenshot import BROWSERS

BROWSER = next((found for name in BROWSERS if (found := shutil.which(name))), None)
"""Its program; None where none is installed."""

_ABOVE = 20
"""Descriptors are moved above this, so that none of them is 3 or 4, which the browser wants its pipe on."""

KEY_CODES = {
    "ArrowUp": 38,
    "ArrowDown": 40,
    "ArrowLeft": 37,
    "ArrowRight": 39,
    "Escape": 27,
    " ": 32,
    "End": 35,
    "Tab": 9,
}


class Browser:
    """One page in a browser."""

    def __init__(self, reads: int, writes: int) -> None:
        self._writes, self._answers = writes, os.fdopen(reads, "rb")
        self._rest, self._number = b"", 0
        self.events: list[dict[str, Any]] = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session: str | None = None
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command of the debugging protocol and give its result."""
        self._number += 1
        said = {"id": self._number, "method": method, "params": parameters}
        if session := getattr(self, "_session", None):
            said["sessionId"] = session
        os.write(self._writes, json.dumps(said).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            got = os.read(self._answers.fileno(), 1 << 20)
            assert got, "the browser ended"
            self._rest += got
        one, _, self._rest = self._rest.partition(b"\0")
        return json.loads(one)

    def open(self, page: Path, *, width: int = 1320, height: int = 1000) -> None:
        """Load a page and wait until it has."""
        self.events.clear()
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.ask("Emulation.setDeviceMetricsOverride", **size)
        self.ask("Page.navigate", url=page.resolve().as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())

    def run(self, script: str) -> Any:
        """The value of an expression in the page; of a promise what it gives."""
        answer = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, script: str) -> None:
        """Wait until an expression is true, for ten seconds."""
        wait = f"""(async () => {{ for (let n = 0; n < 200; n++) {{
          if ({script}) return true; await new Promise((done) => setTimeout(done, 50)); }} return false; }})()"""
        assert self.run(wait), script

    def key(self, key: str) -> None:
        """Press a key where the focus is."""
        code = KEY_CODES.get(key, ord(key[0].upper()))
        text = {"text": key} if len(key) == 1 else {}
        for kind in ("keyDown", "keyUp"):
            typed = text if kind == "keyDown" else {}
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **typed)

    def place(self, selector: str, x: float = 0.5, y: float = 0.5) -> tuple[float, float]:
        """Where a share of an element's box lies in the window, after scrolling there."""
        left, top, width, height = self.run(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)}); "
            "one.scrollIntoView({ block: 'center' }); const box = one.getBoundingClientRect(); "
            "return [box.left, box.top, box.width, box.height]; })()"
        )
        return left + x * width, top + y * height

    def click(self, selector: str, x: float = 0.5, y: float = 0.5) -> None:
        """Press and release the mouse on an element."""
        self.drag(selector, (x, y), (x, y))

    def drag(self, selector: str, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press the mouse at a share of an element's box, move it, and release it."""
        begin, stop = self.place(selector, *start), self.place(selector, *end)
        for kind, (x, y), pressed in (("mousePressed", begin, 1), ("mouseMoved", stop, 1), ("mouseReleased", stop, 0)):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=pressed, clickCount=1)

    def wheel(self, selector: str, down: float) -> None:
        """Turn the wheel over an element."""
        x, y = self.place(selector)
        self.ask("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=down)

    def requests(self) -> list[str]:
        """Addresses of all that was asked for since the page was opened, the page itself and what it holds aside."""
        sent = [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]
        return [url for url in sent[1:] if not url.startswith(("data:", "blob:"))]

    def complaints(self) -> list[str]:
        """What the page threw, and what the browser logged of it."""
        thrown = [e["params"] for e in self.events if e.get("method") == "Runtime.exceptionThrown"]
        logged = [e["params"]["entry"] for e in self.events if e.get("method") == "Log.entryAdded"]
        return [json.dumps(one) for one in (*thrown, *logged)]

    def picture(self, target: Path, *, whole: bool = False) -> None:
        """Save what is shown, or the whole page, as PNG."""
        found = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        target.write_bytes(base64.b64decode(found["data"]))

    def print_to(self, target: Path) -> None:
        """Print the page to a PDF file in the size that its style asks for."""
        found = self.ask("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        target.write_bytes(base64.b64decode(found["data"]))


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser that ends with the block."""
    assert BROWSER is not None
    (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()
    theirs_in, theirs_out = (fcntl.fcntl(one, fcntl.F_DUPFD, _ABOVE) for one in (theirs_in, theirs_out))

    def connect() -> None:
        os.dup2(theirs_in, 3)
        os.dup2(theirs_out, 4)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        line = [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
        line += ["--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(line, preexec_fn=connect, pass_fds=(3, 4), **quiet) as process:  # noqa: PLW1509 - no other way to descriptors 3 and 4
            os.close(theirs_in)
            os.close(theirs_out)
            try:
                yield Browser(ours_in, ours_out)
            finally:
                process.terminate()
                process.wait(10)
                os.close(ours_out)
