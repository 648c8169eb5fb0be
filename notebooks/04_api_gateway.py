# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Milestone 5: API Gateway, the REST proxy, and users who post
#
# You put an HTTP door in front of Kafka, let the emulator's users walk through it, and follow one post from its request
# to its object in S3.
#
# **You will**
#
# 1. build a REST API whose proxy resource passes every request on,
# 2. configure and start the Kafka REST proxy on the client machine,
# 3. write the request that posts a row, and let it be tried again when it fails,
# 4. read the emulator's code, and write one that posts for many users,
# 5. read each topic with a consumer, and trace one message from request to object.
#
# **Before you start:** the lab runs (`make lab`, or `python -m lab up`); no earlier notebook is needed: the
# first cells make the client machine and the connector if they are not there. **Time:** half a minute to run, an hour
# and a half to work through. **Cost on AWS:** a million calls of a REST API cost 3.50 dollars, and nothing while nobody
# calls (us-east-1, checked in November 2026); the client machine and the connector cost by the hour.

# %% [markdown]
# ## You are here
#
# ```mermaid
# flowchart TB
#   accTitle: Where this notebook works
#   accDescr: The emulator posts to API Gateway, which passes requests to the REST proxy, which writes to three topics.
#   emulator -- "HTTPS" --> here
#   subgraph here["this notebook"]
#     direction LR
#     api["API Gateway:<br/>/{proxy+}"] -- "HTTP,<br/>port 8082" --> proxy["REST proxy on the<br/>client machine"]
#     proxy -- "IAM,<br/>TLS" --> topics["MSK topics:<br/>pin, geo, user"]
#   end
#   here --> connect["MSK Connect, then S3"]
# ```
#
# The picture in words: the emulator posts to a REST API. API Gateway passes each request to the REST proxy on the
# client machine, which writes the messages into the three topics. The connector carries them on into S3.

# %% tags=["parameters"]
kafka_folder = "kafka_2.13-4.3.1"  # where Kafka was unpacked on the client machine
iam_jar = "aws-msk-iam-auth-2.3.9-all.jar"  # the package that lets Kafka's tools sign in with IAM
posts = 50  # posts that the emulator sends over the API
rate = 50.0  # posts a second; the course's emulator sends one every 0 or 1 s
seed = 100  # start of the random numbers: the same seed draws the same posts

# %% [markdown]
# ## Set up
#
# The client machine, the topics, the bucket, and the connector. `lesson` holds the exercises; the running system judges
# them.

# %%
from helpers.checks import notebook_04 as lesson
from helpers.config import Workbook
from helpers.notebook import catch_up

workbook = Workbook.load()
machine = catch_up.ready_machine(workbook, kafka_folder, iam_jar)
catch_up.running_connector(workbook)
print("API:", workbook.api)

# %% [markdown]
# Why a door at all? A producer must reach the brokers' network, speak Kafka's protocol and sign with IAM. A phone can
# do none of that. It can send HTTP.
#
# ## Task 1: the REST API
#
# An API in API Gateway is a tree of *resources*, which are paths, with *methods* on them. You need one resource only:
# `/{proxy+}` matches any path, and the plus sign makes it take everything that is left, slashes included.

# %%
from helpers.gateway import rest_api

api = rest_api.create_api(workbook)
resource = rest_api.create_proxy_resource(workbook, api)
print(*sorted(rest_api.resources(workbook, api)))

# %% [markdown]
# On it goes one method, `ANY`, with an *integration* of the type `HTTP_PROXY`: pass the request on as it is. Where to?
# To the REST proxy's port 8082 on the client machine.
#
# ### Exercise 1: pass every request on
#
# In the console these are two forms; here you write the two calls behind them. `client` is boto3's client of API
# Gateway. Both calls want to know which method is meant: `restApiId`, `resourceId`, `httpMethod`.
#
# | call | what it takes besides |
# |---|---|
# | `client.put_method(…)` | `authorizationType="NONE"`: nobody is asked who they are; `requestParameters` |
# | `client.put_integration(…)` | `type="HTTP_PROXY"`; `integrationHttpMethod="ANY"`; `uri`; `requestParameters` |
#
# The path is what needs care. `put_method` says that its path has a part called `proxy`: its `requestParameters` are
# `{"method.request.path.proxy": True}`. The integration's `uri` has a place for such a part, in braces: `…/{proxy}`,
# behind the server's address. And its own `requestParameters` say what goes there: name → where it comes from, here
# `"integration.request.path.proxy"` → `"method.request.path.proxy"`.
#
# A notebook is run more than once. `put_integration` replaces the one that is there, `put_method` does not: it raises
# `client.exceptions.ConflictException`. Let that pass: what is in a block
# `with contextlib.suppress(client.exceptions.ConflictException):` may raise it.
#
# The check has an API of its own, and another one that plays the web server. It calls your function twice, then the
# API: `GET /topics` and `POST /topics/one` are to arrive as they are.

