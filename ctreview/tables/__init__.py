"""Tables that people fill in, whatever program wrote them.

In go a CSV file and which columns are looked for, out come its rows as text (`read_table_file`); dates and
numbers in their cells are read as people write them (`ctreview.tables.written_values`).
"""

from ctreview.tables.text_table import ColumnNames, RowFault, TextRow, TextTable, read_table_file, read_text_table
from ctreview.tables.written_values import DateFormat, date_format, parse_date, parse_number, with_decimal_points

__all__ = [
    "ColumnNames",
    "DateFormat",
    "RowFault",
    "TextRow",
    "TextTable",
    "date_format",
    "parse_date",
    "parse_number",
    "read_table_file",
    "read_text_table",
    "with_decimal_points",
]
