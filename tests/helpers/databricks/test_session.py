"""Attaching where our source is not wanted: on Databricks' runtimes, and where the cluster has a source of its own."""

import subprocess
import sys

import pytest
from pyspark.errors import PySparkException

from helpers import databricks

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
