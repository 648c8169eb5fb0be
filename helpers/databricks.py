"""The way from a notebook to its cluster."""

from pyspark.sql import SparkSession
from pyspark.sql.connect.client.retries import DefaultPolicy
from pyspark.sql.utils import is_remote

from helpers.config import SetupError

PATIENCE = DefaultPolicy(max_retries=7, max_backoff=4000)
"""Lasts for about 15 s, through a restart of the cluster; with Spark's own a dead cluster holds a cell for 10 min."""


def session() -> SparkSession:
    """Attach to the cluster.

    On Databricks this is the session that is there already; on the laptop ``SPARK_REMOTE``, which
    `helpers.config.Workbook.load` sets, leads to the lab's cluster.

    Raises
    ------
    SetupError
        If no cluster answers.
    """
    spark = SparkSession.builder.getOrCreate()
    if is_remote():
        spark.client.set_retry_policies([PATIENCE])
    try:
        spark.conf.get("spark.sql.session.timeZone")
    except Exception as error:
        raise SetupError(
            f"The Spark cluster does not answer: {type(error).__name__}. On the laptop, `python -m helpers.lab status` "
            "tells whether it runs, `python -m helpers.lab logs cluster` why not."
        ) from error
    return spark
