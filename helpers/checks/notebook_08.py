"""Exercises of the notebook about Airflow: what Airflow reads, what stands in the table, what the logs hold."""

import re
import textwrap
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from botocore.exceptions import ClientError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from helpers.airflow import runs
from helpers.airflow.dag import DAG_SECONDS, FOLDER
from helpers.airflow.rest_api import AirflowError, call
from helpers.airflow.runs import TaskState
from helpers.checks import airflow_files, scratch
from helpers.checks.exercise import Exercise, Result, Twin, attempt, given
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.config import Workbook
from helpers.notebook import show_code
from helpers.spark_versions import condition
from helpers.waiting import wait_until

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
    "schedule": "schedule=", "hour": '"0 6 * * *"', "start": 'pendulum.datetime(2026, 1, 1, tz="Europe/Berlin")',
    "imports": "import pendulum", "top": "with DAG(", "edge": "count >> report", "catchup": "catchup=False",
}  # fmt: skip
"""What `_own_dag` changes."""


def _tasks_outside() -> str:
    """Write the solution's file with the tasks behind the block."""
    head, _, tasks = show_code.body(own_dag).partition("    count = ")
    return f"{head}    pass\n" + textwrap.dedent(f"    count = {tasks}")


READS, TASKS, EDGES, CATCHUP = "Airflow reads the file", "tasks", "what comes after what", "catchup"
BERLIN, GREENWICH = "time of the next run, in Berlin", "time of the next run, in UTC"
OFTEN = "how often"


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
        OFTEN: _often(told["timetable_description"] or ""),
        BERLIN: _clock(told["next_dagrun_run_after"], ZoneInfo("Europe/Berlin")),
        GREENWICH: _clock(told["next_dagrun_run_after"], UTC),
    }


def _often(description: str) -> str:
    """Tell whether Airflow's words for a schedule stand for once a day: ``At 06:00``, or none for a day's interval."""
    return "every day" if re.fullmatch(r"(At \d\d:\d\d)?", description) else description


def _error(line: str) -> str:
    """Shorten the last line of a trace: the error without its module and without what differs from case to case."""
    kind, _, message = line.partition(": ")
    return f"{kind.rpartition('.')[2]}: {re.split(': [{[]', message)[0]}"


def _clock(moment: str | None, zone: ZoneInfo) -> str:
    return "never" if moment is None else f"{datetime.fromisoformat(moment).astimezone(zone):%H:%M}"


