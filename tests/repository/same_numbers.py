"""Whether two versions of the code give the same numbers, to the last bit.

    python -m tests.repository.same_numbers --code FOLDER --out FILE [--quick] [--only CASE …]
    python -m tests.repository.same_numbers compare BEFORE AFTER

The first runs the code of FOLDER (a checkout) and writes every number of every case; the second says what differs
between two such files and ends with 1 if anything does. What is only in AFTER is counted and is no difference; what is
only in BEFORE is one, unless it stands in `REMOVED`. Time and memory are shown side by side and judged by nobody.

The numbers are those of the public interface: ``compare``, ``segment``, ``Comparison.to_dict``, label maps and
``ctreview edits replay``. Documents of every version of a schema come to one flat list of names, so that a number may
move within a document. Each case runs in a process of its own, one after the other, with one thread.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "tests" / "fixtures"
INPUTS = Path(tempfile.gettempdir()) / "ctreview_same_numbers"
"""Hybrids are made once and kept here, so that both versions read one and the same files."""

HYBRIDS = (1, 2)
"""Seeds; those below 1000 count in no benchmark."""

COMPARED = "anna"
"""The reading with every kind of act; the others are replayed and not compared, which takes time."""

REMOVED = (r"mass_g\b", r"excess_mass", r"histogram")
"""Names of what is left out on purpose."""

RENAMED = {
    "says": "message",
    "lungs": "organ",
    "dependent_opacity_ml": "dependent_ml",
}
"""Words of one version and what they are called here; only for keys of documents and attributes of a timepoint."""

Numbers = dict[str, Any]


# --- from a comparison to named numbers


def flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of a document by its path; lists of things that have a name are told by it, not by their place."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from flat(one, f"{name}/{RENAMED.get(str(key), str(key))}".lstrip("/"))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for key, one in _numbered(value):
            yield from flat(one, f"{name}/{key}")
    elif isinstance(value, np.generic):
        yield name, value.item()
    else:
        yield name, value


def _numbered(items: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """Things by their name (a second one of a name as ``name#2``), else by their place."""
    met: dict[str, int] = {}
    for place, one in enumerate(items):
        called = next((one[key] for key in ("region", "name", "reader") if key in one), None) if _named(one) else None
        if called is None:
            yield str(place), one
            continue
        met[called] = met.get(called, 0) + 1
        yield called if met[called] == 1 else f"{called}#{met[called]}", one


def _named(one: Any) -> bool:
    return isinstance(one, Mapping)


def document_numbers(document: Mapping[str, Any]) -> Numbers:
    """The numbers of ``change.json`` or ``measurements.json``, whatever their version."""
    plain = {key: value for key, value in document.items() if key != "schema"}
    return {_unnested(name): value for name, value in flat(plain)}


def _unnested(name: str) -> str:
    """Measures that are kept by class under the name that they had when they were not: ``ground_glass_ml``."""
    found = re.sub(r"/(?:classes|bands)_(ml|percent)/(\w+)", r"/\2_\1", name)
    return re.sub(r"[^/]+$", lambda last: RENAMED.get(last[0], last[0]), found)


def comparison_numbers(comparison: Any) -> Numbers:
    """Every number of a `Comparison`: its document, intervals with their sources, masks and the transform."""
    numbers = document_numbers(comparison.to_dict())
    numbers["verdict"], numbers["residual"] = comparison.verdict, comparison.residual
    for found in comparison.regions:
        for key, interval in found.change.items():
            sources = getattr(interval, "sources", None) or {}
            numbers |= {f"sources/{found.region}/{key}/{name}": float(width) for name, width in sources.items()}
    for when in ("baseline", "followup"):
        numbers |= _prefixed(f"masks/{when}", timepoint_numbers(getattr(comparison, when)))
    return {**numbers, **_prefixed("transform", transform_numbers(comparison.transform))}


def timepoint_numbers(point: Any) -> Numbers:
    """Digest of the image and of every label map of a timepoint, and how many voxels each label has."""
    numbers: Numbers = {"image": point.volume.digest}
    for name, labels in sorted(vars(point).items()):
        if hasattr(labels, "scheme") and hasattr(labels, "array"):
            numbers |= _prefixed(RENAMED.get(name, name), label_numbers(labels))
    return numbers


def label_numbers(labels: Any) -> Numbers:
    """Digest of a label map's voxels, and how many voxels each label has."""
    counted = {label.key: int(np.count_nonzero(labels.array == label.value)) for label in labels.scheme}
    return {"sha256": digest(labels.array.astype(np.uint8)), **{f"voxels/{key}": n for key, n in counted.items() if n}}


def transform_numbers(transform: Any) -> Numbers:
    """Digests of the affine part and of the field."""
    if transform is None:
        return {"": None}
    field = transform.displacement
    return {
        "affine": digest(transform.affine),
        "field": None if field is None else digest(field),
        "mean_mm": None if field is None else float(np.abs(field.astype(np.float64)).mean()),
    }


def digest(array: np.ndarray[Any, Any]) -> str:
    """SHA-256 of an array: its type, its shape and its bytes."""
    head = f"{array.dtype.str} {array.shape} ".encode()
    return hashlib.sha256(head + np.ascontiguousarray(array).tobytes()).hexdigest()


def _prefixed(above: str, numbers: Numbers) -> Numbers:
    return {f"{above}/{name}": value for name, value in numbers.items()}


# --- the cases; each runs in a process in which the code under test is what `import ctreview` finds


def _compared(baseline: Path | Any, followup: Path | Any, **options: Any) -> Numbers:
    import ctreview as ct

    wall, cpu = time.perf_counter(), time.process_time()
    comparison = ct.compare(baseline, followup, threads=1, **options)
    used = {
        "resources/wall_s": time.perf_counter() - wall,
        "resources/cpu_s": time.process_time() - cpu,
        "resources/peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    return {**comparison_numbers(comparison), **used}


def sample(code: Path, inputs: Path) -> Numbers:
    """The phantom child of the demo."""
    return _compared(code / "sample_data" / "before", code / "sample_data" / "after")


def followup_pair(code: Path, inputs: Path) -> Numbers:
    """Two real scans of one lung."""
    return _compared(*(_data(code) / "followup_pair" / f"{name}.mha" for name in ("baseline", "followup")))


def hybrid(seed: int, code: Path, inputs: Path) -> Numbers:
    """A real scan with planted opacity, and the same later."""
    folder = inputs / f"hybrid-{seed}"
    if not folder.exists():
        os.environ["CTREVIEW_DATA"] = str(_data(code))
        _make_hybrid(seed, folder)
    return _compared(folder / "before", folder / "after")


def _make_hybrid(seed: int, folder: Path) -> None:
    from ctreview.phantom import random_hybrid_pair
    from ctreview.volume.write import write_dicom
    from tests.real_scans import healthy_host

    host = healthy_host(2, thinned=True)
    assert host is not None
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent))
    for name, made in zip(("before", "after"), random_hybrid_pair(host, seed), strict=True):
        write_dicom(made.volume, draft / name)
    draft.rename(folder)


