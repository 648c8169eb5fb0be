"""Exercises of the notebook that cleans the three tables."""

import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from helpers import cleaning
from helpers.checks.exercise import Exercise, Result, Twin, given, whole
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.raw import GEO_SCHEMA, PIN_SCHEMA, USER_SCHEMA
from helpers.spark_versions import condition, is_frame

# --- 1: the shapes of a text -------------------------------------------------------------------------------------

TEXTS = ("437", "12", "124k", "9k", "8.2M", "abc", "3", None)

IN_ORDER = "the counts, from the first row to the last"


def shapes(frame: DataFrame, column: str) -> DataFrame:
    """Count the shapes of a text, each run of digits written as one 9: `shape`, `count`, the most frequent first."""
    shape = F.regexp_replace(column, "[0-9]+", "9").alias("shape")
    return frame.groupBy(shape).count().orderBy(F.desc("count"), "shape")


def _shaped(answer: Callable[[DataFrame, str], DataFrame], spark: SparkSession) -> Result:
    """Shape → how often it was seen, in one of two columns of texts."""
    rows = [(text, "1k") for text in TEXTS]
    found = given(answer(spark.createDataFrame(rows, "text string, follower_count string"), "text"))
    return _counted_in_order(found, lambda shape: f"rows of the shape {shape}")


def _counted_in_order(found: DataFrame, case: Callable[[str | None], str]) -> Result:
    """First column, in words → the second, and in which order the rows came."""
    counted = {case(row[0]): row[1] for row in found.collect()}
    return counted | {"the columns": ", ".join(found.columns), IN_ORDER: ", ".join(map(str, counted.values()))}


def _digit_by_digit(frame: DataFrame, column: str) -> DataFrame:
    shape = F.regexp_replace(column, "[0-9]", "9").alias("shape")
    return frame.groupBy(shape).count().orderBy(F.desc("count"), "shape")


def _values_counted(frame: DataFrame, column: str) -> DataFrame:
    shape = F.regexp_replace(column, "[0-9]+", "9").alias("shape")
    return frame.groupBy(shape).agg(F.count(column).alias("count")).orderBy(F.desc("count"), "shape")


def _the_texts(frame: DataFrame, column: str) -> DataFrame:
    return frame.groupBy(F.col(column).alias("shape")).count().orderBy(F.desc("count"), "shape")


SHAPES = Exercise(
    solution=shapes,
    evaluate=_shaped,
    twins=(
        Twin(
            _digit_by_digit,
            "Each digit became a 9 of its own, so `437` and `12` are two shapes. `[0-9]+` takes all digits that stand "
            "together.",
        ),
        Twin(
            lambda frame, column: shapes(frame, "follower_count"),
            "You count the same column whatever is asked: its name comes in as the argument `column`.",
        ),
        Twin(
            _values_counted,
            "The row without a text was counted as none: `F.count` of a column leaves nulls out. `.count()` after "
            "`groupBy` counts rows.",
        ),
        Twin(_the_texts, "These are the texts themselves, each once or so. Write the digits as 9 before you group."),
        Twin(
            lambda frame, column: shapes(frame, column).orderBy("count", "shape"),
            'The rarest come first with you: `F.desc("count")`.',
        ),
    ),
    hints=(
        '`F.regexp_replace(column, "[0-9]+", "9")` is a column; `.alias("shape")` gives it a name.',
        "`frame.groupBy(shape).count()` has two columns: `shape` and `count`.",
        '`.orderBy(F.desc("count"), "shape")` ends it.',
    ),
    more="A letter could become an `a` as well. When would that show more, and when less?",
)

# --- 2: a follower count from its text ---------------------------------------------------------------------------

SAMPLES = ("437", "0", "124k", "1.5k", "12K", "5M", "8.2M", "3m", "User Info Error", "abc", "", None)


def follower_count(text: Column) -> Column:
    """Turn `437`, `124k` or `8.2M` into a whole number, and whatever is no count into null."""
    number = F.regexp_extract(text, r"^(\d+(\.\d+)?)[kKmM]?$", 1).try_cast("decimal(28, 10)")
    factor = F.when(F.lower(text).endswith("k"), 1_000).when(F.lower(text).endswith("m"), 1_000_000).otherwise(1)
    return (number * factor).try_cast("int")


def _zeros_for_k(text: Column) -> Column:
    zeros = F.replace(F.replace(text, F.lit("k"), F.lit("000")), F.lit("M"), F.lit("000000"))
    return zeros.try_cast("int")


def _floating(text: Column) -> Column:
    number = F.regexp_extract(text, r"^(\d+(\.\d+)?)[kKmM]?$", 1).try_cast("float")
    factor = F.when(F.lower(text).endswith("k"), 1_000).when(F.lower(text).endswith("m"), 1_000_000).otherwise(1)
    return (number * factor).try_cast("int")


def _capital_m_only(text: Column) -> Column:
    number = F.regexp_extract(text, r"^(\d+(\.\d+)?)[kM]?$", 1).try_cast("decimal(28, 10)")
    factor = F.when(text.endswith("k"), 1_000).when(text.endswith("M"), 1_000_000).otherwise(1)
    return (number * factor).try_cast("int")


