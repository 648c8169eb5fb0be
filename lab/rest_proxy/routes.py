"""Topics, partitions and brokers: what they are, and records for them."""

from aiohttp import web
from confluent_kafka import KafkaError
from confluent_kafka.admin import PartitionMetadata

from lab.rest_proxy import formats
from lab.rest_proxy.brokers import Brokers
from lab.rest_proxy.cluster import Cluster
from lab.rest_proxy.errors import (
    DENIED,
    NO_TOPIC,
    UNAUTHENTICATED,
    UNKNOWN_TOPIC,
    Problem,
    from_kafka,
    no_partition,
)
from lab.rest_proxy.producing import Outcome, Record, Sender, Stored, read_records
from lab.rest_proxy.web import Doorkeeper, answer, body_of

_GONE = (*UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION)
"""What the sender says of records that it has not sent because it knows no place for them."""


class Topics:
    """Serves ``/``, ``/brokers`` and everything below ``/topics``.

    Parameters
    ----------
    cluster : Cluster
        Knows what there is.
    sender : Sender
        Stores records.
    brokers : Brokers
        Knows why there may be no answer.
    doorkeeper : Doorkeeper
        Bounds what is held in memory.
    delivery_seconds : float
        How long the sender waits.
    """

    def __init__(
        self, cluster: Cluster, sender: Sender, brokers: Brokers, doorkeeper: Doorkeeper, delivery_seconds: float
    ):
        self._cluster = cluster
        self._sender = sender
        self._brokers = brokers
        self._doorkeeper = doorkeeper
        self._delivery_seconds = delivery_seconds

    def routes(self) -> list[web.RouteDef]:
        """List the addresses served; a slash at their end makes no difference."""
        topic, partition = "/topics/{topic}", "/topics/{topic}/partitions/{partition}"
        return [
            web.get("/", self.root),
            web.get("/brokers{_:/?}", self.list_brokers),
            web.get("/topics{_:/?}", self.list_topics),
            web.get(topic + "{_:/?}", self.show_topic),
            web.post(topic + "{_:/?}", self.produce),
            web.get(topic + "/partitions{_:/?}", self.list_partitions),
            web.get(partition + "{_:/?}", self.show_partition),
            web.post(partition + "{_:/?}", self.produce),
            web.get(partition + "/offsets{_:/?}", self.show_offsets),
        ]

    async def root(self, request: web.Request) -> web.Response:
        """Answer with nothing, which shows that somebody is there."""
        return answer({}, formats.type_of_answer(request.headers.get("Accept")))

    async def list_brokers(self, request: web.Request) -> web.Response:
        """List the brokers' ids."""
        kind = formats.type_of_answer(request.headers.get("Accept"))
        return answer({"brokers": await self._cluster.broker_ids()}, kind)

    async def list_topics(self, request: web.Request) -> web.Response:
        """List the topics' names."""
        kind = formats.type_of_answer(request.headers.get("Accept"))
        return answer(await self._cluster.topics(), kind)

    async def show_topic(self, request: web.Request) -> web.Response:
        """Describe a topic with its settings and partitions."""
        kind, name = formats.type_of_answer(request.headers.get("Accept")), request.match_info["topic"]
        partitions = await self._partitions(name)
        return answer({"name": name, "configs": await self._cluster.configs(name), "partitions": partitions}, kind)

    async def list_partitions(self, request: web.Request) -> web.Response:
        """Describe a topic's partitions."""
        kind = formats.type_of_answer(request.headers.get("Accept"))
        return answer(await self._partitions(request.match_info["topic"]), kind)

    async def show_partition(self, request: web.Request) -> web.Response:
        """Describe one partition."""
        kind, name = formats.type_of_answer(request.headers.get("Accept")), request.match_info["topic"]
        wanted = _partition(request)
        partitions = await self._partitions(name)
        for partition in partitions:
            if partition["partition"] == wanted:
                return answer(partition, kind)
        raise no_partition(name, wanted, len(partitions))

    async def show_offsets(self, request: web.Request) -> web.Response:
        """Tell where a partition begins and ends."""
        kind = formats.type_of_answer(request.headers.get("Accept"))
        first, end = await self._cluster.reach_of(request.match_info["topic"], _partition(request))
        return answer({"beginning_offset": first, "end_offset": end}, kind)

    async def _partitions(self, name: str) -> list[dict[str, object]]:
        topic = await self._cluster.topic(name)
        return [_described(topic.partitions[number]) for number in sorted(topic.partitions)]

    async def produce(self, request: web.Request) -> web.Response:
        """Store records, and tell for each where it went or why it did not."""
        form = formats.form_of_request(request.headers.get("Content-Type"))
        kind = formats.type_of_answer(request.headers.get("Accept"))
        name = request.match_info["topic"]
        partition = _partition(request) if "partition" in request.match_info else None
        with self._doorkeeper.room(request):
            records = read_records(await body_of(request), form, partition)
            count = await self._cluster.partition_count(name, max(record.partition or 0 for record in records))
            if partition is not None and partition >= count:
                raise no_partition(name, partition, count)
            outcomes = await self._store(name, records, count)
        return self._told(name, outcomes, kind)

    async def _store(self, name: str, records: list[Record], count: int) -> list[Outcome]:
        """Store the records whose partition exists."""
        good = [record for record in records if record.partition is None or record.partition < count]
        stored = iter(await self._send(name, good) if good else ())
        missing = KafkaError(KafkaError._UNKNOWN_PARTITION, f"there are {count}")
        return [next(stored) if record.partition is None or record.partition < count else missing for record in records]

    async def _send(self, name: str, records: list[Record]) -> list[Outcome]:
        """Hand records to the sender; once more if it still believes that a topic made anew is gone."""
        outcomes = await self._sender.send(name, records)
        if all(isinstance(outcome, KafkaError) and outcome.code() in _GONE for outcome in outcomes):
            self._cluster.forget(name)
            await self._cluster.topic(name)
            await self._sender.look_again(name)
            outcomes = await self._sender.send(name, records)
        return outcomes

    def _told(self, name: str, outcomes: list[Outcome], kind: str) -> web.Response:
        offsets = [self._line(name, outcome) for outcome in outcomes]
        codes = {line["error_code"] for line in offsets}
        if codes != {None}:
            self._cluster.forget(name)
        if codes == {NO_TOPIC}:
            raise Problem(NO_TOPIC, offsets[0]["error"])
        status = next((code // 100 for code in (UNAUTHENTICATED, DENIED) if code in codes), 200)
        return answer({"offsets": offsets, "key_schema_id": None, "value_schema_id": None}, kind, status)

    def _line(self, name: str, outcome: Outcome) -> dict[str, object]:
        if isinstance(outcome, Stored):
            return {"partition": outcome.partition, "offset": outcome.offset, "error_code": None, "error": None}
        if outcome.code() == KafkaError._MSG_TIMED_OUT:
            problem = self._brokers.silent(self._delivery_seconds)
        else:
            problem = from_kafka(outcome, name, "WriteData and DescribeTopic")
        return {"partition": None, "offset": None, "error_code": problem.code, "error": problem.message}


def _partition(request: web.Request) -> int:
    text = request.match_info["partition"]
    if not (text.isascii() and text.isdigit() and len(text) < 11):
        raise Problem(404, f"HTTP 404 Not Found: a partition is a whole number, not {text!r:.50}.")
    return min(int(text), 2**31 - 1)


def _described(partition: PartitionMetadata) -> dict[str, object]:
    replicas = [
        {"broker": broker, "leader": broker == partition.leader, "in_sync": broker in partition.isrs}
        for broker in partition.replicas
    ]
    return {"partition": partition.id, "leader": partition.leader, "replicas": replicas}
