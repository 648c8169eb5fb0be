"""A batch on its way through Spark: slices of shards, with their records, or to be fetched again."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pyspark.sql.datasource import InputPartition

from helpers.kinesis.source.aggregation import unpack
from helpers.kinesis.source.backoff import patiently
from helpers.kinesis.source.client import Client, Record
from helpers.kinesis.source.errors import KinesisError
from helpers.kinesis.source.offsets import ShardOffset
from helpers.kinesis.source.options import Options, Stream
from helpers.kinesis.source.shard_reader import ShardReader

SCHEMA = (
    "partitionKey string, data binary, stream string, shardId string, sequenceNumber string, "
    "approximateArrivalTimestamp timestamp"
)
"""Databricks' columns."""

Row = tuple[str, bytes, str, str, str, datetime]


@dataclass(frozen=True)
class Slice:
    """One shard's part of a batch: what comes after `start`, up to and including `end`.

    Attributes
    ----------
    stream : Stream
        The shard's stream.
    shard_id : str
        The shard.
    start, end : ShardOffset
        Its limits.
    records : list of Record, optional
        What it holds, if it is still in memory. After a restart it is not, and is fetched again.
    """

    stream: Stream
    shard_id: str
    start: ShardOffset
    end: ShardOffset
    records: list[Record] | None = field(default=None, repr=False)

    @property
    def count(self) -> int:
        """How many records it has."""
        return self.end.records - self.start.records


class Task(InputPartition):
    """The slices that one Spark task reads."""

    def __init__(self, slices: list[Slice]):
        self.slices = slices


def tasks(slices: list[Slice], shards_per_task: int) -> list[Task]:
    """Group slices into tasks."""
    return [Task(slices[first : first + shards_per_task]) for first in range(0, len(slices), shards_per_task)]


def rows(part: Slice, options: Options) -> Iterator[Row]:
    """Turn a slice into rows, packed records taken apart."""
    records = part.records if part.records is not None else fetch_again(part, Client(options), options)
    for record in records:
        for partition_key, data in unpack(record.partition_key, record.data):
            yield partition_key, data, part.stream.name, part.shard_id, record.sequence, record.arrival


def fetch_again(part: Slice, client: Client, options: Options) -> list[Record]:
    """Fetch a slice that was in memory before a restart.

    Raises
    ------
    KinesisError
        If Kinesis has no longer the same records, and `failOnDataLoss` does not allow for it.
    """
    reader = ShardReader(client, part.stream, part.shard_id, part.start, options.fail_on_data_loss)
    last = int(part.end.after or 0)
    found: list[Record] = []
    while True:
        page = patiently(reader.next_page)
        found += [record for record in page.records if int(record.sequence) <= last]
        is_there = page.records and int(page.records[-1].sequence) >= last
        if is_there or page.next_iterator is None or not (page.records or page.is_behind):
            break
    if options.fail_on_data_loss and (len(found) != part.count or found[-1].sequence != part.end.after):
        raise KinesisError(
            f"A batch that was interrupted cannot be repeated: it had {part.count} records of {part.shard_id} of the "
            f"stream {part.stream.name}, Kinesis still has {len(found)}. The stream's retention was shorter than the "
            "query's pause. Give the query a new checkpointLocation and initialPosition earliest, or set the option "
            "failOnDataLoss to false to go on with what is left."
        )
    return found
