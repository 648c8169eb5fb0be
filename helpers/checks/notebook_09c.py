"""Exercises of the notebook about streams that fail, and posts that come twice."""

import json
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pandas as pd
from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from helpers.checks import scratch
from helpers.checks.exercise import Exercise, Result, Twin, attempt, given, stopped_or
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.cleaning import CLEANERS
from helpers.kinesis.source import options
from helpers.kinesis.source.errors import KinesisError
from helpers.raw import SCHEMAS
from helpers.streaming import queries as stream_queries
from helpers.streaming.progress import state_rows
from helpers.waiting import wait_until

# --- 1: what has become of a query ---------------------------------------------------------------------------------

RUNNING, HALTED, BROKEN = "a query that runs", "one that somebody stopped", "one that met an error"


def fate(query: StreamingQuery) -> str:
    """Tell what has become of a query: it `runs`, it `has stopped` without an error, or it `has failed`."""
    if query.isActive:
        return "runs"
    return "has failed" if query.exception() else "has stopped"


def _fates(answer: Callable[[StreamingQuery], str], spark: SparkSession) -> Result:
    """Start three queries that write nowhere, stop one, wait until one has failed, and ask the answer about them."""
    name = f"exercise_{uuid.uuid4().hex}"
    stream = spark.readStream.format("rate").load()
    failing = stream.select(F.raise_error(F.lit("made to fail")).alias("value"))
    frames = {RUNNING: stream, HALTED: stream, BROKEN: failing}
    queries = {what: _nowhere(frame, f"/tmp/{name}-{part}") for part, (what, frame) in enumerate(frames.items())}
    try:
        queries[HALTED].stop()
        wait_until(lambda: not queries[BROKEN].isActive, 60, "the query to fail")
        return {what: stopped_or(lambda query=query: given(answer(query))) for what, query in queries.items()}
    finally:
        queries[RUNNING].stop()


def _nowhere(frame: DataFrame, checkpoint: str) -> StreamingQuery:
    return frame.writeStream.format("noop").option("checkpointLocation", checkpoint).start()


FATE = Exercise(
    solution=fate,
    evaluate=_fates,
    wanted={RUNNING: "runs", HALTED: "has stopped", BROKEN: "has failed"},
    twins=(
        Twin(
            lambda query: "has failed" if query.exception() else "runs",
            "A query without an error need not run: somebody stopped one of them, and you say that it runs. That is "
            "how nobody notices. Ask `isActive`.",
            {HALTED: "runs"},
        ),
        Twin(
            lambda query: "runs" if query.isActive() else "has stopped",
            "`query.isActive` is true or false, and no function: write it without brackets. `query.exception()` is the "
            "one that has them.",
            {RUNNING: "stops with TypeError: 'bool' object is not callable"},
        ),
        Twin(
            lambda query: "runs" if query.isActive else "has failed" if query.exception else "has stopped",
            "A query that somebody stopped has failed, you say. Without brackets `query.exception` is the function "
            "itself, and that is always something: `query.exception()` calls it.",
            {RUNNING: "runs", HALTED: "has failed", BROKEN: "has failed"},
        ),
        Twin(
            lambda query: "runs" if query.isActive else "has stopped" if query.exception() else "has failed",
            "The two that do not run are the wrong way round: with an error it has failed, without one it has stopped.",
            {RUNNING: "runs", HALTED: "has failed", BROKEN: "has stopped"},
        ),
        Twin(
            lambda query: str(query.status["message"]),
            "These are Spark's own words. They tell what a query does at the moment, in many ways; asked is one of "
            "three words, by `isActive` and `exception()`.",
            {HALTED: "Stopped"},
        ),
        Twin(
            lambda query: "runs" if query.isActive else "has stopped",
            "One of them ended by an error, and that is another thing than being stopped: `query.exception()` is None "
            "only where there was none.",
            {BROKEN: "has stopped"},
        ),
        Twin(
            lambda query: "has failed" if query.exception() else "has stopped",
            "One of them runs, and you say that it has stopped. That there is no error says nothing about running.",
            {RUNNING: "has stopped"},
        ),
    ),
    hints=(
        "Two questions tell three cases apart.",
        "`query.isActive` is true or false. `query.exception()` is an error, or None.",
        'First `if query.isActive: return "runs"`; then the error decides.',
    ),
    more="Who would call your function, how often, and whom would it wake?",
)

