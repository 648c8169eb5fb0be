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
# 1. give two queries one checkpoint, read with a wrong schema, and wait at `latest`; and write what would notice it,
# 2. drop repetitions with a memory, and without one,
# 3. compare the tables of both ways, and the eight answers.
#
# **Before you start:** the lab runs (`make lab`, or `python -m lab up`); no earlier notebook is needed.
# Not on serverless compute of Databricks: it runs no stream that goes on by itself.
# **Time:** half a minute to run, 80 minutes to work through. **Cost on AWS:** as in part 2; the comparison also needs
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
#   E[emulator] --> K[Kinesis] --> Q["streaming<br/>queries"] --> C{the same?}
#   E --> T[Kafka] --> S["Connect<br/>and S3"] --> B[batch] --> C
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
# Streams and API as part 1 made them, the posts, and the three tables as part 2 filled them: `fill` reads, cleans and
# writes all three, and gives back the cleaned streams.

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
clean = stream_queries.fill(spark, workbook, keys)
print(*clean)

# %% [markdown]
# ## Break it on purpose
#
# ### Exercise 1: what has become of a query?
#
# A query that runs without anybody looking needs somebody who looks. Write the function that tells three cases apart:
# it `runs`, it `has stopped` without an error, or it `has failed`. `query.isActive` is true as long as it runs;
# `query.exception()` is the error that ended it, or None. Mind that None has two meanings.
#
# The check starts three queries, stops one, and lets one fail. Expected: each of the three texts once.

# %%
from pyspark.sql.streaming.query import StreamingQuery


# %% tags=["exercise-1"]
def fate(query: StreamingQuery) -> str:
    """Tell what has become of a query: it `runs`, it `has stopped` without an error, or it `has failed`."""
    ...


# %%
lesson.check(1, fate, spark)

# %% [markdown]
# **One checkpoint for two queries.** Of the course's solutions, three in eleven do this. Spark takes the second query
# for the first, started again: it stops the first, silently. `attach` warns of it. `fresh` names a table and a
# checkpoint, and deletes what an earlier run of this notebook left there.

# %%
import warnings

from helpers.streaming.progress import batches
from helpers.waiting import wait_until

_, shared = stream_queries.fresh(spark, dbutils, workbook, "shared")
first = stream_queries.start(clean["pin"], f"{workbook.id}_first", shared)
_ = wait_until(lambda: batches(first), 60, "the first query to write something")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    second = stream_queries.start(clean["geo"], f"{workbook.id}_second", shared)
print(*(str(one.message).partition(". ")[2] for one in caught), sep="\n")

# %% [markdown]
# The second query goes on where the first was, in a stream that is not its own. Our source says so and ends; the first
# has stopped without an error, and nobody would have noticed. Except for your function:

# %%
_ = wait_until(lambda: not second.isActive, 60, "the second query to end")
print("first: ", fate(first))
print("second:", fate(second), "-", str(second.exception()).partition("KinesisError: ")[2].splitlines()[0])

# %% [markdown]
# **A schema with `follower_count` as a number.** The posts say `"124k"`, as text. Spark reads what does not fit its
# schema as null, and goes on.
#
# ### Exercise 2: what a schema loses
#
# Write the function that finds what was lost. The `data` of a record as text is `F.col("data").cast("string")`. Look
# into it twice: `F.get_json_object(text, "$.follower_count")` gives what the JSON says, as text, without any schema;
# `F.from_json(text, schema)["follower_count"]` gives what is left of it with one. Select them as `as_sent` and
# `as_read`, with `.alias(…)`, and keep the rows in which something was sent and nothing was read.
#
# The check has five records. Expected: with `follower_count INT`, the two that are text are lost; with
# `follower_count STRING`, none.

# %%
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F


# %% tags=["exercise-2"]
def misread(records: DataFrame, schema: str) -> DataFrame:
    """Keep the records whose `follower_count` a schema loses: `as_sent`, what the JSON says, and `as_read`, null."""
    ...


# %%
lesson.check(2, misread, spark)

# %% [markdown]
# Let a query use it on the pins:

# %%
pins = stream_queries.envelope(spark, workbook, "pin", keys)
wrong, checkpoint = stream_queries.fresh(spark, dbutils, workbook, "wrong_schema")
lossy = misread(pins, "index INT, category STRING, follower_count INT")
_ = stream_queries.start(lossy, wrong, checkpoint, ONCE).awaitTermination()
spark.table(wrong).distinct().orderBy("as_sent").limit(5).toPandas()

