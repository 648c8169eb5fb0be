"""Exercises of the notebook that mounts the bucket and reads three frames."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from helpers.checks import scratch
from helpers.checks.exercise import Exercise, Result, Twin, given, whole
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.config import Workbook
from helpers.raw import SCHEMAS
from helpers.spark_versions import condition

# --- 1: the keys ---------------------------------------------------------------------------------------------------

KEYS = """User name,Access key ID,Secret access key
somebody-else,AKIAOTHER,other/secret
databricks-user,AKIAMADEUP,made+up/secret
"""
"""A file of keys, made up."""


def read_keys(spark: SparkSession, file: str) -> tuple[str, str]:
    """Read the access key's ID and the secret of `databricks-user` from a CSV file whose first line names columns."""
    table = spark.read.format("csv").option("header", "true").load(file)
    row = table.where("`User name` = 'databricks-user'").first()
    return row["Access key ID"], row["Secret access key"]


ID, SECRET = "the access key's ID", "the secret"


def _keys(answer: Callable[[SparkSession, str], tuple[str, str]], spark: SparkSession, dbutils: Any) -> Result:
    """Part of the key → what the answer reads from a file that is made up."""
    with scratch.folder(dbutils, {"keys.csv": KEYS}) as folder:
        try:
            key, secret = given(answer(spark, f"{folder}/keys.csv"))
        except AnalysisException as error:
            if not (refusal := _REFUSED.get((condition(error) or "").partition(".")[0])):
                raise
            return {ID: refusal, SECRET: refusal}
    return {ID: key, SECRET: secret}


_REFUSED = {"UNRESOLVED_COLUMN": "no such column", "PARSE_SYNTAX_ERROR": "a condition that cannot be read"}
"""What Spark calls a refusal → what it is about."""


def _without_header(spark: SparkSession, file: str) -> tuple[str, str]:
    row = spark.read.csv(file).where("`User name` = 'databricks-user'").first()
    return row[1], row[2]


def _without_backticks(spark: SparkSession, file: str) -> tuple[str, str]:
    row = spark.read.csv(file, header=True).where("User name = 'databricks-user'").first()
    return row[1], row[2]


def _by_position(spark: SparkSession, file: str) -> tuple[str, str]:
    row = spark.read.csv(file).first()
    return row[1], row[2]


READ_KEYS = Exercise(
    solution=read_keys,
    evaluate=_keys,
    wanted={ID: "AKIAMADEUP", SECRET: "made+up/secret"},
    twins=(
        Twin(
            lambda spark, file: spark.read.csv(file, header=True).drop("User name").first(),
            "These are somebody else's keys. The file has a row for each user, in any order: ask for the one of "
            "`databricks-user` with `where`.",
            {ID: "AKIAOTHER"},
        ),
        Twin(
            _by_position,
            "You read the names of the columns as if they were a row. The option `header` says that the first line "
            "holds names.",
            {ID: "Access key ID"},
        ),
        Twin(
            _without_header,
            "Spark knows no column of that name. Without the option `header` it calls them `_c0`, `_c1`, `_c2`; with "
            "it they are called as the cell above shows.",
            {ID: "no such column"},
        ),
        Twin(
            _without_backticks,
            "Spark cannot read the condition. A name with a blank stands in backticks, a text in single quotation "
            "marks: ``\"`User name` = 'databricks-user'\"``.",
            {ID: "a condition that cannot be read"},
        ),
        Twin(
            lambda spark, file: read_keys(spark, file)[::-1],
            "The two are the wrong way round: first the ID, then the secret.",
            {ID: "made+up/secret", SECRET: "AKIAMADEUP"},
        ),
    ),
    hints=(
        "Three steps: read the table, keep one row, take two of its columns.",
        "The name of the column has a blank, so it stands in backticks within the condition: "
        "``\"`User name` = 'databricks-user'\"``.",
        "`.first()` gives a row, and `row[\"Access key ID\"]` is a value of it.",
    ),
    more="A new key is added to the file for the same user. Which of the two would your function take?",
)

# --- 2: the address of a mount -----------------------------------------------------------------------------------

SECRETS = ("plain", "a/b", "a+b", "50%25", "a/b+c%d")
"""Made up; real ones have any of these."""