def one_scan(code: Path, inputs: Path) -> Numbers:
    """`segment` of one coarse phantom."""
    import ctreview as ct

    found = ct.segment(FIXTURES / "scans" / "before.zip", threads=1)
    point = found.timepoint
    return {**document_numbers(found.to_dict()), **_prefixed("masks", timepoint_numbers(point))}


def journal(reading: str, code: Path, inputs: Path) -> Numbers:
    """A reader's journal replayed: the masks as the command writes them, and of one reader the comparison with them."""
    from ctreview.edits import Journal

    with tempfile.TemporaryDirectory() as folder:
        study = study_at(Path(folder))
        numbers = _prefixed("replay", _replayed(study, reading, Path(folder) / "replayed"))
        if reading == COMPARED:
            edits = Journal(study / "readers" / reading / "journal.jsonl")
            numbers |= _compared(*(FIXTURES / "scans" / f"{name}.zip" for name in ("before", "after")), edits=edits)
        return numbers


def _replayed(study: Path, reading: str, out: Path) -> Numbers:
    # a reading's name is its folder's; the command wants name.version, and a first version's folder has no number
    name = reading if reading.rpartition(".")[2].isdigit() else f"{reading}.1"
    command = [sys.executable, "-m", "ctreview", "edits", "replay", str(study), "--reader", name, "--out", str(out)]
    subprocess.run([*command, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return document_numbers(json.loads((out / "replay.json").read_text(encoding="utf-8")))


def study_at(folder: Path) -> Path:
    """A copy of the stored study whose images lie where they lie here."""
    study = folder / "study"
    shutil.copytree(FIXTURES / "study", study)
    for path in study.glob("timepoints/*/source.json"):
        plain = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**plain, "path": str(FIXTURES / "scans" / plain["path"])}), encoding="utf-8")
    return study


def readings() -> list[str]:
    """The readings of the stored study, by the names of their folders."""
    return sorted(path.parent.name for path in FIXTURES.glob("study/readers/*/journal.jsonl"))


def _data(code: Path) -> Path:
    places = [Path(os.environ.get("CTREVIEW_DATA") or "/nowhere")]
    places += [above / "shared" / "data" for root in (code, REPOSITORY) for above in root.resolve().parents]
    return next((place for place in places if place.is_dir()), places[0])


def cases() -> dict[str, Callable[[Path, Path], Numbers]]:
    """Every case by its name, the quick ones first."""
    found: dict[str, Callable[[Path, Path], Numbers]] = {"sample_data": sample}
    for reading in readings():
        found[f"journal {reading}"] = _of(journal, reading)
    found |= {"one scan": one_scan, "followup_pair": followup_pair}
    return {**found, **{f"hybrid {seed}": _of(hybrid, seed) for seed in HYBRIDS}}


