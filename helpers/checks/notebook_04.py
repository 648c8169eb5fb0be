"""Exercises of the notebook about API Gateway and the REST proxy: what arrives in Kafka judges them."""

import contextlib
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import requests
from botocore.exceptions import ClientError

from helpers.checks import scratch
from helpers.checks.exercise import Exercise, Result, Twin, attempt, given
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.client_machine.ssh import ClientMachine
from helpers.config import TABLES, Workbook
from helpers.emulator import postings
from helpers.emulator.postings import PostsDatabase
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


# --- 1: pass every request on --------------------------------------------------------------------------------------


def forward(client, api: str, resource: str, address: str) -> None:
    """Pass every request to a resource `/{proxy+}` on to a web server; `client` is boto3's for `apigateway`."""
    where = {"restApiId": api, "resourceId": resource, "httpMethod": "ANY"}
    path = {"method.request.path.proxy": True}
    with contextlib.suppress(client.exceptions.ConflictException):
        client.put_method(**where, authorizationType="NONE", requestParameters=path)
    client.put_integration(
        **where,
        type="HTTP_PROXY",
        integrationHttpMethod="ANY",
        uri=f"{address}/{{proxy}}",
        requestParameters={"integration.request.path.proxy": "method.request.path.proxy"},
    )


def _forwarding(
    method: str = "ANY", kind: str = "HTTP_PROXY", passed_as: str = "ANY", named: bool = True, mapped: bool = True,
    path: str = "/{proxy}", repeatable: bool = True,
) -> Callable[[Any, str, str, str], None]:  # fmt: skip
    """Write the solution with one thing changed."""

    def forward(client: Any, api: str, resource: str, address: str) -> None:
        where = {"restApiId": api, "resourceId": resource, "httpMethod": method}
        there = client.exceptions.ConflictException if repeatable else ()
        with contextlib.suppress(there):
            names = {"method.request.path.proxy": True} if named else {}
            client.put_method(**where, authorizationType="NONE", requestParameters=names)
        mapping = {"integration.request.path.proxy": "method.request.path.proxy"} if mapped else {}
        client.put_integration(
            **where, type=kind, integrationHttpMethod=passed_as, uri=address + path, requestParameters=mapping
        )

    return forward


def _braces_of_an_f_string(client: Any, api: str, resource: str, address: str) -> None:
    """Stop as `f"{address}/{proxy}"` does."""
    raise NameError("name 'proxy' is not defined", name="proxy")


LISTED, POSTED_ON, FORWARD_AGAIN = "GET /topics", "POST /topics/one", "the same once more"
GATEWAY_SAYS = "what API Gateway says to it"
"""Case that tells mistakes apart."""

_CAME_BY = {
    200: "arrives", 201: "arrives", 202: "arrives without its path", 203: "arrives as another method",
    403: "is not known to the API", 500: "is an error of the API",
}  # fmt: skip


def _passed_on(answer: Callable[[Any, str, str, str], None], workbook: Workbook) -> Result:
    """Let an answer work on an API made for it, and call that; a second API plays the web server."""
    attempt(answer)
    client = workbook.client("apigateway")
    with scratch.systems(), scratch.web_server(workbook) as address, scratch.empty_api(workbook) as api:
        resource = rest_api.create_proxy_resource(workbook, api)
        failed = _failure(lambda: answer(client, api, resource, address))
        if failed is None:
            again = _said(lambda: answer(client, api, resource, address))
            url = rest_api.deploy(workbook, api)
            calls = {LISTED: ("GET", "topics"), POSTED_ON: ("POST", "topics/one")}
            came = {what: _called(method, f"{url}/{path}") for what, (method, path) in calls.items()}
            return came | {FORWARD_AGAIN: again.partition(":")[0]}
    if fault := _fault(failed):
        return {LISTED: "nothing is set up", POSTED_ON: "nothing is set up", GATEWAY_SAYS: fault}
    raise failed