# --- 2: what a schema loses ----------------------------------------------------------------------------------------

PINS = [
    b'{"index": 1, "follower_count": "124k"}', b'{"index": 2, "follower_count": 5}', b'{"index": 3}',
    b'{"index": 4, "follower_count": "7"}', b"good morning",
]  # fmt: skip
"""The data of some records, made up."""

AS_NUMBER, AS_TEXT = "lost with follower_count INT", "lost with follower_count STRING"


def misread(records: DataFrame, schema: str) -> DataFrame:
    """Keep the records whose `follower_count` a schema loses: `as_sent`, what the JSON says, and `as_read`, null."""
    text = F.col("data").cast("string")
    sent = F.get_json_object(text, "$.follower_count").alias("as_sent")
    read = F.from_json(text, schema)["follower_count"].alias("as_read")
    return records.select(sent, read).where("as_sent IS NOT NULL AND as_read IS NULL")


def _misread(answer: Callable[[DataFrame, str], DataFrame], spark: SparkSession) -> Result:
    records = spark.createDataFrame([(data,) for data in PINS], "data binary")
    found = {}
    for what, kind in ((AS_NUMBER, "INT"), (AS_TEXT, "STRING")):
        frame = given(answer(records, f"index INT, follower_count {kind}"))
        if "as_sent" not in frame.columns:
            return {"the columns": ", ".join(frame.columns)}
        found[what] = ", ".join(sorted(str(row["as_sent"]) for row in frame.collect()))
    return found | {"the columns": ", ".join(frame.columns)}


def _shown(records: DataFrame, schema: str) -> DataFrame:
    text = F.col("data").cast("string")
    sent = F.get_json_object(text, "$.follower_count").alias("as_sent")
    return records.select(sent, F.from_json(text, schema)["follower_count"].alias("as_read"))


def _read_twice(records: DataFrame, schema: str) -> DataFrame:
    read = F.from_json(F.col("data").cast("string"), schema)["follower_count"]
    return records.select(read.alias("as_sent"), read.alias("as_read")).where("as_sent IS NOT NULL AND as_read IS NULL")


MISREAD = Exercise(
    solution=misread,
    evaluate=_misread,
    wanted={AS_NUMBER: "124k, 7", AS_TEXT: "", "the columns": "as_sent, as_read"},
    twins=(
        Twin(
            lambda records, schema: _shown(records, schema).where("as_read IS NULL"),
            "Records that never had a count are among them. A null that was sent as nothing is no loss: ask that "
            "`as_sent` is not null.",
            {AS_NUMBER: "124k, 7, None, None"},
        ),
        Twin(
            _shown,
            "All records came out, also those that were read well. Lost is what was sent and is null after reading: "
            "two conditions in a `where`.",
            {AS_NUMBER: "124k, 5, 7, None, None"},
        ),
        Twin(
            _read_twice,
            "You took both from the reading with the schema, and what it loses is lost in both. "
            "`F.get_json_object(text, \"$.follower_count\")` looks into the text without a schema.",
            {AS_NUMBER: ""},
        ),
    ),
    hints=(
        "Two columns of one text: one without a schema, one with it.",
        "`F.get_json_object(text, \"$.follower_count\")`, and `F.from_json(text, schema)[\"follower_count\"]`.",
        '`.where("as_sent IS NOT NULL AND as_read IS NULL")` keeps what was lost.',
    ),
    more="Would you stop the query at the first loss, or count losses and go on?",
)

# --- 3: a memory for repetitions -----------------------------------------------------------------------------------

ARRIVALS = (
    [("a", "1", 0), ("a", "1", 1), ("b", "2", 1), ("b changed", "2", 2)],
    [("c", "3", 30), ("a", "1", 31)],
    [("d", "4", 32)],
    [("a", "1", 35)],
)
"""Micro-batches of records that arrive: data, partition key, minute."""


