"""Nine settings that are wrong: each is met before anything is made, in a sentence that says what to set."""

from pathlib import Path

import pytest
from own_account import ID, workbook

from helpers.account import check, connector_network, permissions
from helpers.config import SetupError, Workbook

ACCOUNT = {"WORKBOOK_TARGET": "aws", "WORKBOOK_ID": ID, "AWS_REGION": "eu-west-1"}
ARN = "arn:aws:kafka:eu-west-1:123456789012:cluster/mine/5d0f3c1e-8a46-4b7e-9c52-1e6f7a2b9d30-1"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        pytest.param({"WORKBOOK_TARGET": "latop"}, "WORKBOOK_TARGET='latop' is neither.*Correct the line", id="target"),
        pytest.param({"AWS_REGION": ""}, "AWS_REGION is missing. Put a line AWS_REGION=", id="no region"),
        pytest.param({"WORKBOOK_ON_LAPTOP": "/lab"}, "Restart the kernel", id="a kernel that was on the laptop"),
    ],
)
def test_settings_that_are_wrong_stop_the_workbook_before_it_has_a_client(wrong, words):
    with pytest.raises(SetupError, match=words):
        Workbook.load(ACCOUNT | wrong, Path("nowhere"))


def clusters(script, times=1):
    listed = {"ClusterInfoList": [{"ClusterName": "mine", "ClusterArn": ARN, "State": "ACTIVE"}]}
    for _ in range(times):
        script.answers("kafka", "list_clusters_v2", listed)


def in_subnet(script, subnet):
    clusters(script)
    place = {"ClientSubnets": [subnet], "InstanceType": "kafka.t3.small"}
    provisioned = {"BrokerNodeGroupInfo": place, "NumberOfBrokerNodes": 2}
    script.answers("kafka", "describe_cluster_v2", {"ClusterInfo": {"ClusterArn": ARN, "Provisioned": provisioned}})


def somebodys_bucket(account, script):
    script.refuses("s3", "head_bucket", "403", "", 403)


def expired_keys(account, script):
    script.refuses("sts", "get_caller_identity", "ExpiredToken", "The security token is expired")


def no_way_to_s3(account, script):
    ec2 = account.client("ec2")
    network = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    in_subnet(script, ec2.create_subnet(VpcId=network, CidrBlock="10.20.1.0/24")["Subnet"]["SubnetId"])


def no_iam(account, script):
    clusters(script)
    script.answers("kafka", "get_bootstrap_brokers", {"BootstrapBrokerStringTls": "b-1:9094"}, {"ClusterArn": ARN})


def not_to_be_passed(account, script):
    caller = {"Arn": "arn:aws:iam::123456789012:user/me", "Account": "123456789012", "UserId": "me"}
    script.answers("sts", "get_caller_identity", caller)
    denied = [{"EvalActionName": "iam:PassRole", "EvalDecision": "explicitDeny"}]
    for _ in range(5):  # two services work in the access role, two in Airflow's, one in Kinesis's
        script.answers("iam", "simulate_principal_policy", {"EvaluationResults": denied})


def used_up(account, script):
    limits = {"ShardLimit": 10, "OpenShardCount": 7, "OnDemandStreamCount": 0, "OnDemandStreamCountLimit": 1}
    script.answers("kinesis", "describe_limits", limits)


CASES = (
    (somebodys_bucket, check.names, "draw another WORKBOOK_ID in .env"),
    (expired_keys, check.identity, "AWS_PROFILE=… in .env"),
    (no_way_to_s3, connector_network.way_to_s3, "make a gateway endpoint for com.amazonaws.eu-west-1.s3"),
    (no_iam, check.cluster, "switch on IAM access control"),
    (not_to_be_passed, permissions.passing, "have iam:PassRole on"),
    (used_up, check.quotas, "have the quota raised"),
)


@pytest.mark.parametrize(("made_wrong", "own_check", "remedy"), CASES, ids=lambda one: getattr(one, "__name__", ""))
def test_what_is_wrong_on_the_account_is_met_by_the_check_that_makes_nothing(
    account, script, made_wrong, own_check, remedy
):
    made_wrong(account, script)
    steps = (*check.ESSENTIAL, *check.CHECKS)
    assert own_check in steps, "it is part of `python -m helpers.account check`"
    found = check.run_one(own_check, workbook(bootstrap_servers=""))
    assert found.ok is False
    assert remedy in found.remedy or remedy in found.what


def test_a_network_with_a_way_to_s3_passes(account, script):
    ec2 = account.client("ec2")
    network = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=network, CidrBlock="10.20.1.0/24")["Subnet"]["SubnetId"]
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [network]}])["RouteTables"]
    ec2.create_vpc_endpoint(
        VpcId=network, ServiceName="com.amazonaws.eu-west-1.s3", RouteTableIds=[tables[0]["RouteTableId"]]
    )
    in_subnet(script, subnet)
    assert connector_network.way_to_s3(account).ok is True
