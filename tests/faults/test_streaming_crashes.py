"""kill -9 of the cluster while three streams are read: every record is in its table, once."""

import random
import threading
import time

import boto3
import pytest
from crashes import kill, wait_until_back
from labs import FAULT_PORTS, running_lab, workbook_of
from pyspark.sql import SparkSession

from helpers import streaming
from helpers.config import TABLES
from helpers.kinesis_source import KinesisDataSource

pytestmark = pytest.mark.lab

RECORDS, CALL = 20_000, 250
GOOD = '{"ind": %d, "country": "Chad", "latitude": 1.5, "longitude": 2.5, "timestamp": "2020-01-01 00:00:00"}'


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("streaming faults"), FAULT_PORTS, ("s3", "aws", "cluster")) as started:
        yield started


@pytest.fixture(scope="module")
def workbook(lab):
    with workbook_of(lab) as loaded:
        yield loaded


def post(kinesis, stream):
    """Put all records, as fast as the shards take them: what a shard refuses is put again."""
    for first in range(0, RECORDS, CALL):
        todo = [
            {"Data": (GOOD % number).encode(), "PartitionKey": str(number)} for number in range(first, first + CALL)
        ]
        while todo:
            done = kinesis.put_records(StreamName=stream, Records=todo)["Records"]
            todo = [record for record, result in zip(todo, done, strict=True) if "ErrorCode" in result]
            time.sleep(0.2 if todo else 0)


def attached():
    """A session with the cluster that is there now, beside the one that other tests may have."""
    session = SparkSession.builder.create()
    session.dataSource.register(KinesisDataSource)
    return session


def start(spark, workbook, trigger=None):
    """Three queries that write Kinesis's envelope, so that every record can be told apart."""
    return [
        streaming.written(
            streaming.envelope(spark, workbook, table, {}), f"crash_{table}", workbook.checkpoint(table), trigger
        )
        for table in TABLES
    ]


def test_three_kills_lose_and_repeat_nothing(lab, workbook):
    kinesis = boto3.client("kinesis", region_name=workbook.region)
    for stream in workbook.streams:
        kinesis.create_stream(StreamName=stream, ShardCount=4)
        kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    senders = [threading.Thread(target=post, args=(kinesis, stream)) for stream in workbook.streams]
    for sender in senders:
        sender.start()
    chance = random.Random(7)
    for _ in range(3):
        lost = attached()
        start(lost, workbook)
        time.sleep(chance.uniform(6, 12))
        wait_until_back(lab, "cluster", kill(lab, "cluster"))
        lost.stop()  # else it is given back when Python ends, to a cluster that will be down
    for sender in senders:
        sender.join()
    spark = attached()
    for query in start(spark, workbook, {"availableNow": True}):
        assert query.awaitTermination(120), query.lastProgress
    for table in TABLES:
        # in SQL: pyspark's functions ask the session that was made first, and its cluster is gone
        counted = spark.sql(f"SELECT count(*), count(DISTINCT shardId, sequenceNumber) FROM crash_{table}")
        assert tuple(counted.first()) == (RECORDS, RECORDS)
    spark.stop()
