import pytest

from ctreview.errors import UnreadableFile
from ctreview.tables import ColumnNames, read_text_table

COLUMNS = ColumnNames("the table", {"kind": ("art",), "value": ("wert",)}, required=("kind", "value"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_rows_come_out_alike_whatever_wrote_them(encoding, separator):
    text = "\r\n".join(
        separator.join(cells) for cells in (("Art", "Wert", "übrig"), ("ä", '"1\n2"', "x"), ("b", "3", ""))
    )
    table = read_text_table(text.encode(encoding), COLUMNS)
    assert [dict(row.cells) for row in table.rows] == [
        {"kind": "ä", "value": "1\n2", "übrig": "x"},
        {"kind": "b", "value": "3", "übrig": ""},
    ]
    assert [row.line for row in table.rows] == [2, 4]
    assert table.others == ("übrig",)


def test_a_column_that_is_missing_is_named_with_what_else_it_may_be_called():
    with pytest.raises(UnreadableFile, match=r"the table has no column for value.*value \(or wert\)"):
        read_text_table(b"kind,number\n", COLUMNS)
