# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Milestone 3, part 2: three topics
#
# You create the three topics of the pipeline, write to one and read from it, and watch the broker keep you out of what
# is not yours.
#
# **You will**
#
# 1. create the topics `<id>.pin`, `<id>.geo` and `<id>.user` with Kafka's own tools,
# 2. be refused a topic without your prefix, and say why,
# 3. produce and consume messages on the command line, and read offsets and a group's lag,
# 4. let a group read again, and look with Python at what it will read,
# 5. send messages with keys to a topic of three partitions, from the command line and from Python,
# 6. kill one of two consumers, and see what the other one does.
#
# **Before you start:** the lab runs (`make lab`, or `python -m lab up`); no earlier notebook is needed: the
# first cells make the client machine of part 1 if it is not there. **Time:** a minute to run, two hours to work
# through. **Cost on AWS:** topics cost nothing themselves; MSK charges for brokers by the hour and for the storage that
# messages take (checked in November 2026).

# %% [markdown]
# ## You are here
#
# ```mermaid
# flowchart LR
#   accTitle: Where this notebook works
#   accDescr: Kafka's tools on the client machine create three topics in MSK, write to them and read from them.
#   you["your<br/>computer"] -- "SSH" --> machine["EC2 client<br/>machine"]
#   subgraph here["this notebook"]
#     machine -- "create,<br/>produce,<br/>consume" --> msk
#     subgraph msk["MSK cluster"]
#       direction LR
#       pin["#lt;id#gt;.pin"]
#       geo["#lt;id#gt;.geo"]
#       user["#lt;id#gt;.user"]
#     end
#   end
# ```
#
# The picture in words: on the client machine you use Kafka's tools to create three topics in the MSK cluster, one for
# each kind of row that a post consists of, and to write to them and read from them.

# %% tags=["parameters"]
kafka_folder = "kafka_2.13-4.3.1"  # where Kafka was unpacked on the client machine
iam_jar = "aws-msk-iam-auth-2.3.9-all.jar"  # the package that lets Kafka's tools sign in with IAM

# %% [markdown]
# ## Set up
#
# Connect to the client machine. `ready_machine` does what part 1 did by hand, as far as it is not done yet.

# %%
from helpers.checks import notebook_02 as lesson
from helpers.config import TABLES, Workbook
from helpers.notebook import catch_up

workbook = Workbook.load()
machine = catch_up.ready_machine(workbook, kafka_folder, iam_jar)
machine.show(f"cat {kafka_folder}/bin/client.properties")

# %% [markdown]
# Every command below begins in the same way: go to Kafka's tools, name the brokers, name the file that says how to sign
# in. Two short names save reading it again and again. (For the console producer and consumer, `--command-config` is
# new, by KIP-1147. With older tools, as of Kafka 2.8, write `--producer.config` and `--consumer.config` there.)
# `lesson` holds the exercises; what the brokers keep judges them.

# %%
bin = f"cd {kafka_folder}/bin &&"
signed_in = "--bootstrap-server $BOOTSTRAP_SERVERS --command-config client.properties"

# %% [markdown]
# ## Three topics
#
# A *topic* is an append-only log with a name. A post consists of three rows, and each kind of row gets a topic of its
# own, so that whoever needs only the places need not read the pins. On the course's shared cluster the names begin with
# your id. `--if-not-exists` makes the command safe to repeat.

# %% tags=["nbval-ignore-output"]
# Output not compared: a topic that is there already is passed over in silence.
for table in TABLES:
    machine.show(f"{bin} ./kafka-topics.sh {signed_in} --create --if-not-exists --topic {workbook.topic(table)}")

# %% [markdown]
# The warning about periods is harmless: Kafka would make the same name for a metric out of `a.b` and `a_b`. Older
# instructions name a ZooKeeper address instead of `--bootstrap-server`; brokers since Kafka 4 have no ZooKeeper. List
# what you can see:

# %%
machine.show(f"{bin} ./kafka-topics.sh {signed_in} --list")

# %% [markdown]
# A topic is split into *partitions*. Messages keep their order within a partition, and each partition is read by one
# consumer of a group at a time: more partitions, more readers. Yours have one each, which is plenty for a workbook.
# What else stands in the lines below is about copies of a partition on other brokers; the lab has one broker.

# %%
place = workbook.topic("geo")
machine.show(f"{bin} ./kafka-topics.sh {signed_in} --describe --topic {place}")

