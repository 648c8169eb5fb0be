"""The work of one day: clean what has landed, answer the questions; doing it twice changes nothing."""

from collections.abc import Callable
from datetime import date

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from helpers import analytics
from helpers.cleaning import CLEANERS, deduplicate
from helpers.config import clean_table
from helpers.raw import read_raw

QUESTIONS: dict[str, dict[Callable[..., DataFrame], list[str]]] = {
    subject: {question: needed for question, *needed in map(analytics.QUESTIONS.get, numbers)}
    for subject, numbers in {"categories": (4, 5, 8), "followers": (6, 7, 10, 11), "users": (9,)}.items()
}
"""Subject → question → the cleaned tables that it is asked of."""


def clean(spark: SparkSession, raw: str, workbook_id: str) -> dict[str, int]:
    """Clean the three tables anew from everything that has landed.

    Parameters
    ----------
    spark : SparkSession
        The cluster.
    raw : str
        Folder of the topics, such as ``s3://user-0a1b2c3d4e5f-bucket/topics``.
    workbook_id : str
        Begins the names of topics and tables.

    Returns
    -------
    dict of str to int
        Rows of each table.

    Raises
    ------
    FileNotFoundError
        If nothing has landed there.
    """
    counts = {}
    for table, cleaner in CLEANERS.items():
        lines = read_raw(spark, f"{raw.rstrip('/')}/{workbook_id}.{table}/partition=0/", table)
        name = clean_table(workbook_id, table)
        deduplicate(cleaner(lines)).write.format("delta").mode("overwrite").saveAsTable(name)
        counts[table] = spark.table(name).count()
    return counts


def answer(spark: SparkSession, workbook_id: str, subject: str, day: str) -> list[str]:
    """Answer the questions of one subject and keep the answers under a day.

    Parameters
    ----------
    spark : SparkSession
        The cluster.
    workbook_id : str
        Begins the names of the tables.
    subject : str
        One of `QUESTIONS`.
    day : str
        As in 2026-01-31; the day's earlier answers are replaced, those of other days stay.

    Returns
    -------
    list of str
        The tables.

    Raises
    ------
    ValueError
        If there is no such subject, or the day is none.
    """
    if subject not in QUESTIONS:
        raise ValueError(f"There is no subject {subject!r}; the subjects are {', '.join(QUESTIONS)}.")
    day = _checked(day)
    names = []
    for question, needed in QUESTIONS[subject].items():
        found = question(*(spark.table(clean_table(workbook_id, table)) for table in needed))
        name = answer_table(workbook_id, question.__name__)
        dated = found.select(F.lit(day).cast("date").alias("day"), *found.columns)
        dated.write.format("delta").mode("overwrite").option("replaceWhere", f"day = '{day}'").saveAsTable(name)
        names.append(name)
    return names


def answer_table(workbook_id: str, question: str) -> str:
    """Name the table that keeps the answers to a question, a function of `helpers.analytics`."""
    return f"{workbook_id}_answer_{question}"


def _checked(day: str) -> str:
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError:
        raise ValueError(f"The day {day!r} must be a date such as 2026-01-31.") from None