def _called(method: str, url: str) -> str:
    """Call the API; the server's templates are for JSON."""
    reply = requests.request(method, url, headers={"Content-Type": "application/json"}, timeout=30)
    return _CAME_BY.get(reply.status_code, reply.text[:80])


def _fault(failed: Exception) -> str:
    """Name what is not taken, by API Gateway or before; the text is empty where an error says nothing of the kind."""
    if isinstance(failed, NameError) and failed.name == "proxy":
        return "nothing: Python looks for a variable `proxy`"
    words = {"integrations of the types": "the type", "Invalid mapping expression": "the mapping"}
    said = str(failed) if isinstance(failed, ClientError) else ""
    return next((what for word, what in words.items() if word in said), "")


FORWARD = Exercise(
    solution=forward,
    evaluate=_passed_on,
    wanted={LISTED: "arrives", POSTED_ON: "arrives", FORWARD_AGAIN: "goes"},
    twins=(
        Twin(
            _forwarding(path=""),
            "Every request arrives at the server's `/`, whatever its path was. The address ends with the part that the "
            "path variable stands for: `/{proxy}`.",
            {LISTED: "arrives without its path"},
        ),
        Twin(
            _forwarding(path="/{proxy+}"),
            "What was asked for arrives under another path than it had. Behind the address stands `/{proxy}`: the name "
            "in braces, and no plus sign, which belongs to the resource alone.",
            {LISTED: "is not known to the API", POSTED_ON: "is not known to the API"},
        ),
        Twin(
            _braces_of_an_f_string,
            "In an f-string Python takes `{proxy}` for a variable of its own, and there is none. Braces twice make "
            'one of each: `f"{address}/{{proxy}}"`.',
            {GATEWAY_SAYS: "nothing: Python looks for a variable `proxy`"},
        ),
        Twin(
            _forwarding(mapped=False),
            "The address has a `{proxy}` in it, and nothing says what to put there: API Gateway answers 500. The "
            "integration's `requestParameters` carry the method's part of the path over.",
            {LISTED: "is an error of the API"},
        ),
        Twin(
            _forwarding(named=False),
            "The integration asks for a part of the path that the method does not name. Give `put_method` the "
            '`requestParameters` `{"method.request.path.proxy": True}`.',
            {GATEWAY_SAYS: "the mapping"},
        ),
        Twin(
            _forwarding(method="GET", passed_as="GET"),
            "A GET arrives, and a POST does not even have a method: whoever posts is told that a token is missing. "
            "`ANY` stands for all methods.",
            {LISTED: "arrives", POSTED_ON: "is not known to the API"},
        ),
        Twin(
            _forwarding(passed_as="GET"),
            "A POST arrives as a GET. `integrationHttpMethod` is the method with which the server is called: `ANY` "
            "leaves it as it came.",
            {LISTED: "arrives", POSTED_ON: "arrives as another method"},
        ),
        Twin(
            _forwarding(kind="HTTP"),
            "`HTTP` wants to be told how each request and each answer is translated, and the lab does not have it. "
            "`HTTP_PROXY` passes both on as they are.",
            {GATEWAY_SAYS: "the type"},
        ),
        Twin(
            _forwarding(repeatable=False),
            "It works once. The second time the method is there, and API Gateway does not replace it: let the "
            "`ConflictException` of `put_method` pass.",
            {LISTED: "arrives", POSTED_ON: "arrives", FORWARD_AGAIN: "stops with ConflictException"},
        ),
    ),
    hints=(
        "Two calls: `put_method` says what the API takes, `put_integration` what it does with it. Both want the three "
        "names `restApiId`, `resourceId`, `httpMethod`.",
        "The method names the part of the path, the integration maps it, and the address uses it: "
        "`method.request.path.proxy`, `integration.request.path.proxy`, `{proxy}`.",
        'In an f-string, `{{proxy}}` writes `{proxy}`: `uri=f"{address}/{{proxy}}"`. '
        "`with contextlib.suppress(client.exceptions.ConflictException):` goes around `put_method`.",
    ),
    more="What would a second method on the same resource, `GET` beside `ANY`, be good for?",
)

