"""Hand records to the brokers: each request as one batch, in order, once, and acknowledged before it is answered."""

import asyncio
import contextlib
import functools
import itertools
import threading
from dataclasses import dataclass
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from lab.rest_proxy import bodies, formats
from lab.rest_proxy.brokers import Brokers
from lab.rest_proxy.errors import Problem
from lab.rest_proxy.settings import Limits

_BODY = ("records", "key_schema", "key_schema_id", "value_schema", "value_schema_id")


class Record(NamedTuple):
    """A record to store; the partition is chosen by the key, or at random, if none is given."""

    key: bytes | None
    value: bytes | None
    partition: int | None


@dataclass(frozen=True)
class Stored:
    """Where a record went."""

    partition: int
    offset: int


Outcome = Stored | KafkaError


def read_records(body: bytes, form: str, partition: int | None) -> list[Record]:
    """Read the body of a request to produce.

    Parameters
    ----------
    body : bytes
        As it was sent.
    form : str
        "json" or "binary".
    partition : int or None
        The partition that the request's address names, if it does.

    Raises
    ------
    Problem
        400 if the body is not JSON; 422 if it is not a list of records, or one of them does not fit the form.
    """
    if not body.strip():
        raise Problem(422, 'Payload error. The body is empty: send {"records": [{"value": …}]}.')
    records = bodies.items(bodies.document(body, _BODY).get("records"), "records")
    fields = ("key", "value") if partition is not None else ("key", "value", "partition")
    return [_record(record, index, form, fields, partition) for index, record in enumerate(records)]


def _record(record: object, index: int, form: str, fields: tuple[str, ...], partition: int | None) -> Record:
    where = f"records[{index}]"
    if partition is None and isinstance(record, dict) and (wanted := record.get("partition")) is not None:
        partition = bodies.number(wanted, f"{where}.partition", most=2**31 - 1)
    found = bodies.fields_of(record, fields, where)
    try:
        part = "key"
        key = formats.to_bytes(found.get("key"), form)
        part = "value"
        return Record(key, formats.to_bytes(found.get("value"), form), partition)
    except ValueError as error:
        raise Problem(422, f"{where}.{part} cannot be stored: {error!s:.200}.") from None


class _Delivery:
    """Collects what became of the records of one request; reported to by the thread that polls."""

    def __init__(self, count: int):
        self.future: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._outcomes: list[Outcome | None] = [None] * count
        self._open = count
        self._lock = threading.Lock()

    def settle(self, index: int, error: KafkaError | None, message: Message | None) -> None:
        self._outcomes[index] = error or Stored(message.partition(), message.offset())
        with self._lock:
            self._open -= 1
            done = not self._open
        if done:
            self.future.get_loop().call_soon_threadsafe(self._finish)

    def _finish(self) -> None:
        if not self.future.done():
            self.future.set_result(self._outcomes)


class Sender:
    """A producer that is made anew when the brokers have told it to stop for good.

    Parameters
    ----------
    brokers : Brokers
        The way to them.
    limits : Limits
        How long a record may take, and how many bytes may wait.
    """

    def __init__(self, brokers: Brokers, limits: Limits):
        self._brokers = brokers
        self._limits = limits
        self._fatal: KafkaError | None = None
        self._renewal = asyncio.Lock()
        self._producer = self._new()
        self._retired: list[Producer] = []

    def _new(self) -> Producer:
        seconds = self._limits.producer_delivery_timeout_ms
        return Producer(
            self._brokers.client()
            | {
                "acks": "all",
                "enable.idempotence": True,
                "partitioner": "murmur2_random",  # the Java clients' choice: a key keeps its partition
                "linger.ms": 0,  # a request is a batch already
                "compression.type": "zstd",  # TLS costs the brokers more, by the byte
                "message.timeout.ms": seconds,
                "request.timeout.ms": min(seconds, 10_000),
                "topic.metadata.propagation.max.ms": 3000,
                "allow.auto.create.topics": False,
                "queue.buffering.max.messages": 1_000_000,
                # the proxy bounds what waits; this is the second line
                "queue.buffering.max.kbytes": 4 * self._limits.producer_buffer_memory // 1024 + 1024,
            }
        )

    def poll(self, seconds: float) -> None:
        """Wait for reports, of this and of earlier producers. Only one thread may call this."""
        for producer in list(self._retired):
            _collect(producer, 0)
            if not len(producer):
                self._retired.remove(producer)
        producer = self._producer
        if (fatal := _collect(producer, seconds)) and producer is self._producer:
            self._fatal = fatal

    async def send(self, topic: str, records: list[Record]) -> list[Outcome]:
        """Store records and wait until the brokers have acknowledged or refused each.

        Parameters
        ----------
        topic : str
            An existing topic.
        records : list of Record
            Not empty.

        Returns
        -------
        list of Stored or KafkaError
            One for each record, in their order.
        """
        async with self._renewal:
            if self._fatal:
                await self._replace()
        delivery = _Delivery(len(records))
        messages = [_message(record, functools.partial(delivery.settle, i)) for i, record in enumerate(records)]
        # a batch goes to one partition, or to where the keys say: runs keep the order
        for partition, run in itertools.groupby(zip(messages, records, strict=True), lambda pair: pair[1].partition):
            self._hand_over(topic, [message for message, _ in run], partition)
        outcomes = await delivery.future
        if any(isinstance(outcome, Stored) for outcome in outcomes):
            self._brokers.well()
        if any(map(_stopped, outcomes)):
            cause = await self._cause()
            return [cause if _stopped(outcome) else outcome for outcome in outcomes]
        return outcomes

    def _hand_over(self, topic: str, messages: list[dict], partition: int | None) -> None:
        where = {} if partition is None else {"partition": partition}
        try:
            self._producer.produce_batch(topic, messages, **where)
        except KafkaException as error:
            for message in messages:
                message.setdefault("_error", error.args[0])
        for message in messages:
            if error := message.get("_error"):
                message["callback"](error, None)

    async def _cause(self) -> KafkaError:
        """Tell what has stopped the producer, which the thread that polls hears a little later than the records."""
        for _ in range(50):
            if self._fatal:
                return self._fatal
            await asyncio.sleep(0.02)
        return KafkaError(KafkaError._FATAL)

    async def _replace(self) -> None:
        """Make a new producer; what the old one still held has failed."""
        fresh = await asyncio.to_thread(self._new)
        self._producer.purge()
        self._retired.append(self._producer)
        self._producer, self._fatal = fresh, None

    async def look_again(self, topic: str) -> None:
        """Let the producer see a topic that it believes to be gone."""
        with contextlib.suppress(KafkaException):  # sending will tell
            await asyncio.to_thread(self._producer.list_topics, topic, timeout=5)

    def flush(self, seconds: float) -> int:
        """Wait for all acknowledgements.

        Returns
        -------
        int
            How many did not come.
        """
        return self._producer.flush(seconds)


def _stopped(outcome: Outcome) -> bool:
    codes = (KafkaError._FATAL, KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT)
    return isinstance(outcome, KafkaError) and outcome.code() in codes


def _collect(producer: Producer, seconds: float) -> KafkaError | None:
    """Wait for reports; the error with which the producer stopped for good comes as an exception."""
    try:
        producer.poll(seconds)
    except KafkaException as error:
        return error.args[0]
    return None


def _message(record: Record, callback: functools.partial) -> dict[str, object]:
    return {"key": record.key, "value": record.value, "callback": callback}
