"""The stand-in for Kinesis answers boto3 as the API's documentation says."""

import contextlib
import hashlib
import random
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError
from kinesis_server import KinesisServer, merge, midpoint, open_shards, put, serving, split, stream_arn

from lab.aws.kinesis.limits import Limits
from lab.aws.kinesis.service import Kinesis
from lab.aws.kinesis.store import Store

STREAM = "streaming-0a1b2c3d4e5f-pin"


@pytest.fixture
def server():
    with serving() as started:
        yield started


@pytest.fixture
def client(server: KinesisServer):
    made = server.client()
    made.create_stream(StreamName=STREAM, ShardCount=2)
    return made


def iterator(client, shard_id, kind="TRIM_HORIZON", **more):
    return client.get_shard_iterator(StreamName=STREAM, ShardId=shard_id, ShardIteratorType=kind, **more)[
        "ShardIterator"
    ]


def numbers(client, shard_id, kind="TRIM_HORIZON", **more):
    page = client.get_records(ShardIterator=iterator(client, shard_id, kind, **more))
    return [int(record["Data"]) for record in page["Records"]]


def refused(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_a_partition_key_goes_to_the_shard_of_its_md5(client):
    for key in ("one", "zwölf", "🙂", "x" * 256):
        hashed = int(hashlib.md5(key.encode()).hexdigest(), 16)
        done = client.put_record(StreamName=STREAM, Data=b"1", PartitionKey=key)
        (home,) = [
            shard["ShardId"]
            for shard in open_shards(client, STREAM)
            if int(shard["HashKeyRange"]["StartingHashKey"]) <= hashed <= int(shard["HashKeyRange"]["EndingHashKey"])
        ]
        assert done["ShardId"] == home


def test_an_explicit_hash_key_decides(client):
    put_record = {"StreamName": STREAM, "Data": b"1", "PartitionKey": "same"}
    assert client.put_record(**put_record, ExplicitHashKey="0")["ShardId"].endswith("0")
    assert client.put_record(**put_record, ExplicitHashKey=str(2**128 - 1))["ShardId"].endswith("1")
    assert refused(client.put_record, **put_record, ExplicitHashKey=str(2**128))[0] == "InvalidArgumentException"


def test_sequence_numbers_grow_within_a_shard_and_data_comes_back_untouched(client):
    sent = [b"", b"\x00\xff\n", "Grüße".encode(), random.Random(1).randbytes(900_000)]
    for data in sent:
        client.put_record(StreamName=STREAM, Data=data, PartitionKey="same", ExplicitHashKey="5")
    page = client.get_records(ShardIterator=iterator(client, "shardId-000000000000"))
    assert [record["Data"] for record in page["Records"]] == sent
    sequences = [int(record["SequenceNumber"]) for record in page["Records"]]
    assert sequences == sorted(set(sequences))
    assert len(str(sequences[0])) == 56


def test_iterators_of_every_type_start_where_they_say(client, server):
    shard = "shardId-000000000000"
    sent = {}
    for number in range(4):
        done = client.put_record(StreamName=STREAM, Data=str(number), PartitionKey="k", ExplicitHashKey="1")
        sent[number] = done["SequenceNumber"]
        server.clock.ahead += 10
    assert numbers(client, shard) == [0, 1, 2, 3]
    assert numbers(client, shard, "AT_SEQUENCE_NUMBER", StartingSequenceNumber=sent[1]) == [1, 2, 3]
    assert numbers(client, shard, "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=sent[1]) == [2, 3]
    moment = datetime.fromtimestamp(server.clock() - 15, UTC)
    assert numbers(client, shard, "AT_TIMESTAMP", Timestamp=moment) == [3]
    latest = iterator(client, shard, "LATEST")
    client.put_record(StreamName=STREAM, Data=b"4", PartitionKey="k", ExplicitHashKey="1")
    assert [record["Data"] for record in client.get_records(ShardIterator=latest)["Records"]] == [b"4"]


def test_an_iterator_is_good_for_five_minutes(client, server):
    held = iterator(client, "shardId-000000000000")
    server.clock.ahead = 299
    client.get_records(ShardIterator=held)
    server.clock.ahead = 301
    code, message = refused(client.get_records, ShardIterator=held)
    assert code == "ExpiredIteratorException"
    assert "tolerated delay of 300000 milliseconds" in message


def test_pages_lead_to_the_tip(client):
    for number in range(5):
        client.put_record(StreamName=STREAM, Data=str(number), PartitionKey="k", ExplicitHashKey="1")
    first = client.get_records(ShardIterator=iterator(client, "shardId-000000000000"), Limit=3)
    assert first["MillisBehindLatest"] > 0
    second = client.get_records(ShardIterator=first["NextShardIterator"], Limit=3)
    assert second["MillisBehindLatest"] == 0
    assert [record["Data"] for record in first["Records"] + second["Records"]] == [b"0", b"1", b"2", b"3", b"4"]


def test_a_page_holds_ten_megabytes_at_most(client):
    for number in range(12):
        client.put_record(StreamName=STREAM, Data=bytes(1_000_000), PartitionKey=str(number), ExplicitHashKey="1")
    page = client.get_records(ShardIterator=iterator(client, "shardId-000000000000"))
    assert len(page["Records"]) == 10
    assert page["MillisBehindLatest"] > 0


def test_after_a_split_the_parent_ends_and_its_children_take_over(client):
    put(client, STREAM, range(100))
    split(client, STREAM)
    put(client, STREAM, range(100, 200))
    page = client.get_records(ShardIterator=iterator(client, "shardId-000000000000"))
    assert "NextShardIterator" not in page
    assert {int(record["Data"]) for record in page["Records"]} <= set(range(100))
    assert [child["ParentShards"] for child in page["ChildShards"]] == [["shardId-000000000000"]] * 2
    for child in page["ChildShards"]:
        assert set(numbers(client, child["ShardId"])) <= set(range(100, 200))
    everything = [number for shard in range(4) for number in numbers(client, f"shardId-{shard:012d}")]
    assert sorted(everything) == list(range(200))


def test_a_merged_shard_names_both_parents(client):
    merge(client, STREAM)
    (child,) = open_shards(client, STREAM)
    assert child["ParentShardId"] == "shardId-000000000000"
    assert child["AdjacentParentShardId"] == "shardId-000000000001"
    assert child["HashKeyRange"] == {"StartingHashKey": "0", "EndingHashKey": str(2**128 - 1)}


@pytest.mark.parametrize("target", [1, 3, 4])
def test_the_shard_count_can_be_set(client, target):
    put(client, STREAM, range(300))
    client.update_shard_count(StreamName=STREAM, TargetShardCount=target, ScalingType="UNIFORM_SCALING")
    put(client, STREAM, range(300, 600))
    shards = open_shards(client, STREAM)
    sizes = [int(s["HashKeyRange"]["EndingHashKey"]) - int(s["HashKeyRange"]["StartingHashKey"]) for s in shards]
    assert len(shards) == target
    assert max(sizes) - min(sizes) <= 1
    every = client.list_shards(StreamName=STREAM)["Shards"]
    assert sorted(n for shard in every for n in numbers(client, shard["ShardId"])) == list(range(600))


def test_reshapings_that_cannot_be_are_refused(client):
    first, second = open_shards(client, STREAM)
    for key in ("0", "1", first["HashKeyRange"]["EndingHashKey"]):
        arguments = {"StreamName": STREAM, "ShardToSplit": first["ShardId"], "NewStartingHashKey": key}
        assert refused(client.split_shard, **arguments)[0] == "InvalidArgumentException"
    split(client, STREAM)
    arguments = {"StreamName": STREAM, "ShardToSplit": first["ShardId"], "NewStartingHashKey": midpoint(first)}
    assert "already been merged or split" in refused(client.split_shard, **arguments)[1]
    far = {"ShardToMerge": open_shards(client, STREAM)[0]["ShardId"], "AdjacentShardToMerge": second["ShardId"]}
    assert "adjacent pair" in refused(client.merge_shards, StreamName=STREAM, **far)[1]
    arguments = {"StreamName": STREAM, "TargetShardCount": 100, "ScalingType": "UNIFORM_SCALING"}
    assert refused(client.update_shard_count, **arguments)[0] == "LimitExceededException"


def test_a_stream_is_not_there_before_it_is_made_or_after_it_is_deleted(client):
    client.delete_stream(StreamName=STREAM)
    expected = ("ResourceNotFoundException", f"Stream {STREAM} under account 123456789012 not found.")
    assert refused(client.put_record, StreamName=STREAM, Data=b"1", PartitionKey="k") == expected
    assert refused(client.list_shards, StreamName=STREAM) == expected
    assert client.list_streams()["StreamNames"] == []


def test_making_a_stream_twice_or_badly_is_refused(client):
    assert refused(client.create_stream, StreamName=STREAM, ShardCount=1)[0] == "ResourceInUseException"
    code, message = refused(client.create_stream, StreamName="two words", ShardCount=1)
    assert code == "ValidationException"
    assert "two words" in message


def test_changes_take_their_time(server):
    server.kinesis = Kinesis(clock=server.clock, settle_seconds=5)
    client = server.client()
    client.create_stream(StreamName=STREAM, ShardCount=1)
    summary = {"StreamName": STREAM}
    assert client.describe_stream_summary(**summary)["StreamDescriptionSummary"]["StreamStatus"] == "CREATING"
    server.clock.ahead += 6
    split(client, STREAM)
    assert client.describe_stream_summary(**summary)["StreamDescriptionSummary"]["StreamStatus"] == "UPDATING"
    assert len(open_shards(client, STREAM)) == 1
    put(client, STREAM, range(3))
    assert refused(split, client=client, stream=STREAM)[0] == "ResourceInUseException"
    server.clock.ahead += 6
    assert len(open_shards(client, STREAM)) == 2
    client.delete_stream(StreamName=STREAM)
    assert client.describe_stream(**summary)["StreamDescription"]["StreamStatus"] == "DELETING"
    server.clock.ahead += 6
    assert refused(client.describe_stream, **summary)[0] == "ResourceNotFoundException"


def test_numbers_of_another_stream_of_that_name_are_refused(client, server):
    put(client, STREAM, [1])
    shard = client.put_record(StreamName=STREAM, Data=b"1", PartitionKey="k")
    client.delete_stream(StreamName=STREAM)
    server.clock.ahead += 60
    client.create_stream(StreamName=STREAM, ShardCount=2)
    old = {"kind": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": shard["SequenceNumber"]}
    code, message = refused(iterator, client=client, shard_id=shard["ShardId"], **old)
    assert (code, "did not come from this stream" in message) == ("InvalidArgumentException", True)


def test_what_is_older_than_the_retention_is_gone(client, server):
    put(client, STREAM, range(10))
    split(client, STREAM)
    server.clock.ahead = 23 * 3600
    assert len(client.list_shards(StreamName=STREAM)["Shards"]) == 4
    client.increase_stream_retention_period(StreamName=STREAM, RetentionPeriodHours=48)
    server.clock.ahead = 47 * 3600
    assert len(client.list_shards(StreamName=STREAM)["Shards"]) == 4
    client.decrease_stream_retention_period(StreamName=STREAM, RetentionPeriodHours=24)
    shards = client.list_shards(StreamName=STREAM)["Shards"]
    assert [shard["ShardId"][-1] for shard in shards] == ["1", "2", "3"]
    assert [numbers(client, shard["ShardId"]) for shard in shards] == [[], [], []]


def test_limits_of_a_shard():
    with serving(Limits(writes=10)) as server:
        client = server.client()
        client.create_stream(StreamName=STREAM, ShardCount=1)
        records = [{"Data": str(number), "PartitionKey": "k"} for number in range(15)]
        done = client.put_records(StreamName=STREAM, Records=records)
        assert done["FailedRecordCount"] == 5
        assert {one.get("ErrorCode") for one in done["Records"]} == {None, "ProvisionedThroughputExceededException"}
        assert numbers(client, "shardId-000000000000") == list(range(10))
        held = iterator(client, "shardId-000000000000")
        codes = []
        for _ in range(5):
            try:
                client.get_records(ShardIterator=held)
            except ClientError as error:
                codes.append(error.response["Error"]["Code"])
        assert set(codes) == {"ProvisionedThroughputExceededException"}
        server.clock.ahead += 2
        client.get_records(ShardIterator=held)


def test_streams_and_shards_are_listed_page_by_page(client):
    for number in range(5):
        client.create_stream(StreamName=f"s{number}", ShardCount=7)
    assert client.get_paginator("list_streams").paginate().build_full_result()["StreamNames"] == [
        "s0", "s1", "s2", "s3", "s4", STREAM,
    ]  # fmt: skip
    first = client.list_shards(StreamName="s0", MaxResults=4)
    second = client.list_shards(NextToken=first["NextToken"], MaxResults=4)
    found = [shard["ShardId"] for shard in first["Shards"] + second["Shards"]]
    assert found == [f"shardId-{number:012d}" for number in range(7)]
    assert "NextToken" not in second


def test_an_arn_names_a_stream_as_well(client):
    arn = stream_arn(client, STREAM)
    assert arn == f"arn:aws:kinesis:us-east-1:123456789012:stream/{STREAM}"
    client.put_record(StreamARN=arn, Data=b"1", PartitionKey="k")
    assert client.describe_stream(StreamARN=arn)["StreamDescription"]["StreamName"] == STREAM


def test_everything_is_there_for_the_next_process(server, tmp_path):
    file = tmp_path / "kinesis.db"
    server.kinesis = Kinesis(Store(file), clock=server.clock)
    client = server.client()
    client.create_stream(StreamName=STREAM, ShardCount=2, Tags={"team": "data"})
    client.increase_stream_retention_period(StreamName=STREAM, RetentionPeriodHours=48)
    put(client, STREAM, range(50))
    split(client, STREAM)
    put(client, STREAM, range(50, 100))
    server.kinesis.commit()
    server.kinesis = Kinesis(Store(file), clock=server.clock)
    put(client, STREAM, range(100, 150))
    every = client.list_shards(StreamName=STREAM)["Shards"]
    assert sorted(n for shard in every for n in numbers(client, shard["ShardId"])) == list(range(150))
    assert client.list_tags_for_stream(StreamName=STREAM)["Tags"] == [{"Key": "team", "Value": "data"}]
    assert client.describe_stream_summary(StreamName=STREAM)["StreamDescriptionSummary"]["RetentionPeriodHours"] == 48


def test_numbers_rise_though_every_record_was_forgotten_and_the_stream_is_made_anew(server, tmp_path):
    file = tmp_path / "kinesis.db"
    server.kinesis = Kinesis(Store(file), clock=server.clock)
    client = server.client()
    client.create_stream(StreamName=STREAM, ShardCount=1)
    first = client.put_record(StreamName=STREAM, Data=b"1", PartitionKey="k")["SequenceNumber"]
    server.clock.ahead = 25 * 3600
    while server.kinesis.sweep():
        pass
    server.kinesis.commit()
    server.kinesis = Kinesis(Store(file), clock=server.clock)
    server.clock.ahead = 0  # the computer's clock was set back
    second = client.put_record(StreamName=STREAM, Data=b"2", PartitionKey="k")["SequenceNumber"]
    assert int(second) > int(first)
    # within the same second, so that the shards are told apart by nothing else
    client.delete_stream(StreamName=STREAM)
    client.create_stream(StreamName=STREAM, ShardCount=1)
    put(client, STREAM, range(3))
    where = {"ShardId": "shardId-000000000000", "ShardIteratorType": "AFTER_SEQUENCE_NUMBER"}
    with contextlib.suppress(ClientError):  # a second later the old number is refused
        held = client.get_shard_iterator(StreamName=STREAM, StartingSequenceNumber=second, **where)["ShardIterator"]
        assert len(client.get_records(ShardIterator=held)["Records"]) == 3


def test_a_file_that_was_filled_and_emptied_again_and_again_does_not_grow(server, tmp_path):
    file = tmp_path / "kinesis.db"
    server.kinesis = Kinesis(Store(file), clock=server.clock)
    client, sizes = server.client(), []
    client.create_stream(StreamName=STREAM, ShardCount=2)
    for _ in range(4):
        for _ in range(10):
            records = [{"Data": bytes(100_000), "PartitionKey": str(number)} for number in range(50)]
            assert client.put_records(StreamName=STREAM, Records=records)["FailedRecordCount"] == 0
            server.kinesis.commit()
        server.clock.ahead += 25 * 3600
        while server.kinesis.sweep():
            pass
        sizes.append(file.stat().st_size)
    assert max(sizes) < 30 * 2**20, "50 MB were put in each round"
    assert sizes[-1] <= sizes[0] * 1.1
    client.put_record(StreamName=STREAM, Data=b"new", PartitionKey="k")
    client.delete_stream(StreamName=STREAM)
    assert server.kinesis.sweep(), "the records of a deleted stream go too"
    assert not server.kinesis.sweep()


def tags(client):
    return {tag["Key"]: tag["Value"] for tag in client.list_tags_for_stream(StreamName=STREAM)["Tags"]}


def test_tags_are_kept_changed_and_checked(client):
    client.delete_stream(StreamName=STREAM)
    client.create_stream(StreamName=STREAM, ShardCount=1, Tags={"team": "data", "cost": "none"})
    assert tags(client) == {"team": "data", "cost": "none"}
    client.add_tags_to_stream(StreamName=STREAM, Tags={"team": "pins", "stage": "test"})
    client.remove_tags_from_stream(StreamName=STREAM, TagKeys=["cost", "nobody's"])
    assert tags(client) == {"team": "pins", "stage": "test"}
    first = client.list_tags_for_stream(StreamName=STREAM, Limit=1)
    assert (first["Tags"], first["HasMoreTags"]) == ([{"Key": "stage", "Value": "test"}], True)
    following = client.list_tags_for_stream(StreamName=STREAM, ExclusiveStartTagKey="stage")
    assert (following["Tags"], following["HasMoreTags"]) == ([{"Key": "team", "Value": "pins"}], False)
    arguments = {"StreamName": STREAM, "Tags": {f"k{number}": "v" for number in range(49)}}
    assert refused(client.add_tags_to_stream, **arguments)[0] == "LimitExceededException"
    arguments = {"StreamName": STREAM, "Tags": {"aws:mine": "v"}}
    assert "reserved for AWS" in refused(client.add_tags_to_stream, **arguments)[1]
    assert tags(client) == {"team": "pins", "stage": "test"}


def test_what_is_asked_for_beyond_what_the_lab_knows_is_refused(client):
    arguments = {"StreamName": "larger", "ShardCount": 1, "MaxRecordSizeInKiB": 2048}
    code, message = refused(client.create_stream, **arguments)
    assert (code, message) == (
        "NotImplementedException", "The lab's Kinesis does not know MaxRecordSizeInKiB of CreateStream; AWS does."
    )  # fmt: skip
    assert "larger" not in client.list_streams()["StreamNames"]
