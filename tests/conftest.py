"""Labs for the tests: on ports and in folders of their own, beside whatever lab the user has."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.config import Workbook
from helpers.lab import operations, supervision
from helpers.lab.layout import Lab, read_ports

TEST_PORTS, FAULT_PORTS = 11_000, 15_000


@contextlib.contextmanager
def running_lab(home: Path, offset: int) -> Iterator[Lab]:
    """Start all services; afterwards stop them and see that nothing is left."""
    lab = Lab(home.resolve(), ports=read_ports({"LAB_PORT_OFFSET": str(offset)}))
    try:
        operations.up(lab)
        yield lab
    finally:
        operations.down(lab)
    assert not supervision.processes(lab.home)


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


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab in a folder whose name has blanks and letters beyond ASCII."""
    with running_lab(tmp_path_factory.mktemp("läb mit Ümläuten"), TEST_PORTS) as started:
        yield started


@pytest.fixture(scope="session")
def workbook(lab: Lab) -> Iterator[Workbook]:
    """The names and addresses of the test lab."""
    with workbook_of(lab) as loaded:
        yield loaded


@pytest.fixture(scope="session")
def spark(request: pytest.FixtureRequest):
    """The test lab's cluster; with WORKBOOK_TEST_SPARK=classic a session of its own."""
    if os.environ.get("WORKBOOK_TEST_SPARK") == "classic":
        yield from _classic_session()
        return
    request.getfixturevalue("workbook")
    from helpers import databricks

    session = databricks.session()
    yield session
    session.stop()


def _classic_session():
    from pyspark.sql import SparkSession

    os.environ.update(SPARK_LOCAL_IP="127.0.0.1", PYSPARK_PYTHON=sys.executable)
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.memory", "1g")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    yield session
    session.stop()