@lru_cache(maxsize=1)
def _texts(raw_pin: DataFrame) -> DataFrame:
    """Collect every text once: an answer is tried on them in a fraction of the time that reading takes."""
    found = {row.follower_count for row in raw_pin.select("follower_count").distinct().collect()}
    rows = [(text,) for text in sorted({*SAMPLES, *found}, key=str)]
    return raw_pin.sparkSession.createDataFrame(rows, "follower_count string")


def _counts(answer: Callable[[Column], Column], raw_pin: DataFrame) -> Result:
    """Text → count, for the samples and for every text of a table."""
    text = F.col("follower_count")
    numbers = _texts(raw_pin).select(text, given(answer(text)).alias("number"))
    found = {row.follower_count: row.number for row in numbers.collect()}
    return found | {"its type": whole(dict(numbers.dtypes)["number"])}


FOLLOWER_COUNT = Exercise(
    solution=follower_count,
    evaluate=_counts,
    twins=(
        Twin(
            _zeros_for_k,
            "You put zeros in the place of the letter. `8.2M` becomes `8.2000000` that way, which is 8, or nothing: "
            "take the number first, then multiply it.",
        ),
        Twin(
            _floating,
            "A float keeps about seven digits: `8.2M` comes out as 8,199,999. Money and counts are read as `decimal`.",
        ),
        Twin(
            _capital_m_only,
            "You know `k` and `M` only. Somebody wrote `12K` and `3m`: compare in one case, with `F.lower`.",
        ),
        Twin(
            lambda text: text.cast("int"),
            "A cast met a value that is no number, and stopped: `8.2M`, `abc`, or the empty text that `regexp_extract` "
            "gives where nothing matches. Take the letter off first, and use `try_cast`.",
        ),
    ),
    hints=(
        "Three kinds of text are counts: digits, digits and `k`, digits and `M`. Everything else is null.",
        "`F.regexp_extract(text, pattern, 1)` takes out what the first pair of brackets matches, or an empty text.",
        "Multiply the number, read as `decimal(28, 10)`, by `F.when(F.lower(text).endswith('k'), 1_000)…`, and "
        '`try_cast("int")` the product.',
    ),
    more="What would your function make of `1.2B`? And would you rather know, or get a null?",
)

# --- 3: the pins -----------------------------------------------------------------------------------------------

PINS = (
    {"index": 1, "title": "A red bike", "follower_count": "124k", "poster_name": " Ann ", "category": "vehicles"},
    {"index": 2, "title": "No Title Data Available", "follower_count": "User Info Error", "category": "art"},
    {"index": 3, "title": "  ", "follower_count": "8.2M", "tag_list": "", "save_location": "Local save in /data/art"},
    {"index": 4, "title": "Why: No Title Data Available", "follower_count": "abc", "image_src": "Image src error."},
    {"index": 5, "title": "Untitled", "follower_count": "0", "save_location": "Local save in /data/my pins/art"},
)
"""Plain, a note, blanks, a note inside of a text, a path with a blank; whatever is not named is missing."""


def clean_pin(raw: DataFrame) -> DataFrame:
    """Clean pins: notes and empty text become null, `follower_count` a number, `save_location` a path."""
    cleaned = raw.withColumnRenamed("index", "ind")
    for name in cleaning.PLACEHOLDERS:
        is_note = F.col(name).isin(list(cleaning.PLACEHOLDERS[name]))
        cleaned = cleaned.withColumn(name, F.when(~is_note, F.col(name)))
    cleaned = cleaned.withColumn("follower_count", follower_count(F.col("follower_count")))
    cleaned = cleaned.withColumn("save_location", F.regexp_replace("save_location", "^Local save in ", ""))
    for name, kind in cleaned.dtypes:
        if kind == "string":
            cleaned = cleaned.withColumn(name, F.when(F.col(name).rlike(r"\S"), F.col(name)))
    first = ["ind", "unique_id", "title", "description", "follower_count", "poster_name", "tag_list"]
    return cleaned.select(*first, "is_image_or_video", "image_src", "save_location", "category")


def _pins_dropped(raw: DataFrame) -> DataFrame:
    return clean_pin(raw).dropna(subset=["follower_count"])


def _trimmed(raw: DataFrame) -> DataFrame:
    return clean_pin(raw).withColumn("poster_name", F.trim("poster_name"))


def _notes_anywhere(raw: DataFrame) -> DataFrame:
    holds_note = F.col("title").contains("No Title Data Available")
    return clean_pin(raw).withColumn("title", F.when(~holds_note, F.col("title")))


def _third_word(raw: DataFrame) -> DataFrame:
    return clean_pin(raw.withColumn("save_location", F.split("save_location", " ")[3]))


def _blanks_kept(raw: DataFrame) -> DataFrame:
    blanks, no_blanks = "  ", "not blank"
    return clean_pin(raw.replace(blanks, no_blanks, ["title"])).replace(no_blanks, blanks, ["title"])


def _pins(answer: Callable[[DataFrame], DataFrame], spark: SparkSession) -> Result:
    """Row and column → what became of it."""
    cleaned = given(answer(spark.createDataFrame(list(PINS), PIN_SCHEMA)))
    rows = [row.asDict() for row in cleaned.collect()]
    found = {f"{name} of {row.get('ind')}": row[name] for row in rows for name in row if name != "ind"}
    kinds = {f"type of {name}": whole(kind) for name, kind in cleaned.dtypes if name in ("ind", "follower_count")}
    return found | kinds | {"the columns": ", ".join(cleaned.columns)}


