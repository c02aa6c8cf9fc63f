"""Muscles in MRI: their fat, oedema, volume and symmetry."""