def _of(case: Callable[..., Numbers], which: Any) -> Callable[[Path, Path], Numbers]:
    return lambda code, inputs: case(which, code, inputs)


# --- run


def run(code: Path, out: Path, wanted: Sequence[str], inputs: Path) -> int:
    """Run cases of one version of the code and write their numbers."""
    written: dict[str, Numbers] = {}
    for name in wanted:
        start = time.perf_counter()
        written[name] = _in_its_own_process(code, name, inputs)
        said = written[name].get("error") or f"{len(written[name])} numbers"
        print(f"{time.perf_counter() - start:7.1f} s  {name}: {said}", flush=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(written, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def _in_its_own_process(code: Path, name: str, inputs: Path) -> Numbers:
    path = os.pathsep.join((str(code), str(code / "plugins")))
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "numbers.json"
        command = [sys.executable, __file__, "--code", str(code), "--out", str(out), "--inputs", str(inputs)]
        environment = {**os.environ, **threads, "PYTHONPATH": path}
        done = subprocess.run([*command, "--inside", name], env=environment, check=False)
        if not out.exists():
            return {"error": f"the process ended with {done.returncode}"}
        found: Numbers = json.loads(out.read_text(encoding="utf-8"))
        return found


def _inside(code: Path, out: Path, name: str, inputs: Path) -> int:
    import ctreview

    assert Path(ctreview.__file__).resolve().is_relative_to(code.resolve()), f"{ctreview.__file__} is not of {code}"
    try:
        numbers = cases()[name](code, inputs)
    except ctreview.CtreviewError as refused:  # to refuse is an answer, and has to stay the same one
        numbers = {"error": f"{type(refused).__name__}: {refused}"}
    out.write_text(json.dumps(numbers, ensure_ascii=False), encoding="utf-8")
    return 0


# --- compare


def differences(before: Mapping[str, Numbers], after: Mapping[str, Numbers]) -> list[str]:
    """What differs between the numbers of two versions, in words; of the cases that both have run."""
    found = []
    for case in (name for name in before if name in after):
        old, new = before[case], after[case]
        found += [f"{case}: {name}: {old[name]!r} is gone" for name in old if name not in new and not _allowed(name)]
        found += [
            f"{case}: {name}: {old[name]!r} became {new[name]!r}"
            for name in old
            if name in new and not _same(old[name], new[name]) and not name.startswith("resources/")
        ]
    return found


def _allowed(name: str) -> bool:
    return name.startswith("resources/") or any(re.search(pattern, name) for pattern in REMOVED)


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, float) and isinstance(new, float) and math.isnan(old):
        return math.isnan(new)
    return type(old) is type(new) and bool(old == new)


def compare(before: Path, after: Path) -> int:
    """Say what differs between two files of numbers."""
    old, new = (json.loads(path.read_text(encoding="utf-8")) for path in (before, after))
    print(f"{'case':20}{'numbers':>8}{'new':>6}{'gone':>6}{'wall s':>16}{'cpu s':>16}{'peak MiB':>16}")
    for case in (name for name in old if name in new):
        gone = sum(name not in new[case] for name in old[case])
        added = sum(name not in old[case] for name in new[case])
        used = (_side_by_side(old[case], new[case], f"resources/{key}") for key in ("wall_s", "cpu_s", "peak_mib"))
        print(f"{case:20}{len(old[case]):8}{added:6}{gone:6}" + "".join(f"{text:>16}" for text in used))
    alone = sorted(set(old) ^ set(new))
    if alone:
        print(f"only in one of the files: {', '.join(alone)}")
    found = differences(old, new)
    print(f"{len(found)} differences" if found else "no difference")
    print("\n".join(found[:400]))
    return 1 if found else 0


def _side_by_side(old: Numbers, new: Numbers, name: str) -> str:
    if name not in old or name not in new:
        return ""
    return f"{old[name]:.0f}→{new[name]:.0f} ×{new[name] / old[name]:.2f}"


def main() -> int:
    """Run, or compare."""
    if sys.argv[1:2] == ["compare"]:
        return compare(Path(sys.argv[2]), Path(sys.argv[3]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--code", type=Path, required=True, help="a checkout")
    parser.add_argument("--out", type=Path, required=True, help="the file of numbers to write")
    parser.add_argument("--quick", action="store_true", help="the demo and one journal")
    parser.add_argument("--only", nargs="+", choices=list(cases()), help="these cases")
    parser.add_argument("--inputs", type=Path, default=INPUTS, help="where hybrids are kept")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    given = parser.parse_args()
    code, out = given.code.resolve(), given.out.resolve()
    if given.inside:
        return _inside(code, out, given.inside, given.inputs)
    return run(code, out, given.only or list(cases())[: 2 if given.quick else None], given.inputs)


if __name__ == "__main__":
    sys.exit(main())