def first_of_each(records: DataFrame) -> DataFrame:
    """Drop records whose `data` has come before; remember each for 10 minutes of `approximateArrivalTimestamp`."""
    late = records.withWatermark("approximateArrivalTimestamp", "10 minutes")
    return late.dropDuplicatesWithinWatermark(["data"])


def _by(*columns: str, within: str = "10 minutes") -> Callable[[DataFrame], DataFrame]:
    def first(records: DataFrame) -> DataFrame:
        late = records.withWatermark("approximateArrivalTimestamp", within)
        return late.dropDuplicatesWithinWatermark([*columns])

    return first


SOON, LATER, CHANGED = "a record that came again soon", "and once more half an hour later", "one that was changed"
REMEMBERED = "records that Spark remembers in the end"


def _kept(answer: Callable[[DataFrame], DataFrame], spark: SparkSession) -> Result:
    """Let a query with the answer read arrivals, a micro-batch a commit, and look what it keeps and remembers."""
    name = f"exercise_{uuid.uuid4().hex}"
    try:
        _arrive(spark, name)
        stream = spark.readStream.format("delta").option("maxFilesPerTrigger", 1).table(name)
        frame = given(answer(stream))
        with stream_queries.small_batches(spark):
            query = stream_queries.start(frame, f"{name}_kept", f"/tmp/{name}", {"availableNow": True})
            query.awaitTermination(60)
        kept = [
            (bytes(row.data).decode(), row.approximateArrivalTimestamp.minute)
            for row in spark.table(f"{name}_kept").collect()
        ]
        remembered = state_rows(query)
    finally:
        for table in (name, f"{name}_kept"):
            spark.sql(f"DROP TABLE IF EXISTS {table}")
    return {
        SOON: "is dropped" if ("a", 1) not in kept else "is kept",
        LATER: "is kept" if ("a", 35) in kept else "is dropped",
        CHANGED: "is kept" if ("b changed", 2) in kept else "is dropped",
        REMEMBERED: remembered,
    }


def _arrive(spark: SparkSession, table: str) -> None:
    moment = F.to_timestamp("at").alias("approximateArrivalTimestamp")
    for arrived in ARRIVALS:
        rows = [(data.encode(), key, f"2021-03-04 05:{minute:02d}:00") for data, key, minute in arrived]
        frame = spark.createDataFrame(rows, "data binary, partitionKey string, at string")
        frame.select("data", "partitionKey", moment).coalesce(1).write.mode("append").saveAsTable(table)


FIRST_OF_EACH = Exercise(
    solution=first_of_each,
    evaluate=_kept,
    wanted={SOON: "is dropped", LATER: "is kept", CHANGED: "is kept", REMEMBERED: 3},
    twins=(
        Twin(
            lambda records: records.withWatermark("approximateArrivalTimestamp", "10 minutes").dropDuplicates(["data"]),
            "It finds every repetition, and remembers every record for ever: the state grows until the cluster has no "
            "memory left. A watermark says when a record may be forgotten; `dropDuplicates` does not heed it, "
            "`dropDuplicatesWithinWatermark` does.",
            {SOON: "is dropped", LATER: "is dropped", CHANGED: "is kept"},
        ),
        Twin(
            _by("partitionKey"),
            "The changed record is gone. The partition key is the post's number, and two records of one post need not "
            "be the same: compare `data`.",
            {SOON: "is dropped", LATER: "is kept", CHANGED: "is dropped"},
        ),
        Twin(
            _by("data", "approximateArrivalTimestamp"),
            "The repetition came in again: it arrived a minute later, and you compared the arrivals too. Compare what "
            "was sent, not when it came.",
            {SOON: "is kept", LATER: "is kept"},
        ),
        Twin(
            _by("data", within="30 seconds"),
            "The repetition after a minute was not known any more, or will not be for long: you remember for less than "
            "the 10 minutes that are asked for.",
            {SOON: "is dropped", LATER: "is kept", CHANGED: "is kept"},
        ),
    ),
    hints=(
        "Two steps: say for how long a record is remembered, then drop what is remembered already.",
        "The first is `withWatermark`, with the column of the arrival and `\"10 minutes\"`.",
        "The second is `dropDuplicatesWithinWatermark`, with a list of the columns that are compared.",
    ),
    more="What has to be remembered: the records, or less? How would you make the state smaller?",
)

