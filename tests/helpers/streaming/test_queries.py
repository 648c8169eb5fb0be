"""Kinesis to Delta on the cluster: the batch's rows, once, and in words what cannot be."""

import base64
import contextlib
import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from itertools import islice

import pytest
from kinesis_server import KinesisServer, serving

from helpers.cleaning import CLEANERS
from helpers.config import TABLES, Workbook
from helpers.databricks.laptop.dbutils import DBUtils
from helpers.emulator.postings import history
from helpers.raw import read_raw
from helpers.streaming import queries as stream_queries
from helpers.streaming import warnings as streaming_warnings
from helpers.streaming.progress import batches, state_rows
from helpers.waiting import wait_until

pytestmark = pytest.mark.lab

ONCE = {"availableNow": True}
PATIENCE = 60
POSTINGS = list(islice(history(), 200))


@pytest.fixture
def server(workbook) -> Iterator[KinesisServer]:
    with serving() as started:
        for stream in workbook.streams:
            started.client().create_stream(StreamName=stream, ShardCount=2)
        yield started


@pytest.fixture
def keys(server) -> dict[str, str]:
    return {"awsAccessKey": "AKIATESTS", "awsSecretKey": "kept-between-us", "endpoint": server.url}


@pytest.fixture
def target(request, spark) -> Iterator[Callable[[str], tuple[str, str]]]:
    """Give a test tables and checkpoints of its own, and leave no query running."""
    number = f"{time.time_ns()}"

    def names(table: str) -> tuple[str, str]:
        return f"test_{number}_{table}", f"/tmp/test-{number}/{table}"

    yield names
    for query in spark.streams.active:
        query.stop()
    for table in spark.catalog.listTables(pattern=f"test_{number}_*"):
        spark.sql(f"DROP TABLE {table.name}")


def put(server, stream, *data: bytes) -> None:
    records = [{"Data": each, "PartitionKey": str(number)} for number, each in enumerate(data)]
    assert server.client().put_records(StreamName=stream, Records=records)["FailedRecordCount"] == 0


def test_queries_for_small_batches_write_every_row_and_the_session_has_its_settings_back(
    spark, workbook, server, keys, target
):
    put(server, workbook.stream("geo"), *(posting.wire("geo") for posting in POSTINGS))
    records = stream_queries.cleaned(stream_queries.envelope(spark, workbook, "geo", keys), "geo")
    name, checkpoint = target("geo")
    before = {setting: spark.conf.get(setting, None) for setting in stream_queries.SMALL_BATCHES}
    with contextlib.suppress(KeyError), stream_queries.small_batches(spark):
        query = stream_queries.start(records, name, checkpoint, ONCE)
        assert {setting: spark.conf.get(setting) for setting in before} == stream_queries.SMALL_BATCHES
        raise KeyError("a mistake in the cell")
    assert {setting: spark.conf.get(setting, None) for setting in before} == before
    assert query.awaitTermination(90)
    assert spark.table(name).count() == len(POSTINGS)


@pytest.mark.parametrize("table", TABLES)
def test_the_stream_gives_the_rows_of_the_batch(spark, workbook, server, keys, target, tmp_path, table):
    put(server, workbook.stream(table), *(posting.wire(table) for posting in POSTINGS))
    name, checkpoint = target(table)
    records = stream_queries.envelope(spark, workbook, table, keys)
    assert stream_queries.start(stream_queries.cleaned(records, table), name, checkpoint, ONCE).awaitTermination(90)
    file = tmp_path / "rows.json"
    file.write_bytes(b"\n".join(posting.wire(table) for posting in POSTINGS))
    batch = CLEANERS[table](read_raw(spark, f"file:{file}", table))
    stream = spark.table(name)
    assert stream.dtypes == batch.dtypes
    assert stream.count() == len(POSTINGS)
    assert stream.exceptAll(batch).isEmpty()


def test_a_second_start_goes_on_where_the_first_ended(spark, workbook, server, keys, target):
    name, checkpoint = target("geo")

    def run() -> int:
        frame = stream_queries.cleaned(stream_queries.envelope(spark, workbook, "geo", keys), "geo")
        assert stream_queries.start(frame, name, checkpoint, ONCE).awaitTermination(90)
        return stream_queries.rows_in(spark, name)

    assert stream_queries.rows_in(spark, name) == 0
    put(server, workbook.stream("geo"), *(posting.wire("geo") for posting in POSTINGS[:20]))
    assert run() == 20
    assert run() == 20
    put(server, workbook.stream("geo"), *(posting.wire("geo") for posting in POSTINGS[20:30]))
    assert run() == 30


