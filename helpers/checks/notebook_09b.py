"""Exercises of the notebook that brings streams into Delta tables."""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import mean, median
from types import SimpleNamespace
from typing import Any

from pyspark.errors import AnalysisException, IllegalArgumentException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from helpers.checks import scratch
from helpers.checks.exercise import Exercise, NotAttempted, Result, Twin, given
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.cleaning import CLEANERS, deduplicate
from helpers.config import Workbook
from helpers.raw import GEO_SCHEMA, SCHEMAS
from helpers.spark_versions import condition
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
        for part in ("source", "a", "b", "c"):
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

# --- 3: what cannot be read ----------------------------------------------------------------------------------------

SET_ASIDE = "no number, no JSON"

ASIDE_COLUMNS, TEXT, READING = "the columns", "what `text` holds", "Spark"
"""READING tells mistakes apart."""


def set_aside(records: DataFrame) -> DataFrame:
    """Keep the records of an envelope that have no whole number as `ind`: all their columns, and `text`, the data."""
    text = F.col("data").cast("string")
    row = F.from_json(text, GEO_SCHEMA)
    return records.where(row["ind"].isNull()).withColumn("text", text)


def _aside(answer: Callable[[DataFrame], DataFrame], spark: SparkSession) -> Result:
    rows = [(what, data) for what, data in RECORDS.items()]
    records = spark.createDataFrame(rows, "partitionKey string, data binary")
    try:
        frame = given(answer(records))
        columns = {ASIDE_COLUMNS: ", ".join(sorted(frame.columns))}
        if "partitionKey" not in frame.columns:
            return columns
        kept = frame.collect()
    except AnalysisException as error:
        return {READING: _refusal(error)}
    texts = [row["text"] for row in kept] if "text" in frame.columns else []
    keys = [row["partitionKey"] for row in kept]
    return {
        "set aside": ", ".join(what for what in RECORDS if what in keys),
        **columns,
        TEXT: "the data as text" if texts == [RECORDS[key].decode() for key in keys] else "something else",
    }


NOT_TEXT = "bytes, where text is wanted"


def _refusal(error: AnalysisException) -> str:
    """Say what Spark refuses, if it is one of the two mistakes that are made here.

    Raises
    ------
    AnalysisException
        The error itself, if it is another.
    """
    kind = condition(error) or ""
    if kind.startswith("UNRESOLVED_COLUMN"):
        return f"there is no column {error.getMessageParameters()['objectName'].strip('`')}"
    if kind.startswith("DATATYPE_MISMATCH"):
        return NOT_TEXT
    raise error