# --- 4: a moment to begin at ---------------------------------------------------------------------------------------

MOMENTS = {
    "a moment in UTC": datetime(2026, 3, 4, 5, 6, 7, 250_000, UTC),
    "a moment of a clock two hours ahead": datetime(2026, 3, 4, 7, 6, 7, 250_000, timezone(timedelta(hours=2))),
}
"""What it is → the same instant, by two clocks."""

_OUR_CLOCK, _THEIR_CLOCK = MOMENTS
BEGINS = "begins there"


def since(moment: datetime) -> str:
    """Write a moment as the option `initialPosition` takes it: JSON with `at_timestamp`, in UTC, to the millisecond."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return json.dumps({"at_timestamp": text})


def _positions(answer: Callable[[datetime], str]) -> Result:
    """Let our source read what the answer writes, and compare with the moment that was meant."""
    return {what: _begins(given(answer(moment)), moment) for what, moment in MOMENTS.items()}


def _begins(position: str, moment: datetime) -> str:
    try:
        found = options.parse({"streamName": "posts", "region": "us-east-1", "initialPosition": position})
    except KinesisError:
        return "is refused: a dict of Python" if str(position).startswith("{'") else "is refused"
    if not isinstance(found.initial_position, datetime):
        return f"begins at {found.initial_position}"
    late = (found.initial_position - moment).total_seconds()
    if abs(late) >= 0.001:
        return f"begins {abs(late):g} s too {'late' if late > 0 else 'early'}"
    return f"{BEGINS}{_clock(position)}"


def _clock(position: str) -> str:
    """Tell by which clock a moment is written, if it is not that of UTC."""
    try:
        offset = datetime.fromisoformat(json.loads(position)["at_timestamp"]).utcoffset()
    except (TypeError, ValueError):  # seconds since the epoch, or a format of its own: no clock is in it
        return ""
    return f", by a clock {offset} ahead of UTC" if offset else ""


def _at(text: str) -> str:
    return json.dumps({"at_timestamp": text})


SINCE = Exercise(
    solution=since,
    evaluate=_positions,
    wanted={_OUR_CLOCK: BEGINS, _THEIR_CLOCK: BEGINS},
    twins=(
        Twin(
            lambda moment: moment.astimezone(UTC).isoformat(timespec="milliseconds"),
            "The source refuses a moment alone. It wants JSON that names it: `json.dumps` of a dict with the key "
            "`at_timestamp`.",
            {_OUR_CLOCK: "is refused"},
        ),
        Twin(
            lambda moment: str({"at_timestamp": moment.astimezone(UTC).isoformat()}),
            "That is how Python writes a dict, in single quotes, and JSON has double ones: `json.dumps`.",
            {_OUR_CLOCK: "is refused: a dict of Python"},
        ),
        Twin(
            lambda moment: _at(moment.replace(tzinfo=None).isoformat(timespec="milliseconds")),
            "A clock two hours ahead gave you a moment two hours late: the zone was cut off, and the rest taken for "
            "UTC. `moment.astimezone(UTC)` goes over to UTC first.",
            {_OUR_CLOCK: BEGINS, _THEIR_CLOCK: "begins 7200 s too late"},
        ),
        Twin(
            lambda moment: _at(moment.isoformat(timespec="milliseconds")),
            "It begins where it should, and the text is by the clock that `moment` came with. In UTC two such texts "
            "can be compared, whoever wrote them: `moment.astimezone(UTC)` first.",
            {_OUR_CLOCK: BEGINS, _THEIR_CLOCK: f"{BEGINS}, by a clock 2:00:00 ahead of UTC"},
        ),
        Twin(
            lambda moment: _at(moment.astimezone(UTC).isoformat(timespec="seconds")),
            "The fraction of the second is gone, and records of that quarter of a second come in again. Say "
            '`timespec="milliseconds"`.',
            {_OUR_CLOCK: "begins 0.25 s too early"},
        ),
    ),
    hints=(
        "Two steps: the moment as text, then the text into JSON.",
        '`moment.astimezone(UTC).isoformat(timespec="milliseconds")` ends in `+00:00`.',
        '`json.dumps({"at_timestamp": text})` is what the option takes.',
    ),
    more="The clock of whoever posts is a minute behind yours. From which moment on would you read?",
)

# --- 5: insert what is new -----------------------------------------------------------------------------------------

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


def _by_deltas_class(batch: DataFrame, table: str) -> None:
    same = " AND ".join(f"there.{name} <=> news.{name}" for name in batch.columns)
    there, news = DeltaTable.forName(batch.sparkSession, table).alias("there"), batch.dropDuplicates().alias("news")
    there.merge(news, same).whenNotMatchedInsertAll().execute()


def _appended(batch: DataFrame, table: str) -> None:
    batch.write.mode("append").saveAsTable(table)


def _inserted(answer: Callable[[DataFrame, str], None], spark: SparkSession) -> Result:
    attempt(answer)
    table = f"exercise_{uuid.uuid4().hex}"
    spark.createDataFrame(THERE, COLUMNS).write.saveAsTable(table)
    try:
        answer(spark.createDataFrame(NEWS, COLUMNS), table)
        found = [(row.ind, row.country) for row in spark.table(table).collect()]
    finally:
        spark.sql(f"DROP TABLE IF EXISTS {table}")
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
            _by_deltas_class,
            "On Databricks this may well be right. The lab's cluster has no part that takes orders from Delta's class "
            "`DeltaTable`: say the same in SQL, `MERGE INTO …`.",
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

# --- 6: what two tables do not have in common ----------------------------------------------------------------------

SAME = [(1, "Fiji"), (2, None), (3, "Oman")]

PAIRS: dict[str, tuple[list, list]] = {
    "the same rows in another order": (SAME, SAME[::-1]),
    "a row that only the batch has": (SAME, SAME[:2]),
    "a row that only the stream has": (SAME[:2], SAME),
    "a row that was changed": (SAME, [*SAME[:2], (3, "Chad")]),
    "a row that the stream has twice": (SAME, [*SAME, SAME[0]]),
}
"""What it is → rows of the batch and of the stream, made up."""


def differing(batch: DataFrame, stream: DataFrame) -> int:
    """Count the rows that one of two tables has and the other has not; what is there twice counts twice."""
    return batch.exceptAll(stream).count() + stream.exceptAll(batch).count()


def _differences(answer: Callable[[DataFrame, DataFrame], int], spark: SparkSession) -> Result:
    def told(rows: tuple[list, list]) -> int:
        return given(answer(*(spark.createDataFrame(one, "ind int, country string") for one in rows)))

    return {what: told(rows) for what, rows in PAIRS.items()}


_NONE, _BATCH, _STREAM, _EDITED, _TWICE = PAIRS

DIFFERING = Exercise(
    solution=differing,
    evaluate=_differences,
    wanted=dict(zip(PAIRS, (0, 1, 1, 2, 1), strict=True)),
    twins=(
        Twin(
            lambda batch, stream: abs(batch.count() - stream.count()),
            "You compared how many rows there are. A table in which every row is wrong has the right number of them.",
            {_BATCH: 1, _EDITED: 0, _TWICE: 1},
        ),
        Twin(
            lambda batch, stream: batch.exceptAll(stream).count(),
            "You counted what the stream lacks, and not what it has too much. Ask in both directions.",
            {_BATCH: 1, _STREAM: 0},
        ),
        Twin(
            lambda batch, stream: batch.subtract(stream).count() + stream.subtract(batch).count(),
            "A row that is there twice was not noticed: `subtract` takes tables for sets. `exceptAll` counts.",
            {_EDITED: 2, _TWICE: 0},
        ),
        Twin(
            lambda batch, stream: (
                batch.join(stream, "ind", "left_anti").count() + stream.join(batch, "ind", "left_anti").count()
            ),
            "The changed row was not noticed: you compared by `ind` alone. Compare whole rows.",
            {_BATCH: 1, _STREAM: 1, _EDITED: 0, _TWICE: 0},
        ),
    ),
    hints=(
        "`one.exceptAll(other)` keeps the rows of one table that the other has not.",
        "It says nothing of rows that only the other table has: ask twice.",
        "`batch.exceptAll(stream).count() + stream.exceptAll(batch).count()`.",
    ),
    more="With a billion rows on both sides, what would you compare before whole rows?",
)

# --- 7: the batch's side -------------------------------------------------------------------------------------------

LANDED = {
    "geo.json": """
{"ind": 1, "timestamp": "2021-03-04 05:06:07", "latitude": 1.5, "longitude": 2.5, "country": "Fiji"}
{"ind": 1, "timestamp": "2021-03-04T05:06:07Z", "latitude": 1.5, "longitude": 2.5, "country": "Fiji"}
{"ind": 1, "timestamp": "2021-03-04 05:06:07", "latitude": 1.5, "longitude": 2.5, "country": "Chad"}
{"ind": 2, "timestamp": "2021-03-04 05:06:07", "latitude": 1.5, "longitude": 2.5, "country": "Oman"}
{"ind": 2, "timestamp": "2021-03-04 05:06:07", "latitude": 1.5, "longitude": 2.5, "country": "Oman"}
good morning
""".lstrip(),
    "pin.json": '{"index": 3, "title": "A", "follower_count": "12k"}\n' * 2,
}
"""Objects, made up: a place written in two ways, a changed one, one that came twice, and no JSON."""

PLACES, COUNTS, OF_PLACES = "places", "follower counts of the pins", "columns of the places"
OF_EACH = "places of each number"


def batch_table(spark: SparkSession, path: str, table: str) -> DataFrame:
    """Read a table's objects with its schema, clean the rows that have a number, and keep one of each set of equals."""
    schema = SCHEMAS[table]
    raw = spark.read.schema(schema).json(path)
    numbered = raw.where(F.col(schema.names[0]).isNotNull())
    return CLEANERS[table](numbered).distinct()


