"""Exercise of the notebook about streams that fail, and posts that come twice."""

import uuid
from collections.abc import Callable

from pyspark.sql import DataFrame, SparkSession

from helpers.checks.exercise import Exercise, NotAttempted, Result, Twin
from helpers.checks.lesson import Lesson

COLUMNS = "ind int, country string, coordinates array<double>"

THERE = [(1, "Fiji", [1.5, 2.5]), (2, None, [3.5, 4.5])]
"""Rows that the table has, made up."""

NEWS = [*THERE, (1, "Chad", [1.5, 2.5]), (3, "Oman", [5.5, 6.5]), (3, "Oman", [5.5, 6.5])]
"""A micro-batch: both of those again, one of them with another country, and a new row that came twice."""


def insert_new(batch: DataFrame, table: str) -> None:
    """Insert the rows of a micro-batch that a table does not have yet."""
    same = " AND ".join(f"there.{name} <=> news.{name}" for name in batch.columns)
    batch.sparkSession.sql(
        f"MERGE INTO {table} there USING {{news}} news ON {same} WHEN NOT MATCHED THEN INSERT *",
        news=batch.dropDuplicates(),
    )


def _merge(batch: DataFrame, table: str, condition: str) -> None:
    batch.sparkSession.sql(
        f"MERGE INTO {table} there USING {{news}} news ON {condition} WHEN NOT MATCHED THEN INSERT *", news=batch
    )


def _by_the_number(batch: DataFrame, table: str) -> None:
    _merge(batch.dropDuplicates(["ind"]), table, "there.ind = news.ind")


def _with_repetitions(batch: DataFrame, table: str) -> None:
    _merge(batch, table, " AND ".join(f"there.{name} <=> news.{name}" for name in batch.columns))


def _with_equals(batch: DataFrame, table: str) -> None:
    _merge(batch.dropDuplicates(), table, " AND ".join(f"there.{name} = news.{name}" for name in batch.columns))


def _appended(batch: DataFrame, table: str) -> None:
    batch.write.mode("append").saveAsTable(table)


def _inserted(answer: Callable[[DataFrame, str], None], spark: SparkSession) -> Result:
    table = f"exercise_{uuid.uuid4().hex}"
    spark.createDataFrame(THERE, COLUMNS).write.saveAsTable(table)
    try:
        answer(spark.createDataFrame(NEWS, COLUMNS), table)
        found = [(row.ind, row.country) for row in spark.table(table).collect()]
    finally:
        spark.sql(f"DROP TABLE IF EXISTS {table}")
    if {*found} == {(number, country) for number, country, _ in THERE} and len(found) == len(THERE):
        raise NotAttempted
    return {f"post {number} in {country}": found.count((number, country)) for number, country in {*found}}


INSERT_NEW = Exercise(
    solution=insert_new,
    evaluate=_inserted,
    twins=(
        Twin(
            _by_the_number,
            "The post that was changed is missing. Compared by `ind` alone, a changed row is taken for a repetition: "
            "compare every column.",
        ),
        Twin(
            _with_repetitions,
            "A row that came twice within the micro-batch is in the table twice. MERGE compares with the table as it "
            "was before: drop repetitions from the batch first.",
        ),
        Twin(
            _with_equals,
            "The row without a country came in again. In SQL null is not equal to null; `<=>` takes them for equal.",
        ),
        Twin(
            _appended,
            "All rows were added, also those that were there. `MERGE INTO … WHEN NOT MATCHED THEN INSERT *` asks the "
            "table first.",
        ),
    ),
    hints=(
        "`MERGE INTO table t USING news n ON … WHEN NOT MATCHED THEN INSERT *`, with `batch.sparkSession.sql(…)`.",
        "Two rows are the same if all columns are: join the comparisons with AND. What does `=` say of two nulls?",
        "`spark.sql(\"… USING {news} n …\", news=batch.dropDuplicates())` gives the frame a name in the statement.",
    ),
    more="The table grows, and MERGE reads it for every batch. Which part of it could it leave out?",
)

LESSON = Lesson(
    {1: INSERT_NEW},
    {
        1: {
            200: "That is what `earliest` reads. `latest` begins behind the last record.",
            1: "Not even the last one: `latest` begins behind it.",
        },
    },
)
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
"""What the notebook calls."""
