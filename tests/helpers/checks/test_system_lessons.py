"""Exercises that a running system judges: the solution is right there, each mistake is told, nothing is left behind."""

import contextlib
import inspect
import json
import re
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import islice
from pathlib import Path

import apis
import pytest
from botocore.exceptions import EndpointConnectionError
from kafka import TopicPartition
from pyspark.sql import functions as F

from helpers import iam
from helpers.airflow import dag, environment, runs
from helpers.airflow.rest_api import AirflowError, call
from helpers.checks import notebook_00, notebook_01, notebook_02, notebook_03, notebook_04, notebook_08, scratch
from helpers.checks.exercise import Exercise
from helpers.checks.lesson import Lesson
from helpers.checks.verdict import Verdict
from helpers.config import Workbook
from helpers.emulator import postings
from helpers.kafka import client as kafka_client
from helpers.kafka import custom_plugin, msk_connect, sink_objects
from helpers.user_posting_emulation import emulate
from lab.setup.plugin import kafka_version

pytestmark = pytest.mark.lab

MODULES = (notebook_00, notebook_01, notebook_02, notebook_03, notebook_04, notebook_08)

LESSONS = {module.__name__[-2:]: module.LESSON for module in MODULES}

EXERCISES = [(name, number) for name, lesson in LESSONS.items() for number in lesson.exercises]

ANSWERS = [
    pytest.param(name, number, place, id=f"{name}-{number}-{'solution' if place is None else place}")
    for name, number in EXERCISES
    for place in (None, *range(len(LESSONS[name].exercises[number].twins)))
]

WAITING = {("03", 2), ("08", 1), ("08", 2), ("08", 4), ("08", 6)}
"""Exercises that spend their time on waiting: the answers to each are tried side by side."""

AT_ONCE = 6
"""Answers that are tried at a time: with more, Airflow itself is what takes the time."""

RUNS = """
from pathlib import Path

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

start = pendulum.datetime(2026, 1, 1, tz="UTC")
with DAG(dag_id=Path(__file__).stem, schedule=None, start_date=start, is_paused_upon_creation=False):
    clean = BashOperator(task_id="clean", bash_command="exit {{ dag_run.conf['code'] }}")
    clean >> EmptyOperator(task_id="users")
"""
"""A DAG whose runs end as they are told to."""


@pytest.fixture(scope="module")
def door(lab, workbook):
    """The client machine with a REST proxy behind an API."""
    with apis.deployed(workbook, lab) as deployed:
        yield deployed


@pytest.fixture(scope="module")
def plugin(workbook):
    """A custom plugin, and what a connector needs besides."""
    sink_objects.create_bucket(workbook)
    return custom_plugin.create(workbook, custom_plugin.upload(workbook, Path(workbook.sink_plugin)))


@pytest.fixture(scope="module")
def landed(workbook, plugin):
    """A few posts in the bucket, one message an object."""
    kafka_client.create_topics(workbook)
    msk_connect.put_connector(workbook, msk_connect.sink_properties(workbook, folder="lessons"))
    before = kafka_client.end_offsets(workbook)
    emulate(workbook, posts=5, rate=100.0, progress=False)
    msk_connect.wait_until_stored(workbook)
    yield sink_objects.objects(workbook, "lessons", since=before)
    msk_connect.delete_connector(workbook)


@pytest.fixture(scope="module")
def airflow(workbook):
    """An environment of MWAA."""
    sink_objects.create_bucket(workbook)
    environment.create(workbook, iam.make(workbook, iam.airflow_role(workbook, iam.account(workbook))))
    environment.wait_until_available(workbook)
    yield
    environment.delete(workbook)


@pytest.fixture(scope="module")
def ran(workbook, airflow, tmp_path_factory):
    """The workbook's DAG, in a short form, with three runs, the second of which failed."""
    file = tmp_path_factory.mktemp("dags") / "short.py"
    file.write_text(RUNS)
    dag.upload(workbook, file)
    dag.wait_until_read(workbook)
    for number, code in enumerate((0, 1, 0)):
        content = {"dag_run_id": f"run-{number}", "logical_date": None, "conf": {"code": code}}
        call(workbook, "POST", f"/dags/{workbook.dag}/dagRuns", content)
    yield [runs.wait_for(workbook, f"run-{number}") for number in range(3)]
    workbook.client("s3").delete_object(Bucket=workbook.bucket, Key=f"{dag.FOLDER}/{workbook.dag}.py")


