"""Each rule about names and beginnings, met by a call; the others have files of their own."""

import dataclasses
import json

from strict_calls import ADMIN, CLOCK, ROLE, call, hold, refusal

from helpers import iam
from lab.aws.strict import spreading
from lab.aws.strict.rules import all_rules


def trust(*arns):
    return json.dumps(iam.trust_policy(["ec2.amazonaws.com"], *arns))


def test_every_rule_has_a_name_and_a_source():
    rules = all_rules()
    assert len({rule.name for rule in rules}) == len(rules)
    assert all(rule.source for rule in rules)


def test_a_new_profile_is_not_known_to_ec2_at_first():
    rules = all_rules()
    launch = call("ec2", "RunInstances", IamInstanceProfile={"Name": "new"})
    put = call("iam", "AddRoleToInstanceProfile", InstanceProfileName="new", RoleName="new")
    assert hold(rules, put) is None
    assert "Invalid IAM Instance Profile name" in refusal(rules, launch).message
    CLOCK.seconds += spreading.SECONDS
    assert hold(rules, launch) is None


def test_a_new_role_is_not_known_to_iam_as_a_principal_at_first():
    rules = all_rules()
    naming = call("iam", "UpdateAssumeRolePolicy", RoleName="new", PolicyDocument=trust(ROLE))
    assert hold(rules, call("iam", "CreateRole", RoleName="new", AssumeRolePolicyDocument=trust())) is None
    assert f'Invalid principal in policy: "AWS":"{ROLE}"' in refusal(rules, naming).message
    CLOCK.seconds += spreading.SECONDS
    assert hold(rules, naming) is None


def test_a_role_that_is_there_stays_known_whoever_creates_it_again():
    rules, known = all_rules(), dataclasses.replace(ADMIN, trust={ROLE: {}}, profiles={"new": ROLE})
    hold(rules, call("iam", "CreateRole", RoleName="new", AssumeRolePolicyDocument=trust()), known)
    hold(rules, call("iam", "AddRoleToInstanceProfile", InstanceProfileName="new", RoleName="new"), known)
    assert hold(rules, call("iam", "UpdateAssumeRolePolicy", PolicyDocument=trust(ROLE)), known) is None
    assert hold(rules, call("ec2", "RunInstances", IamInstanceProfile={"Name": "new"}), known) is None


def test_the_console_is_empty_at_first():
    rules = all_rules()
    look = call("ec2", "GetConsoleOutput", InstanceId="i-1")
    assert hold(rules, look) is None
    hold(rules, call("ec2", "RunInstances"))
    assert hold(rules, look) == {"InstanceId": "i-1", "Output": ""}
    CLOCK.seconds += 60
    assert hold(rules, look) is None


def test_somebodys_bucket_can_neither_be_made_nor_seen():
    rules = all_rules()
    assert refusal(rules, call("s3", "CreateBucket", "/user-000000000000-bucket")).code == "BucketAlreadyExists"
    assert refusal(rules, call("s3", "HeadBucket", "/user-000000000000-bucket")).status == 403
    assert hold(rules, call("s3", "HeadBucket", "/user-0a1b2c3d4e5f-bucket")) is None


def test_us_east_1_is_not_named():
    wanted = call("s3", "CreateBucket", "/a-bucket", CreateBucketConfiguration={"LocationConstraint": "us-east-1"})
    assert refusal(all_rules(), wanted).code == "InvalidLocationConstraint"


def test_a_description_with_an_apostrophe_is_refused():
    wanted = call("ec2", "CreateSecurityGroup", Description="the workbook's", GroupName="a")
    assert "GroupDescription" in refusal(all_rules(), wanted).message
