# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Milestone 9, part 1: posts into Kinesis
#
# You create three streams and a REST API that writes into them, put a record by hand, and let the emulator post.
#
# **You will**
#
# 1. create three streams, and see what a shard is (task 1),
# 2. build an API whose methods are Kinesis's actions, and write the template and the statuses of one (task 2),
# 3. write the call that puts a row into a stream, tell a key's shard, and choose a key (task 3),
# 4. send a batch again without sending anything twice.
#
# **Before you start:** the lab runs (`make lab`, or `python -m lab up`); no earlier notebook is needed.
# **Time:** a quarter of a minute to run, 80 minutes to work through. **Cost on AWS:** a provisioned shard costs 1.5
# cents an hour also when nobody posts, so six of them are 2.16 dollars a day (us-east-1, checked in November 2026):
# delete the streams when you stop.

# %% [markdown]
# ## You are here
#
# ```mermaid
# flowchart LR
#   accTitle: Milestone 9, part 1
#   accDescr {
#     The emulator sends each row of a post as an HTTP request to API Gateway. A template turns it into a call of
#     Kinesis, which keeps the record in one of three streams. Part 2 reads them.
#   }
#   E[emulator] -- "PUT /streams/<br/>{stream-name}/<br/>record" --> A["API<br/>Gateway"]
#   A -- "PutRecord,<br/>in a role" --> K["Kinesis:<br/>three streams"]
#   K -.-> S["part 2:<br/>Spark"]
# ```
#
# The picture in words: the emulator sends each row of a post as an HTTP request to API Gateway. A template turns the
# request into a call of Kinesis, which keeps the record in one of three streams. Part 2 reads them.

# %% tags=["parameters"]
rate = 25.0  # posts a second; the course's emulator sends one every 0 or 1 s
seed = 100  # start of the random numbers: the same seed draws the same posts
shards = 2  # shards a stream

# %% [markdown]
# ## Set up
#
# The same object of names as before: `streaming-<id>-pin`, `-geo` and `-user` are the course's names for the streams.

# %%
from helpers.checks import notebook_09a as lesson
from helpers.config import Workbook

workbook = Workbook.load()
print(*workbook.streams, sep="\n")

# %% [markdown]
# ## Task 1: three streams
#
# Kafka has topics with partitions, Kinesis has *streams* with *shards*. A shard takes up to 1,000 records or 1 MB a
# second and gives out twice as many bytes; you pay for shards, so you say how many. Records stay for 24 hours.
#
# ## Exercise 1: create streams
#
# Whoever runs a notebook again has the streams already, with records in them. So your function makes those that are not
# there, and leaves the others alone. `kinesis.list_streams()["StreamNames"]` tells which are there.
#
# `kinesis.create_stream(…)` makes one. It takes `StreamName`, `ShardCount`, `Tags` (as a mapping, by which the stream
# is found again), and `StreamModeDetails={"StreamMode": "PROVISIONED"}`, because a stream on demand would choose its
# shards by itself. The call returns at once, and on AWS the stream is CREATING for some ten seconds. A *waiter* asks
# until it can be used: `kinesis.get_waiter("stream_exists").wait(StreamName="a", WaiterConfig={"Delay": 1})`, which
# asks every second.
#
# The check lets you make two streams, one of which is there already. Expected: the new one has as many shards as asked
# for, and its tags; you have heard that it is ACTIVE; and the other one is as it was.

# %% tags=["exercise-1"]
def create_streams(kinesis, names: list[str], shards: int, tags: dict[str, str]) -> None:
    """Create the streams that are not there, of so many shards each; return when all of them can be used."""
    ...


# %%
lesson.check(1, create_streams, workbook)

# %%
kinesis = workbook.client("kinesis")
create_streams(kinesis, list(workbook.streams), shards, workbook.tags)

# %%
from helpers.kinesis import streams as kinesis_streams

kinesis_streams.describe(workbook)

# %% [markdown]
# ## Task 2: an API whose methods are Kinesis's actions
#
# In milestone 5 the API passed requests on as they were, to a proxy that you ran. Here nothing of yours runs: API
# Gateway itself calls Kinesis. For that it needs a *role*, which trusts the service API Gateway and may use your
# streams and no others.

# %%
from helpers import iam

