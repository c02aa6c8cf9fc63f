from __future__ import annotations

import copy

import pytest

from ctreview.clinical.fhir import measurements_bundle, read_bundle
from ctreview.errors import TimelineRefused, UnreadableFile

LABORATORY = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]
}
CK = {
    "resourceType": "Observation",
    "status": "final",
    "category": [LABORATORY],
    "code": {"coding": [{"system": "http://loinc.org", "code": "2157-6"}]},
    "effectiveDateTime": "2021-09-03T10:00:00+02:00",
    "valueQuantity": {"value": 0.26, "comparator": "<", "code": "umol/(s.L)", "system": "http://unitsofmeasure.org"},
    "referenceRange": [{"high": {"value": 3.17}}],
}
CMAS = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": "CMAS"},
    "effectiveDateTime": "2021-09",
    "valueInteger": 20,
}
MISTAKEN = {**CMAS, "status": "entered-in-error"}
DOSE = {"text": "2 × 5 mg/day", "route": {"text": "oral"}}


def bundle(release, *observations):
    period = {"effectivePeriod": {"start": "2021-10"}, "dosage": [DOSE]}
    if release == "R5":
        drug = {"status": "recorded", "medication": {"concept": {"text": "ruxolitinib"}}, **period}
        lavage = {"occurrenceDateTime": "2021-09-05"}
    else:
        drug = {"status": "active", "medicationCodeableConcept": {"text": "ruxolitinib"}, **period}
        lavage = {"performedDateTime": "2021-09-05"}
    subject = {"subject": {"reference": "Patient/1"}}
    resources = [
        *observations,
        {"resourceType": "MedicationStatement", **subject, **drug},
        {"resourceType": "Procedure", "status": "completed", "code": {"text": "lavage"}, **subject, **lavage},
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


@pytest.mark.parametrize("release", ["R4B", "R5"])
def test_a_bundle_becomes_a_timeline(release):
    found = read_bundle(bundle(release, CK, CMAS, MISTAKEN), release=release)
    ck, cmas = found.values
    assert (ck.measure.key, ck.quantity.value, ck.quantity.comparator, ck.reference.high) == ("ck", 0.26, "<", 3.17)
    assert (ck.when.precision, cmas.when.precision) == ("day", "month")
    assert (cmas.measure.key, cmas.quantity.value) == ("cmas", 20.0)
    (drug,) = found.treatments
    assert (drug.name.english, drug.dose.english, drug.route.english) == ("ruxolitinib", "2 × 5 mg/day", "oral")
    assert drug.ongoing == (release == "R4B")  # R5 has no such status
    assert [one.name.english for one in found.events] == ["lavage"]


@pytest.mark.parametrize("release", ["R4B", "R5"])
def test_measurements_come_back_as_they_went_out(release):
    region = {
        "region": "right_upper_lobe",
        "baseline": {"opacity_ml": 40.3},
        "followup": {"opacity_ml": 4.9},
        "change": {"opacity_ml": {"value": -35.4, "low": -38.0, "high": -33.0}},
        "verdict": "decreased",
    }
    stopped = {**copy.deepcopy(region), "region": "lungs", "verdict": "not_interpretable"}
    studies = ("ImagingStudy/1", "ImagingStudy/2")
    out = measurements_bundle({"regions": [region, stopped]}, release=release, imaging_studies=studies)
    found = read_bundle(out, release=release)
    assert [(one.measure.key, one.quantity.value, one.quantity.unit) for one in found.values] == [
        ("opacity_ml/right_upper_lobe", 40.3, "mL"),
        ("opacity_ml/right_upper_lobe", 4.9, "mL"),
        ("opacity_ml_change/right_upper_lobe", -35.4, "mL"),
        ("opacity_ml/lungs", 40.3, "mL"),
        ("opacity_ml/lungs", 4.9, "mL"),
    ]
    change = out["entry"][2]["resource"]
    assert [one["valueQuantity"]["value"] for one in change["component"]] == [-38.0, -33.0]
    assert [one["reference"] for one in change["derivedFrom"]] == list(studies)
    assert out["entry"][0]["resource"]["bodySite"]["coding"][0]["code"] == "45653009"
    assert "valueQuantity" not in out["entry"][5]["resource"]
    assert "effectiveDateTime" not in str(out)


def test_all_that_cannot_be_used_is_named_and_a_wrong_release_by_its_place():
    wrong = {**CK, "valueQuantity": {"value": 1, "code": "bananas"}}
    with pytest.raises(TimelineRefused) as refused:
        read_bundle(bundle("R4B", wrong, CMAS, wrong))
    assert [fault.split(":")[0] for fault in refused.value.faults] == ["entry 1", "entry 3"]
    with pytest.raises(UnreadableFile, match="no bundle of FHIR R5: see entry") as unread:
        read_bundle(bundle("R4B", CK), release="R5")
    assert "ruxolitinib" not in str(unread.value)
