"""Exercises of the notebook that brings streams into Delta tables."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from helpers.checks import scratch
from helpers.checks.exercise import Exercise, Result, Twin, given
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.config import Workbook
from helpers.raw import GEO_SCHEMA
from helpers.streaming import queries as stream_queries

# --- 1: a stream, opened ---------------------------------------------------------------------------------------------

SENT = 3
"""Records that are in the stream when the answer opens it."""


def read_stream(spark: SparkSession, stream: str, region: str, keys: dict) -> DataFrame:
    """Open a Kinesis stream at the oldest record that it still keeps; `keys` are options with the keys."""
    return (
        spark.readStream.format("kinesis")
        .option("streamName", stream)
        .option("region", region)
        .option("initialPosition", "earliest")
        .options(**keys)
        .load()
    )


STREAMING, ROWS_READ, NAMES, COLUMNS = "a stream", "records read", "of the streams", "columns"


def _opened(answer: Callable[..., DataFrame], spark: SparkSession, workbook: Workbook, keys: dict[str, str]) -> Result:
    """Put records into a stream made for it, and let a query take what the answer's frame gives."""
    with scratch.systems(), scratch.stream(workbook) as stream, _tables(spark) as name:
        records = [{"Data": b"%d" % number, "PartitionKey": str(number)} for number in range(SENT)]
        workbook.client("kinesis").put_records(StreamName=stream, Records=records)
        frame = given(answer(spark, stream, workbook.region, dict(keys)))
        if not frame.isStreaming:
            return {STREAMING: False}
        with stream_queries.small_batches(spark):
            query = stream_queries.start(frame, f"{name}_a", f"/tmp/{name}", {"availableNow": True})
            query.awaitTermination(60)
        found = spark.table(f"{name}_a")
        return {
            STREAMING: True,
            ROWS_READ: found.count(),
            NAMES: _names(found, stream),
            COLUMNS: len(frame.columns),
        }


def _names(found: DataFrame, stream: str) -> str:
    names = {row.stream for row in found.select("stream").distinct().collect()} if "stream" in found.columns else set()
    return "this one" if names <= {stream} else "another"


@contextmanager
def _tables(spark: SparkSession) -> Iterator[str]:
    """Give names of tables of an answer's own, of which the first has rows; drop them afterwards."""
    name = f"exercise_{uuid.uuid4().hex}"
    spark.range(ROWS).write.saveAsTable(f"{name}_source")
    try:
        yield name
    finally:
        for part in ("source", "a", "b"):
            spark.sql(f"DROP TABLE IF EXISTS {name}_{part}")


READ_STREAM = Exercise(
    solution=read_stream,
    evaluate=_opened,
    wanted={STREAMING: True, ROWS_READ: SENT, NAMES: "this one", COLUMNS: 6},
    twins=(
        Twin(
            lambda spark, stream, region, keys: (
                spark.readStream.format("kinesis")
                .options(streamName=stream, region=region, **keys)
                .load()
            ),
            "The query read nothing. Without `initialPosition` a stream is read from `latest`, behind its last record, "
            "and what is there is passed over: say `earliest`.",
            {ROWS_READ: 0},
        ),
        Twin(
            lambda spark, stream, region, keys: read_stream(spark, stream.rpartition("-")[0], region, keys),
            "That is another stream. The name comes in as the argument `stream`.",
            {NAMES: "another"},
        ),
        Twin(
            lambda spark, stream, region, keys: read_stream(spark, stream, region, keys).select("data"),
            "Only `data` is left of the envelope. Keep its six columns for now: when a record came, and from which "
            "shard, will be asked later.",
            {ROWS_READ: SENT, COLUMNS: 1},
        ),
        Twin(
            lambda spark, stream, region, keys: spark.createDataFrame([(b"0",)], "data binary"),
            "That is a table and no stream: it holds what was there at one moment. `spark.readStream` begins a frame "
            "that goes on.",
            {STREAMING: False},
        ),
    ),
    hints=(
        '`spark.readStream.format("kinesis")` begins, `.load()` ends; options stand in between.',
        "Three options: `streamName`, `region` and `initialPosition`. `.options(**keys)` adds the keys.",
        '`.option("initialPosition", "earliest")` is the one that is forgotten most often.',
    ),
    more="A query that goes on after a stop: does it look at `initialPosition` again?",
)

