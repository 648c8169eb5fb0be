# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Milestone 4: MSK Connect carries the topics into S3
#
# You turn a zip file into a plugin and a plugin into a connector, and find every message of the three topics as an
# object in your bucket.
#
# **You will**
#
# 1. copy the S3 sink's zip from the client machine into your bucket,
# 2. make the custom plugin `<id>-plugin` and the connector `<id>-connector`,
# 3. write the connector's properties, and the request that makes it,
# 4. give the connector's role what it needs, and see what it does without,
# 5. read the names of the objects: topic, partition, offset; find the messages that have none,
# 6. take the connector away between posts, and count what is lost.
#
# **Before you start:** the lab runs (`make lab`, or `python -m lab up`); no earlier notebook is needed: the
# first cells make the client machine and the topics if they are not there. **Time:** half a minute to run, an hour
# and a half to work through. **Cost on AWS:** a connector with one worker of one unit costs about 11 cents an hour as
# long as it exists, also when idle: delete it when you stop for the day (us-east-1, checked in November 2026). A
# thousand PUT requests cost half a cent, and at one message an object every message is a request.

# %% [markdown]
# ## You are here
#
# ```mermaid
# flowchart LR
#   accTitle: Where this notebook works
#   accDescr: MSK Connect reads the topics with a plugin and a role, and writes objects into S3, which Spark will read.
#   topics["MSK<br/>topics"] --> connector
#   subgraph here["this notebook"]
#     connector["MSK Connect:<br/>plugin,<br/>connector"] -- "acts in<br/>a role" --> s3["S3<br/>bucket"]
#   end
#   s3 --> spark["Spark"]
# ```
#
# The picture in words: a connector, made out of a plugin, reads three topics of MSK with the permissions of a role, and
# writes objects into an S3 bucket. Spark will read those.

# %% tags=["parameters"]
kafka_folder = "kafka_2.13-4.3.1"  # where Kafka was unpacked on the client machine
iam_jar = "aws-msk-iam-auth-2.3.9-all.jar"  # the package that lets Kafka's tools sign in with IAM
plugin_zip = "workbook-kafka-connect-s3.zip"  # the S3 sink, in the client machine's folder downloads
posts = 20  # posts to send through the connector
rate = 100.0  # posts a second

# %% [markdown]
# ## Set up
#
# The client machine, the three topics, and the bucket. An S3 bucket's name is unique in the world: your id in it sees
# to that. `lesson` holds the exercises; the connector that runs judges them.

# %%
from helpers.checks import notebook_03 as lesson
from helpers.config import Workbook
from helpers.kafka import client as kafka_client
from helpers.kafka import sink_objects
from helpers.notebook import catch_up

workbook = Workbook.load()
machine = catch_up.ready_machine(workbook, kafka_folder, iam_jar)
_ = kafka_client.create_topics(workbook)
_ = sink_objects.create_bucket(workbook)
print("bucket:   ", workbook.bucket)
print("plugin:   ", workbook.plugin)
print("connector:", workbook.connector)

# %% [markdown]
# ## Task 1: the plugin's zip, into the bucket
#
# Kafka Connect is a frame; what it can read from and write to is up to *plugins*. The one that writes to S3 is called
# the S3 sink. Confluent publishes one (on your own account: `confluentinc-kafka-connect-s3`, from Confluent Hub). The
# lab brings a smaller one that takes the same properties; either can be used in either place. MSK Connect fetches a
# plugin from S3.
#
# The copy starts on the client machine, with the machine's role. First take the role's permissions for the bucket
# away. **Predict, then run.** Who refuses the copy, and in which words?

# %%
from helpers import iam
from helpers.kafka import msk

kafka_policy = iam.kafka_policy(msk.cluster_arn(workbook), topics=f"{workbook.id}.*")
iam.set_policies(workbook, workbook.access_role, {"kafka": kafka_policy})
copy = f"aws s3 cp downloads/{plugin_zip} s3://{workbook.bucket}/kafka-connect-s3/ --no-progress"
machine.show(copy)

