"""What a Databricks notebook has ready: `spark`, `dbutils` and `display`, wherever the notebook runs.

Spark is imported when a notebook attaches: the lab's command line and its job runners use parts of this package without
it, and importing Spark takes longer than most of what they do.
"""

import atexit
import contextlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from helpers.config import SetupError, where_to_look
from helpers.databricks import place
from helpers.databricks.place import Place
from helpers.spark_versions import condition

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PATIENCE = {"max_retries": 7, "max_backoff": 4000}
"""Lasts for about 15 s, through a restart of the cluster; with Spark's own a dead cluster holds a cell for 10 min."""


_WHERE_TO_LOOK = (
    "On the laptop, `python -m lab status` tells whether it runs, `python -m lab logs cluster` why not.",
    "Does it run, and do DATABRICKS_HOST, its token and DATABRICKS_CLUSTER_ID name it?",
)


class Notebook(NamedTuple):
    """What `attach` hands out: ``spark, dbutils, display = databricks.attach()``."""

    spark: "SparkSession"
    dbutils: Any
    display: Callable[..., None]


def attach() -> Notebook:
    """Attach to the cluster and its workspace.

    On Databricks these are the three that every notebook has already. Elsewhere `dbutils` is that of Databricks' SDK,
    or leads to the lab's workspace, and DataFrames and stream writers get the two methods that only Databricks has:
    ``display`` and ``table``.

    Raises
    ------
    SetupError
        If no cluster answers.
    """
    from IPython import get_ipython

    where, spark, shell = place.find(), session(), get_ipython()
    if where is Place.DATABRICKS:
        return Notebook(spark, shell.user_ns["dbutils"], shell.user_ns["display"])
    from pyspark.errors import PySparkException
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.streaming.readwriter import DataStreamWriter

    from helpers.databricks.laptop import causes
    from helpers.databricks.laptop.display import display

    DataFrame.display = display  # ``df.display()``
    DataStreamWriter.table = DataStreamWriter.toTable
    causes.once_only()
    if shell is not None:
        shell.set_custom_exc((PySparkException,), causes.show)
    return Notebook(spark, _workspace_dbutils() if where is Place.CONNECT else _lab_dbutils(), display)


def _workspace_dbutils() -> Any:
    from databricks.sdk import WorkspaceClient

    return WorkspaceClient().dbutils


def _lab_dbutils() -> Any:
    from helpers.databricks.laptop import dbfs_folder
    from helpers.databricks.laptop.dbutils import DBUtils

    if root := os.environ.get("WORKBOOK_DBFS_ROOT"):
        dbfs_folder.explain_its_absence(root)
    return DBUtils()


def session() -> "SparkSession":
    """Attach to the cluster alone; see `attach`.

    Raises
    ------
    SetupError
        If no cluster is named, or it does not answer.
    """
    where = place.find()
    spark = _SESSIONS[where]()
    try:
        spark.conf.get("spark.sql.session.timeZone")
    except Exception as error:
        raise SetupError(
            f"The Spark cluster does not answer: {type(error).__name__}. {where_to_look(*_WHERE_TO_LOOK)}"
        ) from error
    if where is Place.LAB:  # Databricks has a source "kinesis" of its own
        _register_kinesis(spark)
    return spark


def _notebooks_own() -> "SparkSession":
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()


def _by_databricks_connect() -> "SparkSession":
    """Open a session; Databricks' own patience stays, for a cluster that is asleep takes minutes to start."""
    from databricks.connect import DatabricksSession

    try:
        spark = DatabricksSession.builder.getOrCreate()
    except Exception as error:  # the class itself is what Databricks Connect raises of versions that do not fit
        words = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise SetupError(f"Databricks Connect opens no session: {words} {_WHERE_TO_LOOK[1]}") from error
    _watch_over(spark)
    return spark


def _by_spark_connect() -> "SparkSession":
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.utils import is_remote

    _check_address()
    spark = _notebooks_own()
    if is_remote():
        spark.client.set_retry_policies([DefaultPolicy(**PATIENCE)])
        _watch_over(spark)
    return spark


_SESSIONS = {
    Place.DATABRICKS: _notebooks_own, Place.CONNECT: _by_databricks_connect, Place.LAB: _by_spark_connect
}  # fmt: skip


def _watch_over(spark: "SparkSession") -> None:
    from helpers.streaming import warnings as streaming_warnings

    streaming_warnings.watch()
    atexit.register(_give_up, spark)


def _check_address() -> None:
    """Refuse to start a Spark on this computer where a cluster's address was forgotten: it would know no bucket."""
    from pyspark.sql import SparkSession

    if not (os.environ.get("SPARK_REMOTE") or SparkSession.getActiveSession()):
        raise SetupError(
            "No cluster is named, and a Spark on this computer alone would find no bucket. Put DATABRICKS_HOST, "
            "DATABRICKS_TOKEN and DATABRICKS_CLUSTER_ID into .env, or the address of another cluster, "
            "SPARK_REMOTE=sc://…; .env.example explains them."
        )


def _register_kinesis(spark: "SparkSession") -> None:
    """Bring our source "kinesis" along, unless the cluster has one of its own."""
    from pyspark.errors import PySparkException

    from helpers.kinesis_source import KinesisDataSource

    try:
        spark.dataSource.register(KinesisDataSource)
    except PySparkException as error:
        if condition(error) != "DATA_SOURCE_ALREADY_EXISTS":
            raise


def _give_up(spark: "SparkSession") -> None:
    """End the session with its notebook, as detaching does; the cluster would keep it, and its queries, for an hour."""
    from pyspark.sql.connect.client.retries import DefaultPolicy

    with contextlib.suppress(Exception):  # a cluster that is gone has no session to end
        spark.client.set_retry_policies([DefaultPolicy(max_retries=0)])
        spark.stop()
