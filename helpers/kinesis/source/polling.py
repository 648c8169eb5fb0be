"""All shards that a query reads, asked side by side.

Kinesis cannot be made to wait for records, and lets a shard be asked five times a second. So the shards are asked when
Spark wants a batch: what arrived while the batch before was written is then fetched in one go, and no record waits for
a timer. Spark is kept waiting only while nothing is there.
"""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from helpers.kinesis.source.client import Client
from helpers.kinesis.source.cursor import Cursor
from helpers.kinesis.source.offsets import Shards
from helpers.kinesis.source.options import Options
from helpers.kinesis.source.shard_reader import ShardReader

THREADS = 8
LONGEST_WAIT = 0.5
"""Seconds for which Spark is kept waiting at most, so that a query can be stopped soon."""
TOGETHER = 0.05
"""Shards that are due this soon after the first are asked with it: their records make one batch."""


class Polling:
    """The cursors of a query.

    Parameters
    ----------
    client : Client
        Kinesis.
    options : Options
        What is read, and at what pace.
    """

    def __init__(self, client: Client, options: Options):
        self._client, self._options = client, options
        self._streams = {stream.name: stream for stream in options.streams}
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="kinesis")
        self.cursors: dict[tuple[str, str], Cursor] = {}

    def follow(self, streams: Mapping[str, Shards]) -> None:
        """Take up new shards, leave finished ones, and forget the records that are processed."""
        wanted = {
            (name, shard_id): offset
            for name, shards in streams.items()
            for shard_id, offset in shards.items()
            if not offset.closed
        }
        self.cursors = {key: cursor for key, cursor in self.cursors.items() if key in wanted}
        for key, offset in wanted.items():
            if key in self.cursors:
                self.cursors[key].drop_through(offset)
            else:
                name, shard_id = key
                reader = ShardReader(
                    self._client, self._streams[name], shard_id, offset, self._options.fail_on_data_loss
                )
                self.cursors[key] = Cursor(reader, self._options)

    def ask(self, until: datetime | None = None) -> None:
        """Ask the shards that are due; wait for the first if there is nothing yet, but not long.

        Raises
        ------
        KinesisError
            If reading cannot go on.
        """
        thirsty = [cursor for cursor in self.cursors.values() if cursor.is_thirsty]
        if not thirsty:
            return
        now = time.monotonic()
        wait = max(0.0, min(cursor.due for cursor in thirsty) - now)
        if self.has_news() and wait:
            return
        time.sleep(min(wait, LONGEST_WAIT))
        due = [cursor for cursor in thirsty if cursor.due <= now + min(wait, LONGEST_WAIT) + TOGETHER]
        for done in [self._pool.submit(cursor.poll, until) for cursor in due]:
            done.result()

    def has_news(self) -> bool:
        """Say whether there are records, or a shard that ended."""
        return any(cursor.records or cursor.ended for cursor in self.cursors.values())

    def is_caught_up(self) -> bool:
        """Say whether there is nothing left to ask for up to the moment given to `ask`."""
        return all(cursor.caught_up for cursor in self.cursors.values())

    def close(self) -> None:
        """Ask no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
