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
# You write a DAG, which is a file that says which tasks run and when. You hand the cleaning and the questions to
# Airflow, watch a run, break it, find the reason, repair it.
#
# **You will**
#
# 1. make an MWAA environment, which is an Airflow that AWS looks after,
# 2. write a DAG of two tasks, and see what Airflow makes of it,
# 3. upload the project's DAG, switch it on, and follow the run of the day down to the notebook that Databricks ran,
# 4. write a task that may run twice, and check that the daily answers equal those of milestone 7,
# 5. start runs by Airflow's API, break one, and read the error where an engineer would look,
# 6. read all runs at a glance, in Airflow's grid.
#
# **Before you start:** the lab runs (`make lab`, or `python -m lab up`); no earlier notebook is needed.
# **Time:** two minutes to run, two hours to work through. **Cost on AWS:** an environment of the size mw1.small costs
# about 49 cents an hour for as long as it exists, whether it works or not; mw1.micro is smaller and costs less
# (us-east-1, checked in November 2026). Delete it when you are done.

# %% [markdown]
# ## You are here
#
# ```mermaid
# flowchart LR
#   accTitle: Where this notebook works
#   accDescr: Airflow reads the DAG from S3, and has Databricks clean the tables and write the answers, every day.
#   dags["S3:<br/>dags/"] --> airflow
#   subgraph here["this notebook"]
#     airflow["Airflow<br/>(MWAA)"] -- "every<br/>day" --> jobs["Databricks jobs:<br/>clean_day,<br/>answers"]
#   end
#   jobs --> tables["clean tables,<br/>answers by day"]
# ```
#
# The picture in words: Airflow reads the DAG from the bucket. Once a day it asks Databricks to run two notebooks, which
# clean the tables and write the answers.

# %% tags=["parameters"]
notebooks_folder = "/Shared/workbook/jobs"  # folder of the workspace that holds the notebooks to run
cluster_id = "0000-000000-workbook"  # on Databricks: the id of your cluster
folder = "history"  # folder of the bucket with the topics' objects
delete_environment = False  # True deletes Airflow's environment in the last cell, with all that its pages show

# %% [markdown]
# ## Set up
#
# Names, the cluster, and the raw data. If milestone 7 has not been run, this sends the history through Kafka first.
# `lesson` holds the exercises; Airflow and the tables judge them.

# %%
from helpers import databricks
from helpers.airflow import dag, environment, rest_api, runs
from helpers.checks import notebook_08 as lesson
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
# MWAA wants a bucket to read DAGs from, a role to work with, and two *subnets*, parts of a network, to stand in. The
# role is trusted by Airflow's two service names. It may read this one bucket, and use what MWAA keeps for the
# environment: its queue, its logs and metrics.

# %%
from helpers import iam

show_code.show(iam.airflow_role)

# %%
role = iam.make(workbook, iam.airflow_role(workbook, iam.account(workbook)))
_ = environment.create(workbook, role)
environment.wait_until_available(workbook)
print(workbook.airflow, environment.status(workbook))

# %% [markdown]
# **On AWS** this takes 20 to 30 minutes, and an environment wants more than the lab's:
#
# - Its role also needs its queue in *SQS* (without it nothing is scheduled), logs and metrics in *CloudWatch*, and a
#   key of *KMS*. The one above is enough for the lab.
# - The bucket's versioning must be on, and the two subnets must be *private*: without a way in from the internet.
# - The Databricks provider does not come with MWAA. A file `requirements.txt` in the bucket, named when the environment
#   is created, installs it; the lab's Airflow has it already.
#
# On the laptop it starts a real Airflow, which is four programs: a *scheduler* starts tasks when they are due, a *DAG
# processor* reads the files, a *triggerer* waits for what takes long, and an *API server* answers questions and shows
# pages, at `http://127.0.0.1:8080`. The user is `admin`, the password is in `.lab/airflow/login.json`.
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
# ## Exercise 1: a DAG of your own
#
# A *DAG* says which tasks there are, which of them comes first, and when they run. (The letters stand for directed
# acyclic graph: arrows between tasks that never lead back.) It is a Python file in the bucket. Airflow reads it every
# half minute; to run a task, it reads it again.
#
# Write one: two tasks, `count` and then `report`, every day at six in the morning in Berlin. Days in the past are not
# made up for. What the tasks do does not matter. These are the parts:
#
# | in the file | what it does |
# |---|---|
# | `from airflow.sdk import DAG` | brings what a DAG is made with; `import pendulum` brings moments with a zone |
# | `with DAG(dag_id=…, schedule=…, start_date=…, catchup=…):` | a DAG; the tasks made in this block are its own |
# | `dag_id=Path(__file__).stem` | the DAG gets its file's name; `Path` comes from `pathlib` |
# | `schedule="30 22 * * *"` | every day at 22:30: minute, hour, day of the month, month, weekday; `*` is each |
# | `start_date=pendulum.datetime(2026, 1, 1, tz="UTC")` | from when on, and by which zone's clock |
# | `catchup=True` | makes up for each day since the start date; `False` does not |
# | `BashOperator(task_id="count", bash_command="echo 3 rows")` | a task that runs a command |
# | `first >> second` | runs the task `second` when the task `first` has ended well |
#
# `BashOperator` comes from `airflow.providers.standard.operators.bash`. Airflow is not in this notebook, so nothing is
# imported up here: the *body* of your function is the file. The check uploads it and asks Airflow's API what it has
# understood, which takes some seconds. Expected: both tasks, `report` after `count`, no days made up for, and the next
# run at 06:00 in Berlin.