# %% [markdown]
# S3 asked IAM, and no policy of the role speaks of S3. (AWS says it in the same words.) This one allows everything with
# your bucket, and with nothing else:

# %%
import json

bucket_policy = iam.bucket_policy(workbook.bucket)
print(json.dumps(bucket_policy, indent=2))

# %%
own = iam.connect_policy(msk.cluster_arn(workbook))  # for the notes that MSK Connect's workers keep in Kafka
policies = {"kafka": kafka_policy, "bucket": bucket_policy, "connect": own}
iam.set_policies(workbook, workbook.access_role, policies)
machine.show(copy)

# %%
machine.show(f"aws s3 ls s3://{workbook.bucket}/kafka-connect-s3/")

# %% [markdown]
# ## Task 2: the custom plugin
#
# In MSK Connect a *custom plugin* is a zip in S3 that was looked through and given a name. What if the key is mistyped?

# %%
from helpers.kafka import custom_plugin, msk_connect

try:
    custom_plugin.create(workbook, "kafka-connect-s3/no-such-file.zip", name=f"{workbook.plugin}-mistyped")
except custom_plugin.PluginError as error:
    print(error)

# %% [markdown]
# S3 said that there is no such object, and MSK Connect hands it on. **On AWS it says** which state the plugin has,
# `CREATE_FAILED`, and why, in a `stateDescription` with a code and a message; the words are others
# ([the API](https://docs.aws.amazon.com/MSKC/latest/mskc/API_DescribeCustomPlugin.html)).

# %%
plugin = custom_plugin.create(workbook, f"kafka-connect-s3/{plugin_zip}")
print(plugin.rsplit("/", 1)[0])

# %% [markdown]
# An ARN, Amazon's long name for a thing: service, region, account, kind, name. (A random part at its end is left out.)
#
# A *worker configuration* says how the plugin's workers turn messages into values: keys are text, values are JSON.

# %%
for name, value in msk_connect.WORKER_PROPERTIES.items():
    print(f"{name}={value}")
_ = msk_connect.create_worker_configuration(workbook)

# %% [markdown]
# ## Task 3: the connector
#
# A connector is a description; no code of yours runs. Some of its properties are the same for every connector of this
# pipeline: which plugin, how many tasks share the work, and that it writes JSON lines into S3, in a folder for each
# partition. (A *converter* makes a value out of a message's bytes: keys are text, values are JSON.)

# %%
USUAL = {
    "connector.class": "S3SinkConnector",
    "tasks.max": "3",
    "schema.compatibility": "NONE",
    "storage.class": "io.confluent.connect.s3.storage.S3Storage",
    "format.class": "io.confluent.connect.s3.format.json.JsonFormat",
    "partitioner.class": "io.confluent.connect.storage.partitioner.DefaultPartitioner",
    "key.converter": "org.apache.kafka.connect.storage.StringConverter",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
}

# %% [markdown]
# The others say what *this* connector is to do:
#
# | property | what it says |
# |---|---|
# | `topics.regex` | which topics: all whose names fit a pattern |
# | `s3.bucket.name`, `s3.region` | where to |
# | `topics.dir` | first part of every key |
# | `flush.size` | how many messages go into one object |
# | `rotate.schedule.interval.ms` | how long an object that is not full may wait; `-1`: for ever |
# | `timezone` | whose hours such a schedule counts: `UTC` |
# | `value.converter.schemas.enable` | whether each value brings a schema with it; yours do not: `false` |
#
# ### Exercise 1: which topics does a pattern take?
#
# `topics.regex` and the IAM policy hold the same letters, `<id>.*`, and mean different things. In the policy the dot is
# a dot and `*` is anything. `topics.regex` is a regular expression: the dot is any letter, and the whole name has to
# fit. Whoever mixes them up reads topics of somebody else, or none. Write what the connector does with a pattern.
# Expected: of `0a1b.pin`, `0a1bXpin` and `0a1b`, the pattern `0a1b.*` takes the first two.

# %%
import re


# %% tags=["exercise-1"]
def matching_topics(pattern: str, names: list[str]) -> list[str]:
    """List the topics that a connector with this `topics.regex` reads."""
    ...