def _batch_side(answer: Callable[..., DataFrame], spark: SparkSession, dbutils: Any) -> Result:
    with scratch.folder(dbutils, LANDED) as folder:
        places = given(answer(spark, f"{folder}/geo.json", "geo"))
        if "ind" not in places.columns:
            return {OF_PLACES: ", ".join(places.columns)}
        listed = sorted(f"{row['ind']} {row['country']}" for row in places.collect())
        pins = answer(spark, f"{folder}/pin.json", "pin").select("follower_count").collect()
    return {
        PLACES: ", ".join(listed),
        OF_EACH: ", ".join(f"{many} of {number}" for number, many in Counter(one.split()[0] for one in listed).items()),
        OF_PLACES: ", ".join(places.columns),
        COUNTS: ", ".join(str(row["follower_count"]) for row in pins),
    }


def _raw_rows(spark: SparkSession, path: str, table: str) -> DataFrame:
    raw = spark.read.schema(SCHEMAS[table]).json(path)
    return raw.where(F.col(SCHEMAS[table].names[0]).isNotNull())


BATCH_TABLE = Exercise(
    solution=batch_table,
    evaluate=_batch_side,
    wanted={PLACES: "1 Chad, 1 Fiji, 2 Oman", OF_PLACES: "ind, country, coordinates, timestamp", COUNTS: "12000"},
    twins=(
        Twin(
            lambda spark, path, table: _raw_rows(spark, path, table).distinct(),
            "These rows are raw. `CLEANERS[table]` is a function that cleans them; call it with the frame.",
            {OF_PLACES: "ind, timestamp, latitude, longitude, country"},
        ),
        Twin(
            lambda spark, path, table: CLEANERS[table](_raw_rows(spark, path, table)),
            "Rows that came twice are there twice, and the stream would seem to have lost one. `distinct()` keeps one "
            "of each set of equal rows.",
            {PLACES: "1 Chad, 1 Fiji, 1 Fiji, 2 Oman, 2 Oman"},
        ),
        Twin(
            lambda spark, path, table: CLEANERS[table](_raw_rows(spark, path, table).distinct()),
            "One place is there twice: its time was written in two ways, and only the cleaning makes them equal. Clean "
            "first, then `distinct()`.",
            {PLACES: "1 Chad, 1 Fiji, 1 Fiji, 2 Oman"},
        ),
        Twin(
            lambda spark, path, table: CLEANERS[table](spark.read.schema(SCHEMAS[table]).json(path)).distinct(),
            "A line that is no JSON became a row of nulls. Leave out what has no number, before you clean.",
            {PLACES: "1 Chad, 1 Fiji, 2 Oman, None None"},
        ),
        Twin(
            lambda spark, path, table: batch_table(spark, path, table).dropDuplicates(["ind"]),
            "The place that was changed is missing. Only rows that are equal in every column are repetitions: "
            "`distinct()` compares them all.",
            {OF_EACH: "1 of 1, 1 of 2"},
        ),
    ),
    hints=(
        "Four steps: read with a schema, leave out, clean, one of each.",
        "`SCHEMAS[table].names[0]` is the name of the number: pins call it `index` until they are cleaned.",
        "`CLEANERS[table](raw.where(F.col(name).isNotNull())).distinct()`.",
    ),
    more="Two places share a number and differ in the country. Who can tell which of them is right?",
)

