"""Clean the raw pins, places and users; the same functions serve batch and stream.

Every rule is a column expression, so a table is cleaned in one pass, on a streaming frame as on a static one.
Removing repeated rows is a step of its own (`deduplicate`), because a stream does that with a watermark or MERGE.
The rates of each kind of dirt are listed in data/README.md.
"""

from collections.abc import Callable, Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

#: What the scraper wrote where it found nothing, by column. A placeholder is the whole value, to the letter.
PLACEHOLDERS: Mapping[str, Sequence[str]] = {
    "title": ("No Title Data Available",),
    "description": ("No description available Story format", "No description available"),
    "follower_count": ("User Info Error",),
    "poster_name": ("User Info Error",),
    "tag_list": ("N,o, ,T,a,g,s, ,A,v,a,i,l,a,b,l,e",),
    "image_src": ("Image src error.",),
}

#: Text made of nothing but these is empty.
BLANKS = " \t\r\n"

SAVE_LOCATION_PREFIX = "Local save in "

# A date and a time of day, a fraction or none, a zone or none.
_DATETIME = r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)?$"


def clean_pin(raw: DataFrame) -> DataFrame:
    """Clean pins.

    Parameters
    ----------
    raw : DataFrame
        Static or streaming, with the columns of `helpers.raw.PIN_SCHEMA`.

    Returns
    -------
    DataFrame
        `ind` (int), `unique_id`, `title`, `description`, `follower_count` (int), `poster_name`, `tag_list`,
        `is_image_or_video`, `image_src`, `save_location` (a path), `category`; as many rows as `raw`.

    Notes
    -----
    Placeholders and empty text become null. Other text stays byte for byte, also a poster's name that begins or
    ends with a blank: names identify posters, and trimming could make one of two.
    `downloaded` is dropped: it is the scraper's own bookkeeping.
    """
    return raw.select(
        F.col("index").alias("ind"),
        _text("unique_id"),
        _text("title"),
        _text("description"),
        _follower_count(F.col("follower_count")).alias("follower_count"),
        _text("poster_name"),
        _text("tag_list"),
        _text("is_image_or_video"),
        _text("image_src"),
        _save_path(F.col("save_location")).alias("save_location"),
        _text("category"),
    )


def clean_geo(raw: DataFrame) -> DataFrame:
    """Clean places.

    Parameters
    ----------
    raw : DataFrame
        Static or streaming, with the columns of `helpers.raw.GEO_SCHEMA`.

    Returns
    -------
    DataFrame
        `ind` (int), `country`, `coordinates` (array of latitude and longitude in degrees, in this order; an
        unknown one is a null in its place), `timestamp`; as many rows as `raw`. See `clean_user` for datetimes.
    """
    return raw.select(
        "ind",
        _text("country"),
        F.array("latitude", "longitude").alias("coordinates"),
        _instant(F.col("timestamp")).alias("timestamp"),
    )


def clean_user(raw: DataFrame) -> DataFrame:
    """Clean users.

    Parameters
    ----------
    raw : DataFrame
        Static or streaming, with the columns of `helpers.raw.USER_SCHEMA`.

    Returns
    -------
    DataFrame
        `ind` (int), `user_name`, `age` (int, years), `date_joined` (timestamp); as many rows as `raw`.

    Notes
    -----
    `user_name` is first name, blank, last name; if one of the two is missing it is the other, if both are, null.

    A datetime is `YYYY-MM-DD HH:MM:SS` or the same with `T`, with or without a fraction (kept to the
    microsecond), with or without `Z` or an offset such as `+02:00`; without one it is UTC, whatever the session's
    time zone. Anything else is null and the row stays. That includes a date alone and a year alone: Spark would
    read them as midnight and New Year, times that nobody has stated.
    """
    names = F.concat_ws(" ", _not_empty(F.col("first_name")), _not_empty(F.col("last_name")))
    return raw.select(
        "ind",
        _not_empty(names).alias("user_name"),
        "age",
        _instant(F.col("date_joined")).alias("date_joined"),
    )


CLEANERS: Mapping[str, Callable[[DataFrame], DataFrame]] = {"pin": clean_pin, "geo": clean_geo, "user": clean_user}
"""The cleaning of each table, for batch and stream."""