# %%
lesson.check(1, matching_topics)

# %% [markdown]
# ### Exercise 2: the properties
#
# Write them: what is usual, and the eight that decide. This connector is to put at most 10 messages into an object, and
# to let none wait for longer than 2 seconds, so that whoever reads the bucket is never far behind. All values are text.
#
# The check makes three topics of 25 messages, a bucket, and a connector with your properties, and looks at what lands.
# **Predict first:** how many objects will there be?

# %%
guess = lesson.predict(1, 9)

# %% tags=["exercise-2"]
def sink_properties(topics: str, bucket: str, region: str, folder: str) -> dict:
    """Write the properties of a sink: at most 10 messages an object, and none waits for longer than 2 seconds."""
    ...


# %%
lesson.check(2, sink_properties, workbook, plugin)
guess.answer(3 * len(range(0, 25, 10)))

# %% [markdown]
# Each topic fills objects of its own, which begin with its messages 0, 10 and 20: 10, 10, and the last 5 when their
# time is up.
#
# Now use ours: it also reads names and region from `workbook`. The course's connector has a `flush.size` of 1, so every
# message becomes an object, and nothing ever waits.

# %%
properties = msk_connect.sink_properties(workbook, flush_size=1)
for name in ("topics.regex", "s3.bucket.name", "topics.dir", "flush.size", "rotate.schedule.interval.ms"):
    print(f"{name:28} {properties[name]}")

# %% [markdown]
# ### Exercise 3: the request
#
# Beside the properties, MSK Connect wants to know which cluster, which plugin, and which *role* the connector works
# with. In the console these are the pages of a form. A program asks with one dictionary:
#
# | member | what it holds |
# |---|---|
# | `connectorName` | the connector's name |
# | `connectorConfiguration` | its properties |
# | `kafkaConnectVersion` | the version of Kafka Connect: `"3.7.x"` |
# | `kafkaCluster` | `{"apacheKafkaCluster": …}`: the brokers and their network, as `cluster` has them |
# | `kafkaClusterClientAuthentication` | `{"authenticationType": "IAM"}`: how the connector signs in |
# | `kafkaClusterEncryptionInTransit` | `{"encryptionType": "TLS"}` |
# | `plugins` | a list of one: `{"customPlugin": {"customPluginArn": …, "revision": 1}}` |
# | `serviceExecutionRoleArn` | the ARN of the role |
# | `capacity` | `{"provisionedCapacity": {"mcuCount": 1, "workerCount": 1}}`: machines, which is what you pay for |
#
# Write it. The check asks MSK Connect with your request, for a connector of its own, and waits until that runs.

# %% tags=["exercise-3"]
def connector_request(name: str, properties: dict, cluster: dict, plugin: str, role: str) -> dict:
    """Write what CreateConnector is asked with: one worker of one unit, which signs in with IAM and speaks TLS."""
    ...


# %%
lesson.check(3, connector_request, workbook, plugin)

# %% [markdown]
# Ours has three members more: the worker configuration, a log group in CloudWatch for what the workers say, and a tag.
# Yours go in it. The role is that of the client machine here, as in the course; in a company the connector would have
# one of its own.

# %%
role = iam.arn(workbook, workbook.access_role)
cluster = {"bootstrapServers": msk.brokers(workbook), "vpc": msk.network(workbook)}
mine = connector_request(workbook.connector, properties, cluster, plugin, role)
request = msk_connect.connector_request(workbook, properties, plugin, role) | mine
for name in ("connectorName", "kafkaClusterClientAuthentication", "serviceExecutionRoleArn", "capacity"):
    print(f"{name:33} {request[name]}")

# %% [markdown]
# ### Exercise 4: no more than it needs
#
# `s3:*` was quick to write, and lets the connector delete the bucket. Write the policy that a sink needs in S3: it
# looks what is there (`s3:ListBucket`), and reads and writes objects (`s3:GetObject`, `s3:PutObject`). Which of these
# is about the bucket, and which about what is in it?
#
# The check gives the policy to a role of its own, lets a connector work in that role, and then tries in the same role
# to delete the bucket and to look into another. Expected: an object lands, and both tries are refused.

