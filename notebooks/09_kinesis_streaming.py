# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Milestone 9: posts as a stream, from Kinesis into Delta tables
#
# You send posts over a REST API into three Kinesis streams, read them with Spark while they arrive, clean them with the
# functions of milestone 7, and watch three Delta tables grow.
#
# **You will**
#
# 1. create three streams, and an API whose methods are Kinesis's actions (tasks 1 and 2),
# 2. send posts, and see what the partition key decides (task 3),
# 3. read, clean and store them, with a checkpoint each (tasks 4 to 6),
# 4. make three mistakes that cost data elsewhere, and know their signs,
# 5. show that batch and stream end in the same tables and the same eight answers.
#
# **Before you start:** the lab runs (`make lab`, or `python -m lab up`); no earlier notebook is needed.
# **Time:** three minutes to run, an hour to work through. **Cost on AWS:** a provisioned shard costs 1.5 cents an hour
# also when nobody posts, so six of them are 2.16 dollars a day (us-east-1, checked in November 2026): delete the
# streams when you stop.

# %% [markdown]
# ## You are here
#
# ```text
#   emulator ──► API Gateway ──► Kinesis ──► Spark ──► clean ──► Delta tables
#                PUT …/record    3 streams   kinesis   as in M7  <id>_pin_table …
#                └───────────────── this notebook ────────────────────────┘
# ```
#
# The picture in words: the emulator sends each row of a post as an HTTP request to API Gateway. A template turns the
# request into a call of Kinesis. Spark reads the three streams in small batches, cleans the rows and appends them to
# three Delta tables. All of it is this notebook.

# %% tags=["parameters"]
posts = 200  # posts that the emulator sends while you watch
rate = 25.0  # posts a second; the course's emulator sends one every 0 or 1 s
seed = 100  # start of the random numbers: the same seed draws the same posts
shards = 2  # shards a stream

# %% [markdown]
# ## Set up
#
# The same object of names and the same cluster as before.

# %%
from helpers import databricks
from helpers.config import TABLES, Workbook

workbook = Workbook.load()
spark, dbutils, display = databricks.attach()
print(*workbook.streams, sep="\n")

# %% [markdown]
# ## Task 1: three streams
#
# Kafka has topics with partitions, Kinesis has *streams* with *shards*. A shard takes up to 1,000 records or 1 MB a
# second and gives out twice as many bytes; you pay for shards, so you say how many. Records stay for 24 hours.

# %%
from helpers.kinesis import streams as kinesis_streams
from helpers.notebook import show_code

show_code.show(kinesis_streams.create)

# %%
for stream in workbook.streams:
    kinesis_streams.create(workbook, stream, shards)
kinesis_streams.describe(workbook)

# %% [markdown]
# ## Task 2: an API whose methods are Kinesis's actions
#
# In milestone 5 the API passed requests on as they were, to a proxy that you ran. Here nothing of yours runs: API
# Gateway itself calls Kinesis. For that it needs a *role*, which trusts the service API Gateway and may use your
# streams and no others.

# %%
from helpers import iam
from helpers.gateway import kinesis_proxy, rest_api

wanted = iam.kinesis_role(workbook, iam.account(workbook))
role = iam.make(workbook, wanted)
print(role.rpartition("/")[2], "trusts", *wanted.services)

# %% [markdown]
# The API is a tree of paths. Each method names an action of Kinesis:

# %%
api = rest_api.create_api(workbook)
kinesis_proxy.create(workbook, api, role)
for method in kinesis_proxy.METHODS:
    print(f"{method.http_method:7}{method.path:33}{method.action}")

# %% [markdown]
# A client sends plain JSON; Kinesis wants its own request, with the data in base64. A *mapping template* writes the one
# from the other. `$input.params` is a part of the path, `$input.json` a part of the body, and `$util.base64Encode` does
# what its name says, so a client must not encode a second time.

# %%
print(kinesis_proxy.PUT_RECORD)

# %%
print(kinesis_proxy.PUT_RECORDS)

