import dataclasses

import pytest
from moto.ec2.models import ec2_backends
from own_account import workbook
from strict_calls import ROLE, call, hold, refusal, with_role

from helpers import iam
from lab.aws.protocol import REGION
from lab.aws.strict import environments
from lab.core.iam_file import ACCOUNT

VERSIONED = {"versioning": "Enabled"}


@pytest.fixture
def own(brokers):
    return workbook(REGION)


@pytest.fixture
def known(own):
    return with_role(*iam.airflow_role(own, ACCOUNT).policies.values())


@pytest.fixture
def wanted(own, brokers):
    def environment(**changed):
        said = {
            "Name": own.airflow, "SourceBucketArn": f"arn:aws:s3:::{own.bucket}", "ExecutionRoleArn": ROLE,
            "NetworkConfiguration": network(brokers["ClientSubnets"]), "RequirementsS3Path": "requirements.txt",
        }  # fmt: skip
        return call("airflow", "CreateEnvironment", **said | changed)

    return environment


def network(subnets):
    return {"SubnetIds": subnets, "SecurityGroupIds": ["sg-1"]}


def rules(own, **settings):
    return [environments.rule(lambda: {own.bucket: VERSIONED | settings})]


def test_what_the_workbook_asks_for_is_let_through(own, wanted, known):
    assert hold(rules(own), wanted(), known) is None


@pytest.mark.parametrize("action", ["airflow:PublishMetrics", "logs:PutLogEvents", "sqs:SendMessage", "kms:Decrypt"])
def test_a_role_that_lacks_something_is_refused_by_its_name(own, wanted, known, action):
    denied = {"Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]}
    lacking = dataclasses.replace(known, policies={**known.policies, ROLE: (*known.policies[ROLE], denied)})
    assert action in refusal(rules(own), wanted(), lacking).message


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"versioning": None}, "versioning must be enabled"),
        ({"public access": {}}, "public access"),
        ({"public access": {"BlockPublicAcls": True}}, "public access"),
    ],
)
def test_a_bucket_without_versioning_or_open_to_the_public_is_refused(own, wanted, known, settings, words):
    assert words in refusal(rules(own, **settings), wanted(), known).message


def test_subnets_that_are_public_or_of_one_zone_are_refused(own, brokers, wanted, known):
    subnets = ec2_backends[ACCOUNT][REGION].describe_subnets()
    public = [one.id for one in subnets if one.default_for_az][:2]
    one, other = brokers["ClientSubnets"]
    for chosen, words in (
        (public, "must be private"), ([one], "two subnets"), ([one, "subnet-0"], "two subnets"), ([], "not none"),
        ([one, one], "two availability zones"),
    ):  # fmt: skip
        asked = wanted(NetworkConfiguration=network(chosen))
        assert words in refusal(rules(own), asked, known).message, chosen
    ungrouped = wanted(NetworkConfiguration={"SubnetIds": [one, other], "SecurityGroupIds": []})
    assert "SecurityGroupIds" in refusal(rules(own), ungrouped, known).message


def test_an_environment_without_packages_is_refused_since_the_lab_would_have_them(own, wanted, known):
    assert "the strict lab asks for the file" in refusal(rules(own), wanted(RequirementsS3Path=""), known).message