def source_url(key: str, secret: str, bucket: str) -> str:
    """Write the address of a bucket with its keys, as a mount takes it: `s3n://KEY:SECRET@bucket`."""
    return f"s3n://{key}:{quote(secret, safe='')}@{bucket}"


def _addresses(answer: Callable[[str, str, str], str]) -> Result:
    return {f"secret {secret}": given(answer("AKIA", secret, "my-bucket")) for secret in SECRETS}


SOURCE_URL = Exercise(
    solution=source_url,
    evaluate=_addresses,
    twins=(
        Twin(
            lambda key, secret, bucket: f"s3n://{key}:{secret}@{bucket}",
            "The secret is as it was. A slash in it ends the part with the keys, and the rest is taken for a path.",
        ),
        Twin(
            lambda key, secret, bucket: f"s3n://{key}:{quote(secret)}@{bucket}",
            "`quote` leaves the slash alone, because it is meant for paths. Say `safe=''`: then nothing is left alone.",
        ),
        Twin(
            lambda key, secret, bucket: f"s3n://{key}:{quote(quote(secret, safe=''), safe='')}@{bucket}",
            "Quoted twice: `%2F` became `%252F`. Whoever reads the address takes off one layer only.",
        ),
    ),
    hints=(
        "Which characters mean something in an address? `/`, `+`, `%`, `@`, `:`.",
        "`urllib.parse.quote` writes them as `%2F` and the like. Look at its argument `safe`.",
        "`quote(secret, safe='')`, between the key's colon and the `@`.",
    ),
    more="Whoever reads the notebook's output would read the keys too. Which cell of yours would show the address?",
)

# --- 3: mount anew -------------------------------------------------------------------------------------------------

FIRST, AGAIN = "mounted where nothing was", "mounted again, a folder of the bucket this time"
BESIDE, TOLD = "a mount beside it", "what is given back"


def remount(dbutils, address: str, mount_point: str) -> str:
    """Mount an address, whether or not something is mounted there; return what the workspace shows as its source."""
    if any(mount.mountPoint == mount_point for mount in dbutils.fs.mounts()):
        dbutils.fs.unmount(mount_point)
    dbutils.fs.mount(address, mount_point)
    sources = {mount.mountPoint: mount.source for mount in dbutils.fs.mounts()}
    return sources[mount_point]


class _OurMounts:
    """`dbutils.fs` with the mounts of one check alone: an answer that lets go of all does not let go of others'."""

    def __init__(self, fs: Any, prefix: str):
        self._fs, self._prefix = fs, prefix

    def mounts(self) -> list[Any]:
        """List the mounts that the check has made."""
        return [mount for mount in self._fs.mounts() if mount.mountPoint.startswith(self._prefix)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fs, name)


@contextmanager
def _mount_points(dbutils: Any) -> Iterator[str]:
    """Draw how mount points begin that nobody has; afterwards nothing is mounted there."""
    prefix = f"/mnt/{scratch.token()}"
    with redirect_stdout(None):  # `unmount` speaks
        try:
            yield prefix
        finally:
            for mount in _OurMounts(dbutils.fs, prefix).mounts():
                dbutils.fs.unmount(mount.mountPoint)


def _mounted(answer: Callable[[Any, str, str], str], dbutils: Any, address: str) -> Result:
    """Mount twice at one point, beside another mount, and look each time what the workspace shows."""
    with _mount_points(dbutils) as prefix:
        point, beside = f"{prefix}/bucket", f"{prefix}/beside"
        seen = SimpleNamespace(fs=_OurMounts(dbutils.fs, prefix))
        seen.fs.mount(address, beside)
        found, told = {}, None
        for what, source in ((FIRST, address), (AGAIN, f"{address}/topics")):
            told, stopped = _mounting(answer, seen, source, point)
            shown = {mount.mountPoint: mount.source for mount in seen.fs.mounts()}
            found[what] = stopped or _leads_to(shown.get(point))
        back = "the address with the keys" if "@" in str(told) else told
        return found | {
            BESIDE: "is there" if beside in shown else "is gone",
            TOLD: "its source" if back == shown.get(point) else back,
        }


