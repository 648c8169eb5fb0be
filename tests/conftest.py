"""The lab, the workbook and the cluster that the tests share."""

import os
import sys
from collections.abc import Iterator

import pytest
from labs import TEST_PORTS, running_lab, workbook_of

from helpers.config import Workbook
from lab.core.layout import Lab


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
