"""MWAA: what it refuses, before an Airflow is started."""

import asyncio
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from helpers.airflow import versions
from lab.aws.errors import AwsError
from lab.aws.mwaa.dag_folder import DagFolder
from lab.aws.mwaa.environment import Mwaa

pytestmark = pytest.mark.lab

AIRFLOW = {"Service": ["airflow.amazonaws.com", "airflow-env.amazonaws.com"]}
BUCKET = "dags-of-a-test"


@pytest.fixture
def bucket(learner):
    s3 = learner("s3")
    s3.create_bucket(Bucket=BUCKET)
    yield BUCKET
    for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        s3.delete_object(Bucket=BUCKET, Key=item["Key"])
    s3.delete_bucket(Bucket=BUCKET)


def asked(role_arn, **changed):
    return {
        "Name": "one", "ExecutionRoleArn": role_arn, "SourceBucketArn": f"arn:aws:s3:::{BUCKET}",
        "DagS3Path": "dags", "NetworkConfiguration": {"SubnetIds": ["subnet-1", "subnet-2"]},
    } | changed  # fmt: skip


def refusal(client, operation, **parameters):
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)(**parameters)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def arn(role):
    return f"arn:aws:iam::123456789012:role/{role.name}"


def test_a_bucket_or_role_that_does_not_serve_is_refused(learner, make_role, bucket):
    mwaa, role = learner("mwaa"), make_role(AIRFLOW)
    code, message = refusal(mwaa, "create_environment", **asked(arn(role)))
    assert code == "ValidationException"
    assert "does not allow s3:ListBucket" in message
    code, message = refusal(mwaa, "create_environment", **asked(arn(role), SourceBucketArn="arn:aws:s3:::nowhere"))
    assert (code, "source bucket nowhere" in message) == ("ValidationException", True)
    code, message = refusal(mwaa, "create_environment", **asked(arn(role), DagS3Path="/dags"))
    assert (code, "must be a folder of the bucket" in message) == ("ValidationException", True)
    code, message = refusal(mwaa, "create_environment", **asked(arn(make_role({"Service": "ec2.amazonaws.com"}))))
    assert (code, "must name airflow.amazonaws.com" in message) == ("ValidationException", True)
    assert mwaa.list_environments()["Environments"] == []


def test_a_version_of_airflow_that_the_lab_has_not_is_refused(learner, make_role, bucket):
    mwaa, role = learner("mwaa"), make_role(AIRFLOW)
    code, message = refusal(mwaa, "create_environment", **asked(arn(role), AirflowVersion="2.10.3"))
    assert (code, message) == ("ValidationException", f"The lab has Airflow {versions.airflow()}, not 2.10.3.")
    known = asked(arn(role), AirflowVersion=versions.airflow())
    assert "does not allow s3:ListBucket" in refusal(mwaa, "create_environment", **known)[1]


def test_packages_that_are_there_are_taken_and_others_refused(learner, make_role, bucket):
    s3, mwaa, role = learner("s3"), learner("mwaa"), make_role(AIRFLOW)
    wanted = asked(arn(role), RequirementsS3Path="requirements.txt")
    assert "s3://dags-of-a-test/requirements.txt: " in refusal(mwaa, "create_environment", **wanted)[1]
    s3.put_object(Bucket=bucket, Key="requirements.txt", Body=b"apache-airflow-providers-databricks\nleftpad==1\n")
    code, message = refusal(mwaa, "create_environment", **wanted)
    assert code == "ValidationException"
    assert "The lab's Airflow has what the workbook needs, and installs nothing" in message
    assert "'leftpad==1'" in message
    for taken in (b"apache-airflow-providers-databricks\n", versions.requirements().encode()):
        s3.put_object(Bucket=bucket, Key="requirements.txt", Body=taken)
        assert "does not allow s3:ListBucket" in refusal(mwaa, "create_environment", **wanted)[1]
    s3.put_object(Bucket=bucket, Key="requirements.txt", Body=b"apache-airflow-providers-databricks==1.0.0\n")
    assert "'apache-airflow-providers-databricks==1.0.0'" in refusal(mwaa, "create_environment", **wanted)[1]
    pinned = wanted | {"RequirementsS3ObjectVersion": "1"}
    assert "has no RequirementsS3ObjectVersion" in refusal(mwaa, "create_environment", **pinned)[1]


def test_an_unknown_environment_is_not_found(learner):
    mwaa = learner("mwaa")
    for operation in ("get_environment", "delete_environment", "create_cli_token", "create_web_login_token"):
        assert refusal(mwaa, operation, Name="nothing") == (
            "ResourceNotFoundException", "Environment nothing not found.",
        )  # fmt: skip


def test_what_an_environment_would_ignore_is_refused(learner, make_role, bucket):
    mwaa, role = learner("mwaa"), make_role(AIRFLOW)
    for name, value in (
        ("AirflowConfigurationOptions", {"core.parallelism": "1"}), ("WeeklyMaintenanceWindowStart", "MON:01:00"),
        ("KmsKey", "arn:aws:kms:us-east-1:123456789012:key/a"),
    ):  # fmt: skip
        code, message = refusal(mwaa, "create_environment", **asked(arn(role), **{name: value}))
        assert code == "NotImplementedException"
        assert message == f"The lab's MWAA does not know {name} of CreateEnvironment; AWS does. Leave it out."


def test_a_token_for_a_command_line_that_is_not_there_is_not_given():
    mwaa = SimpleNamespace(_get=lambda parameters: parameters)
    with pytest.raises(AwsError, match=r"no /aws_mwaa/cli .* InvokeRestApi"):
        asyncio.run(Mwaa.create_cli_token(mwaa, {"Name": "one"}))


def test_the_dag_folder_follows_the_bucket(learner, bucket, tmp_path):
    s3, folder = learner("s3"), DagFolder(tmp_path)
    s3.put_object(Bucket=bucket, Key="dags/one.py", Body=b"first")
    s3.put_object(Bucket=bucket, Key="dags/sub/two.py", Body=b"two")
    s3.put_object(Bucket=bucket, Key="other/three.py", Body=b"three")
    folder.follow(s3, bucket, "dags/")
    assert {file.name for file in tmp_path.rglob("*.py")} == {"one.py", "two.py"}
    s3.put_object(Bucket=bucket, Key="dags/one.py", Body=b"second")
    s3.delete_object(Bucket=bucket, Key="dags/sub/two.py")
    folder.follow(s3, bucket, "dags/")
    assert [file.read_text() for file in tmp_path.rglob("*.py")] == ["second"]