def _mounting(answer: Callable[[Any, str, str], str], dbutils: Any, address: str, point: str) -> tuple[str | None, str]:
    """Let an answer mount; return what it gives back, and why it stopped if it did."""
    try:
        return answer(dbutils, address, point), ""
    except Exception as error:  # of Java, by way of several classes
        words = str(error).strip().splitlines()[0]
        return None, next((f"refused: {known}" for known in REFUSALS if known in words), f"stopped: {words[:120]}")


REFUSALS = ("Directory already mounted", "Directory not mounted")


def _leads_to(source: str | None) -> str:
    if source is None:
        return "nothing is mounted"
    return "the folder" if source.rstrip("/").endswith("/topics") else "the bucket"


def _mount_alone(dbutils: Any, address: str, mount_point: str) -> str:
    dbutils.fs.mount(address, mount_point)
    return _source(dbutils, mount_point)


def _unmount_first(dbutils: Any, address: str, mount_point: str) -> str:
    dbutils.fs.unmount(mount_point)
    return _mount_alone(dbutils, address, mount_point)


def _unmount_all(dbutils: Any, address: str, mount_point: str) -> str:
    for mount in dbutils.fs.mounts():
        dbutils.fs.unmount(mount.mountPoint)
    return _mount_alone(dbutils, address, mount_point)


def _leave_it(dbutils: Any, address: str, mount_point: str) -> str:
    if not any(mount.mountPoint == mount_point for mount in dbutils.fs.mounts()):
        dbutils.fs.mount(address, mount_point)
    return _source(dbutils, mount_point)


def _say_the_address(dbutils: Any, address: str, mount_point: str) -> str:
    remount(dbutils, address, mount_point)
    return address


def _source(dbutils: Any, mount_point: str) -> str:
    return next(mount.source for mount in dbutils.fs.mounts() if mount.mountPoint == mount_point)


REMOUNT = Exercise(
    solution=remount,
    evaluate=_mounted,
    wanted={FIRST: "the bucket", AGAIN: "the folder", BESIDE: "is there", TOLD: "its source"},
    twins=(
        Twin(
            _mount_alone,
            "The second time Databricks refuses: something is mounted there. Look through `dbutils.fs.mounts()` for a "
            "mount whose `mountPoint` is yours, and unmount it first. Its `source` tells nothing: it holds no keys.",
            {FIRST: "the bucket", AGAIN: "refused: Directory already mounted"},
        ),
        Twin(
            _unmount_first,
            "The first time Databricks refuses: nothing is mounted there that could be let go of. Unmount only if "
            "`dbutils.fs.mounts()` lists your mount point.",
            {FIRST: "refused: Directory not mounted"},
        ),
        Twin(
            _unmount_all,
            "You let go of every mount, also of one that is not yours. Somebody's notebook fails now: compare "
            "`mount.mountPoint` with `mount_point`.",
            {BESIDE: "is gone"},
        ),
        Twin(
            _leave_it,
            "What was mounted stayed as it was. The address may have changed, and keys do change: unmount it, then "
            "mount.",
            {AGAIN: "the bucket"},
        ),
        Twin(
            _say_the_address,
            "You give back the address, and it holds the secret: a cell that shows it stores the secret in the "
            "notebook. Give back the `source` that `dbutils.fs.mounts()` shows.",
            {FIRST: "the bucket", AGAIN: "the folder", TOLD: "the address with the keys"},
        ),
    ),
    hints=(
        "Three steps: is my mount point in the list? then unmount. Mount. Look into the list once more.",
        "`any(mount.mountPoint == mount_point for mount in dbutils.fs.mounts())` answers the first question.",
        "`{mount.mountPoint: mount.source for mount in dbutils.fs.mounts()}[mount_point]` is what is asked for.",
    ),
    more="Between your unmount and your mount a colleague's query reads the folder. What does it meet?",
)

# --- 4: three frames out of the mount --------------------------------------------------------------------------------