CLEAN_PIN = Exercise(
    solution=clean_pin,
    evaluate=_pins,
    twins=(
        Twin(
            _pins_dropped,
            "Pins without a follower count are gone. The pin exists, and has a category: make the count null and keep "
            "the row.",
        ),
        Twin(
            _trimmed,
            "You trimmed the posters' names. `' Ann '` and `'Ann'` may be two people, and a name is all that tells "
            "them apart: other text stays as it is, to the letter.",
        ),
        Twin(
            _notes_anywhere,
            "A title that only speaks of the note is gone with it: `Why: No Title Data Available`. A note is the whole "
            "value, so compare with `==` or `isin`, not with `contains`.",
        ),
        Twin(
            _third_word,
            "`split` cuts at every blank, so the path `/data/my pins/art` became `/data/my`. Take off the words in "
            "front, and leave the rest.",
        ),
        Twin(
            _blanks_kept,
            "A title of two blanks is still there. Nobody sees it, and `count` counts it: `rlike(r'\\S')` is true "
            "where anything but blanks stands.",
        ),
    ),
    hints=(
        "`cleaning.PLACEHOLDERS` has the notes of each column: a loop over it, with `F.when(~F.col(name).isin(…), …)`.",
        "`F.when` without `otherwise` gives null where its condition does not hold: that is what missing data needs.",
        "Then your `follower_count`, then `F.regexp_replace('save_location', '^Local save in ', '')`, then every text "
        "that has no `\\S`; at last one `select` with the columns in order.",
    ),
    more="There is a `withColumn` for each text, and Spark makes one pass of them all. How could you see that?",
)

# --- 4: how long a cleaning takes ---------------------------------------------------------------------------------

TO_THE_END, WORKED_OUT, UNIT = "rows", "columns", "its unit"
LAST = 39


def seconds_to_clean(clean: Callable[[DataFrame], DataFrame], raw: DataFrame) -> float:
    """Let Spark clean every row and work out every column, keep nothing of it, and return the seconds it took."""
    began = time.monotonic()
    clean(raw).write.format("noop").mode("overwrite").save()
    return time.monotonic() - began


def _stopwatch(answer: Callable[[Callable[[DataFrame], DataFrame], DataFrame], float], spark: SparkSession) -> Result:
    """See what an answer lets Spark do, by a row and by a value that nobody can work out."""
    raw = spark.range(0, LAST + 1, 1, 2)
    fails = F.when(F.col("id") == LAST, F.raise_error(F.lit(_WORKED_ON)).cast("boolean")).otherwise(F.lit(True))
    began = time.monotonic()
    told = given(answer(lambda frame: frame, raw))
    passed = time.monotonic() - began
    return {
        TO_THE_END: _works_on(answer, lambda frame: frame.where(fails), raw),
        WORKED_OUT: _works_on(answer, lambda frame: frame.withColumn("worked_out", fails), raw),
        UNIT: "below zero" if told < 0 else "seconds" if told < 10 * passed else "something else",
    }


_WORKED_ON = "Spark has worked on it"


def _works_on(answer: Callable[..., float], clean: Callable[[DataFrame], DataFrame], raw: DataFrame) -> str:
    try:
        answer(clean, raw)
    except Exception as error:
        if _WORKED_ON not in str(error):
            raise
        return "all worked on"
    return "some left out"


def _timed(frame: DataFrame, ask: Callable[[DataFrame], object]) -> float:
    began = time.monotonic()
    ask(frame)
    return time.monotonic() - began


SECONDS_TO_CLEAN = Exercise(
    solution=seconds_to_clean,
    evaluate=_stopwatch,
    wanted={TO_THE_END: "all worked on", WORKED_OUT: "all worked on", UNIT: "seconds"},
    twins=(
        Twin(
            lambda clean, raw: _timed(clean(raw), lambda frame: frame.first()),
            "Spark did not clean all rows. A frame is a plan, and `first` or `show` ask for a few rows of it. Write "
            'all of it, with the format `"noop"`.',
            {TO_THE_END: "some left out"},
        ),
        Twin(
            lambda clean, raw: _timed(clean(raw), lambda frame: frame.count()),
            "`count` asks for no column, so Spark leaves out what works them out: you timed a cleaning that did not "
            'take place. `.write.format("noop")` asks for every column.',
            {TO_THE_END: "all worked on", WORKED_OUT: "some left out"},
        ),
        Twin(
            lambda clean, raw: 1000 * seconds_to_clean(clean, raw),
            "That is longer than it took. The clock counts in seconds: give back the difference as it is.",
            {UNIT: "something else"},
        ),
    ),
    hints=(
        "Look at the clock, let Spark clean and write, look again.",
        'A write to nowhere: `.write.format("noop").mode("overwrite").save()`.',
        "`clean(raw)` is the frame that is written; `time.monotonic() - began` is the answer.",
    ),
    more="The first of two measurements is often the slower one. How would you make them fair?",
)

# --- 5: the places ---------------------------------------------------------------------------------------------

