"""The policies by notebook hold what the code calls: nothing less, nothing more."""

import json

import pytest

from tools import notebooks, policies


@pytest.mark.parametrize("source", notebooks.sources(), ids=lambda path: path.stem)
def test_each_notebooks_policy_is_that_of_its_calls(source):
    committed = policies.FOLDER / f"{source.stem}.json"
    assert committed.read_text() == policies.text(source), "python -m tools.policies"


def test_there_is_a_policy_for_each_notebook_and_no_other():
    assert {file.stem for file in policies.FOLDER.glob("*.json")} == {path.stem for path in notebooks.sources()}


@pytest.fixture
def calls_of(tmp_path):
    def calls_of(code):
        file = tmp_path / "99_notebook.py"
        file.write_text(code)
        return policies.calls(file)

    return calls_of


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("workbook.client('iam').create_user(UserName='a')", ("iam", "CreateUser")),
        ("x = workbook.client('s3')\nx.get_paginator('list_objects_v2')", ("s3", "ListObjectsV2")),
        ("workbook.client('ec2').get_waiter('instance_running')", ("ec2", "DescribeInstances")),
        ("x = workbook.client('s3')\nx.upload_file('a', 'b', 'c')", ("s3", "PutObject")),
        ("from helpers.kinesis import streams\nstreams.delete(workbook, 'a')", ("kinesis", "DeleteStream")),
        ("from helpers.account import inventory\ninventory.take(workbook)", ("mwaa", "ListEnvironments")),
        ("from helpers.kafka import client as k\nk.lag(workbook, 'a')", ("kafka-cluster", "*")),
    ],
)
def test_calls_are_found_however_they_are_written(calls_of, code, call):
    assert call in calls_of(code)


def test_what_is_not_used_is_not_allowed(calls_of):
    assert calls_of("from helpers.kinesis import streams\nstreams.describe(workbook)") == {
        ("kinesis", "DescribeStreamSummary")
    }
    assert calls_of("import boto3\nprint('delete_stream')") == set()


def test_actions_have_the_names_of_the_authorization_reference():
    named = {
        ("s3", "HeadBucket"): "s3:ListBucket", ("mwaa", "GetEnvironment"): "airflow:GetEnvironment",
        ("apigateway", "CreateRestApi"): "apigateway:POST", ("kinesis", "ListStreams"): "kinesis:ListStreams",
    }  # fmt: skip
    assert {call: policies.action(call) for call in named} == named


def test_what_a_service_does_on_ones_behalf_comes_along_and_roles_are_named():
    made = policies.policy({("mwaa", "CreateEnvironment"), ("s3", "ListBuckets")})
    by_resource = {json.dumps(one["Resource"]): one["Action"] for one in made["Statement"]}
    assert "ec2:CreateVpcEndpoint" in by_resource['"*"']
    assert "s3:ListAllMyBuckets" in by_resource['"*"']
    assert ["iam:PassRole"] in by_resource.values()
