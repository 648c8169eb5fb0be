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
# 1. read a stream, turn its bytes into columns, and set aside what cannot be read (task 4),
# 2. clean a stream as you clean a table (task 5),
# 3. write queries that go on where they stopped, and one that forgets (task 6),
# 4. watch three tables grow while the emulator posts, and tell where the time goes.
#
# **Before you start:** the lab runs (`make lab`, or `python -m lab up`); no earlier notebook is needed.
# Not on serverless compute of Databricks: it runs no stream that goes on by itself.
# **Time:** half a minute to run, 80 minutes to work through. **Cost on AWS:** six shards cost 2.16 dollars a day, also
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
#   K["Kinesis:<br/>three streams"] -- "format<br/>kinesis" --> D[decode] --> C["clean, as in<br/>milestone 7"]
#   C -- "a micro-<br/>batch" --> T["Delta:<br/>_pin_table,<br/>_geo_table,<br/>_user_table"]
#   C -.-> P[(checkpoints)]
# ```
#
# The picture in words: Spark reads the three streams in *micro-batches*, each of which is what has come since the last
# one. It decodes and cleans the rows, and appends them to three Delta tables. For each stream a checkpoint keeps how
# far its query has come.

# %% tags=["parameters"]
posts = 200  # posts that the emulator sends while you watch
rate = 25.0  # posts a second; the course's emulator sends one every 0 or 1 s
seed = 100  # start of the random numbers: the same seed draws the same posts

# %% [markdown]
# ## Set up
#
# `catch_up.streams` makes streams and API as part 1 did, as far as they are not there. Fifty posts, so that there is
# something to read, and a record that is none of ours: whoever may write into a stream may write anything.

# %%
from helpers import databricks
from helpers.checks import notebook_09b as lesson
from helpers.config import Workbook
from helpers.notebook import catch_up
from helpers.user_posting_emulation_streaming import emulate

workbook = Workbook.load()
spark, dbutils, display = databricks.attach()
invoke_url = catch_up.streams(workbook)
print(emulate(workbook, invoke_url, posts=50, rate=500.0, seed=seed, batch=50, progress=False))
note = {"Data": b"good morning", "PartitionKey": "note"}
_ = workbook.client("kinesis").put_record(StreamName=workbook.stream("geo"), **note)

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
# and the keys: `.option("region", region)` sets one, `.options(**keys)` all those of a dictionary. You want all that
# the stream still keeps. The check makes a stream of three records, and lets a query take what your frame gives.
# Expected: three records, and six columns.

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
# into a table of its own, and look at the first post that the emulator drew. `fresh` names a table and a checkpoint,
# and deletes what an earlier run of this notebook left there.

# %%
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from helpers.raw import GEO_SCHEMA, SCHEMAS
from helpers.streaming import queries as stream_queries

ONCE = {"availableNow": True}

# %%
from helpers.emulator.postings import PostsDatabase, draws

table, checkpoint = stream_queries.fresh(spark, dbutils, workbook, "envelope")
_ = stream_queries.start(records, table, checkpoint, ONCE).awaitTermination()
envelope = spark.table(table)
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
# `GEO_SCHEMA`, so that it can be cleaned as the batch is, and leave out what has no whole number as `ind`. Keep every
# other row, whatever else it lacks: that is for the cleaning to judge.
#
# | call | what it does |
# |---|---|
# | `F.col("data").cast("string")` | reads bytes as text |
# | `F.from_json(text, GEO_SCHEMA)` | one column with fields in it, a *struct*; what does not fit is null |
# | `records.select(column.alias("row"))` | a frame of this column, named `row` |
# | `.select("row.*")` | makes a column of each field of `row` |
# | `.where("country IS NOT NULL")` | keeps the rows that fit a condition |
#
# The check has five records: two of them are to be left out, one whose `ind` is a word, and one that is no JSON.
# Expected: the rows 1, 2 and 3.

# %% tags=["exercise-2"]
def decoded_geo(records: DataFrame) -> DataFrame:
    """Turn the `data` of an envelope into the columns of GEO_SCHEMA; leave out rows without `ind`."""
    ...


# %%
lesson.check(2, decoded_geo, spark)

# %% [markdown]
# Use it on the first post:

# %%
decoded_geo(first).distinct().toPandas()

# %% [markdown]
# ### Exercise 3: what cannot be read
#
# What `decoded_geo` leaves out is not to be lost: somebody sent it, and somebody wants to know. Write its other half.
# It keeps the records without a whole number as `ind`, with all columns of the envelope, and adds a column `text`, the
# data as text. With `row = F.from_json(…)`, `row["ind"]` is a field of that column; `.isNull()` asks whether there is
# none; `records.where(…)` takes such a condition, and `records.withColumn("text", …)` adds a column.
#
# The check has the five records of the exercise before, with the columns `partitionKey` and `data`. Expected: two of
# them, each with these two columns and `text`.

# %% tags=["exercise-3"]
def set_aside(records: DataFrame) -> DataFrame:
    """Keep the records of an envelope that have no whole number as `ind`: all their columns, and `text`, the data."""
    ...


