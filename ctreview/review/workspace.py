"""What is open: a study and one reading of it; an unsaved study until the reader chooses a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from random import Random, SystemRandom
from types import MappingProxyType

from ctreview.change import Comparison
from ctreview.errors import WrongUse
from ctreview.progress import Cancelled, Progress, part, quiet
from ctreview.recipes.chest_ct import Prepared, compare_prepared
from ctreview.recipes.chest_ct.corrections import NO_EDITS, Edits
from ctreview.review.archive import (
    ImageSource,
    basis,
    require_as_signed,
    require_same_images,
    require_unsigned,
    store_pair,
)
from ctreview.review.beside import place_of_study
from ctreview.review.grading import recorded
from ctreview.review.journal import ReadingJournal
from ctreview.study import AnalysisPlan, Finding, KeyImage, Reading, Study, recovery
from ctreview.volume.volume import Volume

__all__ = ["Workspace", "reading_order"]


def reading_order(seed: int | None) -> tuple[int, int]:
    """Which timepoint (0 baseline, 1 follow-up) a blinded reader sees first and second; None is an open reading."""
    if seed is None:
        return 0, 1
    first = Random(seed).randrange(2)  # noqa: S311 - nothing to be kept from an attacker, only from a reader
    return first, 1 - first


class Workspace:
    """The study and the reading in which a reader's edits are recorded.

    Parameters
    ----------
    author : str
        The reader.

    Attributes
    ----------
    study : Study or None
    reading : Reading or None
    journal : ReadingJournal
        Every edit in order; the only list of them.
    findings : tuple of Finding
        What the reader marked.
    key_images : tuple of KeyImage
        What the reader wants to be found again.
    """

    def __init__(self, author: str) -> None:
        self.author = author
        self.study: Study | None = None
        self.reading: Reading | None = None
        self.journal = ReadingJournal()
        self.findings: tuple[Finding, ...] = ()
        self.key_images: tuple[KeyImage, ...] = ()
        self._pictures: dict[str, bytes] = {}
        self._hold = ExitStack()
        self._asked: tuple[tuple[ImageSource, ...], AnalysisPlan] | None = None
        self._closed = False

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

    def go_on_with_stored(self) -> None:
        """Work on with the timepoints of the open study as they are stored."""
        assert self.study is not None
        assert self.study.plan is not None
        kept = [self.study.source(number) for number in self.study.timepoints]
        self._asked = (tuple(ImageSource(one.path, one.series) for one in kept), self.study.plan)

    def store_pair(self, prepared: Prepared, sources: Sequence[ImageSource], plan: AnalysisPlan) -> None:
        """Store two prepared scans in the open study, or in an unsaved one.

        Raises
        ------
        InputRefused
            See `archive.store_pair`.
        OSError
            It could not be written.
        Cancelled
            The workspace was closed meanwhile.
        """
        if self._closed:
            raise Cancelled
        self._asked = (tuple(sources), plan)
        store_pair(self._begun(), prepared, sources, plan)

    def change_plan(self, plan: AnalysisPlan) -> None:
        """Store a plan that changes nothing of what is stored: other settings of the comparison.

        Raises
        ------
        InputRefused
            Somebody signed what rests on other settings.
        OSError
            It could not be written.
        """
        assert self.study is not None
        assert self._asked is not None
        require_as_signed(self.study, plan)
        kept = self.study.plan
        more = kept is not None and not plan.settings.keys() <= kept.settings.keys()
        if not self.study.signed and (kept is None or more or plan.differences(kept)):
            with self.study.planned(plan):
                pass
        self._asked = (self._asked[0], plan)

    def store_images(
        self, images: Mapping[int, Volume], sources: Mapping[int, ImageSource], plan: AnalysisPlan
    ) -> None:
        """Store which images are read, where nothing is segmented in them; those that are stored already stay.

        Parameters
        ----------
        images, sources
            By the number of the timepoint, from 1.
        plan : AnalysisPlan

        Raises
        ------
        InputRefused
            The study was made on other images, or on fewer and somebody signed it.
        OSError
            It could not be written.
        """
        study = self._begun()
        self._asked = (tuple(sources[number] for number in images), plan)
        require_same_images(study, plan)
        new = [number for number in images if number not in study.timepoints]
        if study.plan is not None and not new:
            return
        require_unsigned(study)
        with study.planned(plan):
            for number in new:
                image, source = images[number], sources[number]
                study.add_timepoint(image, path=source.path, series=source.series, masks=(), number=number)

    def open(self, folder: Path | str) -> Study:
        """Open a study, with its lock, at the reader's latest reading or at a new one.

        Raises
        ------
        UnreadableFile
            It is no study, damaged, or written by a newer version.
        InputRefused
            What somebody signed in it was changed afterwards.
        StudyLocked
            Somebody has it open.
        """
        study = Study.open(folder)
        hold = ExitStack()
        hold.enter_context(study.writing())
        try:
            reading = study.reading(self.author)
            journal, findings, images = _journal_of(reading), reading.findings(), reading.key_images()
            for one in study.readings:
                one.signature()
        except BaseException:
            hold.close()
            raise
        self._hold.close()
        self._hold, self.study, self.reading = hold, study, reading
        self.journal, self.findings, self.key_images = journal, findings, images
        return study

    def save_as(self, folder: Path | str) -> Study:
        """A copy of the study where the reader wants it; work goes on there after `move_to`.

        In the folder of a study of another kind, of the same patient, it is put beside that.

        Raises
        ------
        DifferentPatients
            The study there is of another patient.
        WrongUse
            A study of this kind, or something else, is there already.
        """
        assert self.study is not None
        return self.study.copy_to(place_of_study(self.study, folder))

    def move_to(self, study: Study) -> None:
        """Continue in a copy: edits since it was made are added to it, and an unsaved study is removed."""
        assert self.study is not None
        old, was_saved = self.study, self.saved
        hold = ExitStack()
        hold.enter_context(study.writing())
        try:
            reading = study.reading(self.author)
            if reading.findings() != self.findings:
                reading.write_findings(self.findings)
            if reading.key_images() != self.key_images:
                found = {image.id: self.picture(image) for image in self.key_images}
                reading.write_key_images(self.key_images, {key: png for key, png in found.items() if png})
            self.journal.go_on_in(reading.edits(), reading.record)
        except BaseException:
            hold.close()
            raise
        self._hold.close()
        self._hold, self.study, self.reading = hold, study, reading
        if not was_saved:
            recovery.discard(old)

    def close(self) -> None:
        """Close the study; an unsaved one without any work is removed."""
        study, saved = self.study, self.saved
        # every reading counts: an earlier one may be signed while the one at hand is empty
        empty = study is not None and not any(reading.holds_work for reading in study.readings)
        self._closed = True
        self._hold.close()
        self.study = self.reading = None
        if study is not None and not saved and empty:
            recovery.discard(study)

    def _begun(self) -> Study:
        """The open study; an unsaved one where none is open."""
        if self.study is None:
            self._take(recovery.begin())
        assert self.study is not None
        return self.study

    def _take(self, study: Study) -> None:
        self._hold.enter_context(study.writing())
        self.study, self.reading = study, study.reading(self.author)
        self.journal.go_on_in((), self.reading.record)
        # what was marked on the scans before anything was found in them
        if self.findings:
            self.reading.write_findings(self.findings)
        if self.key_images:
            self.reading.write_key_images(self.key_images, self._pictures)

    # --- a reading

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

    def write(
        self, prepared: Prepared | None, comparison: Comparison, edits: Edits, progress: Progress = quiet
    ) -> Path:
        """Write a comparison into the reader's folder, and beside it the one without corrections.

        What lies there and rests on the same images, settings, version and edits is left as it is; so is what was
        signed.

        Parameters
        ----------
        prepared : Prepared or None
            What was stored last; None where the study is shown as it was stored and nothing was found anew.
        comparison : Comparison
            Of that with ``edits``.
        edits : Edits
        progress : Progress

        Returns
        -------
        Path
            The reader's folder.
        """
        from ctreview.report import basis_of, write_comparison  # noqa: PLC0415 - the page's libraries load only now

        assert self.study is not None
        assert self.reading is not None
        assert self._asked is not None
        sources, plan = self._asked
        if prepared is not None:
            store_pair(self.study, prepared, sources, plan)  # it may have failed before, as on a full disk
        bare, mine = self.study.comparison_folder(1, 2), self.reading.comparison_folder
        stays = self.study.signed and bare.exists()
        bare_rests = basis(plan, NO_EDITS)
        if not stays and basis_of(bare) != bare_rests and (prepared is not None or not any(edits)):
            found = comparison
            if prepared is not None and any(edits):  # with edits alone there is nothing to compare the bare scans by
                found = compare_prepared(prepared, progress=part(progress, 0.0, 0.3))
            write_comparison(found, bare, overwrite=True, basis=bare_rests, progress=part(progress, 0.3, 0.6))
        grades = self.reading.grades()
        rests = basis(plan, edits, self.key_images, self.findings, grades)
        if self.reading.state == "draft" and basis_of(mine) != rests:
            pictures = [(image, self.picture(image)) for image in self.key_images]
            shown = [(image, picture) for image, picture in pictures if picture]
            listener = part(progress, 0.6, 1.0)
            write_comparison(
                comparison,
                mine,
                key_images=shown,
                findings=self.findings,
                recorded=recorded(grades),
                overwrite=True,
                basis=rests,
                progress=listener,
            )
        return mine

    def sign(self, prepared: Prepared | None, comparison: Comparison, edits: Edits, progress: Progress = quiet) -> None:
        """Write the comparison and close the reading with it: its verdict, its numbers, its words.

        Parameters are those of `write`.

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
        self.write(prepared, comparison, edits, progress)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        signed = {"reader": self.reading.reader, "version": self.reading.version, "time": now}
        words = {name: narrate(comparison, name, signed=signed, findings=self.findings) for name in LANGUAGES}
        self.reading.sign({"verdict": comparison.verdict, "change": change_document(comparison), "words": words})

    def next_version(self, *, empty: bool = False) -> Reading:
        """Continue in a new version of a signed reading: a correction of it, or with ``empty`` a second reading."""
        assert self.reading is not None
        self.reading = self.reading.next_version(empty=empty)
        self.journal, self.findings = _journal_of(self.reading), self.reading.findings()
        self.key_images = self.reading.key_images()
        return self.reading


def _journal_of(reading: Reading) -> ReadingJournal:
    return ReadingJournal(reading.edits(), keep=reading.record)
