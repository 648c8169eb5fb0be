"""What goes wrong, in the proxy's own form: an HTTP status, an error code, a sentence that says what to do."""

from confluent_kafka import KafkaError


class StartError(Exception):
    """The proxy cannot start; the text says what to change."""


class Problem(Exception):
    """A request cannot be served; becomes ``{"error_code": …, "message": …}``.

    Parameters
    ----------
    code : int
        Confluent's error code; its first three digits are the HTTP status.
    message : str
        What is wrong, and what to do.
    retry_after : int, optional
        Seconds after which the client may try again.
    """

    def __init__(self, code: int, message: str, retry_after: int | None = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        """HTTP status of the answer."""
        return self.code if self.code < 1000 else self.code // 100

    @property
    def body(self) -> dict[str, object]:
        """What the answer says, ready for JSON."""
        return {"error_code": self.code, "message": self.message}


UNAUTHENTICATED, DENIED = 40101, 40301
NO_TOPIC, NO_PARTITION, NO_CONSUMER = 40401, 40402, 40403
KAFKA_ERROR, KAFKA_RETRIABLE = 50002, 50003

UNKNOWN_TOPIC = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC)
"""The brokers' word and the client's own."""

_RETRIABLE = frozenset(
    {
        KafkaError._ALL_BROKERS_DOWN, KafkaError._MSG_TIMED_OUT, KafkaError._PURGE_INFLIGHT, KafkaError._PURGE_QUEUE,
        KafkaError._QUEUE_FULL, KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError._WAIT_COORD,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.LEADER_NOT_AVAILABLE, KafkaError.NETWORK_EXCEPTION, KafkaError.NOT_COORDINATOR,
        KafkaError.NOT_ENOUGH_REPLICAS, KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.REBALANCE_IN_PROGRESS, KafkaError.REQUEST_TIMED_OUT,
    }
)  # fmt: skip


def no_topic(topic: str) -> Problem:
    """Say that a topic is not there."""
    return Problem(NO_TOPIC, f"Topic not found. There is no topic {topic!r} on this cluster: create it first.")


def no_partition(topic: str, partition: int, count: int) -> Problem:
    """Say that a topic has fewer partitions than were asked for."""
    return Problem(NO_PARTITION, f"Partition not found. Topic {topic!r} has no partition {partition}: it has {count}.")


def denied(what: str, action: str) -> Problem:
    """Say which action IAM must allow, and on what."""
    return Problem(
        DENIED,
        f"Not authorized: the policies of the proxy's credentials do not allow kafka-cluster:{action} on {what}.",
    )


def from_kafka(error: KafkaError, topic: str, action: str, group: str = "") -> Problem:
    """Turn what a Kafka client reports into a problem in words.

    Parameters
    ----------
    error : KafkaError
        The client's report.
    topic : str
        Topic at work.
    action : str
        What IAM must allow on the topic for this to work.
    group : str, optional
        Consumer group at work.
    """
    code = error.code()
    if code == KafkaError.TOPIC_AUTHORIZATION_FAILED:
        return denied(f"topic {topic!r}", action)
    if code == KafkaError.GROUP_AUTHORIZATION_FAILED:
        return denied(f"group {group!r}", "AlterGroup and DescribeGroup")
    if code == KafkaError.CLUSTER_AUTHORIZATION_FAILED:
        return denied("the cluster", "WriteDataIdempotently")
    if code in UNKNOWN_TOPIC:
        return no_topic(topic)
    if code == KafkaError._UNKNOWN_PARTITION:
        return Problem(NO_PARTITION, f"Partition not found in topic {topic!r}: {error.str()}.")
    if code == KafkaError.TOPIC_EXCEPTION:
        return Problem(
            40002, f"{topic!r} is not a name for a topic: use letters, digits, '.', '_' and '-', at most 249."
        )
    if code in (KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE):
        return Problem(KAFKA_ERROR, f"Kafka error: the record is larger than topic {topic!r} takes ({error.str()}).")
    if code in _RETRIABLE:
        return Problem(KAFKA_RETRIABLE, f"Retriable Kafka error: {error.str()}.")
    return Problem(KAFKA_ERROR, f"Kafka error: {error.str()}.")