# --- 8: answers by their questions ---------------------------------------------------------------------------------

ASKED = {
    1: (lambda user: user.where("ind = 2").select("age"), "user"),
    2: (lambda pin, user: pin.join(user, "ind").select("category", "age").orderBy("age"), "pin", "user"),
    3: (lambda geo, pin: geo.select("country").crossJoin(pin.select("ind").limit(1)), "geo", "pin"),
}
"""Questions, made up: what answers each, and the tables that it takes."""


def answers(questions: dict, tables: dict[str, DataFrame]) -> dict:
    """Answer each question from the tables that it takes, in their order: number → its rows as a pandas table."""
    found = {}
    for number, (question, *needed) in questions.items():
        frame = question(*(tables[table] for table in needed))
        found[number] = frame.toPandas()
    return found


def _answered(answer: Callable[[dict, dict[str, DataFrame]], dict], spark: SparkSession) -> Result:
    tables = {
        "pin": spark.createDataFrame([(1, "art"), (2, "travel")], "ind int, category string"),
        "geo": spark.createDataFrame([(1, "Fiji")], "ind int, country string"),
        "user": spark.createDataFrame([(1, 30), (2, 40)], "ind int, age int"),
    }
    found = {}
    for number, rows in given(answer(dict(ASKED), tables)).items():
        if not isinstance(rows, pd.DataFrame):
            found[f"the answer to {number}"] = f"no pandas table: {type(rows).__name__}"
        else:
            lines = (" ".join(map(str, row)) for row in rows.itertuples(index=False))
            found[f"the answer to {number}"] = "; ".join(lines)
    return found


