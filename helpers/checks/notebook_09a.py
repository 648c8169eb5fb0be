"""Exercises of the notebook that brings posts into Kinesis."""

import hashlib
import json
import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import requests

from helpers.checks import scratch
from helpers.checks.exercise import Exercise, Result, Twin, given
from helpers.checks.lesson import Lesson
from helpers.checks.quiz import Question
from helpers.config import Workbook
from helpers.waiting import wait_until

# --- 1: a row over the API into a stream ---------------------------------------------------------------------------

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


def _record(answer: Callable[..., dict], workbook: Workbook, invoke_url: str) -> Result:
    with scratch.stream(workbook) as stream:
        told = given(answer(invoke_url, stream, dict(PLACE), "7528"))
        record = _arrived(workbook, stream)
    data: Any = json.loads(record["Data"])
    return {
        "what is in the stream": data if isinstance(data, dict) else f"text: {data}",
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
    ),
    hints=(
        "The path is `/streams/<stream>/record`, the method PUT, the body `{\"Data\": …, \"PartitionKey\": …}`.",
        "`json.dumps(body, default=str)` writes the datetime as text; say `Content-Type: application/json`.",
        "`reply = requests.put(url, data=body, headers=…)`, then `reply.raise_for_status()`, then `reply.json()`.",
    ),
    more="What if the connection breaks before the answer comes? Is the record in the stream, and who knows?",
)

# --- 2: a partition key ----------------------------------------------------------------------------------------------

SHARDS = 2

KEYS = 2**128
"""Kinesis takes a key's MD5 as a whole number below this; each shard has an equal part of them."""


def partition_key(post: dict) -> str:
    """Choose the partition key of a post, which has `number`, `user`, `moment` and `category`."""
    return str(post["user"])


def shard_of(key: str) -> int:
    """Tell which of the shards a key leads to (Amazon Kinesis Data Streams, PutRecord)."""
    return int(hashlib.md5(key.encode(), usedforsecurity=False).hexdigest(), 16) * SHARDS // KEYS


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
    shards = [shard_of(key) for key in keys]
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

# --- 3: what PutRecords refused --------------------------------------------------------------------------------------

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
    {1: PUT, 2: PARTITION_KEY, 3: TO_SEND_AGAIN},
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
