"""Exercises of the notebook about API Gateway and the REST proxy: what arrives in Kafka judges them."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import requests

from helpers.checks import scratch
from helpers.checks.exercise import Exercise, Result, Twin, attempt, given
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.client_machine.ssh import ClientMachine
from helpers.config import Workbook
from helpers.gateway import rest_api

NOT_YOURS = "ffffffffffff.geo"


def _failure(call: Callable[[], None]) -> Exception | None:
    """Call, and return what was raised."""
    try:
        call()
    except Exception as error:  # whatever code that somebody is learning to write may raise
        return error
    return None


def _said(call: Callable[[], None]) -> str:
    error = _failure(call)
    return "goes" if error is None else f"stops with {type(error).__name__}: {error}".splitlines()[0]


# --- 1: a second stage ---------------------------------------------------------------------------------------------


def add_stage(client, api: str) -> None:
    """Serve the API as it is drafted now under a stage `test`; `client` is boto3's for `apigateway`."""
    client.create_deployment(restApiId=api, stageName="test")


def _stage_of_old_deployment(client: Any, api: str) -> None:
    deployed = client.get_stage(restApiId=api, stageName="prod")["deploymentId"]
    client.create_stage(restApiId=api, stageName="test", deploymentId=deployed)


def _over_prod(client: Any, api: str) -> None:
    client.create_deployment(restApiId=api, stageName="prod")


def _both(client: Any, api: str) -> None:
    _over_prod(client, api)
    add_stage(client, api)


def _no_stage(client: Any, api: str) -> None:
    client.create_deployment(restApiId=api)


TEST_OLD, TEST_NEW, PROD_OLD, PROD_NEW = (
    f"the {age} path, on {stage}" for stage in ("test", "prod") for age in ("old", "new")
)


def _served(answer: Callable[[Any, str], None], workbook: Workbook) -> Result:
    """Let an answer work on an API made for it, in whose draft there is one path more than `prod` serves."""
    attempt(answer)
    with scratch.systems(), scratch.rest_api(workbook) as api:
        failed = _failure(lambda: answer(workbook.client("apigateway"), api))
        if failed is None:
            calls = {
                TEST_OLD: ("test", "now"),
                TEST_NEW: ("test", "new"),
                PROD_OLD: ("prod", "now"),
                PROD_NEW: ("prod", "new"),
            }
            return {what: _answers(workbook, api, *call) for what, call in calls.items()}
    raise failed


def _answers(workbook: Workbook, api: str, stage: str, path: str) -> str:
    reply = requests.get(f"{rest_api.invoke_url(workbook, api, stage)}/{path}", timeout=30)
    return "answers" if reply.status_code == 200 else "is not there"


STAGE = Exercise(
    solution=add_stage,
    evaluate=_served,
    wanted={TEST_OLD: "answers", TEST_NEW: "answers", PROD_OLD: "answers", PROD_NEW: "is not there"},
    twins=(
        Twin(
            _no_stage,
            "You took the snapshot and gave it to no stage, so nobody can call it: `stageName` is what serves it.",
            {TEST_OLD: "is not there", PROD_NEW: "is not there"},
        ),
        Twin(
            _over_prod,
            "You deployed to `prod`: the draft is what all users get now, and there is still no `test`. Give the "
            "deployment the other stage's name.",
            {TEST_OLD: "is not there", PROD_NEW: "answers"},
        ),
        Twin(
            _both,
            "`test` is there, and `prod` serves the draft as well. A second stage is for trying something that the "
            "first one does not have yet.",
            {TEST_NEW: "answers", PROD_NEW: "answers"},
        ),
        Twin(
            _stage_of_old_deployment,
            "`test` serves the old snapshot, that of `prod`. What you have drafted since is in no deployment: make a "
            "new one.",
            {TEST_OLD: "answers", TEST_NEW: "is not there"},
        ),
    ),
    hints=(
        "A stage serves a snapshot. Which call takes one? You saw it in `rest_api.deploy`.",
        "`create_deployment` takes the snapshot, and can give it to a stage in the same call.",
        '`client.create_deployment(restApiId=api, stageName="test")`.',
    ),
    more="Both stages lead to the same REST proxy and the same topics. What would a real test stage need besides?",
)

# --- 2: a post by hand ---------------------------------------------------------------------------------------------

ROWS = (
    {"ind": 1, "timestamp": datetime(2022, 10, 18, 12, 0), "latitude": 48.1, "longitude": 11.6, "country": "Germany"},
    {"ind": 2, "timestamp": datetime(2019, 1, 5, 7, 30, 9), "latitude": -33.9, "longitude": 18.4, "country": "Chad"},
    {"ind": 3, "timestamp": datetime(2020, 2, 29, 23, 59), "latitude": 0.5, "longitude": 0.25, "country": "Peru"},
)


