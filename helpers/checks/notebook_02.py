"""Exercises of the notebook about topics, offsets and groups: what the brokers keep judges the commands."""

import contextlib
import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from helpers.checks import scratch
from helpers.checks.exercise import Exercise, Result, Twin, attempt, given, stopped_or
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.client_machine.ssh import ClientMachine
from helpers.client_machine.ssh import Result as Done
from helpers.config import Workbook
from helpers.kafka import client as kafka_client

# --- 1: a topic of three partitions --------------------------------------------------------------------------------


def created(topic: str) -> str:
    """Write the options of kafka-topics.sh that make a topic of three partitions; to repeat them is no error."""
    return f"--create --if-not-exists --topic {topic} --partitions 3"


PARTITIONS, AGAIN, REFUSAL = "partitions of the topic", "the same command once more", "what the tool says"
"""REFUSAL tells mistakes apart."""


def _made(answer: Callable[[str], str], workbook: Workbook, machine: ClientMachine, tool: str) -> Result:
    """Let the tool run twice with the options, and ask the brokers for the topic."""
    with scratch.systems(), scratch.topic_name(workbook) as topic:
        command = f"{tool} {given(answer(topic))}"
        first = machine.run(command, check=False)
        again = machine.run(command, check=False) if first.exit_code == 0 else first
        found = _partitions(workbook, topic)
    return {PARTITIONS: found, AGAIN: "is an error" if again.exit_code else "is no error", REFUSAL: _about(first)}


def _partitions(workbook: Workbook, topic: str) -> int:
    try:
        return len(kafka_client.partition_ends(workbook, topic))
    except kafka_client.KafkaDenied:  # there is none
        return 0


def _about(done: Done) -> str:
    words = {"Authorization failed": "refused", "replica": "copies", "already exists": "is there"}
    return next((what for said, what in words.items() if done.exit_code and said in done.text), "")


CREATED = Exercise(
    solution=created,
    evaluate=_made,
    wanted={PARTITIONS: 3, AGAIN: "is no error"},
    twins=(
        Twin(
            lambda topic: f"--create --if-not-exists --topic {topic}",
            "The topic has one partition: the brokers' own setting decides where you say nothing. `--partitions` says "
            "it.",
            {PARTITIONS: 1, AGAIN: "is no error"},
        ),
        Twin(
            lambda topic: f"--create --topic {topic} --partitions 3",
            "It works once. The second time the tool stops because the topic is there, and so would a script that is "
            "run again. `--if-not-exists` makes the command safe to repeat.",
            {PARTITIONS: 3, AGAIN: "is an error"},
        ),
        Twin(
            lambda topic: f"--create --if-not-exists --topic {topic} --replication-factor 3",
            "Those are copies of a partition on other brokers, against the loss of one. Partitions split a topic, so "
            "that several can read it: `--partitions`.",
            {PARTITIONS: 0, REFUSAL: "copies"},
        ),
        Twin(
            lambda topic: "--create --if-not-exists --topic keyed --partitions 3",
            "The broker refused the name: it does not begin with your id and the dot. The function is given a name; "
            "use that.",
            {PARTITIONS: 0, REFUSAL: "refused"},
        ),
    ),
    hints=(
        "The command that made your three topics is above. Two of its options stay as they are.",
        "`kafka-topics.sh --help` lists the options; the one for partitions is called what it is.",
        "`--create --if-not-exists --topic … --partitions 3`, with the name in an f-string.",
    ),
    more="Partitions can be added later, and never taken away. What becomes of the order of a key's messages then?",
)

# --- 2: the lag of a group -----------------------------------------------------------------------------------------

CASES: dict[str, tuple[dict[int, int], dict[int, int]]] = {
    "one partition, one message unread": ({0: 4}, {0: 3}),
    "everything read": ({0: 4}, {0: 4}),
    "three partitions": ({0: 4, 1: 7, 2: 1}, {0: 3, 1: 5, 2: 0}),
    "a group that has never committed": ({0: 4, 1: 2}, {}),
    "one partition never committed": ({0: 4, 1: 2}, {0: 4}),
}
"""What it is → end offset of each partition, and what the group has committed."""


def lag(end: dict[int, int], committed: dict[int, int]) -> int:
    """Count the messages that a group has still to read: partition → offset, at the end and committed."""
    return sum(offset - committed.get(partition, 0) for partition, offset in end.items())


