"""All kinds of things, made on moto, listed, priced and deleted, whatever fails on the way."""

import dataclasses
import json

import pytest
from botocore.exceptions import ClientError, WaiterError
from own_account import ID, workbook

from helpers import iam
from helpers.account import __main__ as command
from helpers.account import costs, inventory
from helpers.account.clean_up import clean_up
from helpers.account.inventory import KINDS
from helpers.account.kinds import pipeline, storage
from helpers.client_machine import ec2_client
from helpers.gateway import rest_api
from helpers.kafka import msk_connect, sink_objects
from helpers.kinesis import streams

ELSEWHERE = {"connectors", "custom plugins", "worker configurations", "Airflow environments"}
"""Kinds that moto does not have; the lab does."""


def furnish(own):
    """Make one thing of each kind that moto has, as the notebooks do, and what they leave in the bucket."""
    sink_objects.create_bucket(own)
    s3 = own.client("s3")
    s3.put_bucket_versioning(Bucket=own.bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2"):
        s3.put_object(Bucket=own.bucket, Key="requirements.txt", Body=body)
    s3.delete_object(Bucket=own.bucket, Key="requirements.txt")
    policy = own.client("iam").create_policy(
        PolicyName=f"{own.id}-own", PolicyDocument=json.dumps(iam.bucket_policy(own.bucket))
    )["Policy"]["Arn"]
    for role in (own.access_role, own.kinesis_role, own.airflow_role):
        iam.create(own, role, iam.trust_policy(iam.ACCESS_SERVICES))
        iam.set_policies(own, role, {"bucket": iam.bucket_policy(own.bucket)})
        own.client("iam").attach_role_policy(RoleName=role, PolicyArn=policy)
    iam.create_instance_profile(own, own.access_role)
    ec2_client.create_key_pair(own)
    ec2_client.launch(own)
    for stream in own.streams:
        own.client("kinesis").create_stream(StreamName=stream, ShardCount=2)
    rest_api.create_api(own)
    msk_connect.create_log_group(own)
    own.client("secretsmanager").create_secret(Name=f"{own.id}/databricks", SecretString="x")
    own.client("ssm").put_parameter(Name=f"/{own.id}/setting", Value="x", Type="String")


@pytest.fixture
def furnished(account, tmp_path):
    own = workbook(key_folder=str(tmp_path))
    furnish(own)
    somebody = dataclasses.replace(own, id="fedcba543210")
    sink_objects.create_bucket(somebody)
    iam.create(somebody, somebody.access_role, iam.trust_policy(iam.ACCESS_SERVICES))
    return own


def kinds_of(found):
    return {one.kind for one in found}


def test_everything_is_found_deleted_and_proved_gone_and_nothing_of_others(furnished):
    there = inventory.take(furnished)
    assert kinds_of(there.found) == {kind.title for kind in KINDS} - ELSEWHERE - {"stacks"}
    assert {*there.not_offered} == ELSEWHERE
    assert not there.unseen
    told = []
    outcome = clean_up(furnished, told.append)
    assert outcome.left.is_empty
    assert not outcome.failures
    assert inventory.lines(outcome.left) == ["0 things of the workbook on this account"]
    assert len(told) == len(there.found)
    somebody = dataclasses.replace(furnished, id="fedcba543210")
    assert kinds_of(inventory.take(somebody).found) == {"buckets", "roles"}


@pytest.mark.parametrize("broken", ["instances", "buckets"])
def test_a_failure_in_the_middle_stops_nothing_else_and_a_second_run_ends_it(furnished, broken):
    def fail(workbook, one):
        raise ClientError({"Error": {"Code": "InternalFailure", "Message": "try later"}}, "Delete")

    kinds = [dataclasses.replace(kind, delete=fail) if kind.title == broken else kind for kind in KINDS]
    outcome = clean_up(furnished, lambda line: None, kinds, rounds=1)
    assert broken in kinds_of(outcome.left.found)
    assert not kinds_of(outcome.left.found) & ({"streams", "REST APIs", "secrets", "log groups"} - {broken})
    assert "try later" in " ".join(failure.reason for failure in outcome.failures)
    assert clean_up(furnished, lambda line: None).left.is_empty


def test_what_fails_once_is_tried_again_in_the_same_run(furnished):
    failed = []

    def fail_once(workbook, one):
        if one not in failed:
            failed.append(one)
            raise ClientError({"Error": {"Code": "DependencyViolation", "Message": "in use"}}, "Delete")
        own.delete(workbook, one)

    own = next(kind for kind in KINDS if kind.title == "security groups")
    kinds = [dataclasses.replace(kind, delete=fail_once) if kind is own else kind for kind in KINDS]
    assert clean_up(furnished, lambda line: None, kinds).left.is_empty
    assert len(failed) == 1


def test_what_cannot_be_looked_at_is_not_called_nothing(account, script):
    script.refuses("secretsmanager", "list_secrets", "AccessDeniedException", "no secretsmanager:ListSecrets")
    there = inventory.take(account)
    assert not there.found
    assert not there.is_empty
    assert "not looked at: secrets: no secretsmanager:ListSecrets" in inventory.lines(there)


def test_more_objects_than_one_call_deletes(account, monkeypatch):
    monkeypatch.setattr(storage, "MOST_AT_ONCE", 10)
    sink_objects.create_bucket(account)
    s3 = account.client("s3")
    for number in range(25):
        s3.put_object(Bucket=account.bucket, Key=f"topics/{number}", Body=b"")
    assert clean_up(account, lambda line: None).left.is_empty


def test_streams_and_apis_carry_the_tag(account, script):
    asked = {
        "StreamName": "a", "ShardCount": 1, "StreamModeDetails": {"StreamMode": "PROVISIONED"}, "Tags": {"workbook": ID}
    }  # fmt: skip
    script.answers("kinesis", "create_stream", {}, asked)
    script.refuses("kinesis", "describe_stream", "InternalFailure", "enough of it")
    with pytest.raises(WaiterError):
        streams.create(account, "a", 1)
    api = rest_api.create_api(account)
    assert account.client("apigateway").get_rest_api(restApiId=api)["tags"] == {"workbook": ID}


# the bill


def test_the_plan_comes_to_what_the_documents_say():
    prices = costs.Prices.read()
    assert {line.price for line in costs.PLAN} <= prices.dollars.keys()
    assert costs.hourly(costs.PLAN, prices) == pytest.approx(0.85, abs=0.01)
    assert costs.bill(costs.PLAN, prices)[-1].startswith("prices of 2026-11 for us-east-1")


def test_the_bill_of_what_runs_counts_shards_machines_and_addresses(furnished):
    prices = costs.Prices.read()
    lines = costs.running(inventory.take(furnished))
    assert costs.hourly(lines, prices) == pytest.approx(6 * 0.015 + 0.0208 + 0.005)
    clean_up(furnished, lambda line: None)
    assert costs.hourly(costs.running(inventory.take(furnished)), prices) == 0


def test_what_has_no_price_is_said(account):
    line = costs.Line("a big machine", "EC2 x1.32xlarge", 1)
    assert "no price of 'EC2 x1.32xlarge'" in costs.bill([line], costs.Prices.read())[0]


# the command


@pytest.fixture
def run(monkeypatch, capsys):
    def run(own, *arguments):
        monkeypatch.setattr(command.Workbook, "load", classmethod(lambda kind: own))
        code = command.main(list(arguments))
        return code, capsys.readouterr().out

    return run


def test_nothing_is_deleted_without_yes(furnished, run):
    before = inventory.take(furnished).found
    code, said = run(furnished, "clean-up")
    assert code == 1
    assert "Nothing was deleted. With --yes" in said
    assert inventory.take(furnished).found == before
    code, said = run(furnished, "clean-up", "--yes")
    assert code == 0
    assert said.splitlines()[-1] == "0 things of the workbook on this account"
    assert run(furnished, "list")[1] == "0 things of the workbook on this account\n"


def test_costs_are_told_before_and_during(furnished, run):
    code, said = run(furnished, "costs")
    assert code == 0
    assert "0.852 dollars an hour" in said
    assert "0.116 dollars an hour" in said


def test_what_the_lab_and_aws_have_and_moto_has_not_is_found_by_a_script(account, script):
    script.answers("kafkaconnect", "list_connectors", {
        "connectors": [
            {"connectorName": f"{ID}-connector", "connectorArn": "one", "capacity":
                {"provisionedCapacity": {"mcuCount": 2, "workerCount": 1}}},
            {"connectorName": "another", "connectorArn": "two"},
        ]
    })  # fmt: skip
    (one,) = pipeline.CONNECTORS.find(account)
    assert (one.name, one.units) == (f"{ID}-connector", 2)
    script.answers("mwaa", "list_environments", {"Environments": [account.airflow, "another"]})
    (one,) = pipeline.ENVIRONMENTS.find(account)
    assert one.name == account.airflow