def post(invoke_url: str, topic: str, rows: list[dict]) -> None:
    """Post rows to a topic by HTTP, each as a record of its own; stop with an error if they are not taken."""
    headers = {"Content-Type": "application/vnd.kafka.json.v2+json"}
    body = json.dumps({"records": [{"value": row} for row in rows]}, default=str)
    reply = requests.post(f"{invoke_url}/topics/{topic}", data=body, headers=headers)
    reply.raise_for_status()


JSON_RECORDS = "application/vnd.kafka.json.v2+json"


def _posted(
    kind: str = JSON_RECORDS,
    default: Callable[[Any], Any] | None = str,
    wrapped: bool = True,
    checked: bool = True,
    one: bool = False,
) -> Callable[[str, str, list[dict]], None]:
    """Write the solution with one thing changed."""

    def post(invoke_url: str, topic: str, rows: list[dict]) -> None:
        values = [rows] if one else rows
        content = {"records": [{"value": value} for value in values]} if wrapped else rows
        body = json.dumps(content, default=default)
        reply = requests.post(f"{invoke_url}/topics/{topic}", data=body, headers={"Content-Type": kind})
        if checked:
            reply.raise_for_status()

    return post


POSTED, RECORDS, TIMES, FORBIDDEN = "posting", "records in the topic", "their timestamps", "posting to a foreign topic"
ANSWER = "the proxy's answer"
"""Case that tells mistakes apart."""


def _arrived(answer: Callable[[str, str, list[dict]], None], workbook: Workbook, invoke_url: str) -> Result:
    """Post three rows to a topic made for it, and read what the topic holds."""
    attempt(answer)
    rows = [dict(row) for row in ROWS]
    with scratch.systems(), scratch.topic(workbook) as topic:
        with scratch.heard() as replies:
            said = _said(lambda: answer(invoke_url, topic, rows))
        values = scratch.values(workbook, topic)
    refused = [reply.json()["message"] for reply in replies if reply.status_code == 422]
    foreign = _said(lambda: answer(invoke_url, NOT_YOURS, rows[:1]))
    return {
        POSTED: said,
        RECORDS: len(values),
        TIMES: _times([json.loads(value) for value in values]),
        FORBIDDEN: "goes on as if it were stored" if foreign == "goes" else "stops with an error",
        ANSWER: _about(refused[0]) if refused else "",
    }


def _times(values: list[Any]) -> str:
    """Tell whether the rows' times can be read again; rows that are none have none."""
    rows = [value for value in values if isinstance(value, dict)]
    try:
        read = [datetime.fromisoformat(str(row["timestamp"])).replace(tzinfo=None) for row in rows]
    except (ValueError, KeyError):
        return f"cannot be read: {rows[0].get('timestamp')!r}"
    return "can be read" if read == [row["timestamp"] for row in ROWS] else "are others"


def _about(message: str) -> str:
    return "binary" if "binary format" in message else "the body's form"


POST = Exercise(
    solution=post,
    evaluate=_arrived,
    wanted={POSTED: "goes", RECORDS: 3, TIMES: "can be read", FORBIDDEN: "stops with an error"},
    twins=(
        Twin(
            _posted(wrapped=False),
            "You sent the rows as they are. The proxy wants to be told where each record begins: "
            '`{"records": [{"value": row}, …]}`.',
            {RECORDS: 0, ANSWER: "the body's form"},
        ),
        Twin(
            _posted(kind="application/json"),
            "The content type is missing, or another one. The proxy then takes values for binary ones, in base64: "
            "`application/vnd.kafka.json.v2+json` says that they are JSON.",
            {RECORDS: 0, ANSWER: "binary"},
        ),
        Twin(
            _posted(default=None),
            "JSON knows no datetimes, so Python stops before anything is sent. Make them text, as with `default=str`.",
            {POSTED: "stops with TypeError: Object of type datetime is not JSON serializable"},
        ),
        Twin(
            _posted(default=lambda value: value.strftime("%Y:%m:%d %H:%M:%S")),
            "The times arrive as `2022:10:18 12:00:00`, with colons in the date, and nobody can read them: each would "
            "become a null in the cleaning. A date has hyphens.",
            {RECORDS: 3, TIMES: "cannot be read: '2022:10:18 12:00:00'"},
        ),
        Twin(
            _posted(one=True),
            "All rows went into one record. Each row is a message of its own: a list of records, with a value each.",
            {RECORDS: 1},
        ),
        Twin(
            _posted(checked=False),
            "A reply with 403 is a reply like any other to `requests`: your function went on as if the rows were "
            "stored. `reply.raise_for_status()` turns it into an error.",
            {RECORDS: 3, FORBIDDEN: "goes on as if it were stored"},
        ),
    ),
    hints=(
        'The body is `{"records": [{"value": row}, {"value": row}, …]}`, as JSON.',
        "`json.dumps(…, default=str)` writes as text whatever JSON does not know.",
        "`requests.post(url, data=body, headers=headers)`, then `raise_for_status()` on the reply.",
    ),
    more="The reply says 200, and one of the three records may still carry an `error_code`. Where would you look?",
)

