"""Exercises of the notebook that walks the whole pipeline once."""

import functools
import itertools
import json
from collections.abc import Callable, Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from helpers.checks import scratch
from helpers.checks.exercise import Exercise, Result, Twin, attempt, given
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.config import Workbook
from helpers.kafka import sink_objects
from helpers.kafka.sink_objects import LandedObject

# --- 1: objects by topic -------------------------------------------------------------------------------------------


def by_topic(objects: list) -> dict[str, int]:
    """Count the objects of each topic; each object has `topic`, `key` and `offset`."""
    counts = {}
    for item in objects:
        counts[item.topic] = counts.get(item.topic, 0) + 1
    return counts


LANDED: dict[str, tuple[tuple[str, int], ...]] = {
    "three topics": (("a.pin", 0), ("a.geo", 0), ("a.user", 0), ("a.pin", 1), ("a.pin", 2), ("a.geo", 1)),
    "one object": (("a.geo", 7),),
    "none": (),
}
"""What it is → topic and offset of the objects."""


def _counts(answer: Callable[[list[LandedObject]], dict[str, int]]) -> Result:
    attempt(answer)
    return {case: _sorted(given(answer(_landed(places)))) for case, places in LANDED.items()}


def _landed(places: Sequence[tuple[str, int]]) -> list[LandedObject]:
    return [
        LandedObject(topic, 0, offset, f"topics/{topic}/partition=0/{topic}+0+{offset:010d}.json", 100)
        for topic, offset in places
    ]


def _sorted(found: object) -> str:
    """Write a dictionary down, whatever kind of it it is, in the order of its keys."""
    return str(dict(sorted(found.items()))) if isinstance(found, dict) else f"no dictionary, but {found!r}"


BY_TOPIC = Exercise(
    solution=by_topic,
    evaluate=_counts,
    twins=(
        Twin(
            lambda objects: {item.topic: 1 for item in objects},
            "Each topic has one: every object sets the count back to 1. Add to what is there already.",
        ),
        Twin(
            lambda objects: {item.key: 1 for item in objects},
            "You counted by the objects' names, and each name is there once. Count by `item.topic`.",
        ),
        Twin(
            lambda objects: {item.topic: item.offset for item in objects},
            "That is the offset of each topic's last object. Offsets begin with 0, and an object may hold more than "
            "one message: count.",
        ),
        Twin(
            lambda objects: {item.topic: sum(one.topic == item.topic for one in objects) - 1 for item in objects},
            "One too few of each: the first object of a topic counts as well. Where a topic is not in the dictionary "
            "yet, its count so far is 0.",
        ),
        Twin(
            lambda objects: len(objects),
            "That is how many there are in all. Keep a count for each topic, in a dictionary.",
        ),
        Twin(
            lambda objects: {item.topic: {}[item.topic] + 1 for item in objects},
            "KeyError: `counts[item.topic] += 1` reads a count before there is one. `counts.get(item.topic, 0)` is 0 "
            "for a topic that is not in the dictionary yet.",
        ),
        Twin(
            lambda objects: {item["topic"]: 1 for item in objects},
            "TypeError: an object here is no dictionary. What it has follows a dot: `item.topic`.",
        ),
    ),
    hints=(
        "Begin with an empty dictionary, and go through the objects one by one.",
        "`counts.get(item.topic, 0)` is the count so far, and 0 where there is none yet.",
        "In the loop: `counts[item.topic] = counts.get(item.topic, 0) + 1`.",
    ),
    more="What would it mean if the three counts were not alike?",
)

# --- 2: how many objects -------------------------------------------------------------------------------------------

CASES = ((200, 1), (60, 20), (50, 20), (7, 10))
"""Posts, and messages an object."""


def objects_written(posts: int, flush_size: int) -> int:
    """Count the objects that the connector has written when `posts` posts have come through."""
    full = posts // flush_size
    return 3 * full


def _objects(answer: Callable[[int, int], int]) -> Result:
    return {f"{posts} posts, flush.size {size}": given(answer(posts, size)) for posts, size in CASES}


