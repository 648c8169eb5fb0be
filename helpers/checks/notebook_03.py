"""Exercises of the notebook about MSK Connect: the connector that runs, and what lands in S3, judge them."""

import fnmatch
import json
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from botocore.exceptions import ClientError

from helpers import iam
from helpers.checks import scratch
from helpers.checks.exercise import Exercise, Result, Twin, given
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

# --- 3: what the role of a connector needs in S3 -------------------------------------------------------------------


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
    {1: MATCHING_TOPICS, 2: PROPERTIES, 3: SINK_POLICY},
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
