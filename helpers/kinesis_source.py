"""The Spark source `kinesis`: reads Kinesis Data Streams as on Databricks, in Python.

::

    spark.dataSource.register(KinesisDataSource)
    posts = spark.readStream.format("kinesis").option("streamName", "posts").option("region", "us-east-1").load()

Every record is a row of `partitionKey`, `data`, `stream`, `shardId`, `sequenceNumber` and
`approximateArrivalTimestamp`. `helpers.kinesis.source.options.OPTIONS` lists the options, which have Databricks' names.

A query reads every record at least once from Kinesis. A batch that has to be run again after a crash holds the same
records again; a Delta table, which knows the batches that it has, therefore gets each record exactly once, as long as
the query keeps its checkpoint.
"""

import warnings
from collections.abc import MutableMapping
from typing import TYPE_CHECKING

from pyspark.sql.datasource import DataSource
from pyspark.sql.types import StructType

from helpers.kinesis.source.batch import SCHEMA
from helpers.kinesis.source.options import parse, warnings_about

if TYPE_CHECKING:
    from helpers.kinesis.source.reader import KinesisStreamReader


class KinesisDataSource(DataSource):
    """The source; `load` makes one and so checks the options.

    Raises
    ------
    helpers.kinesis.source.errors.KinesisError
        If an option is missing or wrong.
    """

    def __init__(self, options: MutableMapping[str, str]):
        super().__init__(options)
        self._checked = parse(options)
        for warning in warnings_about(options):
            warnings.warn(warning, stacklevel=2)

    @classmethod
    def name(cls) -> str:
        """Return the name for ``format``."""
        return "kinesis"

    def schema(self) -> str:
        """Return Databricks' columns."""
        return SCHEMA

    def streamReader(self, schema: StructType) -> "KinesisStreamReader":
        """Make what Spark's engine talks to."""
        from helpers.kinesis.source.reader import KinesisStreamReader  # late: runtimes before 18.1 lack its base

        return KinesisStreamReader(self._checked)
