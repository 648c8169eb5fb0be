"""Good lines become rows; every other line is set aside, with the reason."""

import json

import pytest
from pyspark.sql import functions as F

from helpers.raw import GEO_SCHEMA, PIN_SCHEMA, USER_SCHEMA, decode, read_raw, rejected

NOT_AN_OBJECT = "not a JSON object"
NO_KEY = "no integer key"
TEXT_AFTER = "text after the object"

GOOD_LINES = {
    "plain": ('{"index":1,"title":"a"}', {"index": 1, "title": "a"}),
    "blanks around": ('  {"index": 1, "title": "a"}  ', {"index": 1, "title": "a"}),
    "negative key": ('{"index":-1}', {"index": -1}),
    "only the key": ('{"index":5}', {"index": 5}),
    "unknown column": ('{"index":1,"colour":"red"}', {"index": 1}),
    "unknown nested column": ('{"colour":{"r":[1,2]},"index":1,"title":"a"}', {"index": 1, "title": "a"}),
    "number in a text column": ('{"index":1,"follower_count":437}', {"index": 1, "follower_count": "437"}),
    "words in a number column": (
        '{"downloaded":"yes","index":1,"title":"a"}',
        {"index": 1, "title": "a"},
    ),
    "object in a text column": (
        '{"index":1,"title":{"category":"wrong"},"category":"art"}',
        {"index": 1, "title": '{"category":"wrong"}', "category": "art"},
    ),
    "null in a column": ('{"index":1,"title":null}', {"index": 1}),
    "letters beyond ASCII": ('{"index":1,"title":"Ünï, \\"çödé\\"\\n🎄"}', {"index": 1, "title": 'Ünï, "çödé"\n🎄'}),
}

BAD_LINES = {
    "words": ("not json", NOT_AN_OBJECT),
    "half an object": ('{"index":1,"title":"a', NOT_AN_OBJECT),
    "Python's own notation": ("{'index': 1}", NOT_AN_OBJECT),
    "NaN": ('{"index":1,"downloaded":NaN}', NOT_AN_OBJECT),
    "array of numbers": ("[1]", NOT_AN_OBJECT),
    "empty array": ("[]", NOT_AN_OBJECT),
    "array of one object": ('[{"index":1}]', NOT_AN_OBJECT),
    "array of objects": ('[{"index":1},{"index":2}]', NOT_AN_OBJECT),
    "number": ("3", NOT_AN_OBJECT),
    "string": ('"index"', NOT_AN_OBJECT),
    "null": ("null", NOT_AN_OBJECT),
    "true": ("true", NOT_AN_OBJECT),
    "no fields": ("{}", NO_KEY),
    "no key": ('{"title":"a"}', NO_KEY),
    "another table's key": ('{"ind":1}', NO_KEY),
    "null as key": ('{"index":null}', NO_KEY),
    "text as key": ('{"index":"7"}', NO_KEY),
    "float as key": ('{"index":7.0}', NO_KEY),
    "true as key": ('{"index":true}', NO_KEY),
    "key above 32 bits": ('{"index":99999999999}', NO_KEY),
}


def values(row) -> dict:
    return {name: value for name, value in row.asDict().items() if value is not None}


@pytest.fixture
def folder(tmp_path):
    """Write lines into a file of a new folder, and return the folder."""

    def write(*lines: str) -> str:
        (tmp_path / "part.json").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return f"file:{tmp_path}"

    return write


@pytest.mark.parametrize("case", GOOD_LINES)
def test_a_good_line_is_one_row(spark, folder, case):
    line, expected = GOOD_LINES[case]
    path = folder(line)
    assert [values(row) for row in read_raw(spark, path, "pin").collect()] == [expected]
    assert rejected(spark, path, "pin").count() == 0


@pytest.mark.classic
def test_bad_lines_are_set_aside_one_by_one(spark, folder):
    path = folder(*(line for line, _ in BAD_LINES.values()))
    assert read_raw(spark, path, "pin").collect() == []
    found = {row.line: row.reason for row in rejected(spark, path, "pin").collect()}
    assert found == dict(BAD_LINES.values())


@pytest.mark.classic
def test_rows_and_lines_set_aside_add_up(spark, folder):
    good, bad = [[line for line, _ in lines.values()] for lines in (GOOD_LINES, BAD_LINES)]
    path = folder(*good, *bad, *good)
    rows = read_raw(spark, path, "pin")
    assert rows.count() == len(rows.collect()) == 2 * len(good)
    assert rejected(spark, path, "pin").count() == len(bad)


@pytest.mark.parametrize("line", ['{"index":1} and more', '{"index":1}{"index":2}', '{"index":1},{"index":2}'])
def test_text_after_the_object_is_reported(spark, folder, line):
    path = folder(line)
    assert [row["index"] for row in read_raw(spark, path, "pin").collect()] == [1]
    assert [(row.line, row.reason) for row in rejected(spark, path, "pin").collect()] == [(line, TEXT_AFTER)]