wanted = iam.kinesis_role(workbook, iam.account(workbook))
role = iam.make(workbook, wanted)
print(role)
print("trusts:", *wanted.services)
for statement in wanted.policies["streams"]["Statement"]:
    print(statement["Action"], "on", statement["Resource"])

# %% [markdown]
# ## Exercise 2: a mapping template
#
# A client puts plain JSON to `/streams/{stream-name}/record`, and Kinesis wants its own request for `PutRecord`:
#
# ```text
# from the client    {"Data": {"ind": 7528, "country": "Albania"}, "PartitionKey": "7528"}
# for Kinesis        {"StreamName": "streaming-…", "Data": "eyJpbmQiOiA3NTI4…", "PartitionKey": "7528"}
# ```
#
# A *mapping template* writes the one from the other. It is text, in which API Gateway fills in what begins with `$`:
#
# - `$input.params('stream-name')` is the part of the path that has this name in braces,
# - `$input.json('$.a')` is the member `a` of the body, as JSON,
# - `$input.path('$.a')` is the member `a` as API Gateway has it inside: a text comes bare, without quotes, and an
#   object as Java prints it, `{b=1}`, which is not JSON,
# - `$util.base64Encode(…)` writes what is between the brackets in base64, as Kinesis wants its `Data`.
#
# So `{"Who": "$input.path('$.name')"}` makes `{"Who": "Ada"}` of `{"name": "Ada"}`. Return the template for
# `PutRecord`, as a text. The check gives it to an API of its own, puts a record, and reads the stream. Expected there:
# the row as JSON, under the key that the client chose.

# %% tags=["exercise-2"]
def record_template() -> str:
    """Write the template that makes a request of PutRecord from what the client sends."""
    ...


# %%
lesson.check(2, record_template, workbook, role)

# %% [markdown]
# Many records at once need a loop, and a comma after all but the last. Now use ours, from the method for batches:

# %%
from helpers.gateway import kinesis_proxy, rest_api

print(kinesis_proxy.PUT_RECORDS)

# %% [markdown]
# ## Exercise 3: refusals that are told
#
# Kinesis answers most mistakes with status 400, some with 403, and says 500 or 503 where it fails itself. API Gateway
# would pass each of them on as a 200, a success, unless a *selection pattern* says which of Kinesis's answers lead to
# which status. It is a regular expression that has to match the whole of Kinesis's status, in which `\d` stands for any
# digit and `\d{2}` for two of them (in Python, `r"…"` leaves the backslash alone). The status with the empty pattern
# `""` is for all that no pattern matches.
#
# A client is to hear 400 for every refusal (Kinesis says 4 and two digits), 500 for every failure (5 and two digits),
# and 200 for the rest. Each of the three needs two calls, which take what names the method as `**method`:
#
# - `client.put_method_response(**method, statusCode="200")` declares the status,
# - `client.put_integration_response(**method, statusCode="200", selectionPattern="")` says what leads to it.
#
# The check gives you a method in front of Kinesis, and one behind which it can have any status. Expected: 200 for a
# record that is taken, 400 for a stream that is not there and for a 403, 500 for a 503.

# %% tags=["exercise-3"]
def tell_refusals(client, method: dict[str, str]) -> None:
    """Let a method answer with 400 or 500 where Kinesis refuses or fails, and with 200 otherwise."""
    ...


# %%
lesson.check(3, tell_refusals, workbook, role)

# %% [markdown]
# The API is a tree of paths, and each method names an action of Kinesis. Our function makes all of them; then yours
# takes the place of the one for `PutRecord`:

# %%
api = rest_api.create_api(workbook)
kinesis_proxy.create(workbook, api, role)
for proxied in kinesis_proxy.METHODS:
    print(f"{proxied.http_method:7}{proxied.path:33}{proxied.action}")

# %%
own = kinesis_proxy.Proxied("/streams/{stream-name}/record", "PUT", "PutRecord", record_template())
tell_refusals(workbook.client("apigateway"), kinesis_proxy.connect(workbook, api, own, role))

# %% [markdown]
# Deploy, and ask for the streams:

# %%
import requests

invoke_url = rest_api.deploy(workbook, api)
print(invoke_url)
listed = requests.get(f"{invoke_url}/streams").json()
print([name for name in listed["StreamNames"] if name in workbook.streams])

# %% [markdown]
# ## Task 3: put a row into a stream
#
# A post is three rows, one for each stream. Here is the first place that the emulator draws:

# %%
import json

