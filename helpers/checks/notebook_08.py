"""Exercises of the notebook about Airflow: what Airflow reads, what stands in the table, what the logs hold."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from botocore.exceptions import ClientError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from helpers.airflow import runs
from helpers.airflow.rest_api import AirflowError, call
from helpers.airflow.runs import TaskState
from helpers.checks import airflow_files, scratch
from helpers.checks.exercise import Exercise, Result, Twin, attempt, given
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.config import Workbook
from helpers.notebook import show_code

AWAY = (AirflowError, ClientError)
"""What is raised if there is no environment, or none that answers."""

# --- 1: a DAG of one's own -----------------------------------------------------------------------------------------


def own_dag():
    """Be a file for Airflow: `count`, then `report`, every day at six in the morning in Berlin."""
    from pathlib import Path

    import pendulum
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG

    start = pendulum.datetime(2026, 1, 1, tz="Europe/Berlin")
    with DAG(dag_id=Path(__file__).stem, schedule="0 6 * * *", start_date=start, catchup=False):
        count = BashOperator(task_id="count", bash_command="echo 3 rows")
        report = BashOperator(task_id="report", bash_command="echo done")
        count >> report


def _own_dag(**changes: str) -> str:
    """Write the solution's file with some of its words changed."""
    text = show_code.body(own_dag)
    for name, new in changes.items():
        text = text.replace(PARTS[name], new)
    return text


PARTS = {
    "schedule": "schedule=", "start": 'pendulum.datetime(2026, 1, 1, tz="Europe/Berlin")', "imports": "import pendulum",
    "top": "with DAG(", "edge": "count >> report", "catchup": "catchup=False",
}  # fmt: skip
"""What `_own_dag` changes."""

READS, TASKS, EDGES, CATCHUP = "Airflow reads the file", "tasks", "what comes after what", "catchup"
BERLIN, GREENWICH = "time of the next run, in Berlin", "time of the next run, in UTC"


def _as_airflow_reads_it(answer: Callable[[], None] | str, workbook: Workbook) -> Result:
    """Upload the answer's body as a file, and ask Airflow what it has understood."""
    if not isinstance(answer, str):
        attempt(answer)
        answer = show_code.body(answer)
    with scratch.systems(*AWAY), airflow_files.uploaded(workbook, answer) as file:
        told = airflow_files.read(workbook, file)
        if isinstance(told, str):
            return {READS: _error(told)}
        tasks = call(workbook, "GET", f"/dags/{told['dag_id']}/tasks")["tasks"]
    edges = [f"{task['task_id']} → {after}" for task in tasks for after in task["downstream_task_ids"]]
    return {
        READS: "yes",
        TASKS: ", ".join(sorted(task["task_id"] for task in tasks)),
        EDGES: ", ".join(sorted(edges)) or "nothing",
        CATCHUP: told["catchup"],
        BERLIN: _clock(told["next_dagrun_run_after"], ZoneInfo("Europe/Berlin")),
        GREENWICH: _clock(told["next_dagrun_run_after"], UTC),
    }


def _error(line: str) -> str:
    """Shorten the last line of a trace: the error without its module and without what differs from case to case."""
    kind, _, message = line.partition(": ")
    return f"{kind.rpartition('.')[2]}: {message.partition(': {')[0]}"


def _clock(moment: str | None, zone: ZoneInfo) -> str:
    return "never" if moment is None else f"{datetime.fromisoformat(moment).astimezone(zone):%H:%M}"