# %% [markdown]
# ### Exercise 1: a topic of three partitions
#
# Later you will want a topic that several consumers can share. Write the options of `kafka-topics.sh` that make it, for
# whatever name comes in. A command that is run twice should not end in an error the second time. You have seen some
# options above; `./kafka-topics.sh --help` on the machine lists them all. Two that are new:
#
# | option | what it says |
# |---|---|
# | `--partitions` | into how many partitions the topic is split |
# | `--replication-factor` | how many brokers keep a copy of each partition |
#
# The check runs the tool twice with your options, and asks the brokers how many partitions there are. Expected: 3.

# %% tags=["exercise-1"]
def created(topic: str) -> str:
    """Write the options of kafka-topics.sh that make a topic of three partitions; to repeat them is no error."""
    ...


# %%
lesson.check(1, created, workbook, machine, f"{bin} ./kafka-topics.sh {signed_in}")

# %% [markdown]
# ## Break it on purpose
#
# **Predict, then run.** The role's policy allows topics whose names begin with your id. Which of these will the broker
# refuse: `hello`, `<id>hello`, `<id>.hello`? Say how many of the three.

# %%
guess = lesson.predict(1, 2)

# %%
create = f"{bin} ./kafka-topics.sh {signed_in} --create --if-not-exists --topic"
refused = 0
for name in ("hello", f"{workbook.id}hello", f"{workbook.id}.hello"):
    answer = machine.run(f"{create} {name}", check=False).text
    print(f"{name:20}", *(line for line in answer.splitlines() if " topic " in line))
    refused += "Authorization failed" in answer
guess.answer(refused)

# %% [markdown]
# The dot is part of the pattern `<id>.*`: without it, a learner with the id `0a1` could use the topics of one with the
# id `0a1b`. The tool hands on what the broker said, and the broker says no more: neither here nor on AWS do you learn
# which policy was missing.

# %% [markdown]
# ## Write and read
#
# The third topic, `<id>.hello`, is yours to play with. The console producer sends each line it reads as a message. The
# lines are JSON, as all that the connector of milestone 4 will meet: its pattern `<id>.*` covers this topic too.

# %%
hello = f"{workbook.id}.hello"
machine.write("lines.txt", '{"n": 1}\n{"n": 2}\n{"n": 3}\n')
machine.run(f"{bin} ./kafka-console-producer.sh {signed_in} --topic {hello} < ~/lines.txt")
machine.show(f"{bin} ./kafka-get-offsets.sh {signed_in} --topic {hello}")

# %% [markdown]
# `topic:partition:offset`. The *offset* is a message's number in its partition, from 0 on; what you see is the offset
# the next message will get. Now read. `--from-beginning` starts at offset 0 instead of waiting for new messages, and
# the *group* `readers` keeps note of how far it has come.

# %%
consumer = f"{bin} ./kafka-console-consumer.sh {signed_in} --topic {hello} --group readers --timeout-ms 60000"
machine.show(f"{consumer} --from-beginning --max-messages 3")

# %% [markdown]
# Ask for the group's state. `LAG` is how many messages it has still to read: the difference between the log's end and
# the group's offset. A connector is a group too, and its lag tells how far behind the bucket is.

# %%
groups = f"{bin} ./kafka-consumer-groups.sh {signed_in} --group readers"
machine.show(f"{groups} --describe")

# %% [markdown]
# Send one more, and look again before anybody reads it.

# %%
machine.run(f"echo '{{\"n\": 4}}' | (cd {kafka_folder}/bin && ./kafka-console-producer.sh {signed_in} --topic {hello})")
machine.show(f"{groups} --describe")

# %% [markdown]
# ### Exercise 2: the lag of a group
#
# Whoever runs a pipeline looks at lag first, and so will you, in cells to come. Compute it from what the brokers keep.
# A topic may have several partitions, and a group may have committed nothing in some of them. Both arguments are
# dictionaries: partition → offset. A partition in which nothing was committed is not in the second one. Expected:
# for `{0: 4, 1: 2}` and `{0: 3}` the lag is 3.

# %% tags=["exercise-2"]
def lag(end: dict[int, int], committed: dict[int, int]) -> int:
    """Count the messages that a group has still to read: partition → offset, at the end and committed."""
    ...


# %%
lesson.check(2, lag)

# %% [markdown]
# Feed it from the brokers. `LAG` in the table above, computed by you:

# %%
from helpers.kafka import client as kafka_client

lag(kafka_client.partition_ends(workbook, hello), kafka_client.committed(workbook, "readers", hello))

