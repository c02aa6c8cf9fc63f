"""A process that does tasks: a line of JSON comes in on stdin for each, and a line goes out on stdout.

It ends with the program that started it, also where that was killed: the case that it was at is not finished then.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from typing import Any, TextIO

from ctreview.allocation import return_freed_memory

__all__ = ["main"]


def main() -> None:
    """Do tasks until stdin is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no answer
    tasks: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(sys.stdin, tasks), daemon=True).start()
    return_freed_memory()
    from ctreview.cohort.tasks import perform  # noqa: PLC0415 - once somebody listens for the parent's end

    while True:
        task = json.loads(tasks.get())
        answer: dict[str, Any]
        try:
            answer = {"answer": perform(task)}
        except Exception as error:
            from ctreview.errors import in_words  # noqa: PLC0415

            answer = {"fault": in_words(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _listen(stdin: TextIO, tasks: queue.Queue[str]) -> None:
    """Hand tasks on; where there is nobody left to answer, end at once, whatever is under way."""
    for line in stdin:
        tasks.put(line)
    os._exit(0)
