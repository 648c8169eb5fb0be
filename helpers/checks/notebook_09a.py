"""Exercises of the notebook that brings posts into Kinesis."""

import contextlib
import hashlib
import json
import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import requests
from botocore.exceptions import ClientError

from helpers.checks import scratch
from helpers.checks.exercise import Exercise, Result, Twin, attempt, given
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.config import Workbook
from helpers.gateway import kinesis_proxy, rest_api
from helpers.gateway.kinesis_proxy import Proxied
from helpers.kinesis import streams as kinesis_streams
from helpers.waiting import wait_until

# --- 1: streams ------------------------------------------------------------------------------------------------------

SHARDS_OF_NEW = 3
TAGS = {"workbook": "check"}

REFUSED, NEW, TAGGED, KEPT = "what Kinesis refuses", "shards of the new stream", "its tags", "the stream that was there"
HEARD = "the last that you heard of the new stream"
NOTHING = "nothing"


def create_streams(kinesis, names: list[str], shards: int, tags: dict[str, str]) -> None:
    """Create the streams that are not there, of so many shards each; return when all of them can be used."""
    there = kinesis.list_streams()["StreamNames"]
    for name in names:
        if name not in there:
            mode = {"StreamMode": "PROVISIONED"}
            kinesis.create_stream(StreamName=name, ShardCount=shards, StreamModeDetails=mode, Tags=tags)
    for name in names:
        kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})


def _new_streams(kinesis: Any, names: list[str], **asked: Any) -> None:
    """Create what is not there, and wait."""
    for name in names:
        with contextlib.suppress(kinesis.exceptions.ResourceInUseException):
            kinesis.create_stream(StreamName=name, **asked)
    for name in names:
        kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})


def _not_awaited(kinesis: Any, names: list[str], shards: int, tags: dict[str, str]) -> None:
    for name in names:
        with contextlib.suppress(kinesis.exceptions.ResourceInUseException):
            kinesis.create_stream(StreamName=name, ShardCount=shards, Tags=tags)


def _whatever_is_there(kinesis: Any, names: list[str], shards: int, tags: dict[str, str]) -> None:
    for name in names:
        kinesis.create_stream(StreamName=name, ShardCount=shards, Tags=tags)


