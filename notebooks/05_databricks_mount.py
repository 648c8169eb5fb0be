# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Milestone 6: mount the bucket in Databricks
#
# You make the bucket a folder of the workspace, read the three topics into `df_pin`, `df_geo` and `df_user`, and
# measure what a schema, a glob and small objects cost.
#
# **You will**
#
# 1. read access keys from a file of the workspace, and quote the secret for a URL,
# 2. write what mounts the bucket, list it, and read three DataFrames,
# 3. write a stopwatch for Spark, and measure three ways to read the same rows,
# 4. unmount, and know what to use instead of a mount today.
#
# **Before you start:** the lab runs (`make lab`, or `python -m lab up`); no earlier notebook is needed: the
# first cells post some messages if there are none. **Time:** half a minute to run, an hour to work through.
# **Without mounts:** serverless compute and new workspaces have none; set `WORKBOOK_VOLUME`
# ([how](../docs/own_account.md)), and read the tasks about mounting instead of running them.
# **Cost on AWS:** the cluster costs by the hour while it runs, and every object read is a request: 0.4 cents for ten
# thousand of them (us-east-1, checked in November 2026).

# %% [markdown]
# ## You are here
#
# ```mermaid
# flowchart LR
#   accTitle: Where this notebook works
#   accDescr: MSK Connect has written objects into S3. The bucket is mounted, and Spark reads three frames from it.
#   connect["MSK<br/>Connect"] --> s3["S3<br/>bucket"]
#   subgraph here["this notebook"]
#     mount["mount"] --> spark["Spark:<br/>df_pin, df_geo,<br/>df_user"]
#   end
#   s3 --> mount
#   spark --> clean["clean<br/>tables"]
# ```
#
# The picture in words: the connector has written the messages of three topics as objects into a bucket. This notebook
# mounts the bucket in the Databricks workspace and reads the objects with Spark into three DataFrames.

# %% tags=["parameters"]
posts = 100  # posts to send, so that there is something to read
rate = 200.0  # posts a second
seed = 100  # start of the random numbers: the same seed draws the same posts

# %% [markdown]
# ## Set up
#
# A Databricks notebook has three things ready: `spark`, `dbutils` (files, mounts, secrets) and `display`. `attach`
# hands them out wherever this notebook runs: on Databricks the ones that are there, on the laptop those of the lab's
# cluster.

# %%
from pyspark.sql import DataFrame, SparkSession

from helpers import databricks
from helpers.checks import notebook_05 as lesson
from helpers.config import Workbook
from helpers.notebook import catch_up

workbook = Workbook.load()
spark, dbutils, display = databricks.attach()
print("Spark", spark.version, "counts to", spark.range(3).count())

# %% [markdown]
# Something to read: some posts, through Kafka and the connector into the bucket's folder `topics`.

# %%
from helpers.kafka import msk_connect
from helpers.user_posting_emulation import emulate

catch_up.running_connector(workbook)
print(emulate(workbook, posts=posts, rate=rate, seed=seed, progress=False))
_ = msk_connect.wait_until_stored(workbook)

# %% [markdown]
# ## Task 1: the keys
#
# The workspace needs keys for the bucket. Whoever set it up has uploaded them as a CSV file, and only people who may
# use the keys may read the file. Look at the columns, never at the values: what a cell prints is stored in the
# notebook.

# %%
keys_file = "/FileStore/tables/authentication_credentials.csv"
print(spark.read.option("header", "true").csv(keys_file).columns)

# %% [markdown]
# ### Exercise 1: read the keys
#
# Mounting takes two texts, the ID of an access key and its secret, and the file may hold rows of several users. Write
# the function that takes yours out of it. `spark.read.format("csv")` begins a reader; `.option("header", "true")` says
# that the first line names the columns; `.load(file)` gives a frame. `.where(…)` keeps the rows of which a condition is
# true, and a name with a blank stands in backticks there: `` `User name` = 'ada' ``. `.first()` gives the first row as
# an object, and `row["User name"]` a value of it.
#
# The check has a file of its own, with the keys of two users. Expected: the ID and the secret of `databricks-user`.

# %% tags=["exercise-1"]
def read_keys(spark: SparkSession, file: str) -> tuple[str, str]:
    """Read the access key's ID and the secret of `databricks-user` from a CSV file whose first line names columns."""
    ...


# %%
lesson.check(1, read_keys, spark, dbutils)

# %%
access_key, secret_key = read_keys(spark, keys_file)
print(len(access_key), "and", len(secret_key), "characters")

# %% [markdown]
# A file can be copied by whoever may read it. A *secret scope* keeps keys by name, and Databricks blots them out where
# a cell would print them, as `[REDACTED]`. The lab's workspace has the same keys there; some
# versions of the course keep them in a Delta table instead,
# `dbfs:/user/hive/warehouse/authentication_credentials`, and that is there too.

