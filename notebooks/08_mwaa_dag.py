# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Milestone 8: let Airflow do it every day
#
# You hand the cleaning and the questions to Airflow, watch a run, break it, find the reason, and repair it.
#
# **You will**
#
# 1. make an MWAA environment, which is an Airflow that AWS looks after,
# 2. read a DAG, upload it to the bucket and see it appear,
# 3. switch it on, and follow the run of the day down to the notebook that Databricks ran,
# 4. break it, and read the error where an engineer would look,
# 5. check that the daily answers equal those of milestone 7.
#
# **Before you start:** the lab runs (`make lab`, or `python -m lab up`); no earlier notebook is needed.
# **Time:** two minutes to run, an hour to work through. **Cost on AWS:** the smallest environment costs about
# half a dollar an hour for as long as it exists, whether it works or not. Delete it when you are done.

# %% [markdown]
# ## You are here
#
# ```text
#   S3 dags/ ──► Airflow (MWAA) ──► Databricks jobs ──► clean tables ──► answers by day
#                └────────────── this notebook ───────────────────────────────────┘
# ```
#
# The picture in words: Airflow reads the DAG from the bucket. Once a day it asks Databricks to run two notebooks, which
# clean the tables and write the answers.

# %% tags=["parameters"]
notebooks_folder = "/Shared/workbook/jobs"  # folder of the workspace that holds the notebooks to run
cluster_id = "0000-000000-workbook"  # on Databricks: the id of your cluster
folder = "history"  # folder of the bucket with the topics' objects

# %% [markdown]
# ## Set up
#
# Names, the cluster, and the raw data. If milestone 7 has not been run, this sends the history through Kafka first.

# %%
from helpers import databricks
from helpers.airflow import dag, environment, rest_api, runs
from helpers.config import Workbook
from helpers.kafka import sink_objects
from helpers.notebook import catch_up, show_code

workbook = Workbook.load()
spark = databricks.session()
_ = sink_objects.create_bucket(workbook)
tables = catch_up.clean_tables(spark, workbook)
print({name: frame.count() for name, frame in tables.items()})

# %% [markdown]
# ## An environment
#
# MWAA wants a bucket to read DAGs from, a role to work with, and two subnets to stand in. The role is trusted by
# Airflow's two service names. It may read this one bucket, and use what MWAA keeps for the environment: its queue, its
# logs and metrics.

# %%
from helpers import iam

show_code.show(iam.airflow_role)

# %%
role = iam.make(workbook, iam.airflow_role(workbook, iam.account(workbook)))
_ = environment.create(workbook, role)
environment.wait_until_available(workbook)
print(workbook.airflow, environment.status(workbook))

# %% [markdown]
# On AWS this takes 20 to 30 minutes. On the laptop it starts a real Airflow: scheduler, DAG processor, triggerer and
# API server. Its pages are at `http://127.0.0.1:8080`. The user is `admin`, the
# password is in `.lab/airflow/login.json`.
#
# ## What Airflow must know
#
# A DAG should hold no address and no secret. The way to Databricks is a *connection*; what else differs from place to
# place is a *variable*. Both stay in Airflow, which encrypts them.

# %%
raw = f"s3://{workbook.bucket}/{folder}"
rest_api.connect_databricks(workbook)
rest_api.set_settings(workbook, notebooks_folder, raw, cluster_id)
print(rest_api.call(workbook, "GET", f"/variables/{workbook.dag}")["value"])

# %% [markdown]
# ## The DAG
#
# Read it before you run it. Four choices matter: `catchup=False` (days in the past are not made up for), a start date
# with a time zone, retries with a delay, and the day as a parameter, so that a repeated run replaces its own day only.

# %%
text = dag.FILE.read_text()
print(text[text.index("with DAG(") :])

# %% [markdown]
# Upload it. The file's name becomes the DAG's name.

# %%
print(dag.upload(workbook))
seen = dag.wait_until_read(workbook)
tags = sorted(tag["name"] for tag in seen["tags"])
print(seen["dag_id"], "·", seen["timetable_summary"], "·", *seen["owners"], "·", *tags)

# %% [markdown]
# The graph, as Airflow has understood it:

# %%
for task, after in dag.graph(workbook).items():
    print(f"{task:10} ──► {', '.join(after) or 'end'}")