ASIDE = Exercise(
    solution=set_aside,
    evaluate=_aside,
    wanted={"set aside": SET_ASIDE, ASIDE_COLUMNS: "data, partitionKey, text", TEXT: "the data as text"},
    twins=(
        Twin(
            lambda records: set_aside(records).where(F.from_json(F.col("data").cast("string"), GEO_SCHEMA).isNull()),
            "Nothing was set aside. What cannot be read becomes a struct whose fields are null, and that is not a null "
            'itself; and nothing is equal to null. Ask `row["ind"].isNull()`.',
            {"set aside": ""},
        ),
        Twin(
            lambda records: records.withColumn("text", F.col("data").cast("string")).where(
                F.from_json("text", GEO_SCHEMA)["country"].isNull()
            ),
            "A place without a country is among them, and it can be read: `decoded_geo` keeps it. What tells the two "
            "apart is `ind` alone.",
            {"set aside": "a place without a country, no JSON"},
        ),
        Twin(
            lambda records: records.withColumn("text", F.col("data").cast("string")).where(
                F.from_json("text", GEO_SCHEMA)["ind"].isNotNull()
            ),
            "These are the good ones, which `decoded_geo` has already.",
            {"set aside": "a place, a place without a country, a time that is none"},
        ),
        Twin(
            lambda records: set_aside(records).select("text"),
            "Only the text is left. Whoever looks into it later wants to know where it came from: keep the columns of "
            "the envelope.",
            {ASIDE_COLUMNS: "text"},
        ),
        Twin(
            lambda records: records.where("ind IS NULL").withColumn("text", F.col("data").cast("string")),
            "An envelope has no column `ind`: the number is within the data, and comes out by `from_json`. Ask the "
            'field of what that gives, `row["ind"].isNull()`.',
            {READING: "there is no column ind"},
        ),
        Twin(
            lambda records: records.where(F.from_json("data", GEO_SCHEMA)["ind"].isNull()),
            "`from_json` wants text, and Spark refuses to read the bytes in `data` as such. Make text of them first: "
            '`F.col("data").cast("string")`.',
            {READING: NOT_TEXT},
        ),
        Twin(
            lambda records: set_aside(records).drop("text"),
            "The right records, without the column `text`. Bytes are hard to read for whoever looks into them: "
            '`.withColumn("text", text)` adds what they say.',
            {"set aside": SET_ASIDE, ASIDE_COLUMNS: "data, partitionKey"},
        ),
        Twin(
            lambda records: set_aside(records).withColumn("text", F.col("data")),
            'The column `text` is not the text of `data`. Make it by `F.col("data").cast("string")`: without the cast '
            "it holds the bytes.",
            {"set aside": SET_ASIDE, ASIDE_COLUMNS: "data, partitionKey, text", TEXT: "something else"},
        ),
        Twin(
            lambda records: set_aside(records).withColumn("row", F.from_json("text", GEO_SCHEMA)),
            "A column `row` is left over, from which you took the number. A condition needs no column: "
            '`records.where(row["ind"].isNull())` takes the expression itself; or `.drop("row")` at the end.',
            {"set aside": SET_ASIDE, ASIDE_COLUMNS: "data, partitionKey, row, text"},
        ),
    ),
    hints=(
        "The same text and the same `from_json` as before; what differs is the condition.",
        '`row["ind"]` is a field of the struct; `.isNull()` asks whether there is none.',
        '`records.where(…)` keeps all columns, and `.withColumn("text", text)` adds one.',
    ),
    more="Both queries read the whole stream. How could one query write into two tables?",
)

# --- 4: any of the three streams, cleaned --------------------------------------------------------------------------

POSTED = {
    "pin": [b'{"index": 1, "title": "A", "follower_count": "12k"}', b'{"index": 2, "title": "B"}', b'{"title": "C"}'],
    "geo": [b'{"ind": 3, "country": "Fiji"}', b"good evening"],
    "user": [b'{"ind": 4, "first_name": "Ann"}', b'{"ind": 5, "age": 30}', b'{"ind": "six"}'],
}
"""Table → the bytes of its records, made up."""

ON_A_STREAM = "on a stream"


def cleaned(records: DataFrame, table: str) -> DataFrame:
    """Decode the records of a table's stream, leave out those without a number, and clean the rest as the batch is."""
    schema = SCHEMAS[table]
    row = F.from_json(F.col("data").cast("string"), schema).alias("row")
    rows = records.select(row).select("row.*")
    return CLEANERS[table](rows.where(F.col(schema.names[0]).isNotNull()))


def _cleaned(answer: Callable[[DataFrame, str], DataFrame], spark: SparkSession) -> Result:
    """Table → the columns and the numbers of what was posted; and whether the answer takes a stream."""
    found: dict[str, str] = {}
    for table, posted in POSTED.items():
        records = spark.createDataFrame([(data,) for data in posted], "data binary")
        found |= _read(lambda records=records, table=table: given(answer(records, table)), table)
    stream = spark.readStream.format("rate").load().select(F.lit(POSTED["geo"][0]).alias("data"))
    try:
        found[ON_A_STREAM] = "goes on" if answer(stream, "geo").isStreaming else "has become a table"
    except Exception as error:
        found[ON_A_STREAM] = f"stops with {type(error).__name__}"
    return found


def _read(ask: Callable[[], DataFrame], table: str) -> dict[str, str]:
    try:
        frame = ask()
        if not isinstance(frame, DataFrame):
            return {f"columns of {table}": NO_FRAME}
        numbers = sorted(str(row[0]) for row in frame.select(frame.columns[0]).collect())
        return {f"columns of {table}": ", ".join(frame.columns), f"numbers in {table}": ", ".join(numbers)}
    except AnalysisException as error:
        return dict.fromkeys((f"columns of {table}", f"numbers in {table}"), _refusal(error))