# %%
print([secret.key for secret in dbutils.secrets.list("aws")])
print("the same key:", dbutils.secrets.get("aws", "access_key_id") == access_key)

# %% [markdown]
# A mount takes both in one URL, `s3n://KEY:SECRET@bucket`. A secret may hold `/` and `+`, and those mean something in a
# URL: a slash ends the name of a host. So the secret is *quoted*: such characters are written as `%2F` and `%2B`.

# %%
from urllib.parse import quote

print(quote("a b+c"))

# %% [markdown]
# ### Exercise 2: the address of the mount
#
# Write the function that the next task uses. `quote` leaves some characters alone; its argument `safe` names them, and
# it holds a slash unless you say otherwise. The check tries your function with made-up secrets of every kind.

# %% tags=["exercise-2"]
def source_url(key: str, secret: str, bucket: str) -> str:
    """Write the address of a bucket with its keys, as a mount takes it: `s3n://KEY:SECRET@bucket`."""
    ...


# %%
lesson.check(2, source_url)

# %% [markdown]
# ## Task 2: mount
#
# A mount belongs to the workspace, not to this notebook: everybody sees it, and it is there tomorrow. So whoever mounts
# looks first whether something is there already. `dbutils.fs.mounts()` lists all mounts. Each has a `mountPoint`, which
# is the folder, and a `source`, which is the address without its keys.
#
# ### Exercise 3: mount, whatever is there
#
# Write the function that can be run twice. If the list has a mount at `mount_point`, let go of it, with
# `dbutils.fs.unmount(mount_point)`; where nothing is mounted that is an error. Then
# `dbutils.fs.mount(address, mount_point)`; where something is mounted that is an error. Give back what the workspace
# shows as the source of your mount: it holds no keys, so a cell may show it. Mounts at other places are somebody
# else's, and stay.
#
# The check mounts your bucket at a place of its own, twice, and takes it away again.

# %% tags=["exercise-3"]
def remount(dbutils, address: str, mount_point: str) -> str:
    """Mount an address, whether or not something is mounted there; return what the workspace shows as its source."""
    ...


# %%
address = source_url(access_key, secret_key, workbook.bucket)
lesson.check(3, remount, dbutils, address)

# %%
from contextlib import redirect_stdout

mount_point = workbook.bucket_folder
with redirect_stdout(None):  # unmount speaks, and only when there was a mount
    source = remount(dbutils, address, mount_point)
print(mount_point, "←", source)

# %% [markdown]
# List it like any folder. `display` makes a table of whatever it gets.

# %%
names = sorted(entry.name for entry in dbutils.fs.ls(f"{mount_point}/topics"))
print([name for name in names if name.strip("/") in workbook.topics])

# %% [markdown]
# ## Task 3: three DataFrames
#
# The complete path of a topic's objects: mount point, `topics`, the topic, the partition. The course reads every JSON
# file in it, and lets Spark find out the columns. Its `inferSchema` is an option of the CSV reader: the JSON reader
# finds out the columns with it or without.
#
# ### Exercise 4: three frames out of the mount
#
# Three cells that differ in a word are three chances to change two of them. Write one function: it takes the topics by
# table, as in `{"pin": "0a1b2c3d4e5f.pin"}`, and gives back the frames by table. The objects of a topic lie in
# `<mount point>/topics/<topic>/partition=0`, and a path may end in `*.json`, which is every file whose name ends so.
# `spark.read.format("json").load(path)` reads them; put the course's option in or leave it out.
#
# The check has a folder of its own with five objects. Expected: 2 pins, 1 place and 3 users, with the columns that are
# in the objects.

# %% tags=["exercise-4"]
def mounted_frames(spark: SparkSession, mount_point: str, topics: dict[str, str]) -> dict[str, DataFrame]:
    """Read all JSON objects of each topic, and let Spark find the columns: table → frame, out of table → topic."""
    ...


# %%
lesson.check(4, mounted_frames, spark, dbutils)

# %%
from helpers.config import TABLES

frames = mounted_frames(spark, mount_point, {table: workbook.topic(table) for table in TABLES})
df_pin, df_geo, df_user = frames["pin"], frames["geo"], frames["user"]
df_pin.printSchema()
print(df_geo.columns, df_user.columns, sep="\n")

# %% [markdown]
# Note the order of the columns: Spark sorts the names it finds in JSON. Code that relies on their positions breaks; use
# names. These three frames are what the next notebook cleans. Post 2863 is the second that seed 100 draws; its
# three rows share that number, which is `index` in one table and `ind` in the others:

# %%
display(df_pin.where("index = 2863").select("index", "title", "follower_count", "category", "save_location").distinct())

# %%
display(df_geo.where("ind = 2863").distinct())