TOPICS = {"pin": "me.pin", "geo": "me.geo", "user": "me.user"}
OBJECTS = {
    "topics/me.pin/partition=0/me.pin+0+0000000000.json": '{"title": "A", "index": 1}',
    "topics/me.pin/partition=0/me.pin+0+0000000001.json": '{"title": "B", "index": 2}',
    "topics/me.geo/partition=0/me.geo+0+0000000000.json": '{"ind": 1, "country": "Fiji"}',
    "topics/me.user/partition=0/me.user+0+0000000000.json": '{"ind": 1, "age": 30}\n{"ind": 2, "age": 40}',
    "topics/me.user/partition=0/me.user+0+0000000002.json": '{"ind": 3, "age": 50}',
}
"""Objects as the connector names them, made up."""


def mounted_frames(spark: SparkSession, mount_point: str, topics: dict[str, str]) -> dict[str, DataFrame]:
    """Read all JSON objects of each topic, and let Spark find the columns: table → frame, out of table → topic."""
    frames = {}
    for table, topic in topics.items():
        folder = f"{mount_point}/topics/{topic}/partition=0"
        frames[table] = spark.read.format("json").option("inferSchema", "true").load(f"{folder}/*.json")
    return frames


def _framed(answer: Callable[..., dict[str, DataFrame]], spark: SparkSession, dbutils: Any) -> Result:
    """Table → the columns and the rows of its frame, from a folder like a mount's."""
    with scratch.folder(dbutils, OBJECTS) as folder:
        try:
            frames = given(answer(spark, folder, dict(TOPICS)))
            return {
                f"{what} of {table}": value
                for table, frame in frames.items()
                for what, value in (("columns", ", ".join(frame.columns)), ("rows", frame.count()))
            }
        except AnalysisException as error:
            if condition(error) != "PATH_NOT_FOUND":
                raise
            return {f"{what} of {table}": "no such folder" for table in TOPICS for what in ("columns", "rows")}


def _by_path(path: str) -> Callable[..., dict[str, DataFrame]]:
    """Answer by another path."""
    return lambda spark, mount_point, topics: {
        table: spark.read.json(path.format(mount=mount_point, topic=topic)) for table, topic in topics.items()
    }


MOUNTED_FRAMES = Exercise(
    solution=mounted_frames,
    evaluate=_framed,
    wanted={
        "columns of pin": "index, title",
        "rows of pin": 2,
        "columns of geo": "country, ind",
        "rows of geo": 1,
        "columns of user": "age, ind",
        "rows of user": 3,
    },
    twins=(
        Twin(
            _by_path("{mount}/topics/{topic}/*.json"),
            "There is nothing at that path. The complete one has four parts: mount point, `topics`, the topic, "
            "`partition=0`; the objects lie in the last.",
            {"rows of pin": "no such folder"},
        ),
        Twin(
            _by_path("{mount}/topics/{topic}"),
            "One folder short: of the name `partition=0` Spark made a column `partition`. Go down into that folder.",
            {"columns of pin": "index, title, partition"},
        ),
        Twin(
            _by_path("{mount}/topics/me.pin/partition=0/*.json"),
            "Every frame holds the pins. The name of the topic has to come from `topics`, a different one each time.",
            {"columns of geo": "index, title"},
        ),
        Twin(
            lambda spark, mount_point, topics: {
                topics[table]: frame for table, frame in mounted_frames(spark, mount_point, topics).items()
            },
            "Your frames stand under the names of the topics. Asked for is table → frame, so that code need not know "
            "whose topics they are.",
            {"columns of me.pin": "index, title"},
        ),
        Twin(
            _by_path("{mount}/topics/*/partition=0/*.json"),
            "Each frame holds all three topics: a `*` in the place of the topic takes every folder. Rows of a pin then "
            "have a country, which is null.",
            {"rows of pin": 6},
        ),
    ),
    hints=(
        "A loop over `topics.items()`, a frame each, put into a dict by the table's name.",
        "The path in an f-string: `f\"{mount_point}/topics/{topic}/partition=0/*.json\"`.",
        '`spark.read.format("json").load(path)` reads it and finds out the columns.',
    ),
    more="What would `df_pin` hold if the connector put objects of a second partition beside these?",
)

# --- 5: how long a reading takes -------------------------------------------------------------------------------------

ALL_ROWS, OPENING = "every row", "the time to open the frame"
OPENING_SECONDS = 0.2
LAST = 39


