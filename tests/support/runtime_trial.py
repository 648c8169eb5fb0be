"""What the notebooks ask of Spark, asked by the client of one Databricks runtime; prints what came out, as JSON.

Run as a program with the client's folder first on Python's path, the address of a cluster, and a folder of lines.
"""

import json
import sys
import warnings
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import SparkSession

from helpers import analytics, raw
from helpers.airflow import daily
from helpers.cleaning import deduplicate, null_counts, placeholder_counts
from helpers.config import TABLES, clean_table
from helpers.databricks.laptop import display
from helpers.streaming import progress, queries
from helpers.streaming import warnings as streaming_warnings

ID = "cafecafecafe"


def batch(spark: SparkSession, folder: str) -> dict[str, Any]:
    """Clean the three tables, answer one group of questions, and have the others planned by the cluster."""
    counts = daily.clean(spark, folder, ID)
    (answer,) = daily.answer(spark, ID, "users", "2026-01-31")
    clean = {table: spark.table(clean_table(ID, table)) for table in TABLES}
    lines = f"{folder}/{ID}.pin/partition=0/"
    asked = {
        question.__name__: question(*(clean[table] for table in needed))
        for questions in daily.QUESTIONS.values()
        for question, needed in questions.items()
    }
    asked |= {
        "counts by year": analytics.category_counts_by_year(clean["pin"], clean["geo"]),
        "by age": analytics.median_followers_by_age_group(clean["pin"], clean["user"], per="post"),
        "spread": analytics.follower_spread(clean["pin"], clean["user"], "post_year"),
        "placeholders": placeholder_counts(raw.read_raw(spark, lines, "pin")),
        "nulls": null_counts(clean["pin"]),
    }
    return {
        "rows": counts,
        "answer": str(spark.table(answer).collect()),
        "pins": str(clean["pin"].select("ind", "follower_count").orderBy("ind").collect()),
        "rejected": str(raw.rejected(spark, lines, "pin").select("line", "reason").collect()),
        "columns": {name: frame.dtypes for name, frame in asked.items()},
    }


def stream(spark: SparkSession, folder: str) -> dict[str, Any]:
    """Take a table for a stream of Kinesis: watched, decoded, cleaned, stored, reported."""
    records = [
        ("k", json.dumps({"ind": n, "country": "Peru", "timestamp": "2019-05-01 10:00:00"}).encode(), datetime.now(UTC))
        for n in (1, 2, 2)
    ]
    columns = "partitionKey string, data binary, approximateArrivalTimestamp timestamp"
    spark.createDataFrame(records, columns).write.format("delta").mode("overwrite").saveAsTable(f"{ID}_envelope")
    envelope = queries.observed(queries.first_of_each(spark.readStream.table(f"{ID}_envelope"), "10 minutes"))
    with queries.small_batches(spark):
        query = queries.start(
            queries.cleaned(envelope, "geo"), f"{ID}_geo_table", f"{folder}/_checkpoints/geo", {"availableNow": True}
        )
    assert query.awaitTermination(120)
    (done,) = progress.batches(query)
    return {
        "rows": [done.rows, queries.rows_in(spark, f"{ID}_geo_table"), queries.rows_in(spark, f"{ID}_no_such_table")],
        "wait is known": done.longest_wait > 0,
        "kept": deduplicate(spark.table(f"{ID}_geo_table")).count(),
        "state": progress.state_rows(query),
        "error": query.exception(),
    }


def refusals(spark: SparkSession, folder: str) -> dict[str, Any]:
    """Meet what is not there."""
    try:
        raw.read_raw(spark, f"{folder}/nowhere", "pin")
    except FileNotFoundError as error:
        return {"no such folder": str(error).partition(".")[0].replace(folder, "")}
    return {}


def shown(spark: SparkSession) -> list[str]:
    """Tell what `display` makes of a frame."""
    told: list[Any] = []
    display.show = lambda page: told.append(page)
    display.display(spark.range(2))
    display.display(spark.readStream.table(f"{ID}_envelope"))
    return [repr(one) for one in told]


def main(remote: str, folder: str) -> None:
    """Ask everything."""
    spark = SparkSession.builder.remote(remote).getOrCreate()
    streaming_warnings.watch()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {"batch": batch(spark, folder), "stream": stream(spark, folder), "refusals": refusals(spark, folder)}
        found["shown"] = shown(spark)
    print(json.dumps(found, default=str))
    for (name,) in spark.sql("SHOW TABLES").select("tableName").collect():
        if name.startswith(ID):
            spark.sql(f"DROP TABLE {name}")
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
