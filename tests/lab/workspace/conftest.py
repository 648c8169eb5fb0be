"""What the tests of the workspace share."""

from collections.abc import Iterator

import pytest
from workspaces import Client

from helpers.config import Workbook
from helpers.databricks.laptop.dbutils import DBUtils


@pytest.fixture
def client(workbook: Workbook) -> Client:
    return Client()


@pytest.fixture
def dbutils(workbook: Workbook) -> Iterator[DBUtils]:
    """The notebook's own; mounts of a test are gone after it."""
    found = DBUtils()
    before = {mount.mountPoint for mount in found.fs.mounts()}
    yield found
    for mount in found.fs.mounts():
        if mount.mountPoint not in before:
            found.fs.unmount(mount.mountPoint)
