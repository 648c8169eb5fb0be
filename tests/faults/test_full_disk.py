"""A disk without room in each service: it refuses, what it acknowledged before is there, and it goes on afterwards.

No file system of a test's own can be had without being root, so a service's own files are what is bounded: its largest
file (RLIMIT_FSIZE, which the same user may set for a running process). A write beyond it fails in the system call, as
one on a full disk does; a service that starts anew has room again. Kinesis: tests/lab/aws/kinesis/test_store.py; the
endpoint's other state: tests/lab/aws/test_state.py.
"""

import contextlib
import dataclasses
import resource

import boto3
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from crashes import crash, numbered, own_session, pid, stored, wait_until_back
from kafka import KafkaProducer
from kafka.errors import KafkaError
from pyspark.errors import PySparkException
from pyspark.sql import functions as F

from helpers.databricks.laptop.dbutils import DBUtils, ExecutionError
from helpers.kafka import client as kafka_client
from helpers.kafka import msk_connect
from helpers.user_posting_emulation import send
from helpers.waiting import wait_until

pytestmark = pytest.mark.lab

ROOM = 100_000
"""Bytes that the largest file may have while the disk is full."""


@contextlib.contextmanager
def full(lab, service, room=ROOM):
    """Let no file of a service grow beyond so many bytes."""
    whole = psutil.Process(pid(lab, service))
    processes = [whole, *whole.children(recursive=True)]
    for process in processes:
        process.rlimit(psutil.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def test_s3_keeps_the_old_object_and_nothing_of_the_new_one(lab, workbook):
    s3 = boto3.client("s3", config=Config(retries={"total_max_attempts": 1}))
    s3.put_object(Bucket=workbook.bucket, Key="full/k", Body=b"old")
    with full(lab, "s3"):
        for body in (b"x" * 2 * ROOM, b"x" * 12_000_000):
            with pytest.raises(ClientError, match=r"InternalError.*could not store this.* MB are free"):
                s3.put_object(Bucket=workbook.bucket, Key="full/k", Body=body)
        assert s3.get_object(Bucket=workbook.bucket, Key="full/k")["Body"].read() == b"old"
        s3.put_object(Bucket=workbook.bucket, Key="full/small", Body=b"fits")
    assert [file.name for file in sorted((lab.data("s3") / workbook.bucket / "full").iterdir())] == ["k", "small"]
    s3.put_object(Bucket=workbook.bucket, Key="full/k", Body=b"x" * 2 * ROOM)
    assert s3.head_object(Bucket=workbook.bucket, Key="full/k")["ContentLength"] == 2 * ROOM


def test_the_sink_waits_for_room_and_stores_each_record_once(lab, workbook, connector):
    with full(lab, "s3", room=10):
        tally = send(workbook, numbered(range(10_000, 10_200), 0), progress=False)
        assert (tally.acknowledged, tally.problems) == (200, [])
        log = lab.logs / "connect.log"
        wait_until(lambda: "cannot write s3://" in log.read_text(errors="replace"), 60, "the sink to be refused")
        assert stored(workbook, "pin", 10_000) == []
    msk_connect.wait_until_stored(workbook, timeout=90)
    for table in ("pin", "geo", "user"):
        assert stored(workbook, table, 10_000) == list(range(10_000, 10_200))


def acknowledged_until_refused(workbook, topic):
    """Send until the broker takes nothing more; tell what it has acknowledged."""
    settings = {"acks": "all", "retries": 0, "request_timeout_ms": 3000, "delivery_timeout_ms": 4000, "linger_ms": 0}
    producer = KafkaProducer(**kafka_client.connection(workbook) | {"max_block_ms": 4000} | settings)
    taken = []
    try:
        for number in range(10_000):
            value = b"%06d" % number + b"." * 5000
            producer.send(topic, value).get(timeout=10)
            taken.append(value)
    except KafkaError:
        return taken
    finally:
        producer.close(timeout=1)
    raise AssertionError("the disk was never full")


def test_kafka_loses_nothing_that_it_acknowledged(lab, workbook):
    own = dataclasses.replace(workbook, id="f0110f0110f0")
    kafka_client.create_topics(own)
    topic, victim = own.topic("user"), pid(lab, "kafka")
    log = lab.data("kafka") / f"{topic}-0" / "00000000000000000000.log"
    with full(lab, "kafka", room=log.stat().st_size + 200_000):
        taken = acknowledged_until_refused(workbook, topic)
    assert len(taken) > 10
    wait_until_back(lab, "kafka", victim)
    found = kafka_client.read(workbook, topic, 0, len(taken))
    assert found == taken
    tally = send(workbook, numbered(range(20_000, 20_010), 0), progress=False)
    assert (tally.acknowledged, tally.problems) == (10, [])


def test_files_of_the_workspace_stay_as_they_were(lab, workbook, spark):
    fs = DBUtils().fs
    fs.put("dbfs:/full/f", "old", True)
    fs.put("dbfs:/full/large", "x" * 90_000)
    with full(lab, "cluster", room=50_000):
        for path in ("dbfs:/full/f", "dbfs:/full/new"):
            with pytest.raises(ExecutionError, match="IOException"):
                fs.put(path, "x" * 90_000, True)
        with pytest.raises(ExecutionError, match="IOException"):
            fs.cp("dbfs:/full/large", "dbfs:/full/f")
        with pytest.raises(ExecutionError, match="IOException"):
            fs.mv("dbfs:/full/large", "dbfs:/full/f")
        assert fs.head("dbfs:/full/f") == "old"
        assert {entry.name: entry.size for entry in fs.ls("dbfs:/full")} == {"f": 3, "large": 90_000}
    fs.mv("dbfs:/full/large", "dbfs:/full/f")
    assert {entry.name: entry.size for entry in fs.ls("dbfs:/full")} == {"f": 90_000}


def test_a_file_is_not_lost_by_being_moved_to_where_it_is(workbook, lab):
    fs = DBUtils().fs
    fs.put("dbfs:/same/f", "kept", True)
    for target in ("dbfs:/same/f", "dbfs:/same"):
        with pytest.raises(ExecutionError, match="are the same"):
            fs.mv("dbfs:/same/f", target)
    assert fs.head("dbfs:/same/f") == "kept"


def noise(spark, rows):
    return spark.range(rows, numPartitions=1).select(F.xxhash64("id").alias("id"))


def test_a_database_that_is_made_on_a_full_disk_is_kept_once_there_is_room(lab, spark):
    file = lab.data("cluster") / "catalog.json"
    with full(lab, "cluster", room=file.stat().st_size // 2):
        spark.sql("CREATE DATABASE made_when_full")
        log = lab.logs / "cluster.log"
        wait_until(lambda: "a cluster that ends now forgets" in log.read_text(errors="replace"), 10, "word in the log")
        assert "made_when_full" not in file.read_text()
    wait_until(lambda: "made_when_full" in file.read_text(), 10, "the catalog to be written")


def test_a_delta_table_stays_at_its_version_and_a_half_made_one_is_in_nobodys_way(lab, workbook, spark):
    noise(spark, 10).write.saveAsTable("full_disk")
    with full(lab, "cluster"):
        with pytest.raises(PySparkException, match=r"IOException|File too large"):
            noise(spark, 400_000).write.mode("append").saveAsTable("full_disk")
        with pytest.raises(PySparkException):
            noise(spark, 400_000).write.saveAsTable("half_made")
        assert spark.table("full_disk").count() == 10
    noise(spark, 400_000).write.mode("append").saveAsTable("full_disk")
    crash(lab, "cluster")
    with own_session() as again:
        assert again.table("full_disk").count() == 400_010
        assert "half_made" not in [table.name for table in again.catalog.listTables()]
