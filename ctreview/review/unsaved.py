"""What a study that was never saved holds, in words by which a reader knows it again before it is removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from ctreview.errors import CtreviewError
from ctreview.study import Study

__all__ = ["UnsavedWork", "unsaved_work"]


@dataclass(frozen=True)
class UnsavedWork:
    """What an unsaved study is of, and what a reader did in it.

    Attributes
    ----------
    patient : str
        The pseudonym: the folder that holds the scans. Empty where it is not known.
    scans : tuple of str
        What the folder or file of each timepoint is called.
    reader : str
    started : datetime
        In the zone of this computer.
    acts, findings, key_images : int
    """

    patient: str
    scans: tuple[str, ...]
    reader: str
    started: datetime
    acts: int
    findings: int
    key_images: int

    @property
    def title(self) -> str:
        """Whom and what it is of, and since when: ``"patient 0042, before and after, 2026-03-09 16:04"``."""
        patient = f"patient {self.patient}" if self.patient else "patient not known"
        scans = " and ".join(self.scans) or "no scan"
        return f"{patient}, {scans}, {self.started:%Y-%m-%d %H:%M}"

    @property
    def content(self) -> str:
        """Who did how much: ``"anna: 3 acts, 1 finding"``."""
        counts = (
            (self.acts, "act", True),
            (self.findings, "finding", False),
            (self.key_images, "key image", False),
        )
        said = ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word, always in counts if n or always)
        return f"{self.reader}: {said}"


def unsaved_work(study: Study) -> UnsavedWork:
    """Look at an unsaved study, whose folder is called by when it was begun.

    Nothing of whom the images show is read: the pseudonym is what the folder of the scans is called.
    """
    places = []
    for number in study.timepoints:
        try:
            places.append(study.source(number).path)
        except CtreviewError:
            continue  # damaged; the rest can be told all the same
    readings = study.readings
    return UnsavedWork(
        patient=" and ".join(dict.fromkeys(path.parent.name for path in places)),
        scans=tuple(path.name for path in places),
        reader=readings[0].reader if readings else "",
        started=_started(study),
        acts=sum(len(reading.journal.read()) for reading in readings),
        findings=sum(len(reading.findings()) for reading in readings),
        key_images=sum(len(reading.key_images()) for reading in readings),
    )


def _started(study: Study) -> datetime:
    """By the name that `recovery.begin` gives, in local time; else by the folder's own time."""
    try:
        begun = datetime.strptime(study.folder.name[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        begun = datetime.fromtimestamp(study.folder.stat().st_mtime, UTC)
    return begun.astimezone()
