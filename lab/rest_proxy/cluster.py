"""What the cluster holds: brokers, topics, partitions, and how far each reaches."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, OffsetSpec, ResourceType, TopicMetadata

from lab.rest_proxy.brokers import Brokers
from lab.rest_proxy.errors import Problem, from_kafka, no_partition

PATIENCE_SECONDS = 10
"""How long to wait for a broker's answer."""

_UNREACHABLE = (KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError._ALL_BROKERS_DOWN)


class Cluster:
    """Asks the brokers; no question holds up the event loop.

    Parameters
    ----------
    brokers : Brokers
        The way to them.
    """

    def __init__(self, brokers: Brokers):
        self._brokers = brokers
        self._admin = AdminClient(brokers.client())
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="metadata")
        self._counts: dict[str, int] = {}

    def poll(self) -> None:
        """Let the client report its troubles."""
        self._admin.poll(0)

    def reach(self, seconds: float) -> bool:
        """Try to reach a broker; blocks."""
        try:
            self._admin.list_topics(timeout=seconds)
        except KafkaException:
            return False
        self._brokers.well()
        return True

    async def _ask(self, question: Callable, *arguments: object) -> object:
        """Run a blocking question in a thread."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(2 * PATIENCE_SECONDS):  # others may wait for a thread, too
                answer = await loop.run_in_executor(self._threads, question, *arguments)
        except TimeoutError:
            raise self._brokers.silent(2 * PATIENCE_SECONDS) from None
        except KafkaException as error:
            raise self._problem(error, "", "DescribeCluster") from None
        self._brokers.well()
        return answer

    async def _hear(self, future: object, topic: str, action: str) -> object:
        """Wait for the admin client's answer."""
        try:
            return await asyncio.wrap_future(future)
        except KafkaException as error:
            raise self._problem(error, topic, action) from None

    def _problem(self, error: KafkaException, topic: str, action: str) -> Problem:
        found: KafkaError = error.args[0]
        if found.code() in _UNREACHABLE:
            return self._brokers.silent(PATIENCE_SECONDS)
        return from_kafka(found, topic, action)

    async def broker_ids(self) -> list[int]:
        """List the brokers."""
        metadata = await self._ask(lambda: self._admin.list_topics(timeout=PATIENCE_SECONDS))
        return sorted(metadata.brokers)

    async def topics(self) -> list[str]:
        """List the topics that IAM lets the proxy see, without Kafka's own."""
        metadata = await self._ask(lambda: self._admin.list_topics(timeout=PATIENCE_SECONDS))
        return sorted(name for name in metadata.topics if not name.startswith("__"))

    async def topic(self, name: str) -> TopicMetadata:
        """Look a topic up.

        Raises
        ------
        Problem
            If there is none, or IAM does not let the proxy see it.
        """
        metadata = await self._ask(lambda: self._admin.list_topics(name, timeout=PATIENCE_SECONDS))
        topic = metadata.topics[name]
        if topic.error:
            self._counts.pop(name, None)
            raise from_kafka(topic.error, name, "DescribeTopic")
        self._counts[name] = len(topic.partitions)
        return topic

    async def partition_count(self, name: str, wanted: int = 0) -> int:
        """Tell how many partitions a topic has, from memory if that knows of the wanted one."""
        if wanted >= self._counts.get(name, 0):
            await self.topic(name)
        return self._counts[name]

    def forget(self, name: str) -> None:
        """Look a topic up afresh next time: it may be gone."""
        self._counts.pop(name, None)

    async def configs(self, name: str) -> dict[str, str | None]:
        """Read a topic's settings."""
        resource = ConfigResource(ResourceType.TOPIC, name)
        (future,) = self._admin.describe_configs([resource], request_timeout=PATIENCE_SECONDS).values()
        entries = await self._hear(future, name, "DescribeTopicDynamicConfiguration")
        return {entry.name: entry.value for entry in entries.values()}

    async def reach_of(self, name: str, partition: int) -> tuple[int, int]:
        """Tell the first offset of a partition, and the one that its next record will get."""
        count = await self.partition_count(name, partition)
        if partition >= count:
            raise no_partition(name, partition, count)
        where = TopicPartition(name, partition)
        ends = []
        for spec in (OffsetSpec.earliest(), OffsetSpec.latest()):
            (future,) = self._admin.list_offsets({where: spec}, request_timeout=PATIENCE_SECONDS).values()
            ends.append((await self._hear(future, name, "DescribeTopic")).offset)
        return ends[0], ends[1]

    def close(self) -> None:
        """Wait for no answer any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)
