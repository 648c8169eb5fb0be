"""Exercises of the notebook about MSK Connect: the connector that runs, and what lands in S3, judge them."""

import fnmatch
import json
import re
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from helpers import iam
from helpers.checks import scratch
from helpers.checks.exercise import Exercise, Result, Twin, attempt, given, stopped_or
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.config import Workbook
from helpers.kafka import msk
from helpers.kafka.msk_connect import USUAL

# --- 1: which topics a pattern takes -------------------------------------------------------------------------------

NAMES = ("0a1b.pin", "0a1b.geo", "0a1bXpin", "0a1b", "0a1b.pin.old", "old.0a1b.pin", "0A1B.pin", "0a1b-pin")

PATTERNS = ("0a1b.*", r"0a1b\..*", "0a1b.pin", r"0a1b\.(pin|geo)")


def matching_topics(pattern: str, names: list[str]) -> list[str]:
    """List the topics that a connector with this `topics.regex` reads."""
    return [name for name in names if re.fullmatch(pattern, name)]


def _matches(answer: Callable[[str, list[str]], list[str]]) -> Result:
    return {pattern: sorted(given(answer(pattern, list(NAMES)))) for pattern in PATTERNS}


MATCHING_TOPICS = Exercise(
    solution=matching_topics,
    evaluate=_matches,
    twins=(
        Twin(
            lambda pattern, names: [name for name in names if fnmatch.fnmatchcase(name, pattern)],
            "You read the pattern as file names and IAM do, where `*` alone is anything and a dot is a dot. "
            "`topics.regex` is a regular expression: `.` is any letter, `.*` any number of them.",
        ),
        Twin(
            lambda pattern, names: [name for name in names if re.match(pattern, name)],
            "`re.match` is content with the beginning: `0a1b.pin` would take `0a1b.pin.old` too. Connect wants the "
            "whole name to fit: `re.fullmatch`.",
        ),
        Twin(
            lambda pattern, names: [name for name in names if re.search(pattern, name)],
            "`re.search` finds the pattern anywhere, in `old.0a1b.pin` too. Connect wants the whole: `re.fullmatch`.",
        ),
        Twin(
            lambda pattern, names: [name for name in names if re.fullmatch(pattern, name, re.IGNORECASE)],
            "You let `0A1B` pass for `0a1b`. Names of topics and regular expressions both tell capitals apart.",
        ),
    ),
    hints=(
        "Java's regular expressions and Python's agree in all that is needed here: `import re`.",
        "Does the whole name have to fit, or a part of it? For Connect, the whole.",
        "`re.fullmatch(pattern, name)`.",
    ),
    more="Which of your own topics would `<id>.*` take that `<id>\\..*` leaves out, and would IAM let it?",
)

# --- 2: the properties of a connector ------------------------------------------------------------------------------

MESSAGES, TOPICS = 25, 3
"""Messages in each of so many topics."""


def sink_properties(topics: str, bucket: str, region: str, folder: str) -> dict:
    """Write the properties of a sink: at most 10 messages an object, and none waits for longer than 2 seconds."""
    return USUAL | {
        "topics.regex": topics,
        "s3.bucket.name": bucket,
        "s3.region": region,
        "topics.dir": folder,
        "flush.size": "10",
        "rotate.schedule.interval.ms": "2000",
        "timezone": "UTC",
        "value.converter.schemas.enable": "false",
    }


def _changed(**changes: str | None) -> Callable[..., dict]:
    """Write the solution with other values, or without some; a name's dots are written as underscores."""
    named = {name.replace("_", "."): value for name, value in changes.items()}

    def properties(topics: str, bucket: str, region: str, folder: str) -> dict:
        kept = sink_properties(topics, bucket, region, folder) | named
        return {name: value for name, value in kept.items() if value is not None}

    return properties


SAID, COUNT, SIZES, HOLDS = "the connector", "objects", "messages in the objects of each topic", "a line holds"
WHY = "why it fails"
"""Case that tells mistakes apart."""


