"""Fixtures: what the generator makes, what is committed, and public rows to compare with if any."""

import sys

import pytest
from course_figures import COURSE_DATA, DATA, Tables, only_keys_below, read_tables

sys.path.insert(0, str(DATA))  # the generator is a script beside the tables, not an installed package

from generate import tables
from generator.base_rows import BASE_ROWS


@pytest.fixture(scope="session")
def made() -> dict[str, list[dict]]:
    return tables()


@pytest.fixture(scope="session")
def committed() -> Tables:
    return read_tables(DATA)


@pytest.fixture(scope="session")
def base(committed) -> Tables:
    return only_keys_below(BASE_ROWS, committed)


@pytest.fixture(scope="session")
def course() -> Tables:
    if not COURSE_DATA.is_dir():
        pytest.skip(f"no course rows to compare with in {COURSE_DATA}")
    return read_tables(COURSE_DATA)