# %% [markdown]
# These pins came, and their numbers are lost, without an error (pandas shows the nulls as `NaN`). Read as text what is
# text; make numbers in the cleaning, where you can count what does not fit.
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
late, checkpoint = stream_queries.fresh(spark, dbutils, workbook, "latest")
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
# ### Exercise 3: a memory that forgets
#
# Write it for an envelope: a record is dropped if its `data` has come before, and is remembered for 10 minutes, in the
# time of `approximateArrivalTimestamp`, the column of its arrival.
#
# | call | what it does |
# |---|---|
# | `frame.withWatermark("time", "1 hour")` | lets a watermark follow the column `time` at this distance |
# | `frame.dropDuplicates(["a", "b"])` | drops rows that are equal in these columns, and remembers each for ever |
# | `frame.dropDuplicatesWithinWatermark(["a", "b"])` | the same, and forgets what the watermark has passed |
#
# The check lets records arrive in four small batches: one comes again after a minute and after 35, and one of a post
# comes changed. Expected: the first repetition is dropped; the second, long after the ten minutes, gets through; the
# changed one is kept; and Spark remembers 3 records in the end.

# %% tags=["exercise-3"]
def first_of_each(records: DataFrame) -> DataFrame:
    """Drop records whose `data` has come before; remember each for 10 minutes of `approximateArrivalTimestamp`."""
    ...


# %%
lesson.check(3, first_of_each, spark)

# %% [markdown]
# ### Exercise 4: a moment to begin at
#
# To try it you want a query that leaves out what came before. Between `earliest` and `latest` there is a third
# position: a moment, written as JSON, `{"at_timestamp": "2026-03-04T05:06:07.250+00:00"}`. Write the function that
# writes it. `moment.astimezone(UTC)` is the same instant by the clock of UTC; `.isoformat(timespec="milliseconds")`
# writes it; `json.dumps` makes JSON of a dict. Write it in UTC whatever clock `moment` comes with: then two such texts
# can be compared, in a log for example, whoever wrote them.
#
# The check reads what you write as the source does. Expected: the same instant, in UTC, for a moment of UTC and for one
# of a clock two hours ahead.

# %%
import json
from datetime import UTC, datetime


# %% tags=["exercise-4"]
def since(moment: datetime) -> str:
    """Write a moment as the option `initialPosition` takes it: JSON with `at_timestamp`, in UTC, to the millisecond."""
    ...


# %%
lesson.check(4, since)

# %% [markdown]
# Use both: send the same 30 posts twice and look.

# %%
import time

time.sleep(1)
moment = since(datetime.now(UTC))
for _ in range(2):
    emulate(workbook, invoke_url, posts=30, rate=500.0, seed=seed, batch=30, progress=False)

# %%
from helpers.streaming.progress import state_rows

twice = stream_queries.envelope(spark, workbook, "geo", keys, position=moment)
once = stream_queries.cleaned(first_of_each(twice), "geo")
kept, checkpoint = stream_queries.fresh(spark, dbutils, workbook, "watermark")
remembering = stream_queries.start(once, kept, checkpoint, ONCE)
_ = remembering.awaitTermination()
print("rows:", stream_queries.rows_in(spark, kept), "records in the state:", state_rows(remembering))

# %% [markdown]
# Sixty records came, thirty rows are there, and thirty records take memory until the *watermark*, ten minutes behind
# the latest arrival, has passed them. A repetition that comes later than that gets through.
#
# The second remedy needs no memory and knows no "too late": `MERGE` asks the table itself. It reads the table for every
# batch, so it costs more, the more there is.

# %% [markdown]
# ### Exercise 5: insert what is new
#
# `batch` is a micro-batch, `table` the name of a Delta table with the same columns. Insert the rows that the table does
# not have yet, and each of them once. The same post with a changed country is no repetition: as in milestone 7, only
# rows that are equal in every column are. Some rows have nulls.
#
# A statement that inserts what one table lacks is
#
# ```python
# "MERGE INTO orders there USING {news} news ON there.number = news.number WHEN NOT MATCHED THEN INSERT *"
# ```
#
# | part or call | what it does |
# |---|---|
# | `there`, `news` | short names for the two tables, in the condition behind `ON` |
# | `{news}` | stands for a frame: `batch.sparkSession.sql(statement, news=frame)` puts it in |
# | `there.a = news.a AND there.b = news.b` | a condition over several columns; `batch.columns` lists them |
# | `there.a <=> news.a` | equal, and true also where both are null, of which `=` says null |
# | `frame.dropDuplicates()` | one of each set of equal rows: MERGE looks at the table only, not at the other news |
#
# In an f-string, braces that are to stay are written twice, `{{news}}`. The check has a table of two rows, and a batch
# with both of them, a changed one, and a new row twice. Expected: four rows.

# %% tags=["exercise-5"]
def insert_new(batch: DataFrame, table: str) -> None:
    """Insert the rows of a micro-batch that a table does not have yet."""
    ...


# %%
lesson.check(5, insert_new, spark)

# %% [markdown]
# Let a stream use it. `foreachBatch` calls a function with each micro-batch:

