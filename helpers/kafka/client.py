"""Talk to Kafka: topics, how far they reach, how far a consumer group has come."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import (
    KafkaError,
    SaslAuthenticationFailedError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)

from helpers.config import Workbook, where_to_look
from helpers.kafka import broker_tunnel, msk
from helpers.kafka.sign_in import network_client

PATIENCE_MS = 10_000
"""How long to look for a broker before saying that there is none."""


BROKERS_DEFAULT = -1
"""As many copies as the brokers keep by their own settings: one in the lab, two or three on MSK."""


class KafkaUnavailable(Exception):
    """No broker answers; the text names the address and what to look at."""


class KafkaDenied(Exception):
    """The brokers answer, and refuse; the text says what they miss."""


def connection(workbook: Workbook) -> dict[str, object]:
    """Gather the settings with which every Kafka client of the workbook connects.

    The brokers learn who it is by IAM: from ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY`` and ``AWS_REGION``, or
    wherever else boto3 would find credentials.
    """
    return {
        "proxy_url": broker_tunnel.proxy_url(workbook) if workbook.brokers_through_client else None,
        "bootstrap_servers": msk.brokers(workbook).split(","),
        "bootstrap_timeout_ms": PATIENCE_MS,
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "AWS_MSK_IAM",
        "ssl_cafile": workbook.kafka_authority,
        "kafka_client": network_client,
    }


def client_properties(role: str, prefix: str = "") -> str:
    """Write the four lines with which Kafka's own tools sign in with IAM.

    Parameters
    ----------
    role : str
        ARN of the role to sign in as.
    prefix : str
        Goes before each key; the REST proxy wants ``client.``.

    Returns
    -------
    str
        Lines of a properties file (Amazon MSK Developer Guide, "Configure clients to use IAM access control").
    """
    iam = "software.amazon.msk.auth.iam"
    settings = {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "AWS_MSK_IAM",
        "sasl.jaas.config": f'{iam}.IAMLoginModule required awsRoleArn="{role}";',
        "sasl.client.callback.handler.class": f"{iam}.IAMClientCallbackHandler",
    }
    return "".join(f"{prefix}{name}={value}\n" for name, value in settings.items())


_WHERE_TO_LOOK = (
    "On the laptop, `python -m lab status` tells whether it runs.",
    "MSK's brokers are private: run the notebook in their network, or set WORKBOOK_BROKERS_THROUGH_CLIENT=yes.",
)

_REFUSALS = re.compile(r"(Topic|Group|Cluster)AuthorizationFailedError")


@contextmanager
def plain_words(workbook: Workbook, topic: str = "", *actions: str) -> Iterator[None]:
    """Turn what kafka-python raises into sentences that say what to do.

    Parameters
    ----------
    workbook : Workbook
        Tells the brokers.
    topic : str
        Topic at work.
    *actions : str
        What IAM must allow on the topic.

    Raises
    ------
    KafkaDenied
        If the brokers refuse the credentials, or IAM's policies do not allow what was asked.
    KafkaUnavailable
        If no broker answers.
    """
    try:
        yield
    except SaslAuthenticationFailedError as error:
        reason = str(error).partition("Access denied: ")[2] or str(error)
        raise KafkaDenied(
            f"Kafka at {msk.brokers(workbook)} does not let you in: {reason}. The credentials are those that "
            "boto3 finds, first AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN."
        ) from error
    except UnknownTopicOrPartitionError as error:
        raise KafkaDenied(
            f"Topic {topic!r} is not to be seen: it does not exist, or your policies do not allow "
            "kafka-cluster:DescribeTopic on it."
        ) from error
    except KafkaError as error:
        if refused := _REFUSALS.search(f"{type(error).__name__} {error}"):  # some come inside other errors
            raise KafkaDenied(_refusal(refused.group(1), topic, actions)) from error
        if not error.retriable:
            raise
        raise KafkaUnavailable(
            f"No Kafka broker answers at {msk.brokers(workbook)}: {error}. {where_to_look(*_WHERE_TO_LOOK)}"
        ) from error


def _refusal(kind: str, topic: str, actions: tuple[str, ...]) -> str:
    if kind == "Topic":
        needed = " and ".join(f"kafka-cluster:{action}" for action in actions)
        return f"Topic {topic!r} is not yours: this needs {needed} on it, and your policies do not allow that."
    what = {"Group": "DescribeGroup on the consumer group", "Cluster": "WriteDataIdempotently on the cluster"}
    return f"Your policies do not allow kafka-cluster:{what[kind]}."


@contextmanager
def _admin(workbook: Workbook) -> Iterator[KafkaAdminClient]:
    with plain_words(workbook):
        client = KafkaAdminClient(**connection(workbook))
        try:
            yield client
        finally:
            client.close()


def producer(workbook: Workbook) -> KafkaProducer:
    """Make a producer whose records count as sent only when the brokers have stored them.

    Raises
    ------
    KafkaUnavailable, KafkaDenied
        If no broker answers, or none lets us in.
    """
    with plain_words(workbook):
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
                with plain_words(workbook, topic, "CreateTopic"):
                    admin.create_topics({topic: {"num_partitions": 1, "replication_factor": BROKERS_DEFAULT}})
                outcome[topic] = "created"
            except TopicAlreadyExistsError:
                outcome[topic] = "was there"
            with plain_words(workbook, topic, "DescribeTopic"):
                admin.wait_for_topics([topic])
    return outcome


def end_offsets(workbook: Workbook) -> dict[str, int]:
    """Tell how many records each topic has taken so far: the offset the next one will get."""
    with _admin(workbook) as admin:
        return {topic: _end_offset(workbook, admin, topic) for topic in workbook.topics}


def _end_offset(workbook: Workbook, admin: KafkaAdminClient, topic: str) -> int:
    partition = TopicPartition(topic, 0)
    with plain_words(workbook, topic, "DescribeTopic"):
        return admin.list_partition_offsets({partition: OffsetSpec.LATEST})[partition].offset


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
        return {topic: _end_offset(workbook, admin, topic) - done.get(topic, 0) for topic in workbook.topics}


def partition_ends(workbook: Workbook, topic: str) -> dict[int, int]:
    """Tell of each partition of a topic the offset that its next record will get.

    Raises
    ------
    KafkaDenied
        If the topic does not exist, or may not be seen.
    """
    with _admin(workbook) as admin, plain_words(workbook, topic, "DescribeTopic"):
        (described,) = admin.describe_topics([topic])
        if described["error_code"]:
            raise for_code(described["error_code"])(topic)
        partitions = [TopicPartition(topic, one["partition_index"]) for one in described["partitions"]]
        ends = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
        return {partition.partition: found.offset for partition, found in sorted(ends.items())}


def committed(workbook: Workbook, group: str, topic: str) -> dict[int, int]:
    """Tell of each partition the offset that a group has committed; a partition without one is left out."""
    with _admin(workbook) as admin:
        found = admin.list_group_offsets({group: None})[group]
        return {place.partition: kept.offset for place, kept in sorted(found.items()) if place.topic == topic}


def members(workbook: Workbook, group: str) -> dict[str, list[int]]:
    """Tell which consumers are in a group, by their client ids, and which partitions each of them has."""
    with _admin(workbook) as admin:
        found = {one["client_id"]: _assigned(one) for one in admin.describe_groups([group])[group]["members"]}
        return dict(sorted(found.items()))


def _assigned(member: Mapping[str, Any]) -> list[int]:
    """List a member's partitions; it has none while the group shares them out anew."""
    assignment = member["member_assignment"] or {"assigned_partitions": []}
    return [number for topic in assignment["assigned_partitions"] for number in topic["partitions"]]


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

    Raises
    ------
    KafkaDenied
        If the topic does not exist, or may not be read.
    """
    with plain_words(workbook, topic, "DescribeTopic", "ReadData"):
        consumer = KafkaConsumer(**connection(workbook), consumer_timeout_ms=3000, enable_auto_commit=False)
        try:
            if not consumer.partitions_for_topic(topic):  # the consumer alone would wait, then find nothing
                raise UnknownTopicOrPartitionError(topic)
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