@pytest.fixture(scope="module")
def context(request, lab, workbook):
    """What the notebook gives to each check."""

    def of(name: str, number: int) -> tuple:
        if name == "00":
            return {
                1: lambda: (),
                2: lambda: (),
                3: lambda: (workbook, request.getfixturevalue("landed")),
                4: lambda: (request.getfixturevalue("spark"),),
                5: lambda: (request.getfixturevalue("spark"),),
            }[number]()
        if name == "03":
            return () if number in (1, 5, 6) else (workbook, request.getfixturevalue("plugin"))
        if name == "08":
            return (
                (request.getfixturevalue("spark"),) if number == 3
                else _with(request, "ran" if number == 6 else "airflow", workbook)
            )  # fmt: skip
        door = request.getfixturevalue("door")
        machine, servers = door.machine, "--bootstrap-server $BOOTSTRAP_SERVERS"
        bin = f"cd kafka_2.13-{kafka_version(lab.build)}/bin && ./"
        role = iam.arn(workbook, workbook.access_role)
        signed_in = f"{servers} --command-config client.properties"
        return {
            ("02", 1): (workbook, machine, f"{bin}kafka-topics.sh {signed_in}"),
            ("02", 2): (),
            ("02", 3): (workbook, machine, f"{bin}kafka-consumer-groups.sh {signed_in}"),
            ("02", 4): (workbook,),
            ("02", 5): (workbook, machine, f"{bin}kafka-console-producer.sh {signed_in}"),
            ("02", 6): (),
            ("02", 7): (),
            ("02", 8): (workbook,),
            ("01", 1): (workbook,),
            ("01", 2): (workbook,),
            ("01", 3): (machine, f"{bin}kafka-topics.sh {servers}", role),
            ("04", 1): (workbook,),
            ("04", 2): (workbook,),
            ("04", 3): (workbook, door.invoke_url),
            ("04", 4): (),
            ("04", 5): (workbook, door.invoke_url),
            ("04", 6): (workbook, machine, f"{bin}kafka-console-consumer.sh {signed_in}"),
            ("04", 7): (),
        }[name, number]  # fmt: skip

    return of


def _with(request: pytest.FixtureRequest, fixture: str, workbook: Workbook) -> tuple[Workbook]:
    request.getfixturevalue(fixture)
    return (workbook,)


def _answer(exercise: Exercise, place: int | None):
    return exercise.solution if place is None else exercise.twins[place].answer


def _by_its_name(s3, airflow, bucket, name, text):
    s3.put_object(Bucket=bucket, Key=f"dags/{name}.py", Body=text)
    while True:
        errors = airflow("GET", "/importErrors")["import_errors"]
        if any(f"/{name}.py" in f"/{one['filename']}" for one in errors):
            raise ValueError(errors)
        try:
            return airflow("GET", f"/dags/{name}")
        except AirflowError:
            time.sleep(0.5)


def _by_a_pattern(s3, airflow, bucket, name, text):
    s3.put_object(Bucket=bucket, Key=f"dags/{name}.py", Body=text.encode())
    for _ in range(120):
        time.sleep(0.5)
        assert not [one for one in airflow("GET", "/importErrors")["import_errors"] if name in one["filename"]]
        if found := airflow("GET", "/dags", dag_id_pattern=name)["dags"]:
            return found[0]
    raise TimeoutError


def _by_the_list_of_runs(airflow, dag):
    run = airflow("POST", f"/dags/{dag}/dagRuns", {"dag_run_id": "mine", "logical_date": None})
    while True:
        (found,) = airflow("GET", f"/dags/{dag}/dagRuns")["dag_runs"]
        if found["end_date"]:
            return [run["dag_run_id"], found["state"]]
        time.sleep(0.5)


def _all_tasks_at_once(airflow, dag):
    found = {one["dag_run_id"]: {} for one in airflow("GET", f"/dags/{dag}/dagRuns", order_by="run_after")["dag_runs"]}
    for task in airflow("GET", f"/dags/{dag}/dagRuns/~/taskInstances", limit=100)["task_instances"]:
        found[task["dag_run_id"]][task["task_id"]] = task["state"]
    return found


OTHER_WAYS = {
    ("08", 2): (_by_its_name, _by_a_pattern), ("08", 4): (_by_the_list_of_runs,), ("08", 6): (_all_tasks_at_once,),
}  # fmt: skip
"""Right answers that are written as no solution of ours is."""


