"""The workbook's tables, raw and clean, as the exercises get them."""

import pytest
from course_figures import DATA

from helpers.cleaning import CLEANERS, deduplicate
from helpers.raw import read_raw


@pytest.fixture(scope="package")
def raw(spark):
    return {table: read_raw(spark, f"file:{DATA / table}.jsonl.gz", table) for table in CLEANERS}


@pytest.fixture(scope="package")
def clean(spark, raw, workbook):
    """Tables, as in the notebook: what is judged there is not read and cleaned for each answer."""
    frames = {}
    for table, clean in CLEANERS.items():
        name = f"exercise_{table}"
        deduplicate(clean(raw[table])).write.mode("overwrite").saveAsTable(name)
        frames[table] = spark.table(name)
    yield frames
    for table in CLEANERS:
        spark.sql(f"DROP TABLE exercise_{table}")
