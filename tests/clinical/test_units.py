import pytest

from ctreview.clinical.units import convert, shown_unit, ucum


@pytest.mark.parametrize(
    ("written", "code", "shown"),
    [
        ("µmol/(s·L)", "umol/(s.L)", "µmol/(s·L)"),
        ("IE/ml", "[IU]/ml", "IU/ml"),
        ("mg/m²", "mg/m2", "mg/m²"),
        ("Punkte", "{score}", ""),
        ("mg/Tag", "mg/d", "mg/d"),
    ],
)
def test_what_people_write_becomes_a_code_and_back(written, code, shown):
    assert ucum(written) == code
    assert shown_unit(code) == shown


def test_an_enzyme_in_both_of_its_units():
    assert convert(0.26, "umol/(s.L)", "U/L") == pytest.approx(15.6)
    assert convert(60, "U/L", "ukat/L") == pytest.approx(1)


@pytest.mark.parametrize("written", ["bananas", "", "mg//L"])
def test_what_is_no_unit_is_refused(written):
    with pytest.raises(ValueError, match="no unit of UCUM"):
        ucum(written)


def test_what_measures_something_else_is_not_converted():
    with pytest.raises(ValueError, match="cannot be converted"):
        convert(1, "U/L", "ng/mL")
