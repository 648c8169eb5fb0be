import json
import random

import pytest
import sqlalchemy
from sqlalchemy import create_engine, text

from lab.core import addresses
from lab.core.credentials import load_or_create
from lab.core.java import Java
from lab.core.layout import Lab
from lab.core.runtime import Runtime
from lab.setup import database


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """The address that the lab hands out."""
    lab = Lab(tmp_path_factory.mktemp("home"), build=tmp_path_factory.mktemp("büild mit blank"))
    database.build(lab)
    java = Java(lab.build, lab.build / "java", 17, "nowhere")
    return addresses.variables(Runtime(lab, java, load_or_create(lab.credentials_file)))["WORKBOOK_DATABASE_URL"]


def drawn(url):
    """A course script that asks how many rows there are; it posts nothing but what it has read."""
    random.seed(100)
    engine, posted = create_engine(url), []
    for _ in range(2):
        number = random.randint(0, 11000)
        with engine.connect() as connection:
            result = connection.execute(text(f"SELECT * FROM pinterest_data LIMIT {number}, 1"))
            rows = [dict(result.fetchone()._mapping)] if result.rowcount == 1 else [{}]
        posted.append(json.loads(json.dumps(rows)))
    return posted


def test_code_that_asks_for_the_number_of_rows_posts_rows(url):
    assert all(row["unique_id"] for (row,) in drawn(url))


def test_with_sqlites_own_driver_the_same_code_posts_nothing(url):
    assert drawn(url.replace("sqlite+posts", "sqlite")) == [[{}], [{}]]


@pytest.mark.parametrize(("limit", "count"), [("0, 1", 1), ("3, 20", 20), ("20000, 1", 0)])
def test_rows_are_counted_before_and_after_they_are_read(url, limit, count):
    with create_engine(url).connect() as connection:
        result = connection.execute(text(f"SELECT * FROM user_data LIMIT {limit}"))
        assert result.rowcount == count
        assert len(result.mappings().all()) == count
        assert result.rowcount == count


def test_everything_else_is_sqlites(url):
    engine = create_engine(url)
    inspector = sqlalchemy.inspect(engine)
    assert set(database.TABLES) <= set(inspector.get_table_names())
    table = sqlalchemy.Table("geolocation_data", sqlalchemy.MetaData(), autoload_with=engine)
    with engine.connect() as connection:
        first = connection.execute(sqlalchemy.select(table).where(table.c.ind == 7528)).one()
        assert first.timestamp.strftime("%Y") > "2000"
        many = connection.execution_options(stream_results=True).execute(text("SELECT ind FROM user_data"))
        assert sum(1 for _ in many) == database.REGULAR_ROWS
        changed = connection.execute(text("UPDATE user_data SET age = age WHERE ind < 5"))
        assert changed.rowcount == 5
        connection.rollback()