def seconds(read: Callable[[], DataFrame]) -> float:
    """Call `read`, read every row of the frame that it gives, and return how many seconds both took."""
    began = time.monotonic()
    read().count()
    return time.monotonic() - began


def _measured(answer: Callable[[Callable[[], DataFrame]], float], spark: SparkSession) -> Result:
    """See whether an answer reads all rows, by a last row that nobody can read, and what it counts as time."""
    opened = []

    def read_slowly() -> DataFrame:
        time.sleep(OPENING_SECONDS)
        frame = spark.range(1)
        opened.append(time.monotonic())
        return frame

    began = time.monotonic()
    told = given(answer(read_slowly))
    ended = time.monotonic()
    if told < 0 or told > 10 * (ended - began):
        counted = "below zero" if told < 0 else "not in seconds"
    else:
        without = ended - opened[-1]
        counted = "counted" if told > without + OPENING_SECONDS / 2 else "left out"
    return {ALL_ROWS: _how_far(answer, spark), OPENING: counted}


def _how_far(answer: Callable[[Callable[[], DataFrame]], float], spark: SparkSession) -> str:
    unreadable = F.raise_error(F.lit("the last row was read")).cast("boolean")
    rows = spark.range(0, LAST + 1, 1, 2).where(F.when(F.col("id") == LAST, unreadable).otherwise(F.lit(True)))
    try:
        answer(lambda: rows)
    except Exception as error:
        if "the last row was read" not in str(error):
            raise
        return "read"
    return "not read"


def _lazily(read: Callable[[], DataFrame]) -> float:
    began = time.monotonic()
    read()
    return time.monotonic() - began


def _the_first_row(read: Callable[[], DataFrame]) -> float:
    began = time.monotonic()
    read().first()
    return time.monotonic() - began


def _opened_before(read: Callable[[], DataFrame]) -> float:
    frame = read()
    return seconds(lambda: frame)


SECONDS = Exercise(
    solution=seconds,
    evaluate=_measured,
    wanted={ALL_ROWS: "read", OPENING: "counted"},
    twins=(
        Twin(
            _lazily,
            "Nothing was read, or not to the end. `read()` gives a frame, and a frame is a plan: Spark reads when "
            "somebody asks for a result. `first` and `show` ask for a few rows; `count()` asks for all.",
            {ALL_ROWS: "not read"},
        ),
        Twin(
            _opened_before,
            "The clock starts too late. To infer a schema Spark reads all objects while `read()` makes the frame: "
            "look at the clock before you call it.",
            {ALL_ROWS: "read", OPENING: "left out"},
        ),
        Twin(
            lambda read: 1000 * seconds(read),
            "That is more time than has passed. `time.monotonic()` counts seconds already: the difference is the "
            "answer.",
            {ALL_ROWS: "read", OPENING: "not in seconds"},
        ),
    ),
    hints=(
        "Look at the clock, let Spark read, look again.",
        "`time.monotonic()` is a clock that nobody sets; the difference of two looks is in seconds.",
        "What lets Spark read all rows without bringing them here is `read().count()`.",
    ),
    more="`count` asks for no column. What does Spark not have to do then, which `collect` would ask of it?",
)

# --- 6: a schema by hand -------------------------------------------------------------------------------------------

LINES = {
    "a plain line": """
        {"ind": 1, "timestamp": "2021-03-04 05:06:07", "latitude": -87.5, "longitude": -171.639, "country": "Fiji"}""",
    "a time that is none": """
        {"ind": 2, "timestamp": "2021:03:04 05:06:07", "latitude": 1.5, "longitude": 2.5, "country": "Chad"}""",
    "another order": """
        {"country": "Oman", "longitude": 4.75, "latitude": -3.25, "timestamp": "2020-01-01 00:00:00", "ind": 3}""",
}
"""What it is → a line as it comes from the bucket."""


def geo_schema() -> str:
    """Write the columns of the places and their types, as in `ind int, …`: times stay text until they are cleaned."""
    return "ind int, timestamp string, latitude double, longitude double, country string"