# %% tags=["exercise-1"]
def own_dag():
    """Be a file for Airflow: `count`, then `report`, every day at six in the morning in Berlin."""
    ...


# %%
lesson.check(1, own_dag, workbook)

# %%
print(show_code.body(own_dag))

# %% [markdown]
# That is the file which Airflow read.
#
# ## Exercise 2: a file on its way into Airflow
#
# Uploading is half of the way: Airflow reads the bucket when it comes round to it, and a file with a mistake in it
# never becomes a DAG. Whoever deploys a DAG wants to know how it ended. So put the file there, ask until Airflow has
# read it, and return what Airflow says; or raise an error with what Airflow could not read.
#
# - `s3.put_object(Bucket=…, Key=…, Body=…)` uploads; the key is the folder `dags/` and the DAG's name with `.py`, the
#   body is bytes: `text.encode()`.
# - `airflow(method, path)` calls Airflow's API as you, and gives the answer. `airflow("GET", "/dags")["dags"]` lists
#   the DAGs that Airflow has read, each with its `dag_id`.
# - `airflow("GET", "/importErrors")["import_errors"]` lists the files that it could not read, yours and others, each
#   with its `filename`, which ends with the file's name, and its `stack_trace`.
#
# `text.endswith(…)` asks for an end, `time.sleep(1)` waits a second, `raise RuntimeError(…)` ends a function with an
# error. The check delivers two files by your function at the same time, one of them with a mistake in it. Expected: the
# DAG's entry of the list for the good one, an error for the other.

# %%
import functools
import time

airflow = functools.partial(rest_api.call, workbook)


# %% tags=["exercise-2"]
def deliver(s3, airflow, bucket: str, name: str, text: str) -> dict:
    """Put a DAG's file into the bucket, wait until Airflow has read it, and return what Airflow says of the DAG."""
    ...


# %%
lesson.check(2, deliver, workbook)

# %% [markdown]
# ## The project's DAG
#
# Now use ours: its tasks run notebooks on Databricks, it retries, and it can be repeated. Read it before you run it.
# Four choices matter: `catchup=False` (days in the past are not made up for), a start date with a time zone, retries
# with a delay, and the day as a parameter, so that a repeated run replaces its own day only.

# %%
text = dag.FILE.read_text()
print(text[text.index("with DAG(") :])

# %% [markdown]
# Deliver it, by your function. The file's name becomes the DAG's name.

# %%
seen = deliver(workbook.client("s3"), airflow, workbook.bucket, workbook.dag, dag.FILE.read_text())
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
# browser. (The lab's addresses end with a key that opens this one page. It is left out here, as every key should be
# where others may read it; `print(page)` shows it.)

# %%
log = runs.task_log(workbook, run, "clean")
print(*(line for line in log if "completed" in line), sep="\n")
page = next(line for line in log if "View run status" in line)
print(page.partition("?key=")[0])

