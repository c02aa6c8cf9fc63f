"""Save, open, sign: the reader's work goes to folders, while the window stays free."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from ctreview.errors import InputRefused, WrongUse
from ctreview.progress import Progress, part
from ctreview.recipes.chest_ct import compare_prepared
from ctreview.review import regions
from ctreview.review.archive import ImageSource, settings_of
from ctreview.review.regions import sign_regions, write_regions
from ctreview.review.workspace import Workspace
from ctreview.study import Study
from ctreview.study.store import require_reader_name
from napari_ctreview import scans
from napari_ctreview.marks import removed_words
from napari_ctreview.scans import Scan
from napari_ctreview.steps import SIGNED, Step

if TYPE_CHECKING:
    from ctreview.change import Comparison
    from ctreview.recipes.chest_ct.corrections import Edits
    from napari_ctreview.at_hand import AtHand

__all__ = ["Filing"]


class Filing(QObject):  # type: ignore[misc,unused-ignore]
    """What a workplace does with folders.

    Parameters
    ----------
    workplace : AtHand
        Its parent.
    """

    def __init__(self, workplace: AtHand) -> None:
        super().__init__(workplace)
        self._place = workplace

    def name_reader(self, name: str) -> None:
        """Say who reads, before anything is read.

        Raises
        ------
        WrongUse
            The name cannot be a folder's.
        """
        require_reader_name(name.strip())
        if self._place.workspace.study is None:
            self._place.workspace.author = name.strip()
        self._place.state_changed.emit()

    # --- save

    def save(self) -> None:
        """Write masks, numbers and the report page to the study's folder; acts are there already.

        A signed reading is read-only: `AtHand.failed` says so.
        """
        place, workspace = self._place, self._place.workspace
        regions, reading = place.painting.review, workspace.reading
        if reading is not None and reading.state == "signed":
            place.keep("Nothing was saved", reading.require_draft)
            return
        if regions is not None and reading is not None:
            still = regions.snapshot()
            place.worker.start("save", lambda _: write_regions(still, reading.regions_folder), lambda _: self._saved())
            return
        prepared, review = place.prepared, place.review
        if prepared is None or review is None:
            place.failed.emit("There is nothing to be saved yet: run the steps first.")
            return
        edits, known = review.edits, place.up_to_date

        def work(progress: Progress) -> None:
            found = known or compare_prepared(prepared, edits=edits, progress=part(progress, 0.0, 0.4))
            workspace.write(prepared, found, edits, part(progress, 0.4, 1.0))

        place.worker.start("save", work, lambda _: self._saved())

    def save_as(self, folder: Path | str) -> None:
        """Save into a folder of the reader's choice, and go on there; a signed reading is copied as it is."""
        place, workspace = self._place, self._place.workspace
        if not place.begun or workspace.study is None:
            place.failed.emit("There is nothing to be saved yet: run the steps first.")
            return

        def moved(study: Study) -> None:
            workspace.move_to(study)
            if place.signed:
                place.tell("sign", Step("done", f"copied to {study.folder.name}. {SIGNED.capitalize()}"))
            else:
                self.save()

        place.worker.start("save", lambda _: workspace.save_as(folder), moved)

    def _saved(self) -> None:
        place = self._place
        assert place.workspace.study is not None
        place.tell("sign", Step("to do", f"saved in {place.workspace.study.folder.name}, a draft until it is signed"))

    # --- open

    def open(self, folder: Path | str, *, blinded: bool = False, author: str | None = None) -> None:
        """Open a study: its scans, what the computer found by its settings, and the reader's corrections on it.

        With ``blinded`` the reader's reading becomes a blinded one; a signed one is read once more, from the start.
        """
        place = self._place
        workspace = Workspace(author or place.workspace.author)

        def work(progress: Progress) -> list[Scan | None]:
            study = workspace.open(folder)
            try:
                if blinded:
                    _require_ct(study)
                    workspace.read_blinded()
                if study.plan is not None and study.plan.recipe == regions.RECIPE:
                    return _examinations(study, progress)
                return _scans(study, progress)
            except BaseException:
                workspace.close()
                raise

        place.worker.start("load", work, lambda found: self._opened(workspace, found))

    def _opened(self, workspace: Workspace, found: Sequence[Scan | None]) -> None:
        place = self._place
        assert workspace.study is not None
        plan = workspace.study.plan
        said, measured = place.leave(), place.display.measurements
        place.workspace = workspace
        place.loading.scans[:] = found
        place.images = place.loading.images
        if plan is not None and plan.recipe == regions.RECIPE:
            place.loading.settings = regions.load_settings_of(workspace.study)
            place.tell("load", Step("done"))
            place.display.show_scans(place.loading.scans)
            self._tell_replaced(said, measured)
            place.painting.begin(found)
            return
        if plan is not None:
            place.settings = settings_of(workspace.study)
            place.age_years, place.loading.allow_different_patients = plan.age_years, plan.allow_different_patients
        place.tell("load", Step("done"))
        place.display.show_pair([scan for scan in found if scan is not None], place.order, blinded=place.blinded)
        self._tell_replaced(said, measured)
        place.run()

    def _tell_replaced(self, said: str, measured: int) -> None:
        removed = removed_words(measurements=measured - self._place.display.measurements)
        self._place.replaced.emit(f"{removed} {said}".strip())

    # --- sign

    def sign(self) -> None:
        """Close the reading with its numbers and words under the reader's name; corrections make a new version."""
        place, workspace = self._place, self._place.workspace
        prepared, review = place.prepared, place.review
        regions, reading = place.painting.review, workspace.reading
        if regions is not None and reading is not None:
            place.signing = True
            place.worker.start("sign", lambda _: sign_regions(regions, reading), lambda _: self._signed_regions())
            return
        if prepared is None or review is None or workspace.reading is None:
            place.failed.emit("There is nothing to be signed yet: run the steps first.")
            return
        edits, known = review.edits, place.up_to_date
        place.signing = True  # no act may come between the numbers and the signature

        def work(progress: Progress) -> Comparison:
            found = known or compare_prepared(prepared, edits=edits, progress=part(progress, 0.0, 0.4))
            workspace.sign(prepared, found, edits, part(progress, 0.4, 1.0))
            return found

        place.worker.start("sign", work, lambda found: self._signed(found, edits))

    def _signed(self, comparison: Comparison, edits: Edits) -> None:
        """What was hidden from a blinded reader is shown from now on."""
        place = self._place
        place.signing = False
        assert place.review is not None
        place.display.show_review(place.review, place.loading.scans, place.order, blinded=False)
        place.prepared_changed.emit()
        place.has(comparison, edits)
        self._tell_signed()

    def _signed_regions(self) -> None:
        self._place.signing = False
        self._tell_signed()

    def _tell_signed(self) -> None:
        self._place.tell("sign", Step("done", SIGNED))

    def correct(self) -> None:
        """Go on from a signed reading in a new version that starts as a copy of it."""
        self._place.workspace.next_version()
        self._place.reread()

    def read_again(self, *, blinded: bool) -> None:
        """Read a signed study once more from the start, as if the first reading were not known."""
        workspace = self._place.workspace
        workspace.next_version(empty=True)
        if blinded:
            workspace.blind()
        self._place.reread()

    def blind(self) -> None:
        """Hide dates, order, headers and fate, and shuffle both scans, until the reading is signed."""
        self._place.workspace.blind()
        self._place.reread()


