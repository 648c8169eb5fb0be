# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Milestone 9, part 3: streams that fail, and batch against stream
#
# You make the mistakes that cost data elsewhere, deal with posts that come twice, and show that batch and stream end in
# the same tables.
#
# **You will**
#
# 1. give two queries one checkpoint, read with a wrong schema, and wait at `latest`,
# 2. drop repetitions with a memory, and without one,
# 3. compare the tables of both ways, and the eight answers.
#
# **Before you start:** the lab runs (`make lab`, or `python -m lab up`); no earlier notebook is needed.
# Not on serverless compute of Databricks: it runs no stream that goes on by itself.
# **Time:** two minutes to run, 40 minutes to work through. **Cost on AWS:** as in part 2; the comparison also needs
# the connector of milestone 4, 11 cents an hour.

# %% [markdown]
# ## You are here
#
# ```mermaid
# flowchart LR
#   accTitle: Milestone 9, part 3
#   accDescr {
#     The same posts go two ways: through Kinesis and streaming queries, and through Kafka, Connect and S3 into a batch.
#     The same functions clean both, and the tables are compared.
#   }
#   E[emulator] --> K[Kinesis] --> Q[streaming queries] --> C{the same?}
#   E --> T[Kafka] --> S[Connect and S3] --> B[batch] --> C
# ```
#
# The picture in words: the same posts go two ways, through Kinesis and streaming queries, and through Kafka, Connect
# and S3 into a batch. The same functions clean both, and the tables are compared.

# %% tags=["parameters"]
posts = 200  # posts that go both ways
seed = 100  # start of the random numbers: the same seed draws the same posts

# %% [markdown]
# ## Set up
#
# Streams and API as part 1 made them, the posts, and the three tables as part 2 filled them.

# %%
from helpers import databricks
from helpers.checks import notebook_09c as lesson
from helpers.config import TABLES, Workbook
from helpers.notebook import catch_up
from helpers.streaming import queries as stream_queries
from helpers.user_posting_emulation_streaming import emulate

workbook = Workbook.load()
spark, dbutils, display = databricks.attach()
invoke_url = catch_up.streams(workbook)
print(emulate(workbook, invoke_url, posts=posts, rate=500.0, seed=seed, batch=50, progress=False))

# %%
keys = {
    "awsAccessKey": dbutils.secrets.get("aws", "access_key_id"),
    "awsSecretKey": dbutils.secrets.get("aws", "secret_access_key"),
}
ONCE = {"availableNow": True}
clean = {
    table: stream_queries.cleaned(stream_queries.envelope(spark, workbook, table, keys), table) for table in TABLES
}
with stream_queries.small_batches(spark):
    started = [
        stream_queries.start(clean[table], workbook.stream_table(table), workbook.checkpoint(table), ONCE)
        for table in TABLES
    ]

# %%
for query in started:
    query.awaitTermination(300)
    print(query.name, query.status["message"].lower())


# %%
def fresh(name: str) -> tuple[str, str]:
    """Give a table and a checkpoint that are new."""
    dbutils.fs.rm(workbook.checkpoint(name), True)
    spark.sql(f"DROP TABLE IF EXISTS {workbook.id}_{name}")
    return f"{workbook.id}_{name}", workbook.checkpoint(name)


# %% [markdown]
# ## Break it on purpose
#
# **One checkpoint for two queries.** Of the course's solutions, three in eleven do this. Spark takes the second query
# for the first, started again: it stops the first, silently. `attach` warns of it.

# %%
import warnings

from helpers.streaming.progress import batches
from helpers.waiting import wait_until

_, shared = fresh("shared")
first = stream_queries.start(clean["pin"], f"{workbook.id}_first", shared)
_ = wait_until(lambda: batches(first), 60, "the first query to write something")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    second = stream_queries.start(clean["geo"], f"{workbook.id}_second", shared)
print(*(str(one.message).partition(". ")[2] for one in caught), sep="\n")

# %% [markdown]
# The second query goes on where the first was, in a stream that is not its own. Our source says so and ends; the first
# has stopped without an error, and nobody would have noticed.

# %%
_ = wait_until(lambda: not second.isActive, 60, "the second query to end")
print("first: ", first.status["message"], "- its error:", first.exception())
print("second:", str(second.exception()).partition("KinesisError: ")[2].splitlines()[0])

# %% [markdown]
# **A schema with `follower_count` as a number.** The posts say `"124k"`, as text. Spark reads what does not fit its
# schema as null, and goes on.

# %%
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

text = F.col("data").cast("string")
sent = F.get_json_object(text, "$.follower_count").alias("as_sent")
pins = stream_queries.envelope(spark, workbook, "pin", keys)
pins = pins.select(sent, F.from_json(text, "index INT, category STRING, follower_count INT").alias("pin"))
wrong, checkpoint = fresh("wrong_schema")
_ = stream_queries.start(pins.select("as_sent", "pin.*"), wrong, checkpoint, ONCE).awaitTermination()
spark.table(wrong).distinct().orderBy("index").limit(5).toPandas()

# %% [markdown]
# Every pin is there, and every number is lost, without an error. Read as text what is text; make numbers in the
# cleaning, where you can count what does not fit.
#
# **`latest` with nobody posting.** A query without a checkpoint that begins at `latest` waits for what comes. If
# nothing comes, nothing happens, and it looks as if it were broken.
#
# **Predict, then run.** Two hundred posts are in the stream. How many rows does a query get that begins at `latest`
# and takes what is there?

# %%
guess = lesson.predict(1, 0)

