"""Each rule of the cleaning, on values whose right answer can be read off."""

import re
from datetime import UTC, datetime

import pytest
from pyspark.sql import functions as F

from helpers.cleaning import (
    PLACEHOLDERS,
    clean_geo,
    clean_pin,
    clean_user,
    deduplicate,
    null_counts,
    placeholder_counts,
)
from helpers.raw import GEO_SCHEMA, PIN_SCHEMA, USER_SCHEMA, read_raw

PIN_COLUMNS = [
    ("ind", "int"),
    ("unique_id", "string"),
    ("title", "string"),
    ("description", "string"),
    ("follower_count", "int"),
    ("poster_name", "string"),
    ("tag_list", "string"),
    ("is_image_or_video", "string"),
    ("image_src", "string"),
    ("save_location", "string"),
    ("category", "string"),
]
GEO_COLUMNS = [("ind", "int"), ("country", "string"), ("coordinates", "array<double>"), ("timestamp", "timestamp")]
USER_COLUMNS = [("ind", "int"), ("user_name", "string"), ("age", "int"), ("date_joined", "timestamp")]

TEXT_COLUMNS = [name for name, kind in PIN_COLUMNS if kind == "string"]

FOLLOWER_COUNTS = {
    "0": 0,
    "437": 437,
    "007": 7,
    "124k": 124_000,
    "124K": 124_000,
    "5M": 5_000_000,
    "5m": 5_000_000,
    "8.2M": 8_200_000,
    "4.35k": 4_350,
    "0.000001M": 1,
    "12.0": 12,
    "12.9": 12,
    "1.2345k": 1_234,
    "0.9999999M": 999_999,
    "2147483647": 2_147_483_647,
    "2147483648": None,
    "2148M": None,
    "99999999999M": None,
    "9" * 60: None,
    "9" * 60 + "k": None,
    "User Info Error": None,
    "abc": None,
    "-5": None,
    "-5k": None,
    "+5": None,
    "1e3": None,
    "1.5e3": None,
    "1,024": None,
    " 437": None,
    "437 ": None,
    "4 k": None,
    ".5M": None,
    "1.2.3": None,
    "5kk": None,
    "k": None,
    "M": None,
    "٤٣٧": None,
    "": None,
    "  ": None,
    None: None,
}

DATETIMES = {
    "2021-03-04 05:06:07": datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC),
    " 2021-03-04 05:06:07 ": datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC),
    "2021-03-04T05:06:07": datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC),
    "2021-03-04T05:06:07.25": datetime(2021, 3, 4, 5, 6, 7, 250_000, tzinfo=UTC),
    "2021-03-04 05:06:07.123456": datetime(2021, 3, 4, 5, 6, 7, 123_456, tzinfo=UTC),
    "2021-03-04T05:06:07.123456789": datetime(2021, 3, 4, 5, 6, 7, 123_456, tzinfo=UTC),
    "2021-03-04T05:06:07Z": datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC),
    "2021-03-04T05:06:07.25Z": datetime(2021, 3, 4, 5, 6, 7, 250_000, tzinfo=UTC),
    "2021-03-04T05:06:07+02:00": datetime(2021, 3, 4, 3, 6, 7, tzinfo=UTC),
    "2021-03-04 05:06:07-0530": datetime(2021, 3, 4, 10, 36, 7, tzinfo=UTC),
    "2021-03-04T05:06:07+02": datetime(2021, 3, 4, 3, 6, 7, tzinfo=UTC),
    "2020-12-31T23:30:00-01:00": datetime(2021, 1, 1, 0, 30, tzinfo=UTC),
    "1969-12-31 23:59:59": datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
    "2021:03:04 05:06:07": None,
    "2021-03-04": None,
    "2021": None,
    "05:06:07": None,
    "T05:06:07": None,
    "2021-03-04 05:06": None,
    "2021-3-4 5:6:7": None,
    "2021-02-30 05:06:07": None,
    "2021-03-04 25:06:07": None,
    "2021-03-04T05:06:07+99:00": None,
    "2021-03-04 05:06:07 Europe/Paris": None,
    "1614834367": None,
    "now": None,
    "yesterday": None,
    "": None,
    " ": None,
    None: None,
}


@pytest.fixture(params=["UTC", "America/Los_Angeles", "Asia/Kolkata"])
def time_zone(spark, request):
    """Give the session another time zone."""
    before = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", request.param)
    yield request.param
    spark.conf.set("spark.sql.session.timeZone", before)


