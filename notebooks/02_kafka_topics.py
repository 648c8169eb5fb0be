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
# 3. produce and consume messages on the command line, and read offsets and a group's lag.
#
# **Before you start:** the lab runs (`make lab`, or `python -m lab up`); no earlier notebook is needed: the
# first cells make the client machine of part 1 if it is not there. **Time:** a minute to run, half an hour to work
# through. **Cost on AWS:** topics cost nothing themselves; MSK charges for brokers by the hour and for the storage that
# messages take (checked in November 2026).

# %% [markdown]
# ## You are here
#
# ```mermaid
# flowchart LR
#   accTitle: Where this notebook works
#   accDescr: Kafka's tools on the client machine create three topics in MSK, write to them and read from them.
#   you["your computer"] -- "SSH" --> machine["EC2 client machine"]
#   subgraph here["this notebook"]
#     machine -- "create, produce, consume" --> msk
#     subgraph msk["MSK cluster"]
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
    answer = machine.run(f"{create} {name}", check=False)
    was_refused = "TopicAuthorizationException" in answer.text
    print(f"{name:20}", "refused by the broker" if was_refused else "created")
    refused += was_refused
guess.answer(refused)

# %% [markdown]
# The dot is part of the pattern `<id>.*`: without it, a learner with the id `0a1` could use the topics of one with the
# id `0a1b`. What the tool itself says is short:

# %%
machine.show(f"{create} hello", only="Error while executing")

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
# ## Exercise 1: the lag of a group
#
# A topic may have several partitions, and a group may have committed nothing in some of them. Both arguments are
# dictionaries: partition → offset. A partition in which nothing was committed is not in the second one.

# %% tags=["exercise-1"]
def lag(end: dict[int, int], committed: dict[int, int]) -> int:
    """Count the messages that a group has still to read: partition → offset, at the end and committed."""
    ...


# %%
lesson.check(1, lag)

# %% [markdown]
# Reading does not take a message away. A second group starts from the beginning and sees all four.

# %%
others = consumer.replace("--group readers", "--group others")
machine.show(f"{others} --from-beginning --max-messages 4")

# %% [markdown]
# Tidy up, so that the next run of this notebook starts where this one did: delete the play topic and both groups.

# %%
for group in ("readers", "others"):
    machine.run(f"{groups.replace('readers', group)} --delete")
machine.run(f"rm ~/lines.txt; {bin} ./kafka-topics.sh {signed_in} --delete --topic {hello}")
machine.show(f"{bin} ./kafka-topics.sh {signed_in} --list")
machine.close()

# %% [markdown]
# ## What you did
#
# 1. You created three topics with names that begin with your id, and looked at their partitions.
# 2. You were refused by the broker, not by the tool, for a name outside of your policy.
# 3. You produced and consumed on the command line, and read offsets and lag.
#
# **Quiz.** Answer first, then unfold.
#
# <details><summary>A learner leaves out <code>--command-config</code>, and the tool ends in an OutOfMemoryError.
# Why?</summary>
# The tool speaks plain text to a port that expects TLS. It takes the first bytes of the TLS answer for the length of a
# message, a huge number, and tries to make room for it.
# </details>
#
# <details><summary>Two consumers in one group, one topic, one partition. What does the second one do?</summary>
# It waits. A partition is read by one consumer of a group at a time; the second takes over when the first one is gone.
# </details>
#
# <details><summary>You delete a topic and create it again. What do its offsets begin with, and why can that hurt a
# connector?</summary> They begin with 0 again. The connector's group remembers larger ones, and the objects in the
# bucket are named after them.
# </details>
#
# **Clean up.** Nothing here costs anything by itself. The three topics stay: the next notebooks need them.
#
# previous: [the client machine](01_ec2_kafka_client.ipynb) · index: [README](../README.md) ·
# next: [MSK Connect](03_msk_connect_s3.ipynb)