@pytest.fixture(scope="module")
def verdicts(context):
    """Verdicts on the answers to an exercise that waits: on the solution (None), the twins (by place), other ways."""

    @cache
    def of(name: str, number: int) -> dict[object, Verdict]:
        lesson = LESSONS[name]
        exercise, tried_on = lesson.exercises[number], context(name, number)
        answers = {place: _answer(exercise, place) for place in (None, *range(len(exercise.twins)))}
        answers |= {way: way for way in OTHER_WAYS.get((name, number), ())}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = pool.map(lambda answer: lesson.judge(number, answer, *tried_on), answers.values())
        return dict(zip(answers, found, strict=True))

    return of


@pytest.mark.parametrize(("name", "number", "place"), ANSWERS)
def test_the_system_tells_right_from_each_mistake(request, context, name, number, place):
    exercise = LESSONS[name].exercises[number]
    if (name, number) in WAITING:
        verdict = request.getfixturevalue("verdicts")(name, number)[place]
    else:
        verdict = LESSONS[name].judge(number, _answer(exercise, place), *context(name, number))
    right = f"Right. {exercise.more}"
    assert str(verdict) == (right if place is None else f"A known mistake. {exercise.twins[place].sentence}")


@pytest.mark.parametrize(
    ("name", "number", "way"), [(*exercise, way) for exercise, ways in OTHER_WAYS.items() for way in ways]
)
def test_airflow_may_be_asked_in_another_way(verdicts, name, number, way):
    assert verdicts(name, number)[way].outcome == "right"


@pytest.mark.parametrize(("name", "number"), EXERCISES)
def test_a_gap_is_no_answer(context, name, number):
    exercise = LESSONS[name].exercises[number]
    gap = eval(f"lambda {', '.join(inspect.signature(exercise.solution).parameters)}: None")
    assert LESSONS[name].judge(number, gap, *context(name, number)).outcome == "not attempted"


def test_what_was_made_to_judge_is_gone(workbook, context):
    """After all the others of this file."""
    roles = workbook.client("iam").list_roles()["Roles"]
    rest_apis = workbook.client("apigateway").get_rest_apis()["items"]
    with kafka_client._admin(workbook) as admin:
        topics = admin.list_topics()
    objects = workbook.client("s3").list_objects_v2(Bucket=workbook.bucket, Prefix="dags/").get("Contents", ())
    names = [*(one["RoleName"] for one in roles), *(one["name"] for one in rest_apis), *topics]
    names += [one["Key"] for one in objects]
    names += [one["Name"] for one in workbook.client("s3").list_buckets()["Buckets"]]
    names += [one["connectorName"] for one in workbook.client("kafkaconnect").list_connectors()["connectors"]]
    assert [one for one in names if "check" in one] == []
    context("08", 1)
    left = {one["dag_id"] for one in call(workbook, "GET", "/dags", exclude_stale=False)["dags"]}
    assert left <= {workbook.dag}


FOR_SERVICES = iam.trust_policy(iam.ACCESS_SERVICES)


