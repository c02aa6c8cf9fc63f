import pytest

from ctreview.clinical.quantities import Quantity, parse_quantity, parse_reference


@pytest.mark.parametrize(
    ("text", "value", "comparator", "highest"),
    [
        ("0.26", 0.26, "", None),
        ("0,26", 0.26, "", None),
        ("< 0.2", 0.2, "<", None),
        ("≥5", 5, ">=", None),
        ("20/52", 20, "", 52),
    ],
)
def test_a_value_keeps_its_comparator_and_what_it_is_out_of(text, value, comparator, highest):
    assert parse_quantity(text, "1") == Quantity(value, "1", comparator, highest)


@pytest.mark.parametrize(
    ("reference", "value", "side"),
    [
        ("2.0-5.0", "5.37", "above"),
        ("2,0–5,0", "2", "within"),
        ("< 3.17", "3.17", "above"),
        ("12.49", "12.49", "within"),
        ("> 40", "39", "below"),
        ("< 0.2", "< 0.2", "within"),
        ("< 0.1", "< 0.2", "open"),
        ("2-5", "< 1", "below"),
        ("2-5", "> 3", "open"),
        ("2-5", "< 3", "open"),
    ],
)
def test_where_a_value_lies_and_where_its_comparator_does_not_tell(reference, value, side):
    assert parse_reference(reference).side(parse_quantity(value, "1")) == side
