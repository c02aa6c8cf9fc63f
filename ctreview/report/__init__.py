"""A comparison to tables, figures, a page and a result folder."""