def _lags(answer: Callable[[dict[int, int], dict[int, int]], int]) -> Result:
    return {case: given(answer(dict(end), dict(committed))) for case, (end, committed) in CASES.items()}


LAG = Exercise(
    solution=lag,
    evaluate=_lags,
    twins=(
        Twin(
            lambda end, committed: sum(end[partition] - offset for partition, offset in committed.items()),
            "A partition of which the group has committed nothing has no entry in `committed`, and all of it is "
            "unread: you left it out.",
        ),
        Twin(
            lambda end, committed: sum(offset - committed.get(partition, 0) - 1 for partition, offset in end.items()),
            "One too few a partition. Both offsets are those of the next message, to come and to read, so their "
            "difference is the number itself.",
        ),
        Twin(
            lambda end, committed: end[0] - committed.get(0, 0),
            "You looked at partition 0 only. A group's lag is the sum over all partitions of the topic.",
        ),
        Twin(
            lambda end, committed: sum(end[partition] - committed[partition] for partition in end),
            "`committed[partition]` raises KeyError for a partition that the group has never committed: take 0 for it.",
        ),
    ),
    hints=(
        "The end offset is that of the next message to come, the committed one that of the next message to read.",
        "Go through the partitions of `end`: it has them all.",
        "`committed.get(partition, 0)` is 0 where nothing has been committed.",
    ),
    more="A new group may also begin at the end (`auto.offset.reset=latest`). Which lag would you report for it?",
)

# --- 3: read again -------------------------------------------------------------------------------------------------

STORED = 4
"""Messages in the topic, all of them read."""


def rewound(topic: str) -> str:
    """Write the options of kafka-consumer-groups.sh that let a group read a topic again from offset 1."""
    return f"--reset-offsets --topic {topic} --to-offset 1 --execute"


COMMITTED, STILL, SHOWN = "the group's offset", "its lag", "what the tool only shows"
"""SHOWN tells mistakes apart."""


def _read_again(answer: Callable[[str], str], workbook: Workbook, machine: ClientMachine, tool: str) -> Result:
    """Let the tool run with the options for a group that has read everything, and ask the brokers where it stands."""
    with (
        scratch.systems(),
        scratch.topic(workbook, [b"{}"] * STORED) as topic,
        scratch.group_that_read(workbook, topic, STORED) as group,
    ):
        done = machine.run(f"{tool} --group {group} {given(answer(topic))}", check=False)
        found = kafka_client.committed(workbook, group, topic).get(0, 0)
    shown = "new offsets" if "NEW-OFFSET" in done.text and found == STORED else ""
    return {COMMITTED: found, STILL: STORED - found, SHOWN: shown}


REWOUND = Exercise(
    solution=rewound,
    evaluate=_read_again,
    wanted={COMMITTED: 1, STILL: 3},
    twins=(
        Twin(
            lambda topic: f"--reset-offsets --topic {topic} --to-offset 1",
            "Nothing has changed: without `--execute` the tool shows what it would do, a dry run, and leaves the group "
            "where it is.",
            {COMMITTED: 4, SHOWN: "new offsets"},
        ),
        Twin(
            lambda topic: f"--reset-offsets --topic {topic} --to-earliest --execute",
            "The group reads everything again, the message at offset 0 too. `--to-offset` says where exactly.",
            {COMMITTED: 0},
        ),
        Twin(
            lambda topic: f"--reset-offsets --topic {topic} --shift-by -1 --execute",
            "The group went back by one, from 4 to 3. `--shift-by` counts from where a group stands, and it may stand "
            "anywhere: `--to-offset` counts from the beginning.",
            {COMMITTED: 3},
        ),
        Twin(
            lambda topic: f"--reset-offsets --topic {topic} --to-offset 2 --execute",
            "The group would leave out the message at offset 1. The committed offset is that of the next message to "
            "read, not of the last one read.",
            {COMMITTED: 2},
        ),
    ),
    hints=(
        "The tool changes offsets with `--reset-offsets`. Of which topic, and to where?",
        "`--to-offset 1` is where to; `--topic` says of which topic.",
        "`--reset-offsets --topic … --to-offset 1`, and a last word that lets it happen.",
    ),
    more="While a member of the group is running, the tool refuses. Why would it be no use to let it go on?",
)

# --- 4: read from an offset, in Python -----------------------------------------------------------------------------