def _frames(questions: dict, tables: dict[str, DataFrame]) -> dict:
    return {number: question(*map(tables.get, needed)) for number, (question, *needed) in questions.items()}


def _the_last_one(questions: dict, tables: dict[str, DataFrame]) -> dict:
    number = max(questions)
    return answers({number: questions[number]}, tables)


ANSWERS = Exercise(
    solution=answers,
    evaluate=_answered,
    wanted={"the answer to 1": "40", "the answer to 2": "art 30; travel 40", "the answer to 3": "Fiji 1"},
    twins=(
        Twin(
            _frames,
            "These are Spark's frames, which are plans: whenever somebody looks, everything is worked out anew. "
            "`toPandas()` works it out once.",
            {"the answer to 1": "no pandas table: DataFrame"},
        ),
        Twin(
            lambda questions, tables: {number: rows.count() for number, rows in _frames(questions, tables).items()},
            "You counted the rows. Two answers of as many rows may have nothing in common: keep the rows.",
            {"the answer to 1": "no pandas table: int"},
        ),
        Twin(
            _the_last_one,
            "Only the last answer is left: begin with an empty dict before the loop, and give it back after it.",
            {"the answer to 3": "Fiji 1"},
        ),
    ),
    hints=(
        "A loop over `questions.items()`: the number, and a tuple of a function and names.",
        "`for number, (question, *needed) in questions.items():` takes it apart: `needed` is a list of the names.",
        "`question(*(tables[table] for table in needed)).toPandas()` is an answer.",
    ),
    more="Four questions join the same two tables. How could Spark be spared reading them four times?",
)

# --- 9: answers that differ ----------------------------------------------------------------------------------------


def _rows(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["category", "posts"])


