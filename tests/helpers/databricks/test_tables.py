"""`display` shows a table as a reader wants it."""

import re

import numpy as np
import pandas as pd

from helpers.databricks.laptop import tables

TABLE = pd.DataFrame(
    {
        "post_year": [2018, 2019],
        "ind": [11153, 2],
        "category": ["art", None],
        "category_count": [1234, 5],
        "median": [9000.5, np.nan],
        "coordinates": [[-87.5752, 1.0], [0.0, 2.0]],
    }
)


def test_thousands_are_separated_but_not_those_of_a_year_or_an_identifier():
    first, second = tables.written(TABLE).to_dict("records")
    assert first == {
        "post_year": "2018", "ind": "11153", "category": "art", "category_count": "1,234", "median": "9,000.5",
        "coordinates": "[-87.5752, 1.0]",
    }  # fmt: skip
    assert second["category"] == second["median"] == "null"


def test_a_page_has_no_index_and_puts_text_to_the_left():
    page = tables.page(TABLE)
    assert page["text/plain"].splitlines()[0].split()[0] == "post_year"
    assert page["text/plain"].splitlines()[1].split()[:2] == ["2018", "11153"]
    assert len(re.findall("<td", page["text/html"])) == TABLE.size
    assert re.search(r"#T_\w+_row0_col2[^{]*\{\s*text-align: left", page["text/html"])
    assert re.search(r"#T_\w+_row0_col3[^{]*\{\s*text-align: right", page["text/html"])


def test_the_same_table_makes_the_same_page_and_another_one_does_not_share_its_style():
    assert tables.page(TABLE) == tables.page(TABLE.copy())
    other = tables.page(TABLE.assign(category=["x", "y"]))
    assert re.search(r"T_\w{8}", other["text/html"])[0] not in tables.page(TABLE)["text/html"]


def test_a_table_without_rows_still_says_its_columns():
    page = tables.page(TABLE.iloc[:0])
    assert "category_count" in page["text/html"]
    assert "category_count" in page["text/plain"]