# %% tags=["exercise-4"]
def sink_policy(bucket: str) -> dict:
    """Write what lets a connector list a bucket, and read and write its objects, and nothing else."""
    ...


# %%
lesson.check(4, sink_policy, workbook, plugin)

# %% [markdown]
# The course's role keeps its `s3:*` for now: the client machine works in it too, and deletes what it copied.
#
# ## Break it on purpose
#
# What breaks when a piece is missing? First, a role that does not trust MSK Connect: the service
# `kafkaconnect.amazonaws.com` is not in its trust policy.

# %%
_ = msk_connect.delete_connector(workbook)
iam.set_trust(workbook, workbook.access_role, iam.trust_policy(["ec2.amazonaws.com"], role))
try:
    msk_connect.create_connector(workbook, request)
except msk_connect.ConnectorError as error:
    print(error)
iam.set_trust(workbook, workbook.access_role, iam.trust_policy(iam.ACCESS_SERVICES, role))

# %% [markdown]
# Refused at once, nothing was made. The sentence is the lab's own. On AWS the words are others, and the trust policy
# that MSK Connect wants to see stands in
# [the guide](https://docs.aws.amazon.com/msk/latest/developerguide/msk-connect-service-execution-role.html).
#
# Second, a bucket that is not yours:

# %%
elsewhere = msk_connect.connector_request(
    workbook, properties | {"s3.bucket.name": "user-ffffffffffff-bucket"}, plugin, role
)
try:
    msk_connect.create_connector(workbook, elsewhere)
except msk_connect.ConnectorError as error:
    print(error)

# %% [markdown]
# This one was made, and failed. It stays in the list as `FAILED`, with its reason, until you delete it. (The lab looks
# at the role when a connector is created or updated.) On AWS the connector meets the refusal while it runs: **it says**
# `FAILED` after some minutes, and S3's `Access Denied` stands in the connector's log, in CloudWatch
# ([where](https://docs.aws.amazon.com/msk/latest/developerguide/msk-connect-logging.html)).

# %%
print(msk_connect.state(workbook))
_ = msk_connect.delete_connector(workbook)
msk_connect.create_connector(workbook, request)
print(msk_connect.state(workbook))

# %% [markdown]
# `RUNNING`. On the laptop that took some seconds; AWS takes five to ten minutes, because it starts machines for you.
#
# ## Task 4: messages in, objects out
#
# Send some posts straight into Kafka, and wait until the connector's group has no lag.

# %%
from helpers.user_posting_emulation import emulate

before = kafka_client.end_offsets(workbook)
print(emulate(workbook, posts=posts, rate=rate, progress=False))
_ = msk_connect.wait_until_stored(workbook)

# %% [markdown]
# Now the bucket's folder of one topic, as the client machine sees it. Look at the names.

# %% tags=["nbval-ignore-output"]
# Output not compared: offsets, and so the names, grow with every run; so do the dates.
folder = f"s3://{workbook.bucket}/topics/{workbook.topic('pin')}/partition=0/"
machine.show(f"aws s3 ls {folder} | tail -5")

# %% [markdown]
# `<topic>+<partition>+<offset>.json`: the name says which message is inside, and it is the same name when the connector
# has to write the object again after a crash. So a crash makes no second copy.
#
# ### Exercise 5: what a name tells
#
# Take such a name apart. A key is `<folders>/<topic>+<partition>+<offset>.json`; `removesuffix` takes an ending away
# from a text. Expected: `topics/0a1b.pin/partition=0/0a1b.pin+0+0000000007.json` gives `("0a1b.pin", 0, 7)`.

# %% tags=["exercise-5"]
def place_of(key: str) -> tuple[str, int, int]:
    """Tell where the first message in an object comes from: topic, partition, offset."""
    ...


# %%
lesson.check(5, place_of)

# %% [markdown]
# With it, a row can be looked up in both places, as Kafka keeps it and as it lies in the bucket:

