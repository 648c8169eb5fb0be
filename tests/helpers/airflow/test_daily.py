"""One day's work: the questions by hand and by the job agree, twice is once, wrong parameters are named."""

import json

import pytest

from helpers.airflow import daily
from helpers.config import CHECKOUT, TABLES, clean_table

pytestmark = pytest.mark.lab

ID, DAY = "dadadadadada", "2026-01-01"


@pytest.fixture(scope="module")
def landed(tmp_path_factory, spark):
    """A few rows where the connector would put them; returns their folder."""
    rows = {
        "pin": [{"index": n, "category": "art", "poster_name": f"p{n}", "follower_count": f"{n}k"} for n in (1, 2, 2)],
        "geo": [{"ind": n, "country": "Peru", "timestamp": "2019-05-01 10:00:00"} for n in (1, 2)],
        "user": [
            {"ind": n, "first_name": "A", "last_name": f"B{n}", "age": 30, "date_joined": "2016-01-01 00:00:00"}
            for n in (1, 2)
        ],
    }
    root = tmp_path_factory.mktemp("landed")
    for table, lines in rows.items():
        folder = root / f"{ID}.{table}" / "partition=0"
        folder.mkdir(parents=True)
        (folder / "0.json").write_text("".join(json.dumps(line) + "\n" for line in lines))
    yield f"file:{root}"
    for (table,) in spark.sql("SHOW TABLES").select("tableName").collect():
        if table.startswith(ID):
            spark.sql(f"DROP TABLE {table}")


def run(spark, landed, day):
    counts = daily.clean(spark, landed, ID)
    for subject in daily.QUESTIONS:
        daily.answer(spark, ID, subject, day)
    return counts


@pytest.fixture(scope="module")
def first_day(spark, landed):
    """The counts of the first day's run."""
    return run(spark, landed, DAY)


def answers(spark):
    return {
        question.__name__: sorted(map(tuple, spark.table(daily.answer_table(ID, question.__name__)).collect()))
        for group in daily.QUESTIONS.values()
        for question in group
    }


def test_the_job_keeps_what_the_question_answers(spark, first_day):
    tables = {table: spark.table(clean_table(ID, table)) for table in TABLES}
    for group in daily.QUESTIONS.values():
        for question, needed in group.items():
            kept = spark.table(daily.answer_table(ID, question.__name__)).where(f"day = '{DAY}'").drop("day")
            assert sorted(kept.collect()) == sorted(question(*(tables[name] for name in needed)).collect())


def test_a_second_run_of_a_day_changes_nothing_and_another_day_is_kept_beside_it(spark, landed, first_day):
    assert first_day == {"pin": 2, "geo": 2, "user": 2}
    once = answers(spark)
    run(spark, landed, DAY)
    assert answers(spark) == once
    run(spark, landed, "2026-01-02")
    assert {name: len(rows) for name, rows in answers(spark).items()} == {
        name: 2 * len(rows) for name, rows in once.items()
    }


def test_wrong_parameters_are_named(spark):
    with pytest.raises(ValueError, match="no subject 'topics'; the subjects are categories, followers, users"):
        daily.answer(spark, ID, "topics", DAY)
    with pytest.raises(ValueError, match=r"'01/02/2026' must be a date such as 2026-01-31"):
        daily.answer(spark, ID, "users", "01/02/2026")
    with pytest.raises(FileNotFoundError):
        daily.clean(spark, f"file:{CHECKOUT}/nowhere", ID)