from helpers.emulator.postings import PostsDatabase, draws

database = PostsDatabase(workbook.database_url)
posting = database.posting(next(draws(seed))[1])
row = posting.rows["geo"]
print(row)

# %% [markdown]
# ## Exercise 4: the call itself
#
# Write what the course's `user_posting_emulation_streaming.py` does with each row: `PUT` it to
# `<invoke URL>/streams/<stream>/record`, as JSON with `Data` and `PartitionKey`. The row holds a `datetime`, which JSON
# does not know. And an answer that is no success must not pass unnoticed.
#
# | call | what it does |
# |---|---|
# | `json.dumps(…, default=str)` | writes JSON, and as text what JSON does not know |
# | `reply = requests.put(url, data=…, headers={"Content-Type": "application/json"})` | sends a text as JSON |
# | `reply.raise_for_status()` | raises an error if the status is no success |
# | `reply.json()` | makes a dictionary of the answer |
#
# The check puts a row into a stream of its own, and reads there what arrived. Expected: the row, under your key; the
# answer with its `ShardId`; and an error for a stream that is not there.

# %% tags=["exercise-4"]
def put(invoke_url: str, stream: str, row: dict, key: str) -> dict:
    """Put a row into a stream over the API; return the answer, which names the shard. Raise if it was refused."""
    ...


# %%
lesson.check(4, put, workbook, invoke_url)

# %%
print(put(invoke_url, workbook.stream("geo"), row, "partition-1")["ShardId"])

# %% [markdown]
# ## Break it on purpose
#
# Three requests that cannot work. Read who refuses each of them: API Gateway, or Kinesis behind it?

# %%
stream_url = f"{invoke_url}/streams/{workbook.stream('geo')}"
attempts = {
    "broken JSON": (f"{stream_url}/record", '{"Data": {"ind": 1, '),
    "no partition key": (f"{stream_url}/record", '{"Data": {"ind": 1}}'),
    "a stream that is not there": (f"{stream_url}-2/record", '{"Data": {"ind": 1}, "PartitionKey": "1"}'),
}
for what, (url, body) in attempts.items():
    reply = requests.put(url, data=body, headers={"Content-Type": "application/json"})
    print(f"{what}: {reply.status_code} {reply.json()}")

# %% [markdown]
# Nothing of these was stored. Broken JSON stops at API Gateway, whose template cannot read it; the other two are
# Kinesis's own words, by its `__type`, and your pattern made a 400 of them.
#
# ## Partition keys
#
# Kinesis hashes the *partition key* of a record, and the hash decides on the shard. The course's script gives every
# record the same key.
#
# **Predict, then run.** A stream has two shards. On how many of them do twenty records with one key land?

# %%
guess = lesson.predict(1, 1)

# %%
def fallen(keys: list[str]) -> dict[str, list[str]]:
    """Put a record for each key; tell which keys each shard got."""
    shards = {}
    for key in keys:
        shards.setdefault(put(invoke_url, workbook.stream("geo"), row, key)["ShardId"], []).append(key)
    return shards


one, many = fallen(["partition-1"] * 20), fallen([str(number) for number in range(20)])
guess.answer(len(one))

# %%
from helpers.notebook import partitions, plots

counts = " and ".join(str(len(keys)) for _, keys in sorted(many.items()))
title = f"One key fills {len(one)} of {len(many)} shards; 20 keys spread over them, {counts}"
picture = partitions.bins({"20 records, one key": one, "20 records, 20 keys": many}, title)
plots.show(picture, f"Two rows of bins, one bin a shard. {title}.")

# %% [markdown]
# One key, one shard: it is *hot*, and the others cost money and do nothing.
#
# ## Exercise 5: which shard?
#
# Which shard it is can be told beforehand. Kinesis takes the *MD5* of the key, a number below 2^128, and each shard has
# a range of these numbers. Both ends belong to the range, and come as text, since they are too long for many programs:
#
# ```text
# {"ShardId": "shardId-000000000000", "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": "1701…"}}
# ```
#
# `int(hashlib.md5(key.encode()).hexdigest(), 16)` is the MD5 of a key as a number. `shards` is a list of such shards;
# return the `ShardId` of the one to which the key leads. The check puts twelve records into a stream of three shards,
# and compares with where Kinesis says that they went. Expected: twelve times the same.

# %%
import hashlib


