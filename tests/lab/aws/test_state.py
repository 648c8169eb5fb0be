"""What the endpoint knows is on disk: it outlives stops, crashes and full disks."""

import contextlib
import json
import os
import pickle
import stat
import time

import pytest
from botocore.exceptions import ClientError
from callers import Caller, policy, trust
from crashes import crash
from labs import STATE_PORTS

from lab.aws import state as state_module
from lab.aws.state import State
from lab.control import operations
from lab.core import instance_file, processes
from lab.core.iam_file import LEARNER
from lab.core.layout import Lab, LabError, read_ports
from lab.core.runtime import existing_runtime
from lab.services import aws

pytestmark = pytest.mark.lab

@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A lab of which only the endpoint runs."""
    lab = Lab(tmp_path_factory.mktemp("state").resolve(), ports=read_ports({"LAB_PORT_OFFSET": str(STATE_PORTS)}))
    try:
        operations.up(lab, ["aws"])
        yield lab
    finally:
        operations.down(lab)
    assert not processes.of_lab(lab.home)


@pytest.fixture
def client(alone):
    return lambda service: aws.client(existing_runtime(alone), service)


def fill(client):
    """Make one of everything; return what tells that it is there."""
    iam, kinesis, gateway = client("iam"), client("kinesis"), client("apigateway")
    iam.create_role(RoleName="kept", AssumeRolePolicyDocument=trust({"AWS": LEARNER}))
    iam.put_role_policy(RoleName="kept", PolicyName="p", PolicyDocument=policy("kinesis:*"))
    iam.attach_role_policy(RoleName="kept", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    iam.create_user(UserName="kept")
    key = iam.create_access_key(UserName="kept")["AccessKey"]
    iam.create_instance_profile(InstanceProfileName="kept")
    iam.add_role_to_instance_profile(InstanceProfileName="kept", RoleName="kept")
    session = client("sts").assume_role(
        RoleArn="arn:aws:iam::123456789012:role/kept", RoleSessionName="kept", DurationSeconds=3600
    )["Credentials"]
    client("ec2").create_key_pair(KeyName="kept")
    launched = client("ec2").run_instances(
        ImageId="ami-0abcdef1234567890", MinCount=1, MaxCount=1, KeyName="kept", IamInstanceProfile={"Name": "kept"}
    )["Instances"][0]["InstanceId"]
    kinesis.create_stream(StreamName="kept", ShardCount=1)
    kinesis.put_record(StreamName="kept", Data=b"one", PartitionKey="k")
    api = gateway.create_rest_api(name="kept")["id"]
    client("ssm").put_parameter(Name="/kept", Value="v", Type="String")
    client("secretsmanager").create_secret(Name="kept", SecretString="hush")
    content = "a2V5LmNvbnZlcnRlcj1h"
    client("kafkaconnect").create_worker_configuration(name="kept", propertiesFileContent=content)
    return key, session, launched, api


def check(alone, client, filled):
    key, session, launched, api = filled
    iam = client("iam")
    assert iam.get_role_policy(RoleName="kept", PolicyName="p")["PolicyDocument"] == json.loads(policy("kinesis:*"))
    (attached,) = iam.list_attached_role_policies(RoleName="kept")["AttachedPolicies"]
    assert attached["PolicyName"] == "AmazonS3ReadOnlyAccess"
    records = client("kinesis")
    where = {"StreamName": "kept", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = records.get_shard_iterator(**where)["ShardIterator"]
    assert [record["Data"] for record in records.get_records(ShardIterator=iterator)["Records"]] == [b"one"]
    (held,) = client("ec2").describe_instances(InstanceIds=[launched])["Reservations"]
    assert held["Instances"][0]["State"]["Name"] == "running"
    assert instance_file.read(alone).id == launched
    assert client("apigateway").get_rest_api(restApiId=api)["name"] == "kept"
    assert client("ssm").get_parameter(Name="/kept")["Parameter"]["Value"] == "v"
    assert client("secretsmanager").get_secret_value(SecretId="kept")["SecretString"] == "hush"
    (configuration,) = client("kafkaconnect").list_worker_configurations()["workerConfigurations"]
    assert configuration["name"] == "kept"
    known = json.loads(alone.iam_file.read_text())["keys"]
    assert {key["AccessKeyId"], session["AccessKeyId"]} <= known.keys()
    assert known[session["AccessKeyId"]]["token"] == session["SessionToken"]
    user, role = Caller(alone, key).client("sts"), Caller(alone, session)
    assert user.get_caller_identity()["Arn"].endswith("user/kept")
    assert role.client("sts").get_caller_identity()["Arn"].endswith("assumed-role/kept/kept")
    assert "kept" in role.client("kinesis").list_streams()["StreamNames"]


@pytest.fixture(scope="module")
def filled(alone):
    return fill(lambda service: aws.client(existing_runtime(alone), service))


def test_all_of_it_survives_down_and_up(alone, client, filled):
    iam, token = client("iam"), instance_file.read(alone).credentials_token
    check(alone, client, filled)
    # the learner takes their own rights away, and loses the ones over AWS for this day only
    iam.delete_user_policy(UserName="learner", PolicyName=f"kafka-{alone.workbook_id}")
    iam.create_user(UserName="a-moment-before")
    iam.delete_user_policy(UserName="learner", PolicyName="aws")
    with pytest.raises(ClientError, match="AccessDenied"):
        iam.list_users()
    operations.down(alone)
    operations.up(alone, ["aws"])
    check(alone, client, filled)
    assert iam.get_user(UserName="a-moment-before")
    assert iam.list_user_policies(UserName="learner")["PolicyNames"] == ["aws"]
    assert instance_file.read(alone).credentials_token == token


def test_a_crash_loses_nothing_that_was_answered_and_gives_a_lost_key_back(alone, client, filled):
    iam, own = client("iam"), existing_runtime(alone).credentials.access_key_id
    iam.create_user(UserName="just-made")
    client("kinesis").create_stream(StreamName="just-made", ShardCount=1)
    pair = client("ec2").create_key_pair(KeyName="just-made")["KeyPairId"]
    iam.delete_access_key(UserName="learner", AccessKeyId=own)
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        iam.list_users()
    crash(alone, "aws")
    assert client("ec2").describe_key_pairs(KeyNames=["just-made"])["KeyPairs"][0]["KeyPairId"] == pair
    assert iam.get_user(UserName="just-made")
    assert "just-made" in client("kinesis").list_streams()["StreamNames"]
    check(alone, client, filled)


def test_the_files_are_the_owners_alone(alone, filled):
    states, databases = (list((alone.home / "aws").glob(pattern)) for pattern in ("*.state", "kinesis.db*"))
    files = [*states, *databases, alone.iam_file, alone.instance_file]
    assert len(files) == len(state_module.KEPT_BY_MOTO) + 1 + 3 + 2
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


@contextlib.contextmanager
def no_room(alone):
    """Let nothing be written where the endpoint keeps its state, not even by root."""
    folder = alone.home / "aws"
    blocked = folder.rename(alone.home / "aws.away")
    folder.write_text("not a folder")
    try:
        yield
    finally:
        folder.unlink()
        blocked.rename(folder)


def test_what_cannot_be_written_is_refused_and_has_not_happened(alone, client, filled):
    iam, ec2, gateway, connect = client("iam"), client("ec2"), client("apigateway"), client("kafkaconnect")
    known = alone.iam_file.read_bytes()
    with no_room(alone):
        for call in (
            lambda: iam.create_role(RoleName="no-room", AssumeRolePolicyDocument=trust({"AWS": LEARNER})),
            lambda: iam.delete_role_policy(RoleName="kept", PolicyName="p"),
            lambda: ec2.create_key_pair(KeyName="no-room"),
            lambda: gateway.create_rest_api(name="no-room"),
            lambda: connect.create_worker_configuration(
                name="no-room", propertiesFileContent="a2V5LmNvbnZlcnRlcj1h"
            ),
        ):
            with pytest.raises(ClientError, match=r"InternalFailure.*nothing of this call was done. Make room"):
                call()
        assert client("sts").get_caller_identity()
    check(alone, client, filled)
    assert alone.iam_file.read_bytes() == known, "the broker heard of nothing"
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    assert ("no-room" in roles, "kept" in roles) == (False, True)
    assert "no-room" not in [pair["KeyName"] for pair in ec2.describe_key_pairs()["KeyPairs"]]
    assert [api["name"] for api in gateway.get_rest_apis()["items"]] == ["kept"]
    iam.create_role(RoleName="room-again", AssumeRolePolicyDocument=trust({"AWS": LEARNER}))
    crash(alone, "aws")
    assert iam.get_role(RoleName="room-again")
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_role(RoleName="no-room")
    check(alone, client, filled)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is damaged"),
        (b"garbage", "is damaged"),
        (pickle.dumps(("0, moto 1", {})), r"was written by another version \(0, moto 1"),
        (pickle.dumps("of another form"), "is damaged"),
    ],
)
def test_a_damaged_file_is_a_sentence(tmp_path, content, words):
    (tmp_path / "iam.state").write_bytes(content)
    with pytest.raises(LabError, match=rf"iam\.state {words}.*`python -m lab reset` makes a new lab"):
        State(tmp_path).load()


def test_a_file_that_was_cut_short_is_a_sentence_at_once(alone, client, filled):
    operations.down(alone)
    file = alone.home / "aws" / "iam.state"
    whole = file.read_bytes()
    try:
        file.write_bytes(whole[: len(whole) // 2])
        started = time.monotonic()
        with pytest.raises(LabError, match=r"aws does not answer[\s\S]*iam\.state is damaged") as said:
            operations.up(alone, ["aws"])
        assert time.monotonic() - started < 60, "it is not tried again and again"
        assert "Traceback" not in str(said.value)
    finally:
        operations.down(alone)
        file.write_bytes(whole)
        operations.up(alone, ["aws"])
    check(alone, client, filled)


def test_what_cannot_be_written_counts_as_changed(tmp_path):
    kept = State(tmp_path / "folder")
    kept.touch("account")
    content = kept.collect()
    assert kept.collect() == {}
    kept.touch_again(content)
    assert kept.collect() == content


def test_a_save_blocks_nobody_for_long(alone, client, filled):
    """A learner's account, with 60,000 records in a stream."""
    kinesis = client("kinesis")
    kinesis.create_stream(StreamName="full", ShardCount=100)
    for first in range(0, 60_000, 500):
        records = [{"Data": os.urandom(400), "PartitionKey": str(first + i)} for i in range(500)]
        assert kinesis.put_records(StreamName="full", Records=records)["FailedRecordCount"] == 0
    client("ec2").create_tags(Resources=[filled[2]], Tags=[{"Key": "a", "Value": "b"}])
    longest, limit = 0.0, time.monotonic() + 3
    while time.monotonic() < limit:
        started = time.monotonic()
        kinesis.put_record(StreamName="full", Data=b"x", PartitionKey="k")
        longest = max(longest, time.monotonic() - started)
    print(f"the longest of the calls between the saves took {1000 * longest:.0f} ms")
    assert longest < 0.5
