"""What happens next in a run, by rules alone."""

from dataclasses import replace

import pytest

from lab.workspace.errors import WorkspaceError
from lab.workspace.jobs import references, requests, runs, states
from lab.workspace.jobs.runs import Run, Task


def run_of(*tasks, **changes):
    return Run(1, 1, "r", "SUBMIT_RUN", tasks, start_time=0, **changes)


def task(key, *needs, state=states.BLOCKED, **changes):
    return Task(key, 10 + ord(key), "/nb", depends_on=needs, state=state, **changes)


def keys(tasks):
    return [task.key for task in tasks]


def test_a_task_waits_for_those_it_depends_on():
    run = run_of(task("a"), task("b", "a"), task("c", "b"))
    assert keys(runs.ready(run, 5)) == ["a"]
    run = run.with_task(replace(run.tasks[0], state=states.SUCCESS))
    assert keys(runs.ready(runs.settle(run, 5), 5)) == ["b"]


def test_a_failure_skips_everything_that_depends_on_it():
    run = runs.settle(run_of(task("a", state=states.FAILED), task("b", "a"), task("c", "b"), task("d")), 5)
    assert [each.state.result_state for each in run.tasks] == ["FAILED", "UPSTREAM_FAILED", "UPSTREAM_FAILED", ""]
    assert keys(runs.ready(run, 5)) == ["d"]
    assert not run.state.terminal


@pytest.mark.parametrize(
    ("run_if", "results", "runs_it"),
    [
        ("ALL_SUCCESS", "SS", True), ("ALL_SUCCESS", "SF", False), ("ALL_DONE", "FF", True),
        ("NONE_FAILED", "SF", False), ("AT_LEAST_ONE_SUCCESS", "SF", True), ("AT_LEAST_ONE_SUCCESS", "FF", False),
        ("ALL_FAILED", "FF", True), ("ALL_FAILED", "SF", False), ("AT_LEAST_ONE_FAILED", "SF", True),
        ("AT_LEAST_ONE_FAILED", "SS", False),
    ],
)  # fmt: skip
def test_run_if_decides_by_what_came_before(run_if, results, runs_it):
    first, second = ({"S": states.SUCCESS, "F": states.FAILED}[letter] for letter in results)
    run = run_of(task("a", state=first), task("b", state=second), task("c", "a", "b", run_if=run_if))
    assert keys(runs.ready(runs.settle(run, 5), 5)) == (["c"] if runs_it else [])


def test_the_leaves_decide_how_a_run_ends():
    failed = task("a", state=states.FAILED)
    assert run_of(failed).state == states.FAILED
    several = run_of(failed, task("b", state=states.SUCCESS)).state
    assert (several.life_cycle_state, several.result_state) == ("INTERNAL_ERROR", "FAILED")
    assert several.state_message == "Task a failed with message: Workload failed, see run output for details"
    mended = run_of(failed, task("b", "a", run_if="ALL_DONE", state=states.SUCCESS)).state
    assert mended.result_state == "SUCCESS_WITH_FAILURES"


def test_a_cancelled_run_starts_nothing_more():
    run = runs.settle(run_of(task("a", state=states.RUNNING), task("b"), cancelled=True), 7)
    assert run.tasks[1].state == states.CANCELED
    assert run.tasks[1].end_time == 7


def test_the_nearer_limit_counts():
    started = task("a", state=states.RUNNING, start_time=1000, timeout_seconds=60)
    assert run_of(started).deadline(started) == (61_000, 60)
    assert run_of(started, timeout_seconds=5).deadline(started) == (6_000, 5)
    unlimited = replace(started, timeout_seconds=0)
    assert run_of(unlimited).deadline(unlimited) is None


def test_a_lost_run_has_failed_and_says_why():
    run = runs.lost(run_of(task("a", state=states.SUCCESS), task("b", state=states.RUNNING)), 9)
    assert [each.state.result_state for each in run.tasks] == ["SUCCESS", "FAILED"]
    assert run.state.life_cycle_state == "INTERNAL_ERROR"
    assert "The cluster ended" in run.state.state_message


def attempts(run):
    return [(task.key, task.attempt, task.state.life_cycle_state) for task in run.tasks]