# %% [markdown]
# Reading does not take a message away. A second group starts from the beginning and sees all four.

# %%
others = consumer.replace("--group readers", "--group others")
machine.show(f"{others} --from-beginning --max-messages 4")

# %% [markdown]
# ### Exercise 3: read again
#
# Say that `readers` did something wrong with all messages but the first. The messages are still there, so let the group
# read them again: set its offset back to 1. The tool for groups can do that while no member is running:
#
# | option | what it says |
# |---|---|
# | `--reset-offsets` | change the group's offsets, instead of `--describe` |
# | `--topic` | of which topic |
# | `--to-earliest`, `--to-offset`, `--shift-by` | to where: the first message, this offset, so many on from here |
# | `--dry-run`, `--execute` | show what would be done; do it |
#
# Write its options; `--group` and what comes before it are there already. The check has a group of its own, which has
# read four messages; it runs the tool with your options and asks the brokers where the group stands. Expected: offset
# 1, and a lag of 3.

# %% tags=["exercise-3"]
def rewound(topic: str) -> str:
    """Write the options of kafka-consumer-groups.sh that let a group read a topic again from offset 1."""
    ...


# %%
lesson.check(3, rewound, workbook, machine, f"{bin} ./kafka-consumer-groups.sh {signed_in}")

# %% [markdown]
# Use it on `readers`, and look at the partition as what it is: a tape with numbers, on which every group has a place of
# its own.

# %%
machine.show(f"{groups} {rewound(hello)}")

# %%
from helpers.notebook import partitions, plots

ends = kafka_client.partition_ends(workbook, hello)
places = {group: kafka_client.committed(workbook, group, hello) for group in ("readers", "others")}
waiting = {group: lag(ends, committed) for group, committed in places.items()}
title = ", ".join(f"{group} has {count} messages to read" for group, count in waiting.items())
plots.show(partitions.tapes(ends, places, title), f"A partition of {ends[0]} messages as a tape: {title}.")

# %% [markdown]
# ### Exercise 4: read from an offset, in Python
#
# Which messages will `readers` get again? Somebody who repairs a pipeline wants to see them first, and without moving
# the group. A consumer in Python can do that: it is told its partition, instead of joining a group, and where to begin.
# With `consumer` given, that is
#
# | call | what it does |
# |---|---|
# | `partition = TopicPartition(topic, 0)` | names partition 0 of a topic |
# | `consumer.assign([partition])` | reads these partitions, as a member of no group |
# | `consumer.seek(partition, offset)` | goes on at this offset |
# | `for message in consumer:` | one message after the other; it has `value`, in bytes, and `offset` |
#
# The loop does not end with the last message: it waits for more. `json.loads(message.value)` makes a dictionary of a
# value. Write the function; the check reads three of six messages with it. Expected, from offset 2 on: those with the
# numbers 2, 3 and 4.

# %%
import json

from kafka import KafkaConsumer, TopicPartition


# %% tags=["exercise-4"]
def read_from(consumer, topic: str, offset: int, count: int) -> list[dict]:
    """Read `count` messages of a topic's partition 0, from an offset on; each is JSON."""
    ...


# %%
lesson.check(4, read_from, workbook)

# %% [markdown]
# Look at what waits for `readers`:

# %%
from_python = KafkaConsumer(**kafka_client.connection(workbook))
print(read_from(from_python, hello, places["readers"][0], waiting["readers"]))
from_python.close()

# %% [markdown]
# ## Keys and partitions
#
# With three partitions, which message goes where? A message may have a *key*. Its hash decides on the partition, so all
# messages of one key are in one partition, in the order in which they were sent. Make the topic with your own options,
# and a file of nine lines: a user, a tab, a message; three of each user.

# %%
tape, producer = f"{workbook.id}.tape", f"{bin} ./kafka-console-producer.sh {signed_in}"
machine.run(f"{bin} ./kafka-topics.sh {signed_in} {created(tape)}")
machine.write("keyed.txt", "".join(f'{user}\t{{"n": {n}}}\n' for n in range(3) for user in (3, 4, 5)))
machine.show("head -4 keyed.txt")

# %% [markdown]
# **Predict, then run.** On how many partitions will the three messages of user 3 be?

# %%
guess = lesson.predict(2, 1)