# --- 2: from bytes to columns --------------------------------------------------------------------------------------

RECORDS = {
    "a place": b'{"ind": 1, "timestamp": "2021-03-04 05:06:07", "latitude": 1.5, "longitude": 2.5, "country": "Fiji"}',
    "a place without a country": b'{"ind": 2, "timestamp": "2021-03-04 05:06:07", "latitude": 1.5, "longitude": 2.5}',
    "a time that is none": b'{"ind": 3, "timestamp": "soon", "latitude": 1.5, "longitude": 2.5, "country": "Chad"}',
    "no number": b'{"ind": "four", "country": "Oman"}',
    "no JSON": b"good morning",
}
"""What it is → the bytes of a record; made up."""


def decoded_geo(records: DataFrame) -> DataFrame:
    """Turn the `data` of an envelope into the columns of GEO_SCHEMA; leave out rows without `ind`."""
    row = F.from_json(F.col("data").cast("string"), GEO_SCHEMA)
    return records.select(row.alias("row")).select("row.*").where("ind IS NOT NULL")


def _without_where(records: DataFrame) -> DataFrame:
    row = F.from_json(F.col("data").cast("string"), GEO_SCHEMA)
    return records.select(row.alias("row")).select("row.*")


def _decoded(answer: Callable[[DataFrame], DataFrame], spark: SparkSession) -> Result:
    records = spark.createDataFrame([(data,) for data in RECORDS.values()], "data binary")
    frame = given(answer(records))
    columns = {"the columns": ", ".join(frame.columns)}
    if "ind" not in frame.columns:
        return {"the columns": "one struct"} if len(frame.columns) == 1 else columns
    rows = frame.collect()
    return columns | {f"the row with ind {row['ind']}": tuple(str(value) for value in row) for row in rows}


DECODED_GEO = Exercise(
    solution=decoded_geo,
    evaluate=_decoded,
    twins=(
        Twin(
            lambda records: records.select(F.from_json("data", GEO_SCHEMA).alias("row")).select("row.*"),
            "`from_json` reads text, and `data` is bytes. `F.col(\"data\").cast(\"string\")` reads bytes as text.",
        ),
        Twin(
            lambda records: decoded_geo(records).select(F.struct("*").alias("row")),
            "One column came out, a struct with all fields in it. `select(\"row.*\")` makes columns of the fields of "
            "`row`.",
        ),
        Twin(
            _without_where,
            "A record that cannot be read became a row of nulls, and nobody can count it any more. Leave out what has "
            "no `ind`.",
        ),
        Twin(
            lambda records: _without_where(records).where("country IS NOT NULL"),
            "You left out a place because it lacks its country. A row whose `ind` is good stays.",
        ),
        Twin(
            lambda records: _without_where(records).dropna(),
            "`dropna` leaves out every row that lacks anything, and that is for the cleaning to decide.",
        ),
        Twin(
            lambda records: decoded_geo(records).withColumn("timestamp", F.try_to_timestamp("timestamp")),
            "A time that cannot be read became null already here. Text stays text until it is cleaned, where you can "
            "count what does not fit.",
        ),
    ),
    hints=(
        "`F.from_json(column, schema)` makes one column with fields in it, a *struct*.",
        "Bytes become text by `.cast(\"string\")`; `select(\"row.*\")` makes columns of the fields of `row`.",
        "Last comes `.where(\"ind IS NOT NULL\")`.",
    ),
    more="Where would you put the records that you left out, so that somebody can look at them?",
)

# --- 3: a query that goes on ---------------------------------------------------------------------------------------

ROWS = 5


def store(frame: DataFrame, table: str, checkpoint: str) -> StreamingQuery:
    """Start a query that appends what is there of a stream to a Delta table."""
    writer = frame.writeStream.format("delta").outputMode("append").option("checkpointLocation", checkpoint)
    return writer.trigger(availableNow=True).toTable(table)


def _without_checkpoint(frame: DataFrame, table: str, checkpoint: str) -> StreamingQuery:
    return store(frame, table, f"{checkpoint}-{uuid.uuid4().hex}")


