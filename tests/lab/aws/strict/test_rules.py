"""Each rule of the strict lab, met by a call; and the pipeline, which gets along with them."""

import dataclasses
import json
import time
from types import SimpleNamespace

import pytest
from labs import SPARE_PORTS, workbook_of

from helpers import iam
from helpers.account.clean_up import clean_up
from helpers.client_machine import ec2_client
from helpers.config import SetupError
from helpers.kafka import sink_objects
from lab.aws.errors import AwsError
from lab.aws.identity.principals import Directory
from lab.aws.strict import spreading
from lab.aws.strict.rules import all_rules, hold
from lab.control import operations
from lab.core.iam_file import ACCOUNT, CLUSTER_ARN
from lab.core.layout import Lab, read_ports

ROLE = f"arn:aws:iam::{ACCOUNT}:role/new"
NOBODY = Directory({}, {}, {}, {})


def call(service, name, path="/", **parameters):
    return SimpleNamespace(
        service=service, name=name, parameters=lambda: parameters, call=SimpleNamespace(path=path),
        answer=lambda told: told,
    )  # fmt: skip


def refusal(rules, operation, known=NOBODY):
    with pytest.raises(AwsError) as refused:
        hold(rules, operation, known)
    return refused.value


def trust(*arns):
    return json.dumps(iam.trust_policy(["ec2.amazonaws.com"], *arns))


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(time, "monotonic", lambda: now.seconds)
    return now


def test_every_rule_has_a_name_and_a_source():
    rules = all_rules()
    assert len({rule.name for rule in rules}) == len(rules)
    assert all(rule.source for rule in rules)


def test_a_new_profile_is_not_known_to_ec2_at_first(clock):
    rules = all_rules()
    launch = call("ec2", "RunInstances", IamInstanceProfile={"Name": "new"})
    put = call("iam", "AddRoleToInstanceProfile", InstanceProfileName="new", RoleName="new")
    assert hold(rules, put, NOBODY) is None
    assert "Invalid IAM Instance Profile name" in refusal(rules, launch).message
    clock.seconds += spreading.SECONDS
    assert hold(rules, launch, NOBODY) is None


def test_a_new_role_is_not_known_to_iam_as_a_principal_at_first(clock):
    rules = all_rules()
    naming = call("iam", "UpdateAssumeRolePolicy", RoleName="new", PolicyDocument=trust(ROLE))
    assert hold(rules, call("iam", "CreateRole", RoleName="new", AssumeRolePolicyDocument=trust()), NOBODY) is None
    assert f'Invalid principal in policy: "AWS":"{ROLE}"' in refusal(rules, naming).message
    clock.seconds += spreading.SECONDS
    assert hold(rules, naming, NOBODY) is None


def test_a_role_that_is_there_stays_known_whoever_creates_it_again(clock):
    rules, known = all_rules(), dataclasses.replace(NOBODY, trust={ROLE: {}}, profiles={"new": ROLE})
    hold(rules, call("iam", "CreateRole", RoleName="new", AssumeRolePolicyDocument=trust()), known)
    hold(rules, call("iam", "AddRoleToInstanceProfile", InstanceProfileName="new", RoleName="new"), known)
    assert hold(rules, call("iam", "UpdateAssumeRolePolicy", PolicyDocument=trust(ROLE)), known) is None
    assert hold(rules, call("ec2", "RunInstances", IamInstanceProfile={"Name": "new"}), known) is None


def test_the_console_is_empty_at_first(clock):
    rules = all_rules()
    look = call("ec2", "GetConsoleOutput", InstanceId="i-1")
    assert hold(rules, look, NOBODY) is None
    hold(rules, call("ec2", "RunInstances"), NOBODY)
    assert hold(rules, look, NOBODY) == {"InstanceId": "i-1", "Output": ""}
    clock.seconds += 60
    assert hold(rules, look, NOBODY) is None


def test_somebodys_bucket_can_neither_be_made_nor_seen():
    rules = all_rules()
    assert refusal(rules, call("s3", "CreateBucket", "/user-000000000000-bucket")).code == "BucketAlreadyExists"
    assert refusal(rules, call("s3", "HeadBucket", "/user-000000000000-bucket")).status == 403
    assert hold(rules, call("s3", "HeadBucket", "/user-0a1b2c3d4e5f-bucket"), NOBODY) is None


def test_us_east_1_is_not_named():
    wanted = call("s3", "CreateBucket", "/a-bucket", CreateBucketConfiguration={"LocationConstraint": "us-east-1"})
    assert refusal(all_rules(), wanted).code == "InvalidLocationConstraint"


def test_a_description_with_an_apostrophe_is_refused():
    wanted = call("ec2", "CreateSecurityGroup", Description="the workbook's", GroupName="a")
    assert "GroupDescription" in refusal(all_rules(), wanted).message


def test_a_connector_without_its_notes_is_refused():
    wanted = call("kafkaconnect", "CreateConnector", serviceExecutionRoleArn=ROLE)
    known = dataclasses.replace(NOBODY, trust={ROLE: {}}, policies={ROLE: (iam.kafka_policy(CLUSTER_ARN, "a.*"),)})
    assert "__amazon_msk_connect" in refusal(all_rules(), wanted, known).message
    allowed = (iam.kafka_policy(CLUSTER_ARN, "a.*"), iam.connect_policy(CLUSTER_ARN))
    assert hold(all_rules(), wanted, dataclasses.replace(known, policies={ROLE: allowed})) is None


@pytest.fixture
def strict(tmp_path_factory):
    """A lab that is as AWS is, as far as a launch goes."""
    ports = read_ports({"LAB_PORT_OFFSET": str(SPARE_PORTS)})
    lab = Lab(tmp_path_factory.mktemp("strict").resolve(), ports=ports, as_on_aws=True)
    try:
        operations.up(lab, ["s3", "aws"])
        with workbook_of(lab) as workbook:
            yield workbook
    finally:
        operations.down(lab)


@pytest.mark.lab
def test_the_client_machine_is_made_and_cleaned_up_in_a_lab_that_is_as_aws_is(strict):
    with pytest.raises(SetupError, match="somebody else's"):
        sink_objects.create_bucket(dataclasses.replace(strict, id="000000000000"))
    sink_objects.create_bucket(strict)
    ec2_client.create_key_pair(strict)
    began = time.monotonic()
    iam.make_access_role(strict)
    ec2_client.launch(strict)
    assert ec2_client.host_fingerprint(strict).startswith("SHA256:")
    assert time.monotonic() - began > spreading.SECONDS
    assert clean_up(strict, lambda line: None).left.is_empty
