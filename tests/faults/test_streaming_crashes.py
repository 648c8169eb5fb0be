"""kill -9 of the cluster while three streams are read: every record is in its table, once."""

import json
import random
import subprocess
import sys
import threading
import time

import boto3
import pytest
from crashes import kill, wait_until_back
from labs import FAULT_PORTS, running_lab, workbook_of

from helpers.config import TABLES
from lab.core.layout import CHECKOUT

pytestmark = pytest.mark.lab

RECORDS, CALL = 20_000, 250
GOOD = '{"ind": %d, "country": "Chad", "latitude": 1.5, "longitude": 2.5, "timestamp": "2020-01-01 00:00:00"}'


@pytest.fixture
def lab(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("streaming faults"), FAULT_PORTS, ("s3", "aws", "cluster")) as started:
        yield started


@pytest.fixture
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


STREAM = """
import json, sys
from helpers import databricks
from helpers.streaming import queries as stream_queries
from helpers.config import TABLES, Workbook

workbook, spark = Workbook.load(), databricks.session()
trigger = {"availableNow": True} if sys.argv[1:] else None
queries = [
    stream_queries.start(
        stream_queries.envelope(spark, workbook, table, {}), f"crash_{table}", workbook.checkpoint(table), trigger
    )
    for table in TABLES
]
for query in queries:
    query.awaitTermination()
count = "SELECT count(*), count(DISTINCT shardId, sequenceNumber) FROM crash_"
counted = [spark.sql(count + table).first() for table in TABLES]
print(json.dumps([list(row) for row in counted]))
"""
"""Writes Kinesis's envelope, so that every record can be told apart: for ever, or with an argument what is there."""


def streaming_into_tables(*arguments):
    """A process of its own, as a notebook is one: its cluster will be killed under it."""
    command = [sys.executable, "-c", STREAM, *arguments]
    return subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def test_three_kills_lose_and_repeat_nothing(lab, workbook, seed, figures):
    kinesis = boto3.client("kinesis", region_name=workbook.region)
    for stream in workbook.streams:
        kinesis.create_stream(StreamName=stream, ShardCount=4)
        kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    senders = [threading.Thread(target=post, args=(kinesis, stream)) for stream in workbook.streams]
    for sender in senders:
        sender.start()
    chance = random.Random(seed)
    for _ in range(3):
        notebook = streaming_into_tables()
        time.sleep(chance.uniform(10, 16))
        assert notebook.poll() is None
        wait_until_back(lab, "cluster", kill(lab, "cluster"))
        notebook.kill()
        notebook.wait()
    for sender in senders:
        sender.join()
    printed, _ = streaming_into_tables("once").communicate(timeout=180)
    counted = json.loads(printed)
    different = sum(found for _, found in counted)
    figures(3, RECORDS * len(TABLES), RECORDS * len(TABLES) - different, sum(rows for rows, _ in counted) - different)
    assert counted == [[RECORDS, RECORDS]] * len(TABLES)
