"""What is missing is said before anything is made, a line a matter, each with what to do."""

import pytest
import requests
from own_account import workbook

from helpers.account import __main__ as command
from helpers.account import check, permissions
from helpers.account.finding import Finding

CALLER = {"Arn": "arn:aws:sts::123456789012:assumed-role/admin/me", "Account": "123456789012", "UserId": "me"}


ACCOUNT = "123456789012"


class Iam:
    """IAM's simulator, by a set of what is denied: an action, or an action on a thing."""

    def __init__(self, *denied):
        self.denied, self.asked = denied, []

    def simulate_principal_policy(self, PolicySourceArn, ActionNames, ResourceArns, **more):
        assert PolicySourceArn == f"arn:aws:iam::{ACCOUNT}:role/admin"
        assert len(ActionNames) <= permissions.MOST_AT_ONCE
        (thing,) = ResourceArns
        self.asked += [(action, thing) for action in ActionNames]
        results = [(one, "implicitDeny" if {one, (one, thing)} & {*self.denied} else "allowed") for one in ActionNames]
        return {"EvaluationResults": [{"EvalActionName": one, "EvalDecision": told} for one, told in results]}

    def get_caller_identity(self):
        return CALLER


@pytest.fixture
def simulator(account, monkeypatch):
    def denying(*denied):
        simulated = Iam(*denied)
        own = type(account).client
        monkeypatch.setattr(
            type(account), "client",
            lambda book, name: simulated if name in ("iam", "sts") else own(book, name),
        )  # fmt: skip
        return simulated

    return denying


def test_what_may_not_be_done_is_named_with_the_policy_to_ask_for(account, simulator):
    simulator("kinesis:CreateStream")
    found = permissions.check(account)
    assert found.ok is False
    assert "kinesis:CreateStream not allowed" in found.what
    assert "aws/policies/09a_kinesis_ingest.json" in found.remedy


def test_all_allowed_is_one_line(account, simulator):
    simulator()
    assert permissions.check(account).ok is True


def test_whoever_has_the_policies_and_nothing_more_lacks_nothing(account, simulator):
    asked = simulator()
    permissions.check(account)
    assert ("s3:CreateBucket", f"arn:aws:s3:::{account.bucket}") in asked.asked
    assert ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/{account.access_role}") in asked.asked
    assert ("s3:CreateBucket", "*") not in asked.asked
    # a role is made, and no profile or policy, by CreateRole: that it may not be on those says nothing
    kinds = [f"arn:aws:iam::{ACCOUNT}:{kind}/{account.access_role}" for kind in ("instance-profile", "policy")]
    simulator(*(("iam:CreateRole", kind) for kind in kinds))
    assert permissions.check(account).ok is True


@pytest.mark.parametrize("role", ["access_role", "airflow_role", "kinesis_role"])
def test_a_role_that_may_not_be_passed_is_named_with_its_service(account, simulator, role):
    arn = f"arn:aws:iam::{ACCOUNT}:role/{getattr(account, role)}"
    simulator(("iam:PassRole", arn))
    found = permissions.passing(account)
    assert found.ok is False
    assert f"{arn} may not be passed to" in found.what
    assert f"iam:PassRole on {arn}" in found.remedy
    simulator()
    assert permissions.passing(account).ok is True


def test_an_iam_that_does_not_say_is_unknown_and_not_good(account, script):
    script.answers("sts", "get_caller_identity", CALLER)
    script.refuses("iam", "simulate_principal_policy", "AccessDenied", "not for you")
    found = permissions.check(account)
    assert found.ok is None
    assert "iam:SimulatePrincipalPolicy" in found.remedy


def test_without_an_identity_nothing_else_is_asked(account, script):
    script.refuses("sts", "get_caller_identity", "ExpiredToken", "The security token is expired")
    (found,) = check.run(account)
    assert found.ok is False
    assert "aws sso login" in found.remedy


def test_a_region_that_is_none_or_off_is_said(account, script):
    script.answers("ec2", "describe_regions", {"Regions": [{"RegionName": "us-east-1"}]})
    assert "there is no eu-west-1" in check.region(account).what
    script.answers("ec2", "describe_regions", {"Regions": [{"RegionName": "eu-west-1", "OptInStatus": "not-opted-in"}]})
    assert "not switched on" in check.region(account).what


@pytest.mark.parametrize(("status", "ok"), [(404, True), (403, False)])
def test_a_taken_name_is_said(account, script, status, ok):
    script.refuses("s3", "head_bucket", str(status), "", status)
    found = check.names(account)
    assert found.ok is ok
    assert ok or "another WORKBOOK_ID" in found.remedy