def read_from(consumer, topic: str, offset: int, count: int) -> list[dict]:
    """Read `count` messages of a topic's partition 0, from an offset on; each is JSON."""
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    consumer.seek(partition, offset)
    rows = []
    for message in consumer:
        rows.append(json.loads(message.value))
        if len(rows) == count:
            return rows


READ = "what was read"

NUMBERS = range(6)
"""Messages of the topic that is read: the one at offset n holds n."""

FROM, HOW_MANY = 2, 3


def _with(
    read: Callable[[Any, int], Iterable[Any]], first: Callable[[Any, TopicPartition, int], None], convert: bool = True
) -> Callable[[Any, str, int, int], list]:  # fmt: skip
    """Write the solution with another beginning, or another way to go through the messages."""

    def read_from(consumer: Any, topic: str, offset: int, count: int) -> list:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        first(consumer, partition, offset)
        return [json.loads(one.value) if convert else one.value for one in read(consumer, count)]

    return read_from


def _seek(consumer: Any, partition: TopicPartition, offset: int) -> None:
    consumer.seek(partition, offset)


SILENCE_MS = 1500
"""How long an answer's consumer waits for another message before it gives up."""


def _read(answer: Callable[[Any, str, int, int], list[dict]], workbook: Workbook) -> Result:
    """Let an answer read a topic made for it."""
    attempt(answer)
    values = [b'{"n":%d}' % number for number in NUMBERS]
    with scratch.systems(), scratch.topic(workbook, values) as topic:
        settings = kafka_client.connection(workbook) | {"enable_auto_commit": False, "auto_offset_reset": "earliest"}
        with contextlib.closing(KafkaConsumer(**settings, consumer_timeout_ms=SILENCE_MS)) as consumer:
            found = answer(consumer, topic, FROM, HOW_MANY)
    return {READ: _listed(given(found))}


def _listed(found: Any) -> str:
    """Write down what was read: the numbers in the messages, where it is a list of dictionaries."""
    if not isinstance(found, list):
        return f"no list, but {type(found).__name__}"
    return ", ".join(str(one["n"]) if isinstance(one, dict) and "n" in one else type(one).__name__ for one in found)


READ_FROM = Exercise(
    solution=read_from,
    evaluate=_read,
    wanted={READ: "2, 3, 4"},
    twins=(
        Twin(
            _with(itertools.islice, lambda consumer, partition, offset: None),
            "You read from the beginning: `assign` says which partition, and `consumer.seek(partition, offset)` where "
            "in it.",
            {READ: "0, 1, 2"},
        ),
        Twin(
            _with(lambda consumer, count: consumer, _seek),
            "You read to the end of the topic, and then waited for more. A consumer has no end of its own: stop when "
            "you have `count`.",
            {READ: "2, 3, 4, 5"},
        ),
        Twin(
            _with(itertools.islice, _seek, convert=False),
            "These are the bytes as Kafka keeps them. `json.loads(message.value)` makes a dictionary of each.",
            {READ: "bytes, bytes, bytes"},
        ),
        Twin(
            _with(itertools.islice, lambda consumer, partition, offset: consumer.seek(partition, offset + 1)),
            "One too late. The message at `offset` is the first to read: offsets count from 0, and so does `seek`.",
            {READ: "3, 4, 5"},
        ),
    ),
    hints=(
        "`TopicPartition(topic, 0)` names the partition; `assign` takes a list of such, `seek` one of them.",
        "`for message in consumer` goes through the messages; `message.value` are the bytes.",
        "Collect the rows in a list, and `return` it in the loop as soon as it has `count` of them.",
    ),
    more="This consumer is in no group. Who remembers now how far it has read?",
)

# --- 5: keys -------------------------------------------------------------------------------------------------------

USERS = ("3", "4", "5")
"""Their hashes lead to three different partitions."""

LINES = tuple(f'{user}\t{{"n": {number}}}' for user in USERS for number in range(3))
"""User by user, so that a partitioner that takes turns tears each user's messages apart."""


def keyed(topic: str) -> str:
    """Write the options of kafka-console-producer.sh that send to a topic, with what is before the tab as the key."""
    return f"--topic {topic} --reader-property parse.key=true"


KEYS, PLACES, SAID = "keys in the topic", "partitions of each key", "the tool about the separator"


