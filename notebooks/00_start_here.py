# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Milestone 0: the whole pipeline, once, in a minute
#
# You send 200 posts through Kafka into S3 objects, read them with Spark, clean them, and draw a first chart.
#
# **You will**
#
# 1. check that everything the workbook needs is running,
# 2. follow one post from a database row to a line in an S3 object,
# 3. clean three tables and answer a first question,
# 4. solve five exercises, which tell you what was right and which mistake was made.
#
# **Before you start:** the lab runs. `make lab` starts it together with JupyterLab; in a terminal,
# `python -m lab up` starts it alone. **Time:** half a minute to run, an hour to work through. **Cost on AWS:** nothing
# on the laptop, which needs no account. On one of your own these cells make a connector: about 11 cents an hour, for as
# long as it exists.

# %% [markdown]
# ## You are here
#
# ```text
#   database ──► emulator ──► Kafka ──► Kafka Connect ──► S3 ──► Spark ──► clean tables ──► answers
#   (posts)      user posts   3 topics  one connector     objects          pin geo user     and charts
#   └──────────────────────────── this notebook walks all of it ────────────────────────────┘
# ```
#
# The picture in words: rows of a posts database are sent by an emulator to three Kafka topics. A connector copies
# each message into objects in an S3 bucket. Spark reads the objects, cleans them, and answers questions.

# %% tags=["parameters"]
posts = 200  # how many posts the emulator sends
rate = 100.0  # posts a second; the course's emulator sends one every 0 or 1 s
seed = 100  # start of the random numbers: the same seed draws the same posts

# %% [markdown]
# ## Check the environment
#
# One object, `workbook`, holds every name and address. On the laptop its values come from the running lab; on your own
# account they come from your settings. The cells below are the same in both places. `lesson` judges what you write:
# `lesson.check(1, …)`, `lesson.hint(1)`, `lesson.solution(1)`.

# %%
from helpers.checks import notebook_00 as lesson
from helpers.config import Workbook

workbook = Workbook.load()
print("your id:      ", workbook.id)
print("your bucket:  ", workbook.bucket)
print("your topics:  ", *workbook.topics)
print("your connector:", workbook.connector)

# %% [markdown]
# If that cell said that the lab is not running, start it and run the cell again. Next, attach to the Spark cluster. It
# is one server that all notebooks share, as on Databricks, so attaching takes a second or two, not ten.

# %%
from helpers import databricks

spark = databricks.session()
print("Spark", spark.version, "counts:", *(row.id for row in spark.range(3).collect()))

# %% [markdown]
# ## Prepare the way: a bucket, three topics, a connector
#
# A *topic* is an append-only log that Kafka keeps. Every post is three rows, about the pin, the place and the user, and
# each kind has a topic of its own. All names begin with your id: on a shared cluster, that is what keeps you apart from
# the other learners.

# %%
from helpers.kafka import client as kafka_client
from helpers.kafka import sink_objects

_ = sink_objects.create_bucket(workbook)
_ = kafka_client.create_topics(workbook)
sorted(kafka_client.end_offsets(workbook))

# %% [markdown]
# A *connector* copies topics to another system without any code of yours: you only describe what you want. These are
# the properties that matter most. `flush.size` says how many messages go into one object.

# %%
from helpers.kafka import msk_connect

properties = msk_connect.sink_properties(workbook, flush_size=1, folder="start-here")
for name in ("connector.class", "topics.regex", "s3.bucket.name", "topics.dir", "flush.size"):
    print(f"{name:16} {properties[name]}")

# %%
_ = msk_connect.put_connector(workbook, properties)
print(workbook.connector, "is running")

# %% [markdown]
# ## Send posts
#
# The emulator plays the users. It draws a random row of the posts database and sends the three rows at that place, as
# the course's script does. It counts a post only when Kafka has confirmed that all three messages are stored.

# %%
from helpers.user_posting_emulation import emulate

before = kafka_client.end_offsets(workbook)
tally = emulate(workbook, posts=posts, rate=rate, seed=seed, progress=False)
print(tally)

# %% [markdown]
# **Predict, then run.** With `flush.size` 1, how many objects will the connector write for 200 posts? Put your number
# in the place of the dots, if there are dots.