# %%
import contextlib


# %% tags=["exercise-1"]
def forward(client, api: str, resource: str, address: str) -> None:
    """Pass every request to a resource `/{proxy+}` on to a web server; `client` is boto3's for `apigateway`."""
    ...


# %%
lesson.check(1, forward, workbook)

# %% [markdown]
# Use it: this is how your API comes to its method.

# %%
from helpers.client_machine import ssh
from helpers.gateway import rest_proxy

address = f"http://{ssh.host(workbook)}:{rest_proxy.port(machine)}"
forward(workbook.client("apigateway"), api, resource, address)

# %% [markdown]
# API Gateway calls from outside of your network, from addresses that AWS publishes for each region, so the machine's
# firewall has to let those in to port 8082. Never the whole internet: whoever found the address would go round the
# gateway, with all its checks, and post into your topics. Other accounts' APIs still call from the same addresses; a
# company would put a *VPC link* in between, a private way from the gateway into its network.

# %%
from helpers.client_machine import firewall

firewall.admit_api_gateway(workbook, rest_proxy.port(machine))

# %% [markdown]
# What you build is a draft. A *deployment* is a snapshot of it, and a *stage* serves a deployment under an address, the
# invoke URL.

# %%
invoke_url = rest_api.deploy(workbook, api)
print(invoke_url)

# %% [markdown]
# That is the address of the whole API. On AWS it is `https://<api>.execute-api.us-east-1.amazonaws.com/prod`; on the
# laptop the lab answers, with API and stage in the path.
#
# Call it before anything listens behind it. **Predict, then run.** Somebody will answer with the code 504. Who? Say
# "Kafka", "the REST proxy" or "API Gateway".

# %%
guess = lesson.predict(1, "API Gateway")

# %%
import requests

rest_proxy.stop(machine)
reply = requests.get(f"{invoke_url}/topics")
print(reply.status_code, reply.text)
guess.answer("API Gateway")

# %% [markdown]
# The door is open and nobody is home: API Gateway answers by itself. **On AWS it says** something else if a firewall
# swallows the request: API Gateway waits for 29 seconds, then says `{"message": "Endpoint request timed out"}`
# ([AWS on 504](https://repost.aws/knowledge-center/api-gateway-504-errors)). Look at the security group then.
#
# ## Task 2: the REST proxy
#
# The Kafka REST proxy turns HTTP into Kafka's protocol. (The course uses Confluent's; the lab's machine has a proxy
# with the same API, in `kafka-rest`.) Its properties file has settings of its own, and settings for the Kafka clients
# inside, which begin with `client.`. Forget the prefix first, and see what it says.

# %%
from helpers import iam
from helpers.kafka import msk

role, servers = iam.arn(workbook, workbook.access_role), msk.bootstrap_brokers(workbook)
rest_proxy.configure(machine, rest_proxy.properties(servers, role, prefix=""))
try:
    rest_proxy.start(machine)
except ssh.ClientMachineError as error:
    print(str(error).partition("ERROR ")[2])

# %% [markdown]
# Now with the prefix. These are the four lines of `client.properties` again.

# %%
rest_proxy.configure(machine, rest_proxy.properties(servers, role))
machine.show(f"grep ^client {rest_proxy.PROPERTIES}")

# %%
rest_proxy.start(machine)
reply = requests.get(f"{invoke_url}/topics")
print(reply.status_code, sorted(topic for topic in reply.json() if topic in workbook.topics))

# %% [markdown]
# A request went through API Gateway to the proxy, which asked the brokers, and back. It saw only topics that your role
# may see.
#
# ### Exercise 2: a second stage
#
# Users call `prod`. You want to try a change without them: a stage `test` that serves the draft, while `prod` goes on
# serving what it serves. Write the call; `client` is the same as in exercise 1, and `rest_api.deploy` uses one too:

# %%
from helpers.notebook import show_code

show_code.show(rest_api.deploy)

# %% [markdown]
# The check makes an API of its own, deploys it to `prod`, adds a path to the draft, and calls your function. Then it
# calls both paths on both stages.

# %% tags=["exercise-2"]
def add_stage(client, api: str) -> None:
    """Serve the API as it is drafted now under a stage `test`; `client` is boto3's for `apigateway`."""
    ...