OBJECTS_WRITTEN = Exercise(
    solution=objects_written,
    evaluate=_objects,
    twins=(
        Twin(
            lambda posts, flush_size: 3 * -(-posts // flush_size),
            "You counted the last, partial object too. The connector keeps it until it is full: no other property here "
            "tells it to write sooner.",
        ),
        Twin(lambda posts, flush_size: posts // flush_size, "A post is three messages, in three topics of their own."),
        Twin(
            lambda posts, flush_size: 3 * posts // flush_size,
            "You filled objects with whatever comes. An object holds messages of one topic only: each fills its own.",
        ),
        Twin(
            lambda posts, flush_size: 3 * posts,
            "That is right for a `flush.size` of 1 only: an object holds that many messages.",
        ),
    ),
    hints=(
        "Three topics, and each fills objects of its own.",
        "An object is written when it holds `flush_size` messages. What happens to the rest?",
        "`posts // flush_size` is the number of full objects of one topic.",
    ),
    more="What happens to the 10 messages of each topic that are left of 50 posts, if nobody posts any more?",
)

# --- 3: the object that holds a post -------------------------------------------------------------------------------

LOOKED_THROUGH = 10
"""Objects of each topic that the check reads."""

Read = Callable[[str], dict]


def find_object(number: int, objects: list, read) -> str:
    """Find the key of the object that holds the place of a post, of the topic `<id>.geo`; `read` gives its row."""
    for item in objects:
        if item.topic.endswith(".geo") and read(item.key)["ind"] == number:
            return item.key


def _first_with(number: int, objects: list[LandedObject], read: Read, column: str, topic: str = "") -> str | None:
    keys = (item.key for item in objects if item.topic.endswith(topic))
    return next((key for key in keys if read(key).get(column) == number), None)


def _found(
    answer: Callable[[int, list[LandedObject], Read], str], workbook: Workbook, objects: Sequence[LandedObject]
) -> Result:
    """Let an answer look for three posts, among objects in another order than that of the topics' names."""
    attempt(answer)
    by_topic = itertools.groupby(sorted(objects), key=lambda item: item.topic)
    some = [item for _, items in by_topic for item in itertools.islice(items, LOOKED_THROUGH)][::-1]
    with scratch.systems():
        read = functools.cache(lambda key: json.loads(sink_objects.text(workbook, key)))
        places = {read(item.key)["ind"]: item.key for item in some if item.topic.endswith(".geo")}
        numbers = list(dict.fromkeys(places))[:3]
        found = [answer(number, list(some), read) for number in numbers]
    told = [_told(key, read, number) for key, number in zip(found, numbers, strict=True)]
    return dict(zip(("the first post", "the second post", "the third post"), told, strict=True))


def _told(key: object, read: Read, number: int) -> str:
    if not isinstance(key, str):
        return "no key" if key is None else f"no key, but {type(key).__name__}"
    topic = key.split("/")[1].rpartition(".")[2]
    held = number in (read(key).get("ind"), read(key).get("index"))
    return f"a {topic} object that holds {'it' if held else 'another post'}"


FIND_OBJECT = Exercise(
    solution=find_object,
    evaluate=_found,
    twins=(
        Twin(
            lambda number, objects, read: _first_with(number, objects, read, "ind"),
            "That object holds the post's user. Users and places both have `ind`: look at the object's topic too.",
        ),
        Twin(
            lambda number, objects, read: _first_with(number, objects, read, "index"),
            "That object holds the post's pin. Only pins call the number `index`; places and users call it `ind`.",
        ),
        Twin(
            lambda number, objects, read: next(
                (item.key for item in objects if item.topic.endswith(".geo") and item.offset == number), None
            ),
            "You compared the post's number with the offset, and found none. The offset is the message's place in the "
            "topic; the number stands in the message.",
        ),
        Twin(
            lambda number, objects, read: next(item.key for item in objects if item.topic.endswith(".geo")),
            "That is an object of the right topic, and of some other post. Look into it: `read(item.key)`.",
        ),
    ),
    hints=(
        "Go through the objects one by one. Each has `topic` and `key`.",
        '`read(item.key)` gives the row in an object, a dictionary; its number is `["ind"]`.',
        'Two conditions: `item.topic.endswith(".geo")`, and the number in the row is the one that is looked for.',
    ),
    more="You opened objects until you found it. How would you find a post among a million objects?",
)

# --- 4: the numbers of the chart -----------------------------------------------------------------------------------


def posts_by_category(pin: DataFrame, geo: DataFrame) -> DataFrame:
    """Count the posts of the years 2018 to 2022 by category: `category`, `category_count`, the largest count first."""
    posts = pin.join(geo, "ind")
    in_window = posts.where(F.year("timestamp").between(2018, 2022))
    known = in_window.where(F.col("category").isNotNull())
    counts = known.groupBy("category").agg(F.count("*").alias("category_count"))
    return counts.orderBy(F.desc("category_count"), "category")


_PINS = {1: "art", 2: "art", 3: "travel", 4: "travel", 5: "travel", 6: "beauty", 7: None, 8: "art", 9: "art", 10: "art"}
"""Post → category; the tenth has no place."""

_MOMENTS = {1: 2018, 2: 2020, 3: 2019, 4: 2021, 5: 2022, 6: 2020, 7: 2020, 8: 2017, 9: 2023}
"""Post → year."""

COLUMNS, ROWS = "the columns", "the rows, in their order"

Counted = Callable[[DataFrame, DataFrame], DataFrame]


def _ranked(answer: Counted, spark: SparkSession) -> Result:
    """Ask an answer about ten posts made up."""
    attempt(answer)
    pin = spark.createDataFrame(list(_PINS.items()), "ind int, category string")
    moments = [(ind, f"{year}-06-15 12:00:00", "Chad") for ind, year in _MOMENTS.items()]
    geo = spark.createDataFrame(moments, "ind int, timestamp string, country string")
    geo = geo.withColumn("timestamp", F.col("timestamp").cast("timestamp"))
    found = given(answer(pin, geo))
    if not isinstance(found, DataFrame):
        return {COLUMNS: f"no frame, but {type(found).__name__}", ROWS: "none"}
    lines = [", ".join(str(value) for value in row) for row in found.collect()]
    return {COLUMNS: ", ".join(found.columns), ROWS: "; ".join(lines)}


def _ranking(
    condition: str = "year(timestamp) BETWEEN 2018 AND 2022 AND category IS NOT NULL",
    order: Sequence[str] = ("category_count DESC", "category"),
    name: str = "category_count",
) -> Counted:
    """Write the solution with another condition, order or name."""

    def posts_by_category(pin: DataFrame, geo: DataFrame) -> DataFrame:
        counts = pin.join(geo, "ind").where(condition).groupBy("category").agg(F.count("*").alias("category_count"))
        return counts.orderBy(*[F.expr(one.removesuffix(" DESC")).desc() if " " in one else F.col(one) for one in order]
                              ).withColumnRenamed("category_count", name)  # fmt: skip

    return posts_by_category


POSTS_BY_CATEGORY = Exercise(
    solution=posts_by_category,
    evaluate=_ranked,
    twins=(
        Twin(
            _ranking("category IS NOT NULL"),
            "You counted the posts of all years. The question names a window: 2018 to 2022.",
        ),
        Twin(
            _ranking("year(timestamp) BETWEEN 2018 AND 2022"),
            "There is a row without a category: posts of which nobody knows it. They belong to none: leave them out.",
        ),
        Twin(
            _ranking("year(timestamp) > 2018 AND year(timestamp) < 2022 AND category IS NOT NULL"),
            "You left the years 2018 and 2022 out. The window has both ends in it, as `between` has.",
        ),
        Twin(
            _ranking(order=("category",)),
            "The rows are in the order of the categories' names. The largest count is to come first: "
            '`orderBy(F.desc("category_count"), "category")`.',
        ),
        Twin(
            _ranking(order=("category_count", "category")),
            "The smallest count comes first. `F.desc` turns an order round.",
        ),
        Twin(
            _ranking(name="count"),
            "The numbers are right, and their column is called `count`. The chart looks for `category_count`: "
            "`withColumnRenamed`, or `agg` with an `alias`.",
        ),
    ),
    hints=(
        '`pin.join(geo, "ind")` puts category and timestamp of a post into one row.',
        '`.where(F.year("timestamp").between(2018, 2022))` keeps the window, and a second `where` those with a '
        "category.",
        '`.groupBy("category").agg(F.count("*").alias("category_count"))` counts, '
        '`.orderBy(F.desc("category_count"), "category")` orders.',
    ),
    more="Two categories have the same count. What would the chart look like if nothing decided between them?",
)

# --- 5: what the bars leave out ------------------------------------------------------------------------------------

YEARS = {2017: 1, 2018: 2, 2020: 5, 2022: 4, 2023: 3}
"""Year → posts, made up."""


def outside(geo: DataFrame) -> int:
    """Count the posts whose `timestamp` lies outside of the years 2018 to 2022."""
    return geo.where(~F.year("timestamp").between(2018, 2022)).count()


def _counted(answer: Callable[[DataFrame], int], spark: SparkSession) -> Result:
    moments = [f"{year}-12-31 23:59:59" for year, posts in YEARS.items() for _ in range(posts)]
    geo = spark.createDataFrame([(moment,) for moment in moments], "timestamp string")
    found = given(answer(geo.select(F.col("timestamp").cast("timestamp"))))
    return {"posts outside, of a table of 15": "a frame" if isinstance(found, DataFrame) else found}


OUTSIDE = Exercise(
    solution=outside,
    evaluate=_counted,
    twins=(
        Twin(
            lambda geo: geo.where(F.year("timestamp") < 2018).count(),
            "You counted those before 2018, and not those after 2022. The window has two ends.",
        ),
        Twin(
            lambda geo: geo.where(F.year("timestamp") > 2022).count(),
            "You counted those after 2022, and not those before 2018. The window has two ends.",
        ),
        Twin(
            lambda geo: geo.where(F.year("timestamp").between(2018, 2022)).count(),
            "These are the posts inside. `~` in front of a condition turns it round.",
        ),
        Twin(
            lambda geo: geo.where("timestamp < '2018-01-01' OR timestamp > '2022-01-01'").count(),
            "You took posts of 2022 for outside: as a moment, `2022-01-01` is the beginning of that year, and "
            "`2022-12-31` that of its last day. Compare years.",
        ),
        Twin(
            lambda geo: geo.where((F.year("timestamp") < 2018) & (F.year("timestamp") > 2022)).count(),
            "No year is before 2018 and after 2022 at once: say `|`, or, in the place of `&`.",
        ),
        Twin(
            lambda geo: geo.where(~F.year("timestamp").between(2018, 2022)),
            "That is a frame of rows, not yet counted: `.count()` gives their number.",
        ),
        Twin(
            lambda geo: geo.where((F.year("timestamp") <= 2018) | (F.year("timestamp") >= 2022)).count(),
            "You took 2018 and 2022 themselves for outside. `between` and the question count both ends in.",
        ),
    ),
    hints=(
        "`geo.where(condition)` keeps the rows for which a condition holds, and `.count()` counts them.",
        '`F.year("timestamp")` is the year, `.between(2018, 2022)` asks whether it is in the window.',
        '`~F.year("timestamp").between(2018, 2022)` is the condition.',
    ),
    more="A post without a timestamp would be in neither count. How would you find such posts?",
)

QUIZ = (
    Question(
        "Why does the object's name hold the offset of its first message?",
        (
            ("So that objects are listed by age.", "They are listed by name; the offset is not there for the list."),
            ("A connector that starts again after a crash writes the same object under the same name.", None),
            ("So that Spark can skip objects.", "Spark reads all of a folder, whatever the names."),
        ),
    ),
    Question(
        "Run the notebook again: the topics grow, and the number of clean rows does not. Why?",
        (
            ("Kafka refuses what it has seen.", "It takes every message; look at the end offsets."),
            ("The connector skips repetitions.", "It copies what is in the topics, twice if it is there twice."),
            ("The same seed draws the same rows, and exact repetitions collapse in cleaning.", None),
        ),
    ),
    Question(
        "How many messages do 200 posts make?",
        (
            ("600: one for each of the three tables.", None),
            ("200.", "A post has a row in each of three tables, and each row is a message."),
            ("It depends on `flush.size`.", "That decides how many messages share an object, not how many there are."),
        ),
    ),
)

LESSON = Lesson(
    {1: BY_TOPIC, 2: OBJECTS_WRITTEN, 3: FIND_OBJECT, 4: POSTS_BY_CATEGORY, 5: OUTSIDE},
    {
        1: {
            200: "That would be one message a post; each post is three rows, in three topics.",
            3: "One object a topic: that is what a `flush.size` of 200 would give.",
            1: "A single file of everything is what a script would write. Topics stay apart, and so do messages here.",
        },
    },
    QUIZ,
)
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
questions, quiz = LESSON.questions, LESSON.quiz
"""What the notebook calls."""
