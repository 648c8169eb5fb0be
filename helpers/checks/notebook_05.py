"""Exercises of the notebook that mounts the bucket and reads three frames."""

from collections.abc import Callable
from urllib.parse import quote

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from helpers.checks.exercise import Exercise, Result, Twin, given
from helpers.checks.lesson import Lesson

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


def _read(answer: Callable[[], str], spark: SparkSession) -> Result:
    schema = given(answer())
    lines = spark.createDataFrame(list(LINES.items()), "what string, line string")
    frame = lines.select("what", F.from_json("line", schema).alias("row")).select("what", "row.*")
    found = {}
    for row in frame.collect():
        values = row.asDict()
        what = values.pop("what")
        found |= {f"{name} of {what}": str(value) for name, value in values.items()}
    return found | {f"type of {name}": kind for name, kind in frame.drop("what").dtypes}


GEO_SCHEMA = Exercise(
    solution=geo_schema,
    evaluate=_read,
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

LESSON = Lesson({1: SOURCE_URL, 2: GEO_SCHEMA}, {})
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
"""What the notebook calls."""