def test_a_quota_that_is_used_up_is_said(account, script):
    script.answers("kinesis", "describe_limits", {"ShardLimit": 10, "OpenShardCount": 7,
                                                  "OnDemandStreamCount": 0, "OnDemandStreamCountLimit": 1})  # fmt: skip
    assert check.quotas(account).what == "quotas: 3 shards are free, 6 are needed"


def test_a_region_full_of_networks_is_said_unless_one_of_them_is_the_workbooks(account):
    client = account.client("ec2")
    there = len(client.describe_vpcs()["Vpcs"])
    assert check.networks(account).what == f"networks: {5 - there} are free"
    made = [client.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"] for _ in range(5 - there)]
    found = check.networks(account)
    assert found.what == "networks: all 5 that the region may have are there, one is needed"
    assert "raised" in found.remedy
    client.create_tags(Resources=made[:1], Tags=[{"Key": "workbook", "Value": account.id}])
    assert check.networks(account).ok


def test_brokers_that_do_not_answer_here_are_said_with_the_way_to_them(account):
    found = check.way_to_the_brokers(workbook(bootstrap_servers="127.0.0.1:1"))
    assert found.ok is False
    assert "WORKBOOK_BROKERS_THROUGH_CLIENT=yes" in found.remedy
    through = check.way_to_the_brokers(workbook(brokers_through_client=True))
    assert "run notebook 01" in through.remedy


class Reply:
    def __init__(self, body):
        self._body = body

    def raise_for_status(self):
        pass

    def json(self):
        return self._body


@pytest.fixture
def workspace(monkeypatch):
    """A Databricks workspace that gives one answer."""

    def answering(body):
        monkeypatch.setenv("DATABRICKS_HOST", "https://one.cloud.databricks.com")
        monkeypatch.setenv("DATABRICKS_TOKEN", "t")
        monkeypatch.setattr(requests, "get", lambda address, **options: Reply(body))

    return answering


@pytest.mark.parametrize(
    ("version", "ok"), [("16.4.x-scala2.13", True), ("18.1.x-scala2.13", True), ("13.3.x-scala2.12", False)]
)
def test_an_old_runtime_is_said(account, workspace, version, ok):
    workspace({"clusters": [{"cluster_name": "mine", "spark_version": version}]})
    assert check.databricks_runtime(account).ok is ok


def test_a_missing_scope_and_a_missing_cluster_are_said(account, workspace):
    workspace({})
    assert check.databricks_scope(account).remedy == "`databricks secrets create-scope aws`"
    assert "no cluster" in check.databricks_runtime(account).what


def test_a_cluster_may_be_named_in_three_ways_and_a_volume_needs_no_mount(account, workspace, monkeypatch):
    workspace({})
    assert "DATABRICKS_CLUSTER_ID not set" in check.databricks_settings(account).what
    for name in ("SPARK_REMOTE", "DATABRICKS_CLUSTER_ID", "DATABRICKS_SERVERLESS_COMPUTE_ID"):
        with monkeypatch.context() as patch:
            patch.setenv(name, "one")
            assert check.databricks_settings(account).ok
    assert "WORKBOOK_VOLUME" in check.databricks_mounts(account).remedy
    assert check.databricks_mounts(workbook(volume="main.default.pins")).ok


def test_the_command_shows_each_finding_and_fails_if_one_is_missing(account, monkeypatch, capsys):
    findings = [Finding(True, "a"), Finding(None, "b"), Finding(False, "c", "do d")]
    monkeypatch.setattr(check, "run", lambda own: iter(findings))
    monkeypatch.setattr(command.Workbook, "load", classmethod(lambda kind: account))
    assert command.main(["check"]) == 1
    assert capsys.readouterr().out == "ok       a\nunknown  b\nMISSING  c\n           → do d\n"
    findings.pop()
    assert command.main(["check"]) == 0


def test_a_whole_check_on_an_empty_account_makes_nothing_and_says_what_to_do(account, monkeypatch):
    monkeypatch.setattr(permissions, "_denied", lambda own: set())  # moto does not simulate
    monkeypatch.setattr(permissions, "_may_pass", lambda *pair: True)
    findings = list(check.run(account))
    assert len(findings) == len(check.ESSENTIAL) + len(check.CHECKS)
    assert all(finding.remedy or finding.ok is not False for finding in findings)
    assert account.client("s3").list_buckets()["Buckets"] == []
