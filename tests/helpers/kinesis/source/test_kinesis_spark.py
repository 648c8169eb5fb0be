"""The source in Spark, streaming into Delta: every row once, whatever the trigger and whatever happens."""

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from kinesis_server import STREAM, Fault, merge, put, split
from kinesis_spark import Failed, SparkApplication, application

from helpers.waiting import wait_until


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkApplication]:
    with application(tmp_path_factory.mktemp("spark")) as started:
        yield started


def eventually(holds: Callable[[], bool]) -> None:
    wait_until(holds, 150, "what the query is to do")


def test_the_columns_are_databricks(spark, options):
    assert spark.tell("schema", options=options) == (
        "struct<partitionKey:string,data:binary,stream:string,shardId:string,sequenceNumber:string,"
        "approximateArrivalTimestamp:timestamp>"
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"streamName": ""}, "either streamName or streamARN"),
        ({"maxFetchRate": "9"}, "The Kinesis option maxFetchRate is '9'"),
        ({"consumerMode": "efo"}, "enhanced fan-out"),
    ],
)
def test_a_wrong_option_is_refused_before_a_query_starts(spark, options, wrong, words):
    with pytest.raises(Failed) as error:
        spark.tell("schema", options=options | wrong)
    assert words in str(error.value)
    assert "kept-between-us" not in str(error.value)


def test_what_is_there_is_streamed_and_a_restart_goes_on(spark, client, options):
    blob = random.Random(1).randbytes(200_000)
    put(client, STREAM, range(300))
    arrived = datetime.now(UTC)
    progress = spark.run("batches", options | {"maxRecordsPerFetch": "100"})
    assert [batch["numInputRows"] for batch in progress if batch["numInputRows"]] == [100, 100, 100]
    assert spark.numbers("batches") == list(range(300))
    client.put_record(StreamName=STREAM, Data=blob, PartitionKey="schlüssel")
    split(client, STREAM)
    put(client, STREAM, range(300, 400))
    spark.run("batches", options)
    rows = spark.rows("batches")
    (large,) = [row for row in rows if row["partitionKey"] == "schlüssel"]
    assert large["data"] == blob
    assert len(rows) == 401
    assert {row["stream"] for row in rows} == {STREAM}
    # Spark's files hold timestamps in UTC, without saying so
    arrivals = [row["approximateArrivalTimestamp"].replace(tzinfo=UTC) for row in rows]
    assert max(abs(arrival - arrived) for arrival in arrivals) < timedelta(minutes=5)
    assert sum(batch["numInputRows"] for batch in spark.run("batches", options)) == 0


def test_a_running_query_follows_splits_and_merges(spark, client, server, options):
    put(client, STREAM, range(100))
    spark.start("running", options | {"initialPosition": "latest"}, {"processingTime": "200 milliseconds"})
    eventually(lambda: bool(spark.tell("progress", name="running")))
    put(client, STREAM, range(100, 200))
    split(client, STREAM)
    put(client, STREAM, range(200, 300))
    merge(client, STREAM, index=1)
    put(client, STREAM, range(300, 400))
    server.faults.append(Fault("GetRecords", "ProvisionedThroughputExceededException", times=2))
    eventually(lambda: spark.numbers("running") == list(range(100, 400)))
    server.clock.ahead = 301  # iterators have expired
    put(client, STREAM, range(400, 450))
    eventually(lambda: spark.numbers("running") == list(range(100, 450)))
    spark.tell("stop", name="running")
    assert not spark.tell("is_active", name="running")


def test_a_query_out_of_kinesis_reach_can_be_stopped_and_goes_on_later(spark, client, server, options):
    put(client, STREAM, range(10))
    spark.start("outage", options)
    eventually(lambda: spark.numbers("outage") == list(range(10)))
    with server.out_of_reach():
        time.sleep(2)
        asked = time.monotonic()
        spark.tell("stop", name="outage")
        assert time.monotonic() - asked < 10
    put(client, STREAM, range(10, 20))
    spark.run("outage", options)
    assert spark.numbers("outage") == list(range(20))


def test_a_role_whose_keys_expire_is_assumed_again(spark, client, server, options):
    server.role_lifetime = 1.5
    role = {"roleArn": "arn:aws:iam::123456789012:role/kinesis-access-role", "stsEndpoint": server.url}
    spark.start("role", options | role)
    for first in range(0, 40, 20):
        put(client, STREAM, range(first, first + 20))
        eventually(lambda expected=first + 20: spark.numbers("role") == list(range(expected)))
        time.sleep(server.role_lifetime)
    put(client, STREAM, range(40, 60))
    eventually(lambda: spark.numbers("role") == list(range(60)))
    spark.tell("stop", name="role")
    assert len(server.sessions) >= 2


def test_a_deleted_stream_ends_the_query_in_words(spark, client, options):
    spark.start("deleted", options)
    eventually(lambda: bool(spark.tell("progress", name="deleted")))
    client.delete_stream(StreamName=STREAM)
    eventually(lambda: not spark.tell("is_active", name="deleted"))
    with pytest.raises(Failed, match=f"There is no Kinesis stream {STREAM}.*new checkpointLocation"):
        spark.tell("progress", name="deleted")


def test_one_checkpoint_for_two_streams_ends_in_words(spark, client, options):
    client.create_stream(StreamName="geo", ShardCount=1)
    put(client, STREAM, range(5))
    spark.run("shared", options)
    with pytest.raises(Failed, match=f"reads {STREAM}, but this one reads geo.*checkpointLocation of its own"):
        spark.run("shared", options | {"streamName": "geo"})


def test_no_secret_is_in_a_checkpoint_or_in_the_log(spark):
    kept = [file for file in (spark.folder / "checkpoints").rglob("*") if file.is_file()]
    assert len(kept) > 10
    for file in [*kept, spark.log]:
        assert b"kept-between-us" not in file.read_bytes(), file