def _stored(answer: Callable[[str, str, str, str], dict], workbook: Workbook, plugin: str) -> Result:
    """Let a connector with the properties store three topics in a bucket made for it, and look what landed."""
    values = [b'{"n":%d}' % number for number in range(MESSAGES)]
    awaited = TOPICS * sum(len(value) + 1 for value in values)
    with scratch.systems(), ExitStack() as made:
        topics = [made.enter_context(scratch.topic(workbook, values)) for _ in range(TOPICS)]
        bucket = made.enter_context(scratch.bucket(workbook))
        properties = all_text(given(answer("|".join(map(re.escape, topics)), bucket, workbook.region, "try")))
        role = made.enter_context(_role_of_a_connector(workbook, iam.bucket_policy(bucket)))
        with scratch.connector(workbook, properties, plugin, role) as state:
            landed = _landed(workbook, bucket, awaited, state)
            said = state()
        texts = {key: _text(workbook, bucket, key) for key in landed}
    return _summed_up(texts, topics) | {SAID: "runs" if said == "RUNNING" else "fails", WHY: _reason(said)}


def all_text(properties: dict) -> dict:
    """Hand on properties.

    Raises
    ------
    TypeError
        If a value is no text: MSK Connect takes nothing else, and its own words do not name the property.
    """
    for name, value in properties.items():
        if not isinstance(value, str):
            raise TypeError(f"`{name}` is {value!r}, and every value has to be text.")
    return properties


@contextmanager
def _role_of_a_connector(workbook: Workbook, in_s3: dict) -> Iterator[str]:
    """Make a role in which connectors can work with the learner's topics, and with what a policy allows in S3."""
    cluster = msk.cluster_arn(workbook)
    policies = {"kafka": iam.kafka_policy(cluster, f"{workbook.id}.*"), "connect": iam.connect_policy(cluster)}
    with scratch.role(workbook, policies | {"answer": in_s3}) as role:
        me = workbook.client("sts").get_caller_identity()["Arn"]
        trust = iam.trust_policy(["kafkaconnect.amazonaws.com"], me)
        iam.set_trust(workbook, role.rpartition("/")[2], trust)
        yield role


LANDING_SECONDS = 8
"""If nothing more has come for so long, nothing will: an object waits for 2 seconds."""


def _landed(workbook: Workbook, bucket: str, awaited: int, state: Callable[[], str]) -> Collection[str]:
    """Wait until so many bytes have landed in a bucket, no more comes, or the connector has failed; list the keys."""
    seen, since = {}, time.monotonic()
    while sum(seen.values()) < awaited and time.monotonic() < since + LANDING_SECONDS and state() == "RUNNING":
        now = scratch.objects(workbook, bucket)
        if now != seen:
            seen, since = now, time.monotonic()
        time.sleep(0.2)
    return seen.keys()


def _text(workbook: Workbook, bucket: str, key: str) -> str:
    return workbook.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def _summed_up(texts: Mapping[str, str], topics: Sequence[str]) -> Result:
    """Sum up the objects: key → text."""
    sizes = {
        ", ".join(str(text.count("\n")) for key, text in sorted(texts.items()) if f"/{topic}/" in key)
        for topic in topics
    }
    first = next(iter(texts.values()), "").partition("\n")[0]
    return {
        COUNT: len(texts),
        SIZES: " or ".join(sorted(sizes)),
        HOLDS: first and type(json.loads(first)).__name__.replace("dict", "an object").replace("str", "text"),
    }


def _reason(said: str) -> str:
    words = {"schemas.enable": "a schema", "Invalid topics": "a topic", "DescribeTopic": "a topic"}
    return next((what for word, what in words.items() if word in said), "")


