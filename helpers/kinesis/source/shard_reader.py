"""Reading one shard from a place on: iterators are renewed, and a gap is noticed."""

import logging
from datetime import datetime
from typing import Any

from helpers.kinesis.source.client import Client, Page, Record
from helpers.kinesis.source.errors import IteratorExpired, KinesisError, ShardGone
from helpers.kinesis.source.offsets import ShardOffset
from helpers.kinesis.source.options import Stream

logger = logging.getLogger(__name__)


class ShardReader:
    """Gives a shard's records page by page, from an offset to the shard's end.

    Kinesis goes on at the oldest record left when the place asked for was trimmed, and does not say so. Therefore
    reading starts *at* the last record that was read, not after it: when that one is still there, so is everything
    that came later.

    Parameters
    ----------
    client : Client
        Kinesis.
    stream : Stream
        The shard's stream.
    shard_id : str
        The shard.
    start : ShardOffset
        Where to begin.
    fail_on_data_loss : bool
        Whether a gap ends the reading; otherwise it is logged.
    """

    def __init__(self, client: Client, stream: Stream, shard_id: str, start: ShardOffset, fail_on_data_loss: bool):
        self.stream, self.shard_id = stream, shard_id
        self._client, self._fail_on_data_loss = client, fail_on_data_loss
        self._after, self._since = start.after, start.since
        self._iterator: str | None = None
        self._at_known_record = False

    def next_page(self) -> Page:
        """Get the next records; call again after `Passing`.

        Returns
        -------
        Page
            Possibly empty. Without a next iterator the shard is at its end.

        Raises
        ------
        Passing
            If Kinesis cannot answer now.
        KinesisError
            If it never will, or records are lost.
        """
        try:
            page = self._fetch()
        except IteratorExpired:
            self._iterator = None
            page = self._fetch()
        except ShardGone as gone:
            self._report_loss(f"the shard is gone ({gone})")
            return Page([], None, False)
        self._iterator = page.next_iterator
        records = self._wanted(page)
        if records:
            self._after, self._since = records[-1].sequence, None
        return Page(records, page.next_iterator, page.is_behind)

    def _fetch(self) -> Page:
        if self._iterator is None:
            self._iterator = self._client.iterator(self.stream, self.shard_id, **self._position())
            self._at_known_record = self._after is not None
        return self._client.records(self.stream, self._iterator)

    def _position(self) -> dict[str, Any]:
        if self._after is not None:
            return {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": self._after}
        if self._since is not None:
            return {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": datetime.fromisoformat(self._since)}
        return {"ShardIteratorType": "TRIM_HORIZON"}

    def _wanted(self, page: Page) -> list[Record]:
        """Leave out what lies before the place to begin at."""
        if self._at_known_record:
            return self._after_known_record(page)
        if self._since is not None:
            # boto3 sends whole seconds, so the first records may be too old
            since = datetime.fromisoformat(self._since)
            first = next((place for place, record in enumerate(page.records) if record.arrival >= since), None)
            return [] if first is None else page.records[first:]
        return page.records

    def _after_known_record(self, page: Page) -> list[Record]:
        if page.records:
            self._at_known_record = False
            if page.records[0].sequence == self._after:
                return page.records[1:]
            self._report_loss(f"the record {self._after}, read last, is not kept any more")
        elif not page.is_behind or page.next_iterator is None:
            self._at_known_record = False
            self._report_loss(f"the record {self._after}, read last, is not kept any more, and none after it is")
        return page.records

    def _report_loss(self, what: str) -> None:
        text = (
            f"Records of the stream {self.stream.name} may be lost in {self.shard_id}: {what}. The stream's retention "
            "was shorter than the query's pause."
        )
        if self._fail_on_data_loss:
            raise KinesisError(
                f"{text} To go on with what is left, give the query a new checkpointLocation and initialPosition "
                "earliest, or set the option failOnDataLoss to false."
            )
        logger.warning("%s Going on with what is left.", text)