def _sent(answer: Callable[[str], str], workbook: Workbook, machine: ClientMachine, tool: str) -> Result:
    """Let the console producer send nine lines to a topic of three partitions, and read what it holds."""
    with scratch.systems(), scratch.topic(workbook, partitions=3) as topic:
        lines = " ".join(f"'{line}'" for line in LINES)
        done = machine.run(f"printf '%s\\n' {lines} | ({tool} {given(answer(topic))})", check=False)
        found = scratch.records(workbook, topic)
    places = {(key or b"none").decode(): {part for part, other, _ in found if other == key} for _, key, _ in found}
    return {
        KEYS: ", ".join(sorted(places)),
        PLACES: "one each" if all(len(parts) == 1 for parts in places.values()) else "several",
        SAID: "none found" if "No key separator" in done.text else "",
    }


KEYED = Exercise(
    solution=keyed,
    evaluate=_sent,
    wanted={KEYS: "3, 4, 5", PLACES: "one each"},
    twins=(
        Twin(
            lambda topic: f"--topic {topic}",
            "The messages have no key: each line was sent as it is, with the number in front. The reader of lines has "
            "to be told that there are keys: `parse.key=true`.",
            {KEYS: "none"},
        ),
        Twin(
            lambda topic: f"--topic {topic} --reader-property parse.key=true --reader-property key.separator=,",
            "The tool looked for another separator, found none in the first line, and sent nothing. In this file it is "
            "a tab, which is what the reader takes by itself.",
            {KEYS: "", SAID: "none found"},
        ),
        Twin(
            lambda topic: (
                f"{keyed(topic)} --command-property "
                "partitioner.class=org.apache.kafka.clients.producer.RoundRobinPartitioner"
            ),
            "The keys are there, and messages of one key lie in several partitions: you chose a partitioner that takes "
            "turns. Order is kept within a partition only, so leave the choice to the key.",
            {KEYS: "3, 4, 5", PLACES: "several"},
        ),
    ),
    hints=(
        "The tool reads lines with a *reader*, and `--reader-property name=value` sets one of its properties.",
        "The property that makes it look for a key is `parse.key`. It takes a tab for the separator by itself.",
        "`--topic … --reader-property parse.key=true`.",
    ),
    more="A user with a million posts has one key. What becomes of the partition that it leads to?",
)

# --- 6: the partitions of each key ---------------------------------------------------------------------------------

SHOWN_LINES: dict[str, Sequence[str]] = {
    "two keys in two partitions": ('Partition:0\t3\t{"n": 0}', 'Partition:2\t5\t{"n": 0}', 'Partition:0\t3\t{"n": 1}'),
    "a key in several partitions": ('Partition:1\t4\t{"n": 0}', 'Partition:0\t4\t{"n": 1}', 'Partition:1\t4\t{"n": 2}'),
    "a partition of two digits": ('Partition:12\tada\t{"n": 0}',),
    "no line": (),
}
"""What it is → lines as the console consumer writes them."""


def partitions_by_key(lines: list[str]) -> dict[str, set[int]]:
    """Tell of each key in which partitions its messages are; a line is `Partition:<number>`, key and value, by tabs."""
    found = {}
    for line in lines:
        partition, key, _ = line.split("\t")
        number = int(partition.removeprefix("Partition:"))
        found[key] = found.get(key, set()) | {number}
    return found


def _places(answer: Callable[[list[str]], dict[str, set[int]]]) -> Result:
    attempt(answer)
    return {
        case: stopped_or(lambda lines=lines: _in_words(given(answer(list(lines)))))
        for case, lines in SHOWN_LINES.items()
    }


def _in_words(found: Any) -> str:
    """Write down keys and partitions, so that a list of partitions is as good as a set if nothing is in it twice."""
    if not isinstance(found, dict):
        return f"no dictionary, but {type(found).__name__}"
    told = {key: sorted(parts) if isinstance(parts, set | list | tuple) else parts for key, parts in found.items()}
    return str(dict(sorted(told.items())))


def _by_key(lines: Sequence[str], part: Callable[[str], Any] = lambda text: int(text.partition(":")[2])) -> list:
    return [(line.split("\t")[1], part(line.split("\t")[0])) for line in lines]