# %%
display(df_user.where("ind = 2863").distinct())

# %% [markdown]
# Something is wrong with this data: the count is a text with a letter, the time is a text, the path has words in front,
# and `distinct` was needed if you posted more than once. Milestone 7 sees to all of that.
#
# ## What does it cost?
#
# ### Exercise 5: a stopwatch for Spark
#
# A frame is a plan: to make it costs next to nothing, and Spark reads only when somebody asks for a result. A clock
# around the wrong line measures the plan. Write a function that takes another one, `read`, which gives a frame when it
# is called. Time both: that the frame is made, for Spark may have to look into the objects for it, and that every row
# is read, as `.count()` asks for. `time.monotonic()` is a clock in seconds that nobody sets; the difference of two
# looks is the time between them.
#
# The check hands in a `read` that takes 0.2 s to make a frame, and one whose last row cannot be read.

# %%
import time
from collections.abc import Callable


# %% tags=["exercise-5"]
def seconds(read: Callable[[], DataFrame]) -> float:
    """Call `read`, read every row of the frame that it gives, and return how many seconds both took."""
    ...


# %%
lesson.check(5, seconds, spark)

# %% [markdown]
# **Predict, then run.** The same rows, read in three ways: `"inferred"`, found by a glob with the schema inferred, as
# above; `"glob"`, by a glob with a schema given; and `"folder"`, by naming the folder, with a schema given. Which is
# slowest?

# %%
guess = lesson.predict(1, "inferred")

# %% tags=["nbval-ignore-output"]
# Output not compared: seconds differ from run to run.
from helpers.raw import GEO_SCHEMA

folder = f"{mount_point}/topics/{workbook.topic('geo')}/partition=0"
ways = {
    "inferred": lambda: spark.read.json(f"{folder}/*.json"),
    "glob": lambda: spark.read.schema(GEO_SCHEMA).json(f"{folder}/*.json"),
    "folder": lambda: spark.read.schema(GEO_SCHEMA).json(folder),
}
measured = {way: seconds(read) for way, read in ways.items()}
print({way: round(took, 2) for way, took in measured.items()})
guess.answer(max(measured, key=measured.get))

# %% [markdown]
# To infer a schema, Spark reads every object before it reads every object. A glob is expanded object by object; a
# folder is listed a thousand names at a time. And a schema is a promise that a bad row cannot break: without one, a
# single odd value changes the type of a column for everybody. So: name the folder, give the schema.
#
# ### Exercise 6: the schema of the places
#
# Write it by hand, as text: name and type of each column, joined by commas. Remember what the cleaning has to see.

# %% tags=["exercise-6"]
def geo_schema() -> str:
    """Write the columns of the places and their types, as in `ind int, …`: times stay text until they are cleaned."""
    ...


# %%
lesson.check(6, geo_schema, spark)

# %% [markdown]
# What remains is the number of objects.
#
# ### Exercise 7: the same rows in fewer objects
#
# Putting small objects together is called *compaction*, and every lake of data needs it. Write a function that writes a
# frame once for each of `numbers`, as so many objects, and times the reading of them with your stopwatch.
# `frame.repartition(number)` deals the rows out into so many pieces, and `.write` makes an object of each;
# `.mode("overwrite")` lets you run it again; `.json(path)` is where. `f"{folder}/{number}"` is the path. Read with the
# schema that you have, `frame.schema`, so that nothing is inferred.
#
# The check writes forty rows as three objects and as one. Expected: as many objects, all rows, and seconds by number,
# as in `{3: 0.2, 1: 0.1}`.

# %%
from collections.abc import Sequence


# %% tags=["exercise-7"]
def by_objects(spark: SparkSession, frame: DataFrame, folder: str, numbers: Sequence[int]) -> dict[int, float]:
    """Write a frame as so many JSON objects into `folder/<number>`, and time a reading of each: number → seconds."""
    ...


# %%
lesson.check(7, by_objects, spark, dbutils)

# %% [markdown]
# Compare with the users as the connector has stored them, one message an object:

# %% tags=["nbval-ignore-output"]
# Output not compared: seconds differ from run to run.
from helpers.notebook import object_pictures

measured = by_objects(spark, df_user, f"{mount_point}/compact/user", (10, 1))
folder = f"{mount_point}/topics/{workbook.topic('user')}/partition=0"
measured[len(df_user.inputFiles())] = seconds(lambda: spark.read.schema(df_user.schema).json(folder))
object_pictures.seconds_by_objects(measured)

# %% [markdown]
# ## Break it on purpose
#
# Five mistakes that every learner makes once. Read who refuses, and in which words.

