"""Proxies, topics and policies for the tests of the REST proxy."""

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from rest_proxies import Launcher, Proxy

from helpers.config import Workbook
from helpers.kafka import client as kafka_client
from lab.core import iam_file
from lab.core.layout import Lab
from lab.core.runtime import existing_runtime


@pytest.fixture
def launcher(lab: Lab, workbook: Workbook, tmp_path: Path) -> Iterator[Launcher]:
    found = Launcher(lab, workbook, tmp_path)
    yield found
    found.end()


@pytest.fixture(scope="module")
def proxy(lab: Lab, workbook: Workbook, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """One proxy for all tests of a module."""
    found = Launcher(lab, workbook, tmp_path_factory.mktemp("rest"))
    yield found.start()
    found.end()


@pytest.fixture
def own(workbook: Workbook, request: pytest.FixtureRequest) -> Workbook:
    """A workbook of another id, so that the topics are this test's alone."""
    mine = dataclasses.replace(workbook, id=hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12])
    kafka_client.create_topics(mine)
    return mine


@pytest.fixture
def pin(own: Workbook) -> str:
    return own.topic("pin")


@pytest.fixture
def policies(lab: Lab) -> Iterator[Callable[..., None]]:
    """Writes what the learner may do and waits until the broker obeys; afterwards everything is as before."""
    before = json.loads(lab.iam_file.read_text())
    credentials = existing_runtime(lab).credentials

    def write(*documents: dict) -> None:
        iam_file.write(lab, iam_file.document(credentials, *documents))
        time.sleep(0.5)

    yield write
    iam_file.write(lab, before)
    time.sleep(0.5)


@pytest.fixture
def admin(workbook: Workbook) -> Iterator[KafkaAdminClient]:
    client = KafkaAdminClient(**kafka_client.connection(workbook))
    yield client
    client.close()


@pytest.fixture
def make_topic(own: Workbook, admin: KafkaAdminClient) -> Callable[[int], str]:
    """Makes a topic with several partitions."""

    def make(partitions: int) -> str:
        topic = f"{own.id}.parts"
        admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1}})
        admin.wait_for_topics([topic])
        return topic

    return make