# %% [markdown]
# ### Exercise 5: messages with keys
#
# The console producer takes a line for a value, unless its reader of lines is told that there is a key in front:
# `--reader-property name=value`, once for each property.
#
# | property | what it says |
# |---|---|
# | `parse.key` | whether a line begins with a key: `true` or `false` |
# | `key.separator` | what stands between key and value; a tab if you say nothing |
#
# Write the options that send such a file to a topic. The check sends nine lines to a topic of three partitions, and
# reads keys and partitions there. Expected: the keys 3, 4 and 5, each in one partition.

# %% tags=["exercise-5"]
def keyed(topic: str) -> str:
    """Write the options of kafka-console-producer.sh that send to a topic, with what is before the tab as the key."""
    ...


# %%
lesson.check(5, keyed, workbook, machine, producer)

# %% [markdown]
# Send your file, and read it, each message with its partition and its key:

# %%
machine.run(f"{producer} {keyed(tape)} < ~/keyed.txt")
shown = "--formatter-property print.partition=true --formatter-property print.key=true"
reader = f"{bin} ./kafka-console-consumer.sh {signed_in} --topic {tape} --from-beginning --max-messages 9"
lines = sorted(machine.run(f"{reader} {shown}").output.splitlines())
print(*lines, sep="\n")

# %% [markdown]
# ### Exercise 6: the partitions of each key
#
# Nine lines can be read by eye, nine million cannot. Let Python say it: key → the set of partitions in which it found
# messages of that key. Each line has three parts, with tabs (`"\t"`) between them: `Partition:0`, the key, the value.
# `"Partition:0".removeprefix("Partition:")` leaves `"0"`; partitions are to be numbers. Expected, for the lines
# `Partition:0 3 {…}` and `Partition:2 5 {…}`: `{"3": {0}, "5": {2}}`.

# %% tags=["exercise-6"]
def partitions_by_key(lines: list[str]) -> dict[str, set[int]]:
    """Tell of each key in which partitions its messages are; a line is `Partition:<number>`, key and value, by tabs."""
    ...


# %%
lesson.check(6, partitions_by_key)

# %%
placed = partitions_by_key(lines)
print(placed)
guess.answer(len(placed["3"]))

# %% [markdown]
# ### Kill one of two consumers
#
# What becomes of a consumer's partitions when it dies? To see it, you need to know who reads what, and to send messages
# meanwhile: two functions.
#
# ### Exercise 7: who reads what
#
# Who of a group reads which partition, and how many messages are left there? The brokers tell it in three answers:
#
# | given | for example |
# |---|---|
# | `members`: member → its partitions | `{"first": [0, 1], "second": [2]}` |
# | `end`: partition → end offset | `{0: 3, 1: 3, 2: 4}` |
# | `committed`: partition → the group's offset | `{0: 3, 1: 2}` |
#
# Bring them together: partition → a pair of reader and messages left. A partition without a reader has None there, and
# in one in which nothing was committed all messages are left. Expected for the example:
# `{0: ("first", 0), 1: ("first", 1), 2: ("second", 4)}`.

# %% tags=["exercise-7"]
def readers(members: dict[str, list[int]], end: dict[int, int], committed: dict[int, int]) -> dict[int, tuple]:
    """Tell of each partition who in the group reads it, None if nobody does, and how many messages are left in it."""
    ...


# %%
lesson.check(7, readers)

# %% [markdown]
# ### Exercise 8: send with keys, from Python
#
# The next messages are to come from a program. A producer in Python takes key and value as bytes: `"3".encode()` makes
# bytes of a text, `json.dumps(row)` a text of a dictionary. `producer.send(topic, key=…, value=…)` returns at once, and
# what it returns is a promise: its `.get(timeout=30)` waits until the broker has the message, and gives the receipt, of
# which `.partition` tells where it is.
#
# Send the row once for each user, wait for each receipt, and return the partitions. Expected, for the users 3 and 5:
# a dictionary such as `{3: 2, 5: 0}`. The check sends four rows to a topic of three partitions.

# %% tags=["exercise-8"]
def send_keyed(producer, topic: str, users: list[int], row: dict) -> dict[int, int]:
    """Send each user's row with the user as its key, once the broker has it; tell in which partition it is."""
    ...


# %%
lesson.check(8, send_keyed, workbook)

# %% [markdown]
# Now two consumers in one group: the partitions are shared out. Start both in the background. The broker takes a member
# for dead when it has heard nothing of it for `session.timeout.ms`, 45 seconds by default and 10 here, so that you need
# not wait as long.