# --- 3: the last five pins -----------------------------------------------------------------------------------------

STORED = 8
"""Records of the topic on which the answer is tried: offsets 0 to 7."""


def last_five(end: int) -> str:
    """Write the console consumer's options that show the last five messages of partition 0 and then end."""
    return f"--partition 0 --offset {end - 5} --max-messages 5"


def _shown(answer: Callable[[int], str], workbook: Workbook, machine: ClientMachine, tool: str) -> Result:
    """Let the console consumer read a topic made for it, with the answer's options."""
    options = given(answer(STORED))
    with scratch.systems(), scratch.topic(workbook, [b'{"n": %d}' % n for n in range(STORED)]) as topic:
        print_offsets = "--formatter-property print.offset=true --formatter-property print.value=false"
        patience = "" if "--timeout-ms" in options else "--timeout-ms 4000"  # the tool takes it once only
        done = machine.run(f"{tool} --topic {topic} {print_offsets} {patience} {options}", check=False)
    offsets = [int(line.partition(":")[2]) for line in done.output.splitlines() if line.startswith("Offset:")]
    return {"offsets shown": offsets, "it ends by itself": "TimeoutException" not in done.text}


LAST_FIVE = Exercise(
    solution=last_five,
    evaluate=_shown,
    wanted={"offsets shown": [3, 4, 5, 6, 7], "it ends by itself": True},
    twins=(
        Twin(
            lambda end: "--from-beginning --max-messages 5",
            "These are the first five. `--from-beginning` begins at offset 0; `--offset` says where else to begin.",
            {"offsets shown": [0, 1, 2, 3, 4]},
        ),
        Twin(
            lambda end: f"--partition 0 --offset {end - 6} --max-messages 5",
            "One too early. The end offset is that of the next message to come, so the last one there is has `end - 1` "
            "and the fifth from the end has `end - 5`.",
            {"offsets shown": [2, 3, 4, 5, 6]},
        ),
        Twin(
            lambda end: f"--partition 0 --offset {end - 4} --max-messages 5",
            "One too late: there are four, and the consumer waits for a fifth. The message that will get the offset "
            "`end` is not there yet.",
            {"offsets shown": [4, 5, 6, 7], "it ends by itself": False},
        ),
        Twin(
            lambda end: f"--partition 0 --offset {end - 5}",
            "The right five, and then it waits for more. A consumer has no end of its own: `--max-messages`.",
            {"offsets shown": [3, 4, 5, 6, 7], "it ends by itself": False},
        ),
        Twin(
            lambda end: "--partition 0 --offset latest --max-messages 5",
            "`latest` waits for what comes next, and shows nothing of what is there.",
            {"offsets shown": [], "it ends by itself": False},
        ),
    ),
    hints=(
        "`end` is the offset that the next message will get. Which one has the last message that is there?",
        "The consumer can begin anywhere in a partition: `--partition 0 --offset …`.",
        "It begins at `end - 5`, and `--max-messages 5` lets it stop.",
    ),
    more='With three partitions, what would "the last five of the topic" mean?',
)

QUIZ = (
    Question(
        "You change the integration's address, and calls still go to the old one. Why?",
        (
            ("API Gateway keeps answers for a while.", "Only where a cache is on; and answers, not addresses."),
            ("A stage serves a deployment, which is a snapshot: deploy again.", None),
            ("The proxy has to be restarted.", "The proxy knows nothing of who calls it."),
        ),
    ),
    Question(
        "The emulator posts, the network breaks, and no reply comes. Is the message in Kafka?",
        (
            ("Nobody outside can know. Sent again, it may be there twice; not sent, it may be lost.", None),
            ("No: without a reply nothing was written.", "The reply may have been lost on its way back."),
            ("Yes: what was posted is written.", "The request may never have arrived."),
        ),
    ),
    Question(
        "Anybody who knows the invoke URL can post. What changes that?",
        (
            ("A longer path.", "Whoever sees one request knows it."),
            ("HTTPS.", "It hides what is sent, and does not ask who sends it."),
            ("The method's authorization: `AWS_IAM` asks for a signature, an authorizer for a token.", None),
        ),
    ),
)

LESSON = Lesson(
    {1: STAGE, 2: POST, 3: LAST_FIVE},
    {
        1: {
            "Kafka": "The brokers have not been asked: the request never reached them.",
            "the REST proxy": "The proxy does not run, and what does not run says nothing.",
            "API Gateway": "",
        },
    },
    QUIZ,
)
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
questions, quiz = LESSON.questions, LESSON.quiz
"""What the notebook calls."""
