"""Let a learner open any notebook first: make what the earlier ones would have left behind."""

from pyspark.sql import DataFrame, SparkSession

from helpers import kafka_client, landing, msk_connect
from helpers.cleaning import clean_geo, clean_pin, clean_user, deduplicate
from helpers.config import TABLES, Workbook
from helpers.postings import history
from helpers.raw import read_raw
from helpers.user_posting_emulation import send

FLUSH_SIZE = 500
"""Messages an object: few enough objects to be read in a moment."""

CLEANERS = {"pin": clean_pin, "geo": clean_geo, "user": clean_user}


def clean_tables(spark: SparkSession, workbook: Workbook) -> dict[str, DataFrame]:
    """Return the three cleaned tables; what the cleaning notebook has not made yet is made now.

    Parameters
    ----------
    spark : SparkSession
        The cluster.
    workbook : Workbook
        Names and addresses.

    Returns
    -------
    dict of str to DataFrame
        "pin", "geo" and "user".
    """
    if not all(spark.catalog.tableExists(workbook.clean_table(table)) for table in TABLES):
        land_history(workbook)
        for table in TABLES:
            raw = read_raw(spark, workbook.topic_path(table, "history"), table)
            clean = deduplicate(CLEANERS[table](raw))
            clean.write.format("delta").mode("overwrite").saveAsTable(workbook.clean_table(table))
    return {table: spark.table(workbook.clean_table(table)) for table in TABLES}


def land_history(workbook: Workbook) -> None:
    """Send the whole history through Kafka and Connect into the bucket's folder ``history``."""
    landing.create_bucket(workbook)
    kafka_client.create_topics(workbook)
    properties = msk_connect.sink_properties(workbook, FLUSH_SIZE, folder="history", rotate_schedule_ms=2000)
    msk_connect.put_connector(workbook, properties)
    tally = send(workbook, history(), progress=False)
    if not tally.complete:
        raise msk_connect.ConnectorError(f"The history did not reach Kafka: {tally}")
    msk_connect.wait_until_stored(workbook)