def _typed(answer: Callable[[], str], spark: SparkSession) -> Result:
    schema = given(answer())
    lines = spark.createDataFrame(list(LINES.items()), "what string, line string")
    frame = lines.select("what", F.from_json("line", schema).alias("row")).select("what", "row.*")
    found = {}
    for row in frame.collect():
        values = row.asDict()
        what = values.pop("what")
        found |= {f"{name} of {what}": str(value) for name, value in values.items()}
    return found | {f"type of {name}": whole(kind) for name, kind in frame.drop("what").dtypes}


SCHEMA_BY_HAND = Exercise(
    solution=geo_schema,
    evaluate=_typed,
    twins=(
        Twin(
            lambda: "ind int, timestamp timestamp, latitude double, longitude double, country string",
            "With `timestamp` as its type, a time that cannot be read is null already while reading, and nobody sees "
            "any more what stood there. Read it as text, and decide in the cleaning.",
        ),
        Twin(
            lambda: "ind int, timestamp string, latitude float, longitude float, country string",
            "A float keeps about seven digits: -171.639 comes out as -171.63900756835938 once you compute with it.",
        ),
        Twin(
            lambda: "ind string, timestamp string, latitude string, longitude string, country string",
            "All text. It can be read, but three tables are joined on `ind`: let it be a number from the start.",
        ),
        Twin(
            lambda: "ind: integer, timestamp: text, latitude: double, longitude: double, country: text",
            "Spark cannot read this as columns. It wants a name, a blank and a type of its own, with commas between: "
            "`ind int, country string`. Texts are `string`.",
        ),
    ),
    hints=(
        "Five columns. Two are numbers with a fraction, one is a whole number.",
        "The order does not matter: JSON has names.",
        "`int`, `double` and `string` are all the types that you need.",
    ),
    more="What would become of a line without `latitude`? And of one with a column more?",
)

# --- 7: the same rows in fewer objects -------------------------------------------------------------------------------

IN_THREE, IN_ONE, ROWS = "objects in the folder 3", "objects in the folder 1", "rows in the folder 1"
NUMBERS, ONCE_MORE = "what was measured", "run once more"


def by_objects(spark: SparkSession, frame: DataFrame, folder: str, numbers: Sequence[int]) -> dict[int, float]:
    """Write a frame as so many JSON objects into `folder/<number>`, and time a reading of each: number → seconds."""
    measured = {}
    for number in numbers:
        path = f"{folder}/{number}"
        frame.repartition(number).write.mode("overwrite").json(path)
        measured[number] = seconds(lambda path=path: spark.read.schema(frame.schema).json(path))
    return measured


def _compacted(answer: Callable[..., dict[int, float]], spark: SparkSession, dbutils: Any) -> Result:
    """Write forty rows that are in two pieces, as three objects and as one, and look what lies there."""
    frame = spark.range(0, 40, 1, 2)
    with scratch.folder(dbutils, {}) as folder:
        measured = given(answer(spark, frame, folder, (3, 1)))
        found = {IN_THREE: _objects(dbutils, f"{folder}/3"), NUMBERS: ", ".join(map(repr, measured))}
        try:
            answer(spark, frame, folder, (1,))
        except Exception as error:
            found[ONCE_MORE] = condition(error) or type(error).__name__
        else:
            found[ONCE_MORE] = "fine"
        found[IN_ONE] = _objects(dbutils, f"{folder}/1")
        return found | {ROWS: spark.read.json(f"{folder}/1").count() if found[IN_ONE] else 0}


def _objects(dbutils: Any, folder: str) -> int:
    try:
        return sum(entry.name.startswith("part-") for entry in dbutils.fs.ls(folder))
    except Exception as error:  # of Java, by way of several classes
        if "FileNotFound" not in str(error):
            raise
        return 0


def _written(mode: str, pieces: str = "repartition", below: str = "/{}") -> Callable[..., dict[int, float]]:
    """Answer in another way of writing."""

    def answer(spark: SparkSession, frame: DataFrame, folder: str, numbers: Sequence[int]) -> dict[int, float]:
        for number in numbers:
            getattr(frame, pieces)(number).write.mode(mode).json(folder + below.format(number))
        return dict.fromkeys(numbers, 1.0)

    return answer


