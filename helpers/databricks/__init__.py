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

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PATIENCE = {"max_retries": 7, "max_backoff": 4000}
"""Lasts for about 15 s, through a restart of the cluster; with Spark's own a dead cluster holds a cell for 10 min."""


_WHERE_TO_LOOK = (
    "On the laptop, `python -m lab status` tells whether it runs, `python -m lab logs cluster` why not.",
    "Does it run, and do SPARK_REMOTE and its token name it?",
)


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
    causes.once_only()
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
        If no cluster is named, or it does not answer.
    """
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.utils import is_remote

    from helpers.streaming import warnings as streaming_warnings

    on_databricks = "DATABRICKS_RUNTIME_VERSION" in os.environ
    if not on_databricks:
        _check_address()
    spark = SparkSession.builder.getOrCreate()
    if is_remote() and not on_databricks:
        spark.client.set_retry_policies([DefaultPolicy(**PATIENCE)])
        streaming_warnings.watch()
        atexit.register(_give_up, spark)
    try:
        spark.conf.get("spark.sql.session.timeZone")
    except Exception as error:
        raise SetupError(
            f"The Spark cluster does not answer: {type(error).__name__}. {where_to_look(*_WHERE_TO_LOOK)}"
        ) from error
    if not on_databricks:
        _register_kinesis(spark)
    return spark


def _check_address() -> None:
    """Refuse to start a Spark on this computer where a cluster's address was forgotten: it would know no bucket."""
    from pyspark.sql import SparkSession

    if not (os.environ.get("SPARK_REMOTE") or SparkSession.getActiveSession()):
        raise SetupError(
            "No cluster is named, and a Spark on this computer alone would find no bucket. Put the cluster's address, "
            "SPARK_REMOTE=sc://…, into .env; .env.example explains it."
        )


def _register_kinesis(spark: "SparkSession") -> None:
    """Bring our source "kinesis" along, unless the cluster has one of its own: Databricks does."""
    from pyspark.errors import PySparkException

    from helpers.kinesis_source import KinesisDataSource  # late: runtimes before 18.1 lack what it stands on

    try:
        spark.dataSource.register(KinesisDataSource)
    except PySparkException as error:
        if error.getCondition() != "DATA_SOURCE_ALREADY_EXISTS":
            raise


def _give_up(spark: "SparkSession") -> None:
    """End the session with its notebook, as detaching does; the cluster would keep it, and its queries, for an hour."""
    from pyspark.sql.connect.client.retries import DefaultPolicy

    with contextlib.suppress(Exception):  # a cluster that is gone has no session to end
        spark.client.set_retry_policies([DefaultPolicy(max_retries=0)])
        spark.stop()