# %%
guess = lesson.predict(1, 600)

# %%
_ = msk_connect.wait_until_stored(workbook)
objects = sink_objects.objects(workbook, "start-here", since=before)
guess.answer(len(objects))

# %% [markdown]
# Three topics, 200 messages each, one message an object? See for yourself.
#
# ### Exercise 1: objects by topic
#
# `objects` is a list. Each item is an object in the bucket: `item.topic` is the topic that its messages come from,
# `item.key` its name. Count the objects of each topic, in a dictionary: topic → count. Expected: two objects of `a.pin`
# and one of `a.geo` give `{"a.pin": 2, "a.geo": 1}`.

# %% tags=["exercise-1"]
def by_topic(objects: list) -> dict[str, int]:
    """Count the objects of each topic; each object has `topic`, `key` and `offset`."""
    ...


# %%
lesson.check(1, by_topic)

# %%
print(by_topic(objects))

# %% [markdown]
# Where are the records while they are on their way? The map below asks each part of the pipeline what it holds, again
# and again: send the same posts a second time, and watch. The part in which records wait stands out. (The same rows are
# there twice then. The cleaning below will see to that.)

# %% tags=["nbval-ignore-output"]
# Output not compared: the counts grow with every run.
from helpers.notebook import pipeline_map

with pipeline_map.live(workbook, "start-here"):
    _ = emulate(workbook, posts=posts, rate=rate, seed=seed, progress=False)
    _ = msk_connect.wait_until_stored(workbook)

# %% [markdown]
# `pipeline_map.show(workbook, "start-here")` draws it once, whenever you wonder where your records are.

# %% [markdown]
# ### Exercise 2: how many objects?
#
# Say it in advance, for any number of posts and any `flush.size`. The connector writes an object when it is
# full. Expected: 60 posts and a `flush.size` of 20 give 9.

# %% tags=["exercise-2"]
def objects_written(posts: int, flush_size: int) -> int:
    """Count the objects that the connector has written when `posts` posts have come through."""
    ...


# %%
lesson.check(2, objects_written)

# %% [markdown]
# Now follow one post. First the message as Kafka keeps it:

# %%
import json

place = workbook.topic("geo")
message = kafka_client.read(workbook, place, before[place], 1)[0]
print(message.decode())

# %% [markdown]
# And the object that holds it. Its name tells where the message came from: topic, partition, and the offset of the
# first message inside.

# %%
landed = next(item for item in objects if item.topic == place)
print(landed.key)
print(sink_objects.text(workbook, landed.key))

# %% [markdown]
# The same row, as one line; the order of its fields means nothing.
#
# ### Exercise 3: find a post
#
# Somebody asks what became of one post. Its number stands in the rows, not in the names of the objects, so you have to
# look into them. Write the search for the object that holds the post's place. `objects` is a list as above, of all
# three topics; each item has `topic` and `key`, and `read(key)` gives the row in an object as a dictionary.

# %% tags=["exercise-3"]
def find_object(number: int, objects: list, read) -> str:
    """Find the key of the object that holds the place of a post, of the topic `<id>.geo`; `read` gives its row."""
    ...


# %%
lesson.check(3, find_object, workbook, objects)

# %%
number = json.loads(message)["ind"]
print("post", number, "is in", find_object(number, objects, lambda key: json.loads(sink_objects.text(workbook, key))))

# %% [markdown]
# ## Read and clean
#
# `read_raw` turns the objects of a topic into a table. Look at five pins as they arrived: follower counts are text
# such as `124k`, and in other rows some values are only notes that something was missing.

# %%
from helpers.raw import read_raw

raw = {}
for table in ("pin", "geo", "user"):
    raw[table] = read_raw(spark, workbook.topic_path(table, "start-here"), table)
looked_at = raw["pin"].select("index", "category", "follower_count", "image_src")
looked_at.distinct().orderBy("index").limit(5).toPandas()

# %% [markdown]
# Milestone 7 shows the cleaning step by step. Here it is in one line a table. The emulator may draw the same row twice,
# so each table also drops exact repetitions.

# %%
from helpers.cleaning import clean_geo, clean_pin, clean_user, deduplicate