# --- 2: a second stage ---------------------------------------------------------------------------------------------


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

# --- 3: a post by hand ---------------------------------------------------------------------------------------------

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

# --- 4: try again --------------------------------------------------------------------------------------------------


def patiently(send, tries: int, wait) -> int:
    """Call `send()` until it goes, at most `tries` times, and tell how often; `wait(seconds)` makes a pause."""
    for number in range(1, tries + 1):
        try:
            send()
            return number
        except requests.RequestException as error:
            refused = error.response is not None and error.response.status_code < 500
            if refused or number == tries:
                raise
            wait(0.5 * 2 ** (number - 1))


def _patient(
    passing: Callable[[requests.RequestException], bool], more: int = 0, growing: bool = True, silent: bool = False,
    needless: str = "never",
) -> Callable[[Callable[[], None], int, Callable[[float], None]], int | None]:  # fmt: skip
    """Write the solution with one thing changed.

    `passing` tells whether an error may pass; pauses before no further try come `never`, after the `last` try, or
    `always`, after a refusal too.
    """

    def patiently(send: Callable[[], None], tries: int, wait: Callable[[float], None]) -> int | None:
        for number in itertools.count(1):
            try:
                send()
                return number
            except requests.RequestException as error:
                last, passes = number == tries + more, passing(error)
                if needless == "always" or (passes and (not last or needless == "last")):
                    wait(0.5 * 2 ** (number - 1) if growing else 0.5)
                if last and silent:
                    return None
                if last or not passes:
                    raise

    return patiently


def _may_pass(error: requests.RequestException) -> bool:
    return error.response is None or error.response.status_code >= 500


TRIES = 4

ENDLESS = 12
"""Calls after which even a request that never goes goes: an answer may try for ever."""

REPLIES: dict[str, tuple[int, ...]] = {
    "200 at once": (200,),
    "503 twice, then 200": (503, 503, 200),
    "a broken connection, then 200": (0, 200),
    f"503 for ever, and {TRIES} tries": (503,) * ENDLESS,
    "403": (403, 200),
}
"""What comes back, call by call; 0 is nothing at all."""


def _endured(answer: Callable[[Callable[[], None], int, Callable[[float], None]], int]) -> Result:
    attempt(answer)
    return {case: _told_of_tries(answer, replies) for case, replies in REPLIES.items()}


def _told_of_tries(answer: Callable[..., int], replies: Sequence[int]) -> str:
    """Let an answer send something, and tell how often it did so, with which pauses, and how that ended."""
    sent, pauses = [], []

    def send() -> None:
        status = replies[len(sent)] if len(sent) < len(replies) else 200
        sent.append(status)
        if status == 0:
            raise requests.ConnectionError("Connection aborted.")
        reply = requests.Response()
        reply.status_code, reply.url = status, "https://example.org/prod/topics"
        reply.raise_for_status()

    try:
        ended = f"the answer {answer(send, TRIES, pauses.append)}"
    except Exception:  # of whatever kind: another one than `send` raised is as good
        ended = "an error"
    waited = f"pauses of {', '.join(f'{pause:g}' for pause in pauses)} s" if pauses else "no pause"
    return f"{len(sent)} calls, {waited}, {ended}"