# %%
lesson.check(2, add_stage, workbook)

# %% [markdown]
# Now use ours: `rest_api.deploy` does the same for any stage, and tells its address.
#
# ## Task 3: post
#
# A message is posted to `/topics/<topic>`. Its body is a list of records, each with a value. The content type says how
# values are written: `vnd.kafka.json.v2+json` is version 2 of the API, with JSON inside. As text, such a request is
#
# ```text
# POST <invoke URL>/topics/<id>.geo
# Content-Type: application/vnd.kafka.json.v2+json
#
# {"records": [{"value": {"ind": 1, "country": "Germany", …}}, {"value": {"ind": 2, …}}]}
# ```
#
# ### Exercise 3: `post`
#
# Write it; it is the request that the course's emulator is to make, step 3 of this milestone. Rows come from a database
# and hold datetimes, which JSON does not know: make them text that can be read again. And if the rows are not taken,
# say with a 403, the function must not go on as if they were: it should raise an error. The check posts three rows to a
# topic made for it, reads what the topic holds, and then posts to a topic that is not yours.

# %%
import json
from datetime import datetime


# %% tags=["exercise-3"]
def post(invoke_url: str, topic: str, rows: list[dict]) -> None:
    """Post rows to a topic by HTTP, each as a record of its own; stop with an error if they are not taken."""
    ...


# %%
lesson.check(3, post, workbook, invoke_url)

# %% [markdown]
# Use it for a row of your own. It will travel to the bucket.

# %%
from helpers.kafka import client as kafka_client

place = workbook.topic("geo")
row = {"ind": 1, "timestamp": datetime(2022, 10, 18, 12), "latitude": 48.1, "longitude": 11.6, "country": "Germany"}
before = kafka_client.end_offsets(workbook)
post(invoke_url, place, [row])
after = kafka_client.end_offsets(workbook)
print({topic: after[topic] - before[topic] for topic in workbook.topics})

# %% [markdown]
# One message more, in the topic of the places. And what does the proxy reply? Send the row once more and look.

# %% tags=["nbval-ignore-output"]
# Output not compared: offsets grow with every run.
headers = {"Content-Type": "application/vnd.kafka.json.v2+json"}
body = json.dumps({"records": [{"value": row}]}, default=str)
reply = requests.post(f"{invoke_url}/topics/{place}", data=body, headers=headers)
print(reply.status_code, reply.text)

# %% [markdown]
# `partition` and `offset` are Kafka's receipt: the message is stored, and this is its place.
#
# ## Break it on purpose
#
# Four mistakes of everyday life. Which part of the chain answers? First three:

# %%
mistakes = {
    "a topic of somebody else": ("topics/ffffffffffff.geo", headers),
    "no content type": (f"topics/{place}", {}),
    "a path that nobody knows": (f"topic/{place}", headers),
}
for mistake, (path, sent) in mistakes.items():
    answer = requests.post(f"{invoke_url}/{path}", headers=sent, data='{"records":[{"value":1}]}')
    print(f"{mistake}:\n  {answer.status_code} {answer.text}")

# %% [markdown]
# All three come from the proxy: API Gateway passed them on, because `/{proxy+}` fits any path. (The sentences are those
# of the lab's proxy; Confluent's says the same in other words, with the same codes.) The fourth mistake never reaches
# the proxy: a stage that there is not.

# %%
answer = requests.get(invoke_url.replace("/prod", "/production") + "/topics")
print(answer.status_code, answer.text)

# %% [markdown]
# API Gateway said that by itself, in AWS's words. **On AWS it says** `{"message":"Missing Authentication Token"}` for a
# path that a stage does not have; here there is none, because `/{proxy+}` takes them all. Neither sentence is about
# rights or tokens, mostly: look for a typing mistake in the address first
# ([AWS on the second](https://repost.aws/knowledge-center/api-gateway-authentication-token-errors)).

# %% [markdown]
# And if the proxy dies while somebody posts? Stop it, use your function, start it again.

# %%
rest_proxy.stop(machine)
try:
    post(invoke_url, place, [row])
except Exception as error:
    print(str(error).partition(" for url")[0])
rest_proxy.start(machine)

