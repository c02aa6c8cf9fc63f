"""Where a reader's work goes: into an unsaved study from the first act on, into the reader's own folder once chosen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random, SystemRandom
from types import MappingProxyType
from typing import Any

from ctreview.change import Comparison, measure
from ctreview.edits import Edit
from ctreview.errors import InputRefused, WrongUse
from ctreview.progress import Progress, part, quiet
from ctreview.recipes.chest_ct import Prepared, conclude
from ctreview.recipes.segmentation import MEASUREMENTS_SCHEMA, thresholds_dict
from ctreview.recipes.settings import ChestCtSettings
from ctreview.study import Finding, KeyImage, Plan, Reading, Study, recovery
from ctreview.volume.volume import Volume

__all__ = ["RECIPE", "Desk", "Place", "plan_of", "shuffled"]

RECIPE = "chest_ct"


@dataclass(frozen=True)
class Place:
    """Where a scan was loaded from."""

    path: Path
    series: str | None = None


def shuffled(seed: int | None) -> tuple[int, int]:
    """Which timepoint (0 baseline, 1 follow-up) a blinded reader sees first and second; None is an open reading."""
    if seed is None:
        return 0, 1
    first = Random(seed).randrange(2)  # noqa: S311 - nothing to be kept from an attacker, only from a reader
    return first, 1 - first


class Desk:
    """The study and the reading that a reader's acts are put down in.

    Parameters
    ----------
    author : str
        The reader.

    Attributes
    ----------
    study : Study or None
    reading : Reading or None
    journal : list of Edit
        All that was put down, in order.
    findings : tuple of Finding
        What the reader marked.
    key_images : tuple of KeyImage
        What the reader wants to be found again.
    """

    def __init__(self, author: str) -> None:
        self.author = author
        self.study: Study | None = None
        self.reading: Reading | None = None
        self.journal: list[Edit] = []
        self.findings: tuple[Finding, ...] = ()
        self.key_images: tuple[KeyImage, ...] = ()
        self._pictures: dict[str, bytes] = {}
        self._hold = ExitStack()

    @property
    def saved(self) -> bool:
        """Whether the study lies where the reader chose."""
        return self.study is not None and not self.study.folder.is_relative_to(recovery.recovery_folder())

    @property
    def seed(self) -> int | None:
        """By which the timepoints are shuffled; None where the reading is open, or was signed and so revealed."""
        reading = self.reading
        return None if reading is None or reading.state == "signed" else reading.blinded()

    # --- a study

    def lay_out(self, prepared: Prepared, places: Sequence[Place], plan: Plan) -> None:
        """Keep what the computer found, in the study that is open or in an unsaved one.

        Raises
        ------
        InputRefused
            Somebody signed what was found with other settings.
        OSError
            It could not be written.
        """
        if self.study is not None and self.study.plan == plan and len(self.study.timepoints) == 2:
            return
        study = self._begun()
        if any(reading.state == "signed" for reading in study.readings):
            raise InputRefused(
                "this study holds a signed reading, which rests on other settings",
                where=study.folder,
                remedy="Put the settings back, or start a study of its own from the two scans.",
            )
        for number, (point, place) in enumerate(zip(prepared.points, places, strict=True), 1):
            maps = [labels for labels in (point.organ, point.vessels, point.opacity) if labels is not None]
            study.add_timepoint(
                point.volume,
                path=place.path,
                series=place.series,
                masks=maps,
                measurements=_measurements(prepared, number - 1),
                schema=MEASUREMENTS_SCHEMA,
                number=number,
            )
        study.write_plan(plan)

    def lay_out_images(self, images: Sequence[Volume], places: Sequence[Place], plan: Plan) -> None:
        """Keep which images are read, where the computer finds nothing in them; those that are kept already stay.

        Raises
        ------
        OSError
            It could not be written.
        """
        study = self._begun()
        for number, (image, place) in enumerate(zip(images, places, strict=True), 1):
            if number not in study.timepoints:
                study.add_timepoint(image, path=place.path, series=place.series, masks=(), number=number)
        if study.plan is None:
            study.write_plan(plan)

    def open(self, folder: Path | str) -> Study:
        """Open a study, with its lock, at the reader's latest reading or at a new one.

        Raises
        ------
        UnreadableFile
            It is no study, damaged, or written by a newer version.
        StudyLocked
            Somebody has it open.
        """
        study = Study.open(folder)
        hold = ExitStack()
        hold.enter_context(study.writing())
        try:
            reading = study.reading(self.author)
            journal, findings, images = list(reading.edits()), reading.findings(), reading.key_images()
            reading.signature()
        except BaseException:
            hold.close()
            raise
        self._hold.close()
        self._hold, self.study, self.reading = hold, study, reading
        self.journal, self.findings, self.key_images = journal, findings, images
        return study

    def save_as(self, folder: Path | str) -> Study:
        """A copy of the study where the reader wants it; work goes on there after `move_to`."""
        assert self.study is not None
        return self.study.copy_to(folder)

    def move_to(self, study: Study) -> None:
        """Go on in a copy; what was put down since it was made goes with it, and an unsaved study is removed."""
        assert self.study is not None
        old, was_saved, journal = self.study, self.saved, list(self.journal)
        hold = ExitStack()
        hold.enter_context(study.writing())
        reading = study.reading(self.author)
        for edit in journal[len(reading.edits()) :]:
            reading.record(edit)
        if reading.findings() != self.findings:
            reading.write_findings(self.findings)
        if reading.key_images() != self.key_images:
            pictures = {image.id: self.picture(image) or b"" for image in self.key_images}
            reading.write_key_images(self.key_images, pictures)
        self._hold.close()
        self._hold, self.study, self.reading = hold, study, reading
        if not was_saved:
            recovery.discard(old)

    def close(self) -> None:
        """Let go of the study; an unsaved one without any work is removed."""
        study, saved = self.study, self.saved
        # every reading counts: an earlier one may be signed while the one at hand is empty
        empty = study is not None and not any(reading.holds_work for reading in study.readings)
        self._hold.close()
        self.study = self.reading = None
        if study is not None and not saved and empty:
            recovery.discard(study)

    def _begun(self) -> Study:
        """The study at hand; an unsaved one where there is none."""
        if self.study is None:
            self._take(recovery.begin())
        assert self.study is not None
        return self.study

    def _take(self, study: Study) -> None:
        self._hold.enter_context(study.writing())
        self.study, self.reading = study, study.reading(self.author)
        # what was marked on the scans before anything was found in them
        if self.findings:
            self.reading.write_findings(self.findings)
        if self.key_images:
            self.reading.write_key_images(self.key_images, self._pictures)

    # --- a reading

    def record(self, edit: Edit) -> None:
        """Put an act down; errors are those of `Reading.record`."""
        if self.reading is not None:
            self.reading.record(edit)
        self.journal.append(edit)

    def keep_findings(self, findings: Sequence[Finding]) -> None:
        """Replace what the reader marked; errors are those of `Reading.write_findings`."""
        if self.reading is not None:
            self.reading.write_findings(findings)
        self.findings = tuple(findings)

    def keep_key_images(self, images: Sequence[KeyImage], pictures: Mapping[str, bytes] = MappingProxyType({})) -> None:
        """Replace the key images; errors are those of `Reading.write_key_images`."""
        if self.reading is not None:
            self.reading.write_key_images(images, pictures)
        else:
            self._pictures |= pictures
        self.key_images = tuple(images)

    def picture(self, image: KeyImage) -> bytes | None:
        """What a key image looked like, as PNG."""
        return self._pictures.get(image.id) if self.reading is None else self.reading.picture(image)

    def blind(self, seed: int | None = None) -> None:
        """Make the reading a blinded one, shuffled by chance or by a seed.

        Raises
        ------
        WrongUse
            The reader has drawn or marked something already, with everything in view.
        AlreadySigned
            The reading is signed.
        """
        assert self.reading is not None
        if self.journal or self.findings or self.key_images:
            raise WrongUse("this reading has begun already", remedy="Sign it, then read once more, blinded.")
        self.reading.folder.mkdir(parents=True, exist_ok=True)
        self.reading.blind(SystemRandom().randrange(2**32) if seed is None else seed)

    def read_blinded(self) -> None:
        """Make the reading a blinded one; where the latest is signed, a second reading that starts with nothing."""
        assert self.reading is not None
        if self.reading.state == "signed":
            self.next_version(empty=True)
        if self.reading.blinded() is None:
            self.blind()

    def write(self, prepared: Prepared, comparison: Comparison, progress: Progress = quiet) -> Path:
        """Write the comparison with the reader's corrections, and once the one without; gives the reader's folder."""
        from ctreview.report import write_comparison  # noqa: PLC0415 - the page's libraries are loaded only now

        assert self.study is not None
        assert self.reading is not None
        plain = self.study.comparison_folder(1, 2)
        if not self._describes(plain, prepared):
            bare = conclude(prepared, progress=part(progress, 0.0, 0.3))
            write_comparison(bare, plain, overwrite=True, progress=part(progress, 0.3, 0.6))
        mine = self.reading.comparison_folder
        pictures = [(_told(image), self.picture(image)) for image in self.key_images]
        shown = [(says, picture) for says, picture in pictures if picture]
        return write_comparison(comparison, mine, key_images=shown, overwrite=True, progress=part(progress, 0.6, 1.0))

    def sign(self, prepared: Prepared, comparison: Comparison, progress: Progress = quiet) -> None:
        """Write the comparison and close the reading with it: its verdict, its numbers, its words.

        Raises
        ------
        AlreadySigned
            It is closed already.
        """
        from ctreview.report import change_document  # noqa: PLC0415 - as above
        from ctreview.report.languages import LANGUAGES  # noqa: PLC0415
        from ctreview.report.narrative import narrate  # noqa: PLC0415

        assert self.reading is not None
        self.reading.require_draft()
        self.write(prepared, comparison, progress)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        signed = {"reader": self.reading.reader, "version": self.reading.version, "time": now}
        words = {name: narrate(comparison, name, signed=signed, findings=self.findings) for name in LANGUAGES}
        self.reading.sign({"verdict": comparison.verdict, "change": change_document(comparison), "words": words})

    def next_version(self, *, empty: bool = False) -> Reading:
        """Go on in a new version of a signed reading: a correction of it, or with ``empty`` a second reading."""
        assert self.reading is not None
        self.reading = self.reading.next_version(empty=empty)
        self.journal, self.findings = list(self.reading.edits()), self.reading.findings()
        self.key_images = self.reading.key_images()
        return self.reading

    @staticmethod
    def _describes(folder: Path, prepared: Prepared) -> bool:
        """Whether a folder holds a comparison of these settings."""
        from ctreview.report.document import plain  # noqa: PLC0415 - as above

        try:
            found = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return bool(found.get("settings") == plain(prepared.settings.to_dict()))


def _told(image: KeyImage) -> str:
    """What stands under a key image on the page."""
    when = {1: "Baseline", 2: "Follow-up"}.get(image.timepoint, f"Timepoint {image.timepoint}")
    return ": ".join(words for words in (f"{when}, {image.shown}", image.caption) if words)


def plan_of(
    settings: ChestCtSettings, age_years: float | None = None, *, allow_different_patients: bool = False
) -> Plan:
    """What a study keeps of how it is worked on."""
    written = json.loads(json.dumps(settings.to_dict()))  # as it is read back: JSON knows no tuples
    return Plan(RECIPE, written, age_years, allow_different_patients)


def _measurements(prepared: Prepared, number: int) -> dict[str, Any]:
    """What was measured on what the computer found in one scan."""
    point, thresholds = prepared.points[number], prepared.looked.thresholds[number]
    seen = prepared.looked.seen[number]
    found = measure(point.volume, point.regions, point.opacity)
    checks = (*seen.lungs.checks, *seen.vessels.checks, *thresholds.checks)
    return {
        "scan": dict(point.facts),
        "regions": [{"region": name, **measures.to_dict()} for name, measures in found.items()],
        "checks": [{key: getattr(check, key) for key in ("name", "value", "limit", "ok", "says")} for check in checks],
        "thresholds": thresholds_dict(thresholds),
    }
