"""Measure how long a record takes from Kinesis into a clean Delta table, and how many a second get through.

Usage: PYTHONPATH=tests/support python tests/benchmarks/streaming_latency.py [SECONDS]  (default 60 seconds each)

Starts a lab of its own. 50 postings a second go into three streams, each a record of its own in each; a record is
visible once the Delta commit that holds it is on disk. Then the rate is doubled until the tables fall behind.
"""

import json
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median, quantiles

import boto3
import pyarrow.parquet as pq
from labs import workbook_of

from helpers import databricks
from helpers.config import TABLES, Workbook
from helpers.streaming import queries as stream_queries
from helpers.streaming.progress import Batch, batches
from lab.control import interrupts, operations
from lab.core.layout import Lab, read_ports
from lab.workspace.spark_settings import dbfs_root

OFFSET = 17_000
STEADY = 50
WARM_UP_SECONDS = 90  # Java is still compiling: the first batches take twice as long as these
BEHIND_SECONDS = 5.0
LARGEST_CALL = 500
"""Records that PutRecords takes at a time."""

CALLS_A_SECOND = 10

#: Where each table keeps the moment at which a record was put: a text column that cleaning leaves alone.
STAMP = {"pin": ("unique_id", "unique_id"), "geo": ("country", "country"), "user": ("first_name", "user_name")}
KEY = {"pin": "index", "geo": "ind", "user": "ind"}


@dataclass
class Poster:
    """Puts postings at a rate that can be changed, until told to stop."""

    workbook: Workbook
    rate: float = STEADY

    def __post_init__(self):
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._post, args=(table,)) for table in TABLES]

    def __enter__(self) -> "Poster":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join()

    def _post(self, table: str) -> None:
        kinesis = boto3.client("kinesis", region_name=self.workbook.region)
        numbers, owed, due = count(), 0.0, time.monotonic()
        while not self._enough.is_set():
            owed += self.rate / CALLS_A_SECOND
            records = [_record(table, next(numbers)) for _ in range(int(owed))]
            owed -= len(records)
            for first in range(0, len(records), LARGEST_CALL):
                call = records[first : first + LARGEST_CALL]
                kinesis.put_records(StreamName=self.workbook.stream(table), Records=call)
            due += 1 / CALLS_A_SECOND
            time.sleep(max(0.0, due - time.monotonic()))


def _record(table: str, number: int) -> dict:
    row = {KEY[table]: number, STAMP[table][0]: repr(time.time()), "age": 30, "latitude": 1.0, "longitude": 2.0}
    return {"Data": json.dumps(row | {"description": "a" * 300}).encode(), "PartitionKey": str(number)}


def waits(table: Path, column: str, since: float) -> list[float]:
    """Read from a table's log how long each of its records took, in seconds."""
    found = []
    for commit in sorted((table / "_delta_log").glob("*.json")):
        visible = commit.stat().st_mtime
        for action in map(json.loads, commit.read_text().splitlines()):
            if "add" in action:
                stamps = pq.read_table(table / action["add"]["path"], columns=[column])[column].to_pylist()
                found += [visible - float(stamp) for stamp in stamps if float(stamp) >= since]
    return found


def spread(numbers: list[float]) -> str:
    return f"median {median(numbers):5.2f} s   99th percentile {quantiles(numbers, n=100)[98]:5.2f} s"


def shares(done: list[Batch]) -> str:
    whole = sum(batch.seconds for batch in done)
    source = sum(batch.source_seconds for batch in done) / whole
    commit = sum(batch.commit_seconds for batch in done) / whole
    return f"asking Kinesis {source:4.0%}   cleaning and Delta {1 - source - commit:4.0%}   checkpoint {commit:4.0%}"


def measure(lab: Lab, workbook: Workbook, seconds: float) -> None:
    kinesis = boto3.client("kinesis", region_name=workbook.region)
    for stream in workbook.streams:
        kinesis.create_stream(StreamName=stream, ShardCount=4)
        kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    spark = databricks.session()
    queries = {}
    with stream_queries.small_batches(spark):
        for table in TABLES:
            records = stream_queries.observed(stream_queries.envelope(spark, workbook, table, {}))
            queries[table] = stream_queries.start(
                stream_queries.cleaned(records, table), workbook.stream_table(table), workbook.checkpoint(table)
            )
    warehouse = dbfs_root(lab) / "user" / "hive" / "warehouse"

    def latest(since: float) -> dict[str, list[float]]:
        return {t: waits(warehouse / workbook.stream_table(t), STAMP[t][1], since) for t in TABLES}

    with Poster(workbook) as poster:
        time.sleep(WARM_UP_SECONDS)
        since = time.time()
        time.sleep(seconds)
        for table, numbers in latest(since).items():
            print(f"{STEADY} records/s, {table:5} {spread(numbers)}   {shares(batches(queries[table]))}")
        while True:
            poster.rate *= 2
            time.sleep(seconds / 4)
            since = time.time()
            time.sleep(seconds / 4)
            slowest = max(median(numbers or [float("inf")]) for numbers in latest(since).values())
            print(f"{poster.rate:.0f} records/s into each stream: median wait {slowest:.2f} s at most")
            if slowest > BEHIND_SECONDS:
                break
    for query in queries.values():
        query.stop()
    spark.stop()


def main() -> None:
    interrupts.include_termination()
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with tempfile.TemporaryDirectory() as home:
        lab = Lab(Path(home), ports=read_ports({"LAB_PORT_OFFSET": str(OFFSET)}))
        try:
            operations.up(lab, ("s3", "aws", "cluster"))
            with workbook_of(lab) as workbook:
                measure(lab, workbook, seconds)
        finally:
            operations.down(lab)


if __name__ == "__main__":
    main()
