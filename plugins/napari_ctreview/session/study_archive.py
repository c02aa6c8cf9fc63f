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
from ctreview.review.images import load_ct_of_study, load_examination_of_study, load_settings_of
from ctreview.review.region_files import sign_regions, write_regions
from ctreview.review.workspace import Workspace
from ctreview.study import Study
from ctreview.study.store import require_reader_name
from napari_ctreview.input_output.scans import Scan
from napari_ctreview.session.carried_marks import removed_words
from napari_ctreview.session.steps import SIGNED, Step

if TYPE_CHECKING:
    from ctreview.change import Comparison
    from ctreview.recipes.chest_ct.corrections import Edits
    from napari_ctreview.session.reading_context import ReadingContext

__all__ = ["StudyArchive"]


class StudyArchive(QObject):
    """Saves, opens and signs what the controller holds.

    Parameters
    ----------
    controller : ReadingContext
        Whose reading it is.
    """

    def __init__(self, controller: ReadingContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._controller = controller

    def name_reader(self, name: str) -> None:
        """Say who reads, before anything is read.

        Raises
        ------
        WrongUse
            The name cannot be a folder's.
        """
        require_reader_name(name.strip())
        if self._controller.workspace.study is None:
            self._controller.workspace.author = name.strip()
        self._controller.state_changed.emit()

    # --- save

    def save(self) -> None:
        """Write masks, numbers and the report page to the study's folder; acts are there already.

        A signed reading is read-only: `ReadingContext.failed` says so.
        """
        controller, workspace = self._controller, self._controller.workspace
        regions, reading = controller.painting.review, workspace.reading
        if reading is not None and reading.state == "signed":
            controller.keep("Nothing was saved", reading.require_draft)
            return
        if regions is not None and reading is not None:
            still = regions.snapshot()
            controller.worker.start(
                "save", lambda _: write_regions(still, reading.regions_folder), lambda _: self._saved()
            )
            return
        prepared, review = controller.prepared, controller.review
        if prepared is None or review is None:
            controller.failed.emit("There is nothing to be saved yet: run the steps first.")
            return
        edits, known = review.edits, controller.up_to_date

        def work(progress: Progress) -> None:
            found = known or compare_prepared(prepared, edits=edits, progress=part(progress, 0.0, 0.4))
            workspace.write(prepared, found, edits, part(progress, 0.4, 1.0))

        controller.worker.start("save", work, lambda _: self._saved())

    def save_as(self, folder: Path | str) -> None:
        """Save into a folder of the reader's choice, and go on there; a signed reading is copied as it is."""
        controller, workspace = self._controller, self._controller.workspace
        if not controller.begun or workspace.study is None:
            controller.failed.emit("There is nothing to be saved yet: run the steps first.")
            return

        def moved(study: Study) -> None:
            workspace.move_to(study)
            if controller.signed:
                controller.tell("sign", Step("done", f"copied to {study.folder.name}. {SIGNED.capitalize()}"))
            else:
                self.save()

        controller.worker.start("save", lambda _: workspace.save_as(folder), moved)

    def _saved(self) -> None:
        controller = self._controller
        assert controller.workspace.study is not None
        controller.tell(
            "sign", Step("to do", f"saved in {controller.workspace.study.folder.name}, a draft until it is signed")
        )

    # --- open

    def open(self, folder: Path | str, *, blinded: bool = False, author: str | None = None) -> None:
        """Open a study: its scans, what the computer found by its settings, and the reader's corrections on it.

        With ``blinded`` the reader's reading becomes a blinded one; a signed one is read once more, from the start.
        """
        controller = self._controller
        workspace = Workspace(author or controller.workspace.author)

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

        controller.worker.start("load", work, lambda found: self._opened(workspace, found))

    def _opened(self, workspace: Workspace, found: Sequence[Scan | None]) -> None:
        controller = self._controller
        assert workspace.study is not None
        plan = workspace.study.plan
        said, measured = controller.leave(), controller.display.measurements
        controller.workspace = workspace
        controller.loader.scans[:] = found
        controller.images = controller.loader.images
        if plan is not None and plan.recipe == regions.RECIPE:
            controller.loader.settings = load_settings_of(workspace.study)
            controller.tell("load", Step("done"))
            controller.display.show_scans(controller.loader.scans)
            self._report_replaced(said, measured)
            controller.painting.begin(found)
            return
        if plan is not None:
            controller.settings = settings_of(workspace.study)
            controller.age_years, controller.loader.allow_different_patients = (
                plan.age_years,
                plan.allow_different_patients,
            )
        controller.tell("load", Step("done"))
        controller.display.show_pair(
            [scan for scan in found if scan is not None], controller.order, blinded=controller.blinded
        )
        self._report_replaced(said, measured)
        controller.run()

    def _report_replaced(self, said: str, measured: int) -> None:
        removed = removed_words(measurements=measured - self._controller.display.measurements)
        self._controller.replaced.emit(f"{removed} {said}".strip())

    # --- sign

    def sign(self) -> None:
        """Close the reading with its numbers and words under the reader's name; corrections make a new version."""
        controller, workspace = self._controller, self._controller.workspace
        prepared, review = controller.prepared, controller.review
        regions, reading = controller.painting.review, workspace.reading
        if regions is not None and reading is not None:
            controller.signing = True
            controller.worker.start("sign", lambda _: sign_regions(regions, reading), lambda _: self._signed_regions())
            return
        if prepared is None or review is None or workspace.reading is None:
            controller.failed.emit("There is nothing to be signed yet: run the steps first.")
            return
        edits, known = review.edits, controller.up_to_date
        controller.signing = True  # no act may come between the numbers and the signature

        def work(progress: Progress) -> Comparison:
            found = known or compare_prepared(prepared, edits=edits, progress=part(progress, 0.0, 0.4))
            workspace.sign(prepared, found, edits, part(progress, 0.4, 1.0))
            return found

        controller.worker.start("sign", work, lambda found: self._signed(found, edits))

    def _signed(self, comparison: Comparison, edits: Edits) -> None:
        """What was hidden from a blinded reader is shown from now on."""
        controller = self._controller
        controller.signing = False
        assert controller.review is not None
        controller.display.show_review(controller.review, controller.loader.scans, controller.order, blinded=False)
        controller.prepared_changed.emit()
        controller.has(comparison, edits)
        self._tell_signed()

    def _signed_regions(self) -> None:
        self._controller.signing = False
        self._tell_signed()

    def _tell_signed(self) -> None:
        self._controller.tell("sign", Step("done", SIGNED))

    def correct(self) -> None:
        """Go on from a signed reading in a new version that starts as a copy of it."""
        self._controller.workspace.next_version()
        self._controller.restart_reading()

    def read_again(self, *, blinded: bool) -> None:
        """Read a signed study once more from the start, as if the first reading were not known."""
        workspace = self._controller.workspace
        workspace.next_version(empty=True)
        if blinded:
            workspace.blind()
        self._controller.restart_reading()

    def blind(self) -> None:
        """Hide dates, order, headers and fate, and shuffle both scans, until the reading is signed."""
        self._controller.workspace.blind()
        self._controller.restart_reading()


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
        images = load_examination_of_study(study, number, progress=share)
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
        share = part(progress, (number - 1) / 2, number / 2)
        volume = load_ct_of_study(study, number, settings=settings, progress=share)
        found.append(Scan(ImageSource(source.path, source.series), volume))
    return found