NO_FRAME = "no frame"


_CLEAN_COLUMNS = {
    "pin": "ind, unique_id, title, description, follower_count, poster_name, tag_list, is_image_or_video, image_src, "
    "save_location, category",
    "geo": "ind, country, coordinates, timestamp",
    "user": "ind, user_name, age, date_joined",
}


def _row(table: str) -> Column:
    return F.from_json(F.col("data").cast("string"), SCHEMAS[table]).alias("row")


def _fields(records: DataFrame, table: str) -> DataFrame:
    return records.select(_row(table)).select("row.*")


def _not_unpacked(records: DataFrame, table: str) -> DataFrame:
    return CLEANERS[table](records.select(_row(table)).where(F.col(SCHEMAS[table].names[0]).isNotNull()))


def _from_bytes(records: DataFrame, table: str) -> DataFrame:
    return CLEANERS[table](records.select(F.from_json("data", SCHEMAS[table]).alias("row")).select("row.*"))


def _not_cleaned(records: DataFrame, table: str) -> DataFrame:
    return _fields(records, table).where(F.col(SCHEMAS[table].names[0]).isNotNull())


CLEANED = Exercise(
    solution=cleaned,
    evaluate=_cleaned,
    wanted={
        **{f"columns of {table}": columns for table, columns in _CLEAN_COLUMNS.items()},
        "numbers in pin": "1, 2",
        "numbers in geo": "3",
        "numbers in user": "4, 5",
        ON_A_STREAM: "goes on",
    },
    twins=(
        Twin(
            lambda records, table: CLEANERS[table](_fields(records, table).where("ind IS NOT NULL")),
            "Raw pins have no `ind`: their number is called `index` until they are cleaned. In each schema it is the "
            "first name: `SCHEMAS[table].names[0]`.",
            {"numbers in pin": "there is no column ind"},
        ),
        Twin(
            lambda records, table: CLEANERS[table](_fields(records, table).where("index IS NOT NULL")),
            "Only raw pins call their number `index`; places and users have `ind`. One name serves no two of them: "
            "take the first of the schema, `SCHEMAS[table].names[0]`.",
            {"numbers in pin": "1, 2", "numbers in geo": "there is no column index"},
        ),
        Twin(
            _not_unpacked,
            "`from_json` gives one column with fields in it, and no column of a field's name. "
            '`.select(row.alias("row")).select("row.*")` makes columns of the fields.',
            {"numbers in pin": "there is no column index", "numbers in geo": "there is no column ind"},
        ),
        Twin(
            lambda records, table: CLEANERS[table](decoded_geo(records)),
            "Places are decoded, and of pins and users most is missing: `decoded_geo` looks for the columns of "
            "GEO_SCHEMA whatever the table is. Decode with `SCHEMAS[table]`.",
            {"numbers in geo": "3", "numbers in user": "there is no column first_name"},
        ),
        Twin(
            _from_bytes,
            "Spark does not read bytes as JSON, and `data` is bytes. First text, "
            '`F.col("data").cast("string")`, then `from_json`.',
            {"numbers in pin": NOT_TEXT},
        ),
        Twin(
            lambda records, table: CLEANERS[table](_fields(records, table).dropna()),
            "Rows that lack anything at all are gone, and most rows lack something. Only the number has to be there: "
            "`F.col(name).isNotNull()` asks for one column.",
            {"numbers in pin": ""},
        ),
        Twin(
            lambda records, table: CLEANERS[table],
            "You give back the function that cleans, and no rows. Call it with the decoded frame: "
            "`CLEANERS[table](rows)`.",
            {"columns of pin": NO_FRAME},
        ),
        Twin(
            lambda records, table: CLEANERS[table](_fields(records, table)),
            "A record that cannot be read became a row of nulls in a clean table. Leave it out before you clean.",
            {"numbers in geo": "3, None"},
        ),
        Twin(
            _not_cleaned,
            "Decoded, and not cleaned: the columns are still the raw ones. `CLEANERS[table]` is a function; call it "
            "with the frame.",
            {"columns of geo": "ind, timestamp, latitude, longitude, country"},
        ),
        Twin(
            lambda records, table: deduplicate(cleaned(records, table)),
            "Tables are done, and a stream is refused. `deduplicate` would have to remember every row for ever; leave "
            "repetitions for now, part 3 deals with them.",
            {"numbers in pin": "1, 2", ON_A_STREAM: "stops with ValueError"},
        ),
    ),
    hints=(
        "`decoded_geo` with another schema, and a cleaning after it.",
        "The condition needs the name of the number: `schema.names[0]`. `F.col(name).isNotNull()` is a condition.",
        "`CLEANERS[table](rows.where(…))` is what to give back.",
    ),
    more="A fourth stream comes along. What has to be written for it, and what not?",
)