PARTITIONS_BY_KEY = Exercise(
    solution=partitions_by_key,
    evaluate=_places,
    twins=(
        Twin(
            lambda lines: {key: {part} for key, part in _by_key(lines)},
            "Each line wipes out what the lines before it said: of a key you keep the last partition only. Add to the "
            "set that is there.",
        ),
        Twin(
            lambda lines: {
                key: [part for other, part in _by_key(lines) if other == key] for key, _ in _by_key(lines)
            },
            "You list a partition once for each message. Which partitions they are is the question: a set holds each "
            "once.",
        ),
        Twin(
            lambda lines: {
                key: {part for other, part in _by_key(lines, str) if other == key} for key, _ in _by_key(lines)
            },
            "The partition is still the text `Partition:0`. `text.removeprefix(…)` leaves the number of it, and `int` "
            "makes one of that.",
        ),
        Twin(
            lambda lines: {
                key: {str(part) for other, part in _by_key(lines) if other == key} for key, _ in _by_key(lines)
            },
            "The partition is still a text, `'0'`. `int` makes a number of it.",
        ),
        Twin(
            lambda lines: {key: {int(part)} for part, key, _ in (line.split("\t") for line in lines)},
            "`int` cannot read `Partition:0`. `text.removeprefix(…)` leaves the number of it.",
        ),
        Twin(
            lambda lines: {key: {part} for part, key, _ in (line.split() for line in lines)},
            "You cut at every blank, and the value has blanks of its own: there are more than three parts. Cut at tabs "
            "alone, `line.split(\"\\t\")`.",
        ),
        Twin(
            lambda lines: {
                part: {key for key, other in _by_key(lines) if other == part} for _, part in _by_key(lines)
            },
            "That is the other way round: partition → keys. The question is where each key went.",
        ),
    ),
    hints=(
        '`line.split("\\t")` gives three parts: partition, key, value.',
        '`int(partition.removeprefix("Partition:"))` is the number.',
        "`found.get(key, set()) | {number}` is the key's set with one more number in it; nothing is there twice.",
    ),
    more="You add a fourth partition, and user 3 posts again. Is the new message sure to be where the others are?",
)

# --- 7: who reads what ---------------------------------------------------------------------------------------------

GROUPS: dict[str, tuple[dict[str, list[int]], dict[int, int], dict[int, int]]] = {
    "two members, all read": ({"a": [0, 1], "b": [2]}, {0: 3, 1: 3, 2: 4}, {0: 3, 1: 3, 2: 4}),
    "one message waits": ({"a": [0, 1], "b": [2]}, {0: 4, 1: 4, 2: 5}, {0: 4, 1: 4, 2: 4}),
    "nobody left": ({}, {0: 2, 1: 0}, {0: 1}),
    "a member without a partition": ({"a": [0], "b": []}, {0: 7}, {}),
}
"""What it is → members with their partitions, end offsets, what the group has committed."""


def readers(members: dict[str, list[int]], end: dict[int, int], committed: dict[int, int]) -> dict[int, tuple]:
    """Tell of each partition who in the group reads it, None if nobody does, and how many messages are left in it."""
    found = {}
    for partition, offset in end.items():
        reader = None
        for member, partitions in members.items():
            if partition in partitions:
                reader = member
        found[partition] = (reader, offset - committed.get(partition, 0))
    return found


Members = dict[str, list[int]]


def _shares(answer: Callable[[Members, dict[int, int], dict[int, int]], dict[int, tuple]]) -> Result:
    attempt(answer)
    return {
        case: _as_pairs(given(answer({**members}, dict(end), dict(committed))))
        for case, (members, end, committed) in GROUPS.items()
    }


def _as_pairs(found: Any) -> Any:
    """Take a list of two for a pair."""
    if not isinstance(found, dict):
        return f"no dictionary, but {type(found).__name__}"
    return {part: tuple(pair) if isinstance(pair, list) else pair for part, pair in found.items()}


def _reader(members: Members, partition: int) -> str | None:
    return next((member for member, partitions in members.items() if partition in partitions), None)