OWN_DAG = Exercise(
    solution=own_dag,
    evaluate=_as_airflow_reads_it,
    wanted={
        READS: "yes",
        TASKS: "count, report",
        EDGES: "count → report",
        CATCHUP: False,
        BERLIN: "06:00",
        OFTEN: "every day",
    },
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
            _own_dag(hour='"@daily"'),
            "It runs at midnight: that is what `@daily` stands for. A time of day takes five fields, of which the "
            "first two are minute and hour.",
            {READS: "yes", BERLIN: "00:00"},
        ),
        Twin(
            _own_dag(hour='"6 0 * * *"'),
            "It runs six minutes after midnight. The first field of a schedule is the minute, the second the hour.",
            {READS: "yes", BERLIN: "00:06"},
        ),
        Twin(
            _own_dag(hour='"* 6 * * *"'),
            "The star stands for every minute: it runs sixty times, from six o'clock on. At the full hour the minute "
            "is 0.",
            {READS: "yes", OFTEN: "Every minute, between 06:00 and 06:59"},
        ),
        Twin(
            _tasks_outside(),
            "The tasks belong to no DAG, as Airflow says: they are made outside of the block. Indent them, so that "
            "they stand inside of `with DAG(…):`.",
            {
                READS: "ValueError: Tried to create relationships between tasks that don't have Dags yet. Set the Dag "
                "for at least one task and try again",
            },
        ),
        Twin(
            _own_dag(edge="report >> count"),
            "`report` comes first, and `count` after it. The arrow `>>` leads from what runs first to what runs next.",
            {READS: "yes", EDGES: "report → count"},
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

# --- 2: a file on its way into Airflow -----------------------------------------------------------------------------

Airflow = Callable[..., Any]
"""Airflow's REST API: method, path, body and parameters in, the answer out."""

FILE, TOLD, BROKEN = "where the file is", "what you return", "a file that Airflow cannot read"
ASKED = "asked for the files that Airflow cannot read"
"""Tells mistakes apart."""

NOTHING, FOR_EVER, RAISES = "nothing", "asked for ever", "raises an error"
ENDS_WELL = "is delivered, as if all were well"
IN_AN_EMPTY_LIST, AT_ANOTHERS = "stops, as nothing is in the list", "stops at the mistake in another file"

IN_VAIN = 4
"""Questions that an answer may ask after the last one that could have told it something new."""

BAD_FILE_POLL_SECONDS = 1.0
"""Between two looks at whether Airflow has met the file that it cannot read."""


class _Endless(BaseException):
    """An answer would go on for ever; no `except Exception` of the answer's keeps this from ending it."""


def deliver(s3, airflow, bucket: str, name: str, text: str) -> dict:
    """Put a DAG's file into the bucket, wait until Airflow has read it, and return what Airflow says of the DAG."""
    s3.put_object(Bucket=bucket, Key=f"dags/{name}.py", Body=text.encode())
    while True:
        for error in airflow("GET", "/importErrors")["import_errors"]:
            if error["filename"].endswith(f"{name}.py"):
                raise RuntimeError(error["stack_trace"])
        for found in airflow("GET", "/dags")["dags"]:
            if found["dag_id"] == name:
                return found
        time.sleep(1)


Files = Callable[[Airflow, str], list[dict]]


def _own_errors(airflow: Airflow, name: str) -> list[dict]:
    errors = airflow("GET", "/importErrors")["import_errors"]
    return [one for one in errors if one["filename"].endswith(f"{name}.py")]


def _delivering(
    key: str = "dags/{}.py",
    dag: str = "{}",
    errors: Files = _own_errors,
    told: Callable[[Airflow, dict], Any] = lambda airflow, found: found,
    of_errors: Callable[[list[dict]], Any] | None = None,
) -> Callable[..., Any]:
    """Write the solution with another key, another name looked for, other errors, another answer."""

    def deliver(s3: Any, airflow: Airflow, bucket: str, name: str, text: str) -> Any:
        s3.put_object(Bucket=bucket, Key=key.format(name), Body=text.encode())
        while True:
            if wrong := errors(airflow, name):
                if of_errors:
                    return of_errors(wrong)
                raise RuntimeError(wrong[0]["stack_trace"])
            if found := [one for one in airflow("GET", "/dags")["dags"] if one["dag_id"] == dag.format(name)]:
                return told(airflow, found[0])
            time.sleep(1)

    return deliver


def _asked_once(s3: Any, airflow: Airflow, bucket: str, name: str, text: str) -> dict:
    s3.put_object(Bucket=bucket, Key=f"dags/{name}.py", Body=text.encode())
    return next(one for one in airflow("GET", "/dags")["dags"] if one["dag_id"] == name)


def _not_awaited(s3: Any, airflow: Airflow, bucket: str, name: str, text: str) -> None:
    s3.put_object(Bucket=bucket, Key=f"dags/{name}.py", Body=text.encode())


def _asked_by_name(s3: Any, airflow: Airflow, bucket: str, name: str, text: str) -> dict:
    s3.put_object(Bucket=bucket, Key=f"dags/{name}.py", Body=text.encode())
    return airflow("GET", f"/dags/{name}")


def _delivered(answer: Callable[..., dict], workbook: Workbook) -> Result:
    """Let an answer deliver two files: one that Airflow cannot read, and, when it knows that, a good one."""
    attempt(answer)
    broken = show_code.body(own_dag) + "\nimport nowhere_to_be_found\n"
    with scratch.systems(*AWAY), airflow_files.drawn(workbook) as good, airflow_files.drawn(workbook) as bad:
        with ThreadPoolExecutor(2) as pool:
            refused = pool.submit(_told_of, answer, workbook, bad, broken)
            wait_until(
                lambda: refused.done() or airflow_files.error(workbook, bad),
                DAG_SECONDS,
                f"Airflow to read {bad}.py",
                BAD_FILE_POLL_SECONDS,
            )
            told = pool.submit(_told_of, answer, workbook, good, show_code.body(own_dag))
        return {FILE: _place(workbook, good), TOLD: told.result()[0]} | dict(
            zip((BROKEN, ASKED), refused.result(), strict=True)
        )


def _told_of(answer: Callable[..., dict], workbook: Workbook, name: str, text: str) -> tuple[str, bool]:
    """Tell how delivering one file ends, and whether the answer asked for errors."""
    asked, paths, is_listed = 0, set(), False

    def airflow(*arguments: Any, **query: Any) -> Any:
        """Call Airflow's API, unless what is waited for cannot come any more."""
        nonlocal asked, is_listed
        paths.add(arguments[1].strip("/") if len(arguments) > 1 else "")
        asked += is_listed or _nothing_to_come(workbook, name)
        if asked > IN_VAIN:
            raise _Endless
        found = call(workbook, *arguments, **query)
        is_listed = is_listed or _lists(found, name)
        return found

    try:
        told = answer(workbook.client("s3"), airflow, workbook.bucket, name, text)
    except _Endless:
        outcome = FOR_EVER
    except Exception as error:  # whatever code that somebody is learning to write may raise
        outcome = RAISES if airflow_files.error(workbook, name) else _stopped_at(error, workbook)
    else:
        outcome = ENDS_WELL if airflow_files.error(workbook, name) else _of_dag(told, name)
    return outcome, "importErrors" in paths


def _nothing_to_come(workbook: Workbook, name: str) -> bool:
    """Tell whether Airflow could not read a file, or will never see it."""
    return _place(workbook, name) != IN_FOLDER or airflow_files.error(workbook, name) is not None


def _lists(found: Any, name: str) -> bool:
    """Tell whether Airflow has just answered with a list in which the DAG is."""
    dags = found.get("dags", ()) if isinstance(found, Mapping) else ()
    return any(one["dag_id"] == name for one in dags)


_OF_CODE = (AirflowError, LookupError, TypeError, NameError, AttributeError, AssertionError)
"""Errors that nobody raises to tell of a file."""


def _stopped_at(error: Exception, workbook: Workbook) -> str:
    if isinstance(error, IndexError | StopIteration):
        return IN_AN_EMPTY_LIST
    if not isinstance(error, _OF_CODE) and call(workbook, "GET", "/importErrors")["import_errors"]:
        return AT_ANOTHERS
    return _stopped_by(error)


def _stopped_by(error: Exception) -> str:
    if isinstance(error, AirflowError):
        return f"stops, as Airflow refuses with number {error.status}"
    return f"stops with {type(error).__name__}: {error}"


def _of_dag(told: Any, name: str) -> str:
    if told is None:
        return NOTHING
    if isinstance(told, Mapping):
        return OF_DAG if told.get("dag_id") == name else ALL_DAGS if "dags" in told else f"{told}"
    return ALL_DAGS if isinstance(told, list) else f"{type(told).__name__}: {told}"


IN_FOLDER, ELSEWHERE_IN_BUCKET, OF_DAG = "in the folder of DAGs", "outside of the folder of DAGs", "what Airflow says"
NO_ENDING, ALL_DAGS = "in the folder of DAGs, without `.py`", "a list of DAGs"


def _place(workbook: Workbook, name: str) -> str:
    if airflow_files.is_there(workbook, name):
        return IN_FOLDER
    found = airflow_files.objects(workbook, name)
    if f"{FOLDER}/{name}" in found:
        return NO_ENDING
    return ELSEWHERE_IN_BUCKET if found else "nowhere"


DELIVER = Exercise(
    solution=deliver,
    evaluate=_delivered,
    wanted={FILE: IN_FOLDER, TOLD: OF_DAG, BROKEN: RAISES},
    twins=(
        Twin(
            _delivering(key="{}.py"),
            "The file is in the bucket, and Airflow does not see it: it looks into the folder `dags/` alone. The key "
            'is `f"dags/{name}.py"`.',
            {FILE: ELSEWHERE_IN_BUCKET},
        ),
        Twin(
            _delivering(key="dags/{}"),
            "The file is in the folder, and Airflow takes it for none of Python's: its name does not end with `.py`. "
            "The ending belongs into the key, and not into the name of the DAG.",
            {FILE: NO_ENDING},
        ),
        Twin(
            _not_awaited,
            "Your function gives nothing back. Airflow needs seconds to read a file, on MWAA half a minute: ask "
            "`/dags` again and again until the DAG is there, and return it.",
            {FILE: IN_FOLDER, TOLD: NOTHING},
        ),
        Twin(
            _asked_once,
            "You take the DAG out of a list in which it is not yet: Airflow needs some seconds to read a file. Look "
            "into the list, and if the DAG is not there, sleep a second and ask again.",
            {FILE: IN_FOLDER, TOLD: IN_AN_EMPTY_LIST},
        ),
        Twin(
            _asked_by_name,
            "To ask for a DAG that Airflow does not know yet is an error, number 404, and it ends your function. Look "
            'for the DAG in the list of `airflow("GET", "/dags")`, or catch the error and ask again.',
            {FILE: IN_FOLDER, TOLD: "stops, as Airflow refuses with number 404"},
        ),
        Twin(
            _delivering(dag="{}.py"),
            "Airflow has the DAG, and your function goes on asking for it: a `dag_id` is the name alone, without "
            "`.py`.",
            {FILE: IN_FOLDER, TOLD: FOR_EVER},
        ),
        Twin(
            _delivering(errors=lambda airflow, name: airflow("GET", "/importErrors")["import_errors"]),
            "You raised because of a mistake in another file: the list holds the files of everybody. Take an error "
            'only if its `filename` ends with yours, `error["filename"].endswith(f"{name}.py")`.',
            {FILE: IN_FOLDER, TOLD: AT_ANOTHERS},
        ),
        Twin(
            _delivering(told=lambda airflow, found: airflow("GET", "/dags")["dags"]),
            "You give back all DAGs. Asked is what Airflow says of this one: the entry of the list whose `dag_id` is "
            "the name.",
            {FILE: IN_FOLDER, TOLD: ALL_DAGS},
        ),
        Twin(
            _delivering(errors=lambda airflow, name: []),
            "A file with a mistake in it never becomes a DAG, and your function waits for it for ever. Look into "
            "`/importErrors` each time as well, and raise what stands there.",
            {TOLD: OF_DAG, BROKEN: FOR_EVER, ASKED: False},
        ),
        Twin(
            _delivering(errors=lambda airflow, name: [
                one for one in airflow("GET", "/importErrors")["import_errors"] if one["filename"] == f"dags/{name}.py"
            ]),
            "You look into `/importErrors`, do not find your file there, and wait for ever. A `filename` is not the "
            'key of the bucket: it ends with the file\'s name, `.endswith(f"{name}.py")`.',
            {TOLD: OF_DAG, BROKEN: FOR_EVER, ASKED: True},
        ),
        Twin(
            _delivering(of_errors=lambda wrong: wrong[0]),
            "A file that cannot be read ended like one that can: your function returned. Whoever calls it would go "
            "on as if the DAG were there. `raise RuntimeError(…)` with the `stack_trace`.",
            {TOLD: OF_DAG, BROKEN: ENDS_WELL},
        ),
    ),
    hints=(
        "One call puts the file there, then a `while True:` asks and sleeps.",
        'Each time: is a `filename` of `airflow("GET", "/importErrors")["import_errors"]` yours? Then raise its trace.',
        'And: is a `dag_id` of `airflow("GET", "/dags")["dags"]` the name? Then return that entry.',
    ),
    more="If the DAG was there before, in an older version: what does your function return?",
)

# --- 3: once or twice, the same ------------------------------------------------------------------------------------


def keep(rows: DataFrame, table: str, day: str) -> None:
    """Write rows into a Delta table under their `day`; a second run for that day replaces them, and no others."""
    dated = rows.withColumn("day", F.lit(day).cast("date"))
    dated.write.format("delta").mode("overwrite").option("replaceWhere", f"day = '{day}'").saveAsTable(table)


def _dated(rows: DataFrame, day: str) -> DataFrame:
    return rows.withColumn("day", F.lit(day).cast("date"))


def _replaced(rows: DataFrame, table: str, where: str) -> None:
    rows.write.format("delta").mode("overwrite").option("replaceWhere", where).saveAsTable(table)


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
ELSEWHERE, REFUSAL = "rows under other days", "what Spark refuses"
"""REFUSAL tells mistakes apart."""


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
    except PySparkException as error:
        if not (kind := condition(error)):
            raise
        return {REFUSAL: kind}
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
        Twin(
            lambda rows, table, day: _replaced(rows, table, f"day = '{day}'"),
            "Delta refuses rows that do not fit the condition, and yours have no day yet. "
            '`rows.withColumn("day", F.lit(day).cast("date"))` gives it to them.',
            {REFUSAL: "DELTA_REPLACE_WHERE_MISMATCH"},
        ),
        Twin(
            lambda rows, table, day: _replaced(rows.withColumn("day", F.lit(day)), table, f"day = '{day}'"),
            "The table's `day` is a date, and yours is a text, which Delta does not mix. "
            '`.cast("date")` makes a date of `F.lit(day)`.',
            {REFUSAL: "DELTA_FAILED_TO_MERGE_FIELDS"},
        ),
        Twin(
            lambda rows, table, day: _replaced(_dated(rows, day), table, f"day = {day}"),
            "Without quotation marks, the condition says `day = 2026-01-31`: a subtraction, and its result is no date. "
            "Put the day between single ones, as in `country = 'Fiji'`.",
            {REFUSAL: "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES"},
        ),
        Twin(
            lambda rows, table, day: _replaced(_dated(rows, day), table, "day = '{day}'"),
            "The condition asks for a day that is called `{day}`. An `f` before the text lets Python fill in what is "
            "between the braces.",
            {REFUSAL: "CAST_INVALID_INPUT"},
        ),
    ),
    hints=(
        'A column `day` first: `F.lit(day).cast("date")`.',
        "Delta can replace a part of a table. Look at `daily.answer`: `show_code.show(daily.answer)`.",
        '`.mode("overwrite").option("replaceWhere", f"day = \'{day}\'")`.',
    ),
    more="Delta refuses rows for another day in a `replaceWhere`. Which mistake would that have caught?",
)

