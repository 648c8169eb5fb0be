"""Attaching where our source is not wanted: on Databricks' runtimes, and where the cluster has a source of its own."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from pyspark.errors import PySparkException

from helpers import databricks
from helpers.config import SetupError
from helpers.databricks import place
from helpers.databricks.laptop.display import display
from helpers.databricks.place import Place

ON_AN_OLDER_RUNTIME = """
import os, sys
sys.modules["pyspark.sql.streaming.datasource"] = None  # runtimes before 18.1 lack it
os.environ["DATABRICKS_RUNTIME_VERSION"] = "16.4"
from unittest.mock import MagicMock
from pyspark.sql import SparkSession
SparkSession.builder = MagicMock()
from helpers import databricks
spark = databricks.session()
print(spark.dataSource.register.called)
"""


def test_on_an_older_runtime_attaching_needs_nothing_that_it_lacks():
    done = subprocess.run([sys.executable, "-c", ON_AN_OLDER_RUNTIME], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


class Cluster:
    """Refuses every new source in one way."""

    def __init__(self, condition):
        self.dataSource, self._condition = self, condition

    def register(self, source):
        raise PySparkException("no", errorClass=self._condition, messageParameters={})


def test_a_clusters_own_source_of_that_name_is_left_alone():
    databricks._register_kinesis(Cluster("DATA_SOURCE_ALREADY_EXISTS"))
    with pytest.raises(PySparkException):
        databricks._register_kinesis(Cluster("ANOTHER"))


class Session:
    """Stands for a cluster on Databricks."""

    class conf:
        get = staticmethod(lambda name: "UTC")

    class dataSource:
        @staticmethod
        def register(source):
            raise AssertionError("our source would be registered over Databricks' own")


CONNECT = """
class DatabricksSession:
    class builder:
        @staticmethod
        def getOrCreate():
            return session()
"""


@pytest.fixture
def on_an_account(monkeypatch):
    for name in (*place.CLUSTER_SETTINGS, "DATABRICKS_HOST", "DATABRICKS_RUNTIME_VERSION", "WORKBOOK_ON_LAPTOP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(databricks, "_watch_over", lambda spark: None)
    return monkeypatch


@pytest.fixture
def databricks_connect(on_an_account, tmp_path):
    """Install a stand-in for Databricks Connect that opens the session which it is given."""
    import databricks as namespace

    (tmp_path / "connect.py").write_text(CONNECT)
    on_an_account.setattr(namespace, "__path__", [*namespace.__path__, str(tmp_path)])
    on_an_account.setenv("DATABRICKS_HOST", "https://one.cloud.databricks.com")
    on_an_account.setenv("DATABRICKS_TOKEN", "t")
    import databricks.connect as stand_in

    def opens(session):
        on_an_account.setenv("DATABRICKS_CLUSTER_ID", "0101-010101-one")
        stand_in.session = session

    yield opens
    sys.modules.pop("databricks.connect")
    del namespace.connect


def test_from_a_laptop_databricks_is_reached_by_its_client_and_keeps_its_source(databricks_connect, monkeypatch):
    one = Session()
    databricks_connect(lambda: one)
    monkeypatch.setattr("databricks.sdk.WorkspaceClient", lambda: SimpleNamespace(dbutils="of the SDK"))
    assert place.find() is Place.CONNECT
    notebook = databricks.attach()
    assert notebook.spark is one
    assert (notebook.dbutils, notebook.display) == ("of the SDK", display)


def test_a_session_that_cannot_be_opened_is_said_with_where_to_look(databricks_connect):
    def refused():
        raise Exception("Unsupported combination of Databricks Runtime & Databricks Connect versions: 16.4 < 17.3")

    databricks_connect(refused)
    with pytest.raises(SetupError, match=r"16\.4 < 17\.3 Does it run"):
        databricks.session()


def test_databricks_connect_without_a_cluster_is_told_which_setting_names_one(databricks_connect):
    with pytest.raises(SetupError, match="DATABRICKS_CLUSTER_ID"):
        place.find()


@pytest.mark.parametrize("setting", [
    ("DATABRICKS_HOST", "https://one.cloud.databricks.com"),
    ("SPARK_REMOTE", "sc://one.cloud.databricks.com:443/;token=t;x-databricks-cluster-id=0101"),
])  # fmt: skip
def test_without_databricks_connect_the_way_to_it_is_said(on_an_account, setting):
    on_an_account.setenv(*setting)
    with pytest.raises(SetupError, match=r"pip install -r requirements/databricks\.txt"):
        place.find()


@pytest.mark.parametrize(("settings", "found"), [
    ({"DATABRICKS_RUNTIME_VERSION": "17.3"}, Place.DATABRICKS),
    ({"SPARK_REMOTE": "sc://localhost:15002/;token=t"}, Place.LAB),
    ({"SPARK_REMOTE": "sc://localhost:15002", "DATABRICKS_HOST": "http://127.0.0.1:8787"}, Place.LAB),
    ({}, Place.LAB),
])  # fmt: skip
def test_the_place_follows_from_the_settings(on_an_account, settings, found):
    assert place.find(settings) is found


def test_whoever_has_read_the_labs_addresses_is_in_the_lab_whatever_is_installed(databricks_connect, monkeypatch):
    databricks_connect(None)
    monkeypatch.setenv("WORKBOOK_ON_LAPTOP", "/lab")
    assert place.find() is Place.LAB


def test_in_the_workspace_a_notebook_has_all_three(on_an_account):
    on_an_account.setenv("DATABRICKS_RUNTIME_VERSION", "17.3")
    on_an_account.setitem(databricks._SESSIONS, Place.DATABRICKS, Session)
    shell = SimpleNamespace(user_ns={"dbutils": "theirs", "display": "theirs too"})
    on_an_account.setattr("IPython.get_ipython", lambda: shell)
    assert databricks.attach()[1:] == ("theirs", "theirs too")