OWN_DAG = Exercise(
    solution=own_dag,
    evaluate=_as_airflow_reads_it,
    wanted={READS: "yes", TASKS: "count, report", EDGES: "count → report", CATCHUP: False, BERLIN: "06:00"},
    twins=(
        Twin(
            _own_dag(schedule="schedule_interval="),
            "`schedule_interval` is Airflow 2's name for it. Airflow 3 knows `schedule` alone, and cannot read this.",
            {READS: "TypeError: DAG.__init__() got an unexpected keyword argument 'schedule_interval'"},
        ),
        Twin(
            _own_dag(start="datetime(2026, 1, 1)", imports="from datetime import datetime"),
            "A start date without a zone counts as UTC, so this runs at six in Greenwich. "
            '`pendulum.datetime(…, tz="Europe/Berlin")` has a zone, and follows the summer time too.',
            {READS: "yes", GREENWICH: "06:00"},
        ),
        Twin(
            _own_dag(
                imports="import pendulum\nfrom airflow.sdk import Variable",
                top='rows = Variable.get("rows")\nwith DAG(',
            ),
            "`Variable.get` stands at the top, so Airflow asks for the variable whenever it reads the file, twice a "
            "minute, and as long as there is none it cannot read the file at all. Ask within a task.",
            {READS: "AirflowRuntimeError: VARIABLE_NOT_FOUND"},
        ),
        Twin(
            _own_dag(edge="count, report"),
            "Two tasks, and nothing that says which comes first: Airflow starts them at the same time. "
            "`count >> report`.",
            {READS: "yes", EDGES: "nothing"},
        ),
        Twin(
            _own_dag(catchup="catchup=True"),
            "With `catchup=True`, Airflow makes up for every day since the start date, all at once, as soon as the DAG "
            "is switched on.",
            {READS: "yes", CATCHUP: True},
        ),
    ),
    hints=(
        "Import `DAG` from `airflow.sdk`, `BashOperator` as above, and `pendulum` for the start date.",
        'An operator that is made inside of `with DAG(…):` is a task: `BashOperator(task_id="count", bash_command=…)`.',
        'Six o\'clock each day is the schedule `"0 6 * * *"`; the zone is that of the start date.',
    ),
    more="On the last Sunday of October, Berlin's clocks show 2:30 twice. When would a DAG for half past two run?",
)

# --- 2: once or twice, the same ------------------------------------------------------------------------------------


def keep(rows: DataFrame, table: str, day: str) -> None:
    """Write rows into a Delta table under their `day`; a second run for that day replaces them, and no others."""
    dated = rows.withColumn("day", F.lit(day).cast("date"))
    dated.write.format("delta").mode("overwrite").option("replaceWhere", f"day = '{day}'").saveAsTable(table)


def _dated(rows: DataFrame, day: str) -> DataFrame:
    return rows.withColumn("day", F.lit(day).cast("date"))


def _append(rows: DataFrame, table: str, day: str) -> None:
    _dated(rows, day).write.format("delta").mode("append").saveAsTable(table)


def _under_today(rows: DataFrame, table: str, day: str) -> None:
    keep(rows, table, date.today().isoformat())


def _whole_table(rows: DataFrame, table: str, day: str) -> None:
    _dated(rows, day).write.format("delta").mode("overwrite").saveAsTable(table)


def _unless_there(rows: DataFrame, table: str, day: str) -> None:
    _dated(rows, day).write.format("delta").mode("ignore").saveAsTable(table)


EARLIER, DAY = "2026-01-30", "2026-01-31"
ONCE, TWICE, BEFORE = "rows of the day after a run", "rows of the day after a second run", "rows of the day before"
ELSEWHERE = "rows under other days"


def _kept(answer: Callable[[DataFrame, str, str], None], spark: SparkSession) -> Result:
    """Let an answer write three rows twice into a table in which there is a day already."""
    attempt(answer)
    table = f"exercise_{scratch.token()}"
    try:
        _dated(spark.range(2), EARLIER).write.format("delta").saveAsTable(table)
        answer(spark.range(3), table, DAY)
        after_one = _days(spark, table)
        answer(spark.range(3), table, DAY)
        found = _days(spark, table)
    finally:
        spark.sql(f"DROP TABLE IF EXISTS {table}")
    others = sum(count for day, count in found.items() if day not in (EARLIER, DAY))
    return {ONCE: after_one.get(DAY, 0), TWICE: found.get(DAY, 0), BEFORE: found.get(EARLIER, 0), ELSEWHERE: others}


def _days(spark: SparkSession, table: str) -> dict[str, int]:
    return {str(row.day): row["count"] for row in spark.table(table).groupBy("day").count().collect()}