PATIENTLY = Exercise(
    solution=patiently,
    evaluate=_endured,
    twins=(
        Twin(
            _patient(lambda error: True),
            "You try a 403 again, and it will be refused for ever: what is below 500 is a fault of the request. "
            "(`if error.response` does not tell: a reply of 400 and more counts as false. Ask for `is not None`.)",
        ),
        Twin(
            _patient(lambda error: error.response is not None and error.response.status_code >= 500),
            "You gave up when the connection broke. There is no reply then, so `error.response` is None, and the next "
            "try may well go.",
        ),
        Twin(
            _patient(_may_pass, growing=False),
            "All your pauses are alike. When a thousand users try again every half second, what is on its knees stays "
            "there: let each pause be twice the one before.",
        ),
        Twin(
            _patient(_may_pass, more=1),
            "One call too many: `tries` counts them all, the first one too.",
        ),
        Twin(
            _patient(lambda error: True, silent=True, needless="last"),
            "You catch every error, and hand none on. A 403 will be refused for ever: stop at once there, with "
            "`raise`. And after the last try somebody has to hear of it.",
        ),
        Twin(
            _patient(_may_pass, silent=True),
            "After the last try your function goes on as if the rows were stored. Somebody has to hear of it: `raise` "
            "hands the error on.",
        ),
        Twin(
            _patient(_may_pass, silent=True, needless="last"),
            "After the last try your function waits for nothing, and then goes on as if the rows were stored. Somebody "
            "has to hear of it: `raise` hands the error on.",
        ),
        Twin(
            _patient(_may_pass, needless="last"),
            "You wait after the last try, for nothing: look whether there will be another try first.",
        ),
        Twin(
            _patient(_may_pass, needless="always"),
            "You wait before you stop, after a 403 and after the last try: a pause is of use only before another try.",
        ),
    ),
    hints=(
        "A loop over the numbers 1 to `tries`, with a `try` in it: after `send()` went, return the number.",
        "`except requests.RequestException as error` catches both kinds. `error.response` is the reply; None if there "
        "was none.",
        "`raise` if the reply's `status_code` is below 500, or if it was the last try; else `wait(0.5)`, then 1, 2, 4: "
        "that is `0.5 * 2 ** (number - 1)`.",
    ),
    more="Ten thousand clients lose the connection at one moment. Why do many of them add a random part to a pause?",
)

# --- 5: the emulator -----------------------------------------------------------------------------------------------


def run_emulation(database, invoke_url: str, topics: dict[str, str], count: int, seed: int) -> list[int]:
    """Post what `count` users post, each row to the topic of its table; return the offsets that were drawn."""
    offsets = []
    for _, offset in islice(postings.draws(seed), count):
        for table, row in database.posting(offset).rows.items():
            post(invoke_url, topics[table], [row])
        offsets.append(offset)
    return offsets


Emulation = Callable[[PostsDatabase, str, dict[str, str], int, int], list[int]]


def _emulation(
    drawn: Callable[[int, int], list[int]], sent: Callable[[dict[str, dict]], dict[str, list[dict]]]
) -> Emulation:
    """Write the solution with other offsets drawn, or with other rows sent to the tables' topics."""

    def run_emulation(
        database: PostsDatabase, invoke_url: str, topics: dict[str, str], count: int, seed: int
    ) -> list[int]:
        offsets = drawn(count, seed)
        for offset in offsets:
            for table, rows in sent(database.posting(offset).rows).items():
                post(invoke_url, topics[table], rows)
        return offsets

    return run_emulation


def _offsets(count: int, seed: int) -> list[int]:
    return [offset for _, offset in islice(postings.draws(seed), count)]


def _each_alone(rows: dict[str, dict]) -> dict[str, list[dict]]:
    return {table: [row] for table, row in rows.items()}


POSTS, SEED = 2, 7
"""Posts that an answer is to send, and where their random numbers start."""

RETURNED = "what it returns"


def _in_topic_of(table: str) -> str:
    return f"in the topic of {table}"


def _emulated(answer: Emulation, workbook: Workbook, invoke_url: str) -> Result:
    """Let an answer send two posts to topics made for it, and read what those hold."""
    attempt(answer)
    returned: list[Any] = []
    with scratch.systems(), contextlib.ExitStack() as made:
        database = made.enter_context(contextlib.closing(PostsDatabase(workbook.database_url)))
        topics = {table: made.enter_context(scratch.topic(workbook)) for table in TABLES}
        failed = _failure(lambda: returned.append(answer(database, invoke_url, dict(topics), POSTS, SEED)))
        if failed is None:
            held = scratch.values_of(workbook, topics.values())
            drawn = _offsets(POSTS, SEED)
            rows = [database.posting(offset).rows for offset in drawn]
            found = {_in_topic_of(table): _named(held[topic], rows) for table, topic in topics.items()}
            return found | {RETURNED: "the offsets" if returned == [drawn] else returned[0]}
    raise failed


