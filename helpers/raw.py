"""Read the raw JSON lines that the pipeline lands: good lines become rows, every other line is set aside.

A line is good when it is a JSON object whose key (`index` for pins, `ind` for geo and user) is an integer.
Nothing else is asked of it: an unknown column is ignored, a field that cannot be read as its type is null.

Spark reads a line up to the end of its first JSON value. `rejected` reports a line that goes on after it.
"""

from collections.abc import Callable

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DoubleType, IntegerType, StringType, StructField, StructType

from helpers.spark_versions import condition


def _schema(**columns: type) -> StructType:
    return StructType([StructField(name, data_type()) for name, data_type in columns.items()])


PIN_SCHEMA = _schema(
    index=IntegerType,
    unique_id=StringType,
    title=StringType,
    description=StringType,
    poster_name=StringType,
    follower_count=StringType,
    tag_list=StringType,
    is_image_or_video=StringType,
    image_src=StringType,
    downloaded=IntegerType,
    save_location=StringType,
    category=StringType,
)
GEO_SCHEMA = _schema(
    ind=IntegerType, timestamp=StringType, latitude=DoubleType, longitude=DoubleType, country=StringType
)
USER_SCHEMA = _schema(
    ind=IntegerType, first_name=StringType, last_name=StringType, age=IntegerType, date_joined=StringType
)

SCHEMAS = {"pin": PIN_SCHEMA, "geo": GEO_SCHEMA, "user": USER_SCHEMA}
"""The wire form of each table."""

# The reader puts a line here, whole, when it finds anything unusual in it.
_UNUSUAL = "_unusual_line"

_READER_OPTIONS = {
    "columnNameOfCorruptRecord": _UNUSUAL,
    # Spark's reader would turn the elements of a line `[{…}, {…}]` into rows. Those objects are nested one
    # level deep and a posting is flat, so this makes such a line unusual instead.
    "maxNestingDepth": "1",
    # Spark accepts {'index': 1} and NaN by default; neither is JSON.
    "allowSingleQuotes": "false",
    "allowNonNumericNumbers": "false",
}


def read_raw(spark: SparkSession, path: str, table: str) -> DataFrame:
    """Read the good lines of a folder or file.

    Parameters
    ----------
    spark : SparkSession
        A classic or a Spark Connect session.
    path : str
        A folder or file of JSON lines, or a glob of them; any file system that Spark can read.
    table : {"pin", "geo", "user"}
        Which of the three tables the lines belong to.

    Returns
    -------
    DataFrame
        One row a good line, with exactly the columns of the table's schema (`PIN_SCHEMA`, `GEO_SCHEMA`,
        `USER_SCHEMA`). Repeated lines are repeated rows. Blank lines and empty files give nothing.

    Raises
    ------
    ValueError
        If `table` is none of the three.
    FileNotFoundError
        If there is nothing at `path`.

    Notes
    -----
    Spark's JSON reader works on a file's bytes, `decode` on text: 1.5 s against 2.7 s for a million pins on two
    cores. So the reader does the plain lines, and `decode` decides on the few that are not.
    """
    schema = _schema_of(table)
    reader = spark.read.schema(StructType([*schema, StructField(_UNUSUAL, StringType())]))
    lines = _found(lambda: reader.options(**_READER_OPTIONS).json(path), path)
    unusual = F.col(_UNUSUAL)
    lines = lines.withColumn("decoded", decode(unusual, table))
    columns = [
        F.when(unusual.isNull(), F.col(name)).otherwise(F.col("decoded")[name]).alias(name)
        for name in schema.names
    ]
    return lines.select(columns).where(F.col(_key(schema)).isNotNull())


def rejected(spark: SparkSession, path: str, table: str) -> DataFrame:
    """List the lines that are set aside, so that they can be counted and looked at.

    Parameters
    ----------
    spark, path, table
        As for `read_raw`.

    Returns
    -------
    DataFrame
        `line` (the whole line), `reason` ("not a JSON object", "no integer key" or "text after the object") and
        `path` (the object or file it came from). A line with text after the object is also a row of
        `read_raw`, by the object it begins with: only the rest of it is set aside.

    Raises
    ------
    ValueError
        If `table` is none of the three.
    FileNotFoundError
        If there is nothing at `path`.
    """
    _schema_of(table)
    lines = _found(lambda: spark.read.text(path).select("value", "_metadata.file_path"), path)
    line = F.col("value")
    is_object = F.schema_of_variant(F.try_parse_json(line)).startswith("OBJECT")
    # In brackets, a line that holds one value and nothing more is an array of one.
    in_brackets = F.try_parse_json(F.concat(F.lit("["), line, F.lit("]")))
    elements = F.size(F.try_variant_get(in_brackets, "$", "array<variant>"))
    reason = (
        F.when(~F.coalesce(is_object, F.lit(False)), "not a JSON object")
        .when(decode(line, table).isNull(), "no integer key")
        .when(F.coalesce(elements, F.lit(0)) != 1, "text after the object")
    )
    is_blank = F.btrim(line, F.lit(" \t")) == ""
    return (
        lines.where(~is_blank)
        .select(line.alias("line"), reason.alias("reason"), F.col("file_path").alias("path"))
        .where(F.col("reason").isNotNull())
    )


def decode(text: Column, table: str) -> Column:
    """Decode one JSON text a row, by the rules of `read_raw`, wherever the text comes from.

    A stream uses it on its own column::

        pin = decode(F.col("data").cast("string"), "pin").alias("pin")
        records.select(pin).where("pin IS NOT NULL").select("pin.*")

    Parameters
    ----------
    text : Column
        A string column of JSON.
    table : {"pin", "geo", "user"}
        Which of the three tables the text belongs to.

    Returns
    -------
    Column
        A struct of the table's schema, or null where the text is no good line. In a number column, a number
        written as text is read as the number.

    Raises
    ------
    ValueError
        If `table` is none of the three.

    Notes
    -----
    It is stricter than Spark's file reader in two rare cases: half a surrogate pair and a repeated name make a
    text no good line here, while `read_raw` keeps the line.
    """
    schema = _schema_of(table)
    key = _key(schema)
    value = F.try_parse_json(text)
    row = F.try_variant_get(value, "$", schema.simpleString())
    # A key such as "7" or 7.0 would be cast to an integer too: the type that the JSON has is what counts.
    key_type = F.schema_of_variant(F.try_variant_get(value, f"$.{key}", "variant"))
    return F.when((key_type == "BIGINT") & row[key].isNotNull(), row)


def _schema_of(table: str) -> StructType:
    if table not in SCHEMAS:
        raise ValueError(f"There is no table {table!r}: use one of {', '.join(map(repr, SCHEMAS))}.")
    return SCHEMAS[table]


def _key(schema: StructType) -> str:
    return schema.names[0]


def _found(read: Callable[[], DataFrame], path: str) -> DataFrame:
    """Return the frame that `read` makes, after Spark has looked whether `path` is there."""
    try:
        frame = read()
        _ = frame.schema  # a Connect session looks only when it is asked something
    except AnalysisException as error:
        if condition(error) != "PATH_NOT_FOUND":
            raise
        raise FileNotFoundError(
            f"There is nothing to read at {path!r}. Check the spelling; if it is right, nothing has been "
            "written there yet: look at the folder above it, and at the connector's status."
        ) from error
    return frame
