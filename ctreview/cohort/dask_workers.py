"""Tasks done by the workers of a running Dask cluster.

They need the same version of ctreview, and the paths of the manifest and of the results must mean the same to them as
to the program that asks: a disk that all share.
"""

from __future__ import annotations

import uuid
from collections.abc import Generator, Sequence
from typing import Any

from ctreview.cohort.outcome import Outcome, Task
from ctreview.cohort.tasks import perform
from ctreview.errors import WrongUse, in_words

__all__ = ["DaskWorkers"]

CONNECT_S = 10
"""So long a scheduler may take to answer."""


class DaskWorkers:
    """The workers of a Dask scheduler.

    Dask gives a task whose worker was killed to another one, up to three times (its setting
    ``distributed.scheduler.allowed-failures``); then the case is to blame.

    Parameters
    ----------
    address : str
        Of the scheduler: ``"tcp://host:8786"``.

    Raises
    ------
    WrongUse
        distributed is not installed, or nobody answers at the address.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise WrongUse(
                "a scheduler is named, and distributed is not installed",
                remedy='Install it: pip install "ctreview[dask]".',
            ) from error
        try:
            self._client: Any = Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise WrongUse(f"no scheduler answers at {address}", remedy="Start it, or mend the address.") from error

    @property
    def workers(self) -> int:
        """How many tasks the cluster does at once, as it is now."""
        return max(1, int(sum(self._client.nthreads().values())))

    def perform(self, tasks: Sequence[Task]) -> Generator[Outcome]:
        """Do tasks and give what became of each as soon as it is known, in any order.

        Closing the iterator takes back what has not begun; what is under way is finished by its worker.
        """
        from distributed import as_completed  # noqa: PLC0415 - an extra

        if not tasks:
            return
        run = uuid.uuid4().hex
        futures = {
            self._client.submit(perform, dict(task.work), key=f"ctreview-{run}-{number}", pure=False): number
            for number, task in enumerate(tasks)
        }
        try:
            for future in as_completed(list(futures), loop=self._client.loop):
                number = futures[future]
                yield self._outcome(number, future)
                future.release()
        finally:
            self._client.cancel(list(futures))

    @staticmethod
    def _outcome(number: int, future: Any) -> Outcome:
        if future.status == "finished":
            return Outcome(number, future.result())
        error = future.exception()
        if type(error).__name__ == "KilledWorker":
            why = "its workers ended one after the other, perhaps for want of memory."
            return Outcome(number, None, f"{why} Give them more, or crop the scans.")
        return Outcome(number, None, in_words(error) if isinstance(error, BaseException) else "it was taken back.")