# %%
quick = "--command-property session.timeout.ms=10000 --command-property auto.commit.interval.ms=500"
start = f"cd {kafka_folder}/bin; ./kafka-console-consumer.sh {signed_in} --topic {tape} --group couple {quick}"
pids = {}
for name in ("first", "second"):
    behind = f"--from-beginning --timeout-ms 600000 --command-property client.id={name} > /dev/null 2>&1 < /dev/null &"
    pids[name] = machine.run(f"{start} {behind} echo $!").output.strip()

# %% [markdown]
# Ask the brokers until both consumers have their share and have read all.

# %%
from helpers.waiting import wait_until


def couple() -> dict[int, tuple]:
    """Ask the brokers who of the group reads which partition of the topic, and what is left there."""
    members, committed = kafka_client.members(workbook, "couple"), kafka_client.committed(workbook, "couple", tape)
    return readers(members, kafka_client.partition_ends(workbook, tape), committed)


both = {0: ("first", 0), 1: ("first", 0), 2: ("second", 0)}
_ = wait_until(lambda: couple() == both, 60, "two consumers to have read all")
describe = f"{bin} ./kafka-consumer-groups.sh {signed_in} --group couple --describe"
machine.show(describe)

# %% [markdown]
# `first` has two partitions, `second` has one. **Predict, then run.** Kill `second`, so that it can say no goodbye, and
# send one message of each user. How many of the three messages will wait, until the broker has noticed?

# %%
guess = lesson.predict(3, 1)

# %%
machine.run(f"kill -9 {pids['second']}")
from_python = kafka_client.producer(workbook)
print("partitions:", send_keyed(from_python, tape, [3, 4, 5], {"n": 3}))
from_python.close()
_ = wait_until(lambda: couple() == both | {2: ("second", 1)}, 30, "the first consumer to have read its messages")
ends, place = kafka_client.partition_ends(workbook, tape), kafka_client.committed(workbook, "couple", tape)
title = f"{lag(ends, place)} message waits for a consumer that is gone"
plots.show(partitions.tapes(ends, {"couple": place}, title), f"Three partitions as tapes: {title}, in partition 2.")
guess.answer(lag(ends, place))

# %% [markdown]
# (Python's client hashes keys as the console producer does, so each user is where it was.) The message of the dead
# consumer's partition waits, and nothing else does. Then the broker takes the partition away from it:

# %%
alone = dict.fromkeys(both, ("first", 0))
_ = wait_until(lambda: couple() == alone, 60, "the first consumer to take over")
machine.show(describe)
_ = machine.run(f"kill {pids['first']}")

# %% [markdown]
# Nothing was lost. But what if `second` had read a message and died before it committed? Then `first` reads it again:
# a group reads each message at least once.
#
# Tidy up, so that the next run of this notebook starts where this one did: delete the play topics and the groups.

# %%
_ = wait_until(lambda: not kafka_client.members(workbook, "couple"), 30, "the last consumer to leave")
machine.run(f"{groups} --group others --group couple --delete")
machine.run(f"rm ~/lines.txt ~/keyed.txt; {bin} ./kafka-topics.sh {signed_in} --delete --topic '{hello}|{tape}'")
machine.show(f"{bin} ./kafka-topics.sh {signed_in} --list")
machine.close()

# %% [markdown]
# ## What you did
#
# 1. You created three topics with names that begin with your id, and looked at their partitions.
# 2. You were refused by the broker, not by the tool, for a name outside of your policy.
# 3. You produced and consumed on the command line, and read offsets and lag.
# 4. You set a group back, and read from an offset without a group.
# 5. You sent messages with keys, and saw that a key keeps its messages in one partition.
# 6. You killed a consumer: its partition waited, then another one took it over.
#
# **Quiz.** Put in a letter for each question. Whoever reads this on a web page finds the answers folded below.

# %%
lesson.questions()

# %%
lesson.quiz("c", "a", "b")

# %% [markdown]
# <details><summary>The answers</summary>
#
# 1. The tool speaks plain text to a port that expects TLS, and takes the first bytes of the answer for a length.
# 2. It waits. A partition is read by one consumer of a group at a time; the second takes over when the first is gone.
# 3. They begin with 0 again; the connector's group remembers larger ones, and objects are named after offsets.
#
# </details>
#
# **Clean up.** Nothing here costs anything by itself. The three topics stay: the next notebooks need them.
#
# previous: [the client machine](01_ec2_kafka_client.ipynb) · index: [README](../README.md) ·
# next: [MSK Connect](03_msk_connect_s3.ipynb)
