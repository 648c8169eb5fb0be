"""kill -9 at bad moments: what Kafka acknowledged is in S3 exactly once afterwards."""

import contextlib
import json
import os
import random
import threading
import time
from itertools import chain

import psutil
import pytest
from apis import deployed
from crashes import A_POSTING, crash, difference, in_bucket, kill, numbered, pid, stored, wait_until_back
from labs import FAULT_PORTS, running_lab, workbook_of
from pyspark.sql import SparkSession

from helpers.config import TABLES
from helpers.emulator.tally import Tally
from helpers.gateway import rest_proxy
from helpers.kafka import client as kafka_client
from helpers.kafka import msk_connect, sink_objects
from helpers.user_posting_emulation import send
from lab.control import operations
from lab.core import processes

pytestmark = pytest.mark.lab

A_MILLION = 1_000_000
"""Apart are the keys of two seeds."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("faults"), FAULT_PORTS) as started:
        yield started


@pytest.fixture(scope="module")
def workbook(lab):
    with workbook_of(lab) as loaded:
        sink_objects.create_bucket(loaded)
        kafka_client.create_topics(loaded)
        msk_connect.put_connector(loaded, msk_connect.sink_properties(loaded, 50, rotate_schedule_ms=300))
        yield loaded


@pytest.mark.parametrize(("low", "service"), [(10_000, "connect"), (20_000, "kafka"), (30_000, "s3")])
def test_kill_9_while_posting_loses_and_repeats_nothing(lab, workbook, low, service, seed, figures):
    low, tally = low + A_MILLION * seed, Tally()

    def post():
        result = send(workbook, numbered(range(low, low + 1000), 0.004), progress=False)
        tally.acknowledged, tally.problems = result.acknowledged, result.problems

    sender = threading.Thread(target=post)
    sender.start()
    time.sleep(random.Random(seed).uniform(0.5, 3))
    victim = kill(lab, service)
    sender.join()
    wait_until_back(lab, service, victim)
    assert (tally.acknowledged, tally.problems) == (1000, [])
    msk_connect.put_connector(workbook, msk_connect.sink_properties(workbook, 50, rotate_schedule_ms=300))
    msk_connect.wait_until_stored(workbook, timeout=60)
    kept = {table: stored(workbook, table, low) for table in TABLES}
    figures(1, 3000, **difference(3 * [*range(low, low + 1000)], chain.from_iterable(kept.values())))
    assert kept == {table: [*range(low, low + 1000)] for table in TABLES}


@pytest.fixture(scope="module")
def door(workbook, lab):
    with deployed(workbook, lab) as opened:
        yield opened


def in_kafka(workbook, table, low, before):
    """Every number of a posting that Kafka stored, repetitions included."""
    topic = workbook.topic(table)
    messages = kafka_client.read(
        workbook, topic, before[topic], kafka_client.end_offsets(workbook)[topic] - before[topic]
    )
    numbers = (json.loads(message)["index" if table == "pin" else "ind"] for message in messages)
    return sorted(number for number in numbers if low <= number < low + A_POSTING)


def bring_down_and_back(lab, door, service):
    """kill -9 a service, or the REST proxy, which nobody but the learner starts again."""
    if service != "rest proxy":
        crash(lab, service)
        return
    (victim,) = [p for p in processes.of_lab(lab.home) if "lab.rest_proxy" in p.cmdline()]
    victim.kill()
    rest_proxy.start(door.machine)


@pytest.mark.parametrize(
    ("low", "service"), [(100_000, "rest proxy"), (110_000, "aws"), (120_000, "kafka"), (130_000, "connect")]
)
def test_kill_9_while_posting_over_the_api_loses_nothing_and_counts_what_may_repeat(
    lab, workbook, door, low, service, seed, figures
):
    low += A_MILLION * seed
    numbers, before, outcome = range(low, low + 250), kafka_client.end_offsets(workbook), []
    sender = threading.Thread(
        target=lambda: outcome.append(
            send(workbook, numbered(numbers, 0.01), progress=False, invoke_url=door.invoke_url)
        )
    )
    sender.start()
    time.sleep(random.Random(seed).uniform(0.3, 2))
    bring_down_and_back(lab, door, service)
    sender.join()
    (tally,) = outcome
    assert (tally.acknowledged, tally.problems) == (250, [])
    msk_connect.wait_until_stored(workbook, timeout=60)
    in_s3 = {table: stored(workbook, table, low) for table in TABLES}
    figures(1, 750, **difference([*numbers] * len(TABLES), chain.from_iterable(in_s3.values())))
    for table in TABLES:
        kept = in_kafka(workbook, table, low, before)
        assert in_s3[table] == kept  # in S3 exactly as often as in Kafka
        assert sorted(set(kept)) == list(numbers)  # each at least once, and once after cleaning
    repeats = sum(len(in_kafka(workbook, table, low, before)) - len(numbers) for table in TABLES)
    assert repeats <= tally.perhaps_twice


@contextlib.contextmanager
def own_session():
    """A session of this lab's cluster, beside the one that other tests may have open with another."""
    spark = SparkSession.builder.remote(os.environ["SPARK_REMOTE"]).create()
    yield spark
    spark.stop()


def test_the_cluster_comes_back_with_its_tables(lab, workbook):
    with own_session() as spark:
        spark.range(7).write.saveAsTable("kept")
    crash(lab, "cluster")
    with own_session() as spark:
        assert spark.table("kept").count() == 7


def test_the_clusters_java_side_alone_may_die_too(lab, workbook):
    parent = psutil.Process(pid(lab, "cluster"))
    java = next(child for child in parent.children(recursive=True) if child.name() == "java")
    java.kill()
    wait_until_back(lab, "cluster", parent.pid)


def test_after_kill_9_of_everything_the_lab_starts_again_with_its_data(lab, workbook):
    before = in_bucket(workbook, "pin")
    assert before
    offsets = kafka_client.end_offsets(workbook)
    everything = processes.of_lab(lab.home)
    assert len(everything) >= 6
    for process in everything:
        process.kill()
    psutil.wait_procs(everything, timeout=10)
    assert operations.status(lab) == []
    operations.up(lab)
    assert kafka_client.end_offsets(workbook) == offsets
    assert in_bucket(workbook, "pin") == before


def test_a_dead_supervisor_leaves_no_orphans_in_the_way(lab, workbook):
    (supervisor,) = [p for p in processes.of_lab(lab.home) if "supervisor.supervisord" in p.cmdline()]
    supervisor.kill()
    supervisor.wait()
    said = []
    operations.up(lab, say=said.append)
    assert "that an earlier lab left behind" in said[0]
    assert all(report.healthy for report in operations.status(lab) if not report.service.on_demand)


def test_an_upload_that_a_crash_cut_short_is_swept_up(lab, workbook):
    folder = lab.data("s3") / workbook.bucket / "topics"
    folder.mkdir(exist_ok=True)
    junk = folder / "a.json-123e4567-e89b-12d3-a456-426614174000"
    kept = folder / "report-123e4567-e89b-12d3-a456-426614174000"
    junk.write_text("half")
    kept.write_text("an object of the learner's")
    operations.down(lab)
    operations.up(lab)
    assert not junk.exists()
    assert kept.exists()
