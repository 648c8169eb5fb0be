"""The whole of it against the lab's endpoint, which has MSK Connect and policies that hold."""

import dataclasses
from pathlib import Path

import pytest

from helpers import iam
from helpers.account import check, inventory
from helpers.account.clean_up import clean_up
from helpers.kafka import client as kafka_client
from helpers.kafka import custom_plugin, msk_connect, sink_objects

pytestmark = pytest.mark.lab


@pytest.fixture
def own(workbook):
    mine = dataclasses.replace(workbook, id="0000000c1ea0")
    assert inventory.take(mine).is_empty
    return mine


def test_from_an_empty_lab_to_an_empty_lab(own):
    sink_objects.create_bucket(own)
    kafka_client.create_topics(own)
    s3 = own.client("s3")
    s3.put_bucket_versioning(Bucket=own.bucket, VersioningConfiguration={"Status": "Enabled"})
    for number in range(3):
        s3.put_object(Bucket=own.bucket, Key=f"topics/{number}", Body=b"{}")
    msk_connect.put_connector(own, msk_connect.sink_properties(own))
    iam.make(own, iam.airflow_role(own, iam.account(own)))
    own.client("ssm").put_parameter(Name=f"/{own.id}/a", Value="b", Type="String")
    own.client("secretsmanager").create_secret(Name=f"{own.id}/c", SecretString="d")
    there = inventory.take(own)
    assert {one.kind for one in there.found} == {
        "connectors", "custom plugins", "worker configurations", "buckets", "log groups", "instance profiles", "roles",
        "secrets", "parameters",
    }  # fmt: skip
    assert there.not_offered == ("stacks",)
    assert not there.unseen
    arn = next(one.handle for one in there.found if one.kind == "connectors")
    assert own.client("kafkaconnect").list_tags_for_resource(resourceArn=arn)["tags"] == own.tags
    told = []
    outcome = clean_up(own, told.append)
    assert outcome.left.is_empty, told
    assert outcome.left.not_offered == ("stacks",)


def test_a_plugin_in_use_waits_for_its_connector(own):
    sink_objects.create_bucket(own)
    custom_plugin.create(own, custom_plugin.upload(own, Path(own.sink_plugin)), f"{own.id}-spare")
    assert clean_up(own, lambda line: None).left.is_empty


def test_a_check_says_all_that_the_lab_has(own):
    findings = {finding.what.partition(":")[0]: finding for finding in check.run(own)}
    for what in ("identity", "region", "names", "network for Airflow", "cluster", "way to the brokers"):
        assert findings[what].ok is True, findings[what]
    assert all(finding.remedy or finding.ok is not False for finding in findings.values())
