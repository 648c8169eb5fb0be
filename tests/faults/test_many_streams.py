"""Nine queries that replace each other on a busy computer: none dies at its start.

Each needs a Python process, which Spark gives ten seconds to connect back; that cannot be set. From Spark's zip of
pyspark such a process takes 0.6 s of a core until it connects, from the package 0.2, by `early_worker` 0.02. With the
zip, some of nine queries failed within six rounds at a load of 13; from the package one in fifty rounds at loads of 5
to 20.
"""

import os
import subprocess
import sys

import psutil
import pytest

from helpers import databricks
from helpers.config import TABLES
from helpers.streaming import queries as stream_queries
from lab.core.processes import marked
from lab.services.cluster import CLUSTER_MARK

pytestmark = [pytest.mark.lab, pytest.mark.filterwarnings("ignore:The query")]

SHARDS = 1
QUERIES = 9
ROUNDS = 10 if "FAULT_SEEDS" in os.environ else 2
"""A seed; with the five of `make faults` fifty."""

BUSY = 4
"""Processes that want a core for themselves."""


@pytest.fixture
def busy():
    """Others who want the cores."""
    command = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(command, env={"PATH": os.environ["PATH"]}) for _ in range(BUSY)]
    yield
    for other in others:
        other.kill()
        other.wait()


def started(spark, workbook, seed):
    """Start nine queries; those of the round before, with the same checkpoints, end."""
    tables = list(TABLES)
    return [
        stream_queries.envelope(spark, workbook, tables[number % len(tables)], {})
        .writeStream.format("noop")
        .option("checkpointLocation", f"/tmp/many-{seed}-{number}")
        .start()
        for number in range(QUERIES)
    ]


def test_queries_that_replace_each_other_all_come_up(lab, workbook, streams, busy, seed):
    spark = databricks.session()
    replaced = []
    try:
        for number in range(ROUNDS):
            queries = started(spark, workbook, seed)
            if number % 2:  # every other round is replaced while it starts
                for query in queries:
                    query.processAllAvailable()
                    assert query.isActive, query.exception()
            replaced += queries
        lost = [str(query.exception()) for query in replaced if "connect back" in str(query.exception())]
        assert lost == []
        for query in queries:
            query.processAllAvailable()
            assert query.isActive, query.exception()
    finally:
        spark.stop()


def test_pythons_of_the_cluster_do_not_start_from_the_zip(lab, workbook, streams):
    spark = databricks.session()
    try:
        (query, *_) = started(spark, workbook, "zip")
        query.processAllAvailable()
        workers = [psutil.Process(number) for number in _source_workers(lab)]
        assert workers
        assert not [one for one in workers if "PYTHONPATH" in one.environ()]
    finally:
        spark.stop()


LEAVES = """
from helpers import databricks
from helpers.config import Workbook
from helpers.streaming import queries

workbook, spark = Workbook.load(), databricks.session()
query = queries.envelope(spark, workbook, "pin", {}).writeStream.format("noop")
query.option("checkpointLocation", "/tmp/leaves").start().processAllAvailable()
"""


def test_a_notebook_that_ends_takes_its_session_and_its_queries_along(lab, workbook, streams):
    before = _source_workers(lab)
    subprocess.run([sys.executable, "-c", LEAVES], check=True, capture_output=True)
    assert _source_workers(lab) <= before


def _source_workers(lab):
    return {one.pid for one in marked(CLUSTER_MARK, str(lab.home)) if "python_streaming_source" in str(one.cmdline())}
