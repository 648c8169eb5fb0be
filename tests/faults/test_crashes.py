"""kill -9 at bad moments, while somebody posts: what Kafka acknowledged is in S3 exactly once afterwards."""

import contextlib
import itertools
import json
import random
import threading
import time

import psutil
import pytest
from crashes import A_POSTING, crash, difference, numbered, pid, proxies, stored, wait_until_back

from helpers.client_machine import ssh
from helpers.config import TABLES
from helpers.emulator.tally import Tally
from helpers.gateway import rest_proxy
from helpers.kafka import client as kafka_client
from helpers.kafka import msk_connect
from helpers.user_posting_emulation import send
from helpers.waiting import wait_until

pytestmark = pytest.mark.lab

A_MILLION = 1_000_000
"""Apart are the keys of two seeds."""


@contextlib.contextmanager
def posting(workbook, low, pause, **options):
    """Post numbers from `low` on in a thread until the block is left; then the tally says what became of them."""
    over, tally = threading.Event(), Tally()

    def post():
        numbers = itertools.takewhile(lambda _: not over.is_set(), range(low, low + A_POSTING))
        result = send(workbook, numbered(numbers, pause), progress=False, **options)
        tally.acknowledged, tally.problems, tally.perhaps_twice = (
            result.acknowledged, result.problems, result.perhaps_twice,
        )  # fmt: skip

    sender = threading.Thread(target=post)
    sender.start()
    try:
        yield tally
        assert sender.is_alive(), "all faults struck while it posted"
    finally:
        over.set()
        sender.join()


def in_any_order(chance, services):
    """Services in the order in which they are to be killed, each after a random moment."""
    for service in chance.sample(services, len(services)):
        time.sleep(chance.uniform(0.3, 2))  # the moment is the experiment
        yield service


def test_kill_9_while_posting_loses_and_repeats_nothing(lab, workbook, connector, seed, figures):
    low = 10_000 + A_MILLION * seed
    with posting(workbook, low, 0.004) as tally:
        for service in in_any_order(random.Random(seed), ["connect", "kafka", "s3"]):
            crash(lab, service)
    assert tally.problems == []
    assert tally.acknowledged > 500
    msk_connect.put_connector(workbook, msk_connect.sink_properties(workbook, 50, rotate_schedule_ms=300))
    msk_connect.wait_until_stored(workbook, timeout=60)
    numbers = list(range(low, low + tally.acknowledged))
    kept = {table: stored(workbook, table, low) for table in TABLES}
    figures(3, len(numbers) * len(TABLES), **difference(numbers * len(TABLES), itertools.chain(*kept.values())))
    assert kept == dict.fromkeys(TABLES, numbers)


def in_kafka(workbook, table, low, before):
    """Every number of a posting that Kafka stored, repetitions included."""
    topic = workbook.topic(table)
    messages = kafka_client.read(
        workbook, topic, before[topic], kafka_client.end_offsets(workbook)[topic] - before[topic]
    )
    numbers = (json.loads(message)["index" if table == "pin" else "ind"] for message in messages)
    return sorted(number for number in numbers if low <= number < low + A_POSTING)


def bring_down_and_back(lab, workbook, service):
    """kill -9 a service, or the REST proxy, which nobody but the learner starts again."""
    if service != "rest proxy":
        crash(lab, service)
        return
    (victim,) = proxies(lab)
    victim.kill()
    with ssh.connect(workbook) as machine:  # another test may have killed the machine under an older connection
        rest_proxy.start(machine)


def test_kill_9_while_posting_over_the_api_loses_nothing_and_counts_what_may_repeat(
    lab, workbook, connector, door, proxy, seed, figures
):
    low = 100_000 + A_MILLION * seed
    before = kafka_client.end_offsets(workbook)
    with posting(workbook, low, 0.01, invoke_url=door.invoke_url) as tally:
        for service in in_any_order(random.Random(seed), ["rest proxy", "aws", "kafka", "connect"]):
            bring_down_and_back(lab, workbook, service)
        pins = workbook.topic("pin")
        wait_until(lambda: kafka_client.end_offsets(workbook)[pins] > before[pins] + 100, 60, "enough posts")
    assert tally.problems == []
    numbers = list(range(low, low + tally.acknowledged))
    msk_connect.wait_until_stored(workbook, timeout=60)
    kept = {table: in_kafka(workbook, table, low, before) for table in TABLES}
    in_s3 = {table: stored(workbook, table, low) for table in TABLES}
    figures(4, len(numbers) * len(TABLES), **difference(numbers * len(TABLES), itertools.chain(*in_s3.values())))
    assert in_s3 == kept  # exactly as often as in Kafka
    for table in TABLES:
        assert sorted(set(kept[table])) == numbers  # each at least once, and once after cleaning
    assert sum(len(kept[table]) - len(numbers) for table in TABLES) <= tally.perhaps_twice


def test_the_clusters_java_side_alone_may_die_too(lab, workbook):
    parent = psutil.Process(pid(lab, "cluster"))
    java = next(child for child in parent.children(recursive=True) if child.name() == "java")
    java.kill()
    wait_until_back(lab, "cluster", parent.pid)