READERS = Exercise(
    solution=readers,
    evaluate=_shares,
    twins=(
        Twin(
            lambda members, end, committed: {
                part: (member, end[part] - committed.get(part, 0)) for member, own in members.items() for part in own
            },
            "A partition that nobody reads is missing, and that is the one to worry about. Go through the partitions "
            "of `end`: it has them all.",
        ),
        Twin(
            lambda members, end, committed: {
                part: (_reader(members, part), offset) for part, offset in end.items()
            },
            "You told how many messages there are. What is left is less by what the group has committed.",
        ),
        Twin(
            lambda members, end, committed: {
                part: (_reader(members, part), offset - committed[part]) for part, offset in end.items()
            },
            "In some partition the group has committed nothing, and `committed[partition]` raises KeyError there. What "
            "do you take instead?",
        ),
        Twin(
            lambda members, end, committed: {
                part: (next(reversed(members), None), offset - committed.get(part, 0)) for part, offset in end.items()
            },
            "Each partition has the same reader, the last of the members. Take a member only if the partition is among "
            "its own.",
        ),
    ),
    hints=(
        "One entry for each partition of `end`. What is left is the lag of that partition alone.",
        "Begin with `reader = None`, and go through `members.items()`: if the partition is in a member's list, it is "
        "the reader.",
        "`found[partition] = (reader, offset - committed.get(partition, 0))`.",
    ),
    more="A topic of three partitions, a group of four members. What does the fourth one read?",
)

# --- 8: send with keys, from Python --------------------------------------------------------------------------------


def send_keyed(producer, topic: str, users: list[int], row: dict) -> dict[int, int]:
    """Send each user's row with the user as its key, once the broker has it; tell in which partition it is."""
    places = {}
    for user in users:
        sent = producer.send(topic, key=str(user).encode(), value=json.dumps(row).encode())
        receipt = sent.get(timeout=30)
        places[user] = receipt.partition
    return places


Send = Callable[[KafkaProducer, str, list[int], dict], dict[int, int]]


def _sending(key: Callable[[int], bytes | None], value: Callable[[dict], bytes], **where: int) -> Send:
    """Write the solution with another key, value or partition."""

    def send_keyed(producer: KafkaProducer, topic: str, users: list[int], row: dict) -> dict[int, int]:
        sent = {user: producer.send(topic, key=key(user), value=value(row), **where) for user in users}
        return {user: one.get(timeout=30).partition for user, one in sent.items()}

    return send_keyed


def _one_sent(producer: KafkaProducer, topic: str, user: int, row: dict) -> Any:
    return producer.send(topic, key=_text_key(user), value=_as_json(row))


def _text_key(user: int) -> bytes:
    return str(user).encode()


def _as_json(row: dict) -> bytes:
    return json.dumps(row).encode()


ASKED_OF = [3, 4, 5, 3]
"""Users whose rows are sent; one of them twice."""

TOLD, HELD, VALUES, SPREAD = "partitions told", "keys in the topic, in all", "what the messages hold", "spread"


def _sent_from_python(answer: Send, workbook: Workbook) -> Result:
    """Let an answer send four rows to a topic of three partitions, and read what that holds."""
    attempt(answer)
    with (
        scratch.systems(),
        scratch.topic(workbook, partitions=3) as topic,
        contextlib.closing(kafka_client.producer(workbook)) as producer,
    ):
        told = given(answer(producer, topic, list(ASKED_OF), {"n": 3}))
        producer.flush()  # an answer that does not wait is told by what it returns
        found = scratch.records(workbook, topic)
    held = {(key or b"none").decode(errors="replace"): partition for partition, key, _ in found}
    right = {user: held.get(str(user)) for user in ASKED_OF}
    return {
        HELD: ", ".join(sorted((key or b"none").decode(errors="replace") for _, key, _ in found)),
        VALUES: "the row" if all(_parsed(value) == {"n": 3} for *_, value in found) else "something else",
        SPREAD: ("no partition", "one partition", "several partitions")[min(len(set(held.values())), 2)],
        TOLD: _told(told, right),
    }


def _told(told: Any, right: dict[int, int | None]) -> Any:
    """Name what was given back: partitions, or what comes before them."""
    if told == right:
        return "those of the topic"
    values = list(told.values()) if isinstance(told, dict) else []
    if any(hasattr(value, "partition") for value in values):
        return "receipts"
    if any(hasattr(value, "get") for value in values):
        return "promises"
    return "of texts" if told == {str(user): partition for user, partition in right.items()} else told


def _parsed(value: bytes) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return None