def deduplicate(df: DataFrame) -> DataFrame:
    """Keep one of each set of equal rows, in no particular order.

    Parameters
    ----------
    df : DataFrame
        A static frame.

    Returns
    -------
    DataFrame
        The same columns. Rows that differ in any column all stay.

    Raises
    ------
    ValueError
        If `df` is a stream: it would have to remember every row for ever.
    """
    if df.isStreaming:
        raise ValueError(
            "deduplicate() takes a static frame, and this one is a stream. Use withWatermark() and "
            "dropDuplicatesWithinWatermark(), or MERGE each batch into its table."
        )
    return df.distinct()


def placeholder_counts(raw_pin: DataFrame) -> DataFrame:
    """Count each placeholder in raw pins.

    Parameters
    ----------
    raw_pin : DataFrame
        Static, with the columns of `helpers.raw.PIN_SCHEMA`.

    Returns
    -------
    DataFrame
        `column`, `value`, `rows` (bigint), `share` (of all rows, 0 to 1; null if there are none), one row a
        placeholder, the most frequent first, then by column and value.
    """
    pairs = [(column, value) for column, values in PLACEHOLDERS.items() for value in values]
    total = F.count(F.lit(1))
    counts = [
        F.struct(
            F.lit(column).alias("column"),
            F.lit(value).alias("value"),
            F.count_if(F.col(column) == value).alias("rows"),
            F.try_divide(F.count_if(F.col(column) == value), total).alias("share"),
        )
        for column, value in pairs
    ]
    table = raw_pin.agg(F.array(*counts).alias("counts")).select(F.inline("counts"))
    return table.orderBy(F.desc("rows"), "column", "value")


def null_counts(df: DataFrame) -> DataFrame:
    """Count the nulls of each column.

    Parameters
    ----------
    df : DataFrame
        Any static frame.

    Returns
    -------
    DataFrame
        `column`, `nulls` (bigint), one row a column, in the order of `df`.
    """
    counts = [
        F.struct(F.lit(name).alias("column"), F.count_if(F.col(name).isNull()).alias("nulls"))
        for name in df.columns
    ]
    return df.agg(F.array(*counts).alias("counts")).select(F.inline("counts"))


def _text(name: str) -> Column:
    return _not_empty(F.col(name), PLACEHOLDERS.get(name, ())).alias(name)


def _not_empty(text: Column, placeholders: Sequence[str] = ()) -> Column:
    # The first comparison looks at one byte and is false for nearly every value ("!" follows the blank in
    # Unicode), which spares the trimming.
    is_blank = (text < "!") & (F.ltrim(text, F.lit(BLANKS)) == "")
    keep = ~is_blank
    for placeholder in placeholders:
        keep &= text != placeholder
    return F.when(keep, text)


def _save_path(text: Column) -> Column:
    path = F.substr(text, F.lit(len(SAVE_LOCATION_PREFIX) + 1))
    return F.when(text.startswith(SAVE_LOCATION_PREFIX), _not_empty(path)).otherwise(_not_empty(text))


def _follower_count(text: Column) -> Column:
    """Read `437`, `124k` or `8.2M` (either case) as an integer; null for anything else and above 2**31 - 1.

    A fraction of a follower is cut off.
    """
    # Comparisons come first: a cast that fails throws and catches inside Spark, which is slow, and a cast alone
    # would also read an exponent, a sign or blanks. ":" follows "9" in Unicode.
    is_number = (text >= "0") & (text < ":") & ~text.contains("e") & ~text.contains("E") & ~text.contains(" ")
    shortened = F.substr(text, F.lit(1), F.length(text) - 1)
    count = (
        F.when(text.endswith("k") | text.endswith("K"), _decimal(shortened) * 1_000)
        .when(text.endswith("M") | text.endswith("m"), _decimal(shortened) * 1_000_000)
        .otherwise(_decimal(text))
    )
    return F.when(is_number, count.try_cast("int"))


def _decimal(text: Column) -> Column:
    return text.try_cast("decimal(28, 10)")


def _instant(text: Column) -> Column:
    text = F.trim(text)
    after_seconds = F.substr(text, F.lit(20))
    has_zone = after_seconds.contains("+") | after_seconds.contains("-") | after_seconds.endswith("Z")
    zoned = F.when(has_zone, text).otherwise(F.concat(text, F.lit("Z")))
    return F.when(text.rlike(_DATETIME), zoned.try_cast("timestamp"))