@pytest.mark.parametrize(
    ("name", "number", "answer", "said"),
    [
        ("00", 1, lambda objects: {"a": 1}, """your answer gives "{'a': 1}", expected"""),
        ("00", 2, lambda posts, size: 7, "your answer gives 7, expected 600"),
        ("00", 3, lambda number, objects, read: objects[0], "your answer gives 'no key, but LandedObject'"),
        ("00", 4, lambda pin, geo: geo, "'the columns': your answer gives 'ind, timestamp, country', expected"),
        ("00", 4, lambda pin, geo: pin.count(), "your answer gives 'no frame, but int'"),
        ("00", 5, lambda geo: 7, "your answer gives 7, expected 4"),
        ("02", 1, lambda topic: f"--create --topic {topic} --partitions 2", "your answer gives 2, expected 3"),
        ("02", 2, lambda end, committed: 7, "your answer gives 7, expected 1"),
        ("02", 3, lambda topic: "--help", "your answer gives 4, expected 1"),
        ("02", 4, lambda consumer, topic, offset, count: [7], "your answer gives 'int', expected '2, 3, 4'"),
        ("02", 4, lambda consumer, topic, offset, count: consumer.seek(topic, offset), "Your answer stopped with"),
        ("02", 5, lambda topic: "--help", "'keys in the topic': your answer gives '', expected '3, 4, 5'"),
        ("02", 6, lambda lines: set(), "your answer gives 'no dictionary, but set', expected"),
        ("02", 7, lambda members, end, committed: {0: 7}, "your answer gives {0: 7}, expected {0: ('a', 0)"),
        ("02", 8, lambda producer, topic, users, row: {}, "'keys in the topic, in all': your answer gives ''"),
        ("03", 1, lambda pattern, names: ["a"], "your answer gives ['a']"),
        ("03", 2, lambda *given: notebook_03.sink_properties(*given) | {"flush.size": "5"}, "your answer gives 15"),
        ("03", 2, lambda *given: notebook_03.sink_properties(*given) | {"flush.size": 10}, "has to be text"),
        ("03", 2, lambda *given: {"topics.regex": given[0]}, "your answer gives 'fails', expected 'runs'"),
        ("03", 3, lambda *given: {}, "Your answer stopped with ParamValidationError: Parameter validation failed:"),
        ("03", 4, lambda bucket: "all", "Your answer stopped with"),
        ("03", 5, lambda key: key, "your answer gives 'topics/0a1b.pin/partition=0/"),
        ("03", 6, lambda keys, before, after: before, "your answer gives {'a': 0, 'b': 0}, expected {'a': [], 'b'"),
        ("04", 1, lambda client, api, resource, address: client.put_method(), "Your answer stopped with ParamValid"),
        ("04", 4, lambda send, tries, wait: send(), "1 calls, no pause, the answer None"),
        ("04", 5, lambda *given: [], "'in the topic of pin': your answer gives 'nothing', expected 'pin 1, pin 2'"),
        ("04", 7, lambda topic, receipt: [topic], "your answer gives '0a1b.geo', expected"),
        ("08", 2, lambda s3, airflow, bucket, name, text: {}, "'where the file is': your answer gives 'nowhere'"),
        ("08", 4, lambda airflow, dag: (f"{dag}-1", "success"), "which is the id of no run"),
        ("08", 6, lambda airflow, dag: {"run-0": {}}, "'the runs, the oldest first': your answer gives ['run-0']"),
    ],
)
def test_a_mistake_that_no_twin_makes_is_shown_at_a_case(context, name, number, answer, said):
    verdict = LESSONS[name].judge(number, answer, *context(name, number))
    assert verdict.outcome == "not yet"
    assert said in verdict.text


def _without_groups(cluster, learner):
    topics = cluster.replace(":cluster/", ":topic/") + f"/{learner}.*"
    actions = [f"kafka-cluster:{action}" for action in ("Connect", "DescribeTopic", "ReadData")]
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": [cluster, topics]}],
    }


@pytest.mark.parametrize(
    ("number", "answer", "said"),
    [
        (1, lambda role: FOR_SERVICES, "'the role itself may assume it': your answer gives False, expected True"),
        (1, lambda role: "me", "Your answer stopped with"),
        (1, lambda role: {"Version": "2012-10-17"}, "Your answer stopped with MalformedPolicyDocument"),
        (2, _without_groups, """offset": your answer gives 'refused', expected 'works'"""),
    ],
)
def test_a_mistake_that_nobody_has_foreseen_is_shown_at_a_case(workbook, number, answer, said):
    verdict = LESSONS["01"].judge(number, answer, workbook)
    assert verdict.outcome == "not yet"
    assert said in verdict.text


def _counted(pin, geo):
    years = geo.select("ind", F.year("timestamp").alias("year")).where("year >= 2018 AND year <= 2022")
    counts = years.join(pin.dropna(subset=["category"]), "ind").groupBy("category").count()
    return counts.withColumnRenamed("count", "category_count").sort(F.col("category_count").desc(), "category")


def _grouped(lines):
    found = defaultdict(list)
    for line in lines:
        parts = re.match(r"Partition:(\d+)\t(\w+)", line)
        if int(parts[1]) not in found[parts[2]]:
            found[parts[2]].append(int(parts[1]))
    return found


def _sent_at_once(producer, topic, users, row):
    promises = [(user, producer.send(topic, json.dumps(row).encode(), f"{user}".encode())) for user in users]
    return {user: promise.get().partition for user, promise in promises}