# %% [markdown]
# ## Exercise 3: twice is once
#
# Airflow repeats what fails, and somebody will trigger a day again. So whatever a task does must be the same when it is
# done twice. Write the last step of such a task: rows go into a Delta table under their day. If the day is run again,
# its rows are replaced; the rows of other days stay. The table has a column `day` of type date, `rows` has none.
#
# | call | what it does |
# |---|---|
# | `rows.withColumn("day", …)` | adds a column; `F.lit(day).cast("date")` is one with the day, as a date, in each row |
# | `rows.write.format("delta")` | begins to write; the calls below follow |
# | `.mode("append")` | adds rows to what is there; `"overwrite"` replaces it, `"ignore"` writes if there is no table |
# | `.option("replaceWhere", "country = 'Fiji'")` | lets `overwrite` replace only the rows that fit the condition |
# | `.saveAsTable(table)` | writes into the table of this name |
#
# The check runs your function twice with three rows, on a table that has two rows of another day. Expected, after each
# run: three rows of the day, and the other two.

# %%
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


# %% tags=["exercise-3"]
def keep(rows: DataFrame, table: str, day: str) -> None:
    """Write rows into a Delta table under their `day`; a second run for that day replaces them, and no others."""
    ...


# %%
lesson.check(3, keep, spark)

# %% [markdown]
# Now use ours: `daily.answer` does this for every question of a subject, and is what the DAG's notebooks call.

# %%
from helpers.airflow import daily

show_code.show(daily.answer)

# %% [markdown]
# ## The same answers?
#
# Milestone 7 asked the questions by hand. Ask them again and compare with what the run wrote for its day: rows on
# either side that the other lacks.

# %%
clean = {name: spark.table(workbook.clean_table(name)) for name in ("pin", "geo", "user")}
day = runs.day(workbook, run)
for question, needed in (pair for group in daily.QUESTIONS.values() for pair in group.items()):
    by_hand = question(*(clean[name] for name in needed))
    kept = spark.table(daily.answer_table(workbook.id, question.__name__))
    kept = kept.where(f"day = '{day}'").drop("day")
    differ = by_hand.exceptAll(kept).count() + kept.exceptAll(by_hand).count()
    print(f"{question.__name__:48} {differ} rows differ")

# %% [markdown]
# ## Exercise 4: a run, from its start to its end
#
# A run need not wait for the clock: the API starts one. `airflow("POST", path, body)` sends a body. The path
# `/dags/<DAG>/dagRuns` with the body `{"logical_date": None}`, which says that the run is about no date, starts a run
# and answers with its `dag_run_id`. `airflow("GET", "/dags/<DAG>/dagRuns/<id>")` tells how it stands: its `state` is
# `queued`, then `running`, and in the end `success` or `failed`.
#
# Start one, ask every second (`time.sleep(1)`) until it has ended, and return its id and its state. The check runs two
# DAGs by your function, one of which fails. Expected: one run of each, and pairs such as `("manual__…", "failed")`.

# %% tags=["exercise-4"]
def run_now(airflow, dag: str) -> tuple[str, str]:
    """Start a run of a DAG and wait for its end; return the run's id and its state, "success" or "failed"."""
    ...


# %%
lesson.check(4, run_now, workbook)

# %% [markdown]
# ## Break it on purpose
#
# Somebody moves the notebooks and forgets the variable. **Predict, then run.** Of the four tasks, how many will be
# `failed`?

# %%
guess = lesson.predict(1, 1)

# %%
rest_api.set_settings(workbook, "/Shared/moved", raw, cluster_id)
broken, state = run_now(airflow, workbook.dag)
print(state)
found = runs.tasks(workbook, broken)
for task in found:
    print(f"{task.task:10} {task.state:16} tried {task.tries} times")
guess.answer(sum(task.state == "failed" for task in found))

# %% [markdown]
# Airflow tried three times, because most failures pass. This one does not. The tasks behind it never started. Where
# would an engineer look? Not at the failed run, but at the log of the *first* failed task, at its last attempt:

# %%
log = runs.task_log(workbook, broken, "clean", attempt=3)
told = next(line for line in log if "Unable to access" in line)
print(told[told.index("Unable to access") :].split(". ")[0])