PROPERTIES = Exercise(
    solution=sink_properties,
    evaluate=_stored,
    wanted={SAID: "runs", COUNT: 9, SIZES: "10, 10, 5", HOLDS: "an object"},
    twins=(
        Twin(
            _changed(rotate_schedule_interval_ms=None, timezone=None),
            "Six objects: the last five messages of each topic wait for five more, maybe for ever. "
            "`rotate.schedule.interval.ms` says how long an object that is not full may wait.",
            {COUNT: 6, HOLDS: "an object"},
        ),
        Twin(
            _changed(flush_size="1"),
            "An object for each message, 75 in all. `flush.size` is the number of messages that go into one.",
            {COUNT: 75},
        ),
        Twin(
            _changed(value_converter_schemas_enable=None),
            "The connector failed at the first message: `JsonConverter` expects a schema in each, unless "
            "`value.converter.schemas.enable` is `false`. Yours are JSON without one.",
            {SAID: "fails", WHY: "a schema"},
        ),
        Twin(
            _changed(value_converter="org.apache.kafka.connect.storage.StringConverter"),
            "The objects hold texts with JSON in them, quotation marks and all: `StringConverter` hands a message on "
            "as text. `JsonConverter` reads it.",
            {HOLDS: "text"},
        ),
        Twin(
            lambda topics, bucket, region, folder: (
                _changed(topics_regex=None)(topics, bucket, region, folder) | {"topics": topics}
            ),
            "`topics` takes names, and a pattern is no name: the connector failed. `topics.regex` takes a pattern.",
            {SAID: "fails", WHY: "a topic"},
        ),
    ),
    hints=(
        "`USUAL | {…}` joins two dictionaries. Go down the table: each name in it is a property to write.",
        'All values are text: `"flush.size": "10"`, and 2 seconds are `"2000"` milliseconds.',
        '`"topics.regex": topics`, `"topics.dir": folder`, `"rotate.schedule.interval.ms": "2000"`; the '
        "arguments tell four of the values, the table two.",
    ),
    more="26 messages in each topic, and 10 seconds between the 25th and the last: how many objects would there be?",
)

# --- 3: the request ------------------------------------------------------------------------------------------------


def connector_request(name: str, properties: dict, cluster: dict, plugin: str, role: str) -> dict:
    """Write what CreateConnector is asked with: one worker of one unit, which signs in with IAM and speaks TLS."""
    return {
        "connectorName": name,
        "connectorConfiguration": properties,
        "kafkaConnectVersion": "3.7.x",
        "kafkaCluster": {"apacheKafkaCluster": cluster},
        "kafkaClusterClientAuthentication": {"authenticationType": "IAM"},
        "kafkaClusterEncryptionInTransit": {"encryptionType": "TLS"},
        "plugins": [{"customPlugin": {"customPluginArn": plugin, "revision": 1}}],
        "serviceExecutionRoleArn": role,
        "capacity": {"provisionedCapacity": {"mcuCount": 1, "workerCount": 1}},
    }


PAID, NAMED = "the machines", "the connector's name"
ONE_MACHINE = {"mcuCount": 1, "workerCount": 1}


def _other(**members: Any) -> Callable[..., dict]:
    """Write the solution with other members, or without some."""

    def request(name: str, properties: dict, cluster: dict, plugin: str, role: str) -> dict:
        changed = connector_request(name, properties, cluster, plugin, role) | members
        return {member: value for member, value in changed.items() if value is not None}

    return request


def _with_plain_plugin(name: str, properties: dict, cluster: dict, plugin: str, role: str) -> dict:
    return connector_request(name, properties, cluster, plugin, role) | {"plugins": [plugin]}


_FAULTS = {
    "authenticationType": "IAM", "encryptionType": "TLS", "parameter plugins": "the plugin",
    'required parameter in input: "capacity"': "the capacity",
    'required parameter in input: "serviceExecutionRoleArn"': "the role",
    'required parameter in kafkaCluster: "apacheKafkaCluster"': "the cluster", "Count, value": "the numbers",
}  # fmt: skip
"""What MSK Connect or boto3 says of a request → what is wrong with it."""


def _asked(answer: Callable[[str, dict, dict, str, str], dict], workbook: Workbook, plugin: str) -> Result:
    """Ask MSK Connect with the request, for a connector with a topic, a bucket and a role made for it."""
    attempt(answer)
    cluster = {"bootstrapServers": msk.brokers(workbook), "vpc": msk.network(workbook)}
    with scratch.systems(), scratch.topic(workbook) as topic, scratch.bucket(workbook) as bucket:
        properties = sink_properties(re.escape(topic), bucket, workbook.region, "try")
        with _role_of_a_connector(workbook, iam.bucket_policy(bucket)) as role:
            name = scratch.name(workbook)
            request = given(answer(name, dict(properties), cluster, plugin, role))
            try:
                with scratch.requested(workbook, request) as state:
                    said = state()
            except (ParamValidationError, ClientError) as error:
                if not (fault := _fault(str(error))):
                    raise
                return {SAID: "is not made", WHY: fault}
    machines = request["capacity"].get("provisionedCapacity", "as many as AWS likes")
    named = "as asked" if request["connectorName"] == name else "in another way"
    return {SAID: "runs" if said == "RUNNING" else "fails", WHY: _fault(said), PAID: machines, NAMED: named}


