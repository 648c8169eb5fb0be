"""The database of the streams: what it does when there is no room, and when its file is not what it was."""

import asyncio
import json
import sqlite3
import stat

import pytest

from lab.aws.kinesis.group_commit import GroupCommit
from lab.aws.kinesis.service import Kinesis
from lab.aws.kinesis.store import Store
from lab.core.layout import LabError

DATA = "eHh4" * 10_000


class Full:
    """A disk that can be full: SQLite takes no page above a limit, and says what it says on a full disk."""

    def __init__(self, file):
        self.store = Store(file)
        self.commits = GroupCommit(Kinesis(self.store))

    def room(self, pages):
        self.store._database.execute(f"PRAGMA max_page_count = {pages}")

    def call(self, operation, **request):
        return self.calls([(operation, request)])[0]

    def calls(self, several):
        async def at_once():
            return await asyncio.gather(
                *(self.commits.answer(operation, json.dumps(request).encode()) for operation, request in several)
            )

        return [(status, json.loads(body or b"{}")) for status, body in asyncio.run(at_once())]

    def records(self):
        where = {"StreamName": "s", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
        iterator = self.call("GetShardIterator", **where)[1]["ShardIterator"]
        return [record["PartitionKey"] for record in self.call("GetRecords", ShardIterator=iterator)[1]["Records"]]


@pytest.fixture
def disk(tmp_path):
    made = Full(tmp_path / "kinesis.db")
    made.call("CreateStream", StreamName="s", ShardCount=1)
    yield made
    made.commits.close()
    made.store.close()


def put(key):
    return "PutRecord", {"StreamName": "s", "PartitionKey": key, "Data": DATA}


def test_a_full_disk_is_said_nothing_is_acknowledged_and_it_goes_on_when_there_is_room(disk, tmp_path):
    operation, request = put("before")
    assert disk.call(operation, **request)[0] == 200
    disk.room(40)
    replies = disk.calls([put(f"full-{number}") for number in range(30)])
    assert {status for status, _ in replies} <= {200, 500}
    refused = [answer for status, answer in replies if status == 500]
    assert refused
    assert {answer["__type"] for answer in refused} == {"InternalFailure"}
    assert all("The disk is full" in answer["message"] for answer in refused)
    taken = [f"full-{number}" for number, (status, _) in enumerate(replies) if status == 200]
    disk.room(1)  # SQLite takes this for what the file has
    status, answer = disk.call("CreateStream", StreamName="larger", ShardCount=500)
    assert (status, "nothing of this call" in answer["message"]) == (500, True)
    assert disk.call("ListStreams")[1]["StreamNames"] == ["s"], "what was refused is not there"
    assert disk.records() == ["before", *taken]
    disk.room(1_000_000)
    operation, request = put("after")
    assert disk.call(operation, **request)[0] == 200
    assert disk.call("CreateStream", StreamName="larger", ShardCount=500)[0] == 200
    assert disk.records() == ["before", *taken, "after"]
    later = Kinesis(Store(tmp_path / "kinesis.db"))
    assert sorted(later.streams) == ["larger", "s"]


def test_calls_that_come_together_are_all_stored_and_answered_each_for_itself(disk, tmp_path):
    replies = disk.calls([*(put(f"k{number}") for number in range(200)), ("PutRecord", {"StreamName": "none"})])
    assert [status for status, _ in replies] == [200] * 200 + [400]
    with sqlite3.connect(tmp_path / "kinesis.db") as other:
        assert other.execute("SELECT count(*) FROM record").fetchone() == (200,), "committed, for others to see"


def test_what_nobody_foresaw_fails_one_call_and_not_its_neighbours(disk, monkeypatch):
    def broken(request):
        raise ZeroDivisionError

    monkeypatch.setitem(disk.commits._kinesis._operations, "ListStreams", broken)

    async def at_once():
        several = ("ListStreams", {}), put("good")
        calls = [disk.commits.answer(operation, json.dumps(request).encode()) for operation, request in several]
        return await asyncio.gather(*calls, return_exceptions=True)

    failed, (status, _) = asyncio.run(at_once())
    assert isinstance(failed, ZeroDivisionError)
    assert status == 200


def test_the_files_are_the_owners_alone(disk, tmp_path):
    files = list(tmp_path.iterdir())
    assert {file.name for file in files} == {"kinesis.db", "kinesis.db-wal", "kinesis.db-shm"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_file_that_is_no_database_is_a_sentence(tmp_path):
    (tmp_path / "kinesis.db").write_bytes(b"garbage " * 1000)
    with pytest.raises(LabError, match=r"kinesis\.db is damaged.*`python -m lab reset` makes a new lab"):
        Store(tmp_path / "kinesis.db")


def test_a_file_of_another_form_is_a_sentence(tmp_path):
    Store(tmp_path / "kinesis.db").close()
    with sqlite3.connect(tmp_path / "kinesis.db") as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(LabError, match=r"another version \(99; this is 1\).*`python -m lab reset`"):
        Store(tmp_path / "kinesis.db")
