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
# 3. post by HTTP, and let the emulator do it,
# 4. read each topic with a consumer, and trace one message from request to object.
#
# **Before you start:** the lab runs (`make lab`, or `python -m lab up`); no earlier notebook is needed: the
# first cells make the client machine and the connector if they are not there. **Time:** half a minute to run, an hour
# to work through. **Cost on AWS:** a million calls of a REST API cost 3.50 dollars, and nothing while nobody calls
# (us-east-1, checked in November 2026); the client machine and the connector cost by the hour.

# %% [markdown]
# ## You are here
#
# ```text
#             ┌───────────────── this notebook ─────────────────┐
#   emulator ─┼─ HTTPS ─► API Gateway ─► REST proxy ─► MSK topics ┼─► MSK Connect ─► S3
#             │           /{proxy+}      client machine           │
#             └──────────────────────────────────────────────────┘
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
# The client machine, the topics, the bucket, and the connector.

# %%
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
print("/{proxy+} is there:", rest_api.resources(workbook, api)["/{proxy+}"] == resource)

# %% [markdown]
# On it goes one method, `ANY`, with an *integration* of the type `HTTP_PROXY`: pass the request on as it is. Where to?
# To the REST proxy's port 8082 on the client machine. Two lines carry the path over: the method says that its path has
# a part called `proxy`, the integration puts that part into its own address.

# %%
from helpers.notebook import show_code

show_code.show(rest_api.forward)

# %%
from helpers.client_machine import ssh
from helpers.gateway import rest_proxy

address = f"http://{ssh.host(workbook)}:{rest_proxy.port(machine)}"
rest_api.forward(workbook, api, resource, address)

# %% [markdown]
# What you build is a draft. A *deployment* is a snapshot of it, and a *stage* serves a deployment under an address, the
# invoke URL.

# %%
invoke_url = rest_api.deploy(workbook, api)
print("ends with the stage's name on AWS:", rest_api.STAGE in invoke_url)

# %% [markdown]
# Call it before anything listens behind it. **Predict, then run.** Who answers, and with which code?

# %%
import requests

rest_proxy.stop(machine)
reply = requests.get(f"{invoke_url}/topics")
print(reply.status_code, reply.json()["message"])

# %% [markdown]
# The door is open and nobody is home: API Gateway answers by itself, with a 504.
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
# ## Task 3: post
#
# A message is posted to `/topics/<topic>`. Its body is a list of records, each with a value. The content type says how
# values are written: `vnd.kafka.json.v2+json` is version 2 of the API, with JSON inside.

# %%
from helpers.kafka import client as kafka_client

before = kafka_client.end_offsets(workbook)
place = workbook.topic("geo")
headers = {"Content-Type": "application/vnd.kafka.json.v2+json"}
post = {"ind": 1, "timestamp": "2022-10-18 12:00:00", "latitude": 48.1, "longitude": 11.6, "country": "Germany"}
reply = requests.post(f"{invoke_url}/topics/{place}", headers=headers, json={"records": [{"value": post}]})
stored = reply.json()["offsets"][0]
print(reply.status_code, "partition", stored["partition"], "at the end:", stored["offset"] == before[place])

# %% [markdown]
# `partition` and `offset` are Kafka's receipt: the message is stored, and this is its place.
#
# ## Break it on purpose
#
# Three mistakes of everyday life. Each is answered by another part of the chain: find out by which.

# %%
mistakes = {
    "a topic of somebody else": ("topics/ffffffffffff.geo", headers),
    "no content type": (f"topics/{place}", {}),
    "a path that nobody knows": (f"topic/{place}", headers),
}
for mistake, (path, sent) in mistakes.items():
    reply = requests.post(f"{invoke_url}/{path}", headers=sent, data='{"records":[{"value":1}]}')
    print(f"{mistake}: {reply.status_code} {reply.json()['message']}")

# %% [markdown]
# ## Task 4: the emulator
#
# `user_posting_emulation` plays the users: it draws rows of the posts database and posts each to its topic. When a
# request fails for a reason that may pass, it tries again, with longer and longer pauses; when no reply came, it cannot
# know whether the message was stored, sends it again, and counts that. Better twice than never: repetitions are removed
# when the tables are cleaned.

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

# %%
consume = f"cd {kafka_folder}/bin && ./kafka-console-consumer.sh --bootstrap-server $BOOTSTRAP_SERVERS"
for topic in workbook.topics:
    place_in_topic = f"--topic {topic} --partition 0 --offset {before[topic]} --max-messages 1"
    message = machine.run(f"{consume} --command-config client.properties {place_in_topic} --timeout-ms 60000")
    print(message.output.strip()[:110])

# %% [markdown]
# ## From request to object
#
# Follow the message you posted by hand. Its receipt named partition and offset, so you know what its object in the
# bucket is called without searching.

# %%
from helpers.kafka import msk_connect, sink_objects

_ = msk_connect.wait_until_stored(workbook)
key = f"topics/{place}/partition=0/{place}+0+{stored['offset']:010d}.json"
print("request  ", post)
print("in Kafka ", kafka_client.read(workbook, place, stored["offset"], 1)[0].decode())
print("in S3    ", sink_objects.text(workbook, key).strip())

# %%
landed = sink_objects.objects(workbook, since=before)
print(len(landed), "objects for", tally.acknowledged, "posts")
machine.close()

# %% [markdown]
# ## What you did
#
# 1. You built a REST API with one greedy resource and deployed it to a stage.
# 2. You configured the REST proxy, and know what the prefix `client.` is for.
# 3. You posted by hand and with the emulator, and read the receipts.
# 4. You followed a message: request, offset in a topic, object named after that offset.
#
# **Quiz.** Answer first, then unfold.
#
# <details><summary>You change the integration's address, and calls still go to the old one. Why?</summary>
# A stage serves a deployment, and that is a snapshot. Deploy again.
# </details>
#
# <details><summary>The emulator posts, the network breaks, and no reply comes. Is the message in Kafka?</summary>
# Nobody outside can know. Sending it again may store it twice; not sending it may lose it. The emulator sends it again,
# and cleaning removes exact repetitions.
# </details>
#
# <details><summary>Anybody who knows the invoke URL can post. How would you change that?</summary>
# With the method's authorization: <code>AWS_IAM</code> asks for a signature, an authorizer for a token, and an API key
# with a usage plan limits how much one caller may send.
# </details>
#
# **Clean up.** `rest_proxy.stop(machine)` stops the proxy; on AWS, `ec2_client.terminate(workbook)` and
# `msk_connect.delete_connector(workbook)` end what costs by the hour. The API costs nothing while nobody calls it.
#
# previous: [MSK Connect](03_msk_connect_s3.ipynb) · index: [README](../README.md) ·
# next: [mount the bucket](05_databricks_mount.ipynb)
