"""Exercises of the notebook about topics, offsets and groups: what the brokers keep judges the commands."""

from collections.abc import Callable

from helpers.checks import scratch
from helpers.checks.exercise import Exercise, Result, Twin, given
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

# --- 4: keys -------------------------------------------------------------------------------------------------------

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
    {1: CREATED, 2: LAG, 3: REWOUND, 4: KEYED},
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
