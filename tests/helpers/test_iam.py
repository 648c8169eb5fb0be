import dataclasses
import json

import pytest

from helpers import iam
from lab.core import iam_file


@pytest.fixture
def own(workbook):
    """Names of the test's own; its role is gone before and after."""
    mine = dataclasses.replace(workbook, id="0000000000aa")
    iam.delete(mine, mine.access_role)
    yield mine
    iam.delete(mine, mine.access_role)


def inline(own, role):
    client = own.client("iam")
    names = client.list_role_policies(RoleName=role)["PolicyNames"]
    return {name: client.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names}


def trusted(own, role):
    trust = own.client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    return [statement["Principal"] for statement in trust["Statement"]]


@pytest.mark.lab
def test_the_access_role_is_made_whatever_it_was_before(own):
    iam.create(own, own.access_role, iam.trust_policy(["lambda.amazonaws.com"]))
    iam.set_policies(own, own.access_role, {"other": iam.bucket_policy("other")})
    for _ in range(2):
        arn = iam.make_access_role(own)
        assert arn == iam.arn(own, own.access_role)
        assert set(inline(own, own.access_role)) == {"kafka", "bucket", "connect"}
        assert trusted(own, own.access_role) == [{"Service": list(iam.ACCESS_SERVICES)}, {"AWS": [arn]}]
        profile = own.client("iam").get_instance_profile(InstanceProfileName=own.access_role)["InstanceProfile"]
        assert [role["Arn"] for role in profile["Roles"]] == [arn]


@pytest.mark.lab
def test_a_role_is_deleted_with_its_policies_and_its_profile(own):
    iam.make_access_role(own)
    for _ in range(2):
        iam.delete(own, own.access_role)
        assert iam.arn(own, own.access_role) is None
    with pytest.raises(own.client("iam").exceptions.NoSuchEntityException):
        own.client("iam").get_instance_profile(InstanceProfileName=own.access_role)


@pytest.mark.lab
@pytest.mark.parametrize("kind", ["airflow", "kinesis"])
def test_a_made_role_is_as_it_was_described(own, kind):
    wanted = (iam.airflow_role if kind == "airflow" else iam.kinesis_role)(own, iam.account(own))
    wanted = dataclasses.replace(wanted, name=own.access_role)
    iam.make(own, wanted)
    assert inline(own, wanted.name) == wanted.policies
    assert trusted(own, wanted.name) == [{"Service": list(wanted.services)}]


def test_the_kafka_policy_names_the_cluster_the_topics_and_the_groups():
    arns = [statement["Resource"] for statement in iam.kafka_policy(iam_file.CLUSTER_ARN, "a.*")["Statement"]]
    assert arns == [iam_file.CLUSTER_ARN, iam_file.kafka_arn("topic", "a.*"), iam_file.kafka_arn("group", "*")]


def test_a_policy_of_a_bucket_speaks_of_no_other():
    policy = json.dumps(iam.bucket_policy("user-a-bucket", "s3:GetObject*"))
    assert policy.count("arn:aws:s3:::") == policy.count("arn:aws:s3:::user-a-bucket") == 2
    assert "s3:*" not in policy