# %%
latest = stream_queries.envelope(spark, workbook, "pin", keys, position="latest")
late, checkpoint = fresh("latest")
_ = stream_queries.start(latest, late, checkpoint, ONCE).awaitTermination()
guess.answer(stream_queries.rows_in(spark, late))

# %% [markdown]
# The course says `earliest`, which reads what is still kept. Only the first start of a query asks for a position; after
# that its checkpoint decides, whatever the option says.
#
# ## Posts that come twice
#
# A client that got no reply sends again, so a post may be in the stream twice, and Kinesis cannot know. Two remedies.
# The first: Spark remembers each record for a while, its *state*, and drops what it has seen. For how long? A
# *watermark* is a moment that follows the latest arrival at a distance; what is older may be forgotten.
#
# ### Exercise 1: a memory that forgets
#
# Write it for an envelope: a record is dropped if its `data` has come before, and is remembered for 10 minutes, in the
# time of `approximateArrivalTimestamp`. The check lets records arrive in four small batches: one comes again after a
# minute and after 35, and one of a post comes changed. Expected: the first repetition is dropped; the second, long
# after the ten minutes, gets through; and Spark remembers 3 records in the end.

# %% tags=["exercise-1"]
def first_of_each(records: DataFrame) -> DataFrame:
    """Drop records whose `data` has come before; remember each for 10 minutes of `approximateArrivalTimestamp`."""
    ...


# %%
lesson.check(1, first_of_each, spark)

# %% [markdown]
# Use it: send the same 30 posts twice and look. `at_timestamp` lets the query begin at a moment, and so leaves out what
# came before.

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
once = stream_queries.cleaned(first_of_each(twice), "geo")
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

# %% [markdown]
# ### Exercise 2: insert what is new
#
# `batch` is a micro-batch, `table` the name of a Delta table with the same columns. Insert the rows that the table does
# not have yet, and each of them once. The same post with a changed country is no repetition: as in milestone 7, only
# rows that are equal in every column are. Some rows have nulls.

# %% tags=["exercise-2"]
def insert_new(batch: DataFrame, table: str) -> None:
    """Insert the rows of a micro-batch that a table does not have yet."""
    ...


# %%
lesson.check(2, insert_new, spark)

# %% [markdown]
# Let a stream use it. `foreachBatch` calls a function with each micro-batch:

# %%
merged, checkpoint = fresh("merge")
_ = spark.sql(f"CREATE TABLE {merged} AS SELECT * FROM {workbook.stream_table('geo')} LIMIT 0")
cleaned = stream_queries.cleaned(twice, "geo").writeStream.option("checkpointLocation", checkpoint)
writer = cleaned.foreachBatch(lambda batch, number: insert_new(batch, merged))
_ = writer.trigger(availableNow=True).start().awaitTermination()
print("rows:", stream_queries.rows_in(spark, merged))

# %% [markdown]
# ## Batch meets stream
#
# The same posts through Kafka, Connect and S3, cleaned by the same functions: do both ways end in the same tables?
#
# ### Exercise 3: what two tables do not have in common
#
# "The same number of rows" is no proof. Write the count of rows that one table has and the other has not. Whole rows
# count, and a row that is there once more on one side counts as one. Expected: 2 for a row that was changed, as it is
# missing on both sides; 0 for the same rows in another order.

# %% tags=["exercise-3"]
def differing(batch: DataFrame, stream: DataFrame) -> int:
    """Count the rows that one of two tables has and the other has not; what is there twice counts twice."""
    ...


# %%
lesson.check(3, differing, spark)

# %% [markdown]
# Now the posts, on the second way:

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
    print(f"{table:5} {batch[table].count()} rows, {differing(batch[table], streamed[table])} of them differ")

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
    frames = {ask.__name__: ask(pin, geo) for ask in pairs} | {ask.__name__: ask(pin, user) for ask in people}
    frames |= {"users_joined_by_year": analytics.users_joined_by_year(user)}
    return {question: frame.toPandas() for question, frame in frames.items()}


# %%
import pandas as pd

by_batch, by_stream = answers(batch), answers(streamed)
for question, answer in by_batch.items():
    only_one_has = pd.concat([answer, by_stream[question]]).drop_duplicates(keep=False)
    print(f"{question:46} {len(answer):3} rows, {len(only_one_has)} of them differ")

# %% [markdown]
# ## What you did
#
# 1. You lost a query to a shared checkpoint, numbers to a wrong schema, and nothing to `latest` but time.
# 2. You dropped repetitions with a state that forgets, and with a MERGE that asks the table.
# 3. You compared both ways, row by row: one set of functions, the same tables, the same answers.
#
# **Quiz.** Put in a letter for each question. Whoever reads this on a web page finds the answers folded below.

# %%
lesson.questions()

# %%
lesson.quiz("b", "a", "c")

# %% [markdown]
# <details><summary>The answers</summary>
#
# 1. MERGE: the table still has the row. The state with ten minutes has forgotten it.
# 2. A checkpoint knows a query by its number. Spark takes the second query for the first, started again.
# 3. The stream. The batch has them when it runs again, and then both agree.
#
# </details>
#
# **Clean up.** No query runs any more. On AWS the streams cost until they are deleted; the last notebook lists all that
# is there, and deletes it.

# %%
print([query.name for query in spark.streams.active])

# %% [markdown]
# previous: [streams into Delta tables](09b_streams_to_delta.ipynb) · next: [clean up](10_clean_up.ipynb) ·
# index: [README](../README.md)
