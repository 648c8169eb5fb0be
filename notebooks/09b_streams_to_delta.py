# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Milestone 9, part 2: streams into Delta tables
#
# You read three streams with Spark while posts arrive, clean them with the functions of milestone 7, and watch three
# Delta tables grow.
#
# **You will**
#
# 1. read a stream, and turn its bytes into columns (task 4),
# 2. clean a stream as you clean a table (task 5),
# 3. write a query that goes on where it stopped (task 6),
# 4. watch three tables grow while the emulator posts.
#
# **Before you start:** the lab runs (`make lab`, or `python -m lab up`); no earlier notebook is needed.
# Not on serverless compute of Databricks: it runs no stream that goes on by itself.
# **Time:** two minutes to run, 40 minutes to work through. **Cost on AWS:** six shards cost 2.16 dollars a day, also
# when nobody posts (us-east-1, checked in November 2026), and the cluster of Databricks as long as it runs.

# %% [markdown]
# ## You are here
#
# ```mermaid
# flowchart LR
#   accTitle: Milestone 9, part 2
#   accDescr {
#     Spark reads the three streams in micro-batches, decodes and cleans the rows, and appends them to three Delta
#     tables. For each stream a checkpoint keeps how far its query has come.
#   }
#   K["Kinesis: three streams"] -- "format kinesis" --> D[decode] --> C["clean, as in milestone 7"]
#   C -- "a micro-batch" --> T["Delta tables: _pin_table, _geo_table, _user_table"]
#   C -.-> P[(checkpoints)]
# ```
#
# The picture in words: Spark reads the three streams in micro-batches, decodes and cleans the rows, and appends them to
# three Delta tables. For each stream a checkpoint keeps how far its query has come.

# %% tags=["parameters"]
posts = 200  # posts that the emulator sends while you watch
rate = 25.0  # posts a second; the course's emulator sends one every 0 or 1 s
seed = 100  # start of the random numbers: the same seed draws the same posts

# %% [markdown]
# ## Set up
#
# `catch_up.streams` makes streams and API as part 1 did, as far as they are not there. Fifty posts, so that there is
# something to read.

# %%
from helpers import databricks
from helpers.checks import notebook_09b as lesson
from helpers.config import TABLES, Workbook
from helpers.notebook import catch_up
from helpers.user_posting_emulation_streaming import emulate

workbook = Workbook.load()
spark, dbutils, display = databricks.attach()
invoke_url = catch_up.streams(workbook)
print(emulate(workbook, invoke_url, posts=50, rate=500.0, seed=seed, batch=50, progress=False))

# %% [markdown]
# ## Task 4: read the streams
#
# The cluster reads a stream with keys that may do so. You find them where milestone 6 found them.

# %%
keys = {
    "awsAccessKey": dbutils.secrets.get("aws", "access_key_id"),
    "awsSecretKey": dbutils.secrets.get("aws", "secret_access_key"),
}
print(*keys)

# %% [markdown]
# ### Exercise 1: open a stream
#
# Spark opens a stream as it opens a file, with `readStream` in the place of `read`: a format, some options, and `load`.
# The format is `kinesis`. Its options are `streamName`, `region`, `initialPosition`, which is `earliest` or `latest`,
# and the keys. You want all that the stream still keeps. The check makes a stream of three records, and lets a query
# take what your frame gives. Expected: three records, and six columns.

# %%
from pyspark.sql import DataFrame, SparkSession


# %% tags=["exercise-1"]
def read_stream(spark: SparkSession, stream: str, region: str, keys: dict) -> DataFrame:
    """Open a Kinesis stream at the oldest record that it still keeps; `keys` are options with the keys."""
    ...


# %%
lesson.check(1, read_stream, spark, workbook, keys)

# %%
records = read_stream(spark, workbook.stream("geo"), workbook.region, keys)
records.printSchema()

# %% [markdown]
# Now use ours: `stream_queries.envelope` does the same for a table's name, and takes another position.
#
# That is the *envelope*: what Kinesis knows of a record. The post itself is bytes in `data`. A streaming frame has no
# rows to show before a query writes it somewhere. Write the envelope once, with what is there now (`availableNow`),
# into a table of its own, and look at the first post that the emulator drew. `fresh` forgets what an earlier run of
# this notebook left under a name.

# %%
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from helpers.raw import GEO_SCHEMA
from helpers.streaming import queries as stream_queries

ONCE = {"availableNow": True}


def fresh(name: str) -> tuple[str, str]:
    """Give a table and a checkpoint that are new."""
    dbutils.fs.rm(workbook.checkpoint(name), True)
    spark.sql(f"DROP TABLE IF EXISTS {workbook.id}_{name}")
    return f"{workbook.id}_{name}", workbook.checkpoint(name)


# %%
from helpers.emulator.postings import PostsDatabase, draws

_ = stream_queries.start(records, *fresh("envelope"), ONCE).awaitTermination()
envelope = spark.table(f"{workbook.id}_envelope")
number = PostsDatabase(workbook.database_url).posting(next(draws(seed))[1]).rows["geo"]["ind"]
first = envelope.where(f"partitionKey = '{number}'")
first.selectExpr("partitionKey", "stream", "string(data) AS data").distinct().toPandas()