# --- 4: a run, from its start to its end -----------------------------------------------------------------------------

WELL, BADLY, STARTED = "a run that ends well", "a run that fails", "runs that you start"


def run_now(airflow, dag: str) -> tuple[str, str]:
    """Start a run of a DAG and wait for its end; return the run's id and its state, "success" or "failed"."""
    run = airflow("POST", f"/dags/{dag}/dagRuns", {"logical_date": None})["dag_run_id"]
    state = "queued"
    while state not in ("success", "failed"):
        time.sleep(1)
        state = airflow("GET", f"/dags/{dag}/dagRuns/{run}")["state"]
    return run, state


def _no_end_awaited(airflow: Airflow, dag: str) -> tuple[str, str]:
    run = airflow("POST", f"/dags/{dag}/dagRuns", {"logical_date": None})
    return run["dag_run_id"], run["state"]


def _success_awaited(airflow: Airflow, dag: str) -> tuple[str, str]:
    run = airflow("POST", f"/dags/{dag}/dagRuns", {"logical_date": None})["dag_run_id"]
    while (state := airflow("GET", f"/dags/{dag}/dagRuns/{run}")["state"]) != "success":
        time.sleep(1)
    return run, state


def _started_each_time(airflow: Airflow, dag: str) -> tuple[str, str]:
    while True:
        run = airflow("POST", f"/dags/{dag}/dagRuns", {"logical_date": None})["dag_run_id"]
        time.sleep(1)
        found = airflow("GET", f"/dags/{dag}/dagRuns")["dag_runs"]
        ended = [one["state"] for one in found if one["state"] in ("success", "failed")]
        if ended and len(found) > 1:
            return run, ended[0]