def _fault(said: str) -> str:
    """Name what is wrong; a request that lacks several members has no one fault."""
    if said.count("Missing required parameter") > 1:
        return ""
    return next((what for words, what in _FAULTS.items() if words in said), "")


REQUEST = Exercise(
    solution=connector_request,
    evaluate=_asked,
    wanted={SAID: "runs", PAID: ONE_MACHINE, NAMED: "as asked"},
    twins=(
        Twin(
            _other(kafkaClusterClientAuthentication={"authenticationType": "NONE"}),
            "The connector was made, and failed: the brokers let nobody in who does not sign in with IAM. "
            "`authenticationType` says that it does.",
            {SAID: "fails", WHY: "IAM"},
        ),
        Twin(
            _other(kafkaClusterEncryptionInTransit={"encryptionType": "PLAINTEXT"}),
            "The port for IAM speaks TLS, and you asked for plain text. `encryptionType` is `TLS`.",
            {SAID: "is not made", WHY: "TLS"},
        ),
        Twin(
            _with_plain_plugin,
            "`plugins` has another form: it is a list, in which each plugin is a dictionary with `customPlugin` in it, "
            "and that one has `customPluginArn` and `revision`.",
            {SAID: "is not made", WHY: "the plugin"},
        ),
        Twin(
            _other(capacity=None),
            "MSK Connect wants to know how many machines it is to start, and you pay for: `capacity` is missing.",
            {SAID: "is not made", WHY: "the capacity"},
        ),
        Twin(
            _other(capacity={"provisionedCapacity": {"mcuCount": "1", "workerCount": "1"}}),
            "`mcuCount` and `workerCount` are numbers, and you gave texts. (The properties of a connector are the ones "
            "that are all text.)",
            {SAID: "is not made", WHY: "the numbers"},
        ),
        Twin(
            _other(serviceExecutionRoleArn=None),
            "MSK Connect does not know with which role the connector is to work: `serviceExecutionRoleArn` is missing.",
            {SAID: "is not made", WHY: "the role"},
        ),
        Twin(
            lambda name, properties, cluster, plugin, role: (
                connector_request(name, properties, cluster, plugin, role) | {"kafkaCluster": cluster}
            ),
            "The brokers and their network stand one level too high: `cluster` is the value of `apacheKafkaCluster`, "
            "in a dictionary of its own.",
            {SAID: "is not made", WHY: "the cluster"},
        ),
        Twin(
            _other(capacity={"provisionedCapacity": {"mcuCount": 1, "workerCount": 2}}),
            "It runs, and costs more than it has to: you pay for each unit (`mcuCount`) of each worker "
            "(`workerCount`). One of one is plenty here.",
            {SAID: "runs", NAMED: "as asked"},
        ),
        Twin(
            _other(connectorName=f"check-{uuid.uuid4().hex[:8]}"),
            "It runs, under a name that is not the one that came in. Whoever calls the function says what the "
            "connector is called: `name`.",
            {SAID: "runs", PAID: ONE_MACHINE},
        ),
    ),
    hints=(
        "Nine members, one for each line of the table. Four of the values are arguments as they are.",
        "Where the table shows braces within braces, a dictionary lies in another one: "
        '`{"apacheKafkaCluster": cluster}`.',
        '`"plugins": [{"customPlugin": {"customPluginArn": plugin, "revision": 1}}]`, and `"capacity": '
        '{"provisionedCapacity": {"mcuCount": 1, "workerCount": 1}}`.',
    ),
    more="`autoScaling` in the place of `provisionedCapacity` lets AWS add workers. What limits their use here?",
)

# --- 4: what the role of a connector needs in S3 -------------------------------------------------------------------


def sink_policy(bucket: str) -> dict:
    """Write what lets a connector list a bucket, and read and write its objects, and nothing else."""
    arn = f"arn:aws:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": arn},
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"{arn}/*"},
        ],
    }