def test_rejected_names_the_object_it_came_from(spark, tmp_path):
    (tmp_path / "good.json").write_text('{"index":1}\n')
    (tmp_path / "bad.json").write_text("oops\n")
    (row,) = rejected(spark, f"file:{tmp_path}", "pin").collect()
    assert rejected(spark, f"file:{tmp_path}", "pin").columns == ["line", "reason", "path"]
    assert row.path.endswith("/bad.json")


def test_empty_files_and_blank_lines_give_nothing(spark, tmp_path):
    (tmp_path / "empty.json").write_text("")
    (tmp_path / "blank.json").write_text("\n  \n\t\n")
    assert read_raw(spark, f"file:{tmp_path}", "pin").count() == 0
    assert rejected(spark, f"file:{tmp_path}", "pin").count() == 0


@pytest.mark.parametrize(("table", "schema"), [("pin", PIN_SCHEMA), ("geo", GEO_SCHEMA), ("user", USER_SCHEMA)])
def test_columns_are_exactly_the_schemas(spark, tmp_path, table, schema):
    partition = tmp_path / "partition=0"
    partition.mkdir()
    key = schema.names[0]
    (partition / "part.json").write_text(json.dumps({key: 1, "colour": "red"}))
    frame = read_raw(spark, f"file:{tmp_path}", table)
    assert [(field.name, field.dataType) for field in frame.schema] == [
        (field.name, field.dataType) for field in schema
    ]
    assert frame.count() == 1


def test_words_in_number_columns_of_geo_and_user_are_null(spark, tmp_path):
    (tmp_path / "geo.json").write_text('{"ind":1,"latitude":"north","longitude":2.5,"country":"Peru"}')
    (tmp_path / "user.json").write_text('{"ind":1,"age":"young","first_name":"Ann"}')
    (geo,) = read_raw(spark, f"file:{tmp_path}/geo.json", "geo").collect()
    (user,) = read_raw(spark, f"file:{tmp_path}/user.json", "user").collect()
    assert values(geo) == {"ind": 1, "longitude": 2.5, "country": "Peru"}
    assert values(user) == {"ind": 1, "first_name": "Ann"}


@pytest.mark.parametrize("read", [read_raw, rejected])
def test_a_missing_folder_is_named_at_the_call(spark, tmp_path, read):
    missing = f"file:{tmp_path}/not there"
    with pytest.raises(FileNotFoundError, match=r"not there.*spelling"):
        read(spark, missing, "pin")


@pytest.mark.parametrize("read", [read_raw, rejected])
def test_an_unknown_table_is_named_with_the_valid_ones(spark, tmp_path, read):
    with pytest.raises(ValueError, match=r"'pins'.*'pin', 'geo', 'user'"):
        read(spark, f"file:{tmp_path}", "pins")


def test_decode_refuses_an_unknown_table(spark):
    with pytest.raises(ValueError, match=r"'pins'.*'pin', 'geo', 'user'"):
        decode(F.lit("{}"), "pins")


@pytest.mark.classic
def test_a_number_written_as_text_is_read_in_files_and_by_decode(spark, folder):
    line = '{"ind":1,"age":"21"}'
    (row,) = read_raw(spark, folder(line), "user").collect()
    texts = spark.createDataFrame([(line,)], "line string")
    (text,) = texts.select(decode(F.col("line"), "user").alias("user")).collect()
    assert values(row) == values(text.user) == {"ind": 1, "age": 21}


def test_a_folder_of_two_thousand_objects(spark, tmp_path):
    for i in range(2000):
        (tmp_path / f"topic+0+{i:010}.json").write_text(json.dumps({"ind": i, "country": "Peru"}) + "\n")
    (row,) = read_raw(spark, f"file:{tmp_path}", "geo").agg(F.count_distinct("ind").alias("n")).collect()
    assert row.n == 2000


def test_a_path_with_blanks_and_letters_beyond_ascii(spark, tmp_path):
    folder = tmp_path / "mit Lücke и кириллица"
    folder.mkdir()
    (folder / "ein Stück.json").write_text('{"index":1}\noops\n')
    assert read_raw(spark, f"file:{folder}", "pin").count() == 1
    assert rejected(spark, f"file:{folder}", "pin").count() == 1


def test_decode_follows_the_same_rules(spark):
    good, bad = [[line for line, _ in lines.values()] for lines in (GOOD_LINES, BAD_LINES)]
    texts = spark.createDataFrame([(line,) for line in good + bad], "line string")
    pins = texts.select("line", decode(F.col("line"), "pin").alias("pin")).where("pin IS NOT NULL")
    found = {row.line: values(row) for row in pins.select("line", "pin.*").collect()}
    for row in found.values():
        del row["line"]
    assert found == dict(GOOD_LINES.values())
