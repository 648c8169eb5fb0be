"""kill -9 of the cluster while three streams are read: every record is in its table, once."""

import json
import random
import subprocess
import sys
import threading
import time

import pytest
from crashes import SEEDS, crash

from helpers.config import TABLES
from helpers.waiting import wait_until
from lab.core.layout import CHECKOUT

pytestmark = pytest.mark.lab

RECORDS, CALL, SHARDS = 20_000, 250, 4
KILLS = 3 if len(SEEDS) > 1 else 1
"""Of the cluster, a seed: the long form kills the ones that came back too."""

GOOD = '{"ind": %d, "country": "Chad", "latitude": 1.5, "longitude": 2.5, "timestamp": "2020-01-01 00:00:00"}'


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
seed, *once = sys.argv[1:]
trigger = {"availableNow": True} if once else None
queries = [
    stream_queries.start(
        stream_queries.envelope(spark, workbook, table, {}),
        f"crash_{seed}_{table}", workbook.checkpoint(f"{seed}_{table}"), trigger,
    )
    for table in TABLES
]
for query in queries:
    query.awaitTermination()
count = "SELECT count(*), count(DISTINCT shardId, sequenceNumber) FROM crash_{}_{}"
counted = [spark.sql(count.format(seed, table)).first() for table in TABLES]
print(json.dumps([list(row) for row in counted]))
"""
"""Writes Kinesis's envelope, so that every record can be told apart: for ever, or, told so, what is there."""


def streaming_into_tables(*arguments):
    """A process of its own, as a notebook is one: its cluster will be killed under it."""
    command = [sys.executable, "-c", STREAM, *arguments]
    return subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def batches(lab, workbook, seed):
    """How many micro-batches the three queries have committed."""
    dbfs = lab.home / "cluster" / "dbfs"
    checkpoints = [dbfs / workbook.checkpoint(f"{seed}_{table}").removeprefix("/") for table in TABLES]
    return sum(len(list(folder.glob("commits/[0-9]*"))) for folder in checkpoints)


def test_kills_of_the_cluster_lose_and_repeat_nothing(lab, workbook, streams, seed, figures):
    kinesis = workbook.client("kinesis")
    senders = [threading.Thread(target=post, args=(kinesis, stream)) for stream in streams]
    for sender in senders:
        sender.start()
    chance = random.Random(seed)
    for _ in range(KILLS):
        notebook, before = streaming_into_tables(str(seed)), batches(lab, workbook, seed)
        wait_until(lambda before=before: batches(lab, workbook, seed) > before, 60, "a first micro-batch")
        time.sleep(chance.uniform(0, 4))  # the moment is the experiment
        assert notebook.poll() is None
        crash(lab, "cluster")
        notebook.kill()
        notebook.wait()
    for sender in senders:
        sender.join()
    printed, _ = streaming_into_tables(str(seed), "once").communicate(timeout=180)
    counted = json.loads(printed)
    different = sum(found for _, found in counted)
    figures(
        KILLS, RECORDS * len(TABLES), RECORDS * len(TABLES) - different, sum(rows for rows, _ in counted) - different
    )
    assert counted == [[RECORDS, RECORDS]] * len(TABLES)