BY_OBJECTS = Exercise(
    solution=by_objects,
    evaluate=_compacted,
    wanted={IN_THREE: 3, NUMBERS: "3, 1", ONCE_MORE: "fine", IN_ONE: 1, ROWS: 40},
    twins=(
        Twin(
            _written("overwrite", pieces="coalesce"),
            "You asked for three objects and got fewer: `coalesce` puts pieces together and never cuts one. "
            "`repartition` deals the rows out anew, into as many as you say.",
            {IN_THREE: 2},
        ),
        Twin(
            _written("error"),
            "Run a second time, Spark finds the folder full and stops: say `mode(\"overwrite\")`.",
            {IN_THREE: 3, ONCE_MORE: "PATH_ALREADY_EXISTS"},
        ),
        Twin(
            _written("append"),
            "Run a second time, every row is there twice: `append` adds to what is there. `overwrite` takes its place.",
            {IN_THREE: 3, ROWS: 80},
        ),
        Twin(
            _written("overwrite", below=""),
            "Below `folder` there is no folder `3` with objects in it. Write once for each number, into a folder of "
            "its own that is named by the number, or one takes the place of the other.",
            {IN_THREE: 0, IN_ONE: 0},
        ),
        Twin(
            lambda spark, frame, folder, numbers: {
                str(number): took for number, took in by_objects(spark, frame, folder, numbers).items()
            },
            "The seconds stand under texts, `'3'` and `'1'`. Use the numbers as they come: whoever draws the seconds "
            "by objects has to count with them.",
            {IN_THREE: 3, NUMBERS: "'3', '1'"},
        ),
    ),
    hints=(
        "A loop over `numbers`: write, measure, note the seconds by the number.",
        "`frame.repartition(number).write` writes one object a piece; `.mode(\"overwrite\").json(path)` says how and "
        "where.",
        "`seconds(lambda: spark.read.schema(frame.schema).json(path))` measures, with your own function.",
    ),
    more="One object is read by one core. From which size on would you want more than one?",
)

# --- 8: the three frames without a mount ---------------------------------------------------------------------------


def read_frames(spark: SparkSession, workbook: Workbook) -> dict[str, DataFrame]:
    """Read `pin`, `geo` and `user` without a mount: the bucket's own address, the topic's folder, a schema each."""
    frames = {}
    for table in SCHEMAS:
        address = f"s3://{workbook.bucket}/topics/{workbook.topic(table)}/partition=0"
        frames[table] = spark.read.schema(SCHEMAS[table]).json(address)
    return frames


def _from(answer: Callable[..., dict[str, DataFrame]], spark: SparkSession, workbook: Workbook) -> Result:
    """Table → the columns of its frame, and the folder that Spark reads them from."""
    found = {}
    try:
        for table, frame in given(answer(spark, workbook)).items():
            found[f"folder of {table}"] = sorted({_folder(file) for file in frame.inputFiles()})
            found[f"columns of {table}"] = ", ".join(f"{name} {kind}" for name, kind in sorted(frame.dtypes))
    except AnalysisException as error:
        if condition(error) != "PATH_NOT_FOUND":
            raise
        missing = f"not there: {_before_topic(error.getMessageParameters()['path'], workbook)}…"
        return {f"{part} of {table}": missing for table in SCHEMAS for part in ("folder", "columns")}
    return found


def _before_topic(path: str, workbook: Workbook) -> str:
    """Cut a path that is not there where the topic begins: what follows may be written in more ways than one."""
    return path.strip("'").partition(f"{workbook.id}.")[0]


def _folder(file: str) -> str:
    scheme, _, rest = file.rpartition("/")[0].partition(":")
    return f"{'s3' if scheme in ('s3a', 's3n') else scheme}:{rest}"


def _read(frames: Callable[[Workbook, str], str]) -> Callable[[SparkSession, Workbook], dict[str, DataFrame]]:
    """Answer by another address of a table."""
    return lambda spark, workbook: {
        table: spark.read.schema(schema).json(frames(workbook, table)) for table, schema in SCHEMAS.items()
    }


def _as_found_out(schema: StructType) -> str:
    """Write a schema with the types that Spark finds in JSON."""
    return ", ".join(f"{column.name} {column.dataType.simpleString()}" for column in schema).replace(" int", " bigint")


