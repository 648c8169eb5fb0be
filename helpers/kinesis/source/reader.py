"""What Spark's engine talks to: where a query begins, how far it can go, what a batch holds."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from pyspark.sql.datasource import DataSourceStreamReader
from pyspark.sql.streaming.datasource import ReadLimit, ReadMaxRows, SupportsTriggerAvailableNow

from helpers.kinesis.source.backoff import patiently
from helpers.kinesis.source.batch import Row, Slice, Task, rows, tasks
from helpers.kinesis.source.client import CLOCK_TOLERANCE, Client
from helpers.kinesis.source.cursor import Cursor
from helpers.kinesis.source.errors import KinesisError
from helpers.kinesis.source.lineage import Lineage
from helpers.kinesis.source.offsets import Offset, ShardOffset, Shards, check_streams
from helpers.kinesis.source.options import LATEST, OLDEST, Options, Stream
from helpers.kinesis.source.polling import Polling
from helpers.kinesis.source.sharing import share_out

LIST_AGAIN_SECONDS = 1.0


class KinesisStreamReader(DataSourceStreamReader, SupportsTriggerAvailableNow):
    """Reads streams in batches that can be repeated.

    Spark keeps one such object a query in a process of its own, which asks for offsets, and copies of it in its
    workers, which turn slices into rows. Only the former ever fetches records, except after a restart: a slice
    carries its records.

    Parameters
    ----------
    options : Options
        What to read.
    """

    def __init__(self, options: Options):
        self._options = options
        self._streams = {stream.name: stream for stream in options.streams}
        self._until: datetime | None = None
        self._began: Offset | None = None
        self._engine: tuple[Client, Polling] | None = None
        self._lineages: dict[str, tuple[float, Lineage]] = {}

    def initialOffset(self) -> dict[str, Any]:
        """Say where a new query begins; the same every time it is asked."""
        if self._began is None:
            self._began = Offset.initial({name: self._begin(stream) for name, stream in self._streams.items()})
        return self._began.to_json()

    def getDefaultReadLimit(self) -> ReadLimit:
        """Limit a batch to `maxRecordsPerFetch` records."""
        return ReadMaxRows(self._options.max_records_per_fetch)

    def prepareForTriggerAvailableNow(self) -> None:
        """Remember by Kinesis's clock until when records count, rather a little too late than too early.

        A shard is finished when Kinesis says that it has no more. The moment is for one that never says so, because
        records keep coming.
        """
        stream = self._options.streams[0]
        self._until = patiently(lambda: self._client.time(stream)) + CLOCK_TOLERANCE

    def latestOffset(self, start: dict[str, Any], limit: ReadLimit) -> dict[str, Any]:
        """Fetch what is there, and say how far that goes."""
        offset = Offset.from_json(start)
        check_streams(offset, set(self._streams))
        self._polling.follow(offset.streams)
        self._polling.ask(self._until)
        while self._until and not self._polling.has_news() and not self._polling.is_caught_up():
            self._polling.ask(self._until)
        streams = self._advance(offset.streams, limit.max_rows if isinstance(limit, ReadMaxRows) else None)
        return (offset if streams == offset.streams else offset.moved_to(streams)).to_json()

    def partitions(self, start: dict[str, Any], end: dict[str, Any]) -> list[Task]:
        """Cut the batch between two offsets into tasks."""
        if start == end:
            return []
        ends = Offset.from_json(end)
        check_streams(ends, set(self._streams))
        starts = ends.batch_start(Offset.from_json(start))
        slices = [
            self._slice(name, shard_id, starts[name].get(shard_id, ShardOffset()), offset)
            for name, shards in ends.streams.items()
            for shard_id, offset in shards.items()
        ]
        return tasks([part for part in slices if part.count], self._options.shards_per_task)

    def read(self, partition: Task) -> Iterator[Row]:
        """Turn a task's slices into rows."""
        for part in partition.slices:
            yield from rows(part, self._options)

    def stop(self) -> None:
        """End the threads that ask Kinesis."""
        if self._engine:
            self._polling.close()

    @property
    def _client(self) -> Client:
        return self._connected()[0]

    @property
    def _polling(self) -> Polling:
        return self._connected()[1]

    def _connected(self) -> tuple[Client, Polling]:
        """Connect when first asked: the copies in the workers, which are pickled, never are."""
        if self._engine is None:
            client = Client(self._options)
            self._engine = client, Polling(client, self._options)
        return self._engine

    def _begin(self, stream: Stream) -> Shards:
        lineage = self._list(stream)
        position = self._options.initial_position
        if position == OLDEST:
            return {shard_id: ShardOffset() for shard_id in lineage.oldest()}
        now = patiently(lambda: self._client.time(stream))
        if position == LATEST:
            # Kinesis's own LATEST is a different place whenever it is asked; a moment is not
            return {shard_id: ShardOffset(since=_text(now)) for shard_id in lineage.open()}
        assert isinstance(position, datetime)
        if position > now + CLOCK_TOLERANCE:
            raise KinesisError(
                f"The Kinesis option initialPosition names a moment to come, {_text(position)}; by Kinesis's clock it "
                f"is {_text(now)}. Name an earlier one, or use latest."
            )
        return {shard_id: ShardOffset(since=_text(position)) for shard_id in lineage.oldest()}

    def _advance(self, streams: Mapping[str, Shards], limit: int | None) -> dict[str, Shards]:
        cursors = self._polling.cursors
        shares = share_out({key: len(cursor.records) for key, cursor in cursors.items()}, limit)
        return {
            name: self._succeed(
                self._streams[name],
                shards,
                {
                    shard_id: _moved(offset, cursors[name, shard_id], shares[name, shard_id])
                    if (name, shard_id) in cursors
                    else offset
                    for shard_id, offset in shards.items()
                },
            )
            for name, shards in streams.items()
        }

    def _succeed(self, stream: Stream, before: Shards, after: dict[str, ShardOffset]) -> Shards:
        """Begin the children of shards that ended, and forget parents once their children have begun.

        A parent that ended in this batch stays in its offset, or the batch would lack the parent's last records.
        """
        if not any(offset.closed for offset in after.values()):
            return after
        just_ended = any(offset.closed and before[key] != offset for key, offset in after.items())
        lineage = self._lineage(stream, afresh=just_ended)
        forgotten = lineage.outlived(before)
        kept = {shard_id: offset for shard_id, offset in after.items() if shard_id not in forgotten}
        return {**kept, **lineage.successors(kept)}

    def _lineage(self, stream: Stream, afresh: bool) -> Lineage:
        """Look at the stream's shards: afresh when one has ended, else not more than once a second."""
        listed, lineage = self._lineages.get(stream.name, (float("-inf"), None))
        if afresh or lineage is None or time.monotonic() - listed > LIST_AGAIN_SECONDS:
            lineage = self._list(stream)
            self._lineages[stream.name] = time.monotonic(), lineage
        return lineage

    def _list(self, stream: Stream) -> Lineage:
        return Lineage(patiently(lambda: self._client.shards(stream)))

    def _slice(self, name: str, shard_id: str, start: ShardOffset, end: ShardOffset) -> Slice:
        part = Slice(self._streams[name], shard_id, start, end)
        if self._engine and (cursor := self._polling.cursors.get((name, shard_id))):
            last = int(end.after or 0)
            records = [record for record in cursor.records if int(record.sequence) <= last]
            if len(records) == part.count:
                return replace(part, records=records)
        return part


def _moved(offset: ShardOffset, cursor: Cursor, share: int) -> ShardOffset:
    if share:
        offset = offset.read_to(cursor.records[share - 1].sequence, share)
    if cursor.ended and share == len(cursor.records):
        offset = replace(offset, closed=True)
    return offset


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
