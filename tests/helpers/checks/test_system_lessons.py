"""Exercises that a running system judges: the solution is right there, each mistake is told, nothing is left behind."""

import inspect
from concurrent.futures import ThreadPoolExecutor

import apis
import pytest
from botocore.exceptions import EndpointConnectionError

from helpers import iam
from helpers.airflow import environment
from helpers.airflow.rest_api import call
from helpers.checks import notebook_01, notebook_04, notebook_08, scratch
from helpers.checks.exercise import Exercise
from helpers.checks.lesson import Lesson
from helpers.config import Workbook
from helpers.kafka import client as kafka_client
from helpers.kafka import sink_objects
from lab.setup.plugin import kafka_version

pytestmark = pytest.mark.lab

MODULES = (notebook_01, notebook_04, notebook_08)

LESSONS = {module.__name__[-2:]: module.LESSON for module in MODULES}

EXERCISES = [(name, number) for name, lesson in LESSONS.items() for number in lesson.exercises]

ANSWERS = [
    pytest.param(name, number, place, id=f"{name}-{number}-{'solution' if place is None else place}")
    for name, number in EXERCISES
    for place in (None, *range(len(LESSONS[name].exercises[number].twins)))
]

WAITING = ("08", 1)
"""The exercise that spends its time on waiting: its answers are tried side by side."""


@pytest.fixture(scope="module")
def door(lab, workbook):
    """The client machine with a REST proxy behind an API."""
    with apis.deployed(workbook, lab) as deployed:
        yield deployed


@pytest.fixture(scope="module")
def airflow(workbook):
    """An environment of MWAA."""
    sink_objects.create_bucket(workbook)
    environment.create(workbook, iam.make(workbook, iam.airflow_role(workbook, iam.account(workbook))))
    environment.wait_until_available(workbook)
    yield
    environment.delete(workbook)


@pytest.fixture(scope="module")
def context(request, lab, workbook):
    """What the notebook gives to each check."""

    def of(name: str, number: int) -> tuple:
        if name == "08":
            return (request.getfixturevalue("spark"),) if number == 2 else _with(request, "airflow", workbook)
        door = request.getfixturevalue("door")
        machine, servers = door.machine, "--bootstrap-server $BOOTSTRAP_SERVERS"
        bin = f"cd kafka_2.13-{kafka_version(lab.build)}/bin && ./"
        role = iam.arn(workbook, workbook.access_role)
        return {
            ("01", 1): (workbook,),
            ("01", 2): (workbook,),
            ("01", 3): (machine, f"{bin}kafka-topics.sh {servers}", role),
            ("04", 2): (workbook, door.invoke_url),
            ("04", 1): (workbook,),
            ("04", 3): (
                workbook, machine, f"{bin}kafka-console-consumer.sh {servers} --command-config client.properties"
            ),
        }[name, number]  # fmt: skip

    return of


def _with(request: pytest.FixtureRequest, fixture: str, workbook: Workbook) -> tuple[Workbook]:
    request.getfixturevalue(fixture)
    return (workbook,)


def _answer(exercise: Exercise, place: int | None):
    return exercise.solution if place is None else exercise.twins[place].answer


@pytest.fixture(scope="module")
def verdicts(context):
    """Verdicts on the solution and the twins of the exercise that waits, by place; the solution's is None."""
    name, number = WAITING
    lesson = LESSONS[name]
    exercise, tried_on = lesson.exercises[number], context(name, number)
    places = (None, *range(len(exercise.twins)))
    with ThreadPoolExecutor(len(places)) as pool:
        found = pool.map(lambda place: lesson.judge(number, _answer(exercise, place), *tried_on), places)
    return dict(zip(places, found, strict=True))


@pytest.mark.parametrize(("name", "number", "place"), ANSWERS)
def test_the_system_tells_right_from_each_mistake(request, context, name, number, place):
    exercise = LESSONS[name].exercises[number]
    if (name, number) == WAITING:
        verdict = request.getfixturevalue("verdicts")[place]
    else:
        verdict = LESSONS[name].judge(number, _answer(exercise, place), *context(name, number))
    right = f"Right. {exercise.more}"
    assert str(verdict) == (right if place is None else f"A known mistake. {exercise.twins[place].sentence}")


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
    assert [one for one in names if "check" in one] == []
    context("08", 1)
    assert [one["dag_id"] for one in call(workbook, "GET", "/dags", exclude_stale=False)["dags"]] == []


FOR_SERVICES = iam.trust_policy(iam.ACCESS_SERVICES)


def _connecting(cluster):
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "kafka-cluster:Connect", "Resource": cluster}],
    }


@pytest.mark.parametrize(
    ("number", "answer", "said"),
    [
        (1, lambda role: FOR_SERVICES, "'the role itself may assume it': your answer gives False, expected True"),
        (1, lambda role: "me", "Your answer stopped with"),
        (1, lambda role: {"Version": "2012-10-17"}, "Your answer stopped with MalformedPolicyDocument"),
        (2, lambda cluster, learner: _connecting(cluster), "'reading a topic of yours': your answer gives 'refused'"),
    ],
)
def test_a_mistake_that_nobody_has_foreseen_is_shown_at_a_case(workbook, number, answer, said):
    verdict = LESSONS["01"].judge(number, answer, workbook)
    assert verdict.outcome == "not yet"
    assert said in verdict.text


def test_an_error_of_the_answer_is_a_sentence(context):
    def careless(invoke_url, topic, rows):
        return rows["first"]

    verdict = LESSONS["04"].judge(2, careless, *context("04", 2))
    assert verdict.text.splitlines()[1].startswith("'posting': your answer gives 'stops with TypeError: ")


def test_an_error_in_a_call_of_aws_is_the_answers_and_not_the_systems(workbook):
    verdict = LESSONS["04"].judge(1, lambda client, api: client.create_deployment(stageName="test"), workbook)
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