# %% [markdown]
# ## Exercise 5: three failed runs
#
# Do the same for any run, as a function: at night somebody reads your three words and not ten pages. `tasks` is a list
# such as you saw, in which each `one` has `one.task`, `one.state` and `one.tries`, the number of its last attempt.
# `log(task, attempt)` gives the log of an attempt as a list of lines. A line with an error begins with its kind, which
# ends with `Error: `, as in `ValueError: column follower_count is missing`: that is how you know it. Where one error
# led to another, each has a line, the cause last.
#
# The check lets three runs of a small DAG fail, each at another task, and gives you what Airflow tells of them. That
# takes half a minute, the first time. Expected, for one of them:
# `("clean", 2, "ValueError: column follower_count is missing")`.

# %% tags=["exercise-5"]
def diagnosis(tasks: list, log) -> tuple[str, int, str]:
    """Name the task that failed first, the attempt that counts, and the line with the cause; `log(task, attempt)`."""
    ...


# %%
lesson.check(5, diagnosis, workbook)

# %% [markdown]
# ## Repair it
#
# The DAG is right, so nothing is uploaded: the variable is put right, and a new run reads it.

# %%
rest_api.set_settings(workbook, notebooks_folder, raw, cluster_id)
repaired, state = run_now(airflow, workbook.dag)
print(state)

# %% [markdown]
# That was another run for the same day. Did it change an answer, or add one?

# %%
name = daily.answer_table(workbook.id, "popular_category_by_year")
spark.table(name).where(f"day = '{day}'").drop("day").orderBy("post_year").toPandas()

# %% [markdown]
# ## Exercise 6: the grid
#
# Airflow's pages show a DAG as a grid: a column for each run, a row for each task. That is what one looks at first in
# the morning. Get what it shows from the API: the states of all tasks of all runs, the oldest run first.
#
# - `airflow("GET", "/dags/<DAG>/dagRuns", order_by="run_after")["dag_runs"]` lists the runs in the order of their time,
#   each with its `dag_run_id`.
# - `airflow("GET", "/dags/<DAG>/dagRuns/<id>/taskInstances")["task_instances"]` lists the tasks of a run, each with its
#   `task_id` and its `state`.
#
# Return a mapping of mappings, as in `{"run-1": {"clean": "failed", "users": "upstream_failed"}}`. The check asks
# Airflow the same about the project's DAG.

# %% tags=["exercise-6"]
def grid(airflow, dag: str) -> dict[str, dict[str, str]]:
    """Tell how the tasks of all runs of a DAG stand, the oldest run first: run → task → state."""
    ...


# %%
lesson.check(6, grid, workbook)

# %%
from helpers.notebook import airflow_pictures

airflow_pictures.grid(grid(airflow, workbook.dag), dag.graph(workbook))

# %% [markdown]
# The letters say what the colours say, for whoever cannot tell them apart. Where a column begins with F, the letters
# below it tell nothing: look into that first task's log.
#
# ## What you did
#
# 1. You made an environment and gave it a role that may read one bucket, and what MWAA itself needs.
# 2. You wrote a DAG, and Airflow understood it.
# 3. You uploaded one without an address or a secret in it, switched it on and followed its run into the notebook.
# 4. You wrote a step that may run twice, and compared the daily answers with those made by hand.
# 5. You started runs by the API, broke one, and found the reason in the log of the first failed task, then for any run.
# 6. You read all runs at a glance, in a grid of your own.
#
# **Quiz.** Put in a letter for each question. Whoever reads this on a web page finds the answers folded below.

# %%
lesson.questions()

# %%
lesson.quiz("a", "c", "b")

# %% [markdown]
# <details><summary>The answers</summary>
#
# 1. A run that is repeated next week must still replace its own day.
# 2. Airflow reads the file every half minute. Each reading would ask the database, for a value that only a task needs.
# 3. The last attempt of the task that failed first.
#
# </details>
#
# **Clean up.** An environment costs money, or on the laptop 1.3 GB of memory, for as long as it exists. It stays until
# you say otherwise, so that you can look at Airflow's pages: with `delete_environment = True` in the cell of parameters
# the next cell deletes it, and [notebook 10](10_clean_up.ipynb) does so, too. The DAG stays in the bucket, the answers
# in their tables.

# %%
if delete_environment:
    environment.delete(workbook)
print(workbook.airflow, environment.status(workbook) or "is gone")

# %% [markdown]
# previous: [eight questions](07_spark_analytics.ipynb) · index: [README](../README.md) ·
# next: [posts into Kinesis](09a_kinesis_ingest.ipynb)