# %% [markdown]
# Kinesis answers a mistake with status 400. API Gateway would pass that on as a 200, a success, unless a *selection
# pattern* says which of Kinesis's answers lead to which status. Look at the patterns, deploy, and ask for the streams.

# %%
import requests

print(kinesis_proxy.RESPONSES)
invoke_url = rest_api.deploy(workbook, api)
listed = requests.get(f"{invoke_url}/streams").json()
print([name for name in listed["StreamNames"] if name in workbook.streams])

# %% [markdown]
# **Predict, then run.** Which of these requests is refused, and by whom: API Gateway or Kinesis?

# %%
stream_url = f"{invoke_url}/streams/{workbook.stream('geo')}"
attempts = {
    "broken JSON": (f"{stream_url}/record", '{"Data": {"ind": 1, '),
    "no partition key": (f"{stream_url}/record", '{"Data": {"ind": 1}}'),
    "a stream that is not there": (f"{stream_url}-2/record", '{"Data": {"ind": 1}, "PartitionKey": "1"}'),
}
for what, (url, body) in attempts.items():
    reply = requests.put(url, data=body, headers={"Content-Type": "application/json"})
    print(f"{what}: {reply.status_code} {str(reply.json())[:90]}")

# %% [markdown]
# Nothing of these was stored. A template that found no value would otherwise write its own name into your data.
#
# ## Task 3: send posts
#
# First two experiments by hand. Kinesis hashes the *partition key* of a record, and the hash decides on the shard. The
# course's script gives every record the same key. **Predict, then run:** on which shards do twenty records land?

# %%
from collections import Counter

from helpers.emulator.postings import PostsDatabase, draws

database = PostsDatabase(workbook.database_url)
posting = database.posting(next(draws(seed))[1])
row = posting.rows["geo"] | {"timestamp": str(posting.rows["geo"]["timestamp"])}


def shard_of(key: str) -> str:
    """Put the row with a key, and tell its shard."""
    return requests.put(f"{stream_url}/record", json={"Data": row, "PartitionKey": key}).json()["ShardId"]


# %%
print("one key:  ", Counter(shard_of("partition-1") for _ in range(20)))
print("many keys:", sorted(Counter(shard_of(str(number)) for number in range(20)).items()))

# %% [markdown]
# One key, one shard: it is *hot*, and the others cost money and do nothing. Our emulator takes each row's number as its
# key. Order is kept within a shard only, so a key also says which records must stay in order.
#
# Now the emulator, over the API. It counts a post when Kinesis has confirmed all three of its records.

# %%
from helpers.user_posting_emulation_streaming import emulate

print(emulate(workbook, invoke_url, posts=50, rate=rate, seed=seed, progress=False))

# %% [markdown]
# Batches cost fewer requests, and have a trap: `PutRecords` may take some records and refuse others, with status 200.
# The emulator sends again only those that were refused.

# %%
print(emulate(workbook, invoke_url, posts=50, rate=500.0, seed=seed, batch=25, progress=False))

# %% [markdown]
# In a terminal: `python -m helpers.user_posting_emulation_streaming --invoke-url <invoke URL>`.
#
# ## Task 4: read the streams
#
# The cluster reads a stream with keys that may do so. You find them where milestone 6 found them.

# %%
keys = {
    "awsAccessKey": dbutils.secrets.get("aws", "access_key_id"),
    "awsSecretKey": dbutils.secrets.get("aws", "secret_access_key"),
}
records = (
    spark.readStream.format("kinesis")
    .option("streamName", workbook.stream("geo"))
    .option("initialPosition", "earliest")
    .option("region", workbook.region)
    .options(**keys)
    .load()
)
records.printSchema()

# %% [markdown]
# That is the *envelope*: what Kinesis knows of a record. The post itself is bytes in `data`. A streaming frame has no
# rows to show before a query writes it somewhere. Write the envelope once, with what is there now (`availableNow`),
# into a table of its own. `fresh` forgets what an earlier run of this notebook left under a name.

# %%
from helpers.streaming import queries as stream_queries

ONCE = {"availableNow": True}


