"""Put numbered records into streams while the AWS endpoint is killed; then read what is there and compare."""

import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from crashes import crash

from helpers.config import TABLES
from lab.core.layout import Lab
from lab.services import aws
from lab.services.base import Runtime

BATCH = 250
SHARDS = 2


SHARD_IDS = [f"shardId-{index:012d}" for index in range(SHARDS)]

LIMIT_SECONDS = 150
"""A stream that was lost is not waited for for ever."""

Place = tuple[int, int]
"""Sequence number and number of a record."""


@dataclass
class Sent:
    """What one sender knows.

    Attributes
    ----------
    acknowledged : dict of int to int
        Number of a record → its sequence number, as the answer gave it.
    unanswered : set of int
        Numbers of the records of calls that were not answered: they may be there, and twice.
    """

    acknowledged: dict[int, int] = field(default_factory=dict)
    unanswered: set[int] = field(default_factory=set)


@dataclass
class Outcome:
    """What became of the records of one seed.

    Attributes
    ----------
    kills : int
        Times that the endpoint was killed.
    acknowledged : int
        Records whose answer was a success.
    lost : int
        Of these, those that are not there, or under another sequence number.
    doubled : int
        Records that are there twice though every call with them was answered.
    invented : int
        Records that are there though nobody put them.
    skipped : int
        Records that a reader who went on from its checkpoint missed, saw twice, or saw and were gone later.
    """

    kills: int
    acknowledged: int
    lost: int = 0
    doubled: int = 0
    invented: int = 0
    skipped: int = 0

    @property
    def faults(self) -> int:
        """Whatever must not be."""
        return self.lost + self.doubled + self.invented + self.skipped


def client(runtime: Runtime) -> Any:
    """Make a client that tries nothing twice by itself, so that every answer is known."""
    keys = runtime.credentials
    return boto3.client(
        "kinesis", endpoint_url=aws.client(runtime, "kinesis").meta.endpoint_url, region_name="us-east-1",
        aws_access_key_id=keys.access_key_id, aws_secret_access_key=keys.secret_access_key,
        config=Config(retries={"total_max_attempts": 1}, read_timeout=30),
    )  # fmt: skip


def trial(lab: Lab, runtime: Runtime, seed: int, kills: int, records: int) -> Outcome:
    """Put `records` into each of three streams, and read them, while the endpoint is killed at random moments."""
    chance = random.Random(seed)
    kinesis, over = client(runtime), threading.Event()
    streams = [f"crash-{seed}-{table}" for table in TABLES]
    for stream in streams:
        kinesis.create_stream(StreamName=stream, ShardCount=SHARDS)
    sent: dict[str, Sent] = {stream: Sent() for stream in streams}
    seen: dict[str, dict[str, list[Place]]] = {stream: {} for stream in streams}
    senders = [
        threading.Thread(target=_put_all, args=(client(runtime), stream, sent[stream], records)) for stream in streams
    ]
    readers = [
        threading.Thread(target=_follow, args=(client(runtime), stream, over, seen[stream])) for stream in streams
    ]
    for thread in (*senders, *readers):
        thread.start()
    killed = _kill_at_random(lab, chance, kills, senders)
    for sender in senders:
        sender.join()
    over.set()
    for reader in readers:
        reader.join()
    outcome = Outcome(killed, sum(len(one.acknowledged) for one in sent.values()))
    for stream in streams:
        there: dict[str, list[Place]] = {}
        _follow(kinesis, stream, over, there)
        _compare(outcome, sent[stream], list(chain(*seen[stream].values())), list(chain(*there.values())))
        kinesis.delete_stream(StreamName=stream)
    return outcome


def _kill_at_random(lab: Lab, chance: random.Random, kills: int, senders: list[threading.Thread]) -> int:
    """Kill the endpoint while somebody still sends; return how often."""
    for killed in range(kills):
        time.sleep(chance.uniform(0.1, 1.0))  # the moment is the experiment
        if not any(sender.is_alive() for sender in senders):
            return killed
        crash(lab, "aws")
    return kills


def _put_all(kinesis: Any, stream: str, sent: Sent, records: int) -> None:
    limit = time.monotonic() + LIMIT_SECONDS
    for first in range(0, records, BATCH):
        todo = list(range(first, min(first + BATCH, records)))
        while todo and time.monotonic() < limit:
            todo = _put(kinesis, stream, sent, todo)


def _put(kinesis: Any, stream: str, sent: Sent, numbers: list[int]) -> list[int]:
    """Put records once; return those that are to be put again."""
    made = [{"Data": json.dumps({"number": number}).encode(), "PartitionKey": str(number)} for number in numbers]
    try:
        results = kinesis.put_records(StreamName=stream, Records=made)["Records"]
    except (BotoCoreError, ClientError):
        sent.unanswered.update(numbers)
        time.sleep(0.1)
        return numbers
    again = []
    for number, result in zip(numbers, results, strict=True):
        if "ErrorCode" in result:
            again.append(number)
        else:
            sent.acknowledged[number] = int(result["SequenceNumber"])
    if again:
        time.sleep(0.1)  # a shard takes 1,000 records a second
    return again


def _read(kinesis: Any, stream: str, shard: str, after: list[Place]) -> bool:
    """Read one page of a shard, after the last of the places, on to their end; tell whether there is more."""
    start = (
        {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": str(after[-1][0])}
        if after
        else {"ShardIteratorType": "TRIM_HORIZON"}
    )
    held = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, **start)["ShardIterator"]
    page = kinesis.get_records(ShardIterator=held)
    after += [(int(one["SequenceNumber"]), json.loads(one["Data"])["number"]) for one in page["Records"]]
    return page["MillisBehindLatest"] > 0


def _follow(kinesis: Any, stream: str, over: threading.Event, seen: dict[str, list[Place]]) -> None:
    """Read all shards again and again, as a reader with a checkpoint does, until everything is put and read."""
    for shard in SHARD_IDS:
        seen[shard] = []
    more, limit = True, time.monotonic() + LIMIT_SECONDS
    while (more or not over.is_set()) and time.monotonic() < limit:
        last_turn = over.is_set()
        more = not last_turn
        for shard in SHARD_IDS:
            try:
                more |= _read(kinesis, stream, shard, seen[shard])
            except (BotoCoreError, ClientError):
                more = True
            time.sleep(0.07)  # a shard is read five times a second at most


def _compare(outcome: Outcome, sent: Sent, followed: list[Place], there: list[Place]) -> None:
    """Compare what was put into a stream with what a reader who followed saw, and with what is there at the end."""
    sequences, times = dict(there), Counter(number for _, number in there)
    outcome.lost += sum(sequences.get(sequence) != number for number, sequence in sent.acknowledged.items())
    outcome.doubled += sum(times[number] > 1 and number not in sent.unanswered for number in times)
    outcome.invented += sum(number not in sent.unanswered and number not in sent.acknowledged for number in times)
    outcome.skipped += len(set(there) ^ set(followed)) + len(followed) - len(set(followed))
