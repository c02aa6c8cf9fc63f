"""FHIR R4B and R5: bundles of a clinic in, our measurements as Observations out (``fhir.resources``, extra ``fhir``).

Codes are those of LOINC for blood values and of SNOMED CT for what was measured in images (volume 118565006; lung
39607008, lobes 45653009, 72481006, 90572001); what neither has is said by a declared scheme of ctreview.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from ctreview.clinical.measures import MEASURES, Category, ClinicalMeasure, find_measure, own_measure
from ctreview.clinical.partial_dates import UNKNOWN, PartialDate, parse_partial_date
from ctreview.clinical.quantities import Comparator, Quantity, ReferenceRange
from ctreview.clinical.timeline import ClinicalEvent, ClinicalTimeline, ClinicalValue, Text, Treatment
from ctreview.clinical.units import ucum
from ctreview.errors import TimelineRefused, UnreadableFile, WrongUse

__all__ = ["OWN_SCHEME", "Release", "measurements_bundle", "read_bundle"]

Release = Literal["R4B", "R5"]

LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
OWN_SCHEME = "urn:ctreview:measure"
"""The scheme of codes for measures that have none elsewhere: ``opacity_ml``, ``opacity_ml_change``."""

_SITES: Mapping[str, tuple[str, str]] = {
    "lungs": ("39607008", "Lung structure"),
    "right_lung": ("39607008", "Lung structure"),
    "left_lung": ("39607008", "Lung structure"),
    "right_upper_lobe": ("45653009", "Structure of upper lobe of lung"),
    "right_middle_lobe": ("72481006", "Structure of middle lobe of right lung"),
    "right_lower_lobe": ("90572001", "Structure of lower lobe of lung"),
    "left_upper_lobe": ("45653009", "Structure of upper lobe of lung"),
    "left_lower_lobe": ("90572001", "Structure of lower lobe of lung"),
}

_VOID = frozenset({"entered-in-error", "cancelled", "not-done", "not-taken"})


def read_bundle(source: Mapping[str, Any] | Path | str, *, release: Release | None = None) -> ClinicalTimeline:
    """Read the Observations, MedicationStatements and Procedures of a bundle; other resources are left out.

    Parameters
    ----------
    source : mapping or path
        The bundle, or its file in JSON.
    release : {"R4B", "R5"}, optional
        The one it is of if not given: a bundle does not say so, but few are of both, and those read alike.

    Raises
    ------
    UnreadableFile
        It is no bundle of this release.
    TimelineRefused
        Values in it cannot be used; all of them are named.
    WrongUse
        ``fhir.resources`` is not installed.
    """
    plain = source if isinstance(source, Mapping) else _load(Path(source))
    found = _of_either(plain) if release is None else _validated(plain, release)
    entries = found.get("entry") or []
    values: list[ClinicalValue] = []
    treatments: list[Treatment] = []
    events: list[ClinicalEvent] = []
    faults = []
    for number, entry in enumerate(entries, start=1):
        resource = entry.get("resource") or {}
        if resource.get("status") in _VOID:
            continue
        try:
            match resource.get("resourceType"):
                case "Observation" if "valueQuantity" in resource or "valueInteger" in resource:
                    values.append(_value(resource))
                case "Observation":
                    events.append(_finding(resource))
                case "MedicationStatement":
                    treatments.append(_treatment(resource))
                case "Procedure":
                    events.append(_procedure(resource))
        except ValueError as error:
            faults.append(f"entry {number}: {error}")
    if faults:
        raise TimelineRefused(faults)
    return ClinicalTimeline(tuple(values), tuple(treatments), tuple(events))


def measurements_bundle(
    change: Mapping[str, Any],
    *,
    release: Release = "R4B",
    imaging_studies: tuple[str, str] | None = None,
    dates: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """The measurements of a comparison as a bundle of Observations, checked by ``fhir.resources``.

    Parameters
    ----------
    change : mapping
        The content of ``change.json``.
    release : {"R4B", "R5"}
    imaging_studies : tuple of str, optional
        References of the two studies that they derive from, such as ``("ImagingStudy/1", "ImagingStudy/2")``.
    dates : tuple of str, optional
        When the scans were made; left out, since they may identify, unless given.

    Returns
    -------
    dict
        For each lung and lobe the opacity of both scans, in mL, and its change with the ends of its interval as
        components; of a change that is not interpretable no value, but the reason why there is none.
    """
    observations = [
        one
        for region in change["regions"]
        if region["region"] in _SITES
        for one in _observations(region, imaging_studies, dates)
    ]
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": f"urn:ctreview:observation:{number}", "resource": one}
            for number, one in enumerate(observations, start=1)
        ],
    }
    return _validated(bundle, release)


def _observations(
    region: Mapping[str, Any], studies: Sequence[str] | None, dates: Sequence[str] | None
) -> Iterator[dict[str, Any]]:
    name = region["region"]
    for place, when in enumerate(("baseline", "followup")):
        one = _observation("opacity_ml", f"Opacity at {when}", name, studies and studies[place : place + 1])
        one["valueQuantity"] = _millilitres(region[when]["opacity_ml"])
        if dates is not None:
            one["effectiveDateTime"] = dates[place]
        yield one
    one = _observation("opacity_ml_change", "Change of opacity", name, studies)
    interval = region["change"]["opacity_ml"]
    if interval is None or region["verdict"] == "not_interpretable":
        one["dataAbsentReason"] = {"text": "a check forbids a verdict"}
    else:
        one["valueQuantity"] = _millilitres(interval["value"])
        one["component"] = [
            {"code": _own_code(f"{end}_of_sensitivity_interval"), "valueQuantity": _millilitres(interval[end])}
            for end in ("low", "high")
        ]
        one["interpretation"] = [{"text": region["verdict"]}]
    yield one


def _observation(code: str, text: str, region: str, studies: Sequence[str] | None) -> dict[str, Any]:
    site, display = _SITES[region]
    volume = {"system": SNOMED, "code": "118565006", "display": "Volume"}
    found: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "preliminary",
        "category": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "imaging"}]}
        ],
        "code": {"coding": [{"system": OWN_SCHEME, "code": f"{code}/{region}"}, volume], "text": text},
        "bodySite": {
            "coding": [{"system": SNOMED, "code": site, "display": display}],
            "text": region.replace("_", " "),
        },
    }
    if studies:
        found["derivedFrom"] = [{"reference": one} for one in studies]
    return found


def _own_code(code: str) -> dict[str, Any]:
    return {"coding": [{"system": OWN_SCHEME, "code": code}]}


def _millilitres(value: float) -> dict[str, Any]:
    return {"value": round(value, 3), "unit": "mL", "system": UCUM, "code": "mL"}


def _value(resource: Mapping[str, Any]) -> ClinicalValue:
    said = resource.get("valueQuantity") or {"value": resource.get("valueInteger"), "code": "{score}"}
    if said.get("value") is None:
        raise ValueError("the value has no number")
    measure = _measure(resource)
    written = said.get("code") or said.get("unit") or measure.unit
    if not written:
        raise ValueError("there is no unit")
    unit = ucum(written)
    unit = unit.replace("[IU]", "U") if measure.catalytic else unit
    comparator: Comparator = said.get("comparator") or ""
    if comparator not in {"", "<", "<=", ">", ">="}:
        raise ValueError("its comparator is none of <, <=, > and >=")
    return ClinicalValue(
        measure,
        Quantity(float(said["value"]), unit, comparator),
        _when(resource, "effective"),
        _range(resource),
        _concept(resource.get("method")),
        note=_note(resource),
    )


def _measure(resource: Mapping[str, Any]) -> ClinicalMeasure:
    code = resource.get("code") or {}
    for coding in code.get("coding") or []:
        if coding.get("system") == LOINC:
            found = next((one for one in MEASURES.values() if one.loinc == coding.get("code")), None)
            if found is not None:
                return found
    name = _concept(code)
    if not name:
        raise ValueError("there is no name of what was observed")
    own = next((one.get("code") for one in code.get("coding") or [] if one.get("system") == OWN_SCHEME), None)
    if own:
        site = _concept(resource.get("bodySite"))
        return ClinicalMeasure(own, "lung", f"{name}, {site}", f"{name}, {site}")
    return find_measure(name) or own_measure(name, _category(resource))


def _category(resource: Mapping[str, Any]) -> Category:
    codes = {one.get("code") for group in resource.get("category") or [] for one in group.get("coding") or []}
    return "blood" if "laboratory" in codes else "score"


def _range(resource: Mapping[str, Any]) -> ReferenceRange | None:
    said: Mapping[str, Any] = next(iter(resource.get("referenceRange") or []), {})
    low, high = (None if said.get(end) is None else float(said[end]["value"]) for end in ("low", "high"))
    return None if low is None and high is None else ReferenceRange(low, high)


def _treatment(resource: Mapping[str, Any]) -> Treatment:
    concept = resource.get("medicationCodeableConcept") or (resource.get("medication") or {}).get("concept")
    name = _concept(concept) or (resource.get("medicationReference") or {}).get("display", "")
    if not name:
        raise ValueError("there is no name of the medication")
    period = resource.get("effectivePeriod") or {}
    start = _date(period.get("start") or resource.get("effectiveDateTime"))
    dosage: Mapping[str, Any] = next(iter(resource.get("dosage") or []), {})
    ongoing = resource.get("status") == "active" and "end" not in period
    dose, route = Text(dosage.get("text", "")), Text(_concept(dosage.get("route")))
    return Treatment(Text(name), start, _date(period.get("end")), ongoing, dose, route, note=_note(resource))


def _procedure(resource: Mapping[str, Any]) -> ClinicalEvent:
    when = _when(resource, "performed" if any(key.startswith("performed") for key in resource) else "occurrence")
    return ClinicalEvent(Text(_concept(resource.get("code")) or "Procedure"), when, note=_note(resource))


def _finding(resource: Mapping[str, Any]) -> ClinicalEvent:
    said = resource.get("valueString") or _concept(resource.get("valueCodeableConcept"))
    name = ": ".join(part for part in (_concept(resource.get("code")), said) if part)
    return ClinicalEvent(Text(name), _when(resource, "effective"), note=_note(resource))


def _when(resource: Mapping[str, Any], prefix: str) -> PartialDate:
    period = resource.get(f"{prefix}Period")
    if period:
        return parse_partial_date(f"{period.get('start', '')[:10]}..{period.get('end', '')[:10]}")
    return _date(resource.get(f"{prefix}DateTime"))


def _date(said: str | None) -> PartialDate:
    return parse_partial_date(said[:10]) if said else UNKNOWN


def _concept(concept: Mapping[str, Any] | None) -> str:
    """What a CodeableConcept calls itself."""
    if not concept:
        return ""
    displays = (one.get("display") or one.get("code") or "" for one in concept.get("coding") or [])
    return str(concept.get("text") or next(displays, ""))


def _note(resource: Mapping[str, Any]) -> Text:
    return Text(" ".join(one.get("text", "") for one in resource.get("note") or []))


def _load(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise UnreadableFile("this is no file of JSON", where=path) from error
    if not isinstance(found, dict):
        raise UnreadableFile("this is no bundle of FHIR", where=path)
    return found


def _of_either(bundle: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return _validated(bundle, "R4B")
    except UnreadableFile as older:
        try:
            return _validated(bundle, "R5")
        except UnreadableFile:
            raise older from None


def _validated(bundle: Mapping[str, Any], release: Release) -> dict[str, Any]:
    """A bundle as ``fhir.resources`` gives it back; what it refuses is named by its place, never by its content."""
    if bundle.get("resourceType") != "Bundle":
        raise UnreadableFile("this is no bundle of FHIR", remedy="Give a resource of the type Bundle.")
    try:
        read = _bundle_module(release).Bundle.model_validate(dict(bundle))
    except ValueError as error:
        places = [".".join(str(part) for part in one["loc"]) for one in getattr(error, "errors", list)()]
        said = ", ".join(dict.fromkeys(places[:5])) or "its content"
        raise UnreadableFile(f"this is no bundle of FHIR {release}: see {said}") from error
    found: dict[str, Any] = json.loads(read.model_dump_json())
    return found


def _bundle_module(release: Release) -> ModuleType:
    name = "fhir.resources.bundle" if release == "R5" else "fhir.resources.R4B.bundle"
    try:
        return import_module(name)
    except ImportError as error:
        raise WrongUse("fhir.resources is not installed", remedy='pip install "ctreview[fhir]".') from error