# %% [markdown]
# Your function said so, because it looks at the status. Was the row stored? Here it was not: nobody was there to take
# it. After a 504 that comes when API Gateway's 29 seconds are over, nobody can know.
#
# ### Exercise 4: try again
#
# A proxy that is started again is back in seconds. Whoever posts should try again, and not at once: first after half a
# second, then after twice as long each time. What is worth another try? A status of 500 and more, and a connection that
# broke before any reply came. A 403 or a 404 will be the same for ever: stop at once, with the error. After the last
# try, stop with the error too.
#
# Write it for whatever can be sent: `send` is a function without arguments, which raises an error when it does not go.
# `requests` raises kinds of `requests.RequestException`; such an `error` has the reply in `error.response`, with its
# `status_code`, or None where there was no reply. `wait(0.5)` makes a pause of half a second. (It is handed in, so that
# the check need not wait. Give it `time.sleep` when you use the function.) Return the number of tries that it took.
#
# Expected: two replies with 503 and then one with 200 are three calls, with pauses of 0.5 and 1 s.

# %%
import time


# %% tags=["exercise-4"]
def patiently(send, tries: int, wait) -> int:
    """Call `send()` until it goes, at most `tries` times, and tell how often; `wait(seconds)` makes a pause."""
    ...


# %%
lesson.check(4, patiently)

# %% [markdown]
# Stop the proxy again, let somebody start it a second later, and post meanwhile.

# %% tags=["nbval-ignore-output"]
# Output not compared: how many tries it takes depends on how fast the proxy starts.
from threading import Timer

rest_proxy.stop(machine)
starting = Timer(1, rest_proxy.start, [machine])
starting.start()
print("tries:", patiently(lambda: post(invoke_url, place, [row]), 8, time.sleep))
starting.join()

# %% [markdown]
# No error, and one row in the topic. If a try had been stored and its reply lost, there would be two: whoever tries
# again delivers *at least once*, and somebody has to remove repetitions later. In this pipeline, the cleaning does.
#
# ## Task 4: the emulator
#
# `user_posting_emulation.py` plays the users. The course hands it out as a script that draws rows of the posts database
# and prints them, and asks you to modify it so that it posts them to your API. How it draws, and how it reads a row:

# %%
from helpers.emulator import postings

show_code.show(postings.draws, postings.PostsDatabase.posting)

# %% [markdown]
# One draw is one post: a pause of 0 or 1 seconds, then the row at one offset in each of the three tables.
#
# ### Exercise 5: the emulator
#
# Modify it: so many posts and then an end, no pauses, and each row goes to the topic of its table, with the `post` that
# you wrote. `draws(seed)` never ends; `islice(postings.draws(seed), 3)` takes its first three pairs, of a pause and an
# offset. `database.posting(offset).rows` is a dictionary: table → row. `topics` is one as well: table → topic. Return
# the offsets that were drawn.
#
# The check makes three topics, lets your function send two posts, and reads which rows lie where.

# %%
from itertools import islice


# %% tags=["exercise-5"]
def run_emulation(database, invoke_url: str, topics: dict[str, str], count: int, seed: int) -> list[int]:
    """Post what `count` users post, each row to the topic of its table; return the offsets that were drawn."""
    ...


# %%
lesson.check(5, run_emulation, workbook, invoke_url)

# %%
database = postings.PostsDatabase(workbook.database_url)
topics = {table: workbook.topic(table) for table in ("pin", "geo", "user")}
print("posted the rows at the offsets", *run_emulation(database, invoke_url, topics, 2, seed))
database.close()

# %% [markdown]
# That is the whole emulator, modified. Change more in this cell: another seed, three posts, another database.
#
# Now use ours: it also keeps a pace, and tries again as your `patiently` does. When no reply came, it cannot know
# whether the message was stored, sends it again, and counts that.

# %%
from helpers.user_posting_emulation import emulate

before = kafka_client.end_offsets(workbook)
tally = emulate(workbook, posts=posts, rate=rate, seed=seed, progress=False, invoke_url=invoke_url)
print(tally)

# %%
after = kafka_client.end_offsets(workbook)
for topic in workbook.topics:
    print(topic, after[topic] - before[topic], "new messages")

# %% [markdown]
# In a terminal, it runs until you stop it: `python -m helpers.user_posting_emulation --invoke-url <invoke URL>`.
#
# A consumer for each topic shows what arrived. This is the console consumer of milestone 3, told where to begin.
# (`--command-config` is new for this tool; before KIP-1147 it was called `--consumer.config`.)

# %%
consumer = f"cd {kafka_folder}/bin && ./kafka-console-consumer.sh --bootstrap-server $BOOTSTRAP_SERVERS"
consume = f"{consumer} --command-config client.properties"
for topic in workbook.topics:
    first = f"--topic {topic} --partition 0 --offset {before[topic]} --max-messages 1"
    message = machine.run(f"{consume} {first} --timeout-ms 60000")
    print(message.output.strip()[:110])