def fresh(name: str) -> tuple[str, str]:
    """Give a table and a checkpoint that are new."""
    dbutils.fs.rm(workbook.checkpoint(name), True)
    spark.sql(f"DROP TABLE IF EXISTS {workbook.id}_{name}")
    return f"{workbook.id}_{name}", workbook.checkpoint(name)


# %%
_ = stream_queries.start(records, *fresh("envelope"), ONCE).awaitTermination()
envelope = spark.table(f"{workbook.id}_envelope")
envelope.selectExpr("partitionKey", "shardId", "string(data) AS data").where("partitionKey = '7'").distinct().toPandas()

# %% [markdown]
# `decoded` turns `data` into the columns of the batch, by the rules of milestone 7: a record that is no JSON object
# with a whole number as key is set aside. An option that does not exist is worth a warning, as it has no effect:

# %%
import warnings

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    reader = spark.readStream.format("kinesis").option("streamName", workbook.stream("geo"))
    _ = reader.option("fetchPeriod", "1s").load()
print(*(warning.message for warning in caught[:1]))

# %% [markdown]
# ## Task 5: clean
#
# The functions of milestone 7 are column expressions, so they take a stream as they take a table. `observed` adds a
# report of the arrival times, for the picture below.

# %%
show_code.show(stream_queries.cleaned)

# %%
clean = {}
for table in TABLES:
    records = stream_queries.observed(stream_queries.envelope(spark, workbook, table, keys))
    clean[table] = stream_queries.cleaned(records, table)
print(clean["pin"].isStreaming, clean["pin"].columns[:5])

# %% [markdown]
# ## Task 6: three Delta tables
#
# A query needs a target and a *checkpoint*: a folder of its own, where it notes which records a batch holds before it
# writes them. After a crash the same batch holds the same records, and Delta knows the batches it has. So every record
# is in the table once.

# %%
show_code.show(stream_queries.start)

# %% [markdown]
# Dozens of rows a second are few. Spark would generate Java code for each batch and split it into tasks, which pays for
# millions of rows. A query keeps the settings it started with; with those of `small_batches` it generates no code, and
# makes few tasks.

# %%
for setting, value in stream_queries.SMALL_BATCHES.items():
    print(f"{setting:42}{value}")

# %% [markdown]
# First let each query take what is there and end.

# %%
def write(trigger=None):
    """Start the three queries."""
    with stream_queries.small_batches(spark):
        return {
            table: stream_queries.start(
                clean[table], workbook.stream_table(table), workbook.checkpoint(table), trigger
            )
            for table in TABLES
        }


print([query.awaitTermination(300) for query in write(ONCE).values()])

# %% [markdown]
# Then let them run, and watch while the emulator posts. Above: how the tables grow. Below: for each small batch, how
# long its oldest record had waited when it could be read.

# %% tags=["nbval-ignore-output"]
# Output not compared: the picture shows times.
from helpers.streaming.live_view import LiveView

queries = write()
with LiveView(queries, "Rows in the three tables while users post") as view:
    tally = emulate(workbook, invoke_url, posts=posts, rate=rate, seed=seed, progress=False)
    view.wait_for(posts)

# %%
print(tally)
print(view.rows())

# %% [markdown]
# The same numbers: each post gave one row in each table. Where does the time go? Most of it is the commit of a Delta
# table, which costs the same for one row as for a thousand. A longer trigger interval makes fewer and larger files, and
# makes readers wait longer.

# %% tags=["nbval-ignore-output"]
# Output not compared: seconds differ from run to run.
from statistics import median

from helpers.streaming.progress import batches

for table, query in queries.items():
    done = batches(query)
    print(f"{table:5} {len(done):3} batches, median {median(batch.seconds for batch in done):.1f} s, of which asking "
          f"Kinesis {median(batch.source_seconds for batch in done):.2f} s")  # fmt: skip
    query.stop()

# %% [markdown]
# ## Break it on purpose
#
# **One checkpoint for two queries.** Of the course's solutions, three in eleven do this. Spark takes the second query
# for the first, started again: it stops the first, silently. `attach` warns of it.

# %%
from helpers.waiting import wait_until

