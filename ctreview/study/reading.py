"""One reader's work on a study: a journal, findings, and a signature."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ctreview.edits import Edit, Journal
from ctreview.errors import AlreadySigned, InputRefused, UnreadableFile, WrongUse
from ctreview.study.copying import copy_tree, require_no_link
from ctreview.study.document import read_document, write_document
from ctreview.study.finding import FINDING, Finding
from ctreview.study.grade import GRADE, Grade
from ctreview.study.key_image import KEY_IMAGE, KeyImage
from ctreview.study.seal import changed_since, contents_of, seal_of, seal_state, signing_key
from ctreview.study.shape import Kind, anything, listed, mapping, matching, one_of, optional, record, text, whole
from ctreview.tools.payload_reading import require_well_formed
from ctreview.volume.atomic import atomic_folder, atomic_path

__all__ = ["BLINDED_SCHEMA", "FINDINGS_SCHEMA", "GRADES_SCHEMA", "KEY_IMAGES_SCHEMA", "SIGNED_SCHEMA", "Reading"]

KEY_IMAGES_SCHEMA = "ctreview.key_images/1"
FINDINGS_SCHEMA = "ctreview.findings/1"
GRADES_SCHEMA = "ctreview.grades/1"
SIGNED_SCHEMA = "ctreview.signed/2"
BLINDED_SCHEMA = "ctreview.blinded/1"

_SHA256 = matching("[0-9a-f]{64}", "a digest")
SIGNED: Kind = record(
    {
        "reader": text,
        "version": whole,
        "time": text,
        "journal_sha256": _SHA256,
        "statement": mapping(anything),
        "contents": optional(mapping(_SHA256)),
        "seal": optional(record({"kind": one_of(("sha256", "hmac-sha256")), "digest": _SHA256})),
    }
)
"""What a ``signed.json`` holds."""

_BEFORE_SEALS = {1: lambda old: {**old, "contents": None, "seal": None}}


@dataclass(frozen=True)
class Reading:
    """A folder ``readers/<name>`` (or ``readers/<name>.2`` … for later versions) of a study.

    Attributes
    ----------
    folder : Path
        Where it lies.
    reader : str
        Whose it is.
    version : int
        1 for the first; a correction of a signed reading, or a second reading, counts up.
    """

    folder: Path
    reader: str
    version: int

    @property
    def journal(self) -> Journal:
        """The reader's edits of every timepoint and label map; write through `record`."""
        return Journal(self.folder / "journal.jsonl")

    @property
    def state(self) -> Literal["draft", "signed"]:
        """Whether it may still be changed."""
        return "signed" if (self.folder / "signed.json").exists() else "draft"

    @property
    def holds_work(self) -> bool:
        """Whether a person has put anything into it: an act, a finding, a key image, a signature."""
        marked = self.findings() or self.key_images() or self.grades()
        return self.state == "signed" or bool(self.journal.read()) or bool(marked)

    def record(self, edit: Edit) -> None:
        """Put an act down; it is on the disk when this returns.

        Raises
        ------
        AlreadySigned
            The reading is signed.
        """
        self.require_draft()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.journal.append(edit)

    def edits(self, *, image: str | None = None, target: str | None = None) -> tuple[Edit, ...]:
        """The journal, or the part of it that concerns one image and one label map, undo and redo records included.

        Raises
        ------
        MalformedEdit
            A payload cannot be what its tool was given.
        """
        return tuple(
            edit
            for edit in require_well_formed(self.journal.read(), where=self.journal.path)
            if (image is None or edit.image == image) and (target is None or edit.target == target)
        )

    def findings(self) -> tuple[Finding, ...]:
        """What the reader marked."""
        path = self.folder / "findings.json"
        if not path.exists():
            return ()
        found = read_document(path, FINDINGS_SCHEMA, record({"findings": listed(FINDING)}))["findings"]
        with _named(path):
            return tuple(Finding.from_json(plain) for plain in found)

    def write_findings(self, findings: Iterable[Finding]) -> None:
        """Replace the reader's findings.

        Raises
        ------
        AlreadySigned
            The reading is signed.
        """
        self.require_draft()
        write_document(
            self.folder / "findings.json", FINDINGS_SCHEMA, {"findings": [finding.to_json() for finding in findings]}
        )

    def grades(self) -> tuple[Grade, ...]:
        """Items of visual scores that the reader confirmed or gave."""
        path = self.folder / "grades.json"
        if not path.exists():
            return ()
        found = read_document(path, GRADES_SCHEMA, record({"grades": listed(GRADE)}))["grades"]
        return tuple(Grade.from_json(plain) for plain in found)

    def write_grades(self, grades: Iterable[Grade]) -> None:
        """Add grades; of the same item the later one stays.

        Raises
        ------
        AlreadySigned
            The reading is signed.
        """
        self.require_draft()
        kept = {grade.place: grade for grade in (*self.grades(), *grades)}
        plain = {"grades": [grade.to_json() for grade in kept.values()]}
        write_document(self.folder / "grades.json", GRADES_SCHEMA, plain)

    def key_images(self) -> tuple[KeyImage, ...]:
        """What the reader wants to be found again."""
        path = self.folder / "key_images.json"
        if not path.exists():
            return ()
        found = read_document(path, KEY_IMAGES_SCHEMA, record({"key_images": listed(KEY_IMAGE)}))["key_images"]
        return tuple(KeyImage.from_json(plain) for plain in found)

    def picture(self, image: KeyImage) -> bytes | None:
        """What a key image looked like, as PNG; None where the picture is gone, or a link that leads elsewhere."""
        path = self._picture(image)
        return path.read_bytes() if path.is_file() and not path.is_symlink() else None

    def write_key_images(self, images: Iterable[KeyImage], pictures: Mapping[str, bytes]) -> None:
        """Replace the reader's key images; pictures that no key image names any more are removed.

        Parameters
        ----------
        images : iterable of KeyImage
        pictures : mapping of str to bytes
            PNG of those that have none here yet, by their id.

        Raises
        ------
        AlreadySigned
            The reading is signed.
        """
        self.require_draft()
        kept = tuple(images)
        for image in kept:
            path = self._picture(image)
            if image.id in pictures and not path.exists():
                with atomic_path(path) as draft:
                    draft.write_bytes(pictures[image.id])
        plain = {"key_images": [image.to_json() for image in kept]}
        write_document(self.folder / "key_images.json", KEY_IMAGES_SCHEMA, plain)
        names = {self._picture(image).name for image in kept}
        for path in (self.folder / "key_images").glob("*.png"):
            if path.name not in names:
                path.unlink(missing_ok=True)

    def _picture(self, image: KeyImage) -> Path:
        return self.folder / "key_images" / f"{image.id}.png"

    def sign(self, statement: Mapping[str, Any]) -> None:
        """Close the reading.

        Parameters
        ----------
        statement : mapping
            What is signed, ready for JSON: verdict, numbers, words. Name and time are added, and digests of journal,
            findings, key images, masks, plan and comparison, under one seal (`ctreview.study.seal`).

        Raises
        ------
        AlreadySigned
            It is closed already.
        WrongUse
            A key for signatures is named that cannot be used.
        """
        self.require_draft()
        key = signing_key()
        self.folder.mkdir(parents=True, exist_ok=True)
        signed = {
            "reader": self.reader,
            "version": self.version,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "journal_sha256": self._journal_digest(),
            "statement": dict(statement),
            "contents": self._contents(),
        }
        signed = json.loads(json.dumps(signed, allow_nan=False))  # as it is read back: JSON knows no tuples
        write_document(self.folder / "signed.json", SIGNED_SCHEMA, {**signed, "seal": seal_of(signed, key)})

    def signature(self) -> dict[str, Any] | None:
        """What was signed, or None for a draft.

        Returns
        -------
        dict
            ``reader``, ``version``, ``time``, ``statement``, and as ``state`` what the seal amounts to: ``"sealed"``,
            ``"sealed with a key"``, ``"sealed with a key that is not at hand"``, or of what an earlier version signed
            ``"signed, not sealed"``.

        Raises
        ------
        UnreadableFile
            The signature cannot be read, or is not as it was made.
        InputRefused
            What lies there is not what was signed; the message names the files.
        """
        path = self.folder / "signed.json"
        if not path.exists():
            return None
        signed = read_document(path, SIGNED_SCHEMA, SIGNED, migrations=_BEFORE_SEALS)
        state = seal_state(signed, signing_key(), path)
        changed = [] if signed["journal_sha256"] == self._journal_digest() else ["journal.jsonl was changed"]
        if signed["contents"] is not None:
            changed = list(changed_since(signed["contents"], self._contents()))
        if (signed["reader"], signed["version"]) != (self.reader, self.version):
            changed.append("it was signed under another name or version")
        if changed:
            raise InputRefused(
                f"this reading was changed after it was signed: {'; '.join(changed)}",
                where=self.folder,
                remedy="Restore the folder from a backup, or read the study anew.",
            )
        return {**signed, "state": state}

    def _contents(self) -> dict[str, str]:
        return contents_of(self.folder.parent.parent, self.folder)

    @property
    def comparison_folder(self) -> Path:
        """Where the comparison with this reader's corrections is written."""
        return self.folder / "comparison"

    @property
    def regions_folder(self) -> Path:
        """Where regions that the reader painted are written, with what they measure."""
        return self.folder / "regions"

    def blinded(self) -> int | None:
        """The seed by which the timepoints were shuffled, None for an open reading."""
        path = self.folder / "blinded.json"
        return int(read_document(path, BLINDED_SCHEMA, record({"seed": whole}))["seed"]) if path.exists() else None

    def blind(self, seed: int) -> None:
        """Make this a blinded reading, before anything is drawn in it.

        Raises
        ------
        AlreadySigned
            The reading is signed.
        """
        self.require_draft()
        write_document(self.folder / "blinded.json", BLINDED_SCHEMA, {"seed": seed})

    def next_version(self, *, empty: bool = False) -> Reading:
        """A draft that starts as a copy of this reading: how a signed one is corrected.

        With ``empty`` it starts with nothing: how the same reader reads once more.
        """
        following = Reading(
            self.folder.parent / folder_name(self.reader, self.version + 1), self.reader, self.version + 1
        )
        if following.folder.exists():
            raise AlreadySigned(f"version {following.version} of this reading exists", where=following.folder)
        with atomic_folder(following.folder) as draft:
            for name in () if empty else ("journal.jsonl", "findings.json", "grades.json", "key_images.json"):
                if (self.folder / name).exists():
                    shutil.copyfile(require_no_link(self.folder / name), draft / name)
            if not empty and (self.folder / "key_images").exists():
                copy_tree(self.folder / "key_images", draft / "key_images")
        return following

    def require_draft(self) -> None:
        """Refuse to go on with a signed reading.

        Raises
        ------
        AlreadySigned
            It is signed.
        """
        if self.state == "signed":
            raise AlreadySigned(
                "this reading is signed and cannot be changed",
                where=self.folder,
                remedy="Make a new version of it to correct it.",
            )

    def _journal_digest(self) -> str:
        path = self.journal.path
        return hashlib.sha256(path.read_bytes() if path.exists() else b"").hexdigest()


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Name the file whose values go together as they never should."""
    try:
        yield
    except WrongUse as wrong:
        raise UnreadableFile(f"the file is malformed: {wrong.found}", where=path) from wrong


def folder_name(reader: str, version: int) -> str:
    """The folder of a reader's version."""
    return reader if version == 1 else f"{reader}.{version}"
