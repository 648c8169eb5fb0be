"""AWS CLI, version 1 as on the client machine, with nothing but the lab's addresses in its environment."""

import base64
import json
import os
import subprocess

import pytest

from lab.setup.environment import VENV


def aws(*arguments, code=0):
    done = subprocess.run([VENV / "bin" / "aws", *arguments], env=os.environ, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done.stderr if code else done.stdout


@pytest.fixture
def stream(workbook):
    kinesis = workbook.client("kinesis")
    kinesis.create_stream(StreamName="clients-cli", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="clients-cli", WaiterConfig={"Delay": 1})
    yield "clients-cli"
    kinesis.delete_stream(StreamName="clients-cli")


def test_who_one_is(workbook):
    assert json.loads(aws("sts", "get-caller-identity"))["Arn"].startswith("arn:aws:iam::")


def test_files_go_to_the_bucket_and_back(workbook, objects, tmp_path):
    (tmp_path / "in").mkdir()
    large = b"0123456789abcdef" * 700_000  # goes in parts
    (tmp_path / "in" / "large").write_bytes(large)
    (tmp_path / "in" / "größe").write_text("small")
    target = f"s3://{workbook.bucket}/clients/cli"
    aws("s3", "sync", str(tmp_path / "in"), target)
    assert {line.split()[-1] for line in aws("s3", "ls", f"{target}/").splitlines()} == {"large", "größe"}
    aws("s3", "cp", "--recursive", target, str(tmp_path / "out"))
    assert (tmp_path / "out" / "large").read_bytes() == large
    assert (tmp_path / "out" / "größe").read_text() == "small"
    aws("s3", "rm", "--recursive", target)
    assert "topics/" in aws("s3", "ls", f"s3://{workbook.bucket}/")


def test_a_record_goes_into_a_stream_and_out(stream):
    put = json.loads(
        aws("kinesis", "put-record", "--stream-name", stream, "--partition-key", "1", "--data", '{"ind": 1}')
    )
    iterator = aws(
        "kinesis", "get-shard-iterator", "--stream-name", stream, "--shard-id", put["ShardId"],
        "--shard-iterator-type", "TRIM_HORIZON", "--query", "ShardIterator", "--output", "text",
    ).strip()  # fmt: skip
    (record,) = json.loads(aws("kinesis", "get-records", "--shard-iterator", iterator))["Records"]
    assert json.loads(base64.b64decode(record["Data"])) == {"ind": 1}


def test_the_clusters_brokers(workbook):
    (cluster,) = json.loads(aws("kafka", "list-clusters"))["ClusterInfoList"]
    brokers = json.loads(aws("kafka", "get-bootstrap-brokers", "--cluster-arn", cluster["ClusterArn"]))
    assert brokers["BootstrapBrokerStringSaslIam"] == workbook.bootstrap_servers


def test_a_refusal_has_awss_code(workbook):
    assert "(NoSuchBucket)" in aws("s3", "ls", "s3://nobody-has-this-bucket", code=255)
