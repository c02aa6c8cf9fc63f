"""A cohort of small phantom pairs: workers, memory, kills, a second run, a Dask scheduler; the notebook's mixed model.

Forty pairs of a coarse child are compared with few keypoints and draws, two of them broken on purpose: what is measured
is what stands around a comparison. ``CTREVIEW_COHORT_PAIRS`` makes it smaller.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

Row = dict[str, Any]

PAIRS = int(os.environ.get("CTREVIEW_COHORT_PAIRS", "40"))
KILLS = 10
COHORTS = 200
REPOSITORY = Path(__file__).resolve().parents[2]
NOTEBOOK = REPOSITORY / "docs" / "cohort.ipynb"


def run() -> list[Row]:
    """All rows."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = make_cohort(Path(folder), PAIRS)
        rows = [
            *of_workers(manifest, Path(folder)),
            *of_kills(manifest, Path(folder)),
            *of_dask(manifest, Path(folder)),
        ]
    return [*rows, *of_quality_page(), *of_model()]


def row(case: str, ours: float | None, unit: str, goal: str = "", note: str = "") -> Row:
    """A row of the table."""
    return {"stage": "cohort", "case": case, "ours": ours, "unit": unit, "goal": goal, "note": note}


def make_cohort(folder: Path, pairs: int) -> Path:
    """Scans of ``pairs`` subjects, drawn from eight; one without a lung, one with a truncated slice."""
    from ctreview.dicom.acquisition import Patient
    from ctreview.phantom import Lesion, small_thorax
    from ctreview.volume.write import write_dicom

    lines = ["subject,timepoint,path"]
    for number in range(pairs):
        for visit, ml in enumerate((15.0, 5.0)):
            target = folder / "scans" / f"{number:02d}" / f"v{visit}"
            glass = tuple(Lesion("ground_glass", f"{side}_lower_lobe", "ventral", ml) for side in ("right", "left"))
            acquired = datetime(2021, 9 + visit, 3)
            made = small_thorax(3.0, lesions=glass, spacing_mm=5.0, seed=number % 8, acquired=acquired).volume
            if number == 1 and visit:
                block = np.full_like(made.array, 40)
                block[:, :4] = -1000
                made = made.with_array(block)
            write_dicom(made, target, patient=Patient(id=f"id-{number}", sex="F"))
            lines.append(f"{number:02d},v{visit},{target}")
    cut = sorted((folder / "scans" / "00" / "v1").iterdir())[3]
    cut.write_bytes(cut.read_bytes()[:2000])
    (folder / "m.csv").write_text("\n".join(lines))
    return folder / "m.csv"


def quick_settings() -> Any:
    """Settings with which a case takes a few seconds."""
    import ctreview as ct
    from ctreview.change import IntervalSettings
    from ctreview.registration import RegistrationSettings

    standard = RegistrationSettings()
    registration = replace(standard, affine_stages=standard.affine_stages[:1], stages=standard.stages[:1])
    return ct.ChestCtSettings(registration=registration, interval=IntervalSettings(draws=100))


def run_cohort(manifest: str, out: str, *, workers: int | None = None, scheduler: str | None = None) -> None:
    """Run the cohort; also called by the processes that are killed."""
    import ctreview as ct

    settings = quick_settings()
    ct.cohort.run(manifest, out, settings=settings, workers=workers, scheduler=scheduler, skip_bad_rows=True)


