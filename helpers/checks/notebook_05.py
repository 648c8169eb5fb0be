"""Exercises of the notebook that mounts the bucket and reads three frames."""

from collections.abc import Callable
from urllib.parse import quote

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from helpers.checks.exercise import Exercise, Result, Twin, given, whole
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.config import Workbook
from helpers.raw import SCHEMAS
from helpers.spark_versions import condition

# --- 1: the address of a mount -----------------------------------------------------------------------------------

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

# --- 2: a schema by hand -------------------------------------------------------------------------------------------

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
    ),
    hints=(
        "Five columns. Two are numbers with a fraction, one is a whole number.",
        "The order does not matter: JSON has names.",
        "`int`, `double` and `string` are all the types that you need.",
    ),
    more="What would become of a line without `latitude`? And of one with a column more?",
)

# --- 3: the three frames without a mount ---------------------------------------------------------------------------


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
    {1: SOURCE_URL, 2: SCHEMA_BY_HAND, 3: READ_FRAMES},
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
