"""What the muscle page says in German."""

import pytest

from ctreview.report.muscle_words import contrast_words


@pytest.mark.parametrize(
    ("name", "german"),
    [
        ("Dixon fat 2", "Dixon Fett 2"),
        ("T2 fat suppressed", "T2 fettunterdrückt"),
        ("spin echo 20.5 ms", "Spinecho 20,5 ms"),
        ("gradient echo 2.3 ms 2", "Gradientenecho 2,3 ms 2"),
        ("image (contrast not stated)", "Bild (Kontrast nicht angegeben)"),
        ("t1_tse_tra 3", "t1_tse_tra 3"),
        ("STIR", "STIR"),
    ],
)
def test_contrasts_have_german_names_and_descriptions_of_series_stay_as_they_are(name, german):
    assert contrast_words(name, "de") == german
    assert contrast_words(name, "en") == name