def _named(values: Sequence[bytes], posts: Sequence[Mapping[str, Mapping]]) -> str:
    """Name what a topic holds, as in "pin 1, pin 2": the pins of the first and the second post."""
    names = {
        (frozenset(row), row.get("index", row.get("ind"))): f"{table} {number}"
        for number, rows in enumerate(posts, 1)
        for table, row in rows.items()
    }
    found = [json.loads(value) for value in values]
    known = [
        names.get((frozenset(row), row.get("index", row.get("ind"))), "another row")
        if isinstance(row, dict) else "no row"
        for row in found
    ]  # fmt: skip
    return ", ".join(known) or "nothing"


EMULATION = Exercise(
    solution=run_emulation,
    evaluate=_emulated,
    wanted={_in_topic_of(table): f"{table} 1, {table} 2" for table in TABLES} | {RETURNED: "the offsets"},
    twins=(
        Twin(
            _emulation(_offsets, lambda rows: {"pin": list(rows.values())}),
            "All three rows went into one topic. `rows` is a dictionary: table → row; the table says which of the "
            "`topics` a row belongs to.",
            {_in_topic_of("pin"): "pin 1, geo 1, user 1, pin 2, geo 2, user 2", _in_topic_of("geo"): "nothing"},
        ),
        Twin(
            _emulation(_offsets, lambda rows: {table: [*rows.values()] for table in rows}),
            "Each topic got all three rows. A topic holds rows of one kind, or nobody can read it with one schema.",
            {_in_topic_of("geo"): "pin 1, geo 1, user 1, pin 2, geo 2, user 2"},
        ),
        Twin(
            _emulation(lambda count, seed: _offsets(count, postings.SEED), _each_alone),
            "These are two other posts: you left `seed` out of `draws`, and it began with its own.",
            {_in_topic_of("pin"): "another row, another row"},
        ),
        Twin(
            _emulation(lambda count, seed: _offsets(count + 1, seed), _each_alone),
            "One post too many. `islice(…, count)` ends after `count` draws; whoever counts in the loop has to look "
            "before sending.",
            {_in_topic_of("pin"): "pin 1, pin 2, another row"},
        ),
        Twin(
            _emulation(lambda count, seed: _offsets(1, seed), _each_alone),
            "Only the first post was sent. Look at where `return` stands: within the loop it ends the function.",
            {_in_topic_of("pin"): "pin 1"},
        ),
    ),
    hints=(
        "Two loops, one in the other: over what is drawn, and over the three rows of what was drawn.",
        "`for _, offset in islice(postings.draws(seed), count)` gives the offsets, and "
        "`database.posting(offset).rows.items()` the tables with their rows.",
        "`post(invoke_url, topics[table], [row])` in the inner loop, `offsets.append(offset)` behind it.",
    ),
    more="The three rows of a post are three requests. What is in Kafka if the second one fails for good?",
)

# --- 6: the last five pins -----------------------------------------------------------------------------------------

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
            "It shows nothing of what is there, and waits for what comes next: `end` is the offset of a message that "
            "is yet to come, and so is `latest`. Begin five before it.",
            {"offsets shown": [], "it ends by itself": False},
        ),
        Twin(
            lambda end: f"--offset {end - 5} --max-messages 5",
            "The tool stopped before it read anything, as it does at options that it cannot use. One of them needs "
            "another: an offset is one of a partition, so `--offset` comes with `--partition 0`.",
            {"offsets shown": [], "it ends by itself": True},
        ),
    ),
    hints=(
        "`end` is the offset that the next message will get. Which one has the last message that is there?",
        "The consumer can begin anywhere in a partition: `--partition 0 --offset …`.",
        "It begins at `end - 5`, and `--max-messages 5` lets it stop.",
    ),
    more='With three partitions, what would "the last five of the topic" mean?',
)