KEEP = Exercise(
    solution=keep,
    evaluate=_kept,
    wanted={ONCE: 3, TWICE: 3, BEFORE: 2, ELSEWHERE: 0},
    twins=(
        Twin(
            _append,
            "Run twice, and every row is there twice. Airflow repeats what failed, perhaps behind the point where it "
            "had written: a task that appends counts such a day double.",
            {ONCE: 3, TWICE: 6},
        ),
        Twin(
            _under_today,
            "The rows went under today's date, not under `day`. A run that is repeated next week would leave its own "
            "day empty and fill another.",
            {ONCE: 0, ELSEWHERE: 3},
        ),
        Twin(
            _whole_table,
            "`overwrite` alone replaces the whole table: the day before is gone. Say which part is to be replaced: "
            "`replaceWhere`.",
            {TWICE: 3, BEFORE: 0},
        ),
        Twin(
            _unless_there,
            "`ignore` writes only if there is no table yet. There is one, so nothing was written, and nobody said so.",
            {ONCE: 0, TWICE: 0, BEFORE: 2},
        ),
    ),
    hints=(
        'A column `day` first: `F.lit(day).cast("date")`.',
        "Delta can replace a part of a table. Look at `daily.answer`: `show_code.show(daily.answer)`.",
        '`.mode("overwrite").option("replaceWhere", f"day = \'{day}\'")`.',
    ),
    more="Delta refuses rows for another day in a `replaceWhere`. Which mistake would that have caught?",
)

# --- 3: three runs that failed -------------------------------------------------------------------------------------

Log = Callable[[str, int], list[str]]


def diagnosis(tasks: list, log) -> tuple[str, int, str]:
    """Name the task that failed first, the attempt that counts, and the line with the cause; `log(task, attempt)`."""
    failed = next(one for one in tasks if one.state == "failed")
    causes = [line for line in log(failed.task, failed.tries) if "Error: " in line]
    return failed.task, failed.tries, causes[-1]


def _named(tasks: list[TaskState], log: Log, states: Sequence[str] = ("failed",), attempt: int = 0, place: int = -1):
    """Be the solution with one thing changed."""
    failed = next(one for one in tasks if one.state in states)
    number = attempt or failed.tries
    return failed.task, number, next(iter([line for line in log(failed.task, number) if "Error: " in line][place:]), "")


def _drill():
    """Be a file for Airflow: three tasks, one of which fails twice, first for a reason that passes."""
    import datetime
    from pathlib import Path

    import pendulum
    from airflow.sdk import DAG, get_current_context, task

    causes = {
        "load": LookupError("the bucket has no object below history/"),
        "clean": ValueError("column follower_count is missing"),
        "answer": PermissionError("no right to write the table of answers"),
    }

    def work(name):
        context = get_current_context()
        if context["dag_run"].conf["fails"] != name:
            return
        if context["ti"].try_number == 1:
            raise ConnectionError("the cluster did not answer in time")
        try:
            raise causes[name]
        except Exception as cause:
            raise RuntimeError(f"the task {name} did not end well") from cause

    with DAG(
        dag_id=Path(__file__).stem,
        schedule=None,
        start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
        default_args={"retries": 1, "retry_delay": datetime.timedelta(seconds=0)},
    ):
        steps = [task(task_id=name)(work)(name) for name in causes]
        steps[0] >> steps[1] >> steps[2]


FAILED = {
    "load": "LookupError: the bucket has no object below history/",
    "clean": "ValueError: column follower_count is missing",
    "answer": "PermissionError: no right to write the table of answers",
}
"""Task of `_drill` that fails → the line with the cause."""


@cache
def failed_runs(workbook: Workbook) -> Mapping[str, tuple[list[TaskState], Log]]:
    """Let three runs fail, one at each task of a DAG made for it; once for each learner.

    Returns
    -------
    mapping
        Run → how its tasks stand, in the order of their names, and what reads a task's log.
    """
    with airflow_files.uploaded(workbook, show_code.body(_drill)) as name:
        airflow_files.read(workbook, name)
        call(workbook, "PATCH", f"/dags/{name}", {"is_paused": False}, update_mask="is_paused")
        for task in FAILED:
            content = {"dag_run_id": f"run-{task}", "logical_date": None, "conf": {"fails": task}}
            call(workbook, "POST", f"/dags/{name}/dagRuns", content)
        return {f"run {n}": _ended(workbook, name, f"run-{task}") for n, task in enumerate(FAILED, 1)}


