"""The way from a notebook to its cluster."""

from pyspark.sql import SparkSession

from helpers.config import SetupError


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
    try:
        spark.conf.get("spark.sql.session.timeZone")
    except Exception as error:
        raise SetupError(
            f"The Spark cluster does not answer: {type(error).__name__}. On the laptop, `python -m helpers.lab status` "
            "tells whether it runs, `python -m helpers.lab logs cluster` why not."
        ) from error
    return spark