PLACES = (
    (1, "2021-03-04 05:06:07", 1.5, -2.5, "Peru"),
    (2, "2021-12-31T23:30:00-02:00", 10.0, 20.0, "Chad"),
    (3, "2021:03:04 05:06:07", -3.25, 4.75, "Oman"),
    (4, None, 0.0, 180.0, "Fiji"),
)
"""Index, time, latitude, longitude, country: a plain time, one with an offset, two that are none."""

FAR_AWAY = "Pacific/Kiritimati"
"""A time zone in which hardly any time reads as in UTC."""

_ONE_TIME_ZONE = Lock()
"""Answers are tried side by side, and a session has one time zone."""


def clean_geo(raw: DataFrame) -> DataFrame:
    """Clean places: `ind`, `country`, `coordinates` (latitude, longitude), `timestamp` (UTC unless it says more)."""
    text = F.col("timestamp")
    has_zone = text.rlike(r"(Z|[+-]\d\d:?\d\d)$")
    instant = F.when(has_zone, text).otherwise(F.concat(text, F.lit("Z"))).try_cast("timestamp")
    pair = F.array("latitude", "longitude")
    return raw.select("ind", "country", pair.alias("coordinates"), instant.alias("timestamp"))


def _longitude_first(raw: DataFrame) -> DataFrame:
    return clean_geo(raw).withColumn("coordinates", F.reverse("coordinates"))


def _rows_dropped(raw: DataFrame) -> DataFrame:
    return clean_geo(raw).where("timestamp IS NOT NULL")


def _local_time(raw: DataFrame) -> DataFrame:
    pair = F.array("latitude", "longitude").alias("coordinates")
    return raw.select("ind", "country", pair, F.col("timestamp").try_cast("timestamp").alias("timestamp"))


def _midnight(raw: DataFrame) -> DataFrame:
    return clean_geo(raw).withColumn("timestamp", F.date_trunc("day", "timestamp"))


@contextmanager
def _time_zone(spark: SparkSession, name: str):
    with _ONE_TIME_ZONE:
        before = spark.conf.get("spark.sql.session.timeZone")
        spark.conf.set("spark.sql.session.timeZone", name)
        try:
            yield
        finally:
            spark.conf.set("spark.sql.session.timeZone", before)


def _places(answer: Callable[[DataFrame], DataFrame], spark: SparkSession) -> Result:
    """Row and column → what became of it, in another time zone."""
    with _time_zone(spark, FAR_AWAY):
        cleaned = given(answer(spark.createDataFrame(list(PLACES), GEO_SCHEMA)))
        seconds = F.unix_seconds("timestamp").alias("seconds")
        rows = cleaned.select("ind", "country", "coordinates", seconds).collect()
    found = {}
    for row in rows:
        found[f"country of {row.ind}"] = row.country
        found[f"coordinates of {row.ind}"] = tuple(row.coordinates)
        found[f"timestamp of {row.ind}, in seconds since 1970"] = row.seconds
    return found | {"the columns": ", ".join(cleaned.columns)}


CLEAN_GEO = Exercise(
    solution=clean_geo,
    evaluate=_places,
    twins=(
        Twin(_longitude_first, "The pair is longitude first. The task asks for latitude, then longitude, as maps do."),
        Twin(
            _rows_dropped,
            "Rows whose time cannot be read are gone. The place is still known: make the time null and keep the row.",
        ),
        Twin(
            _local_time,
            "A time without a zone is taken in the time zone of the session. The same row would be another instant on "
            "a cluster elsewhere: add `Z` where no zone is given.",
        ),
        Twin(
            lambda raw: clean_geo(raw.withColumn("timestamp", F.to_timestamp("timestamp").cast("string"))),
            "Spark stopped at a time that it cannot read, `2021:03:04 05:06:07`, and all rows are lost with it. "
            "`try_cast('timestamp')` and `F.try_to_timestamp` give null there.",
        ),
        Twin(_midnight, "The time of day is gone: `to_date` keeps the day only, and a timestamp of it is midnight."),
    ),
    hints=(
        "`F.array` makes the pair. The order of its arguments is the order in the array.",
        "A text that ends in `Z` or in an offset such as `+02:00` says its zone: "
        "`text.rlike(r'(Z|[+-]\\d\\d:?\\d\\d)$')` finds those.",
        "Where it says none, `F.concat(text, F.lit('Z'))` makes it UTC. `try_cast('timestamp')` makes the rest null.",
    ),
    more="2018 to 2022 were asked for in UTC. In how many rows would your own time zone have given another year?",
)

# --- 6: the users ----------------------------------------------------------------------------------------------

USERS = (
    (1, "Ann", "Lee", 30, "2016-05-06 07:08:09"),
    (2, None, "Cher", 41, "2017-12-31T23:30:00-02:00"),
    (3, "Bo", None, 17, "2015"),
    (4, None, None, None, None),
)
"""Index, first and last name, age, time of joining."""


def clean_user(raw: DataFrame) -> DataFrame:
    """Clean users: `ind`, `user_name` (first and last name), `age`, `date_joined` (UTC unless it says more)."""
    names = F.concat_ws(" ", "first_name", "last_name")
    text = F.col("date_joined")
    has_zone = text.rlike(r"(Z|[+-]\d\d:?\d\d)$")
    zoned = F.when(has_zone, text).otherwise(F.concat(text, F.lit("Z")))
    instant = F.when(text.rlike(r"^\d{4}-\d\d-\d\d[ T]"), zoned.try_cast("timestamp"))
    return raw.select("ind", F.when(names != "", names).alias("user_name"), "age", instant.alias("date_joined"))