def _with_a_fixed_one(frame: DataFrame, table: str, checkpoint: str) -> StreamingQuery:
    return store(frame, table, checkpoint.rpartition("-")[0])


def _as_complete(frame: DataFrame, table: str, checkpoint: str) -> StreamingQuery:
    writer = frame.writeStream.format("delta").outputMode("complete").option("checkpointLocation", checkpoint)
    return writer.trigger(availableNow=True).toTable(table)


def _stored(answer: Callable[[DataFrame, str, str], StreamingQuery], spark: SparkSession) -> Result:
    with _tables(spark) as name, stream_queries.small_batches(spark):
        stream = spark.readStream.table(f"{name}_source")

        def start(part: str) -> int:
            query = given(answer(stream, f"{name}_{part}", f"/tmp/{name}-{part}"))
            query.awaitTermination(60)
            if query.isActive:
                query.stop()
                raise RuntimeError("the query did not end: give it the trigger availableNow=True")
            return stream_queries.rows_in(spark, f"{name}_{part}")

        return {
            "rows after the first start": start("a"),
            "rows when it was started again": start("a"),
            "rows of a second query with a checkpoint of its own": start("b"),
        }


STORE = Exercise(
    solution=store,
    evaluate=_stored,
    twins=(
        Twin(
            _without_checkpoint,
            "Started again, your query wrote everything once more. It keeps its place in a folder that is new each "
            "time: use the argument `checkpoint`, as the option `checkpointLocation`.",
        ),
        Twin(
            lambda frame, table, checkpoint: frame.writeStream.trigger(availableNow=True).toTable(table),
            "A query that writes into a table has to know where to keep its place: give it the argument `checkpoint`, "
            "as the option `checkpointLocation`.",
        ),
        Twin(
            _with_a_fixed_one,
            "The second query wrote nothing: it took the place of the first for its own. Two queries of yours share a "
            "checkpoint; use the argument, not a fixed path.",
        ),
        Twin(
            _as_complete,
            "`complete` writes the whole result anew with each batch, which only a query with an aggregation can. Rows "
            "that come are added: `append`.",
        ),
    ),
    hints=(
        "`frame.writeStream` has `format`, `outputMode`, `option`, `trigger` and `toTable`.",
        "The option is `checkpointLocation`; the trigger is `availableNow=True`.",
        "`frame.writeStream.format(\"delta\").outputMode(\"append\").option(\"checkpointLocation\", checkpoint)`, "
        "then `.trigger(availableNow=True).toTable(table)`.",
    ),
    more="Crashed after Delta's commit and before the checkpoint was written: why is nothing there twice?",
)

QUIZ = (
    Question(
        "The stream keeps records for a day, and your query was stopped for two. What does it do when it starts?",
        (
            ("It reads from the beginning of what is left, without a word.", "Only if you say `failOnDataLoss` false."),
            ("It waits for the missing records.", "They are gone; nobody will send them again."),
            ("It stops and says that records are gone.", None),
        ),
    ),
    Question(
        "Why do the counts in the picture rise in steps?",
        (
            ("Spark writes micro-batches, and between two commits nothing can be read.", None),
            ("The emulator posts in bursts.", "It posts evenly; the dashed lines mark its beginning and its end."),
            ("The picture leaves points out.", "Each look at the table is a point."),
        ),
    ),
    Question(
        "Why does each query need a checkpoint of its own?",
        (
            ("For speed.", "Two queries would be as quick, and wrong."),
            ("It holds the place in one source, and the numbers of the batches of one table.", None),
            ("Because a folder can be opened by one program only.", "S3 and DBFS know no such rule."),
        ),
    ),
)

LESSON = Lesson(
    {1: READ_STREAM, 2: DECODED_GEO, 3: STORE},
    {
        1: {
            0: "None? Kinesis keeps records for a day; a query that was stopped reads on where it was.",
            300: "All again? That is what new checkpoints would do. Theirs know how far they had come.",
        },
    },
    QUIZ,
)
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
questions, quiz = LESSON.questions, LESSON.quiz
"""What the notebook calls."""