def _ended(workbook: Workbook, dag: str, run: str) -> tuple[list[TaskState], Log]:
    runs.wait_for(workbook, run, dag)
    tasks = runs.tasks(workbook, run, dag)
    read = {
        (one.task, attempt): runs.task_log(workbook, run, one.task, attempt, dag)
        for one in tasks
        for attempt in range(1, one.tries + 1)
    }
    return tasks, lambda task, attempt: list(read.get((task, attempt), NO_LOG))


NO_LOG = ("No log: there was no such attempt.",)


def _diagnosed(answer: Callable[[list[TaskState], Log], tuple[str, int, str]], workbook: Workbook) -> Result:
    attempt(answer)
    with scratch.systems(*AWAY):
        failed = failed_runs(workbook)
    found = {}
    for run, (tasks, log) in failed.items():
        task, number, cause = given(answer(list(tasks), log))
        found |= {f"the task of {run}": task, f"the attempt of {run}": number, f"the cause of {run}": cause}
    return found


DIAGNOSIS = Exercise(
    solution=diagnosis,
    evaluate=_diagnosed,
    wanted={
        f"the {what} of run {n}": value
        for n, (task, cause) in enumerate(FAILED.items(), 1)
        for what, value in (("task", task), ("attempt", 2), ("cause", cause))
    },
    twins=(
        Twin(
            lambda tasks, log: _named(tasks, log, states=("failed", "upstream_failed")),
            "A task that is `upstream_failed` never ran: it waited for one that failed. Look for `failed`.",
            {"the task of run 1": "answer", "the task of run 3": "answer"},
        ),
        Twin(
            lambda tasks, log: _named(tasks, log, attempt=1),
            "That is the log of the first attempt. It failed for a reason that had passed by the second one; the run "
            "failed with the last attempt, whose number is `tries`.",
            {"the task of run 1": "load", "the attempt of run 1": 1},
        ),
        Twin(
            lambda tasks, log: _named(tasks, log, place=0),
            "That line says that the task failed, which you knew. Python names the cause behind it: each error of the "
            "chain is a line of the log, the first cause last.",
            {"the attempt of run 1": 2, "the cause of run 1": "RuntimeError: the task load did not end well"},
        ),
    ),
    hints=(
        "`tasks` holds each task's `state` and `tries`: which one is `failed`?",
        "`log(task, attempt)` is a list of lines. The attempt that counts is the last one.",
        'Lines with an error hold "Error: ". The log has the whole chain of them.',
    ),
    more="Three retries make a log three times as long. What would you let a task retry, and what not?",
)

QUIZ = (
    Question(
        "Why is the day a parameter, and not `date.today()` in the notebook?",
        (
            ("A run that is repeated next week must still replace its own day.", None),
            ("`date.today()` is slow.", "It takes less than a microsecond."),
            ("The cluster's clock may be wrong.", "It may, but that is not what breaks a run that is repeated."),
        ),
    ),
    Question(
        "Why does the DAG read its variable inside a template, and not with `Variable.get` at the top of the file?",
        (
            ("`Variable.get` is gone in Airflow 3.", "It is still there; it is its place that matters."),
            ("A template hides the value from the log.", "It doesn't: Airflow's pages show templates filled in."),
            ("Airflow reads the file again and again, and would ask its database each time.", None),
        ),
    ),
    Question(
        "A task has failed three times, and `/logs` holds three attempts. Which one tells why the run failed?",
        (
            ("The first.", "It tells why Airflow tried again. The cause may have been another one by the last try."),
            ("The last, of the task that failed first; the tasks behind it only say `upstream_failed`.", None),
            ("The log of the scheduler.", "It says when tasks began and ended, not what went wrong inside."),
        ),
    ),
)

LESSON = Lesson(
    {1: OWN_DAG, 2: KEEP, 3: DIAGNOSIS},
    {
        1: {
            4: "All four? Three of them never start: what they wait for has failed.",
            3: "Three is how often Airflow tries. The tasks behind the first one never start.",
            0: "None? The folder in the variable does not exist any more.",
        },
    },
    QUIZ,
)
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
questions, quiz = LESSON.questions, LESSON.quiz
"""What the notebook calls."""