# %%
objects = sink_objects.objects(workbook, since=before)
first = next(item.key for item in objects if item.topic == workbook.topic("geo"))
topic, _, offset = place_of(first)
print("message:", kafka_client.read(workbook, topic, offset, 1)[0].decode())
print("object: ", sink_objects.text(workbook, first))

# %% [markdown]
# ### Exercise 6: what has not landed
#
# Has every message its object? You know where each topic ended before you posted, and where it ends now: both are
# dictionaries, topic → end offset. List the offsets in between of which there is no object among the `keys`, topic by
# topic: an empty list is good news. All topics have one partition, 0, and each object holds one message. Expected: with
# objects of the offsets 5 and 7, `before` 5 and `after` 8, a topic misses `[6]`.

# %% tags=["exercise-6"]
def missing(keys: list[str], before: dict[str, int], after: dict[str, int]) -> dict[str, list[int]]:
    """List of each topic the offsets, from `before` up to `after`, of which there is no object."""
    ...


# %%
lesson.check(6, missing)

# %%
after = kafka_client.end_offsets(workbook)
for topic, offsets in missing([item.key for item in objects], before, after).items():
    print(f"{topic}: {after[topic] - before[topic]} messages, without an object: {offsets}")

# %% [markdown]
# ### Take the connector away between posts
#
# What if the connector dies? On AWS you cannot kill a worker, but you can delete the connector, post, and make it anew.
# **Predict, then run.** 10 posts before, 10 posts meanwhile. How many objects of the topic `pin` will there be in the
# end: 10, 20, or more, because the new connector begins at the beginning?

# %%
guess = lesson.predict(2, 20)

# %%
before = kafka_client.end_offsets(workbook)
print(emulate(workbook, posts=10, rate=rate, progress=False))
_ = msk_connect.delete_connector(workbook)
print(emulate(workbook, posts=10, rate=rate, progress=False))
msk_connect.create_connector(workbook, request)
_ = msk_connect.wait_until_stored(workbook)

# %%
keys = [item.key for item in sink_objects.objects(workbook, since=before)]
print("without an object:", missing(keys, before, kafka_client.end_offsets(workbook)))
guess.answer(sum(place_of(key)[0] == workbook.topic("pin") for key in keys))

# %% [markdown]
# Nothing is lost, because Kafka kept the messages and the group `connect-<id>-connector` remembered its place. Nothing
# is there twice, because an object's name follows from its offset.
#
# On the laptop you can be ruder. `python -m lab status`, in a terminal, shows the process of `connect`: run the cell
# with the posts again, and meanwhile `kill -9` that process there. The lab starts the worker again, and the offsets are
# without a gap all the same.

# %%
machine.close()

# %% [markdown]
# ## What you did
#
# 1. You copied a zip from the client machine into your bucket, once its role was allowed to.
# 2. You made a plugin of it, and a connector of the plugin.
# 3. You wrote a connector's properties and the request that makes it, and saw what each is good for.
# 4. You gave a role no more than it needs, and saw connectors refused and failing.
# 5. You matched objects with messages: topic, partition, offset.
# 6. You took the connector away, and lost nothing.
#
# **Quiz.** Put in a letter for each question. Whoever reads this on a web page finds the answers folded below.

# %%
lesson.questions()

# %%
lesson.quiz("a", "b", "c")

# %% [markdown]
# <details><summary>The answers</summary>
#
# 1. 3 × 3,600 = 10,800. Each is a request that costs money, and Spark opens each by itself. Milestone 7 measures it.
# 2. They are in Kafka, and the group <code>connect-&lt;id&gt;-connector</code> remembers how far it had come.
# 3. It moves messages, whatever is in them. What they mean is decided by whoever reads them: Spark, with a schema.
#
# </details>
#
# **Clean up.** On AWS, `msk_connect.delete_connector(workbook)` ends the hourly cost; topics and objects stay. On the
# laptop leave it running: the next notebook needs it.
#
# previous: [three topics](02_kafka_topics.ipynb) · index: [README](../README.md) ·
# next: [API Gateway](04_api_gateway.ipynb)