def _named(raw: DataFrame, names: Column) -> DataFrame:
    return raw.select("ind", names.alias("user_name")).join(clean_user(raw).drop("user_name"), "ind")


def _year_alone(raw: DataFrame) -> DataFrame:
    at_new_year = F.when(F.length("date_joined") == 4, F.concat("date_joined", F.lit("-01-01 00:00:00")))
    return clean_user(raw.withColumn("date_joined", F.coalesce(at_new_year, "date_joined")))


def _users(answer: Callable[[DataFrame], DataFrame], spark: SparkSession) -> Result:
    """Row and column → what became of it."""
    cleaned = given(answer(spark.createDataFrame(list(USERS), USER_SCHEMA)))
    seconds = F.unix_seconds("date_joined").alias("date_joined, in seconds since 1970")
    rows = cleaned.select("ind", "user_name", "age", seconds).collect()
    found = {f"{name} of {row.ind}": value for row in rows for name, value in row.asDict().items() if name != "ind"}
    return found | {"the columns": ", ".join(cleaned.columns)}


CLEAN_USER = Exercise(
    solution=clean_user,
    evaluate=_users,
    twins=(
        Twin(
            lambda raw: _named(raw, F.concat("first_name", F.lit(" "), "last_name")),
            "Whoever has one name only has none with you: `concat` is null if any part is. `concat_ws` leaves out what "
            "is missing.",
        ),
        Twin(
            lambda raw: _named(raw, F.concat_ws(" ", "first_name", "last_name")),
            "Nearly. Where both names are missing you have an empty text, which looks like a name to every `count`.",
        ),
        Twin(
            lambda raw: clean_user(raw.withColumnsRenamed({"first_name": "last_name", "last_name": "first_name"})),
            "The last name comes first with you.",
        ),
        Twin(
            _year_alone,
            "`2015` became New Year 2015, a moment that nobody has stated: Spark reads a year alone that way. Ask for "
            "a whole date before you cast.",
        ),
    ),
    hints=(
        "`F.concat_ws(' ', …)` joins what is there, and gives an empty text where nothing is.",
        "The time is read as in `clean_geo`.",
        "Spark reads `2015` as a time. `text.rlike(r'^\\d{4}-\\d\\d-\\d\\d[ T]')` asks for a date and a time of day.",
    ),
    more="The frame has one row a post. How many users are there? Notebook 07 asks, and the answer is not the rows.",
)

# --- 7: nulls by column -------------------------------------------------------------------------------------------

HALF_EMPTY = [("1", "art", None), ("2", "", None), ("3", None, "Ann"), ("4", None, None)]
"""All text, so that an answer which takes an empty text for missing gets as far as a number."""


def null_counts(frame: DataFrame) -> dict[str, int]:
    """Count the nulls of each column: name → number."""
    counts = [F.count_if(F.col(name).isNull()).alias(name) for name in frame.columns]
    return frame.agg(*counts).first().asDict()


def _nulls(answer: Callable[[DataFrame], dict[str, int]], spark: SparkSession) -> Result:
    frame = spark.createDataFrame(HALF_EMPTY, "ind string, category string, poster_name string")
    found = given(answer(frame))
    if is_frame(found):
        return {"nulls in all": "a frame"}
    counted = found.asDict() if hasattr(found, "asDict") else found
    return {f"nulls of {name}": number for name, number in counted.items()}


def _counted(frame: DataFrame, count: Callable[[Column], Column]) -> dict[str, int]:
    return frame.agg(*(count(F.col(name)).alias(name) for name in frame.columns)).first().asDict()


_IND, _CATEGORY, _POSTER = "nulls of ind", "nulls of category", "nulls of poster_name"

NULL_COUNTS = Exercise(
    solution=null_counts,
    evaluate=_nulls,
    wanted={_IND: 0, _CATEGORY: 2, _POSTER: 3},
    twins=(
        Twin(
            lambda frame: _counted(frame, F.count),
            "You counted the values. `F.count` of a column leaves nulls out, and they are what you are after.",
            {_IND: 4, _CATEGORY: 2, _POSTER: 1},
        ),
        Twin(
            lambda frame: _counted(frame, lambda column: F.count(column.isNull())),
            "Each column has as many as there are rows: `isNull()` is true or false and never null, and `F.count` "
            "counts both. `F.count_if` counts where it is true.",
            {_IND: 4, _CATEGORY: 4, _POSTER: 4},
        ),
        Twin(
            lambda frame: _counted(frame, lambda column: F.count_if(column.isNull() | (column == ""))),
            "The empty text was counted too. It is the cleaning that makes it null: a proof that lets it pass here "
            "proves nothing.",
            {_IND: 0, _CATEGORY: 3, _POSTER: 3},
        ),
        Twin(
            lambda frame: frame.agg(*(F.count_if(F.col(name).isNull()).alias(name) for name in frame.columns)),
            "That is a frame of one row still: a plan, in which nothing has been counted. `.first()` brings the row, "
            "and `.asDict()` makes a dict of it.",
            {"nulls in all": "a frame"},
        ),
    ),
    hints=(
        "One aggregation a column, and all of them in one `agg`, so that Spark reads the rows once.",
        "`F.count_if(F.col(name).isNull()).alias(name)` for each name of `frame.columns`, in a list.",
        "`frame.agg(*counts).first().asDict()`.",
    ),
    more="Which nulls were there before the cleaning? How would you tell them from those that it made?",
)