def _require_ct(study: Study) -> None:
    """Refuse to hide what MRI shows anyway: contrasts and their names.

    Raises
    ------
    WrongUse
        It is a study of MRI.
    """
    if study.plan is not None and study.plan.recipe == regions.RECIPE:
        raise WrongUse("a study of MRI is read openly", where=study.folder, remedy="Open it without “Open blinded”.")


def _examinations(study: Study, progress: Progress) -> list[Scan | None]:
    """The MRI of a study by timepoint, as it was when it was made; None where it has none."""
    found: list[Scan | None] = [None, None]
    numbers = study.timepoints
    for done, number in enumerate(numbers):
        share = part(progress, done / len(numbers), (done + 1) / len(numbers))
        images = regions.load_timepoint(study, number, progress=share)
        source = study.source(number)
        found[number - 1] = Scan(ImageSource(source.path, source.series), images.contrasts[0].volume, images)
    return found


def _scans(study: Study, progress: Progress) -> list[Scan | None]:
    """The images of a study's two timepoints, as they were when it was made.

    Raises
    ------
    InputRefused
        The study has not two timepoints, or an image is gone or another one.
    """
    if len(study.timepoints) != 2:
        raise InputRefused(
            f"the study has {len(study.timepoints)} timepoints, and two are read here",
            where=study.folder,
            remedy="Open its scans instead.",
        )
    settings = settings_of(study)
    found: list[Scan | None] = []
    for number in study.timepoints:
        source = study.source(number)
        if not source.path.exists():
            raise InputRefused(
                f"the image of timepoint {number} is gone", where=source.path, remedy="Put it back there."
            )
        share = part(progress, (number - 1) / 2, number / 2)
        series = [one for one in scans.look(source.path, share) if source.series in (None, one.key)]
        scan = scans.read(source.path, series[:1], settings.load, share)
        volume = scan.volume.canonical()
        if volume.digest != source.digest:
            raise InputRefused(
                f"this is not the image that timepoint {number} was read on",
                where=source.path,
                remedy="Put the scan back that the study was made with.",
            )
        found.append(Scan(ImageSource(source.path, source.series), volume))
    return found