def _anew(client, api, resource, address):
    with contextlib.suppress(client.exceptions.NotFoundException):
        client.delete_method(restApiId=api, resourceId=resource, httpMethod="ANY")
    client.put_method(
        restApiId=api, resourceId=resource, httpMethod="ANY", authorizationType="NONE", apiKeyRequired=False,
        requestParameters={"method.request.path.proxy": False},
    )  # fmt: skip
    client.put_integration(
        restApiId=api, resourceId=resource, httpMethod="ANY", integrationHttpMethod="ANY", type="HTTP_PROXY",
        uri=address + "/{path}", requestParameters={"integration.request.path.path": "method.request.path.proxy"},
    )  # fmt: skip


def _again(send, tries, wait, pause=0.5):
    try:
        send()
        return 1
    except Exception as error:
        reply = getattr(error, "response", None)
        if tries == 1 or (reply is not None and 400 <= reply.status_code < 500):
            raise RuntimeError("not sent") from error
    wait(pause)
    return 1 + _again(send, tries - 1, wait, 2 * pause)


def _until_enough(database, invoke_url, topics, count, seed):
    drawn = []
    for _, offset in postings.draws(seed):
        if len(drawn) == count:
            return drawn
        for table in topics:
            notebook_04.post(invoke_url, topics[table], [database.posting(offset).rows[table]])
        drawn += [offset]


@pytest.mark.parametrize(
    ("name", "number", "answer"),
    [
        ("00", 1, lambda objects: Counter(item.key.split("/")[1] for item in objects)),
        ("00", 4, _counted),
        ("02", 4, lambda consumer, topic, offset, count: [
            json.loads(one.value) for one in [
                consumer.assign([TopicPartition(topic, 0)]), consumer.seek(TopicPartition(topic, 0), offset),
                *islice(consumer, count),
            ][2:]
        ]),
        ("02", 6, _grouped),
        ("02", 7, lambda members, end, committed: {
            part: [next((who for who in members if part in members[who]), None), end[part] - committed.get(part, 0)]
            for part in sorted(end, reverse=True)
        }),
        ("02", 8, _sent_at_once),
        ("03", 3, lambda *given: notebook_03.connector_request(*given) | {"connectorDescription": "mine"}),
        ("03", 5, lambda key: [key.split("/")[-3], int(key.split("=")[1].split("/")[0]), int(key[-15:-5])]),
        ("03", 6, lambda keys, before, after: {
            topic: set(range(before[topic], after[topic])) - {int(key[-15:-5]) for key in keys if f"/{topic}/" in key}
            for topic in before
        }),
        ("04", 1, _anew),
        ("04", 4, _again),
        ("04", 5, _until_enough),
        ("04", 7, lambda topic, receipt: [
            f"topics/{topic}/partition={one['partition']}/{topic}+{one['partition']}+" + str(one["offset"]).zfill(10)
            + ".json" for one in receipt["offsets"] if one["offset"] is not None
        ]),
    ],
)  # fmt: skip
def test_a_right_answer_may_be_written_in_another_way(context, name, number, answer):
    assert str(LESSONS[name].judge(number, answer, *context(name, number))).startswith("Right. ")


def test_an_answer_may_bring_the_patience_that_the_check_would_add(context):
    def last_five(end: int) -> str:
        return f"{notebook_04.last_five(end)} --timeout-ms 20000"

    assert LESSONS["04"].judge(6, last_five, *context("04", 6)).outcome == "right"


def test_an_error_of_the_answer_is_a_sentence(context):
    def careless(invoke_url, topic, rows):
        return rows["first"]

    verdict = LESSONS["04"].judge(3, careless, *context("04", 3))
    assert verdict.text.splitlines()[1].startswith("'posting': your answer gives 'stops with TypeError: ")


def test_an_error_in_a_call_of_aws_is_the_answers_and_not_the_systems(workbook):
    verdict = LESSONS["04"].judge(2, lambda client, api: client.create_deployment(stageName="test"), workbook)
    assert verdict.text.startswith("Your answer stopped with ParamValidationError: Parameter validation failed")


def double(number: int) -> int:
    return 2 * number


def _away(answer):
    with scratch.systems():
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")


def test_a_system_that_does_not_answer_is_not_held_against_the_answer():
    lesson = Lesson({1: Exercise(double, _away, (), ("Think.",), "", wanted={})}, {})
    verdict = lesson.judge(1, double)
    assert verdict.outcome == "not yet"
    assert verdict.text.startswith("Nobody could judge your answer: Could not connect to the endpoint URL")
    assert "`python -m lab status`" in verdict.text
