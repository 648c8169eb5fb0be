"""Consumers that live in the proxy between requests: each belongs to a group, and to whoever created it."""

import asyncio
import contextlib
import logging
import time
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    OFFSET_INVALID,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from lab.rest_proxy import formats
from lab.rest_proxy.brokers import Brokers
from lab.rest_proxy.errors import NO_CONSUMER, Problem, from_kafka
from lab.rest_proxy.settings import Limits

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE_SECONDS = 20
"""How long to wait for a broker, or for another request to the same consumer."""

LEAVING_SECONDS = 5
"""How long to wait until the client says that its partitions are gone."""

ENDS = {"beginning": OFFSET_BEGINNING, "end": OFFSET_END}


@dataclass(frozen=True)
class Wishes:
    """How a consumer is to be.

    Attributes
    ----------
    group, name : str
        The group it belongs to, and its own name within it.
    form : str
        "json" or "binary".
    reset : str
        Where to begin without a committed offset: "earliest", "latest" or "none".
    auto_commit : bool
        Whether what was read is committed by itself.
    timeout_ms, min_bytes : int
        How long reading waits, and for how much.
    """

    group: str
    name: str
    form: str
    reset: str
    auto_commit: bool
    timeout_ms: int
    min_bytes: int


class Instance:
    """One consumer. Its methods block, and only one may run at a time.

    Parameters
    ----------
    wishes : Wishes
        How it is to be.
    brokers : Brokers
        The way to the brokers.
    limits : Limits
        How much one read returns, how long it may be idle.
    """

    def __init__(self, wishes: Wishes, brokers: Brokers, limits: Limits):
        self.wishes = wishes
        self._max_bytes = limits.consumer_request_max_bytes
        self._consumer = Consumer(
            brokers.client()
            | {
                "group.id": wishes.group,
                "auto.offset.reset": "error" if wishes.reset == "none" else wishes.reset,
                "enable.auto.commit": wishes.auto_commit,
                "enable.auto.offset.store": False,  # read is what a client has got
                "partition.assignment.strategy": "range",
                # as long as the proxy keeps it, whether it is asked for records or not
                "max.poll.interval.ms": max(300_000, limits.consumer_instance_timeout_ms + 60_000),
                # small buffers: there may be many consumers, and what is fetched grows when it is unpacked
                "queued.max.messages.kbytes": 1024,
                "fetch.message.max.bytes": 64 << 10,
                "fetch.wait.max.ms": 200,
                "topic.metadata.refresh.interval.ms": 30_000,
            }
        )
        self._ahead: deque[Message] = deque()
        self._topics: list[str] = []
        self._pattern = ""
        self._manual: list[TopicPartition] = []
        self._reached: dict[tuple[str, int], int] = {}
        self._sought: dict[tuple[str, int], int] = {}

    def subscribe(self, topics: list[str], pattern: str) -> None:
        """Follow topics, by name or by a pattern for whole names."""
        if self._manual or (pattern and self._topics) or (topics and self._pattern):
            raise _exclusive()
        names = [f"^({pattern})$"] if pattern else topics
        try:
            self._consumer.subscribe(names, on_revoke=self._drop, on_lost=self._drop)
        except KafkaException as error:
            if error.args[0].code() != KafkaError._INVALID_ARG:
                raise
            raise Problem(422, f"{names[0]!r:.100} is not a name or a pattern that topics can be found by.") from None
        self._topics, self._pattern = topics, pattern

    def unsubscribe(self) -> None:
        """Follow nothing."""
        self._leave()
        self._forget()
        self._topics, self._pattern, self._manual = [], "", []

    def _leave(self) -> None:
        """Leave the group, and hear that the partitions are gone.

        A client that is closed with that still to be heard may wait for ever, and the whole process with it
        (github.com/confluentinc/librdkafka/issues/4527).
        """
        if self._manual:
            self._consumer.unassign()
        self._consumer.unsubscribe()
        end = time.monotonic() + LEAVING_SECONDS
        while self._consumer.poll(0.1) or self._consumer.assignment():
            if time.monotonic() > end:
                self._consumer.unassign()
                break

    def _forget(self) -> None:
        self._ahead.clear()
        self._reached.clear()
        self._sought.clear()

    def subscription(self) -> list[str]:
        """List the topics followed; for a pattern, those that matched."""
        return self._topics or sorted({place.topic for place in self._consumer.assignment() if self._pattern})

    def assign(self, places: list[TopicPartition]) -> None:
        """Read given partitions, outside of the group's distribution."""
        if self._topics or self._pattern:
            raise _exclusive()
        self._forget()
        self._consumer.assign(places)
        self._manual = places

    def assignment(self) -> list[TopicPartition]:
        """List the partitions that are read."""
        return sorted(self._consumer.assignment(), key=_place)

    def read(self, timeout_ms: int, max_bytes: int) -> list[dict[str, object]]:
        """Return the next records, as soon as there are enough, or with what is there when the time is up.

        Raises
        ------
        Problem
            If the first thing to be read is not a record that can be shown. What comes before it is returned first.
        """
        if not (self._topics or self._pattern or self._manual):
            raise _illegal("Consumer is not subscribed to any topics or assigned any partitions")
        end = time.monotonic() + timeout_ms / 1000
        batch = _Batch(min(max_bytes, self._max_bytes))
        try:
            while True:
                if not self._ahead:
                    self._fetch(max(end - time.monotonic(), 0))
                full = self._take(batch)
                if full or batch.size >= max(self.wishes.min_bytes, 1) or time.monotonic() >= end:
                    return batch.records
        finally:
            self._store(batch.reached)

    def _fetch(self, seconds: float) -> None:
        first = self._consumer.consume(1, seconds)  # may call _drop
        self._ahead.extend(first)
        if first:
            more = self._consumer.consume(500, 0.01)  # what came with it
            self._ahead.extend(more)

    def _take(self, batch: "_Batch") -> bool:
        """Move records from those fetched to those returned; tell whether no more can go in."""
        while self._ahead:
            message = self._ahead[0]
            size = len(message.key() or b"") + len(message.value() or b"")
            if batch.records and batch.size + size > batch.most:
                return True
            try:
                batch.records.append(self._shown(message))
            except Problem:
                if batch.records:
                    return True
                if message.error():
                    self._ahead.popleft()
                raise
            self._ahead.popleft()
            batch.size += size
            place = message.topic(), message.partition()
            batch.reached[place] = message.offset() + 1
            self._sought.pop(place, None)
        return False

    def _shown(self, message: Message) -> dict[str, object]:
        form, group = self.wishes.form, self.wishes.group
        topic, partition, offset = message.topic() or "", message.partition(), message.offset()
        if error := message.error():
            raise from_kafka(error, topic, "ReadData and DescribeTopic", group)
        try:
            key, value = formats.from_bytes(message.key(), form), formats.from_bytes(message.value(), form)
        except ValueError as error:
            raise Problem(
                40801,
                f"Error deserializing key/value for partition {topic}-{partition} at offset {offset}: it is not valid "
                f"JSON ({error!s:.100}). Read it with a consumer of the format binary, or seek past it.",
            ) from None
        return {"topic": topic, "key": key, "value": value, "partition": partition, "offset": offset}

    def _store(self, reached: dict[tuple[str, int], int]) -> None:
        """Remember how far a client has come, for the next commit."""
        self._reached |= reached
        offsets = [TopicPartition(*place, offset) for place, offset in reached.items()]
        if offsets:
            # a partition that was taken away meanwhile is somebody else's to commit
            with contextlib.suppress(KafkaException):
                self._consumer.store_offsets(offsets=offsets)

    def _drop(self, _: Consumer, places: list[TopicPartition]) -> None:
        """Forget all about partitions that are no longer ours, or are to be read from elsewhere."""
        gone = {_place(place) for place in places}
        self._ahead = deque(found for found in self._ahead if (found.topic(), found.partition()) not in gone)
        for place in gone:
            self._reached.pop(place, None)
            self._sought.pop(place, None)

    def seek(self, places: list[TopicPartition]) -> None:
        """Read on from given offsets."""
        held = self._consumer.assignment()
        for place in places:
            if _place(place) not in map(_place, held):
                raise _illegal(f"No current assignment for partition {place.topic}-{place.partition}")
        self._drop(self._consumer, places)
        self._sought |= {_place(place): place.offset for place in places}
        self._reached |= {_place(place): place.offset for place in places if place.offset >= 0}
        # not by the client's seek(), which is overtaken by the look-up of the committed offset if that still runs
        self._consumer.assign([self._next(place) for place in self._consumer.position(held)])

    def _next(self, place: TopicPartition) -> TopicPartition:
        """Tell where reading goes on: where it was sent, or after what was fetched, or where the client finds."""
        if _place(place) in self._sought:
            return TopicPartition(place.topic, place.partition, self._sought[_place(place)])
        return TopicPartition(place.topic, place.partition, max(place.offset, OFFSET_INVALID))

    def commit(self, offsets: list[TopicPartition] | None) -> None:
        """Commit given offsets; by default, how far the client has come."""
        held = set(map(_place, self._consumer.assignment()))  # the others are somebody else's to commit
        wanted = offsets or [TopicPartition(*place, at) for place, at in self._reached.items() if place in held]
        if wanted:
            self._check(self._consumer.commit(offsets=wanted, asynchronous=False))

    def committed(self, places: list[TopicPartition]) -> list[TopicPartition]:
        """Look up what the group has committed; partitions without a commit are left out."""
        found = self._consumer.committed(places, timeout=PATIENCE_SECONDS)
        self._check(found)
        return [place for place in found if place.offset >= 0]

    def _check(self, places: list[TopicPartition]) -> None:
        for place in places:
            if place.error:
                raise from_kafka(place.error, place.topic, "ReadData and DescribeTopic", self.wishes.group)

    def close(self) -> None:
        """Leave the group; with automatic commits, commit first."""
        self._leave()
        self._consumer.close()


