"""One shard while a query runs: records that wait for a batch, and when Kinesis may be asked for more."""

import logging
import time
from collections.abc import Callable
from datetime import datetime

from helpers.kinesis.source.backoff import Backoff
from helpers.kinesis.source.client import Record
from helpers.kinesis.source.errors import Passing
from helpers.kinesis.source.offsets import ShardOffset
from helpers.kinesis.source.options import Options
from helpers.kinesis.source.shard_reader import ShardReader

logger = logging.getLogger(__name__)


class Cursor:
    """Fetches a shard's records, one page ahead of Spark at most, at a pace that Kinesis allows.

    Parameters
    ----------
    reader : ShardReader
        Gives the pages.
    options : Options
        The pace.
    clock : callable
        Seconds that only grow.

    Attributes
    ----------
    records : list of Record
        Fetched, and not yet known to be processed.
    ended : bool
        Whether the shard has no more than these.
    caught_up : bool
        Whether everything was fetched that had arrived by the moment given to `poll`.
    due : float
        When the shard may be asked again, by the clock.
    """

    def __init__(self, reader: ShardReader, options: Options, clock: Callable[[], float] = time.monotonic):
        self.reader = reader
        self.records: list[Record] = []
        self.ended = self.caught_up = False
        self.due = 0.0
        self._period = options.min_fetch_seconds
        self._bytes_per_second = options.max_fetch_bytes_per_second
        self._clock, self._backoff = clock, Backoff(clock)

    @property
    def is_thirsty(self) -> bool:
        """Whether it is worth asking for more: memory holds one page a shard."""
        return not (self.records or self.ended or self.caught_up)

    def drop_through(self, offset: ShardOffset) -> None:
        """Forget the records that are processed."""
        if offset.after is not None:
            last = int(offset.after)
            self.records = [record for record in self.records if int(record.sequence) > last]

    def poll(self, until: datetime | None = None) -> None:
        """Ask for the next page.

        Parameters
        ----------
        until : datetime, optional
            Leave out what arrived later, and ask no more once everything earlier is there.

        Raises
        ------
        KinesisError
            If reading cannot go on.
        """
        try:
            page = self.reader.next_page()
        except Passing as reason:
            wait = self._backoff.wait_after(reason)
            logger.warning("%s Asking again in %.1f s.", reason, wait)
            self.due = self._clock() + wait
            return
        self._backoff.succeed()
        size = sum(len(record.data) for record in page.records)
        self.due = self._clock() + max(self._period, size / self._bytes_per_second)
        self.records = page.records
        self.ended = page.next_iterator is None
        if until is not None:
            self.records = [record for record in page.records if record.arrival <= until]
            cut = len(self.records) < len(page.records)
            self.caught_up = cut or not page.is_behind
            self.ended = self.ended and not cut