def _allowing(actions: str | list[str], *resources: str) -> dict:
    statement = {"Effect": "Allow", "Action": actions, "Resource": list(resources)}
    return {"Version": iam.POLICY_VERSION, "Statement": [statement]}


_NEEDED = ["s3:ListBucket", "s3:GetObject", "s3:PutObject"]

STATE, LANDED, DELETING, OTHERS = "the connector", "objects that land", "deleting the bucket", "listing another bucket"
LACKS = "what the connector lacks"
"""Case that tells mistakes apart."""

ONE = b'{"n":0}'


def _allowed(answer: Callable[[str], dict], workbook: Workbook, plugin: str) -> Result:
    """Let a connector work in a role with the policy, into a bucket made for it; then try more in that role."""
    with scratch.systems(), scratch.topic(workbook, [ONE]) as topic, scratch.bucket(workbook) as bucket:
        document = given(answer(bucket))
        with _role_of_a_connector(workbook, document) as role:
            s3 = scratch.client(workbook, "s3", scratch.session(workbook, role))
            properties = sink_properties(re.escape(topic), bucket, workbook.region, "try") | {"flush.size": "1"}
            with scratch.connector(workbook, properties, plugin, role) as state:
                landed = _landed(workbook, bucket, len(ONE) + 1, state)
                said = state()
            return {
                STATE: "runs" if said == "RUNNING" else "fails",
                LACKS: said.partition(" allows ")[2].partition(" on ")[0],
                LANDED: len(landed),
                OTHERS: _tried(lambda: s3.list_objects_v2(Bucket=workbook.bucket)),
                DELETING: _tried(lambda: s3.delete_bucket(Bucket=bucket)),
            }


def _tried(call: Callable[[], object]) -> str:
    """Tell whether IAM lets a call pass, whatever S3 itself says to it."""
    try:
        call()
    except ClientError as error:
        return "refused" if error.response["Error"]["Code"] == "AccessDenied" else "allowed"
    return "allowed"