# %%
lesson.check(3, set_aside, spark)

# %% [markdown]
# Use it: somebody has sent a note.

# %%
set_aside(envelope).where("partitionKey = 'note'").select("stream", "partitionKey", "text").distinct().toPandas()

# %% [markdown]
# Now use ours: `stream_queries.decoded` and `stream_queries.set_aside` also tell `{…} and more` from JSON.
#
# ## Task 5: clean
#
# ### Exercise 4: any of the three streams, cleaned
#
# The functions of milestone 7 are column expressions, so they take a stream as they take a table. Write one function
# for all three: decode the records with `SCHEMAS[table]`, leave out those without a number, and hand the rest to
# `CLEANERS[table]`, which is `clean_pin`, `clean_geo` or `clean_user`. Mind the number: it is the first column of each
# schema, and raw pins call it `index`. `SCHEMAS[table].names` lists the columns; `F.col(name).isNotNull()` is a
# condition on the column of a name, for `where`.
#
# The check has some records for each table, and a stream. Expected: clean columns, and no row without a number.

# %%
from helpers.cleaning import CLEANERS


# %% tags=["exercise-4"]
def cleaned(records: DataFrame, table: str) -> DataFrame:
    """Decode the records of a table's stream, leave out those without a number, and clean the rest as the batch is."""
    ...


# %%
lesson.check(4, cleaned, spark)

# %% [markdown]
# Clean all three. `observed` adds a report of the arrival times, for the picture below.

# %%
from helpers.config import TABLES

clean = {}
for table in TABLES:
    records = stream_queries.envelope(spark, workbook, table, keys)
    clean[table] = cleaned(stream_queries.observed(records), table)
print(clean["pin"].isStreaming, clean["pin"].columns[:5])

# %% [markdown]
# ## Task 6: three Delta tables
#
# A query needs a target and a *checkpoint*: a folder of its own, where it notes which records a batch holds before it
# writes them. After a crash the same batch holds the same records, and Delta knows the batches it has. So every record
# is in the table once.

# %% [markdown]
# ### Exercise 5: a query that goes on where it stopped
#
# Write the function that starts a query: it appends a stream to a Delta table and keeps its place in `checkpoint`. With
# the trigger `availableNow` it takes what is there and ends. `frame.writeStream` begins; `.format("delta")`,
# `.outputMode("append")`, `.option("checkpointLocation", …)` and `.trigger(…=True)` follow in any order;
# `.toTable(table)` starts the query and gives it back. The check starts your query twice on a stream of five rows, as
# after a crash, and then a second one with a checkpoint of its own. Expected: five rows in its table, still five after
# the second start, and five in the other table.

# %% tags=["exercise-5"]
def store(frame: DataFrame, table: str, checkpoint: str) -> StreamingQuery:
    """Start a query that appends what is there of a stream to a Delta table."""
    ...


# %%
lesson.check(5, store, spark)

# %% [markdown]
# Now use ours: it also takes other triggers, and gives the query a name:

# %%
from helpers.notebook import show_code

show_code.show(stream_queries.start)

# %% [markdown]
# Dozens of rows a second are few. Spark would generate Java code for each batch and split it into tasks, which pays for
# millions of rows. A query keeps the settings it started with; with those of `small_batches` it generates no code, and
# makes few tasks.

# %%
for setting, value in stream_queries.SMALL_BATCHES.items():
    print(f"{setting:42}{value}")

# %% [markdown]
# ### Exercise 6: a query for each table
#
# Three tables need three queries, each with a table and a checkpoint of its own. Write the function that starts them
# and gives them back by table. `frames` is a dict such as `clean`; the names are `workbook.stream_table(table)` and
# `workbook.checkpoint(table)`; ours starts one query, as in `stream_queries.start(frame, name, checkpoint, trigger)`.
# The trigger may be None, which means: go on. Start them in a block `with stream_queries.small_batches(spark):`.
#
# The check hands in three streams of one, two and three rows, and names of its own. Expected: as many rows in the
# tables, and three queries that end with `{"availableNow": True}`.

# %% tags=["exercise-6"]
def start_all(spark: SparkSession, frames: dict, workbook: Workbook, trigger=None) -> dict[str, StreamingQuery]:
    """Start a query for each frame, into the stream table of its name and with its checkpoint: table → query."""
    ...


# %%
lesson.check(6, start_all, spark)

# %% [markdown]
# First let each query take what is there and end.

# %%
queries = start_all(spark, clean, workbook, ONCE)
for query in queries.values():
    query.awaitTermination(300)
    print(query.name, query.status["message"].lower())

# %% [markdown]
# Then let them run, and watch while the emulator posts. Above: how the tables grow. Below: for each small batch, how
# long its oldest record had waited when it could be read. `marked` draws lines where the posting begins and ends.

# %% tags=["nbval-ignore-output"]
# Output not compared: the picture shows times.
from helpers.streaming.live_view import LiveView