@pytest.fixture
def another(workbook, server, spark) -> Iterator[Workbook]:
    """Names and streams of somebody else, with ten postings in each stream; their tables are dropped afterwards."""
    other = dataclasses.replace(workbook, id=f"{time.time_ns() % 16**12:012x}")
    for table in TABLES:
        server.client().create_stream(StreamName=other.stream(table), ShardCount=1)
        put(server, other.stream(table), *(posting.wire(table) for posting in POSTINGS[:10]))
    yield other
    for table in spark.catalog.listTables(pattern=f"{other.id}_*"):
        spark.sql(f"DROP TABLE {table.name}")


def test_the_three_tables_are_filled_and_filling_them_again_adds_nothing(spark, another, keys):
    for _ in range(2):
        clean = stream_queries.fill(spark, another, keys)
        assert [spark.table(another.stream_table(table)).count() for table in TABLES] == [10, 10, 10]
    assert all(frame.isStreaming for frame in clean.values())


def test_a_trial_begins_anew_under_the_same_name(spark, another, keys):
    records = stream_queries.envelope(spark, another, "geo", keys)
    for _ in range(2):
        table, checkpoint = stream_queries.fresh(spark, DBUtils(), another, "trial")
        assert stream_queries.rows_in(spark, table) == 0
        assert stream_queries.start(records, table, checkpoint, ONCE).awaitTermination(90)
        assert stream_queries.rows_in(spark, table) == 10


def test_what_cannot_be_decoded_is_set_aside_whole(spark, workbook, server, keys, target):
    good = POSTINGS[0].wire("pin")
    array, twice = json.dumps([json.loads(good)]).encode(), base64.b64encode(good)
    text = json.dumps(good.decode()).encode()
    put(server, workbook.stream("pin"), good, array, twice, text, b"", b"\xff\xfe")
    records = stream_queries.envelope(spark, workbook, "pin", keys)
    kept, dropped = target("kept"), target("dropped")
    good, bad = stream_queries.decoded(records, "pin"), stream_queries.set_aside(records, "pin")
    for frame, place in ((good, kept), (bad, dropped)):
        assert stream_queries.start(frame, *place, ONCE).awaitTermination(90)
    assert stream_queries.rows_in(spark, kept[0]) == 1
    aside = {row["text"] for row in spark.table(dropped[0]).collect()}
    assert aside == {array.decode(), twice.decode(), text.decode(), "", "\ufffd\ufffd"}


def test_repetitions_are_dropped_while_they_are_remembered(spark, workbook, server, keys, target):
    data = [posting.wire("user") for posting in POSTINGS[:15]]
    put(server, workbook.stream("user"), *data, *data)
    name, checkpoint = target("user")
    records = stream_queries.first_of_each(stream_queries.envelope(spark, workbook, "user", keys), "10 minutes")
    query = stream_queries.start(stream_queries.cleaned(records, "user"), name, checkpoint)
    wait_until(lambda: stream_queries.rows_in(spark, name) == 15, PATIENCE, "15 rows")
    put(server, workbook.stream("user"), *data[:5])
    wait_until(lambda: sum(batch.rows for batch in batches(query)) == 35, PATIENCE, "35 records")
    assert state_rows(query) == 15
    query.stop()
    assert stream_queries.rows_in(spark, name) == 15


def test_one_checkpoint_for_two_queries_is_warned_about_before_the_first_is_lost(spark, workbook, server, keys, target):
    put(server, workbook.stream("pin"), POSTINGS[0].wire("pin"))
    put(server, workbook.stream("geo"), POSTINGS[0].wire("geo"))
    _, checkpoint = target("shared")
    read = {table: stream_queries.envelope(spark, workbook, table, keys) for table in TABLES}
    frames = {table: stream_queries.cleaned(records, table) for table, records in read.items()}
    first = stream_queries.start(frames["pin"], target("pin")[0], checkpoint)
    wait_until(lambda: stream_queries.rows_in(spark, target("pin")[0]) == 1, PATIENCE, "a row")
    with pytest.warns(streaming_warnings.SharedCheckpoint, match=checkpoint):
        second = stream_queries.start(frames["geo"], target("geo")[0], checkpoint)
    wait_until(lambda: second.exception() is not None, PATIENCE, "the second query to fail")
    assert "Every query needs a checkpointLocation of its own" in str(second.exception())
    assert not first.isActive


def test_latest_sees_nothing_of_what_was_posted_before(spark, workbook, server, keys, target):
    put(server, workbook.stream("geo"), *(posting.wire("geo") for posting in POSTINGS[:5]))
    name, checkpoint = target("geo")
    records = stream_queries.envelope(spark, workbook, "geo", keys, position="LATEST")
    assert stream_queries.start(stream_queries.cleaned(records, "geo"), name, checkpoint, ONCE).awaitTermination(90)
    assert stream_queries.rows_in(spark, name) == 0


def test_an_unknown_option_is_warned_about_where_the_learner_sees_it(spark, workbook, keys):
    options = keys | {"streamName": workbook.stream("pin"), "region": "us-east-1", "maxWait": "1"}
    records = spark.readStream.format("kinesis").options(**options)
    with pytest.warns(UserWarning, match="maxWait"):
        records.load()