# --- 8: lost and invented -----------------------------------------------------------------------------------------

KEYS: dict[str, tuple[list[int], list[int]]] = {
    "one lost, another invented": ([1, 2, 3], [1, 2, 4]),
    "one of two rows with the same number lost": ([1, 2, 2], [1, 2]),
    "one invented": ([1, 2], [1, 2, 3]),
}
"""What it is → numbers before and after, made up."""

_BOTH, _ONE_OF_TWO, _NEW = KEYS


def lost_and_invented(raw: DataFrame, cleaned: DataFrame, key: str) -> tuple[int, int]:
    """Count the rows whose number is only in `raw`, where it is called `key`, and those only in `cleaned` (`ind`)."""
    before = raw.select(F.col(key).alias("ind"))
    after = cleaned.select("ind")
    return before.exceptAll(after).count(), after.exceptAll(before).count()


def _lost_or_new(answer: Callable[[DataFrame, DataFrame, str], tuple[int, int]], spark: SparkSession) -> Result:
    found = {}
    for what, (before, after) in KEYS.items():
        key = "ind" if what == _NEW else "index"  # as the places and users have it, and as the pins do
        raw = spark.createDataFrame([(number, "raw") for number in before], f"{key} int, title string")
        cleaned = spark.createDataFrame([(number, "clean") for number in after], "ind int, title string")
        lost_rows, new_rows = given(answer(raw, cleaned, key))
        found[what] = f"{lost_rows} lost, {new_rows} invented"
    return found


def _as_sets(raw: DataFrame, cleaned: DataFrame, key: str) -> tuple[int, int]:
    before, after = raw.select(F.col(key).alias("ind")), cleaned.select("ind")
    return before.subtract(after).count(), after.subtract(before).count()


def _numbers_of_rows(raw: DataFrame, cleaned: DataFrame, key: str) -> tuple[int, int]:
    before, after = raw.count(), cleaned.count()
    return max(before - after, 0), max(after - before, 0)


LOST_AND_INVENTED = Exercise(
    solution=lost_and_invented,
    evaluate=_lost_or_new,
    wanted={_BOTH: "1 lost, 1 invented", _ONE_OF_TWO: "1 lost, 0 invented", _NEW: "0 lost, 1 invented"},
    twins=(
        Twin(
            _numbers_of_rows,
            "You compared how many rows there are. One that is lost and one that is invented make up for each other: "
            "compare the numbers of the posts.",
            {_BOTH: "0 lost, 0 invented"},
        ),
        Twin(
            _as_sets,
            "Of two rows with the same number one may be lost, and you do not see it: `subtract` and a `left_anti` "
            "join look only whether a number is there. `exceptAll` counts each row.",
            {_BOTH: "1 lost, 1 invented", _ONE_OF_TWO: "0 lost, 0 invented"},
        ),
        Twin(
            lambda raw, cleaned, key: lost_and_invented(raw, cleaned, key)[::-1],
            "The wrong way round: lost is what was there before and is not there after.",
            {_ONE_OF_TWO: "0 lost, 1 invented", _NEW: "1 lost, 0 invented"},
        ),
    ),
    hints=(
        "Two frames of one column each: the numbers before, under the name `ind`, and those after.",
        "`one.exceptAll(other)` keeps the rows of one that the other has not, and each as often as it is there more.",
        "`before.exceptAll(after).count(), after.exceptAll(before).count()`, joined by the comma.",
    ),
    more="The numbers are the same, and every title could be wrong. What else would a proof have to compare?",
)

# --- 9: the texts behind the nulls --------------------------------------------------------------------------------

BEFORE = [(1, "124k"), (2, "-5"), (3, "abc"), (4, "abc"), (5, None), (6, "0")]
AFTER = [(1, 124_000), (2, None), (3, None), (4, None), (5, None), (6, 0)]
"""Post and followers, the frequent text amid others; the columns have names that no table of the notebook has."""


def behind_nulls(raw: DataFrame, cleaned: DataFrame, key: str, column: str) -> DataFrame:
    """Count the texts of `raw` that are null in `cleaned`: `text`, `count`, the most frequent first."""
    texts = raw.select(F.col(key).alias("ind"), F.col(column).alias("text"))
    nulls = cleaned.where(F.col(column).isNull()).select("ind")
    return nulls.join(texts, "ind").groupBy("text").count().orderBy(F.desc("count"), "text")


def _texts_behind(answer: Callable[[DataFrame, DataFrame, str, str], DataFrame], spark: SparkSession) -> Result:
    raw = spark.createDataFrame(BEFORE, "post int, followers string")
    cleaned = spark.createDataFrame(AFTER, "ind int, followers int")
    return _counted_in_order(given(answer(raw, cleaned, "post", "followers")), lambda text: f"rows with {text!r}")


def _without_texts(raw: DataFrame, cleaned: DataFrame, key: str, column: str) -> DataFrame:
    return behind_nulls(raw.where(F.col(column).isNotNull()), cleaned, key, column)