def frame(spark, schema, *rows: dict):
    return spark.createDataFrame([tuple(row.get(name) for name in schema.names) for row in rows], schema)


def pins(spark, *rows: dict):
    return frame(spark, PIN_SCHEMA, *rows)


def cleaned(spark, column: str, texts: list) -> dict:
    """Clean one column of pins, and return the result by text."""
    rows = clean_pin(pins(spark, *({"index": i, column: text} for i, text in enumerate(texts)))).collect()
    return {texts[row.ind]: row[column] for row in rows}


def test_columns_and_types(spark):
    assert clean_pin(pins(spark)).dtypes == PIN_COLUMNS
    assert clean_geo(frame(spark, GEO_SCHEMA)).dtypes == GEO_COLUMNS
    assert clean_user(frame(spark, USER_SCHEMA)).dtypes == USER_COLUMNS


def test_the_session_is_strict(spark):
    assert spark.conf.get("spark.sql.ansi.enabled") == "true"


def test_follower_counts(spark):
    assert cleaned(spark, "follower_count", list(FOLLOWER_COUNTS)) == FOLLOWER_COUNTS


@pytest.mark.parametrize(("column", "value"), [(c, v) for c, values in PLACEHOLDERS.items() for v in values])
def test_a_placeholder_is_null_in_its_column_only(spark, column, value):
    (row,) = clean_pin(pins(spark, {"index": 1, **dict.fromkeys(TEXT_COLUMNS, value)})).collect()
    for name in TEXT_COLUMNS:
        expected = None if value in PLACEHOLDERS.get(name, ()) else value
        assert row[name] == expected, name
    assert cleaned(spark, column, [value]) == {value: None}


def test_near_misses_of_placeholders_stay(spark):
    for column, near_misses in {
        "title": ["no title data available", "No Title Data Available.", " No Title Data Available", "Untitled"],
        "description": ["No description available ", "No description available Story"],
        "image_src": ["Image src error"],
        "poster_name": ["User Info Error "],
    }.items():
        assert cleaned(spark, column, near_misses) == {text: text for text in near_misses}


@pytest.mark.parametrize("column", TEXT_COLUMNS)
def test_empty_text_is_null_and_other_text_stays_byte_for_byte(spark, column):
    empty = ["", " ", "   ", "\t", "\n", " \t\r\n "]
    kept = [" Ann", "Ann ", "\tAnn\n", "Ünï çödé", 'a, "b"\nc', "…\u00a0", "!", "null", "e\u0301", "é"]
    assert cleaned(spark, column, empty + kept) == dict.fromkeys(empty) | {text: text for text in kept}


def test_save_locations(spark):
    expected = {
        "Local save in /data/art": "/data/art",
        "Local save in /data/Local save in x": "/data/Local save in x",
        "/data/art": "/data/art",
        "local save in /data/art": "local save in /data/art",
        "Local save in ": None,
        "Local save in   ": None,
        "": None,
        None: None,
    }
    assert cleaned(spark, "save_location", list(expected)) == expected


@pytest.mark.usefixtures("time_zone")
def test_datetimes_are_utc_in_any_session_time_zone(spark):
    texts = list(DATETIMES)
    expected = {i: instant and int(instant.timestamp() * 1_000_000) for i, instant in enumerate(DATETIMES.values())}
    geo = clean_geo(frame(spark, GEO_SCHEMA, *({"ind": i, "timestamp": t} for i, t in enumerate(texts))))
    user = clean_user(frame(spark, USER_SCHEMA, *({"ind": i, "date_joined": t} for i, t in enumerate(texts))))
    assert dict(geo.select("ind", F.unix_micros("timestamp")).collect()) == expected
    assert dict(user.select("ind", F.unix_micros("date_joined")).collect()) == expected


def test_coordinates_keep_their_order_and_their_gaps(spark):
    rows = [
        {"ind": 1, "latitude": -89.9787, "longitude": -173.293},
        {"ind": 2, "latitude": None, "longitude": 1.5},
        {"ind": 3},
    ]
    found = {row.ind: row.coordinates for row in clean_geo(frame(spark, GEO_SCHEMA, *rows)).collect()}
    assert found == {1: [-89.9787, -173.293], 2: [None, 1.5], 3: [None, None]}


