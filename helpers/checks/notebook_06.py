"""Exercises of the notebook that cleans the three tables."""

from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from helpers import cleaning
from helpers.checks.exercise import Exercise, Result, Twin, given, whole
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.raw import GEO_SCHEMA, PIN_SCHEMA, USER_SCHEMA
from helpers.spark_versions import is_frame

# --- 1: a follower count from its text ---------------------------------------------------------------------------

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

# --- 2: the pins -----------------------------------------------------------------------------------------------

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

# --- 3: the places ---------------------------------------------------------------------------------------------

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

# --- 4: the users ----------------------------------------------------------------------------------------------

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

# --- 5: what a colleague's cleaning loses ------------------------------------------------------------------------


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
    {1: FOLLOWER_COUNT, 2: CLEAN_PIN, 3: CLEAN_GEO, 4: CLEAN_USER, 5: LOST},
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