class _Batch:
    """What one read returns, as it grows."""

    def __init__(self, most: int):
        self.most = most
        self.size = 0
        self.records: list[dict[str, object]] = []
        self.reached: dict[tuple[str, int], int] = {}


def _place(place: TopicPartition) -> tuple[str, int]:
    return place.topic, place.partition


def _illegal(what: str) -> Problem:
    return Problem(40903, f"Illegal state: {what}.")


def _exclusive() -> Problem:
    return _illegal("Subscription to topics, partitions and pattern are mutually exclusive")


class _Held:
    """An instance with what is needed to share it."""

    def __init__(self) -> None:
        self.instance: Instance | None = None
        self.lock = asyncio.Lock()
        self.used = time.monotonic()

    def release(self, task: asyncio.Task) -> None:
        """Let the next one in, whatever became of the work."""
        self.used = time.monotonic()
        self.lock.release()
        if not task.cancelled():
            task.exception()  # nobody may be waiting for it any more


class Consumers:
    """All instances of this proxy; what they do, they do in threads.

    Parameters
    ----------
    brokers : Brokers
        The way to the brokers.
    limits : Limits
        How many there may be, and how long one may be idle.
    """

    def __init__(self, brokers: Brokers, limits: Limits):
        self._brokers = brokers
        self._limits = limits
        self._held: dict[tuple[str, str], _Held] = {}
        self._closing: set[asyncio.Task] = set()
        self._threads = ThreadPoolExecutor(limits.consumer_instances_max + 2, thread_name_prefix="consumer")

    async def create(self, wishes: Wishes) -> None:
        """Make a consumer.

        Raises
        ------
        Problem
            40902 if there is one of that name in the group, 429 if there are too many.
        """
        key = wishes.group, wishes.name
        if key in self._held:
            raise Problem(
                40902,
                "Consumer with specified consumer ID already exists in the specified consumer group: "
                f"delete {wishes.name!r} of {wishes.group!r}, or choose another name.",
            )
        if len(self._held) >= self._limits.consumer_instances_max:
            raise Problem(
                429,
                f"There are {len(self._held)} consumer instances, as many as consumer.instances.max allows: "
                "delete one, or wait until an idle one is closed.",
                retry_after=10,
            )
        held = self._held[key] = _Held()
        try:
            async with held.lock:
                held.instance = await self._run(Instance, wishes, self._brokers, self._limits)
        except KafkaException as error:
            if self._brokers.trouble:  # no token
                raise self._brokers.silent(PATIENCE_SECONDS) from None
            raise Problem(42204, f"Invalid consumer configuration: {error.args[0].str()}") from None
        finally:
            if not held.instance:
                del self._held[key]

    async def use(self, group: str, name: str, work: Callable[[Instance], T], seconds: float = PATIENCE_SECONDS) -> T:
        """Do something with a consumer, when nobody else does.

        Parameters
        ----------
        group, name : str
            Which consumer.
        work : callable
            What to do with it.
        seconds : float
            How long to wait. After that the work goes on, and others wait for its end.

        Raises
        ------
        Problem
            40403 if there is no such consumer, or what Kafka has against it.
        """
        held = self._find(group, name)
        await _acquire(held.lock)
        if not held.instance:
            held.lock.release()
            raise _not_found(group, name)
        held.used = time.monotonic()
        task = asyncio.create_task(self._run(work, held.instance))
        task.add_done_callback(held.release)
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(task)
        except TimeoutError:
            raise self._brokers.silent(seconds) from None
        except KafkaException as error:
            raise from_kafka(error.args[0], "", "ReadData and DescribeTopic", group) from None

    def wishes(self, group: str, name: str) -> Wishes:
        """Tell how a consumer was created."""
        instance = self._find(group, name).instance
        if not instance:
            raise _not_found(group, name)
        return instance.wishes

    def _find(self, group: str, name: str) -> _Held:
        try:
            return self._held[group, name]
        except KeyError:
            raise _not_found(group, name) from None

    async def close(self, group: str, name: str) -> None:
        """Close a consumer, after what it is doing; without a broker's answer, that goes on by itself."""
        held = self._find(group, name)
        del self._held[group, name]
        task = asyncio.create_task(self._close(held))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        await asyncio.wait({task}, timeout=PATIENCE_SECONDS)

    async def _close(self, held: _Held) -> None:
        async with held.lock:
            instance, held.instance = held.instance, None
            if instance:
                await self._run(instance.close)

    async def close_idle(self) -> None:
        """Close the consumers that nobody has used for too long."""
        oldest = time.monotonic() - self._limits.consumer_instance_timeout_ms / 1000
        idle = [key for key, held in self._held.items() if held.used < oldest and not held.lock.locked()]
        for group, name in idle:
            log.info("Consumer instance %r of group %r was idle for too long and is closed.", name, group)
            await self.close(group, name)

    async def close_all(self) -> None:
        """Close every consumer."""
        everybody = list(self._held.values())
        self._held.clear()
        await asyncio.gather(*map(self._close, everybody), *self._closing)

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)


async def _acquire(lock: asyncio.Lock) -> None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await lock.acquire()
    except TimeoutError:
        raise Problem(50003, "Other requests to this consumer instance are not done yet: try again.", 5) from None


def _not_found(group: str, name: str) -> Problem:
    return Problem(
        NO_CONSUMER,
        f"Consumer instance not found. There is no {name!r} in group {group!r}: it was never created, was deleted, "
        "or was idle for too long.",
    )


def new_name(proxy_id: str) -> str:
    """Draw a name for a consumer that was given none."""
    return "-".join(filter(None, ("rest-consumer", proxy_id, str(uuid.uuid4()))))