def _without_a_date(airflow: Airflow, dag: str) -> tuple[str, str]:
    return airflow("POST", f"/dags/{dag}/dagRuns", {})["dag_run_id"], ""


def _two_ends():
    """Be a file for Airflow: a DAG of the file's name whose runs end well, and one whose runs fail."""
    from pathlib import Path

    import pendulum
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG

    common = {"schedule": None, "start_date": pendulum.datetime(2026, 1, 1, tz="UTC"), "is_paused_upon_creation": False}
    with DAG(dag_id=Path(__file__).stem, **common):
        EmptyOperator(task_id="rest")
    with DAG(dag_id=f"{Path(__file__).stem}_fails", **common):
        BashOperator(task_id="fail", bash_command="exit 1")


def _run(answer: Callable[..., tuple[str, str]], workbook: Workbook) -> Result:
    """Let an answer run two DAGs at the same time, one of which fails."""
    attempt(answer)
    with scratch.systems(*AWAY), airflow_files.uploaded(workbook, show_code.body(_two_ends)) as name:
        dags = {WELL: name, BADLY: f"{name}_fails"}
        for dag in dags.values():
            airflow_files.wait_until_known(workbook, dag)
        with ThreadPoolExecutor(2) as pool:
            told = dict(zip(dags, pool.map(lambda dag: _ended_as(answer, workbook, dag), dags.values()), strict=True))
        started = {len(_runs(workbook, dag)) for dag in dags.values()}
    return {**told, STARTED: "one" if started == {1} else "several" if max(started) > 1 else "none"}


