"""What the evidence of a dense piece lets it be."""

from dataclasses import replace

import pytest

from ctreview.anatomy.dense_lung.evidence import DenseEvidence

SHARP = DenseEvidence(edge=1.2, enclosed=0.4, organ=0.0, aerated=0.0, bronchi=0, seen_aerated=False, lateral=True)
"""Consolidation along the ribs that ends sharply."""


@pytest.mark.parametrize(
    ("organ", "lateral", "offered"),
    [(0.2, True, True), (0.3, True, False), (0.0, False, True), (0.12, False, False), (0.35, False, False)],
)
def test_nearer_to_the_midline_a_sharp_piece_is_offered_only_where_no_organ_touches_it(organ, lateral, offered):
    piece = replace(SHARP, organ=organ, lateral=lateral)
    assert (piece.may_be_lung, piece.is_lung) == (offered, False)


def test_what_lies_beside_the_lung_and_not_in_its_place_is_not_offered():
    assert not replace(SHARP, enclosed=0.05, lateral=False).may_be_lung


@pytest.mark.parametrize(("organ", "lateral", "counted"), [(0.4, True, True), (0.0, False, True), (0.4, False, False)])
def test_near_the_midline_an_edge_counts_only_where_little_organ_goes_on_behind(organ, lateral, counted):
    piece = replace(SHARP, edge=1.34, organ=organ, lateral=lateral)
    assert (piece.is_lung, piece.may_be_lung) == (counted, True)
