"""The addresses below ``/consumers``: create, subscribe, read, commit, move, delete."""

from collections.abc import Collection
from urllib.parse import quote

from aiohttp import web
from confluent_kafka import TopicPartition

from lab.rest_proxy import bodies, formats
from lab.rest_proxy.brokers import Brokers
from lab.rest_proxy.cluster import Cluster
from lab.rest_proxy.consumers import ENDS, PATIENCE_SECONDS, Consumers, Wishes, new_name
from lab.rest_proxy.errors import NO_PARTITION, Problem
from lab.rest_proxy.settings import Settings
from lab.rest_proxy.web import Doorkeeper, answer, body_of

_CREATE = (
    "id", "name", "format", "auto.offset.reset", "auto.commit.enable", "fetch.min.bytes", "consumer.request.timeout.ms"
)  # fmt: skip
_MOST_MIN_BYTES = 10_000_000


class ConsumerRoutes:
    """Serves everything below ``/consumers``.

    Parameters
    ----------
    consumers : Consumers
        Keeps the instances.
    brokers : Brokers
        Knows why there may be no records.
    cluster : Cluster
        Asks whether the brokers answer.
    doorkeeper : Doorkeeper
        Bounds what is held in memory.
    settings : Settings
        Gives defaults.
    """

    def __init__(
        self, consumers: Consumers, brokers: Brokers, cluster: Cluster, doorkeeper: Doorkeeper, settings: Settings
    ):
        self._consumers = consumers
        self._brokers = brokers
        self._cluster = cluster
        self._doorkeeper = doorkeeper
        self._id = settings.id
        self._limits = settings.limits

    def routes(self) -> list[web.RouteDef]:
        """List the addresses served; a slash at their end makes no difference."""
        instance = "/consumers/{group}/instances/{instance}"
        return [
            web.post("/consumers/{group}{_:/?}", self.create),
            web.delete(instance + "{_:/?}", self.delete),
            web.post(instance + "/subscription{_:/?}", self.subscribe),
            web.get(instance + "/subscription{_:/?}", self.subscription),
            web.delete(instance + "/subscription{_:/?}", self.unsubscribe),
            web.post(instance + "/assignments{_:/?}", self.assign),
            web.get(instance + "/assignments{_:/?}", self.assignments),
            web.get(instance + "/records{_:/?}", self.records),
            web.post(instance + "/offsets{_:/?}", self.commit),
            web.get(instance + "/offsets{_:/?}", self.committed),
            web.post(instance + "/positions{_:/?}", self.seek),
            web.post(instance + "/positions/{end:beginning|end}{_:/?}", self.seek_to),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """Make a consumer in a group."""
        kind = formats.type_of_answer(request.headers.get("Accept"))
        wanted = await self._document(request, _CREATE)
        group = request.match_info["group"]
        wishes = self._wishes(group, wanted)
        await self._consumers.create(wishes)
        address = f"/consumers/{quote(group, safe='')}/instances/{quote(wishes.name, safe='')}"
        return answer({"instance_id": wishes.name, "base_uri": f"http://{request.host}{address}"}, kind)

    def _wishes(self, group: str, wanted: dict[str, object]) -> Wishes:
        form = str(wanted.get("format") or "binary").lower()
        if form not in formats.EMBEDDED.values():
            raise Problem(422, f"Invalid format type. {form!r:.50} is neither 'json' nor 'binary'.")
        limits = self._limits
        name = wanted.get("id") or wanted.get("name") or new_name(self._id)
        return Wishes(
            group=group,
            name=bodies.text(name, "name"),
            form=form,
            reset=_choice(wanted, "auto.offset.reset", ("latest", "earliest", "none")),
            auto_commit=_choice(wanted, "auto.commit.enable", ("true", "false")) == "true",
            timeout_ms=_setting(
                wanted, "consumer.request.timeout.ms", limits.consumer_request_timeout_ms, 1, 2**31 - 1
            ),
            min_bytes=_setting(wanted, "fetch.min.bytes", limits.fetch_min_bytes, -1, _MOST_MIN_BYTES),
        )

    async def delete(self, request: web.Request) -> web.Response:
        """Close a consumer."""
        await self._consumers.close(*_named(request))
        return web.Response(status=204)

    async def subscribe(self, request: web.Request) -> web.Response:
        """Follow topics."""
        wanted = await self._document(request, ("topics", "topic_pattern"))
        topics, pattern = wanted.get("topics"), wanted.get("topic_pattern")
        if topics is not None and pattern is not None:
            raise Problem(40903, "Illegal state: topics and topic_pattern are mutually exclusive: give one of them.")
        if pattern is not None:
            pattern, topics = bodies.text(pattern, "topic_pattern"), []
        else:
            topics = [bodies.text(topic, "An entry of topics") for topic in bodies.items(topics, "topics")]
        await self._consumers.use(*_named(request), lambda consumer: consumer.subscribe(topics, pattern or ""))
        return web.Response(status=204)

    async def subscription(self, request: web.Request) -> web.Response:
        """List the topics followed."""
        kind = formats.type_of_answer(request.headers.get("Accept"))
        topics = await self._consumers.use(*_named(request), lambda consumer: consumer.subscription())
        return answer({"topics": topics}, kind)

    async def unsubscribe(self, request: web.Request) -> web.Response:
        """Follow nothing."""
        await self._consumers.use(*_named(request), lambda consumer: consumer.unsubscribe())
        return web.Response(status=204)

    async def assign(self, request: web.Request) -> web.Response:
        """Read given partitions."""
        places = _places(await self._document(request, ("partitions",)))
        await self._consumers.use(*_named(request), lambda consumer: consumer.assign(places))
        return web.Response(status=204)

    async def assignments(self, request: web.Request) -> web.Response:
        """List the partitions read."""
        kind = formats.type_of_answer(request.headers.get("Accept"))
        places = await self._consumers.use(*_named(request), lambda consumer: consumer.assignment())
        partitions = [{"topic": place.topic, "partition": place.partition} for place in places]
        return answer({"partitions": partitions}, kind)

    async def records(self, request: web.Request) -> web.Response:
        """Return the next records."""
        wishes = self._consumers.wishes(*_named(request))
        kind = formats.type_of_records(request.headers.get("Accept"), wishes.form)
        longest, most = wishes.timeout_ms, self._limits.consumer_request_max_bytes
        timeout = min(_query(request, "timeout", longest), longest)
        max_bytes = _query(request, "max_bytes", most)
        patience = PATIENCE_SECONDS + timeout / 1000
        found = await self._consumers.use(*_named(request), lambda held: held.read(timeout, max_bytes), patience)
        if found:
            self._brokers.well()
        elif self._brokers.trouble:
            await self._cluster.topics()  # says why, if the brokers still do not answer
        return answer(found, kind)

    async def commit(self, request: web.Request) -> web.Response:
        """Commit what was read, or given offsets: those of the last records that are done."""
        kind = formats.type_of_answer(request.headers.get("Accept"))
        wanted = await self._document(request, ("offsets",))
        offsets = _offsets(wanted, step=1) if wanted else None
        await self._consumers.use(*_named(request), lambda consumer: consumer.commit(offsets))
        return answer([], kind)

    async def committed(self, request: web.Request) -> web.Response:
        """Tell what the group has committed."""
        kind = formats.type_of_answer(request.headers.get("Accept"))
        wanted = await self._document(request, ("partitions",))
        if not wanted:
            raise Problem(NO_PARTITION, 'Partition not found. Send {"partitions": [{"topic": …, "partition": …}]}.')
        places = _places(wanted)
        found = await self._consumers.use(*_named(request), lambda consumer: consumer.committed(places))
        offsets = [
            {
                "topic": place.topic,
                "partition": place.partition,
                "offset": place.offset,
                "metadata": place.metadata or "",
            }
            for place in found
        ]
        return answer({"offsets": offsets}, kind)

    async def seek(self, request: web.Request) -> web.Response:
        """Read on from given offsets."""
        places = _offsets(await self._document(request, ("offsets",)), step=0)
        await self._consumers.use(*_named(request), lambda consumer: consumer.seek(places))
        return web.Response(status=204)

    async def seek_to(self, request: web.Request) -> web.Response:
        """Read on from the beginning, or from the end."""
        places = _places(await self._document(request, ("partitions",)), ENDS[request.match_info["end"]])
        await self._consumers.use(*_named(request), lambda consumer: consumer.seek(places))
        return web.Response(status=204)

    async def _document(self, request: web.Request, fields: Collection[str]) -> dict[str, object]:
        with self._doorkeeper.room(request):
            body = await body_of(request)
            if body and request.method != "GET":
                formats.check_request(request.headers.get("Content-Type"))
            return bodies.document(body, fields)


def _named(request: web.Request) -> tuple[str, str]:
    return request.match_info["group"], request.match_info["instance"]


def _choice(wanted: dict[str, object], name: str, choices: tuple[str, ...]) -> str:
    """Read one of several words; the first if none is given. JSON's true and false count as words."""
    value = wanted.get(name)
    word = choices[0] if value is None else str(value).lower()
    if word not in choices:
        raise Problem(
            42204, f"Invalid consumer configuration: {name} is {value!r:.50}, not one of {', '.join(choices)}."
        )
    return word


def _setting(wanted: dict[str, object], name: str, default: int, least: int, most: int) -> int:
    value = wanted.get(name)
    if value is None:
        return default
    try:
        return bodies.number(value, name, least, most)
    except Problem as problem:
        raise Problem(42204, f"Invalid consumer configuration: {problem.message}") from None


def _query(request: web.Request, name: str, default: int) -> int:
    """Read a number of the query; like Confluent's proxy, take one below 1 for none."""
    text = request.query.get(name)
    if text is None:
        return default
    number = bodies.number(text, name, least=-bodies.BIGGEST)
    return number if number > 0 else default


def _places(wanted: dict[str, object], *offset: int) -> list[TopicPartition]:
    entries = bodies.entries(wanted.get("partitions"), "partitions", ("topic", "partition"))
    return [TopicPartition(entry["topic"], int(entry["partition"]), *offset) for entry in entries]


def _offsets(wanted: dict[str, object], step: int) -> list[TopicPartition]:
    """Read offsets; a commit names the last record that is done, Kafka the next one to do."""
    fields = ("topic", "partition", "offset", "metadata")
    return [
        TopicPartition(
            entry["topic"],
            int(entry["partition"]),
            bodies.number(entry.get("offset"), "offset", most=bodies.BIGGEST - 1) + step,
            str(entry.get("metadata") or ""),
        )
        for entry in bodies.entries(wanted.get("offsets"), "offsets", fields)
    ]