pin = deduplicate(clean_pin(raw["pin"]))
geo = deduplicate(clean_geo(raw["geo"]))
user = deduplicate(clean_user(raw["user"]))
print("rows after cleaning:", pin.count(), geo.count(), user.count())

# %%
pin.select("ind", "category", "follower_count", "image_src").orderBy("ind").limit(5).toPandas()

# %% [markdown]
# The notes became real missing values, and the follower counts became numbers that can be compared.
#
# ## A first answer
#
# In which categories do the posts of the years 2018 to 2022 fall? A question about both time and topic needs two
# tables, joined on `ind`, the number that the three rows of a post share.
#
# ### Exercise 4: the numbers of a chart
#
# Write the query. `pin` has the columns `ind` and `category`, `geo` has `ind` and `timestamp`. What you need of Spark:
#
# | call | what it gives |
# |---|---|
# | `pin.join(geo, "ind")` | a row for each post that is in both tables, with the columns of both |
# | `frame.where(condition)` | the rows for which a condition holds |
# | `F.year("timestamp").between(2018, 2022)` | the condition that the year is in the window |
# | `F.col("category").isNotNull()` | the condition that the category is known; posts without one count nowhere |
# | `frame.groupBy("category").agg(F.count("*").alias("category_count"))` | a row for each category, with its count |
# | `frame.orderBy(F.desc("category_count"), "category")` | the largest count first; equal ones by name |
#
# Expected: a frame with the columns `category` and `category_count`. The check has ten posts of its own.

# %%
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


# %% tags=["exercise-4"]
def posts_by_category(pin: DataFrame, geo: DataFrame) -> DataFrame:
    """Count the posts of the years 2018 to 2022 by category: `category`, `category_count`, the largest count first."""
    ...


# %%
lesson.check(4, posts_by_category, spark)

# %%
top = posts_by_category(pin, geo).toPandas()
top.head(3)

# %%
from helpers.notebook import plots

first = top.iloc[0]
title = f"{first.category} leads among {top['category_count'].sum()} of {pin.count()} posts: those of 2018 to 2022"
chart = plots.bars(top, "category", "category_count", title)
plots.show(chart, f"Bars of posts by category; {first.category} leads with {first.category_count} posts.")

# %% [markdown]
# The bars do not add up to all the posts: the question names a window of years. Add up a chart before you believe it.
#
# ### Exercise 5: the posts that the chart leaves out
#
# Count them: the rows of `geo` whose `timestamp` is not in the years 2018 to 2022. The check has a table of its own, of
# 15 posts. Then ask the real one.

# %% tags=["exercise-5"]
def outside(geo: DataFrame) -> int:
    """Count the posts whose `timestamp` lies outside of the years 2018 to 2022."""
    ...


# %%
lesson.check(5, outside, spark)
print(f"{outside(geo)} outside and {top['category_count'].sum()} in the chart, of {geo.count()} posts")

# %% [markdown]
# ## Break it on purpose
#
# Errors teach more when you have caused them yourself. Ask for a table that does not exist, and read the last line: it
# names the value and says what is possible.

# %%
try:
    workbook.topic("pins")
except ValueError as error:
    print(error)

# %% [markdown]
# ## What you did
#
# 1. You checked the environment: one object knows all names, one cluster serves all notebooks.
# 2. You followed a post: row → message at an offset → line in an object named after that offset.
# 3. You cleaned three tables, and wrote the query that answers a question with a join.
# 4. You counted objects, found a post in the bucket, and the posts that a chart leaves out.
#
# **Quiz.** Put in a letter for each question. Whoever reads this on a web page finds the answers folded below.

# %%
lesson.questions()

# %%
lesson.quiz("b", "c", "a")

# %% [markdown]
# <details><summary>The answers</summary>
#
# 1. A connector that starts again after a crash writes the same object under the same name: nothing is lost or doubled.
# 2. The same seed draws the same 200 rows. They arrive as new messages, and exact repetitions collapse in cleaning.
# 3. Three messages a post, one for each table: 600 messages.
#
# </details>
#
# **Clean up.** Nothing to do on the laptop: `python -m lab down` stops the lab and keeps your data,
# `python -m lab reset` deletes it.
#
# next: [Milestone 3: the client machine](01_ec2_kafka_client.ipynb) · index: [README](../README.md)