# --- 5: a query that goes on ---------------------------------------------------------------------------------------

ROWS = 5


def store(frame: DataFrame, table: str, checkpoint: str) -> StreamingQuery:
    """Start a query that appends what is there of a stream to a Delta table."""
    writer = frame.writeStream.format("delta").outputMode("append").option("checkpointLocation", checkpoint)
    return writer.trigger(availableNow=True).toTable(table)


def _without_checkpoint(frame: DataFrame, table: str, checkpoint: str) -> StreamingQuery:
    return store(frame, table, f"{checkpoint}-{uuid.uuid4().hex}")


def _with_a_fixed_one(frame: DataFrame, table: str, checkpoint: str) -> StreamingQuery:
    return store(frame, table, checkpoint.rpartition("-")[0])


def _on_and_on(frame: DataFrame, table: str, checkpoint: str) -> StreamingQuery:
    return frame.writeStream.format("delta").option("checkpointLocation", checkpoint).toTable(table)


def _as_complete(frame: DataFrame, table: str, checkpoint: str) -> StreamingQuery:
    writer = frame.writeStream.format("delta").outputMode("complete").option("checkpointLocation", checkpoint)
    return writer.trigger(availableNow=True).toTable(table)


FIRST_START, STARTED_AGAIN = "rows after the first start", "rows when it was started again"
SECOND_QUERY = "rows of a second query with a checkpoint of its own"
GOES_ON = "the query goes on and on"
IDLE_SECONDS = 1.0
"""A query that has waited for data so long does not end by itself."""


def _ends(query: StreamingQuery) -> bool:
    """Tell whether a query ends by itself; stop it if it does not.

    Raises
    ------
    Exception
        What ended the query, if it did not end well.
    """
    idle_since = None
    while query.isActive:
        if not query.status["message"].startswith("Waiting for "):
            idle_since = None
        elif idle_since is None:
            idle_since = time.monotonic()
        elif time.monotonic() - idle_since > IDLE_SECONDS:
            query.stop()
            return False
        time.sleep(0.05)
    query.awaitTermination()
    return True


def _stored(answer: Callable[[DataFrame, str, str], StreamingQuery], spark: SparkSession) -> Result:
    with _tables(spark) as name, stream_queries.small_batches(spark):
        stream = spark.readStream.table(f"{name}_source")

        def start(part: str) -> int | str:
            try:
                if not _ends(given(answer(stream, f"{name}_{part}", f"/tmp/{name}-{part}"))):
                    return GOES_ON
            except NotAttempted:
                raise
            except Exception as error:
                if not (known := _refused(str(error))):
                    raise
                return known
            return stream_queries.rows_in(spark, f"{name}_{part}")

        found = {FIRST_START: start("a")}
        if isinstance(found[FIRST_START], str):
            return found
        return found | {STARTED_AGAIN: start("a"), SECOND_QUERY: start("b")}


NO_PLACE, NO_SUCH_MODE = "refused: no checkpoint", "refused: the output mode"


def _refused(words: str) -> str:
    return NO_PLACE if "checkpointLocation" in words else NO_SUCH_MODE if "output mode" in words.lower() else ""


