"""Reading, as Spark's engine drives it but without Spark: every record once, whatever happens to the stream."""

import dataclasses
import hashlib
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from kinesis_server import STREAM, Fault, merge, open_shards, put, serving, split, stream_arn
from pyspark.sql.streaming.datasource import ReadAllAvailable, ReadMaxRows

from helpers.kinesis.source import backoff, reader
from helpers.kinesis.source.errors import KinesisError
from helpers.kinesis.source.options import parse
from helpers.kinesis.source.reader import KinesisStreamReader
from lab.aws.kinesis.limits import Limits


class Engine:
    """Does with a reader what Spark does: logs offsets, runs batches, runs the last one again after a crash.

    The table keeps one set of rows a batch, as a Delta table does.
    """

    def __init__(self, make: Callable[[], KinesisStreamReader]):
        self._make = make
        self.log: list[str] = []
        self.committed = 0
        self.table: dict[int, list[tuple]] = {}
        self.reader = make()

    def step(self, limit: int | None = None, crash: str = "") -> bool:
        """Run a batch, if there is one; a crash comes before or after its rows are in the table."""
        if self.committed < len(self.log):
            self._run(crash)
            return True
        start = self._start(len(self.log))
        end = self.reader.latestOffset(start, ReadMaxRows(limit) if limit else self.reader.getDefaultReadLimit())
        if self.log and json.dumps(end) == self.log[-1]:
            return False
        self.log.append(json.dumps(end))
        self._run(crash)
        return True

    def drain(self, until_quiet: int = 3, limit: int | None = None) -> "Engine":
        quiet = 0
        while quiet < until_quiet:
            quiet = 0 if self.step(limit) else quiet + 1
        return self

    def restart(self, make: Callable[[], KinesisStreamReader] | None = None) -> "Engine":
        self.reader.stop()
        self.reader = (make or self._make)()
        return self

    def rows(self) -> list[tuple]:
        return [row for batch in sorted(self.table) for row in self.table[batch]]

    def numbers(self) -> list[int]:
        return sorted(int(row[1]) for row in self.rows())

    def _start(self, batch: int) -> dict:
        return json.loads(self.log[batch - 1]) if batch else self.reader.initialOffset()

    def _run(self, crash: str) -> None:
        if crash == "before":
            return
        batch = self.committed
        tasks = self.reader.partitions(self._start(batch), json.loads(self.log[batch]))
        rows = [row for task in tasks for row in self.reader.read(task)]
        assert sorted(self.table.setdefault(batch, rows)) == sorted(rows), "a batch that was repeated is another"
        if crash != "after":
            self.committed += 1


@pytest.fixture
def make(options):
    """Makes readers that do not pause between two calls."""

    def made(**more: str) -> KinesisStreamReader:
        checked = dataclasses.replace(parse(options | more), min_fetch_seconds=0, max_fetch_bytes_per_second=1e12)
        return KinesisStreamReader(checked)

    return made


@pytest.fixture
def engine(make):
    started = Engine(make)
    yield started
    started.reader.stop()


def at(moment: datetime) -> str:
    return json.dumps({"at_timestamp": moment.isoformat()})