# %% [markdown]
# ## Switch it on
#
# A new DAG is paused. Switching it on makes today's run due, and Airflow starts it by itself: from now on that happens
# every day. Runs that you trigger come on top; one at a time, because two would write the same tables
# (`max_active_runs=1`).

# %%
dag.pause(workbook, False)
run = runs.scheduled(workbook)
print(runs.wait_for(workbook, run))

# %%
for task in runs.tasks(workbook, run):
    print(f"{task.task:10} {task.state}")

# %% [markdown]
# The log of a task says what Databricks said, and where the executed notebook can be read: open that address in a
# browser.

# %%
log = runs.task_log(workbook, run, "clean")
print(*(line for line in log if "completed" in line), sep="\n")
print("pages named in the log:", len({line.split(" at ")[-1] for line in log if "View run status" in line}))

# %% [markdown]
# ## The same answers?
#
# Milestone 7 asked the questions by hand. Ask them again and compare with what the run wrote for its day: rows on
# either side that the other lacks.

# %%
from helpers.airflow import daily

clean = {name: spark.table(workbook.clean_table(name)) for name in ("pin", "geo", "user")}
day = runs.day(workbook, run)
for question, needed in (pair for group in daily.QUESTIONS.values() for pair in group.items()):
    by_hand = question(*(clean[name] for name in needed))
    kept = spark.table(daily.answer_table(workbook.id, question.__name__))
    kept = kept.where(f"day = '{day}'").drop("day")
    differ = by_hand.exceptAll(kept).count() + kept.exceptAll(by_hand).count()
    print(f"{question.__name__:48} {differ} rows differ")

# %% [markdown]
# ## Break it on purpose
#
# Somebody moves the notebooks and forgets the variable. **Predict, then run.** Which tasks fail, and what happens to
# the others?

# %%
rest_api.set_settings(workbook, "/Shared/moved", raw, cluster_id)
broken = runs.trigger(workbook)
print(runs.wait_for(workbook, broken))
for task in runs.tasks(workbook, broken):
    print(f"{task.task:10} {task.state:16} tried {task.tries} times")

# %% [markdown]
# Airflow tried three times, because most failures pass. This one does not. The tasks behind it never started. Where
# would an engineer look? Not at the failed run, but at the log of the *first* failed task, at its last attempt:

# %%
log = runs.task_log(workbook, broken, "clean", attempt=3)
told = next(line for line in log if "Unable to access" in line)
print(told[told.index("Unable to access") :].split(". ")[0])

# %% [markdown]
# ## Repair it
#
# The DAG is right, so nothing is uploaded: the variable is put right, and a new run reads it.

# %%
rest_api.set_settings(workbook, notebooks_folder, raw, cluster_id)
repaired = runs.trigger(workbook)
print(runs.wait_for(workbook, repaired))

# %% [markdown]
# That was another run for the same day. Did it change an answer, or add one?

# %%
name = daily.answer_table(workbook.id, "popular_category_by_year")
spark.table(name).where(f"day = '{day}'").drop("day").orderBy("post_year").toPandas()

# %% [markdown]
# ## What you did
#
# 1. You made an environment and gave it a role that may read one bucket, and what MWAA itself needs.
# 2. You uploaded a DAG without an address or a secret in it, and saw Airflow's graph of it.
# 3. You switched the schedule on and followed its run into the notebook.
# 4. You broke it and found the reason in the log of the first failed task.
# 5. You compared the daily answers with those made by hand.
#
# **Quiz.** Answer first, then unfold.
#
# <details><summary>Why is the day a parameter, and not <code>date.today()</code> in the notebook?</summary>
# A run that is repeated next week must still replace its own day.
# </details>
#
# <details><summary>Why does the DAG read its variable inside a template, and not with <code>Variable.get</code> at the
# top of the file?</summary>
# Airflow reads the file every half minute. Each reading would ask the database, for a value that only a task needs.
# </details>
#
# **Clean up.** An environment costs money, or on the laptop 1.3 GB of memory, for as long as it exists. The next cell
# deletes it; the DAG stays in the bucket, the answers in their tables. Look at Airflow's pages first if you have not:
# they go with it.

# %%
environment.delete(workbook)
print(workbook.airflow, environment.status(workbook) or "is gone")

# %% [markdown]
# previous: [eight questions](07_spark_analytics.ipynb) · index: [README](../README.md) ·
# next: [posts as a stream](09_kinesis_streaming.ipynb)