def _all_from(table: str) -> Callable[[SparkSession, Workbook], dict[str, DataFrame]]:
    return _read(lambda workbook, _: f"s3://{workbook.bucket}/topics/{workbook.topic(table)}/partition=0")


READ_FRAMES = Exercise(
    solution=read_frames,
    evaluate=_from,
    twins=(
        Twin(
            _read(lambda workbook, table: f"/mnt/{workbook.id}/topics/{workbook.topic(table)}/partition=0"),
            "That is the way through the mount, and the mount is gone. Begin with `s3://` and the bucket's name.",
        ),
        Twin(
            _read(lambda workbook, table: f"s3://{workbook.bucket}/{workbook.topic(table)}/partition=0"),
            "There is no such folder. The connector puts one before the topic: its `topics.dir`, which is `topics`.",
        ),
        Twin(
            _read(lambda workbook, table: f"s3://{workbook.bucket}/topics/{workbook.topic(table)}"),
            "One folder short: Spark makes a column `partition` of the name `partition=0`. Name that folder as well.",
        ),
        Twin(
            lambda spark, workbook: {
                table: spark.read.schema(_as_found_out(schema)).json(
                    f"s3://{workbook.bucket}/topics/{workbook.topic(table)}/partition=0"
                )
                for table, schema in SCHEMAS.items()
            },
            "The folders are right, the types are those that Spark finds out by itself: it has read all objects for "
            "them. Give each its schema: `SCHEMAS['pin']` and so on.",
        ),
        Twin(
            _read(lambda workbook, table: f"s3://K:S@{workbook.bucket}/topics/{workbook.topic(table)}/partition=0"),
            "Spark knows no such bucket. Is its name `workbook.bucket`, with nothing before it? Keys have no place in "
            "this address: whoever may read the location may, and nobody passes keys on.",
        ),
        Twin(
            _all_from("pin"),
            "All three frames come from the pins. With the schema of another table every column that is not there is "
            "null, and nothing complains.",
        ),
    ),
    hints=(
        "A loop over `SCHEMAS`, a frame each, put into a dict by the table's name.",
        "The path after the bucket is the one you know from the mount: `topics`, the topic, `partition=0`.",
        "`spark.read.schema(SCHEMAS[table]).json(f's3://{workbook.bucket}/topics/{workbook.topic(table)}/partition=0')`",
    ),
    more="What would the address be if the topic had three partitions, and what if only one of them?",
)

QUIZ = (
    Question(
        "A colleague mounts the bucket with keys that may only read. Your notebook writes below the mount point and "
        "fails. Why?",
        (
            ("The bucket is locked while somebody else has it mounted.", "S3 has no such lock; many mount one bucket."),
            ("The mount and its keys belong to the workspace: whoever mounted has decided for all.", None),
            ("A mount can only be read.", "This notebook wrote below its own mount, into `compact`."),
        ),
    ),
    Question(
        "Why is a slash a trouble in the secret, and never in the access key's id?",
        (
            ("A host ends at the first slash in a URL, and ids hold letters and digits only.", None),
            ("Ids are quoted by Databricks.", "Nobody quotes them: they hold nothing that needs it."),
            ("Secrets are longer than a URL may be.", "Forty characters are few for a URL."),
        ),
    ),
    Question(
        "Without a schema, `df_pin` has one column more today than yesterday. What happened?",
        (
            ("Spark kept a column of another table.", "A frame holds what its own objects hold."),
            ("The connector was restarted.", "It writes what it reads, and adds no fields."),
            ("One message held one more field, and inferring takes in whatever it finds.", None),
        ),
    ),
)

LESSON = Lesson(
    {
        1: READ_KEYS,
        2: SOURCE_URL,
        3: REMOUNT,
        4: MOUNTED_FRAMES,
        5: SECONDS,
        6: SCHEMA_BY_HAND,
        7: BY_OBJECTS,
        8: READ_FRAMES,
    },
    {
        1: {
            "glob": "A glob asks for the names object by object. Inferring comes on top of that: all objects, twice.",
            "folder": "A folder is listed a thousand names at a time, and nothing is read before its time.",
        },
    },
    QUIZ,
)
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
questions, quiz = LESSON.questions, LESSON.quiz
"""What the notebook calls."""