# %% tags=["exercise-5"]
def shard_of(key: str, shards: list[dict]) -> str:
    """Name the shard to which a partition key leads: the one whose range holds the MD5 of the key as a number."""
    ...


# %%
lesson.check(5, shard_of, workbook)

# %% [markdown]
# Use it on the keys of the twenty records: on the left where each went, on the right where you say that it goes.

# %%
ranges = kinesis.list_shards(StreamName=workbook.stream("geo"))["Shards"]
for shard, keys in sorted(many.items()):
    print(shard, ", ".join(keys), "→", *{shard_of(key, ranges) for key in keys})

# %% [markdown]
# Order is kept within a shard only, so a key also says which records must stay in order.
#
# ## Exercise 6: a key for posts
#
# Some users post often, and whoever reads the stream wants each user's posts in order. Choose the key of a post from
# its fields: `number` (of the post), `user`, `moment` and `category`. Each user's posts are to share a shard, both
# shards are to get posts, and a post that is sent again is to have its key again. A key is a text. The check has forty
# posts of eight users, made up.

# %% tags=["exercise-6"]
def partition_key(post: dict) -> str:
    """Choose the partition key of a post, which has `number`, `user`, `moment` and `category`."""
    ...


# %%
lesson.check(6, partition_key)

# %% [markdown]
# ## The emulator
#
# Our emulator does what yours does, on one connection that it keeps open, and it counts a post when Kinesis has
# confirmed all three of its records. As our rows know no user, it takes each row's number as the key. Now use ours:

# %%
from helpers.emulator import stream_target
from helpers.notebook import show_code

show_code.show(stream_target.StreamTarget._send)

# %%
from helpers.user_posting_emulation_streaming import emulate

print(emulate(workbook, invoke_url, posts=50, rate=rate, seed=seed, progress=False))

# %% [markdown]
# In a terminal: `python -m helpers.user_posting_emulation_streaming --invoke-url <invoke URL>`.
#
# ## Exercise 7: what to send again
#
# Batches cost fewer requests, and have a trap: `PutRecords` may take some records and refuse others, with status 200.
# Whoever does not look loses records; whoever sends all of them again has some of them twice.
# Its answer has a list `Records`, one entry for each record in the order in which you sent them; an entry with
# `ErrorCode` was refused. Here is an answer of that kind:
#
# ```text
# {"FailedRecordCount": 1, "Records": [{"SequenceNumber": "49…", "ShardId": "shardId-000000000000"},
#                                      {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "…"}]}
# ```
#
# Write the function that lists what to send again, in the order in which it was sent. `zip(one, other)` goes through
# two lists at once, and `"ErrorCode" in entry` asks whether an entry has it. Expected, for the records `["a", "b"]` and
# this answer: `["b"]`. The check has five answers.

# %% tags=["exercise-7"]
def to_send_again(records: list[str], answer: dict) -> list[str]:
    """List the records of a PutRecords that were refused."""
    ...


# %%
lesson.check(7, to_send_again)

# %% [markdown]
# The emulator does the same, with a pause that grows from try to try:

# %%
print(emulate(workbook, invoke_url, posts=50, rate=500.0, seed=seed, batch=25, progress=False))

# %% [markdown]
# ## What you did
#
# 1. You created three streams, with two shards each.
# 2. You built an API that calls Kinesis in a role of its own, by a template of yours, and that tells refusals.
# 3. You put a row into a stream, saw a hot shard, told the shards of keys, and chose a key that keeps an order.
# 4. You sent again what was refused, and nothing else.
#
# **Quiz.** Put in a letter for each question. Whoever reads this on a web page finds the answers folded below.

# %%
lesson.questions()

# %%
lesson.quiz("b", "a", "c")

# %% [markdown]
# <details><summary>The answers</summary>
#
# 1. There a program of yours signed in. Here API Gateway itself calls an AWS service, and needs an identity to do so.
# 2. The selection patterns: without them every answer of Kinesis, also a refusal, becomes a 200. The body tells.
# 3. By splitting it. But records with one key stay together in one half: shards do not help against one key.
#
# </details>
#
# **Clean up.** Nothing to do if you go on now. On AWS, `kinesis_streams.delete(workbook, stream)` for each stream ends
# what costs by the hour.
#
# previous: [Airflow](08_mwaa_dag.ipynb) · next: [streams into Delta tables](09b_streams_to_delta.ipynb) ·
# index: [README](../README.md)