def _values_behind(raw: DataFrame, cleaned: DataFrame, key: str, column: str) -> DataFrame:
    texts = raw.select(F.col(key).alias("ind"), F.col(column).alias("text"))
    found = cleaned.where(F.col(column).isNull()).select("ind").join(texts, "ind").groupBy("text")
    return found.agg(F.count("text").alias("count")).orderBy(F.desc("count"), "text")


def _all_texts(raw: DataFrame, cleaned: DataFrame, key: str, column: str) -> DataFrame:
    return behind_nulls(raw, cleaned.withColumn(column, F.lit(None)), key, column)


def _numbers_themselves(raw: DataFrame, cleaned: DataFrame, key: str, column: str) -> DataFrame:
    nulls = cleaned.where(F.col(column).isNull())
    return nulls.groupBy(F.col(column).alias("text")).count()


BEHIND_NULLS = Exercise(
    solution=behind_nulls,
    evaluate=_texts_behind,
    twins=(
        Twin(
            _all_texts,
            "These are all texts, also those that became a number. Keep the rows of `cleaned` in which the column is "
            "null, before you join.",
        ),
        Twin(
            _numbers_themselves,
            "You counted the nulls themselves. What stood there before is in `raw`: join the two by the number of the "
            "post.",
        ),
        Twin(
            _without_texts,
            "What was null already is missing. A null that came in has a right to be one, and the sum should be the "
            "number of nulls.",
        ),
        Twin(
            _values_behind,
            "The text that was missing has a 0 with you: `F.count(\"text\")` counts texts, and a null is none. You are "
            "after rows, which `.count()` after `groupBy` counts.",
        ),
        Twin(
            lambda raw, cleaned, key, column: behind_nulls(raw, cleaned, key, column).orderBy("count", "text"),
            "The rarest come first with you, and the reader looks at the first line: `F.desc`.",
        ),
        Twin(
            lambda raw, cleaned, key, column: behind_nulls(raw, cleaned, "index", "follower_count"),
            "Your answer names a column that is not there. The two names come in, as `key` and `column`, and differ "
            "from table to table; `.alias(\"ind\")` gives the numbers of `raw` the name that they have in `cleaned`.",
        ),
    ),
    hints=(
        "Two frames: number and text out of `raw`, and the numbers out of `cleaned` whose column is null.",
        '`raw.select(F.col(key).alias("ind"), F.col(column).alias("text"))` has the names that the join needs.',
        '`nulls.join(texts, "ind").groupBy("text").count()`, then the order.',
    ),
    more="With a million different texts, what would you group by in the place of the text?",
)

# --- 10: what a colleague's cleaning loses ------------------------------------------------------------------------


def colleagues_clean_pin(raw: DataFrame) -> DataFrame:
    """Clean pins, as a colleague does it: "rows with a missing count are of no use anyway"."""
    return cleaning.clean_pin(raw).dropna(subset=["follower_count"])


def lost(raw_pin: DataFrame, cleaned: DataFrame) -> DataFrame:
    """Find the posts that are in `raw_pin` and no longer in `cleaned`: their `ind`, each once."""
    before = raw_pin.select(F.col("index").alias("ind")).distinct()
    return before.join(cleaned.select("ind"), "ind", "left_anti")


def _how_many(raw_pin: DataFrame, cleaned: DataFrame) -> int:
    return raw_pin.count() - cleaned.count()


def _invented(raw_pin: DataFrame, cleaned: DataFrame) -> DataFrame:
    return cleaned.select("ind").exceptAll(raw_pin.select(F.col("index").alias("ind")))


def _each_row(raw_pin: DataFrame, cleaned: DataFrame) -> DataFrame:
    before = raw_pin.select(F.col("index").alias("ind"))
    return before.join(cleaned.select("ind"), "ind", "left_anti")


def _lost_posts(answer: Callable[[DataFrame, DataFrame], DataFrame], spark: SparkSession) -> Result:
    """Post → how often it is listed, for a few pins that were loaded twice."""
    counts = ("124k", "User Info Error", "abc", "5M", None)
    lines = [{"index": number, "follower_count": text} for number, text in enumerate(counts)]
    pins = spark.createDataFrame(lines * 2, PIN_SCHEMA)
    found = given(answer(pins, colleagues_clean_pin(pins)))
    if not is_frame(found):
        return {"not a frame": found}
    named = "ind" if "ind" in found.columns else found.columns[0]
    posts = Counter(f"post {row[named]}" for row in found.collect())
    return {"the columns": "ind" if named == "ind" else ", ".join(found.columns), **posts}


LOST = Exercise(
    solution=lost,
    evaluate=_lost_posts,
    twins=(
        Twin(
            _how_many,
            "A number of rows says how many are gone, not which, and a row lost beside a row invented would not show. "
            "Give the posts themselves.",
        ),
        Twin(_invented, "You asked which posts were invented: that is `cleaned` without `raw_pin`. Turn it round."),
        Twin(
            _each_row,
            "Each post is listed as often as its row was loaded. A batch that comes twice is still one post a number: "
            "`distinct()`.",
        ),
    ),
    hints=(
        "In `raw_pin` the number is called `index`, in `cleaned` it is `ind`.",
        'A join with `"left_anti"` keeps the rows of the left side that have no partner on the right.',
        'Take the distinct numbers of `raw_pin` as `ind`, and join them with `cleaned.select("ind")`, `"left_anti"`.',
    ),
    more="The colleague lost posts whose country and category are known. Which of tasks 4 to 8 would change?",
)

