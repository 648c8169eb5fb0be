"""Postings straight into Kafka: the emulator as a producer, without REST proxy and API."""

from collections import deque

from kafka.errors import KafkaError

from helpers.config import Workbook
from helpers.emulator.postings import Posting
from helpers.emulator.tally import Tally
from helpers.kafka import client as kafka_client
from helpers.kafka.client import KafkaDenied, KafkaUnavailable

WINDOW = 2000
"""Postings on their way at once: enough to keep the brokers busy, few enough to count at any moment."""

ACKNOWLEDGE_SECONDS = 60
"""How long to wait for the last acknowledgements."""


class KafkaTarget:
    """Sends postings to the three topics and keeps count of what the brokers acknowledge."""

    def __init__(self, workbook: Workbook, tally: Tally):
        self._workbook = workbook
        self._tally = tally
        self._producer = kafka_client.producer(workbook)
        self._pending: deque = deque()

    def post(self, posting: Posting) -> None:
        """Hand one posting to the producer; waits when too many are under way.

        Raises
        ------
        KafkaDenied
            If one of the topics may not be written.
        """
        topics = {self._workbook.topic(table): table for table in posting.rows}
        futures = {topic: self._producer.send(topic, posting.wire(table)) for topic, table in topics.items()}
        self._tally.sent += 1
        self._pending.append(futures)
        while len(self._pending) > WINDOW or self._oldest_is_done():
            self._settle()

    def _oldest_is_done(self) -> bool:
        return bool(self._pending) and all(future.is_done for future in self._pending[0].values())

    def _settle(self) -> None:
        futures = self._pending.popleft()
        try:
            for topic, future in futures.items():
                with kafka_client.plain_words(self._workbook, topic, "DescribeTopic", "WriteData"):
                    future.get(timeout=ACKNOWLEDGE_SECONDS)
            self._tally.acknowledged += 1
        except (KafkaError, KafkaUnavailable) as error:
            self._tally.remember(f"a record was not stored: {error}")

    def close(self) -> None:
        """Wait for what is under way."""
        while self._pending:
            try:
                self._settle()
            except KafkaDenied as error:
                self._tally.remember(str(error))
        self._producer.close(timeout=5)
