"""Talk to Kafka: topics, how far they reach, how far a consumer group has come."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError, TopicAlreadyExistsError

from helpers.config import Workbook

PATIENCE_MS = 10_000
"""How long to look for a broker before saying that there is none."""


class KafkaUnavailable(Exception):
    """No broker answers; the text names the address and what to look at."""


def connection(workbook: Workbook) -> dict[str, object]:
    """Gather the settings with which every Kafka client of the workbook connects."""
    return {
        "bootstrap_servers": workbook.bootstrap_servers.split(","),
        "bootstrap_timeout_ms": PATIENCE_MS,
        "security_protocol": "SSL",
        "ssl_cafile": workbook.kafka_authority,
        "ssl_certfile": workbook.kafka_certificate,
        "ssl_keyfile": workbook.kafka_certificate,
    }


@contextmanager
def _plain_words(workbook: Workbook) -> Iterator[None]:
    try:
        yield
    except KafkaError as error:
        if not error.retriable:
            raise
        raise KafkaUnavailable(
            f"No Kafka broker answers at {workbook.bootstrap_servers}: {error}. "
            "On the laptop, `python -m helpers.lab status` tells whether it runs."
        ) from error


@contextmanager
def _admin(workbook: Workbook) -> Iterator[KafkaAdminClient]:
    with _plain_words(workbook):
        client = KafkaAdminClient(**connection(workbook))
        try:
            yield client
        finally:
            client.close()


def producer(workbook: Workbook) -> KafkaProducer:
    """Make a producer whose records count as sent only when the brokers have stored them.

    Raises
    ------
    KafkaUnavailable
        If no broker answers.
    """
    with _plain_words(workbook):
        return KafkaProducer(**connection(workbook), acks="all", enable_idempotence=True, linger_ms=5)


def create_topics(workbook: Workbook) -> dict[str, str]:
    """Create the three topics, one partition each, unless they are there.

    Returns
    -------
    dict of str to str
        Topic → "created" or "was there".
    """
    outcome = {}
    with _admin(workbook) as admin:
        for topic in workbook.topics:
            try:
                admin.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}})
                outcome[topic] = "created"
            except TopicAlreadyExistsError:
                outcome[topic] = "was there"
        admin.wait_for_topics(list(workbook.topics))
    return outcome


def end_offsets(workbook: Workbook) -> dict[str, int]:
    """Tell how many records each topic has taken so far: the offset the next one will get."""
    with _admin(workbook) as admin:
        return _end_offsets(admin, workbook.topics)


def _end_offsets(admin: KafkaAdminClient, topics: Iterable[str]) -> dict[str, int]:
    latest = {TopicPartition(topic, 0): OffsetSpec.LATEST for topic in topics}
    return {partition.topic: found.offset for partition, found in admin.list_partition_offsets(latest).items()}


def lag(workbook: Workbook, group: str) -> dict[str, int]:
    """Tell how many records of each topic a consumer group has still to do.

    Parameters
    ----------
    workbook : Workbook
        Tells the brokers and the topics.
    group : str
        Consumer group; a sink connector's is ``connect-<connector>``.
    """
    with _admin(workbook) as admin:
        committed = admin.list_group_offsets({group: None})[group]
        done = {partition.topic: found.offset for partition, found in committed.items()}
        return {topic: end - done.get(topic, 0) for topic, end in _end_offsets(admin, workbook.topics).items()}


def read(workbook: Workbook, topic: str, start: int, count: int) -> list[bytes]:
    """Read records of a topic's only partition, as the console consumer shows them.

    Parameters
    ----------
    workbook : Workbook
        Tells the brokers.
    topic : str
        Topic to read.
    start : int
        Offset of the first record.
    count : int
        How many records; fewer come back if the topic ends before.

    Returns
    -------
    list of bytes
        Values, in the order of their offsets.
    """
    with _plain_words(workbook):
        consumer = KafkaConsumer(**connection(workbook), consumer_timeout_ms=3000, enable_auto_commit=False)
        try:
            partition = TopicPartition(topic, 0)
            consumer.assign([partition])
            consumer.seek(partition, start)
            values = []
            for record in consumer:
                values.append(record.value)
                if len(values) == count:
                    break
            return values
        finally:
            consumer.close()