_, shared = fresh("shared")
first = stream_queries.start(clean["pin"], f"{workbook.id}_first", shared)
_ = wait_until(lambda: batches(first), 60, "the first query to write something")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    second = stream_queries.start(clean["geo"], f"{workbook.id}_second", shared)
print(*(str(warning.message).partition(". ")[2] for warning in caught[:1]))

# %% [markdown]
# The second query goes on where the first was, in a stream that is not its own. Our source says so and ends; the first
# has stopped without an error, and nobody would have noticed.

# %%
_ = wait_until(lambda: not second.isActive, 60, "the second query to end")
print("the first runs:", first.isActive, "its error:", first.exception())
print(str(second.exception()).partition("KinesisError: ")[2].splitlines()[0])

# %% [markdown]
# **A schema with `follower_count` as a number.** The posts say `"124k"`, as text. Spark reads what does not fit its
# schema as null, and goes on.

# %%
from pyspark.sql import functions as F

text = F.col("data").cast("string")
pins = stream_queries.envelope(spark, workbook, "pin", keys)
pins = pins.select(F.from_json(text, "index INT, category STRING, follower_count INT").alias("pin")).select("pin.*")
wrong, checkpoint = fresh("wrong_schema")
_ = stream_queries.start(pins, wrong, checkpoint, ONCE).awaitTermination()
spark.sql(f"SELECT count(index) > 0 AS pins, count(follower_count) AS follower_counts FROM {wrong}").toPandas()

# %% [markdown]
# Every pin is there, and every number is lost, without an error. Read as text what is text; make numbers in the
# cleaning, where you can count what does not fit.
#
# **`latest` with nobody posting.** A query without a checkpoint that begins at `latest` waits for what comes. If
# nothing comes, nothing happens, and it looks as if it were broken.

# %%
latest = stream_queries.envelope(spark, workbook, "pin", keys, position="latest")
late, checkpoint = fresh("latest")
_ = stream_queries.start(latest, late, checkpoint, ONCE).awaitTermination()
print("rows:", stream_queries.rows_in(spark, late))

# %% [markdown]
# The course says `earliest`, which reads what is still kept. Only the first start of a query asks for a position; after
# that its checkpoint decides, whatever the option says.
#
# ## Posts that come twice
#
# A client that got no reply sends again, so a post may be in the stream twice, and Kinesis cannot know. Two remedies.
# The first: Spark remembers each record for a while, its *state*, and drops what it has seen. Send the same 30 posts
# twice and look.

# %%
import json
import time
from datetime import UTC, datetime

time.sleep(1)
moment = json.dumps({"at_timestamp": datetime.now(UTC).isoformat(timespec="milliseconds")})
for _ in range(2):
    emulate(workbook, invoke_url, posts=30, rate=500.0, seed=seed, batch=30, progress=False)

# %%
from helpers.streaming.progress import state_rows

twice = stream_queries.envelope(spark, workbook, "geo", keys, position=moment)
once = stream_queries.cleaned(stream_queries.first_of_each(twice, "10 minutes"), "geo")
remembering = stream_queries.start(once, *fresh("watermark"), ONCE)
_ = remembering.awaitTermination()
kept = stream_queries.rows_in(spark, f"{workbook.id}_watermark")
print("rows:", kept, "records in the state:", state_rows(remembering))

# %% [markdown]
# Sixty records came, thirty rows are there, and thirty records take memory until the *watermark*, ten minutes behind
# the latest arrival, has passed them. A repetition that comes later than that gets through.
#
# The second remedy needs no memory and knows no "too late": `MERGE` asks the table itself. It reads the table for every
# batch, so it costs more, the more there is.

# %%
merged, checkpoint = fresh("merge")
_ = spark.sql(f"CREATE TABLE {merged} AS SELECT * FROM {workbook.stream_table('geo')} LIMIT 0")


def merge(batch, number):
    """Insert the rows of a micro-batch that the table does not have yet."""
    batch.dropDuplicates(["ind"]).createOrReplaceTempView("news")
    batch.sparkSession.sql(f"MERGE INTO {merged} t USING news n ON t.ind = n.ind WHEN NOT MATCHED THEN INSERT *")


