"""Exercises of the notebook about streams that fail, and posts that come twice."""

import uuid
from collections.abc import Callable

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from helpers.checks.exercise import Exercise, NotAttempted, Result, Twin, given
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.streaming import queries as stream_queries
from helpers.streaming.progress import state_rows

# --- 1: a memory for repetitions -----------------------------------------------------------------------------------

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
            lambda records: records.dropDuplicates(["data"]),
            "It finds every repetition, and remembers every record for ever: the state grows until the cluster has no "
            "memory left. A watermark says when a record may be forgotten, and `dropDuplicatesWithinWatermark` heeds "
            "it.",
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

# --- 2: insert what is new -----------------------------------------------------------------------------------------

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

# --- 3: what two tables do not have in common ----------------------------------------------------------------------

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
    {1: FIRST_OF_EACH, 2: INSERT_NEW, 3: DIFFERING},
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
