"""Labs of the tests' own: on ports and in folders apart from whatever lab the user has."""

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import boto3
import pytest

from helpers.config import Workbook
from lab.control import operations
from lab.core import iam_file, processes
from lab.core.layout import Lab, read_ports
from lab.services import aws

FIRST_OFFSET = int(os.environ.get("LAB_TEST_PORT_OFFSET", "11000"))
"""Where the tests' ports begin; two checkouts that are tested at the same time need two."""

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))

TEST_PORTS, STATE_PORTS, FAULT_PORTS, SPARE_PORTS = (FIRST_OFFSET + 400 * WORKER + step for step in (0, 100, 200, 300))
"""Offsets of the labs that a worker's tests start; no two listeners of the lab are a multiple of 100 apart."""


@contextlib.contextmanager
def running_lab(home: Path, offset: int, services: Sequence[str] = ()) -> Iterator[Lab]:
    """Start services, by default all, let the learner use any topic, and see afterwards that nothing is left."""
    lab = Lab(home.resolve(), ports=read_ports({"LAB_PORT_OFFSET": str(offset)}))
    try:
        runtime = operations.up(lab, services)
        # tests have topics of ids of their own, not the learner's
        aws.client(runtime, "iam").put_user_policy(
            UserName="learner", PolicyName="tests", PolicyDocument=json.dumps(iam_file.kafka_policy("*"))
        )
        yield lab
    finally:
        operations.down(lab)
    assert not processes.of_lab(lab.home)


@contextlib.contextmanager
def workbook_of(lab: Lab) -> Iterator[Workbook]:
    """Make a lab's addresses this process's environment, as in a notebook."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("WORKBOOK_ID", "WORKBOOK_TARGET", *os.environ):
            if name.startswith(("AWS_", "WORKBOOK_", "SPARK_REMOTE")) and name != "WORKBOOK_TEST_SPARK":
                patch.delenv(name, raising=False)
        patch.setenv("LAB_HOME", str(lab.home))
        before = dict(os.environ)
        try:
            yield Workbook.load()
        finally:
            os.environ.clear()
            os.environ.update(before)
    boto3.setup_default_session()  # forget this lab's keys: tests of another lab may follow
