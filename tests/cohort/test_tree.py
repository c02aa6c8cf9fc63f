from ctreview.cohort import read_manifest
from ctreview.cohort.tree import rows_of_tree, write_manifest


def test_a_tree_becomes_a_manifest_that_reads_back_as_it_was(tree, tmp_path):
    rows = rows_of_tree(tree)
    assert [(row.subject, row.timepoint) for row in rows] == [
        ("A", "v1"),
        ("A", "v2"),
        ("A", "v3"),
        ("B", "v1"),
        ("B", "v2"),
    ]
    write_manifest(rows, tmp_path / "manifest.csv")
    assert read_manifest(tmp_path / "manifest.csv").rows == rows


def test_timepoints_come_in_the_order_of_their_dates(tree, tmp_path):
    (tmp_path / "A").mkdir()
    (tmp_path / "A" / "1").symlink_to(tree / "A" / "v2")
    (tmp_path / "A" / "2").symlink_to(tree / "A" / "v1")
    assert [row.timepoint for row in rows_of_tree(tmp_path)] == ["2", "1"]
