"""The lab, the workbook and the cluster that the tests share."""

import os
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import settings
from labs import TEST_PORTS, running_lab, workbook_of

from helpers.config import Workbook
from lab.core.layout import Lab

MEMORY_OF_TWO = 12e9
"""Bytes that must be free for two workers, each with a lab of its own."""

LONG_ONES_FIRST = (
    "notebooks", "faults", "lab/airflow", "helpers/checks", "lab/rest_proxy", "lab/workspace", "lab/aws",
)  # fmt: skip
"""Folders in the order in which workers take them; whoever is done with the last long one takes the small ones."""


CRASHES = ("kills", "records", "lost", "doubled")
"""What the tests of crashes count; see `faults/conftest.py`."""

THE_LAB = {"lab", "workbook", "spark"}
"""Fixtures for which a lab is started."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Take two workers where they fit."""
    return 2 if psutil.virtual_memory().available > MEMORY_OF_TWO and (os.cpu_count() or 1) > 1 else 1


def pytest_configure() -> None:
    """Let the programs of the tests hear Ctrl-C: a shell that starts them in the background has them deaf to it.

    And let no example of Hypothesis fail for its time: that says how busy the machine is, and nothing of ours.
    """
    settings.register_profile("any machine", deadline=None)
    settings.load_profile("any machine")
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _folder(item: pytest.Item) -> str:
    return item.path.parent.relative_to(Path(__file__).parent).as_posix()


def _place(folder: str) -> int:
    inside = [number for number, long in enumerate(LONG_ONES_FIRST) if f"{folder}/".startswith(f"{long}/")]
    return inside[0] if inside else len(LONG_ONES_FIRST)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """Keep a folder's tests together on one worker: they share a lab, and what they built in it."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFolder(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid.partition("::")[0].rpartition("/")[0]

    return ByFolder(config, log)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Name the tests that need a lab."""
    if THE_LAB & {*item.fixturenames}:
        item.add_marker(pytest.mark.lab)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders that take long first: the last one to be begun should be a short one."""
    items.sort(key=lambda item: (_place(_folder(item)), _folder(item)))


def pytest_terminal_summary(terminalreporter) -> None:
    """Say where the time went: seconds and tests by folder, all workers added up."""
    seconds, tests, crashes = defaultdict(float), defaultdict(int), Counter()
    for reports in terminalreporter.stats.values():
        for report in (one for one in reports if isinstance(one, pytest.TestReport)):
            folder = str(Path(report.fspath).parent)
            seconds[folder] += report.duration
            tests[folder] += report.when == "call"
            crashes.update(dict(report.user_properties).get("crashes", {}) if report.when == "call" else {})
    terminalreporter.section("seconds by folder")
    for folder in sorted(seconds, key=seconds.get, reverse=True):
        terminalreporter.write_line(f"{seconds[folder]:7.1f}  {tests[folder]:5} tests  {folder}")
    if crashes:
        terminalreporter.write_line("crashes: " + ", ".join(f"{crashes[one]:,} {one}" for one in CRASHES))


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
    from java_options import SHORT_LIVED
    from pyspark.sql import SparkSession

    os.environ.update(SPARK_LOCAL_IP="127.0.0.1", PYSPARK_PYTHON=sys.executable)
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.memory", "1g")
        .config("spark.driver.extraJavaOptions", SHORT_LIVED)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    yield session
    session.stop()