# %% [markdown]
# ### Exercise 6: the last five
#
# A colleague asks for the last five pins. The consumer has no option for that, but you know the topic's end offset, the
# one that the *next* message will get. Write the options. The check runs the consumer with them, on a topic that it
# fills with eight messages.

# %% tags=["exercise-6"]
def last_five(end: int) -> str:
    """Write the console consumer's options that show the last five messages of partition 0 and then end."""
    ...


# %%
lesson.check(6, last_five, workbook, machine, consume)

# %% [markdown]
# ## From request to object
#
# ```mermaid
# sequenceDiagram
#   accTitle: From request to object
#   accDescr: A post goes through API Gateway and the proxy to the broker. Its offset comes back; the sink stores it.
#   participant emulator
#   participant gateway as API<br/>Gateway
#   participant proxy as REST<br/>proxy
#   participant broker as MSK<br/>broker
#   participant sink as S3<br/>sink
#   emulator->>gateway: POST /prod/<br/>topics/id.geo
#   gateway->>proxy: the same,<br/>to port 8082
#   proxy->>broker: produce, signed<br/>with the<br/>machine's role
#   broker-->>proxy: partition 0,<br/>offset 7
#   proxy-->>gateway: 200 and<br/>the offsets
#   gateway-->>emulator: the same
#   broker->>sink: fetched, a<br/>moment later
#   Note over sink: one object, named<br/>by its first offset
# ```
#
# In words: the reply comes when the broker has the message, and it names partition and offset. The sink comes later.
#
# ### Exercise 7: from receipt to object
#
# The receipt of the message that you posted by hand named partition and offset, so you know what its object in the
# bucket is called without searching: `topics/<topic>/partition=<partition>/`, then topic, partition and offset, joined
# by `+`, then `.json`. The offset has ten digits, zeros in front; in an f-string, `{offset:010d}` writes it so.
#
# A receipt is the proxy's reply as a dictionary. Its `offsets` are a list, one entry for each record of the request:
# `{"partition": 0, "offset": 7, "error_code": None, "error": None}`. A record that was not stored, in a request that
# went otherwise, has an `error_code`, and no offset: leave it out. At one message an object, as here, name the objects.

# %% tags=["exercise-7"]
def object_keys(topic: str, receipt: dict) -> list[str]:
    """Name the objects in which the records of a receipt will lie; a record that was not stored has none."""
    ...


# %%
lesson.check(7, object_keys)

# %% [markdown]
# Follow the message with it:

# %%
from helpers.kafka import msk_connect, sink_objects

_ = msk_connect.wait_until_stored(workbook)
receipt = reply.json()
print("request  ", body)
print("in Kafka ", kafka_client.read(workbook, place, receipt["offsets"][0]["offset"], 1)[0].decode())
for key in object_keys(place, receipt):
    print("in S3    ", sink_objects.text(workbook, key).strip())

# %%
landed = sink_objects.objects(workbook, since=before)
print(len(landed), "objects for", tally.acknowledged, "posts")
machine.close()

# %% [markdown]
# ## What you did
#
# 1. You built a REST API with one greedy resource, wrote its method and integration, and deployed it to a stage.
# 2. You configured the REST proxy, and know what the prefix `client.` is for.
# 3. You wrote the request that posts, read its receipt, and know what is worth another try.
# 4. You read the emulator's code, modified it, and know what ours does beyond that.
# 5. You followed a message: request, offset in a topic, object named after that offset.
#
# **Quiz.** Put in a letter for each question. Whoever reads this on a web page finds the answers folded below.

# %%
lesson.questions()

# %%
lesson.quiz("b", "a", "c")

# %% [markdown]
# <details><summary>The answers</summary>
#
# 1. A stage serves a deployment, and that is a snapshot. Deploy again.
# 2. Nobody outside can know. The emulator sends it again, and cleaning removes exact repetitions.
# 3. <code>AWS_IAM</code> asks for a signature, an authorizer for a token; an API key with a usage plan limits how much
#    one caller may send.
#
# </details>
#
# **Clean up.** `rest_proxy.stop(machine)` stops the proxy; on AWS, `ec2_client.terminate(workbook)` and
# `msk_connect.delete_connector(workbook)` end what costs by the hour. The API costs nothing while nobody calls it.
#
# previous: [MSK Connect](03_msk_connect_s3.ipynb) · index: [README](../README.md) ·
# next: [mount the bucket](05_databricks_mount.ipynb)