def test_user_names(spark):
    cases = [
        ("Ann", "Lee", "Ann Lee"),
        ("Ann", None, "Ann"),
        (None, "Lee", "Lee"),
        ("", "Lee", "Lee"),
        ("Ann", "  ", "Ann"),
        (None, None, None),
        ("", " ", None),
        (" Ann", "Lee ", " Ann Lee "),
        ("José", "Ñandú", "José Ñandú"),
    ]
    rows = [{"ind": i, "first_name": first, "last_name": last} for i, (first, last, _) in enumerate(cases)]
    found = {row.ind: row.user_name for row in clean_user(frame(spark, USER_SCHEMA, *rows)).collect()}
    assert found == {i: name for i, (_, _, name) in enumerate(cases)}


def test_every_row_stays(spark):
    rows = [{"index": i, "follower_count": "abc", "title": ""} for i in range(7)]
    assert clean_pin(pins(spark, *rows)).count() == 7


@pytest.mark.parametrize("copies", [1, 2, 5])
def test_repeated_rows_become_one(spark, copies):
    rows = [{"index": 1, "title": "a"}, {"index": 1, "title": "b"}, {"index": 2}]
    clean = deduplicate(clean_pin(pins(spark, *rows * copies)))
    assert sorted((row.ind, row.title or "") for row in clean.collect()) == [(1, "a"), (1, "b"), (2, "")]


def test_repeated_rows_with_arrays_become_one(spark):
    rows = [{"ind": 1, "latitude": 1.0, "longitude": 2.0, "timestamp": "2021-03-04 05:06:07"}] * 3
    assert deduplicate(clean_geo(frame(spark, GEO_SCHEMA, *rows))).count() == 1


def test_a_stream_goes_through_unchanged_but_is_not_deduplicated(spark, tmp_path):
    tables = [(clean_pin, PIN_SCHEMA), (clean_geo, GEO_SCHEMA), (clean_user, USER_SCHEMA)]
    for clean, schema in tables:
        stream = spark.readStream.schema(schema).json(f"file:{tmp_path}")
        result = clean(stream)
        assert result.isStreaming
        with pytest.raises(ValueError, match=r"stream.*MERGE"):
            deduplicate(result)


@pytest.mark.classic
def test_stream_and_batch_agree(spark, tmp_path):
    source = tmp_path / "in"
    rows = [{"index": i, "follower_count": text, "title": text} for i, text in enumerate(FOLLOWER_COUNTS)]
    pins(spark, *rows).coalesce(1).write.json(str(source))
    stream = clean_pin(spark.readStream.schema(PIN_SCHEMA).json(str(source)))
    query = stream.writeStream.format("memory").queryName("cleaned_pins").trigger(availableNow=True).start()
    query.awaitTermination(60)
    batch = clean_pin(spark.read.schema(PIN_SCHEMA).json(str(source)))
    assert sorted(map(str, spark.table("cleaned_pins").collect())) == sorted(map(str, batch.collect()))


def test_the_generated_code_is_small_enough_to_be_compiled(spark, tmp_path, capsys):
    # The JVM interprets a method above 8,000 bytes for ever: three times as slow, and nothing says so.
    (tmp_path / "pin.json").write_text('{"index":1}')
    clean_pin(read_raw(spark, f"file:{tmp_path}", "pin")).explain("codegen")
    sizes = [int(size) for size in re.findall(r"maxMethodCodeSize:(\d+)", capsys.readouterr().out)]
    assert sizes
    assert max(sizes) < 8000


def test_placeholder_counts(spark):
    rows = [
        {"index": 1, "poster_name": "User Info Error", "follower_count": "User Info Error"},
        {"index": 2, "poster_name": "User Info Error", "follower_count": "1k"},
        {"index": 3, "title": "User Info Error"},
        {"index": 4},
    ]
    counts = placeholder_counts(pins(spark, *rows))
    assert counts.columns == ["column", "value", "rows", "share"]
    found = [tuple(row) for row in counts.collect()]
    assert found[:2] == [
        ("poster_name", "User Info Error", 2, 0.5),
        ("follower_count", "User Info Error", 1, 0.25),
    ]
    assert len(found) == sum(map(len, PLACEHOLDERS.values()))
    assert all(row[2:] == (0, 0.0) for row in found[2:])
    assert found[2:] == sorted(found[2:])


def test_placeholder_counts_of_nothing(spark):
    assert {(row["rows"], row.share) for row in placeholder_counts(pins(spark)).collect()} == {(0, None)}


def test_null_counts(spark):
    clean = clean_pin(pins(spark, {"index": 1, "title": "a"}, {"index": 2, "title": "No Title Data Available"}))
    found = [tuple(row) for row in null_counts(clean).collect()]
    assert [name for name, _ in found] == clean.columns
    assert dict(found) == dict.fromkeys(clean.columns, 2) | {"ind": 0, "title": 1}