def test_a_task_that_failed_has_its_further_attempts_and_the_last_one_counts():
    run = run_of(task("a", state=states.RUNNING, max_retries=1), task("b", "a"))
    run = runs.ended(run, replace(run.tasks[0], state=states.FAILED, start_time=1, end_time=2), 900)
    assert attempts(run) == [("a", 0, "TERMINATED"), ("b", 0, "BLOCKED"), ("a", 1, "WAITING_FOR_RETRY")]
    assert not run.state.terminal
    assert [(each.key, each.run_id) for each in runs.ready(runs.settle(run, 3), 3)] == [("a", 900)]
    mended = runs.ended(run, replace(run.task(900), state=states.SUCCESS), 901)
    assert keys(runs.ready(runs.settle(mended, 3), 3)) == ["b"]
    assert mended.with_task(replace(mended.tasks[1], state=states.SUCCESS)).state == states.SUCCESS
    failed = runs.settle(runs.ended(run, replace(run.task(900), state=states.FAILED), 901), 3)
    assert attempts(failed)[1:] == [("b", 0, "SKIPPED"), ("a", 1, "TERMINATED")]
    assert failed.state.result_state == "FAILED"


@pytest.mark.parametrize(
    ("state", "settings", "cancelled", "tried_again"),
    [
        (states.SUCCESS, {"max_retries": 3}, False, False),
        (states.FAILED, {}, False, False),
        (states.internal_error("gone"), {"max_retries": 3}, False, True),
        (states.timed_out(1), {"max_retries": 3}, False, False),
        (states.timed_out(1), {"max_retries": 3, "retry_on_timeout": True}, False, True),
        (states.FAILED, {"max_retries": 3}, True, False),
    ],
)
def test_only_what_failed_and_is_still_wanted_is_tried_again(state, settings, cancelled, tried_again):
    run = run_of(task("a", state=states.RUNNING, start_time=5, **settings), cancelled=cancelled)
    assert (len(runs.ended(run, replace(run.tasks[0], state=state), 900).tasks) == 2) is tried_again


def test_a_run_that_took_as_long_as_it_may_is_not_tried_again():
    run = run_of(
        task("a", state=states.RUNNING, start_time=1000, max_retries=9, retry_on_timeout=True), timeout_seconds=5
    )
    assert len(runs.ended(run, replace(run.tasks[0], state=states.timed_out(5), end_time=6000), 900).tasks) == 1


def test_the_next_attempt_waits_for_its_interval():
    run = run_of(task("a", state=states.RUNNING, start_time=1000, max_retries=1, min_retry_interval_millis=500))
    run = runs.ended(run, replace(run.tasks[0], state=states.FAILED, end_time=1200), 900)
    assert runs.ready(run, 1499) == []
    assert keys(runs.ready(run, 1500)) == ["a"]


def test_a_run_too_many_is_skipped_in_databricks_words():
    state = runs.skipped(run_of(task("a"), task("b", "a")), 1, 7).state
    assert (state.life_cycle_state, state.result_state) == ("SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED")
    words = "Skipping this run because the limit of 1 maximum concurrent runs has been reached."
    assert state.state_message == words