def _made_anew(kinesis: Any, names: list[str], shards: int, tags: dict[str, str]) -> None:
    for name in names:
        with contextlib.suppress(kinesis.exceptions.ResourceNotFoundException):
            kinesis.delete_stream(StreamName=name)
            kinesis.get_waiter("stream_not_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    _new_streams(kinesis, names, ShardCount=shards, Tags=tags)


def _on_demand(kinesis: Any, names: list[str], shards: int, tags: dict[str, str]) -> None:
    _new_streams(kinesis, names, StreamModeDetails={"StreamMode": "ON_DEMAND"}, Tags=tags)


def _untagged(kinesis: Any, names: list[str], shards: int, tags: dict[str, str]) -> None:
    _new_streams(kinesis, names, ShardCount=shards)


def _streams_made(answer: Callable[..., None], workbook: Workbook) -> Result:
    """Let an answer make two streams, one of which is there."""
    attempt(answer)
    kinesis, new = workbook.client("kinesis"), f"{workbook.stream('geo')}-{scratch.token()}"
    with scratch.systems(), scratch.stream(workbook) as old:
        begun, (slow, heard) = _begun(kinesis, old), _slow(workbook, new)
        try:
            refused = _refusal(answer, slow, [old, new], SHARDS_OF_NEW, dict(TAGS))
            found, kept = _described(kinesis, new), _begun(kinesis, old) == begun
        finally:
            kinesis_streams.delete(workbook, new)
    return {
        REFUSED: refused,
        **found,
        KEPT: "is as it was" if kept else "is another, and empty",
        HEARD: heard[-1] if heard else NOTHING,
    }


def _refusal(answer: Callable[..., None], *arguments: Any) -> str:
    """Tell with which code AWS refuses what an answer asks for."""
    try:
        answer(*arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return NOTHING


def _slow(workbook: Workbook, stream: str) -> tuple[Any, list[str]]:
    """Make a client of Kinesis to which a stream, asked about for the first time, is CREATING; and note what it hears.

    On AWS that lasts some ten seconds, in the lab no time.
    """
    client, heard = workbook.client("kinesis"), []

    def hear(parsed: dict[str, Any], **_: Any) -> None:
        described = (parsed.get("StreamDescription"), parsed.get("StreamDescriptionSummary"))
        for one in (*filter(None, described), *parsed.get("StreamSummaries", ())):
            if one["StreamName"] == stream:
                one["StreamStatus"] = one["StreamStatus"] if heard else "CREATING"
                heard.append(one["StreamStatus"])

    client.meta.events.register("after-call.kinesis", hear)
    return client, heard


def _summary(kinesis: Any, stream: str) -> dict[str, Any]:
    """Describe a stream; empty if there is none."""
    try:
        return kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    except kinesis.exceptions.ResourceNotFoundException:
        return {}


def _begun(kinesis: Any, stream: str) -> datetime | None:
    """Tell when a stream was made, by which one that was made anew is told from the first."""
    return _summary(kinesis, stream).get("StreamCreationTimestamp")


def _described(kinesis: Any, stream: str) -> Result:
    summary = _summary(kinesis, stream)
    if not summary:
        return {}
    tags = kinesis.list_tags_for_stream(StreamName=stream)["Tags"]
    return {NEW: summary["OpenShardCount"], TAGGED: {tag["Key"]: tag["Value"] for tag in tags}}


CREATE_STREAMS = Exercise(
    solution=create_streams,
    evaluate=_streams_made,
    wanted={REFUSED: NOTHING, NEW: SHARDS_OF_NEW, TAGGED: TAGS, KEPT: "is as it was", HEARD: "ACTIVE"},
    twins=(
        Twin(
            _whatever_is_there,
            "One of the streams is there already, and Kinesis refuses to make it again: `ResourceInUseException`. Look "
            "with `list_streams` first, or catch `kinesis.exceptions.ResourceInUseException`.",
            {REFUSED: "ResourceInUseException"},
        ),
        Twin(
            _made_anew,
            "The stream that was there is deleted, with every record in it. Leave it: only what is missing is made.",
            {KEPT: "is another, and empty"},
        ),
        Twin(
            _untagged,
            "The new stream has no tags, so that nobody finds on the bill whose it is: `Tags=tags`.",
            {REFUSED: NOTHING, TAGGED: {}},
        ),
        Twin(
            _on_demand,
            "A stream on demand chooses its number of shards by itself, and begins with four. `PROVISIONED` is the "
            "mode in which `ShardCount` counts.",
            {NEW: 4},
        ),
        Twin(
            _not_awaited,
            "Nothing waits: your function returns while a new stream is still CREATING, and the first record would be "
            'refused. `kinesis.get_waiter("stream_exists").wait(StreamName=…)` asks until it is ACTIVE.',
            {NEW: SHARDS_OF_NEW, HEARD: NOTHING},
        ),
    ),
    hints=(
        '`kinesis.list_streams()["StreamNames"]` tells which are there; a loop makes the others.',
        '`create_stream` wants `StreamName`, `ShardCount`, `StreamModeDetails={"StreamMode": "PROVISIONED"}`, `Tags`.',
        "Make all of them in one loop, and wait in a second one: they get ready at the same time then.",
    ),
    more="And if one of the streams is there with another number of shards?",
)

# --- 2: a mapping template -------------------------------------------------------------------------------------------

PATH = "/streams/{stream-name}/record"

SENT = {"ind": 7528, "title": 'A "quiet" café', "country": "Albania"}
"""Made up, with what a template may stumble over."""

STATUS, DATA, KEY = "status of the answer", "what is in the stream", "its partition key"
AS_SENT, ALL, NO_JSON = "the row", "the whole request", "text that is no JSON"
AS_JAVA = "the row as Java prints a map"


def record_template() -> str:
    """Write the template that makes a request of PutRecord from what the client sends."""
    return """{
      "StreamName": "$input.params('stream-name')",
      "Data": "$util.base64Encode($input.json('$.Data'))",
      "PartitionKey": "$input.path('$.PartitionKey')"
    }"""


def _template(**changes: str) -> Callable[[], str]:
    """Be the solution with one of its lines changed."""
    text = record_template()
    for old, new in changes.values():
        text = text.replace(old, new)
    return lambda: text


_ENCODED, _KEYED = "$util.base64Encode($input.json('$.Data'))", "$input.path('$.PartitionKey')"


@contextlib.contextmanager
def _api(workbook: Workbook) -> Iterator[str]:
    """Make a REST API without any method.

    Yields
    ------
    str
        Its id.
    """
    client = workbook.client("apigateway")
    made = client.create_rest_api(name=scratch.name(workbook), endpointConfiguration={"types": ["REGIONAL"]})["id"]
    try:
        yield made
    finally:
        client.delete_rest_api(restApiId=made)


def _sent(invoke_url: str, stream: str, key: str | None = "7528") -> requests.Response:
    body = {"Data": SENT} | ({"PartitionKey": key} if key else {})
    return requests.put(invoke_url + PATH.replace("{stream-name}", stream), json=body)


def _mapped(answer: Callable[[], str], workbook: Workbook, role: str) -> Result:
    """Give a method of an API the answer's template, and look what comes into a stream by it."""
    template = given(answer())
    with scratch.systems(), _api(workbook) as api, scratch.stream(workbook) as stream:
        kinesis_proxy.put_method(workbook, api, Proxied(PATH, "PUT", "PutRecord", template), role)
        reply = _sent(rest_api.deploy(workbook, api), stream)
        records = [_arrived(workbook, stream)] if reply.ok else []
    told = "" if reply.ok else f" {_kind(reply)}"
    found = {STATUS: f"{reply.status_code}{told}", DATA: NOTHING, KEY: NOTHING}
    for record in records:
        found |= {DATA: _what(record["Data"]), KEY: record["PartitionKey"]}
    return found


def _kind(reply: requests.Response) -> str:
    """Name the error that an answer of the API tells."""
    told = reply.json()
    return told.get("__type") or told.get("message", "")


def _what(data: bytes) -> str:
    try:
        found = json.loads(data)
    except ValueError:
        return AS_JAVA if data.startswith(b"{ind=") else NO_JSON
    if isinstance(found, dict) and "Data" in found:
        return ALL
    return AS_SENT if found == SENT else f"{found}"


TEMPLATE = Exercise(
    solution=record_template,
    evaluate=_mapped,
    wanted={STATUS: "200", DATA: AS_SENT, KEY: "7528"},
    twins=(
        Twin(
            _template(data=(_ENCODED, "$input.json('$.Data')")),
            "What the template writes is no JSON, so Kinesis cannot read it: `SerializationException`. `$input.json` "
            "gives JSON with quotes of its own, which breaks the quotes around it. Encode the data by "
            "`$util.base64Encode(…)`, and take the key by `$input.path`, which gives the bare text.",
            {STATUS: "400 SerializationException"},
        ),
        Twin(
            _template(data=("$input.json('$.Data')", "$input.body")),
            "The whole request is in the stream, with `Data` and `PartitionKey` in it: `$input.body` is all of what "
            "the client sent. `$input.json('$.Data')` takes the one part.",
            {DATA: ALL},
        ),
        Twin(
            _template(data=("$input.json('$.Data')", "$input.path('$.Data')")),
            "The row is in the stream in Java's form, `{ind=7528, …}`, and nobody can read it as JSON. `$input.path` "
            "gives an object, which is printed like that; `$input.json('$.Data')` gives JSON.",
            {DATA: AS_JAVA},
        ),
        Twin(
            _template(key=(_KEYED, "partition-1")),
            "The key is the same for all records, whatever the client says, so that one shard gets everything. "
            "`$input.path('$.PartitionKey')` takes the client's.",
            {DATA: AS_SENT, KEY: "partition-1"},
        ),
        Twin(
            _template(name=("'stream-name'", "'stream'")),
            "Kinesis gets an empty name of a stream. `$input.params` takes the name as it stands in the path's braces: "
            "`stream-name`.",
            {STATUS: "400 ValidationException"},
        ),
    ),
    hints=(
        "The text is a JSON object with three members, each value in double quotes.",
        "`$input.params('stream-name')`, `$input.json('$.Data')`, `$input.path('$.PartitionKey')`: what is left is to "
        "encode one of them.",
        "`\"Data\": \"$util.base64Encode($input.json('$.Data'))\"`.",
    ),
    more="A client encodes its data by itself, to be safe. What is in the stream then?",
)

# --- 3: refusals that are told ---------------------------------------------------------------------------------------

TAKEN, NOWHERE, KEYLESS = "a record", "a stream that is not there", "a record without a key"
FORBIDDEN, OVERLOADED = "a refusal with 403", "a failure with 503"
GATEWAY = "what API Gateway refuses"


def tell_refusals(client, method: dict[str, str]) -> None:
    """Let a method answer with 400 or 500 where Kinesis refuses or fails, and with 200 otherwise."""
    for status, pattern in {"200": "", "400": r"4\d{2}", "500": r"5\d{2}"}.items():
        client.put_method_response(**method, statusCode=status)
        client.put_integration_response(**method, statusCode=status, selectionPattern=pattern)


def _answers(patterns: dict[str, str], declared: bool = True) -> Callable[[Any, dict[str, str]], None]:
    """Be the solution with other patterns, or without the statuses declared."""

    def answer(client: Any, method: dict[str, str]) -> None:
        for status, pattern in patterns.items():
            if declared:
                client.put_method_response(**method, statusCode=status)
            client.put_integration_response(**method, statusCode=status, selectionPattern=pattern)

    return answer


def _told(answer: Callable[[Any, dict[str, str]], None], workbook: Workbook, role: str) -> Result:
    """Let an answer complete two methods: one of Kinesis, and one behind which any status can be had."""
    attempt(answer)
    with scratch.systems(), _api(workbook) as api, scratch.stream(workbook) as stream:
        own = Proxied(PATH, "PUT", "PutRecord", kinesis_proxy.PUT_RECORD)
        methods = (kinesis_proxy.connect(workbook, api, own, role), scratch.any_status(workbook, api))
        refused = [_refusal(answer, workbook.client("apigateway"), method) for method in methods]
        invoke_url = rest_api.deploy(workbook, api)
        return {
            TAKEN: _sent(invoke_url, stream).status_code,
            NOWHERE: _sent(invoke_url, f"{stream}-nowhere").status_code,
            KEYLESS: _sent(invoke_url, stream, None).status_code,
            FORBIDDEN: requests.get(f"{invoke_url}/statuses/403").status_code,
            OVERLOADED: requests.get(f"{invoke_url}/statuses/503").status_code,
            GATEWAY: refused[0],
        }


TELL_REFUSALS = Exercise(
    solution=tell_refusals,
    evaluate=_told,
    wanted={TAKEN: 200, NOWHERE: 400, KEYLESS: 400, FORBIDDEN: 400, OVERLOADED: 500, GATEWAY: NOTHING},
    twins=(
        Twin(
            _answers({"200": ""}),
            "A stream that is not there is answered with 200, as a success. Without a selection pattern, a status is "
            "taken for everything: give 400 and 500 a pattern each. A pattern has to match all three digits.",
            {TAKEN: 200, NOWHERE: 200},
        ),
        Twin(
            _answers({"200": "", "400": "400", "500": "500"}),
            "A 403 or a 503 of Kinesis comes out as 200, a success: your patterns fit 400 and 500 alone. In a regular "
            r"expression `\d` is any digit, so `4\d{2}` fits 4 and two digits.",
            {TAKEN: 200, NOWHERE: 400, FORBIDDEN: 200, OVERLOADED: 200},
        ),
        Twin(
            _answers({"400": r"4\d{2}", "500": r"5\d{2}"}),
            "Refusals are told, and a success is answered with 500: no status is there for it. One status without a "
            "pattern is for all that no pattern matches: 200.",
            {TAKEN: 500, NOWHERE: 400},
        ),
        Twin(
            _answers({"200": "", "400": r"4\d{2}", "500": r"5\d{2}"}, declared=False),
            "Everything is answered with 500, a success too: the answer leads to a status that the method does not "
            "declare. For each status `put_method_response` comes first, then `put_integration_response`.",
            {TAKEN: 500, NOWHERE: 500},
        ),
        Twin(
            _answers({"200": "", "400": r"5\d{2}", "500": r"4\d{2}"}),
            "The patterns are the wrong way round: a refusal, 4 and two digits, is told as a failure of the server.",
            {TAKEN: 200, NOWHERE: 500},
        ),
    ),
    hints=(
        "Three statuses, two calls for each: a loop.",
        r"A pattern is a regular expression that has to match the whole of Kinesis's status: `4\d{2}`.",
        'Status 200 has the pattern `""`: it is for everything that no other pattern matches.',
    ),
    more="The body is passed on as it is. What of it would you not show to a client?",
)

# --- 4: a row over the API into a stream ---------------------------------------------------------------------------

MOMENT = datetime(2021, 3, 4, 5, 6, 7)

PLACE = {"ind": 7528, "timestamp": MOMENT, "latitude": -89.9787, "longitude": -173.293, "country": "Albania"}
"""Made up."""

ARRIVAL_SECONDS = 20


def put(invoke_url: str, stream: str, row: dict, key: str) -> dict:
    """Put a row into a stream over the API; return the answer, which names the shard. Raise if it was refused."""
    body = json.dumps({"Data": row, "PartitionKey": key}, default=str)
    reply = requests.put(
        f"{invoke_url}/streams/{stream}/record", data=body, headers={"Content-Type": "application/json"}
    )
    reply.raise_for_status()
    return reply.json()


def _without_raising(invoke_url: str, stream: str, row: dict, key: str) -> dict:
    body = json.dumps({"Data": row, "PartitionKey": key}, default=str)
    return requests.put(
        f"{invoke_url}/streams/{stream}/record", data=body, headers={"Content-Type": "application/json"}
    ).json()


def _encoded_twice(invoke_url: str, stream: str, row: dict, key: str) -> dict:
    return put(invoke_url, stream, json.dumps(row, default=str), key)


def _with_one_key(invoke_url: str, stream: str, row: dict, key: str) -> dict:
    return put(invoke_url, stream, row, "partition-1")


def _not_serialised(invoke_url: str, stream: str, row: dict, key: str) -> dict:
    return put(invoke_url, stream, json.loads(json.dumps(row)), key)


def _posted(invoke_url: str, stream: str, row: dict, key: str) -> dict:
    reply = requests.post(f"{invoke_url}/streams/{stream}/record", json={"PartitionKey": key})
    reply.raise_for_status()
    return reply.json()


def _as_a_form(invoke_url: str, stream: str, row: dict, key: str) -> dict:
    reply = requests.put(f"{invoke_url}/streams/{stream}/record", data={"Data": row, "PartitionKey": key})
    reply.raise_for_status()
    return reply.json()


def _arrived(workbook: Workbook, stream: str) -> dict:
    """Wait for the first record of a stream."""
    client = workbook.client("kinesis")
    start = client.get_shard_iterator(
        StreamName=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    (record,) = wait_until(
        lambda: client.get_records(ShardIterator=start)["Records"], ARRIVAL_SECONDS, "a record in the stream"
    )
    return record


def _refuses(answer: Callable[..., dict], invoke_url: str, workbook: Workbook) -> bool:
    try:
        answer(invoke_url, f"{workbook.stream('geo')}-nowhere", PLACE, "7528")
    except Exception:  # an error of any kind will do: the same call has worked for a stream that is there
        return True
    return False


def _moment_alike(row: dict[str, Any]) -> dict[str, Any]:
    """Write the moment of a row in one way: `isoformat` puts a `T` where `str` puts a space, and both can be read."""
    try:
        return row | {"timestamp": str(datetime.fromisoformat(row["timestamp"]))}
    except (KeyError, TypeError, ValueError):
        return row


def _record(answer: Callable[..., dict], workbook: Workbook, invoke_url: str) -> Result:
    with scratch.stream(workbook) as stream:
        try:
            told = given(answer(invoke_url, stream, dict(PLACE), "7528"))
        except requests.HTTPError as error:
            return {"the API's answer": error.response.status_code}
        record = _arrived(workbook, stream)
    data: Any = json.loads(record["Data"])
    return {
        "what is in the stream": _moment_alike(data) if isinstance(data, dict) else f"text: {data}",
        "its partition key": record["PartitionKey"],
        "the shard that you return": told.get("ShardId") if isinstance(told, dict) else str(told),
        "an error for a stream that is not there": _refuses(answer, invoke_url, workbook),
    }


PUT = Exercise(
    solution=put,
    evaluate=_record,
    twins=(
        Twin(
            _without_raising,
            "It works, but a refusal passes unnoticed: for a stream that is not there your function returned as if "
            "all were well. `reply.raise_for_status()` raises where the status is no success.",
        ),
        Twin(
            _encoded_twice,
            "The record is a text that holds JSON, not JSON. `Data` was made text with `json.dumps`, and then the "
            "whole body once more. Give the row itself as `Data`.",
        ),
        Twin(
            _with_one_key,
            "The key is a fixed text. Use the argument `key`, or all records of all streams share one shard.",
        ),
        Twin(
            _not_serialised,
            "JSON knows no datetime. `json.dumps(…, default=str)` writes what it does not know as text.",
        ),
        Twin(
            _posted,
            "API Gateway answers 403 to a method or a path that the API does not have. The method is PUT, and the path "
            "`/streams/<stream>/record`, behind the invoke URL.",
        ),
        Twin(
            _as_a_form,
            "API Gateway answers 415: with a dictionary as `data`, `requests` sends the fields of a form. Give it a "
            "text, which `json.dumps` writes, and say `Content-Type: application/json`.",
        ),
    ),
    hints=(
        "The path is `/streams/<stream>/record`, the method PUT, the body `{\"Data\": …, \"PartitionKey\": …}`.",
        "`json.dumps(body, default=str)` writes the datetime as text; say `Content-Type: application/json`.",
        "`reply = requests.put(url, data=body, headers=…)`, then `reply.raise_for_status()`, then `reply.json()`.",
    ),
    more="What if the connection breaks before the answer comes? Is the record in the stream, and who knows?",
)

# --- 5: the shard of a key -------------------------------------------------------------------------------------------

TRIED = [f"user-{number}" for number in range(12)]
AS_KINESIS, NO_SHARD, WHOLE = "as Kinesis chose", "no shard", "all that is known of a shard"


def shard_of(key: str, shards: list[dict]) -> str:
    """Name the shard to which a partition key leads: the one whose range holds the MD5 of the key as a number."""
    number = int(hashlib.md5(key.encode()).hexdigest(), 16)
    for shard in shards:
        ends = shard["HashKeyRange"]
        if int(ends["StartingHashKey"]) <= number <= int(ends["EndingHashKey"]):
            return shard["ShardId"]


def _md5(key: str) -> int:
    """Write a key's MD5 as a whole number (Amazon Kinesis Data Streams, PutRecord)."""
    return int(hashlib.md5(key.encode(), usedforsecurity=False).hexdigest(), 16)


def _by_turns(key: str, shards: list[dict]) -> str:
    return shards[_md5(key) % len(shards)]["ShardId"]


def _as_text(key: str, shards: list[dict]) -> str | None:
    ranges = {shard["ShardId"]: shard["HashKeyRange"] for shard in shards}
    number = str(_md5(key))
    found = [name for name, ends in ranges.items() if ends["StartingHashKey"] <= number <= ends["EndingHashKey"]]
    return next(iter(found), None)


def _from_the_start(key: str, shards: list[dict]) -> str:
    return next(one["ShardId"] for one in shards if int(one["HashKeyRange"]["StartingHashKey"]) <= _md5(key))


def _as_hexadecimal(key: str, shards: list[dict]) -> str | None:
    number = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
    ranges = {shard["ShardId"]: shard["HashKeyRange"] for shard in shards}
    found = [name for name, ends in ranges.items() if ends["StartingHashKey"] <= number <= ends["EndingHashKey"]]
    return next(iter(found), None)


def _whole_shard(key: str, shards: list[dict]) -> dict:
    name = shard_of(key, shards)
    return next(shard for shard in shards if shard["ShardId"] == name)


def _named(answer: Callable[[str, list[dict]], str], workbook: Workbook) -> Result:
    """Put records into a stream of three shards, and compare where they went with what an answer says."""
    attempt(answer)
    with scratch.systems(), scratch.stream(workbook, SHARDS_OF_NEW) as stream:
        kinesis = workbook.client("kinesis")
        sent = [{"Data": b"{}", "PartitionKey": key} for key in TRIED]
        told = kinesis.put_records(StreamName=stream, Records=sent)["Records"]
        shards = kinesis.list_shards(StreamName=stream)["Shards"]
    named = {key: answer(key, [dict(shard) for shard in shards]) for key in TRIED}
    chosen = {key: one["ShardId"] for key, one in zip(TRIED, told, strict=True)}
    return {key: _compared(named[key], chosen[key]) for key in TRIED}


def _compared(named: Any, chosen: str) -> str:
    if isinstance(named, dict):
        return WHOLE
    return AS_KINESIS if named == chosen else named or NO_SHARD


def _uniform() -> list[dict]:
    """Describe the shards of a new stream as Kinesis does."""
    ends = [KEYS * number // SHARDS_OF_NEW for number in range(SHARDS_OF_NEW + 1)]
    return [
        {
            "ShardId": f"shardId-{number:012}",
            "HashKeyRange": {"StartingHashKey": str(ends[number]), "EndingHashKey": str(ends[number + 1] - 1)},
        }
        for number in range(SHARDS_OF_NEW)
    ]


def _gives(answer: Callable[[str, list[dict]], str | None]) -> Result:
    """Tell what a wrong answer gives on a new stream of three shards."""
    shards = _uniform()
    named = {key: answer(key, shards) for key in TRIED}
    return {key: _compared(named[key], shard_of(key, shards)) for key in TRIED}


KEYS = 2**128
"""Kinesis takes a key's MD5 as a whole number below this; each shard has an equal part of them."""

SHARD_OF = Exercise(
    solution=shard_of,
    evaluate=_named,
    wanted=dict.fromkeys(TRIED, AS_KINESIS),
    twins=(
        Twin(
            _by_turns,
            "The rest of a division by the number of shards is Kafka's way. Kinesis gives each shard a range of "
            "numbers: find the one that holds the key's.",
            _gives(_by_turns),
        ),
        Twin(
            _as_text,
            'You compare texts, and as text "9" comes behind "10". `int(…)` makes numbers of the ends of a range.',
            _gives(_as_text),
        ),
        Twin(
            _as_hexadecimal,
            "You compare texts: `hexdigest()` is one, and so are the ends of a range. `int(…, 16)` makes a number of "
            "the key's MD5, `int(…)` of the ends.",
            _gives(_as_hexadecimal),
        ),
        Twin(
            _whole_shard,
            'You give back all that is known of the shard. Asked is its name: `shard["ShardId"]`.',
            dict.fromkeys(TRIED, WHOLE),
        ),
        Twin(
            _from_the_start,
            "Every key is above the start of the first shard, so you name the first one always. Look at its "
            "`EndingHashKey` too.",
            _gives(_from_the_start),
        ),
    ),
    hints=(
        "`int(hashlib.md5(key.encode()).hexdigest(), 16)` is the number.",
        'Go through `shards`; the ends of each are in `shard["HashKeyRange"]`, as text.',
        '`if int(ends["StartingHashKey"]) <= number <= int(ends["EndingHashKey"]): return shard["ShardId"]`.',
    ),
    more="After a split, `list_shards` names the closed parent too. Which of the three would your function name?",
)

# --- 6: a partition key ----------------------------------------------------------------------------------------------

SHARDS = 2


def partition_key(post: dict) -> str:
    """Choose the partition key of a post, which has `number`, `user`, `moment` and `category`."""
    return str(post["user"])


def _half(key: str) -> int:
    """Tell which of the shards a key leads to."""
    return _md5(key) * SHARDS // KEYS


def _posts() -> list[dict]:
    """Forty posts of eight users, made up."""
    categories = ("art", "beauty", "tattoos")
    return [
        {"number": n, "user": f"user-{n % 8}", "moment": f"2021-03-04 05:06:{n:02d}", "category": categories[n % 3]}
        for n in range(40)
    ]


def _spread(answer: Callable[[dict], str]) -> Result:
    posts = _posts()
    keys = [str(given(answer(dict(post)))) for post in posts]
    shards = [_half(key) for key in keys]
    of_user = {post["user"]: set() for post in posts}
    for post, shard in zip(posts, shards, strict=True):
        of_user[post["user"]].add(shard)
    together = all(len(found) == 1 for found in of_user.values())
    return {
        "each user's posts share a shard": "yes" if together else f"no, {len(set(keys))} keys for {len(posts)} posts",
        "shards that get posts": len(set(shards)),
        "the same key when a post is sent again": [str(answer(dict(post))) for post in posts] == keys,
    }


PARTITION_KEY = Exercise(
    solution=partition_key,
    evaluate=_spread,
    twins=(
        Twin(
            lambda post: "partition-1",
            "One key for all keeps every order there is, and sends everything to one shard: the other one costs money "
            "and does nothing.",
        ),
        Twin(
            lambda post: post["category"],
            "Posts about one thing are together, and a user posts about many: posts of one user are on both shards, "
            "and nothing keeps an order across shards.",
        ),
        Twin(
            lambda post: str(random.random()) + str(time.time_ns()),
            "A random key, or the time of sending, spreads well. But a user's posts are scattered, and a post that is "
            "sent again may come to the other shard, where nobody sees that it is the same.",
        ),
        Twin(
            lambda post: str(post["number"]),
            "A key of each post's own spreads well, but a user's posts are on both shards, and nothing keeps an order "
            "across shards. What do the posts of a user have in common?",
        ),
    ),
    hints=(
        "Records with one key are on one shard, in order. Which records have to stay in order here?",
        "What do all posts of a user have in common, and those of two users not?",
        '`post["user"]`.',
    ),
    more="One user out of a million posts half of everything. What does your key do then?",
)

# --- 7: what PutRecords refused --------------------------------------------------------------------------------------

_TAKEN = {"SequenceNumber": "49", "ShardId": "shardId-000000000000"}
_REFUSED = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"}

ANSWERS: dict[str, list[dict]] = {
    "all were taken": [_TAKEN, _TAKEN, _TAKEN],
    "the last was refused": [_TAKEN, _TAKEN, _REFUSED],
    "the first was refused": [_REFUSED, _TAKEN, _TAKEN],
    "two were refused": [_REFUSED, _TAKEN, _REFUSED],
    "all were refused": [_REFUSED, _REFUSED, _REFUSED],
}


def to_send_again(records: list[str], answer: dict) -> list[str]:
    """List the records of a PutRecords that were refused."""
    return [record for record, told in zip(records, answer["Records"], strict=True) if "ErrorCode" in told]


def _again(answer: Callable[[list[str], dict], list[str]]) -> Result:
    return {case: list(given(answer(["a", "b", "c"], _answered(told)))) for case, told in ANSWERS.items()}


def _answered(told: list[dict]) -> dict:
    return {"FailedRecordCount": sum("ErrorCode" in one for one in told), "Records": [dict(one) for one in told]}


TO_SEND_AGAIN = Exercise(
    solution=to_send_again,
    evaluate=_again,
    twins=(
        Twin(
            lambda records, answer: records if answer["FailedRecordCount"] else [],
            "The whole batch again: what was taken the first time is in the stream twice.",
        ),
        Twin(
            lambda records, answer: [],
            "Nothing again: the request had status 200, and what was refused is lost. The status speaks of the "
            "request, each entry of its record.",
        ),
        Twin(
            lambda records, answer: records[len(records) - answer["FailedRecordCount"] :],
            "As many as failed, counted from the end. Records are refused one by one: the first may be, and the last "
            "not.",
        ),
        Twin(
            lambda records, answer: records[: answer["FailedRecordCount"]],
            "As many as failed, counted from the beginning. Which ones they were, only their entries tell.",
        ),
        Twin(
            lambda records, answer: [
                record for record, told in zip(records, answer["Records"], strict=True) if "ErrorCode" not in told
            ],
            "The other way round: you send again what was taken, and lose what was refused.",
        ),
        Twin(
            lambda records, answer: [told for told in answer["Records"] if "ErrorCode" in told],
            "These are Kinesis's entries. Send the records themselves: the entry at a place belongs to the record at "
            "that place, and `zip` brings both together.",
        ),
        Twin(
            lambda records, answer: [
                record for record, told in zip(records, answer["Records"], strict=True) if told["ErrorCode"]
            ],
            "Only an entry that was refused has an `ErrorCode`; to ask the others for it is a `KeyError`. "
            "`'ErrorCode' in entry` asks whether it is there.",
        ),
    ),
    hints=(
        "Record and entry belong together by their place in the two lists.",
        "`zip(records, answer[\"Records\"])` goes through both at once.",
        "Keep a record if its entry has `ErrorCode`.",
    ),
    more="If the same shard refuses again and again: what would you do before the tenth try?",
)

QUIZ = (
    Question(
        "Why does this API need a role, when the one of milestone 5 needed none?",
        (
            ("Streams are always private, topics are not.", "Both ask who is there; the question is who signs."),
            ("API Gateway itself calls an AWS service, and needs an identity for that.", None),
            ("A stream is in another region.", "It is in the same one."),
        ),
    ),
    Question(
        "The API answers 200, and nothing is in the stream. What was forgotten?",
        (
            ("The selection patterns: without them a refusal becomes a 200, too.", None),
            ("To deploy.", "Then there would be no answer, or the one of before."),
            ("The partition key.", "Kinesis refuses a record without one; look into the body of the 200."),
        ),
    ),
    Question(
        "One shard is hot because all its records have one key. Does splitting it help?",
        (
            ("Yes, half of them go to each half.", "Where a record goes is decided by its key, and there is one key."),
            ("Shards can't be split.", "They can, by `split_shard`; but look at what it does."),
            ("No: records of one key stay together in one half.", None),
        ),
    ),
)

LESSON = Lesson(
    {
        1: CREATE_STREAMS, 2: TEMPLATE, 3: TELL_REFUSALS, 4: PUT, 5: SHARD_OF, 6: PARTITION_KEY, 7: TO_SEND_AGAIN,
    },
    {
        1: {
            2: "On both? Not by turns: the hash of the key decides, and one key has one hash.",
            20: "Twenty? There are two shards. A shard is a part of the stream, not of the records.",
        },
    },
    QUIZ,
)
check, hint, solution, predict = LESSON.check, LESSON.hint, LESSON.solution, LESSON.predict
questions, quiz = LESSON.questions, LESSON.quiz
"""What the notebook calls."""
