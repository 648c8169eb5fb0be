"""Three Kinesis streams become three Delta tables: read, decoded, cleaned as the batch is, and written once.

A record goes through four frames. The *envelope* has Kinesis's columns, with the posting as bytes in `data`. Decoded,
it has the columns of `helpers.raw`; cleaned, those of `helpers.cleaning`; and so it is written.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from helpers.cleaning import CLEANERS
from helpers.config import TABLES, Workbook, check_table
from helpers.raw import decode
from helpers.spark_versions import condition

ARRIVALS = "arrivals"
"""Name under which `observed` reports the first and the last arrival of each micro-batch."""

SMALL_BATCHES: Mapping[str, str] = {
    # each task of Delta's own queries would generate its Java code anew, which takes longer than a few hundred rows
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # one task where there would be one a core: a task costs more to start than its few rows
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.files.minPartitionNum": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
    # nothing is left to adapt, and looking for it costs a job a shuffle
    "spark.sql.adaptive.enabled": "false",
}
"""Settings for queries with few rows a micro-batch; measured by tests/benchmarks/streaming_latency.py."""


def envelope(
    spark: SparkSession, workbook: Workbook, table: str, keys: Mapping[str, str], position: str = "earliest"
) -> DataFrame:
    """Open a stream as it comes from Kinesis.

    Parameters
    ----------
    spark : SparkSession
        The cluster.
    workbook : Workbook
        Gives the stream's name and the region.
    table : {"pin", "geo", "user"}
        Which stream.
    keys : mapping of str to str
        ``awsAccessKey`` and ``awsSecretKey``; on a cluster whose role may read the stream, nothing.
    position : str
        Where a query without a checkpoint begins: ``earliest``, ``latest``, or JSON with a moment (see
        `helpers.kinesis.source.options`).

    Returns
    -------
    DataFrame
        A stream of `partitionKey`, `data` (binary), `stream`, `shardId`, `sequenceNumber` and
        `approximateArrivalTimestamp`.
    """
    options = {"streamName": workbook.stream(table), "region": workbook.region, "initialPosition": position, **keys}
    return spark.readStream.format("kinesis").options(**options).load()


def decoded(records: DataFrame, table: str) -> DataFrame:
    """Decode the postings in an envelope.

    Parameters
    ----------
    records : DataFrame
        Static or streaming, with a binary column `data`.
    table : {"pin", "geo", "user"}
        What the postings are.

    Returns
    -------
    DataFrame
        The columns of the table's schema in `helpers.raw`, one row a record that can be decoded; for the others see
        `set_aside`.
    """
    row = decode(_text(), check_table(table))
    return records.select(row.alias("row")).where(F.col("row").isNotNull()).select("row.*")


def set_aside(records: DataFrame, table: str) -> DataFrame:
    """Keep the records that `decoded` leaves out.

    Returns
    -------
    DataFrame
        `stream`, `shardId`, `sequenceNumber`, `data` (binary) and `text` (the data as text, as far as it is text).
    """
    bad = records.where(decode(_text(), check_table(table)).isNull())
    return bad.select("stream", "shardId", "sequenceNumber", "data", _text().alias("text"))


def cleaned(records: DataFrame, table: str) -> DataFrame:
    """Decode and clean the postings in an envelope, by the functions of the batch."""
    return CLEANERS[check_table(table)](decoded(records, table))


def first_of_each(records: DataFrame, within: str) -> DataFrame:
    """Drop a record that was sent before, as long as Spark still remembers the first.

    Parameters
    ----------
    records : DataFrame
        A streaming envelope.
    within : str
        For how long a record is remembered, in the time of arrival, such as ``10 minutes``. What is remembered is
        the query's *state*: a longer time takes more memory and finds later repetitions.
    """
    late = records.withWatermark("approximateArrivalTimestamp", within)
    return late.dropDuplicatesWithinWatermark(["data"])


def observed(records: DataFrame) -> DataFrame:
    """Have each micro-batch report when its first and its last record arrived, so that its lag can be told."""
    arrival = F.col("approximateArrivalTimestamp")
    return records.observe(ARRIVALS, F.min(arrival).alias("first"), F.max(arrival).alias("last"))


@contextmanager
def small_batches(spark: SparkSession) -> Iterator[None]:
    """Have queries that start meanwhile spend less on each micro-batch, and more on each row.

    A query keeps the settings it started with, so the session has its own back afterwards: they are better for a
    table of many rows.

    Parameters
    ----------
    spark : SparkSession
        The session whose queries start; while this lasts, its other queries have these settings too.
    """
    before = {name: spark.conf.get(name, None) for name in SMALL_BATCHES}
    try:
        for name, value in SMALL_BATCHES.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name, value in before.items():
            spark.conf.unset(name) if value is None else spark.conf.set(name, value)


def start(
    frame: DataFrame, name: str, checkpoint: str, trigger: Mapping[str, object] | None = None
) -> StreamingQuery:
    """Start a query that appends a stream to a Delta table.

    Parameters
    ----------
    frame : DataFrame
        What to write.
    name : str
        The table, made if there is none; the query gets the same name.
    checkpoint : str
        A folder of the query's own: where it keeps how far it has come.
    trigger : mapping, optional
        As `DataStreamWriter.trigger` takes it; by default a micro-batch begins when the one before has ended.

    Returns
    -------
    StreamingQuery
        Running, or ended by itself with ``{"availableNow": True}``.
    """
    writer = frame.writeStream.format("delta").outputMode("append").queryName(name)
    writer = writer.option("checkpointLocation", checkpoint)
    return (writer.trigger(**trigger) if trigger else writer).toTable(name)


def fill(spark: SparkSession, workbook: Workbook, keys: Mapping[str, str]) -> dict[str, DataFrame]:
    """Write what is in the three streams into their Delta tables, each record once, as often as this is called.

    Parameters
    ----------
    spark, workbook, keys
        As for `envelope`.

    Returns
    -------
    dict of str to DataFrame
        The cleaned streams, by table.
    """
    clean = {table: cleaned(envelope(spark, workbook, table, keys), table) for table in TABLES}
    with small_batches(spark):
        started = [
            start(clean[table], workbook.stream_table(table), workbook.checkpoint(table), {"availableNow": True})
            for table in TABLES
        ]
    for query in started:
        query.awaitTermination()
    return clean


def fresh(spark: SparkSession, dbutils: Any, workbook: Workbook, name: str) -> tuple[str, str]:
    """Name a table and a checkpoint for a trial, and delete what an earlier one has left there.

    Returns
    -------
    tuple of str
        The table and the checkpoint, as `start` takes them.
    """
    table, checkpoint = f"{workbook.id}_{name}", workbook.checkpoint(name)
    dbutils.fs.rm(checkpoint, True)
    spark.sql(f"DROP TABLE IF EXISTS {table}")
    return table, checkpoint


def _text() -> Column:
    # bytes that are no UTF-8 become U+FFFD, as in Spark's JSON reader: a string with such bytes cannot be collected
    return F.make_valid_utf8(F.col("data").cast("string"))


def rows_in(spark: SparkSession, name: str) -> int:
    """Count a table's rows; 0 if there is no such table yet."""
    try:
        return spark.table(name).count()
    except AnalysisException as error:
        if condition(error) != "TABLE_OR_VIEW_NOT_FOUND":
            raise
        return 0