SINK_POLICY = Exercise(
    solution=sink_policy,
    evaluate=_allowed,
    wanted={STATE: "runs", LANDED: 1, DELETING: "refused", OTHERS: "refused"},
    twins=(
        Twin(
            lambda bucket: _allowing(_NEEDED, f"arn:aws:s3:::{bucket}"),
            "The connector may list the bucket, and touch no object in it. Objects have ARNs of their own: that of the "
            "bucket, a slash, and the key, or `/*` for all of them.",
            {STATE: "fails", LACKS: "s3:GetObject"},
        ),
        Twin(
            lambda bucket: _allowing(_NEEDED, f"arn:aws:s3:::{bucket}/*"),
            "The objects are allowed, and the bucket is not: `s3:ListBucket` is about the bucket itself, whose ARN has "
            "no slash.",
            {STATE: "fails", LACKS: "s3:ListBucket"},
        ),
        Twin(
            lambda bucket: _allowing("s3:*", f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"),
            "It works, and the connector could delete the bucket. `s3:*` is everything that S3 can do; name the three "
            "actions that it needs.",
            {STATE: "runs", DELETING: "allowed"},
        ),
        Twin(
            lambda bucket: _allowing(_NEEDED, "*"),
            "It works, and the connector could read every bucket of the account. Name yours in `Resource`.",
            {STATE: "runs", DELETING: "refused", OTHERS: "allowed"},
        ),
    ),
    hints=(
        "Three actions: one is about the bucket, two are about its objects.",
        "`s3:ListBucket` wants the bucket's ARN, `s3:GetObject` and `s3:PutObject` want that of objects.",
        "Two statements: the first on `arn:aws:s3:::<bucket>`, the second on `arn:aws:s3:::<bucket>/*`.",
    ),
    more="Confluent's sink uploads in parts, and wants `s3:AbortMultipartUpload` too. What stays behind without it?",
)

# --- 5: what a name tells ------------------------------------------------------------------------------------------

KEYS = {
    "a pin": "topics/0a1b.pin/partition=0/0a1b.pin+0+0000000007.json",
    "another folder and partition": "history/0a1b.geo/partition=12/0a1b.geo+12+0000001500.json",
    "a folder in a folder": "old/topics/0a1b-x.user/partition=2/0a1b-x.user+2+0000000000.json",
}


def place_of(key: str) -> tuple[str, int, int]:
    """Tell where the first message in an object comes from: topic, partition, offset."""
    name = key.split("/")[-1].removesuffix(".json")
    topic, partition, offset = name.split("+")
    return topic, int(partition), int(offset)


def _told(answer: Callable[[str], tuple[str, int, int]]) -> Result:
    return {case: stopped_or(lambda key=key: _as_tuple(given(answer(key)))) for case, key in KEYS.items()}


def _as_tuple(found: Any) -> Any:
    return tuple(found) if isinstance(found, list) else found


def _parts(key: str) -> list[str]:
    return key.split("/")[-1].removesuffix(".json").split("+")


def _three(parts: list[str]) -> tuple[str, int, int]:
    topic, partition, offset = parts
    return topic, int(partition), int(offset)


PLACE_OF = Exercise(
    solution=place_of,
    evaluate=_told,
    twins=(
        Twin(
            lambda key: tuple(_parts(key)),
            "Partition and offset are still texts, and `'0000000007'` equals no number. `int(…)` makes numbers of "
            "them.",
        ),
        Twin(
            lambda key: (key.split("+")[0], int(_parts(key)[1]), int(_parts(key)[2])),
            "Your topic has the folders in front of it. Take what is behind the last slash first.",
        ),
        Twin(
            lambda key: (_parts(key)[0], int(key.split("+")[1]), int(key.split("+")[2])),
            "The offset ends with `.json`, which `int` cannot read: `removesuffix` takes it away.",
        ),
        Twin(
            lambda key: _three(key.split("/")[-1].split(".")[0].split("+")),
            "The first dot of the name is in the topic's own name, so you cut too early. Take the ending away with "
            "`removesuffix`, and cut at the `+`.",
        ),
        Twin(
            lambda key: (_parts(key)[0], int(_parts(key)[2]), int(_parts(key)[1])),
            "You exchanged two of the three: the name has topic, partition and offset, in this order.",
        ),
        Twin(
            lambda key: (key.split("/")[1], int(_parts(key)[1]), int(_parts(key)[2])),
            "You took the topic for the second folder. `topics.dir` may hold folders in folders; the name itself has "
            "the topic, too.",
        ),
    ),
    hints=(
        '`key.split("/")` gives the folders and the name, the name last: `[-1]`.',
        '`.removesuffix(".json")` and `.split("+")` leave three texts.',
        "`topic, partition, offset = …` takes the three apart; return `topic, int(partition), int(offset)`.",
    ),
    more="What would the name of an object look like if the topic's name could have a `+` in it? (It cannot.)",
)

# --- 6: what has not landed ----------------------------------------------------------------------------------------


def missing(keys: list[str], before: dict[str, int], after: dict[str, int]) -> dict[str, list[int]]:
    """List of each topic the offsets, from `before` up to `after`, of which there is no object."""
    stored = {place_of(key) for key in keys}
    lost = {}
    for topic, end in after.items():
        offsets = range(before[topic], end)
        lost[topic] = [offset for offset in offsets if (topic, 0, offset) not in stored]
    return lost


LANDINGS: dict[str, tuple[dict[str, list[int]], dict[str, int], dict[str, int]]] = {
    "all landed": ({"a": [0, 1], "b": [0]}, {"a": 0, "b": 0}, {"a": 2, "b": 1}),
    "one is missing": ({"a": [5, 7], "b": [5, 6]}, {"a": 5, "b": 5}, {"a": 8, "b": 7}),
    "only what is new": ({"a": [12]}, {"a": 11}, {"a": 13}),
    "nothing landed": ({}, {"a": 3, "b": 9}, {"a": 5, "b": 9}),
}
"""What it is → offsets of the objects of each topic, end offsets before and after."""


def _lost(answer: Callable[[list[str], dict[str, int], dict[str, int]], dict[str, list[int]]]) -> Result:
    return {
        case: _sorted(given(answer(_names(landed), dict(before), dict(after))))
        for case, (landed, before, after) in LANDINGS.items()
    }


def _names(landed: Mapping[str, Sequence[int]]) -> list[str]:
    return [
        f"topics/{topic}/partition=0/{topic}+0+{offset:010d}.json"
        for topic, offsets in landed.items()
        for offset in offsets
    ]


def _sorted(found: Any) -> Any:
    """Take a set of offsets for a list."""
    if not isinstance(found, dict):
        return f"no dictionary, but {type(found).__name__}"
    return {
        topic: sorted(offsets) if isinstance(offsets, set | list | tuple) else offsets
        for topic, offsets in found.items()
    }


def _gaps(
    keys: list[str], before: dict[str, int], after: dict[str, int], more: int = 0, all_alike: bool = False
) -> dict[str, list[int]]:
    """Do what the solution does, with more offsets at the end, or looking at offsets alone."""
    stored = [place_of(key) for key in keys]
    return {
        topic: [
            offset
            for offset in range(before[topic], end + more)
            if not any(one[2] == offset and (all_alike or one[0] == topic) for one in stored)
        ]
        for topic, end in after.items()
    }


MISSING = Exercise(
    solution=missing,
    evaluate=_lost,
    twins=(
        Twin(
            lambda keys, before, after: _gaps(keys, before, after, more=1),
            "You miss a message that nobody has sent yet. The end offset is the one that the *next* message will get.",
        ),
        Twin(
            lambda keys, before, after: _gaps(keys, before, after, all_alike=True),
            "An object of another topic with the same offset passed for the one that is missing. Compare the topic "
            "too: every topic counts from 0.",
        ),
        Twin(
            lambda keys, before, after: _gaps(keys, dict.fromkeys(before, 0), after),
            "You look at all that was ever sent. The question is about what came since: begin with `before[topic]`.",
        ),
        Twin(
            lambda keys, before, after: {
                topic: offsets for topic, offsets in _gaps(keys, before, after).items() if offsets
            },
            "A topic that misses nothing is left out, and whoever reads the answer cannot tell it from one that was "
            "forgotten. Give it an empty list.",
        ),
        Twin(
            lambda keys, before, after: {topic: len(found) for topic, found in _gaps(keys, before, after).items()},
            "These are numbers of messages. Which ones they are is what helps to find them: list the offsets.",
        ),
    ),
    hints=(
        "First what is there: the places of all keys, in a set: `{place_of(key) for key in keys}`.",
        "Then, topic by topic, what should be there: `range(before[topic], after[topic])`.",
        "An offset is missing if `(topic, 0, offset)` is not in the set.",
    ),
    more="This works at one message an object. What would you look at with a `flush.size` of 10?",
)

QUIZ = (
    Question(
        "You post for an hour at `flush.size` 1, one post a second. How many objects is that?",
        (
            ("10,800: one a message, three messages a post.", None),
            ("3,600: one a post.", "A post is three messages, each in a topic of its own."),
            ("3: one a topic.", "An object holds as many messages as `flush.size` says: one."),
        ),
    ),
    Question(
        "You delete the connector, post for a day, and create it again under its name. What becomes of those posts?",
        (
            ("They are lost.", "They are in Kafka for as long as the topic keeps them."),
            ("The group remembers how far it had come: it goes on from there.", None),
            ("The connector begins with the oldest message.", "It would under another name, which is another group."),
        ),
    ),
    Question(
        "Why does the sink need to know nothing about pins, places and users?",
        (
            ("It reads the schema from the topic.", "There is none in it: the messages are plain JSON."),
            ("It guesses the columns.", "Nothing is guessed; `schemas.enable` is false."),
            ("It moves messages, whatever is in them; what they mean is for the reader to say.", None),
        ),
    ),
)

LESSON = Lesson(
    {1: MATCHING_TOPICS, 2: PROPERTIES, 3: REQUEST, 4: SINK_POLICY, 5: PLACE_OF, 6: MISSING},
    {
        1: {
            8: "75 messages by tens would be 8 if topics shared objects. Each topic fills its own.",
            6: "These are the full ones. The last five messages of each topic do not wait for ever here.",
            75: "One a message is what a `flush.size` of 1 gives.",
            3: "One a topic would need a `flush.size` of 25 or more, and two seconds to be long enough.",
        },
        2: {
            10: "Ten would mean that the others were lost. Kafka keeps messages whether somebody reads them or not.",
            30: "Thirty would be the first ten again. The group's offset survives the connector.",
        },
    },
    QUIZ,
)
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
questions, quiz = LESSON.questions, LESSON.quiz
"""What the notebook calls."""
