"""What a Databricks notebook has ready: `spark`, `dbutils` and `display`, wherever the notebook runs.

Spark is imported when a notebook attaches: the lab's command line and its job runners use parts of this package without
it, and importing Spark takes longer than most of what they do.
"""

import atexit
import contextlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from helpers.config import SetupError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PATIENCE = {"max_retries": 7, "max_backoff": 4000}
"""Lasts for about 15 s, through a restart of the cluster; with Spark's own a dead cluster holds a cell for 10 min."""


class Notebook(NamedTuple):
    """What `attach` hands out: ``spark, dbutils, display = databricks.attach()``."""

    spark: "SparkSession"
    dbutils: Any
    display: Callable[..., None]


def attach() -> Notebook:
    """Attach to the cluster and its workspace.

    On Databricks these are the three that every notebook has already; on the laptop they lead to the lab's, and
    DataFrames and stream writers get the two methods that only Databricks has: ``display`` and ``table``.

    Raises
    ------
    SetupError
        If no cluster answers.
    """
    from IPython import get_ipython
    from pyspark.errors import PySparkException
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.streaming.readwriter import DataStreamWriter

    from helpers.databricks.laptop import causes, dbfs_folder
    from helpers.databricks.laptop.dbutils import DBUtils
    from helpers.databricks.laptop.display import display

    spark, shell = session(), get_ipython()
    if "DATABRICKS_RUNTIME_VERSION" in os.environ:
        own = shell.user_ns
        return Notebook(spark, own["dbutils"], own["display"])
    DataFrame.display = display  # ``df.display()``
    DataStreamWriter.table = DataStreamWriter.toTable
    if shell is not None:
        shell.set_custom_exc((PySparkException,), causes.show)
    if root := os.environ.get("WORKBOOK_DBFS_ROOT"):
        dbfs_folder.explain_its_absence(root)
    return Notebook(spark, DBUtils(), display)


def session() -> "SparkSession":
    """Attach to the cluster alone; see `attach`.

    Raises
    ------
    SetupError
        If no cluster answers.
    """
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.utils import is_remote

    from helpers.kinesis_source import KinesisDataSource
    from helpers.streaming import warnings as streaming_warnings

    spark = SparkSession.builder.getOrCreate()
    on_databricks = "DATABRICKS_RUNTIME_VERSION" in os.environ
    if is_remote() and not on_databricks:
        spark.client.set_retry_policies([DefaultPolicy(**PATIENCE)])
        streaming_warnings.watch()
        atexit.register(_give_up, spark)
    try:
        spark.conf.get("spark.sql.session.timeZone")
    except Exception as error:
        raise SetupError(
            f"The Spark cluster does not answer: {type(error).__name__}. On the laptop, `python -m lab status` "
            "tells whether it runs, `python -m lab logs cluster` why not."
        ) from error
    if not on_databricks:
        spark.dataSource.register(KinesisDataSource)
    return spark


def _give_up(spark: "SparkSession") -> None:
    """End the session with its notebook, as detaching does; the cluster would keep it, and its queries, for an hour."""
    from pyspark.sql.connect.client.retries import DefaultPolicy

    with contextlib.suppress(Exception):  # a cluster that is gone has no session to end
        spark.client.set_retry_policies([DefaultPolicy(max_retries=0)])
        spark.stop()