STORE = Exercise(
    solution=store,
    evaluate=_stored,
    wanted={FIRST_START: ROWS, STARTED_AGAIN: ROWS, SECOND_QUERY: ROWS},
    twins=(
        Twin(
            _without_checkpoint,
            "Started again, your query wrote everything once more. It keeps its place in a folder that is new each "
            "time: use the argument `checkpoint`, as the option `checkpointLocation`.",
            {FIRST_START: ROWS, STARTED_AGAIN: 2 * ROWS},
        ),
        Twin(
            lambda frame, table, checkpoint: frame.writeStream.trigger(availableNow=True).toTable(table),
            "A query that writes into a table has to know where to keep its place: give it the argument `checkpoint`, "
            "as the option `checkpointLocation`.",
            {FIRST_START: NO_PLACE},
        ),
        Twin(
            _on_and_on,
            "Your query goes on and on: it wrote what was there, and waits for more. With "
            "`.trigger(availableNow=True)` it ends when it has taken what is there.",
            {FIRST_START: GOES_ON},
        ),
        Twin(
            _with_a_fixed_one,
            "The second query wrote nothing: it took the place of the first for its own. Two queries of yours share a "
            "checkpoint; use the argument, not a fixed path.",
            {STARTED_AGAIN: ROWS, SECOND_QUERY: 0},
        ),
        Twin(
            _as_complete,
            "`complete` writes the whole result anew with each batch, which only a query with an aggregation can. Rows "
            "that come are added: `append`.",
            {FIRST_START: NO_SUCH_MODE},
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

# --- 6: a query for each table --------------------------------------------------------------------------------------

EACH, ENDED, RETURNED = "rows in the tables", "with availableNow", "what is given back"
PLACES = "checkpoints"


def start_all(spark: SparkSession, frames: dict, workbook: Workbook, trigger=None) -> dict[str, StreamingQuery]:
    """Start a query for each frame, into the stream table of its name and with its checkpoint: table → query."""
    queries = {}
    with stream_queries.small_batches(spark):
        for table, frame in frames.items():
            name, checkpoint = workbook.stream_table(table), workbook.checkpoint(table)
            queries[table] = stream_queries.start(frame, name, checkpoint, trigger)
    return queries


def _all_started(answer: Callable[..., dict[str, StreamingQuery]], spark: SparkSession) -> Result:
    """Let the answer write one, two and three rows into three tables of its own."""
    with _tables(spark) as name, stream_queries.small_batches(spark):
        parts = dict(zip(SCHEMAS, "abc", strict=True))
        ours = SimpleNamespace(
            stream_table=lambda table: f"{name}_{parts.get(table, 'a')}",
            checkpoint=lambda table: f"/tmp/{name}-{parts.get(table, table)}",
        )
        stream = spark.readStream.table(f"{name}_source")
        frames = {table: stream.where(f"id < {rows}") for rows, table in enumerate(SCHEMAS, 1)}
        try:
            queries = given(answer(spark, frames, ours, {"availableNow": True}))
        except IllegalArgumentException as error:
            if "with that name is already active" not in str(error):
                raise
            _stopped_all(spark, name)
            return {EACH: ALL_IN_ONE}
        if not isinstance(queries, dict):
            return {RETURNED: type(queries).__name__}
        if len({str(query.id) for query in queries.values()}) < len(queries):
            for query in queries.values():
                query.stop()  # what each has written hangs on who stopped whom
            return {RETURNED: ", ".join(queries), PLACES: SHARED}
        ended = [_ends(query) for query in queries.values()]
        rows = [stream_queries.rows_in(spark, ours.stream_table(table)) for table in frames]
        return {
            RETURNED: ", ".join(queries),
            PLACES: "one each",
            ENDED: "they end" if all(ended) else "they go on",
            EACH: ", ".join(map(str, rows)),
        }


def _stopped_all(spark: SparkSession, name: str) -> None:
    for query in spark.streams.active:
        if (query.name or "").startswith(name):
            query.stop()


ALL_IN_ONE = "6, 0, 0"
"""Rows in the tables if one takes all. Our `start` gives a query its table's name, of which no two may run at once."""

SHARED = "one for several queries"
"""A query has the number that is in its checkpoint: two of one number share it."""


def _queries(
    name: Callable[[Any, str], str] = lambda ours, table: ours.stream_table(table),
    checkpoint: Callable[[Any, str], str] = lambda ours, table: ours.checkpoint(table),
    in_turn: bool = False,
) -> Callable[..., dict]:
    """Answer with other names or checkpoints, all at once or each when the one before has ended."""

    def answer(spark: SparkSession, frames: dict, workbook: Any, trigger: Any) -> dict[str, StreamingQuery]:
        queries = {}
        for table, frame in frames.items():
            queries[table] = stream_queries.start(frame, name(workbook, table), checkpoint(workbook, table), trigger)
            if in_turn:
                queries[table].awaitTermination()
        return queries

    return answer


START_ALL = Exercise(
    solution=start_all,
    evaluate=_all_started,
    wanted={RETURNED: ", ".join(SCHEMAS), PLACES: "one each", ENDED: "they end", EACH: "1, 2, 3"},
    twins=(
        Twin(
            lambda spark, frames, workbook, trigger: start_all(spark, frames, workbook),
            "The queries go on, though `availableNow` was asked for: hand the argument `trigger` on.",
            {ENDED: "they go on"},
        ),
        Twin(
            _queries(checkpoint=lambda ours, _: ours.checkpoint("all")),
            "The queries share a checkpoint, so that each took the place of the one before for its own, and stopped "
            "it. A checkpoint belongs to one query: `workbook.checkpoint(table)`, with the name that comes round.",
            {RETURNED: ", ".join(SCHEMAS), PLACES: SHARED},
        ),
        Twin(
            _queries(name=lambda ours, _: ours.stream_table("pin"), in_turn=True),
            "All rows went into one table. Its name has to change with the frame: `workbook.stream_table(table)`.",
            {EACH: ALL_IN_ONE},
        ),
        Twin(
            lambda spark, frames, workbook, trigger: list(start_all(spark, frames, workbook, trigger).values()),
            "You give back a list, and nobody knows which query is whose. Put them into a dict by the table's name.",
            {RETURNED: "list"},
        ),
    ),
    hints=(
        "A loop over `frames.items()`, a query each, put into a dict by the table's name.",
        "Two names for each: `workbook.stream_table(table)` and `workbook.checkpoint(table)`.",
        "`queries[table] = stream_queries.start(frame, name, checkpoint, trigger)`.",
    ),
    more="One of three queries fails at night. How would you notice, and would the others stop?",
)

# --- 7: where the time goes -----------------------------------------------------------------------------------------


def _report(rows: int, whole: int, **asking: int) -> dict[str, Any]:
    return {"sources": [{"numInputRows": rows}], "durationMs": {"triggerExecution": whole, **asking}}


REPORTS = [
    _report(25, 900, latestOffset=200, getBatch=60), _report(0, 4, latestOffset=3), _report(0, 6, latestOffset=5),
    _report(50, 1000, latestOffset=300, getBatch=20), _report(25, 2300, latestOffset=260, getBatch=10),
    _report(0, 5, latestOffset=4), _report(0, 5, latestOffset=4),
]  # fmt: skip
"""Reports of micro-batches, made up: four of them had nothing to do."""

A_BATCH, ASKING = "seconds of a micro-batch", "seconds of asking Kinesis"


def median_seconds(reports: list[dict]) -> tuple[float, float]:
    """Find the median seconds of the micro-batches with rows: of a whole one, and of asking Kinesis in it."""
    busy = [report["durationMs"] for report in reports if report["sources"][0]["numInputRows"] > 0]
    whole = median(took["triggerExecution"] for took in busy)
    asking = median(took["latestOffset"] + took["getBatch"] for took in busy)
    return whole / 1000, asking / 1000


def _medians(answer: Callable[[Sequence[dict]], tuple[float, float]]) -> Result:
    whole, asking = given(answer(REPORTS))
    return {A_BATCH: round(whole, 4), ASKING: round(asking, 4)}


def _over(reports: Sequence[dict], middle: Callable[..., float] = median, unit: int = 1000) -> tuple[float, float]:
    took = [report["durationMs"] for report in reports]
    whole = middle(one["triggerExecution"] for one in took)
    return whole / unit, middle(one["latestOffset"] + one.get("getBatch", 0) for one in took) / unit


def _busy(reports: Sequence[dict]) -> list[dict]:
    return [report for report in reports if report["sources"][0]["numInputRows"]]


def _each_step(reports: Sequence[dict]) -> tuple[float, float]:
    took = [report["durationMs"] for report in _busy(reports)]
    steps = (median(one[step] for one in took) for step in ("latestOffset", "getBatch"))
    return median_seconds(reports)[0], sum(steps) / 1000


def _of_all(reports: Sequence[dict]) -> tuple[float, float]:
    took = [report["durationMs"] for report in reports]
    return 0, median(one["latestOffset"] + one["getBatch"] for one in took)


MEDIAN_SECONDS = Exercise(
    solution=median_seconds,
    evaluate=_medians,
    twins=(
        Twin(
            _over,
            "That is the middle of all reports, also of those of micro-batches without rows, which are quick because "
            "there was nothing to do. Keep those whose `numInputRows` is above 0.",
        ),
        Twin(
            lambda reports: _over(_busy(reports), unit=1),
            "These are milliseconds, as `durationMs` says. Divide by 1000.",
        ),
        Twin(
            lambda reports: _over(_busy(reports), mean),
            "You took the mean. One slow micro-batch pulls it up, and the first one of a query always is: "
            "`statistics.median`.",
        ),
        Twin(
            lambda reports: (
                median_seconds(reports)[0], median(one["durationMs"]["latestOffset"] for one in _busy(reports)) / 1000
            ),
            "Asking has two steps: `latestOffset` finds out how far the stream goes, `getBatch` plans what to read. "
            "Add them.",
        ),
        Twin(
            _each_step,
            "You added the medians of two steps, which may come from two micro-batches. Add the steps of each, then "
            "take the median.",
        ),
        Twin(
            _of_all,
            "A micro-batch without rows has no `getBatch`, as there was nothing to read. Leave such reports out first.",
        ),
    ),
    hints=(
        "First the reports with rows, in a list; then two medians over it.",
        '`report["durationMs"]` is a dict of steps and milliseconds; the whole is `triggerExecution`.',
        'Asking is `took["latestOffset"] + took["getBatch"]`; both medians are divided by 1000.',
    ),
    more="The median hides the slowest micro-batch. Which number would you watch in a system that must be quick?",
)

# --- 8: begin anew --------------------------------------------------------------------------------------------------

NOTHING_THERE, ITS_TABLE, ANEW = "where nothing is there", "its table afterwards", "rows when the query starts anew"


def forget(spark: SparkSession, dbutils, table: str, checkpoint: str) -> None:
    """Delete a table, and the checkpoint of the query that filled it, if they are there."""
    spark.sql(f"DROP TABLE IF EXISTS {table}")
    dbutils.fs.rm(checkpoint, True)


def _forgotten(answer: Callable[..., None], spark: SparkSession, dbutils: Any) -> Result:
    """Fill a table by a query, let the answer forget it, and start the query again."""
    with _tables(spark) as name, stream_queries.small_batches(spark):
        table, checkpoint = f"{name}_a", f"/tmp/{name}-a"
        stream = spark.readStream.table(f"{name}_source")
        try:
            answer(spark, dbutils, table, checkpoint)
        except AnalysisException as error:
            if condition(error) != "TABLE_OR_VIEW_NOT_FOUND":
                raise
            return {NOTHING_THERE: "stops: there is no such table"}
        store(stream, table, checkpoint).awaitTermination()
        answer(spark, dbutils, table, checkpoint)
        left = "is there" if spark.catalog.tableExists(table) else "is gone"
        store(stream, table, checkpoint).awaitTermination()
        return {NOTHING_THERE: "fine", ITS_TABLE: left, ANEW: stream_queries.rows_in(spark, table)}


def _table_alone(spark: SparkSession, dbutils: Any, table: str, checkpoint: str) -> None:
    spark.sql(f"DROP TABLE IF EXISTS {table}")


def _checkpoint_alone(spark: SparkSession, dbutils: Any, table: str, checkpoint: str) -> None:
    dbutils.fs.rm(checkpoint, True)


def _must_be_there(spark: SparkSession, dbutils: Any, table: str, checkpoint: str) -> None:
    spark.sql(f"DROP TABLE {table}")
    dbutils.fs.rm(checkpoint, True)


FORGET = Exercise(
    solution=forget,
    evaluate=_forgotten,
    wanted={NOTHING_THERE: "fine", ITS_TABLE: "is gone", ANEW: ROWS},
    twins=(
        Twin(
            _table_alone,
            "The table is gone, and stays empty: the checkpoint still says that every record was read. Delete its "
            "folder, too.",
            {ITS_TABLE: "is gone", ANEW: 0},
        ),
        Twin(
            _checkpoint_alone,
            "The query began anew, and the old rows are still in the table: each is there twice now. Drop the table, "
            "too.",
            {ITS_TABLE: "is there", ANEW: 2 * ROWS},
        ),
        Twin(
            _must_be_there,
            "Where there is nothing to forget, your function stops. `DROP TABLE IF EXISTS` has no objection.",
            {NOTHING_THERE: "stops: there is no such table"},
        ),
    ),
    hints=(
        "Two things are left of a query: a table, and a folder.",
        '`spark.sql(f"DROP TABLE IF EXISTS {table}")` for the one.',
        "`dbutils.fs.rm(checkpoint, True)` for the other; `True` means with all that is in it.",
    ),
    more="Forgotten while the query runs: what would happen with the next micro-batch?",
)

# --- 9: what only the checkpoint knows ------------------------------------------------------------------------------

THREE = "rows after each start"


def three_starts(dbutils, frame: DataFrame, table: str, checkpoint: str) -> list[int]:
    """Store a stream, store it again, delete its checkpoint, store it once more: the table's rows after each start."""
    rows = []
    for start in range(3):
        if start == 2:
            dbutils.fs.rm(checkpoint, True)
        store(frame, table, checkpoint).awaitTermination()
        rows.append(frame.sparkSession.table(table).count())
    return rows


def _started(answer: Callable[..., list[int]], spark: SparkSession, dbutils: Any) -> Result:
    with _tables(spark) as name, stream_queries.small_batches(spark):
        stream = spark.readStream.table(f"{name}_source")
        told = given(answer(dbutils, stream, f"{name}_a", f"/tmp/{name}-a"))
        return {THREE: ", ".join(map(str, told))}


def _deleted_before(*starts: int) -> Callable[..., list[int]]:
    """Answer with a checkpoint that is deleted before other starts."""

    def answer(dbutils: Any, frame: DataFrame, table: str, checkpoint: str) -> list[int]:
        rows = []
        for start in range(3):
            if start in starts:
                dbutils.fs.rm(checkpoint, True)
            store(frame, table, checkpoint).awaitTermination()
            rows.append(stream_queries.rows_in(frame.sparkSession, table))
        return rows

    return answer


THREE_STARTS = Exercise(
    solution=three_starts,
    evaluate=_started,
    wanted={THREE: f"{ROWS}, {ROWS}, {2 * ROWS}"},
    twins=(
        Twin(
            _deleted_before(),
            "The third start found nothing new either: is the checkpoint gone before it, and is the table still there? "
            "`dbutils.fs.rm(checkpoint, True)` deletes the folder with all that is in it.",
            {THREE: f"{ROWS}, {ROWS}, {ROWS}"},
        ),
        Twin(
            _deleted_before(1),
            "The checkpoint was gone before the second start. First start the query again as it is, and see that it "
            "reads nothing twice.",
            {THREE: f"{ROWS}, {2 * ROWS}, {2 * ROWS}"},
        ),
        Twin(
            _deleted_before(1, 2),
            "Each start began anew. Hand the same `checkpoint` to the first two, and delete it once, before the third.",
            {THREE: f"{ROWS}, {2 * ROWS}, {3 * ROWS}"},
        ),
    ),
    hints=(
        "Three times the same two lines, and one line more before the third.",
        "`store(frame, table, checkpoint).awaitTermination()` starts and waits.",
        "`dbutils.fs.rm(checkpoint, True)` comes before the third; `rows.append(…)` after each.",
    ),
    more="Which of the tables of this notebook could you mend after that, and with which statement?",
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
    {
        1: READ_STREAM,
        2: DECODED_GEO,
        3: ASIDE,
        4: CLEANED,
        5: STORE,
        6: START_ALL,
        7: MEDIAN_SECONDS,
        8: FORGET,
        9: THREE_STARTS,
    },
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