# %% [markdown]
# An option that does not exist is worth a warning, as it has no effect:

# %%
import warnings

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    reader = spark.readStream.format("kinesis").option("streamName", workbook.stream("geo"))
    _ = reader.option("fetchPeriod", "1s").load()
print(*(one.message for one in caught), sep="\n")

# %% [markdown]
# ### Exercise 2: from bytes to columns
#
# `data` is bytes. As text it is a line of JSON, as the lines in the bucket were. Turn it into the columns of
# `GEO_SCHEMA`, and leave out what has no whole number as `ind`. Keep every other row, whatever else it lacks.

# %% tags=["exercise-2"]
def decoded_geo(records: DataFrame) -> DataFrame:
    """Turn the `data` of an envelope into the columns of GEO_SCHEMA; leave out rows without `ind`."""
    ...


# %%
lesson.check(2, decoded_geo, spark)

# %% [markdown]
# Now use ours: `decoded` also tells `{…} and more` from JSON, and `set_aside` keeps what it leaves out.

# %%
decoded_geo(first).distinct().toPandas()

# %% [markdown]
# ## Task 5: clean
#
# The functions of milestone 7 are column expressions, so they take a stream as they take a table. `observed` adds a
# report of the arrival times, for the picture below.

# %%
from helpers.notebook import show_code

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

# %% [markdown]
# ### Exercise 3: a query that goes on where it stopped
#
# Write the function that starts a query: it appends a stream to a Delta table and keeps its place in `checkpoint`. With
# the trigger `availableNow` it takes what is there and ends. The check starts your query twice, as after a crash, and
# then a second one with a checkpoint of its own.

# %% tags=["exercise-3"]
def store(frame: DataFrame, table: str, checkpoint: str) -> StreamingQuery:
    """Start a query that appends what is there of a stream to a Delta table."""
    ...


# %%
lesson.check(3, store, spark)

# %% [markdown]
# Ours also takes other triggers, and gives the query a name:

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


for query in write(ONCE).values():
    query.awaitTermination(300)
    print(query.name, query.status["message"].lower())

# %% [markdown]
# Then let them run, and watch while the emulator posts. Above: how the tables grow. Below: for each small batch, how
# long its oldest record had waited when it could be read. `marked` draws lines where the posting begins and ends.

# %% tags=["nbval-ignore-output"]
# Output not compared: the picture shows times.
from helpers.streaming.live_view import LiveView

queries = write()
with LiveView(queries, f"{posts} rows in each table") as view:
    with view.marked("users post"):
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
# **Predict, then run.** The queries have stopped. Now fifty posts come, and then the queries start again with the
# checkpoints that they had. How many new rows does each table get?

# %%
guess = lesson.predict(1, 50)

# %%
before = {table: stream_queries.rows_in(spark, workbook.stream_table(table)) for table in TABLES}
_ = emulate(workbook, invoke_url, posts=50, rate=500.0, seed=seed, batch=50, progress=False)
_ = [query.awaitTermination(300) for query in write(ONCE).values()]
new = {table: stream_queries.rows_in(spark, workbook.stream_table(table)) - before[table] for table in TABLES}
print(new)
guess.answer(new["pin"])

# %% [markdown]
# ## Break it on purpose
#
# What a query has read, only its checkpoint knows. Start one, start it again, delete its checkpoint, and start it once
# more: the table has the same rows, the same rows, and then each of them twice. Nothing warns of it.

# %%
table, checkpoint = fresh("forgotten")


def rows_after_a_start() -> int:
    """Let the query take what is there; count the rows of its table."""
    store(clean["geo"], table, checkpoint).awaitTermination()
    return spark.table(table).count()


# %%
first, again = rows_after_a_start(), rows_after_a_start()
dbutils.fs.rm(checkpoint, True)
print("started again:", again / first, "times the rows; without its checkpoint:", rows_after_a_start() / first)

# %% [markdown]
# ## What you did
#
# 1. You read a stream, and turned its bytes into columns.
# 2. You cleaned it with the functions that clean a table.
# 3. You wrote a query that goes on where it stopped, and saw what it does without its checkpoint.
# 4. You watched three tables grow, in steps.
#
# **Quiz.** Put in a letter for each question. Whoever reads this on a web page finds the answers folded below.

# %%
lesson.questions()

# %%
lesson.quiz("c", "a", "b")

# %% [markdown]
# <details><summary>The answers</summary>
#
# 1. A day's records are gone. The source says so and stops; `failOnDataLoss` set to false goes on with what is left.
# 2. Spark writes micro-batches. Between two commits nothing can be read.
# 3. It holds the place in one source and the numbers of the batches in one table.
#
# </details>
#
# **Clean up.** No query runs any more. On AWS the streams cost until they are deleted, and the cluster until it is
# stopped.

# %%
print([query.name for query in spark.streams.active])

# %% [markdown]
# previous: [posts into Kinesis](09a_kinesis_ingest.ipynb) · next: [streams that fail](09c_streams_that_fail.ipynb) ·
# index: [README](../README.md)