# %%
writer = stream_queries.cleaned(twice, "geo").writeStream.foreachBatch(merge).option("checkpointLocation", checkpoint)
_ = writer.trigger(availableNow=True).start().awaitTermination()
print("rows:", stream_queries.rows_in(spark, merged))

# %% [markdown]
# ## Batch meets stream
#
# The same posts through Kafka, Connect and S3, cleaned by the same functions: do both ways end in the same tables?

# %%
from helpers import user_posting_emulation as batch_emulation
from helpers.kafka import client as kafka_client
from helpers.kafka import msk_connect, sink_objects

_ = sink_objects.create_bucket(workbook)
_ = kafka_client.create_topics(workbook)
properties = msk_connect.sink_properties(workbook, flush_size=500, folder="meets", rotate_schedule_ms=1000)
_ = msk_connect.put_connector(workbook, properties)
print(batch_emulation.emulate(workbook, posts=posts, rate=500.0, seed=seed, progress=False))
_ = msk_connect.wait_until_stored(workbook)

# %%
from helpers.cleaning import CLEANERS, deduplicate
from helpers.raw import read_raw

streamed, batch = {}, {}
for table in TABLES:
    raw = read_raw(spark, workbook.topic_path(table, "meets"), table)
    batch[table] = deduplicate(CLEANERS[table](raw))
    streamed[table] = deduplicate(spark.table(workbook.stream_table(table)))
    both = batch[table].exceptAll(streamed[table]).isEmpty() and streamed[table].exceptAll(batch[table]).isEmpty()
    print(f"{table:5} the same rows: {both}")

# %% [markdown]
# And so the eight answers of milestone 7 are the same. (If you posted with another seed on one way only, they differ.)

# %%
from helpers import analytics


def answers(tables):
    """Answer the eight questions from three clean tables."""
    pin, geo, user = (tables[name] for name in TABLES)
    pairs = [analytics.popular_category_by_country, analytics.popular_category_by_year,
             analytics.most_followed_by_country, analytics.country_of_most_followed]  # fmt: skip
    people = [analytics.popular_category_by_age_group, analytics.median_followers_by_joining_year,
              analytics.median_followers_by_joining_year_and_age_group]  # fmt: skip
    frames = [ask(pin, geo) for ask in pairs] + [ask(pin, user) for ask in people]
    return [frame.toPandas() for frame in [*frames, analytics.users_joined_by_year(user)]]


# %%
pairs = zip(answers(batch), answers(streamed), strict=True)
print([one.equals(other) for one, other in pairs])

# %% [markdown]
# ## What you did
#
# 1. You created three streams, and an API that calls Kinesis by templates, in a role of its own.
# 2. You sent posts, and saw a hot shard.
# 3. You read, cleaned and stored three streams, a checkpoint each.
# 4. You lost a query to a shared checkpoint, numbers to a wrong schema, and nothing to `latest` but time.
# 5. You compared both ways: one set of functions, the same tables, the same answers.
#
# **Quiz.** Answer first, then unfold.
#
# <details><summary>You delete a query's checkpoint and start it again. What happens to its table?</summary>
# The query is new: it begins at its initial position and appends everything that is still kept once more. Delta
# cannot know that these are the same batches.
# </details>
#
# <details><summary>The stream's records are kept for a day, and your query was stopped for two. What now?</summary>
# A day's records are gone. The source says so and stops, rather than go on with a gap; `failOnDataLoss` set to false
# goes on with what is left.
# </details>
#
# <details><summary>Why do the counts in the picture rise in steps?</summary>
# Spark writes micro-batches. Between two commits nothing can be read.
# </details>
#
# **Clean up.** No query runs any more. On AWS, `kinesis_streams.delete(workbook, stream)` for each stream ends what
# costs by the hour, and the cluster has a button of its own.

# %%
print([query.name for query in spark.streams.active])

# %% [markdown]
# previous: [Airflow](08_mwaa_dag.ipynb) · index: [README](../README.md)