NOTEBOOK = {"notebook_task": {"notebook_path": "/x"}}
DAILY = {"quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "UTC"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"spark_python_task": {}}, "is a spark_python_task"),
        ({"run_name": "n"}, "has no notebook_task"),
        ({"tasks": [NOTEBOOK | {"task_key": "a"}] * 2}, "Two tasks have the key 'a'"),
        ({"tasks": [NOTEBOOK | {"task_key": "a", "depends_on": [{"task_key": "z"}]}]}, "there is no such task"),
        (
            {"tasks": [NOTEBOOK | {"task_key": a, "depends_on": [{"task_key": b}]} for a, b in ("ab", "ba")]},
            "in a circle",
        ),
        (NOTEBOOK | {"timeout_seconds": "soon"}, "timeout_seconds must be a whole number, not 'soon'"),
        (NOTEBOOK | {"max_retries": "often"}, "max_retries must be a whole number, not 'often'"),
        (NOTEBOOK | {"max_retries": -1}, "max_retries is -1, for ever"),
        (NOTEBOOK | {"min_retry_interval_millis": -5}, "min_retry_interval_millis must not be below 0"),
        (NOTEBOOK | {"max_concurrent_runs": "x"}, "max_concurrent_runs must be a whole number"),
        (NOTEBOOK | {"queue": "yes"}, "queue must be an object"),
        (NOTEBOOK | {"run_if": "MAYBE"}, "run_if is 'MAYBE'"),
        ({"notebook_task": {"notebook_path": "/x", "base_parameters": [1]}}, "base_parameters must be an object"),
        ({"notebook_task": {"notebook_path": 5}}, "notebook_path must be text, not 5"),
        ({"notebook_task": "x"}, "notebook_task must be an object"),
        ({"notebook_task": {"notebook_path": "/x", "source": "GIT"}}, "no Git, no warehouse"),
        ({"tasks": "x"}, "tasks must be a list of objects"),
        (NOTEBOOK | {"max_retries": True}, "max_retries must be a whole number, not True"),
        (NOTEBOOK | {"max_retries": 1.5}, "max_retries must be a whole number, not 1.5"),
        (NOTEBOOK | {"schedule": DAILY}, "schedule: the lab starts no job by itself.*PAUSED"),
        (NOTEBOOK | {"schedule": DAILY | {"quartz_cron_expression": "every day"}}, "it has 2 fields, not the six"),
        (NOTEBOOK | {"schedule": DAILY | {"quartz_cron_expression": "0 0 25 * * ?"}}, "'25' in .* is no hour"),
        (NOTEBOOK | {"schedule": DAILY | {"quartz_cron_expression": "0 0 6 * * *"}}, "must be '\\?'"),
        (NOTEBOOK | {"schedule": DAILY | {"quartz_cron_expression": "0 0 6 ? * MONDAY"}}, "'MONDAY' in .* is no day"),
        (NOTEBOOK | {"schedule": DAILY | {"timezone_id": "Mars"}}, "there is no time zone 'Mars'"),
        ({"tasks": [NOTEBOOK | {"schedule": DAILY}]}, "schedule: the lab starts no job by itself"),
        (NOTEBOOK | {"continuous": {"pause_status": "PAUSED"}}, "continuous: the lab starts no job by itself"),
        (NOTEBOOK | {"libraries": [{"pypi": {"package": "x"}}]}, "libraries: the lab installs none"),
        ({"tasks": [NOTEBOOK | {"libraries": [{"jar": "x"}]}]}, "libraries: the lab installs none"),
        (NOTEBOOK | {"git_source": {"git_url": "x"}}, "git_source: the lab has no repos"),
        (NOTEBOOK | {"run_as": {"user_name": "x"}}, "run_as: the lab has one user"),
        (NOTEBOOK | {"parameters": [{"name": "p", "default": "{{job.naem}}"}]}, r"does not know what \{\{job.naem\}\}"),
    ],
)
def test_what_cannot_run_is_refused_by_name(settings, words):
    with pytest.raises(WorkspaceError, match=words):
        requests.check_job(settings)


@pytest.mark.parametrize(
    "quartz", ["0 0 6 * * ?", "0 0/15 8-18 ? * MON-FRI", "0 30 6 L-2 JAN,jul ? 2027", "0 0 0 ? * 6L", "0 0 0 ? * 2#1"]
)
def test_a_schedule_that_is_paused_is_kept(quartz):
    requests.check_job(NOTEBOOK | {"schedule": DAILY | {"quartz_cron_expression": quartz, "pause_status": "PAUSED"}})


def test_empty_settings_ask_for_nothing():
    requests.check_job(NOTEBOOK | {"email_notifications": {}, "schedule": None, "libraries": [], "queue": {}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("run {{job.run_id}} of {{ job.name }}", "run 7 of nightly"),
        ("{{job.parameters.day}}{{job.parameters.`day`}}", "MondayMonday"),
        ("{{ds}} {{my.value} {{}} {x}", "{{ds}} {{my.value} {{}} {x}"),
    ],
)
def test_references_are_resolved_and_other_braces_stay(text, expected):
    references.check({"p": text})
    values = {"job.run_id": "7", "job.name": "nightly", "job.parameters.day": "Monday"}
    assert references.resolved({"p": text}, values) == {"p": expected}


@pytest.mark.parametrize("name", ["tasks.a.values.b", "job.trigger.type", "workspace.id", "run_id", "task.run_id"])
def test_a_reference_that_the_lab_cannot_resolve_is_refused(name):
    with pytest.raises(WorkspaceError, match=r"it resolves job\.id, job\.name, job\.run_id"):
        references.check({"p": f"a {{{{{name}}}}}"})


def test_a_reference_to_a_parameter_that_is_not_there_is_refused():
    with pytest.raises(WorkspaceError, match=r"\{\{job\.parameters\.x\}\} has no value here"):
        references.resolved({"p": "{{job.parameters.x}}"}, {})


def test_parameters_arrive_as_text_and_the_run_goes_before_the_task():
    settings = {
        "notebook_task": {"notebook_path": "/x", "base_parameters": {"n": 5, "on": True, "none": None, "t": "x"}}
    }
    (found,) = requests.tasks(settings, {"t": "y"}, 1)
    assert found.parameters == {"n": "5", "on": "true", "none": "", "t": "y"}