# --- 7: from receipt to object -------------------------------------------------------------------------------------


def object_keys(topic: str, receipt: dict) -> list[str]:
    """Name the objects in which the records of a receipt will lie; a record that was not stored has none."""
    keys = []
    for place in receipt["offsets"]:
        if not place["error_code"]:
            partition, offset = place["partition"], place["offset"]
            keys.append(f"topics/{topic}/partition={partition}/{topic}+{partition}+{offset:010d}.json")
    return keys


def _place(partition: int | None, offset: int | None, error: int | None = None) -> dict[str, Any]:
    return {"partition": partition, "offset": offset, "error_code": error, "error": error and "not stored"}


RECEIPTS: dict[str, list[dict[str, Any]]] = {
    "one record": [_place(0, 7)],
    "the first record of a topic": [_place(0, 0)],
    "three records": [_place(0, 98), _place(0, 99), _place(0, 100)],
    "two partitions": [_place(0, 12), _place(2, 5)],
    "one of two records not stored": [_place(None, None, 2), _place(0, 8)],
}


def _keys(answer: Callable[[str, dict], list[str]]) -> Result:
    return {
        case: ", ".join(given(answer("0a1b.geo", {"offsets": [dict(place) for place in places]})))
        for case, places in RECEIPTS.items()
    }


def _key(partition: int, offset: str) -> str:
    return f"topics/0a1b.geo/partition={partition}/0a1b.geo+{partition}+{offset}.json"


def _stored(receipt: dict) -> list[tuple[int, int]]:
    return [(place["partition"], place["offset"]) for place in receipt["offsets"] if not place["error_code"]]


OBJECT_KEYS = Exercise(
    solution=object_keys,
    evaluate=_keys,
    twins=(
        Twin(
            lambda topic, receipt: [_key(partition, str(offset)) for partition, offset in _stored(receipt)],
            "The names hold the offset with ten digits, zeros in front, so that they are listed in their order: "
            "`{offset:010d}` in an f-string writes it so.",
        ),
        Twin(
            lambda topic, receipt: [_key(0, f"{offset:010d}") for _, offset in _stored(receipt)],
            "You took every record for one of partition 0. The receipt says which partition each is in, and the name "
            "has it twice.",
        ),
        Twin(
            lambda topic, receipt: [_key(part, f"{offset:010d}") for part, offset in _stored(receipt)[:1]],
            "That is the first record only. A request may bring many, and the receipt has a place for each.",
        ),
        Twin(
            lambda topic, receipt: [_key(part, f"{offset:010d}") for part, offset in _stored(receipt) if offset],
            "The first record of a topic is left out: its offset is 0, and 0 counts as false. Ask whether there is an "
            "`error_code`, or compare with None.",
        ),
        Twin(
            lambda topic, receipt: [
                _key(place["partition"], f"{place['offset']:010d}") for place in receipt["offsets"]
            ],
            "Your function stops at a record that was not stored: its offset is None. Leave out what has an "
            "`error_code`.",
        ),
    ),
    hints=(
        'Go through `receipt["offsets"]`: each is a dictionary with `partition`, `offset` and `error_code`.',
        "Leave out a place whose `error_code` is not None, and write the name of each of the others.",
        'The name is `f"topics/{topic}/partition={partition}/{topic}+{partition}+{offset:010d}.json"`.',
    ),
    more="With a `flush.size` of 10, what could the receipt of one record tell you of its object's name?",
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
    {1: FORWARD, 2: STAGE, 3: POST, 4: PATIENTLY, 5: EMULATION, 6: LAST_FIVE, 7: OBJECT_KEYS},
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
