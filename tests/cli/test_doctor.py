"""``ctreview doctor``."""

from __future__ import annotations

import importlib.metadata
import json

from ctreview.cli import doctor


def findings(said) -> dict[str, dict]:
    return {one["name"]: one for one in json.loads(said.out)["findings"]}


def test_here_everything_that_is_needed_works(command):
    said = command("doctor", "--json")
    bad = [one for one in findings(said).values() if one["needed"] and not one["ok"]]
    assert bad == []
    assert said.code == 0


def test_it_looks_at_every_dependency(command):
    named = {name.lower() for name in findings(command("doctor", "--json"))}
    assert {"simpleitk", "python-gdcm", "pydicom", "numba", "typer"} <= named
    assert "itk-elastix" not in named


def test_what_does_not_work_is_named_with_its_remedy(command, monkeypatch):
    def broken() -> str:
        raise ImportError("libgdcm is missing")

    monkeypatch.setattr(doctor, "_decode", broken)
    said = command("doctor")
    assert said.code == 1
    (line,) = [line for line in said.out.splitlines() if "JPEG Lossless" in line]
    assert line.startswith("MISSING")
    assert "libgdcm is missing" in line
    assert "requirements/run.txt" in line


def test_a_package_that_is_not_there_fails_it(command, monkeypatch):
    real = importlib.metadata.version
    monkeypatch.setattr(
        doctor.importlib.metadata, "version", lambda name: real("no-such-thing" if name == "scipy" else name)
    )
    said = command("doctor", "--json")
    assert said.code == 1
    assert findings(said)["scipy"]["remedy"] == "pip install scipy"


def test_a_pixel_that_decodes_wrong_is_seen(monkeypatch):
    from ctreview.dicom import codecs

    right = codecs.decompressed
    monkeypatch.setattr(codecs, "decompressed", lambda *args: right(*args) + 1)
    assert doctor._tried("decode", doctor._decode, "").ok is False