queries = start_all(spark, clean, workbook)
with LiveView(queries, f"{posts} rows in each table") as view:
    with view.marked("users post"):
        tally = emulate(workbook, invoke_url, posts=posts, rate=rate, seed=seed, progress=False)
    view.wait_for(posts)

# %%
print(tally)
print(view.rows())

# %% [markdown]
# The same numbers: each post gave one row in each table. Where does the time go: into asking Kinesis, or into what
# Spark does with the rows, which ends with the *commit* of a Delta table? A commit costs the same for one row as for a
# thousand. So a longer interval between micro-batches makes fewer and larger files, and makes readers wait longer.
#
# ### Exercise 7: where the time goes
#
# Spark reports on each micro-batch, as in
#
# ```python
# {"sources": [{"numInputRows": 25}],
#  "durationMs": {"triggerExecution": 900, "latestOffset": 200, "getBatch": 10}}
# ```
#
# and more beside these. `triggerExecution` is the whole of it; `latestOffset` and `getBatch` are what asking the source
# took, in milliseconds. A query like ours has one source, `report["sources"][0]`. Write the function that finds two
# medians in seconds: of the whole, and of asking. Leave out the micro-batches without rows, which are quick because
# they had nothing to do. `statistics.median` takes a list.
#
# The check has seven reports, made up. Expected: 1.0 s, and 0.27 s of it for asking.

# %%
from statistics import median


# %% tags=["exercise-7"]
def median_seconds(reports: list[dict]) -> tuple[float, float]:
    """Find the median seconds of the micro-batches with rows: of a whole one, and of asking Kinesis in it."""
    ...


# %%
lesson.check(7, median_seconds)

# %% tags=["nbval-ignore-output"]
# Output not compared: seconds differ from run to run.
from helpers.spark_versions import report

for table, query in queries.items():
    whole, asking = median_seconds([report(one) for one in query.recentProgress])
    print(f"{table:5} {whole:.1f} s a micro-batch, of which asking Kinesis {asking:.2f} s")
    query.stop()

# %% [markdown]
# What is left when asking is taken off is the work on the rows, and the commit. **Predict, then run.** The queries have
# stopped. Now fifty posts come, and then the queries start again with the
# checkpoints that they had. How many new rows does each table get?

# %%
guess = lesson.predict(1, 50)

# %%
before = {table: stream_queries.rows_in(spark, workbook.stream_table(table)) for table in TABLES}
_ = emulate(workbook, invoke_url, posts=50, rate=500.0, seed=seed, batch=50, progress=False)
_ = [query.awaitTermination(300) for query in start_all(spark, clean, workbook, ONCE).values()]
new = {table: stream_queries.rows_in(spark, workbook.stream_table(table)) - before[table] for table in TABLES}
print(new)
guess.answer(new["pin"])

# %% [markdown]
# ## Break it on purpose
#
# What a query has read, only its checkpoint knows.
#
# ### Exercise 8: begin anew
#
# Now and then everything is to be read once more. Write the function that forgets a query: both its table and its
# checkpoint are gone afterwards, and where one of them is not there, nothing is said. `spark.sql(…)` takes
# `DROP TABLE IF EXISTS`; `dbutils.fs.rm(folder, True)` deletes a folder with all that is in it, if it is there.
#
# The check starts a query, lets you forget it, and starts it again. Expected: as many rows as at first.

# %% tags=["exercise-8"]
def forget(spark: SparkSession, dbutils, table: str, checkpoint: str) -> None:
    """Delete a table, and the checkpoint of the query that filled it, if they are there."""
    ...


# %%
lesson.check(8, forget, spark, dbutils)

# %% [markdown]
# ### Exercise 9: what only the checkpoint knows
#
# Now break it. Store a stream with your `store` and wait for its end, `.awaitTermination()`; store it again; delete the
# checkpoint, and store it once more. After each start look how many rows the table has, with
# `frame.sparkSession.table(table).count()`, and give back the three numbers in a list.
#
# The check has a stream of five rows. What do you expect, before you run it?

# %% tags=["exercise-9"]
def three_starts(dbutils, frame: DataFrame, table: str, checkpoint: str) -> list[int]:
    """Store a stream, store it again, delete its checkpoint, store it once more: the table's rows after each start."""
    ...


# %%
lesson.check(9, three_starts, spark, dbutils)

# %%
table, checkpoint = f"{workbook.id}_forgotten", workbook.checkpoint("forgotten")
forget(spark, dbutils, table, checkpoint)
first, again, without = three_starts(dbutils, clean["geo"], table, checkpoint)
print("started again:", again / first, "times the rows; without its checkpoint:", without / first)

# %% [markdown]
# The same rows, the same rows, and then each of them twice. Nothing warns of it.

# %% [markdown]
# ## What you did
#
# 1. You read a stream, turned its bytes into columns, and set aside what cannot be read.
# 2. You cleaned it with the functions that clean a table.
# 3. You wrote queries that go on where they stopped, saw what one does without its checkpoint, and let one forget.
# 4. You watched three tables grow, in steps, and measured where the time goes.
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