# %%
mistakes = {
    "mount twice": lambda: dbutils.fs.mount(address, mount_point),
    "mount inside a mount": lambda: dbutils.fs.mount(address, f"{mount_point}/topics"),
    "secret not quoted": lambda: dbutils.fs.mount(f"s3n://{access_key}:a/b@{workbook.bucket}", "/mnt/again"),
    "a folder that is not there": lambda: dbutils.fs.ls(f"{mount_point}/topic"),
    "wrong secret": lambda: dbutils.fs.mount(f"s3n://{access_key}:wrong@{workbook.bucket}", "/mnt/again"),
}
for mistake, attempt in mistakes.items():
    try:
        attempt()
    except Exception as error:
        print(f"{mistake}:\n    {str(error).splitlines()[0].partition(' (Service: ')[0]}")

# %% [markdown]
# The first, second and fourth are Databricks' own words. **On Databricks it says** for the third, after a while, that
# the bucket does not exist: what stands before the slash is taken for the bucket's name. A wrong secret is refused when
# you mount, not later when you read: the last are S3's own words.
#
# Keys that are changed later go wrong later: the mount keeps the old ones, and everybody's next reading fails. What
# that looks like, and how to find it, is one of the [incident drills](../docs/drills.md).

# %% [markdown]
# ## Unmount, and what to write today
#
# Databricks has declared mounts outdated. Their keys open the bucket for everybody in the workspace, and nobody can see
# who read what. With Unity Catalog, an *external location* names the bucket and the role that opens it, and each user
# is allowed or not. The path is the bucket's own address, with no mount and no key in the notebook.

# %%
_ = dbutils.fs.unmount(mount_point)

# %% [markdown]
# ### Exercise 8: the three frames without a mount
#
# The mount is gone. Read the same three frames all the same: by the bucket's own address, `s3://…`, the folder of each
# topic by its name, with its schema. `workbook.bucket` and `workbook.topic("pin")` are the names you need.

# %%
from helpers.raw import SCHEMAS

print({table: len(schema) for table, schema in SCHEMAS.items()}, "columns")

# %% tags=["exercise-8"]
def read_frames(spark: SparkSession, workbook: Workbook) -> dict[str, DataFrame]:
    """Read `pin`, `geo` and `user` without a mount: the bucket's own address, the topic's folder, a schema each."""
    ...


# %%
lesson.check(8, read_frames, spark, workbook)

# %% [markdown]
# The same names, and nothing of the mount in them. The next notebook goes on with frames that are read this way.

# %%
frames = read_frames(spark, workbook)
df_pin, df_geo, df_user = frames["pin"], frames["geo"], frames["user"]
display(df_geo.where("ind = 2863").distinct())

# %% [markdown]
# On Databricks, somebody with the right to do so has written this once; the lab's cluster has keys of its own instead:
#
# ```sql
# CREATE EXTERNAL LOCATION pinterest URL 's3://user-<id>-bucket' WITH (STORAGE CREDENTIAL my_role);
# GRANT READ FILES ON EXTERNAL LOCATION pinterest TO `data engineers`;
# ```
#
# Files that are no tables have a newer home as well: a *volume*, `/Volumes/<catalog>/<schema>/<volume>`. On Databricks
# a folder of a bucket stands behind it, and Unity Catalog decides who may open it. In the lab it is a plain folder of
# the workspace, and nobody is refused; the paths are the same.

# %%
volume = "/Volumes/main/default/landing"
dbutils.fs.put(f"{volume}/note.txt", "one path, for Spark and for dbutils", True)
print(spark.read.text(volume).first()["value"])

# %% [markdown]
# Mount it again, so that code that was written for the course finds it. Now use ours: it does what your `remount` does
# where mounts are to be had, and looks for the volume where they are not.

# %%
from helpers.databricks import bucket

bucket.make_visible(workbook, dbutils, address)

# %% [markdown]
# ## What you did
#
# 1. You read keys without showing them, and quoted a secret for a URL.
# 2. You mounted the bucket for the whole workspace, whatever was there, and read three DataFrames by complete paths.
# 3. You wrote a stopwatch and measured: inferring a schema, expanding a glob, opening many objects.
# 4. You unmounted, and read the bucket by its own address.
#
# **Quiz.** Put in a letter for each question. Whoever reads this on a web page finds the answers folded below.

# %%
lesson.questions()

# %%
lesson.quiz("b", "a", "c")

# %% [markdown]
# <details><summary>The answers</summary>
#
# 1. The mount and its keys are the workspace's. Whoever mounted first has decided for all.
# 2. A URL's host ends at the first slash. Access key ids hold letters and digits only.
# 3. One message held one more field. With a schema it would have been ignored until you decide.
#
# </details>
#
# **Clean up.** On the laptop nothing. On Databricks, `dbutils.fs.unmount(mount_point)` takes the keys away from
# everybody.
#
# previous: [API Gateway](04_api_gateway.ipynb) · index: [README](../README.md) ·
# next: [clean the three tables](06_spark_cleaning.ipynb)