def _runs(workbook: Workbook, dag: str) -> dict[str, str]:
    found = call(workbook, "GET", f"/dags/{dag}/dagRuns")["dag_runs"]
    return {one["dag_run_id"]: one["state"] for one in found}


ONE_AT_A_TIME = threading.Lock()
"""Held while a run is started: Airflow on a laptop keeps its runs in SQLite, which takes one writer."""

BUSY_SECONDS = 20
SERVERS_FAULT = 500


def _unless_busy(workbook: Workbook, *arguments: Any, **query: Any) -> Any:
    """Call Airflow's API; None if its database was busy, which says nothing of who calls."""
    try:
        return call(workbook, *arguments, **query)
    except AirflowError as error:
        if error.status != SERVERS_FAULT:
            raise
        return None


def _ended_as(answer: Callable[..., tuple[str, str]], workbook: Workbook, dag: str) -> str:
    """Tell the state that an answer returns for a run of its own, or how it ends."""
    asked = 0

    def airflow(*arguments: Any, **query: Any) -> Any:
        """Call Airflow's API, unless the run that is waited for has ended some questions ago."""
        nonlocal asked
        states = _runs(workbook, dag).values()
        asked += bool(states) and all(state in ("success", "failed") for state in states)
        if asked > IN_VAIN:
            raise _Endless
        with ONE_AT_A_TIME:
            return wait_until(lambda: _unless_busy(workbook, *arguments, **query), BUSY_SECONDS, "Airflow's database")

    try:
        told = answer(airflow, dag)
    except _Endless:
        return FOR_EVER
    except Exception as error:  # whatever code that somebody is learning to write may raise
        return _stopped_by(error)
    if not isinstance(told, Sequence) or isinstance(told, str) or len(told) != 2:
        return f"{told!r}, which is no id with a state"
    return told[1] if told[0] in _runs(workbook, dag) else f"{told[0]!r}, which is the id of no run"