def seconds(act: Callable[[], None]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def documents(out: Path) -> dict[str, dict[str, Any]]:
    """The files of the cases by their name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((out / "cases").glob("*.json"))}


def of_workers(manifest: Path, folder: Path) -> Iterator[Row]:
    """One worker and two, memory along the way, and a second run."""
    one, two = folder / "one", folder / "two"
    alone = seconds(lambda: run_cohort(str(manifest), str(one), workers=1))
    both = seconds(lambda: run_cohort(str(manifest), str(two), workers=2))
    load = os.getloadavg()[0]
    yield row(f"{PAIRS} pairs, one worker", alone, "s")
    yield row(
        f"{PAIRS} pairs, two workers: one takes so many times as long",
        alone / both,
        "",
        "ours >= 1.8",
        f"load of the machine {load:.1f} while it ran",
    )
    same = (one / "measures.csv").read_bytes() == (two / "measures.csv").read_bytes()
    yield row("tables of one and of two workers that differ", 0.0 if same else 1.0, "tables", "ours <= 0")
    order = sorted((one / "cases").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    found = [json.loads(path.read_text(encoding="utf-8")) for path in order]
    known = [one["resources"]["peak_mib"] for one in found if one["status"] == "done"]
    quarter = len(known) // 4
    growth = max(known[-quarter:]) / max(known[:quarter])
    yield row("peak memory of a worker, last quarter of the cases over the first", growth, "", "ours <= 1.1")
    yield row("peak memory of a worker", max(known), "MiB")
    again = seconds(lambda: run_cohort(str(manifest), str(one)))
    yield row("a second run of the finished cohort", again, "s", "ours < 10")


def of_kills(manifest: Path, folder: Path) -> Iterator[Row]:
    """Killed at ten random moments, then run to the end: what was lost, and what was done twice."""
    out = folder / "killed"
    rng = np.random.default_rng(2026)
    code = "import sys; from tests.benchmarks.bench_cohort import run_cohort; run_cohort(*sys.argv[1:3], workers=2)"
    lost, unreadable, written = 0, 0, {}
    for _ in range(KILLS):
        program = subprocess.Popen([sys.executable, "-c", code, str(manifest), str(out)], cwd=REPOSITORY)
        time.sleep(float(rng.uniform(3.0, 12.0)))
        program.send_signal(signal.SIGKILL)
        program.wait()
        time.sleep(0.5)  # for the workers to see that nobody listens
        before, written = written, {}
        for path in (out / "cases").glob("*.json") if (out / "cases").exists() else ():
            written[path.name] = path.stat().st_mtime_ns
            unreadable += not json.loads(path.read_text(encoding="utf-8"))
        lost += sum(written.get(name) != when for name, when in before.items())
    run_cohort(str(manifest), str(out), workers=2)
    same = (out / "measures.csv").read_bytes() == (folder / "one" / "measures.csv").read_bytes()
    yield row(f"finished cases lost or done again after {KILLS} kills", float(lost), "cases", "ours <= 0")
    yield row(f"files cut short after {KILLS} kills", float(unreadable), "files", "ours <= 0")
    yield row("tables of a killed and of an unbroken run that differ", 0.0 if same else 1.0, "tables", "ours <= 0")


@contextmanager
def dask_cluster() -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """A scheduler with two workers of one thread each, in processes of their own."""
    from tests.cohort.test_dask_workers import SCHEDULER, WORKER

    started: list[subprocess.Popen[str]] = []

    def start(code: str, *words: str) -> str:
        line = [sys.executable, "-c", code, *words]
        started.append(subprocess.Popen(line, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout is not None
        return started[-1].stdout.readline().strip()

    address = start(SCHEDULER)
    for name in ("one", "other"):
        start(WORKER, address, name)
    try:
        yield address, started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()


def of_dask(manifest: Path, folder: Path) -> Iterator[Row]:
    """The same through a scheduler, one of two workers killed in the middle."""
    import threading

    out = folder / "dask"
    with dask_cluster() as (address, workers):
        threading.Timer(20.0, workers[0].kill).start()
        took = seconds(lambda: run_cohort(str(manifest), str(out), scheduler=address))
    same = (out / "measures.csv").read_bytes() == (folder / "one" / "measures.csv").read_bytes()
    yield row(f"{PAIRS} pairs through Dask, one of two workers killed", took, "s")
    yield row("its table and that of this machine's workers that differ", 0.0 if same else 1.0, "tables", "ours <= 0")


TIMES = """<script>addEventListener("load", () => setTimeout(() => {
  const took = (act) => {
    const began = performance.now(); act(); document.body.offsetHeight; return performance.now() - began;
  };
  const loaded = performance.getEntriesByType("navigation")[0].loadEventEnd;
  const sort = document.getElementById("sort");
  const sorted = took(() => { sort.value = "change"; sort.dispatchEvent(new Event("input")); });
  const scrolled = took(() => scrollTo(0, document.body.scrollHeight));
  document.title = `${loaded} ${sorted} ${scrolled}`;
}, 0));</script></body>"""
"""Has a page tell by its title how many milliseconds it took to load, to sort by change, and to scroll to the end."""


def of_quality_page() -> Iterator[Row]:
    """The page with 200 cases, in a browser without a window; the best of three."""
    from ctreview.cohort.quality_page import QualityPage, quality_page, render_quality_page
    from docs.screenshot import BROWSERS
    from tests.cohort.pretended import pretended_cohort

    browser = next(found for name in BROWSERS if (found := shutil.which(name)))
    with tempfile.TemporaryDirectory() as folder:
        cohort = pretended_cohort(Path(folder), 200)
        html = render_quality_page(quality_page(cohort, QualityPage("anna")))
        page = Path(folder) / "quality.html"
        page.write_text(html.replace("</body>", TIMES), encoding="utf-8")
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile"]
        line = [browser, *options, "--timeout=10000", "--dump-dom", page.as_uri()]
        drawn = [subprocess.run(line, capture_output=True, text=True, check=True).stdout for _ in range(3)]
    times = [[float(word) for word in re.findall(r"<title>(.*?)</title>", one)[0].split()] for one in drawn]
    loaded, sorted_in, scrolled = (min(column) / 1000 for column in zip(*times, strict=True))
    yield row("quality page with 200 cases: load in Chromium", loaded, "s", "ours < 2")
    yield row("quality page with 200 cases: sort by change", sorted_in, "s")
    yield row("quality page with 200 cases: scroll to the end", scrolled, "s")


def of_model() -> Iterator[Row]:
    """The mixed model of the notebook on simulated cohorts."""
    names: dict[str, Any] = {}
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code" and "def " in "".join(cell["source"]):
            exec(compile("".join(cell["source"]), NOTEBOOK.name, "exec"), names)
    simulate, fit = names["simulate"], names["fit"]
    effect = -40.0
    for what, options, goal in (
        ("well specified", {}, "ours >= 92"),
        ("mis-specified (skewed levels, heavy tails, error in proportion)", {"skewed": True}, ""),
    ):
        known = [fit(simulate(seed, effect_ml_per_year=effect, **options)) for seed in range(1000, 1000 + COHORTS)]
        null = [fit(simulate(seed, effect_ml_per_year=0.0, **options)) for seed in range(5000, 5000 + COHORTS)]
        held = 100.0 * np.mean([one["low"] <= effect <= one["high"] for one in known])
        called = 100.0 * np.mean([one["p"] < 0.05 for one in null])
        failed = sum(not one["converged"] for one in (*known, *null))
        yield row(f"mixed model, {what}: intervals that hold the effect, {COHORTS} cohorts", held, "%", goal)
        yield row(f"mixed model, {what}: null cohorts rejected", called, "%", "ours <= 7" if not options else "")
        yield row(f"mixed model, {what}: fits that did not converge, of {2 * COHORTS}", float(failed), "fits")