SEND_KEYED = Exercise(
    solution=send_keyed,
    evaluate=_sent_from_python,
    wanted={
        HELD: "3, 3, 4, 5",
        VALUES: "the row",
        SPREAD: "several partitions",
        TOLD: "those of the topic",
    },
    twins=(
        Twin(
            _sending(lambda user: None, _as_json),
            "The messages have no key: nothing holds a user's messages together. `send` takes `key`, as bytes.",
            {HELD: "none, none, none, none"},
        ),
        Twin(
            _sending(lambda user: b"user", _as_json),
            "All messages have the same key, and so the same partition. The key is the user: `str(user).encode()`.",
            {HELD: "user, user, user, user"},
        ),
        Twin(
            _sending(lambda user: bytes(user), _as_json),
            "`bytes(3)` are three zeros, not the text 3. Make a text first, then bytes of it: `str(user).encode()`.",
            {HELD: "\0\0\0, \0\0\0, \0\0\0\0, \0\0\0\0\0"},
        ),
        Twin(
            _sending(_text_key, lambda row: str(row).encode()),
            "`str(row)` is how Python writes a dictionary, with single quotation marks, and no JSON: "
            "`json.dumps(row).encode()`.",
            {VALUES: "something else"},
        ),
        Twin(
            _sending(_text_key, _as_json, partition=0),
            "You sent everything to partition 0. Leave `partition` out: the key's hash decides.",
            {SPREAD: "one partition"},
        ),
        Twin(
            lambda producer, topic, users, row: {user: _one_sent(producer, topic, user, row) for user in users},
            "What `send` returns is a promise: nobody knows yet whether the broker has the message. `.get(timeout=30)` "
            "waits for that, and gives the receipt.",
            {TOLD: "promises"},
        ),
        Twin(
            lambda producer, topic, users, row: {
                user: _one_sent(producer, topic, user, row).get(timeout=30) for user in users
            },
            "These are the whole receipts. Each has a `partition`, which is the number that is asked for.",
            {TOLD: "receipts"},
        ),
        Twin(
            lambda producer, topic, users, row: {
                str(user): partition for user, partition in send_keyed(producer, topic, users, row).items()
            },
            "The users stand in the dictionary as texts. The key of a message is a text, `\"3\"`; asked for is the "
            "user as it came in, 3.",
            {TOLD: "of texts"},
        ),
    ),
    hints=(
        "`producer.send(topic, key=…, value=…)` wants bytes for both: `.encode()` makes bytes of a text.",
        "What `send` returns is a promise; its `.get(timeout=30)` waits until the broker has the message.",
        "What `get` returns has a `partition`: put it into a dictionary, with the user as its key.",
    ),
    more="You wait for each message before you send the next. What would it change to send all, and then wait for all?",
)

QUIZ = (
    Question(
        "A learner leaves out `--command-config`, and the tool ends in an `OutOfMemoryError`. Why?",
        (
            ("The topic has too many messages.", "The tool has not come as far as a message."),
            ("The machine is too small.", "More memory only makes it fail later: it asks for some gigabytes at once."),
            ("It speaks plain text to a port that expects TLS, and takes the answer's first bytes for a length.", None),
        ),
    ),
    Question(
        "Two consumers in one group, one topic, one partition. What does the second one do?",
        (
            ("It waits, and takes over when the first is gone.", None),
            ("It reads every other message.", "A partition has one reader in a group; it is not shared by message."),
            ("It reads everything, too.", "That is what a consumer of another group would do."),
        ),
    ),
    Question(
        "You delete a topic and create it again. Why can that hurt a connector?",
        (
            ("The new topic has other partitions.", "It has as many as you ask for; that is not what hurts here."),
            ("Its offsets begin with 0 again, and the group remembers larger ones.", None),
            ("The connector is deleted with the topic.", "It stays, and waits for what never comes."),
        ),
    ),
)

LESSON = Lesson(
    {1: CREATED, 2: LAG, 3: REWOUND, 4: READ_FROM, 5: KEYED, 6: PARTITIONS_BY_KEY, 7: READERS, 8: SEND_KEYED},
    {
        1: {
            1: "`<id>hello` begins with your id, but the policy says `<id>.*`, and the dot is a letter of it.",
            3: "All three? The last one begins with your id and the dot, which is what the policy allows.",
            0: "None? The policy allows names that begin with `<id>.`, and nothing else.",
        },
        2: {
            3: "Three would be right without keys, if they came one by one. The hash of the key decides, not the turn.",
            2: "Two? A key has one hash, and the hash leads to one partition.",
        },
        3: {
            3: "All three? The consumer that is alive reads on in its own partitions as if nothing had happened.",
            0: "None? Nobody else may read that partition until the broker takes the dead consumer out of the group.",
        },
    },
    QUIZ,
)
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
questions, quiz = LESSON.questions, LESSON.quiz
"""What the notebook calls."""