RUN_NOW = Exercise(
    solution=run_now,
    evaluate=_run,
    wanted={WELL: "success", BADLY: "failed", STARTED: "one"},
    twins=(
        Twin(
            _without_a_date,
            "Airflow refuses a start without `logical_date`. A run that is about no date says so: "
            '`{"logical_date": None}`.',
            {WELL: "stops, as Airflow refuses with number 422", STARTED: "none"},
        ),
        Twin(
            _no_end_awaited,
            "`queued` is where a run begins. Ask for its state again and again, until it is `success` or `failed`.",
            {WELL: "queued"},
        ),
        Twin(
            _success_awaited,
            "You wait for `success`. A run that fails never comes there, and your function never comes back: `failed` "
            "is an end, too.",
            {WELL: "success", BADLY: FOR_EVER},
        ),
        Twin(
            _started_each_time,
            "Each time around, your function starts another run. Start one before the loop, keep its id, and ask for "
            "that one.",
            {STARTED: "several"},
        ),
    ),
    hints=(
        'The answer to the start has the id: `["dag_run_id"]`.',
        'Ask for this one run: `airflow("GET", f"/dags/{dag}/dagRuns/{run}")["state"]`.',
        '`while state not in ("success", "failed"):` sleep a second, and ask.',
    ),
    more="If nobody has switched the DAG on, its runs stay `queued`. How long would you wait?",
)