# %%
merged, checkpoint = stream_queries.fresh(spark, dbutils, workbook, "merge")
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
# ### Exercise 6: what two tables do not have in common
#
# "The same number of rows" is no proof. Write the count of rows that one table has and the other has not. Whole rows
# count, and a row that is there once more on one side counts as one. `one.exceptAll(other)` keeps the rows of the one
# that the other lacks, `one.subtract(other)` each of them once, and `.count()` counts. Expected: 2 for a row that was
# changed, as it is missing on both sides; 0 for the same rows in another order.

# %% tags=["exercise-6"]
def differing(batch: DataFrame, stream: DataFrame) -> int:
    """Count the rows that one of two tables has and the other has not; what is there twice counts twice."""
    ...


# %%
lesson.check(6, differing, spark)

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

# %% [markdown]
# ### Exercise 7: the batch's side
#
# Write what makes a clean table of a topic's objects, by the functions of milestones 6 and 7. Read `path` with
# `spark.read.schema(…).json(path)` and the schema `SCHEMAS[table]`. Leave out the rows without a number, which is the
# first column of the schema, `SCHEMAS[table].names[0]`. Clean with `CLEANERS[table](frame)`, which is `clean_pin`,
# `clean_geo` or `clean_user`. Then `.distinct()` keeps one of each set of equal rows.
#
# `raw.where(F.col(name).isNotNull())` keeps the rows in which a column is not null. The check has two objects with
# repetitions: one line is written in two ways, one was changed, and one is no JSON. Expected: three places, one pin.

# %%
from helpers.cleaning import CLEANERS, deduplicate
from helpers.raw import SCHEMAS, read_raw


# %% tags=["exercise-7"]
def batch_table(spark: SparkSession, path: str, table: str) -> DataFrame:
    """Read a table's objects with its schema, clean the rows that have a number, and keep one of each set of equals."""
    ...


# %%
lesson.check(7, batch_table, spark, dbutils)

# %%
batch = {table: batch_table(spark, workbook.topic_path(table, "meets"), table) for table in TABLES}
streamed = {table: deduplicate(spark.table(workbook.stream_table(table))) for table in TABLES}
for table in TABLES:
    print(f"{table:5} {batch[table].count()} rows, {differing(batch[table], streamed[table])} of them differ")

# %% [markdown]
# Now use ours: `read_raw` also reads what is odd and no loss, and refuses what Spark would take for JSON. Here it gives
# the same rows.

# %%
ours = deduplicate(CLEANERS["geo"](read_raw(spark, workbook.topic_path("geo", "meets"), "geo")))
print(differing(batch["geo"], ours), "rows differ from ours")

# %% [markdown]
# ## The eight answers
#
# The tables are the same, and so the eight answers of milestone 7 should be. (If you posted with another seed on one
# way only, they differ.) `analytics.QUESTIONS` has them by the number of their task: the function that answers it, and
# the tables that it takes.

# %%
from helpers import analytics

for number, (question, *needed) in analytics.QUESTIONS.items():
    print(f"{number:2} {question.__name__}({', '.join(needed)})")

# %% [markdown]
# ### Exercise 8: answer by the list
#
# Eight calls in a row are eight chances to hand over the wrong table. Write one loop over `questions.items()`. Each
# item is a number and a tuple, as in `4: (popular_category_by_country, "pin", "geo")`: call the first with the tables
# that the others name, in their order, and keep what it gives as a pandas table, `.toPandas()`.
#
# `for number, (question, *needed) in …:` takes an item apart, as above, and `question(*tables_of_it)` calls with a
# list. The check has three questions of its own.

# %% tags=["exercise-8"]
def answers(questions: dict, tables: dict[str, DataFrame]) -> dict:
    """Answer each question from the tables that it takes, in their order: number → its rows as a pandas table."""
    ...


# %%
lesson.check(8, answers, spark)

# %% [markdown]
# ### Exercise 9: answers that differ
#
# And one that compares: it lists the questions in which one side has a row that the other has not. `pd.concat([one,
# other])` puts two tables below each other; `.drop_duplicates(keep=False)` leaves out every row that is there more than
# once, and so keeps what only one of them has. The check has four questions: one with the same answers, one with
# another number, and two with a row more on one side.

# %%
import pandas as pd


# %% tags=["exercise-9"]
def differing_questions(by_batch: dict, by_stream: dict) -> list:
    """List the questions whose answers have a row that the other side has not."""
    ...


# %%
lesson.check(9, differing_questions)

# %%
by_batch, by_stream = answers(analytics.QUESTIONS, batch), answers(analytics.QUESTIONS, streamed)
for number, rows in by_batch.items():
    print(f"question {number:2}: {len(rows):3} rows by batch, {len(by_stream[number]):3} by stream")
print("questions whose answers differ:", differing_questions(by_batch, by_stream) or "none")

# %% [markdown]
# ## What you did
#
# 1. You lost a query to a shared checkpoint, numbers to a wrong schema, and nothing to `latest` but time, and wrote
#    what notices the first two.
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
