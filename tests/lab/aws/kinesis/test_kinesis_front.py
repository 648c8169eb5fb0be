"""Kinesis behind the edge: shards that really split, limits in AWS's words, iterators that need a policy."""

import base64

import boto3
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from callers import policy, refused

pytestmark = pytest.mark.lab

NAME = "test-front"
ARN = f"arn:aws:kinesis:us-east-1:123456789012:stream/{NAME}"


@pytest.fixture
def kinesis(learner):
    client = learner("kinesis")
    client.create_stream(StreamName=NAME, ShardCount=1)
    yield client
    client.delete_stream(StreamName=NAME)


def iterator(client, shard):
    where = {"StreamName": NAME, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    return client.get_shard_iterator(**where)["ShardIterator"]


def test_after_a_split_new_records_go_to_the_children(kinesis):
    before = kinesis.put_record(StreamName=NAME, Data=b"1", PartitionKey="k")["ShardId"]
    kinesis.update_shard_count(StreamName=NAME, TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    after = kinesis.put_record(StreamName=NAME, Data=b"2", PartitionKey="k")["ShardId"]
    assert after != before
    read = kinesis.get_records(ShardIterator=iterator(kinesis, before))
    assert [record["Data"] for record in read["Records"]] == [b"1"]
    assert "NextShardIterator" not in read
    assert after in {child["ShardId"] for child in read["ChildShards"]}


def test_more_than_a_shard_takes_is_refused_in_awss_words_and_the_rest_is_stored(kinesis):
    records = [{"Data": bytes(5000), "PartitionKey": str(number)} for number in range(500)]
    answer = kinesis.put_records(StreamName=NAME, Records=records)
    failed = [one for one in answer["Records"] if "ErrorCode" in one]
    assert 0 < answer["FailedRecordCount"] == len(failed) < 500
    assert failed[0]["ErrorCode"] == "ProvisionedThroughputExceededException"
    assert failed[0]["ErrorMessage"] == (
        f"Rate exceeded for shard shardId-000000000000 in stream {NAME} under account 123456789012."
    )
    with refused("ProvisionedThroughputExceededException", "Rate exceeded for shard"):
        for _ in range(6):
            kinesis.put_record(StreamName=NAME, Data=bytes(1_000_000), PartitionKey="k")


def test_a_record_that_is_too_large_refuses_the_batch_before_anything_is_stored(kinesis):
    records = [{"Data": b"small", "PartitionKey": "k"}, {"Data": bytes(2**20 + 1), "PartitionKey": "k"}]
    with refused("ValidationException", r"records\.2\.member\.data.*less than or equal to 1048576"):
        kinesis.put_records(StreamName=NAME, Records=records)
    assert kinesis.get_records(ShardIterator=iterator(kinesis, "shardId-000000000000"))["Records"] == []


def test_an_iterator_is_no_way_around_a_policy(kinesis, role):
    role.may(policy("kinesis:*", resource=f"{ARN}-other"))
    mine, taken = role.assumed().client("kinesis"), iterator(kinesis, "shardId-000000000000")
    with refused("AccessDeniedException", f"kinesis:GetRecords on resource: {ARN}"):
        mine.get_records(ShardIterator=taken)
    with refused("AccessDeniedException", f"kinesis:ListShards on resource: {ARN}"):
        mine.list_shards(NextToken=f"{NAME}/shardId-000000000000")
    role.may(policy("kinesis:Get*", resource=ARN))
    assert mine.get_records(ShardIterator=taken)["Records"] == []


@pytest.mark.parametrize(
    "text", ["no iterator", "[Infinity]", '[9e9,["a"],1,[],1]', '[9e9,"a",1,"s",Infinity]', "[" * 9000]
)
def test_an_iterator_that_was_never_handed_out_is_refused(kinesis, text):
    with pytest.raises(kinesis.exceptions.ClientError, match=r"Invalid ShardIterator|Stream .* not found"):
        kinesis.get_records(ShardIterator=base64.urlsafe_b64encode(text.encode()).decode())


def test_a_body_in_cbor_is_refused_in_words_that_say_what_to_set(workbook, lab):
    headers = {"Content-Type": "application/x-amz-cbor-1.1", "X-Amz-Target": "Kinesis_20131202.ListStreams"}
    url = f"http://127.0.0.1:{lab.ports['aws']}/"
    request = AWSRequest("POST", url, headers=headers, data=b"\xa1eLimit\x18\x64")
    SigV4Auth(boto3.Session().get_credentials(), "kinesis", "us-east-1").add_auth(request)
    reply = requests.post(url, data=request.body, headers=dict(request.headers))
    assert reply.status_code == 400
    assert "AWS_CBOR_DISABLE=1" in reply.json()["Message"]


def test_tags_are_kept(kinesis):
    kinesis.create_stream(StreamName=f"{NAME}-tagged", ShardCount=1, Tags={"team": "data"})
    try:
        assert kinesis.list_tags_for_stream(StreamName=f"{NAME}-tagged")["Tags"] == [{"Key": "team", "Value": "data"}]
    finally:
        kinesis.delete_stream(StreamName=f"{NAME}-tagged")


def test_the_newer_names_of_the_calls_of_tags_work(kinesis, role):
    """TagResource and its like, by which newer tools tag streams."""
    kinesis.tag_resource(ResourceARN=ARN, Tags={"team": "data", "stage": "test"})
    kinesis.untag_resource(ResourceARN=ARN, TagKeys=["stage"])
    assert kinesis.list_tags_for_resource(ResourceARN=ARN)["Tags"] == [{"Key": "team", "Value": "data"}]
    assert kinesis.list_tags_for_stream(StreamName=NAME)["Tags"] == [{"Key": "team", "Value": "data"}]
    with refused("ResourceNotFoundException", "is no stream"):
        kinesis.tag_resource(ResourceARN=f"{ARN}/consumer/c:1", Tags={"a": "b"})
    role.may(policy("kinesis:TagResource", resource=f"{ARN}-other"))
    with refused("AccessDeniedException", f"kinesis:TagResource on resource: {ARN}"):
        role.assumed().client("kinesis").tag_resource(ResourceARN=ARN, Tags={"a": "b"})


def test_members_that_the_lab_does_not_know_are_refused(kinesis):
    with refused("NotImplementedException", "does not know MaxRecordSizeInKiB of CreateStream"):
        kinesis.create_stream(StreamName=f"{NAME}-large", ShardCount=1, MaxRecordSizeInKiB=2048)


def test_what_the_lab_has_not_is_said(kinesis):
    with refused("NotImplementedException", "The lab's Kinesis does not answer RegisterStreamConsumer; AWS does"):
        kinesis.register_stream_consumer(StreamARN=ARN, ConsumerName="c")