# --- 11: a table that can be written again ------------------------------------------------------------------------

FORMAT, WRITTEN_TWICE, GIVEN_BACK = "its format", "rows after three, then five were written", "what is given back"


def keep(frame: DataFrame, table: str) -> int:
    """Write a frame as a Delta table in the place of the one that was there, and count the rows that it has now."""
    frame.write.format("delta").mode("overwrite").saveAsTable(table)
    return frame.sparkSession.table(table).count()


def _kept(answer: Callable[[DataFrame, str], int], spark: SparkSession) -> Result:
    """Write three rows into a table made for it, and then five."""
    table = f"exercise_{uuid.uuid4().hex}"
    try:
        given(answer(spark.range(0, 3, 1, 1), table))
        told = answer(spark.range(0, 5, 1, 1), table)
        detail = spark.sql(f"DESCRIBE DETAIL {table}").first()
        return {FORMAT: detail.format, WRITTEN_TWICE: spark.table(table).count(), GIVEN_BACK: told}
    except AnalysisException as error:
        if condition(error) != "TABLE_OR_VIEW_ALREADY_EXISTS":
            raise
        return {WRITTEN_TWICE: "refused: there is such a table"}
    finally:
        spark.sql(f"DROP TABLE IF EXISTS {table}")


def _written(mode: str, kind: str = "delta") -> Callable[[DataFrame, str], int]:
    def answer(frame: DataFrame, table: str) -> int:
        frame.write.format(kind).mode(mode).saveAsTable(table)
        return frame.sparkSession.table(table).count()

    return answer


KEEP = Exercise(
    solution=keep,
    evaluate=_kept,
    wanted={FORMAT: "delta", WRITTEN_TWICE: 5, GIVEN_BACK: 5},
    twins=(
        Twin(
            _written("error"),
            "The second time Spark refuses: there is a table of that name. `mode(\"overwrite\")` puts the new rows in "
            "the place of the old.",
            {WRITTEN_TWICE: "refused: there is such a table"},
        ),
        Twin(
            _written("append"),
            "The old rows are still there, and the new ones beside them: `append` adds to what is there.",
            {FORMAT: "delta", WRITTEN_TWICE: 8},
        ),
        Twin(
            _written("ignore"),
            "The second time nothing was written. `ignore` leaves a table as it is, and says nothing.",
            {FORMAT: "delta", WRITTEN_TWICE: 3},
        ),
        Twin(
            _written("overwrite", "parquet"),
            "A table of plain Parquet files: whoever reads while you write may see half of it. Say "
            "`format(\"delta\")`.",
            {FORMAT: "parquet", WRITTEN_TWICE: 5},
        ),
    ),
    hints=(
        "`frame.write` begins; a format, a mode and `saveAsTable(table)` follow.",
        'The format is `"delta"`, the mode `"overwrite"`.',
        "`frame.sparkSession.table(table).count()` counts what can be read now.",
    ),
    more="Somebody reads the table while you overwrite it. Which rows do they see?",
)

QUIZ = (
    Question(
        "Why is a row with the follower count `abc` kept?",
        (
            ("The pin and its category are known; only the count is not.", None),
            ("Because `abc` may be a number in another base.", "Nobody counts that way; it is a planted row."),
            ("Rows can't be dropped in Spark.", "`dropna` does so, and the colleague's cleaning loses posts that way."),
        ),
    ),
    Question(
        "What does a schema of your own spare you, against letting Spark infer the types?",
        (
            ("The letters in the counts: they would come out as numbers.", "A text with a letter is inferred as text."),
            ("A second reading of all objects, and types that change with the data.", None),
            ("The cleaning.", "Types are one thing, notes and placeholders another: they are valid text."),
        ),
    ),
    Question(
        "Two rows have the same `ind` and another time. What does `deduplicate` do?",
        (
            ("It keeps the later one.", "It doesn't look at times. Which row is right is a question for a person."),
            ("It keeps one of the two, whichever comes first.", "That would be `dropDuplicates(['ind'])`."),
            ("It keeps both: only rows that agree in every column are repetitions.", None),
        ),
    ),
)

LESSON = Lesson(
    {
        1: SHAPES,
        2: FOLLOWER_COUNT,
        3: CLEAN_PIN,
        4: SECONDS_TO_CLEAN,
        5: CLEAN_GEO,
        6: CLEAN_USER,
        7: NULL_COUNTS,
        8: LOST_AND_INVENTED,
        9: BEHIND_NULLS,
        10: LOST,
        11: KEEP,
    },
    {
        1: {
            88: "Those are the notes alone: `abc` twice, `-5`, an empty text and a blank are no counts either.",
            91: "`abc`, `-5` and the notes; an empty text and a single blank look like nothing, and are null too.",
            92: "Did you read `-5` as a count? Nobody has minus five followers.",
            0: "A note is no number, so its count is not known: that is what null says.",
        },
    },
    QUIZ,
)
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
questions, quiz = LESSON.questions, LESSON.quiz
"""What the notebook calls."""