# --- 5: three runs that failed -------------------------------------------------------------------------------------

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

# --- 6: the grid -----------------------------------------------------------------------------------------------------

RUNS = "the runs, the oldest first"


def grid(airflow, dag: str) -> dict[str, dict[str, str]]:
    """Tell how the tasks of all runs of a DAG stand, the oldest run first: run → task → state."""
    states = {}
    for run in airflow("GET", f"/dags/{dag}/dagRuns", order_by="run_after")["dag_runs"]:
        name = run["dag_run_id"]
        tasks = airflow("GET", f"/dags/{dag}/dagRuns/{name}/taskInstances")["task_instances"]
        states[name] = {task["task_id"]: task["state"] for task in tasks}
    return states


def _newest_first(airflow: Airflow, dag: str) -> dict[str, dict[str, str]]:
    return dict(reversed(grid(airflow, dag).items()))


def _one_run(airflow: Airflow, dag: str) -> dict[str, dict[str, str]]:
    return dict(list(grid(airflow, dag).items())[-1:])


def _states_of_runs(airflow: Airflow, dag: str) -> dict[str, str]:
    found = airflow("GET", f"/dags/{dag}/dagRuns", order_by="run_after")["dag_runs"]
    return {run["dag_run_id"]: run["state"] for run in found}


def _failed_tasks(airflow: Airflow, dag: str) -> dict[str, dict[str, str]]:
    return {
        run: {task: state for task, state in tasks.items() if state == "failed"}
        for run, tasks in grid(airflow, dag).items()
    }


def _seen(answer: Callable[[Airflow, str], Mapping[str, Mapping[str, str]]], workbook: Workbook) -> Result:
    found = given(answer(partial(call, workbook), workbook.dag))
    return {RUNS: list(found), **found}


GRID = Exercise(
    solution=grid,
    evaluate=_seen,
    twins=(
        Twin(
            _newest_first,
            'The newest run comes first. Airflow puts them in order if you ask: `order_by="run_after"`; a minus before '
            "the name turns the order round.",
        ),
        Twin(
            _one_run,
            "One run is there, the last. Does the loop make a new mapping each time, or return in its first turn?",
        ),
        Twin(
            _states_of_runs,
            "These are the states of the runs. Each run has tasks, and how those stand says another call: "
            "`…/taskInstances`.",
        ),
        Twin(
            _failed_tasks,
            "Only failed tasks are there. A grid shows all of them: what never started tells as much.",
        ),
    ),
    hints=(
        "A loop over the runs, and for each of them a call for its tasks.",
        'The tasks of a run: `airflow("GET", f"/dags/{dag}/dagRuns/{name}/taskInstances")["task_instances"]`.',
        '`{task["task_id"]: task["state"] for task in tasks}` is a column of the grid.',
    ),
    more="A run of last week has a task that the DAG has no more. Where would it stand in the grid?",
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
    {1: OWN_DAG, 2: DELIVER, 3: KEEP, 4: RUN_NOW, 5: DIAGNOSIS, 6: GRID},
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