SIDES = {
    "the same": (_rows(("art", 3), ("travel", 2)), _rows(("art", 3), ("travel", 2))),
    "another number": (_rows(("art", 3), ("travel", 2)), _rows(("art", 3), ("travel", 1))),
    "one row less in the stream": (_rows(("art", 3), ("travel", 2)), _rows(("art", 3))),
    "one row more in the stream": (_rows(("art", 3)), _rows(("art", 3), ("travel", 2))),
}
"""What it is → the answer by batch and by stream, made up."""


def differing_questions(by_batch: dict, by_stream: dict) -> list:
    """List the questions whose answers have a row that the other side has not."""
    differ = []
    for question, rows in by_batch.items():
        only_one_has = pd.concat([rows, by_stream[question]]).drop_duplicates(keep=False)
        if len(only_one_has) > 0:
            differ.append(question)
    return differ


def _differing(answer: Callable[[dict, dict], list]) -> Result:
    by_batch, by_stream = ({what: side[which] for what, side in SIDES.items()} for which in (0, 1))
    found = [*given(answer(by_batch, by_stream))]
    return {what: "is listed" if what in found else "is not listed" for what in SIDES}


def _listed(differ: Callable[[pd.DataFrame, pd.DataFrame], bool]) -> Callable[[dict, dict], list]:
    return lambda by_batch, by_stream: [one for one in by_batch if differ(by_batch[one], by_stream[one])]


DIFFERING_QUESTIONS = Exercise(
    solution=differing_questions,
    evaluate=_differing,
    twins=(
        Twin(
            _listed(lambda batch, stream: len(batch) != len(stream)),
            "An answer with another number in it was not noticed: you compared how many rows there are. Compare the "
            "rows.",
        ),
        Twin(
            _listed(lambda batch, stream: len(batch.merge(stream)) < len(batch)),
            "A row that only the stream has was not noticed. Look from both sides: what one has and the other has not.",
        ),
        Twin(
            _listed(lambda batch, stream: batch.equals(stream)),
            "You list those that agree. Asked for are the others.",
        ),
        Twin(
            _listed(lambda batch, stream: batch != stream),
            "`!=` compares cell by cell: it gives a table and no yes or no, and refuses tables of other lengths. Ask "
            "`batch.equals(stream)`, or look whether any row is left over.",
        ),
    ),
    hints=(
        "A loop over `by_batch.items()`; the other side's rows are `by_stream[question]`.",
        "`pd.concat([one, other]).drop_duplicates(keep=False)` leaves the rows that are there once only.",
        "If any is left, the question differs: `differ.append(question)`.",
    ),
    more="An average differs in its last digit only. Is that a difference, and how would you say so in code?",
)

QUIZ = (
    Question(
        "A post comes again after an hour. Which remedy finds it?",
        (
            ("The state with its watermark of ten minutes.", "It has forgotten the post fifty minutes ago."),
            ("MERGE: the table still has the row.", None),
            ("Neither.", "One of the two looks into the table itself."),
        ),
    ),
    Question(
        "Why did the query with the shared checkpoint not fail at once?",
        (
            ("A checkpoint knows a query by its number: Spark takes it for the first one, started again.", None),
            ("Checkpoints are read at the end of a query.", "They are read at its start; that is how it goes on."),
            ("It had its own checkpoint, too.", "It had only the one that it was given."),
        ),
    ),
    Question(
        "The batch ran yesterday, and the stream runs. Which of the two has the posts of today?",
        (
            ("Both.", "The batch has what was there when it ran."),
            ("The batch.", "It was yesterday."),
            ("The stream; the batch will when it runs again, and then both agree.", None),
        ),
    ),
)

LESSON = Lesson(
    {
        1: FATE,
        2: MISREAD,
        3: FIRST_OF_EACH,
        4: SINCE,
        5: INSERT_NEW,
        6: DIFFERING,
        7: BATCH_TABLE,
        8: ANSWERS,
        9: DIFFERING_QUESTIONS,
    },
    {
        1: {
            200: "That is what `earliest` reads. `latest` begins behind the last record.",
            1: "Not even the last one: `latest` begins behind it.",
        },
    },
    QUIZ,
)
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
questions, quiz = LESSON.questions, LESSON.quiz
"""What the notebook calls."""