def test_columns_are_databricks(client, engine):
    client.put_record(StreamName=STREAM, Data=b"\x00\xff", PartitionKey="Grüße")
    ((key, data, stream, shard_id, sequence, arrival),) = engine.drain().rows()
    assert (key, data, stream) == ("Grüße", b"\x00\xff", STREAM)
    assert shard_id.startswith("shardId-00000000000")
    assert len(sequence) == 56
    assert abs(arrival - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("seed", range(8))
def test_random_histories_lose_and_repeat_nothing(client, make, seed):
    """Puts, splits, merges, small batches, crashes before and after a batch is stored: each record once, in order."""
    chance = random.Random(seed)
    engine, sent = Engine(make), 0
    for _ in range(25):
        match chance.choice(["put", "put", "step", "step", "split", "merge", "crash", "restart"]):
            case "put":
                count = chance.randint(1, 30)
                put(client, STREAM, range(sent, sent + count))
                sent += count
            case "step":
                engine.step(limit=chance.choice([None, 1, 7]))
            case "split" if len(open_shards(client, STREAM)) < 6:
                split(client, STREAM, chance.randrange(len(open_shards(client, STREAM))))
            case "merge" if len(open_shards(client, STREAM)) > 1:
                merge(client, STREAM, chance.randrange(len(open_shards(client, STREAM)) - 1))
            case "crash":
                engine.step(limit=chance.choice([None, 5]), crash=chance.choice(["before", "after"]))
                engine.restart()
            case "restart":
                engine.restart()
    engine.drain()
    assert engine.numbers() == list(range(sent))


def test_a_keys_records_stay_in_order_through_a_resharding(client, engine):
    for number in range(60):
        client.put_record(StreamName=STREAM, Data=str(number), PartitionKey=f"key {number % 3}")
        if number % 20 == 10:
            split(client, STREAM)
        if number % 20 == 15:
            merge(client, STREAM)
    rows = engine.drain(limit=4).rows()
    for key in ("key 0", "key 1", "key 2"):
        numbers = [int(row[1]) for row in rows if row[0] == key]
        assert numbers == sorted(numbers)
        assert len(numbers) == 20


def test_shards_are_listed_afresh_whenever_one_ends(client, engine, monkeypatch):
    monkeypatch.setattr(reader, "LIST_AGAIN_SECONDS", 1e9)
    for first in range(0, 80, 20):
        put(client, STREAM, range(first, first + 20))
        split(client, STREAM)
        engine.drain()
    assert engine.numbers() == list(range(80))


def test_latest_begins_at_the_moment_of_the_start_and_keeps_to_it(client, make):
    put(client, STREAM, range(10))
    engine = Engine(lambda: make(initialPosition="latest"))
    engine.reader.initialOffset()
    put(client, STREAM, range(10, 20))
    engine.step(crash="before")
    put(client, STREAM, range(20, 30))
    engine.restart().drain()
    assert engine.numbers() == list(range(10, 30))


def test_a_first_batch_that_found_nothing_is_not_forgotten(client, make):
    """The moment of the start is only in the first batch's offset: a restart must not begin at a later one."""
    engine = Engine(lambda: make(initialPosition="latest"))
    engine.step(crash="before")
    put(client, STREAM, range(5))
    engine.restart().drain()
    assert engine.numbers() == list(range(5))


def test_a_moment_to_begin_at(client, make, server):
    put(client, STREAM, range(10))
    split(client, STREAM)
    server.clock.ahead = 10
    moment = datetime.fromtimestamp(server.clock() - 5, UTC)
    put(client, STREAM, range(10, 20))
    assert Engine(lambda: make(initialPosition=at(moment))).drain().numbers() == list(range(10, 20))
    assert Engine(lambda: make(initialPosition=at(moment - timedelta(hours=1)))).drain().numbers() == list(range(20))


def test_a_moment_to_come_is_refused(make):
    with pytest.raises(KinesisError, match="names a moment to come"):
        make(initialPosition=at(datetime.now(UTC) + timedelta(hours=1))).initialOffset()


def test_a_computer_whose_clock_is_wrong_begins_by_kinesis_clock(client, make, server):
    server.clock.ahead = -3600
    put(client, STREAM, range(3))
    server.clock.ahead += 5
    engine = Engine(lambda: make(initialPosition="latest"))
    engine.reader.initialOffset()
    server.clock.ahead += 5
    put(client, STREAM, range(3, 6))
    assert engine.drain().numbers() == [3, 4, 5]


def test_a_batch_keeps_to_its_limit_and_starves_no_shard(client, engine):
    put(client, STREAM, range(100))
    engine.step(limit=10)
    assert len(engine.rows()) == 10
    assert len({row[3] for row in engine.rows()}) == 2
    assert engine.drain(limit=10).numbers() == list(range(100))
    assert {len(rows) for rows in engine.table.values()} == {10}


def test_max_records_per_fetch_limits_calls_and_batches(client, make):
    put(client, STREAM, range(50))
    engine = Engine(lambda: make(maxRecordsPerFetch="6")).drain()
    assert engine.numbers() == list(range(50))
    assert max(len(rows) for rows in engine.table.values()) == 6


def test_without_a_limit_a_batch_takes_all_that_was_fetched(client, make):
    put(client, STREAM, range(50))
    found = make(maxRecordsPerFetch="40")
    start = found.initialOffset()
    end = found.latestOffset(start, ReadAllAvailable())
    assert sum(len(list(found.read(task))) for task in found.partitions(start, end)) == 50


def test_every_record_is_fetched_once(client, engine, server):
    put(client, STREAM, range(100))
    server.calls.clear()
    engine.step()
    assert len(engine.rows()) == 100
    assert server.calls.count("GetRecords") == 2


def test_shards_are_read_by_as_many_tasks_as_asked_for(client, make):
    client.update_shard_count(StreamName=STREAM, TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    put(client, STREAM, range(100))
    for shards_per_task, count in (("1", 4), ("3", 2), ("5", 1)):
        found = make(shardsPerTask=shards_per_task)
        start = found.latestOffset(found.initialOffset(), ReadAllAvailable())
        end = found.latestOffset(start, ReadAllAvailable())
        assert len(found.partitions(start, end)) == count


def test_an_empty_range_has_no_tasks(client, make):
    put(client, STREAM, range(10))
    found = make()
    end = found.latestOffset(found.initialOffset(), ReadAllAvailable())
    assert found.partitions(end, end) == []


def test_available_now_stops_at_what_was_there(client, make, server):
    put(client, STREAM, range(100))
    split(client, STREAM)
    put(client, STREAM, range(100, 150))
    engine = Engine(lambda: make(maxRecordsPerFetch="7"))
    engine.reader.prepareForTriggerAvailableNow()
    server.clock.ahead += 5
    put(client, STREAM, range(150, 200))
    assert engine.drain(until_quiet=1).numbers() == list(range(150))
    engine.restart().reader.prepareForTriggerAvailableNow()
    assert engine.drain(until_quiet=1).numbers() == list(range(200))


def test_available_now_reads_what_was_there_though_this_computers_clock_is_a_little_late(client, make, server):
    server.clock.ahead = 1.2
    put(client, STREAM, range(20))
    engine = Engine(make)
    engine.reader.prepareForTriggerAvailableNow()
    assert engine.drain(until_quiet=1).numbers() == list(range(20))


def test_several_streams_in_one_query(client, make):
    client.create_stream(StreamName="other", ShardCount=1)
    put(client, STREAM, range(10))
    put(client, "other", range(10, 20))
    engine = Engine(lambda: make(streamName=f"{STREAM},other")).drain()
    assert engine.numbers() == list(range(20))
    assert {row[2] for row in engine.rows()} == {STREAM, "other"}


def test_a_stream_by_its_arn(client, make):
    put(client, STREAM, range(10))
    assert Engine(lambda: make(streamName="", streamARN=stream_arn(client, STREAM))).drain().numbers() == list(
        range(10)
    )


def test_many_shards_are_listed_page_by_page(client, make, server):
    client.create_stream(StreamName="wide", ShardCount=9)
    put(client, "wide", range(40))
    assert Engine(lambda: make(streamName="wide", maxShardsPerDescribe="4")).drain().numbers() == list(range(40))
    assert server.calls.count("ListShards") >= 3


def test_expired_iterators_are_renewed(client, engine, server):
    put(client, STREAM, range(10))
    engine.drain()
    server.clock.ahead = 301
    put(client, STREAM, range(10, 20))
    server.calls.clear()
    assert engine.drain().numbers() == list(range(20))
    assert server.calls.count("GetShardIterator") == 2


@pytest.mark.parametrize(
    "code",
    ["ProvisionedThroughputExceededException", "LimitExceededException", "InternalFailure", "ResourceInUseException"],
)
def test_a_passing_refusal_is_waited_out(client, engine, server, code):
    put(client, STREAM, range(10))
    for operation in ("ListShards", "GetShardIterator", "GetRecords"):
        server.faults.append(Fault(operation, code, times=2))
    engine.reader.prepareForTriggerAvailableNow()
    engine.drain(until_quiet=1)
    assert engine.numbers() == list(range(10))
    assert [fault.times for fault in server.faults] == [0, 0, 0]


def test_real_limits_are_kept_to(options):
    with serving(Limits(reads=5)) as server:
        client = server.client()
        client.create_stream(StreamName=STREAM, ShardCount=1)
        put(client, STREAM, range(300))
        reader_options = parse(
            options | {"endpoint": server.url, "maxRecordsPerFetch": "50", "minFetchPeriod": "200ms"}
        )
        engine = Engine(lambda: KinesisStreamReader(reader_options))
        engine.reader.prepareForTriggerAvailableNow()
        assert engine.drain(until_quiet=1).numbers() == list(range(300))


def test_a_refusal_that_does_not_pass_is_given_up_on(engine, server, monkeypatch):
    monkeypatch.setattr(backoff, "PATIENCE_SECONDS", 0.3)
    server.faults.append(Fault("GetRecords", "ProvisionedThroughputExceededException", "too many readers", times=99))
    with pytest.raises(KinesisError, match=r"No success for .* too many readers"):
        engine.drain(until_quiet=99)


def test_kinesis_out_of_reach_is_waited_for(client, make, server):
    put(client, STREAM, range(10))
    engine = Engine(make)
    engine.step(limit=4)
    with server.out_of_reach():
        assert engine.step(limit=100)
        assert not engine.step()
    assert engine.drain(until_quiet=6).numbers() == list(range(10))


def test_a_stream_that_is_not_there_is_named(make):
    with pytest.raises(KinesisError, match=r"no Kinesis stream streaming-nobody-pin in us-east-1.*list-streams"):
        make(streamName="streaming-nobody-pin").initialOffset()


def test_a_stream_deleted_while_it_is_read_is_named(client, engine):
    put(client, STREAM, range(10))
    engine.drain()
    client.delete_stream(StreamName=STREAM)
    with pytest.raises(KinesisError, match=f"no Kinesis stream {STREAM}.*new checkpointLocation"):
        engine.drain()


@pytest.mark.parametrize("running", [True, False])
def test_a_stream_deleted_and_made_again_is_not_taken_for_the_old_one(client, engine, server, running):
    put(client, STREAM, range(10))
    engine.drain()
    client.delete_stream(StreamName=STREAM)
    server.clock.ahead = 5
    client.create_stream(StreamName=STREAM, ShardCount=2)
    put(client, STREAM, range(10))
    with pytest.raises(KinesisError, match="new checkpointLocation"):
        (engine if running else engine.restart()).drain()


def test_records_trimmed_while_the_query_paused_are_not_lost_silently(client, make, server, caplog):
    put(client, STREAM, range(10))
    engine = Engine(make).drain()
    put(client, STREAM, range(10, 20))
    server.clock.ahead = 25 * 3600
    put(client, STREAM, range(20, 30))
    with pytest.raises(KinesisError, match=r"may be lost in shardId-.*initialPosition earliest.*failOnDataLoss"):
        engine.restart().drain()
    engine.restart(lambda: make(failOnDataLoss="false")).drain()
    assert engine.numbers() == [*range(10), *range(20, 30)]
    assert "may be lost" in caplog.text


def test_a_shard_trimmed_whole_is_not_lost_silently(client, make, server):
    put(client, STREAM, range(10))
    engine = Engine(make).drain()
    split(client, STREAM)
    server.clock.ahead = 13 * 3600
    split(client, STREAM)
    server.clock.ahead = 30 * 3600
    put(client, STREAM, range(10, 30))
    with pytest.raises(KinesisError, match="the shard is gone"):
        engine.restart().drain()
    engine.restart(lambda: make(failOnDataLoss="false")).drain()
    assert engine.numbers() == list(range(30))


def test_a_batch_whose_records_were_trimmed_cannot_be_repeated(client, make, server):
    put(client, STREAM, range(5))
    server.clock.ahead = 3600
    put(client, STREAM, range(5, 10))
    engine = Engine(make)
    engine.step(crash="before")
    server.clock.ahead = 24.5 * 3600
    with pytest.raises(KinesisError, match=r"cannot be repeated: it had \d records of shardId-.*Kinesis still has"):
        engine.restart().drain()
    assert set(engine.restart(lambda: make(failOnDataLoss="false")).drain().numbers()) <= set(range(5, 10))


def test_one_checkpoint_for_two_queries_is_refused_by_name(client, make):
    client.create_stream(StreamName="streaming-0a1b2c3d4e5f-geo", ShardCount=1)
    engine = Engine(make).drain()
    with pytest.raises(KinesisError, match=r"reads streaming-\w+-pin, but this one reads streaming-\w+-geo"):
        engine.restart(lambda: make(streamName="streaming-0a1b2c3d4e5f-geo")).drain()


def test_a_role_is_assumed_and_its_keys_are_renewed(client, make, server, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.url)
    server.role_lifetime = 1.0
    arn = "arn:aws:iam::123456789012:role/0a1b2c3d4e5f-kinesis-access-role"
    engine = Engine(lambda: make(roleArn=arn))
    put(client, STREAM, range(10))
    engine.drain()
    server.sessions = dict.fromkeys(server.sessions, 0.0)  # expired before their time
    put(client, STREAM, range(10, 20))
    assert engine.drain().numbers() == list(range(20))
    assert {call for call in server.calls if call.startswith("AssumeRole")} == {f"AssumeRole {arn} spark-kinesis"}
    assert len(server.sessions) >= 2


def test_a_role_that_may_not_be_assumed_is_named(make, server, monkeypatch):
    arn = "arn:aws:iam::123456789012:role/another"
    server.faults.append(Fault("AssumeRole", "AccessDenied", "not authorized to perform sts:AssumeRole"))
    with pytest.raises(KinesisError, match=f"role {arn} cannot be assumed: .*trust policy"):
        make(roleArn=arn, stsEndpoint=server.url).initialOffset()


@pytest.mark.parametrize("code", ["AccessDeniedException", "UnrecognizedClientException", "InvalidSignatureException"])
def test_keys_that_are_not_allowed_in_are_told_what_they_need(engine, server, code):
    server.faults.append(Fault("GetRecords", code, times=99))
    with pytest.raises(KinesisError, match="needs kinesis:ListShards, kinesis:GetShardIterator") as error:
        engine.drain()
    assert "kept-between-us" not in str(error.value)


def test_keys_that_expired_are_said_to_have(engine, server):
    server.faults.append(Fault("GetRecords", "ExpiredTokenException", times=99))
    with pytest.raises(KinesisError, match=r"have expired.*roleArn"):
        engine.drain()


def test_without_keys_boto3s_chain_is_asked(client, make, monkeypatch):
    put(client, STREAM, range(3))
    keyless = {"awsAccessKey": "", "awsSecretKey": ""}
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with pytest.raises(KinesisError, match="There are no AWS keys"):
        make(**keyless).initialOffset()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATESTS")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "kept-between-us")
    assert Engine(lambda: make(**keyless)).drain().numbers() == [0, 1, 2]


def test_the_address_may_come_from_the_environment(client, make, server, monkeypatch):
    put(client, STREAM, range(3))
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", server.url)
    assert Engine(lambda: make(endpoint="")).drain().numbers() == [0, 1, 2]


def packed(records: list[tuple[str, bytes]]) -> bytes:
    """A record as the Kinesis Producer Library aggregates it."""

    def field(number: int, value: bytes) -> bytes:
        return varint(number << 3 | 2) + varint(len(value)) + value

    def varint(value: int) -> bytes:
        return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)

    keys = sorted({key for key, _ in records})
    inner = [varint(1 << 3) + varint(keys.index(key)) + field(3, data) for key, data in records]
    message = b"".join([field(1, key.encode()) for key in keys] + [field(3, one) for one in inner])
    return b"\xf3\x89\x9a\xc2" + message + hashlib.md5(message).digest()


def test_aggregated_records_are_taken_apart(client, engine):
    records = [("a", b"1"), ("ä", b"2" * 300), ("a", b"")]
    client.put_record(StreamName=STREAM, Data=packed(records), PartitionKey="outer")
    damaged = packed(records)[:-1] + b"?"
    client.put_record(StreamName=STREAM, Data=damaged, PartitionKey="damaged")
    rows = sorted((row[0], row[1]) for row in engine.drain().rows())
    assert rows == sorted([*records, ("damaged", damaged)])


def test_no_secret_is_in_an_offset(client, engine):
    put(client, STREAM, range(3))
    engine.drain()
    assert "kept-between-us" not in "".join(engine.log)
    assert "AKIATESTS" not in "".join(engine.log)
