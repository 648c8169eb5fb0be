"""The template is well-formed, its names are those that the notebooks look for, and it is deployed by boto3."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from own_account import ID, workbook

from helpers.account import __main__ as command
from helpers.account import template
from helpers.config import SetupError


def lint(file):
    program = Path(sys.executable).with_name("cfn-lint")
    return subprocess.run([program, str(file)], capture_output=True, text=True)


def test_the_template_has_no_faults():
    done = lint(template.FILE)
    assert done.returncode == 0, done.stdout


def test_a_fault_is_found(tmp_path):
    file = tmp_path / "broken.yaml"
    file.write_text(template.FILE.read_text().replace("NumberOfBrokerNodes: 2", "NumberOfBrokers: 2"))
    assert "NumberOfBrokers" in lint(file).stdout


class Document(yaml.SafeLoader):
    """Reads the template; its functions are of no interest here, but for names with the id in them."""


Document.add_multi_constructor("!", lambda loader, tag, node: str(node.value).replace("${WorkbookId}", ID))


def read():
    return yaml.load(template.FILE.read_text(), Document)


def names(kind):
    found = [one for one in read()["Resources"].values() if one["Type"] == kind]
    return {tag["Value"] for one in found for tag in one["Properties"]["Tags"] if tag["Key"] == "Name"}


def test_its_names_are_those_that_the_notebooks_look_for():
    own = workbook()
    assert names("AWS::EC2::Subnet") == {own.public_subnet, *own.private_subnets}


def test_whatever_takes_tags_carries_the_id():
    without = {"AWS::EC2::VPCGatewayAttachment", "AWS::EC2::Route", "AWS::EC2::SubnetRouteTableAssociation",
               "AWS::EC2::VPCEndpoint", "AWS::Budgets::Budget"}  # fmt: skip
    for name, one in read()["Resources"].items():
        if one["Type"] not in without:
            tags = one["Properties"]["Tags"]
            keys = tags if isinstance(tags, dict) else {tag["Key"] for tag in tags}
            assert "workbook" in keys, name


def test_brokers_are_private_and_ask_for_iam():
    cluster = read()["Resources"]["Cluster"]["Properties"]
    assert cluster["ClientAuthentication"] == {
        "Sasl": {"Iam": {"Enabled": True}}, "Unauthenticated": {"Enabled": False}
    }  # fmt: skip
    assert not re.search(r"0\.0\.0\.0/0", str(read()["Resources"]["Brokers"]))


def stack(status, **more):
    return {"Stacks": [{"StackName": f"workbook-{ID}", "CreationTime": "2026-11-28", "StackStatus": status, **more}]}


def test_the_stack_is_made_with_id_and_tag(account, script):
    asked = {
        "StackName": f"workbook-{ID}", "TemplateBody": template.FILE.read_text(),
        "Parameters": [{"ParameterKey": "WorkbookId", "ParameterValue": ID},
                       {"ParameterKey": "NatGateway", "ParameterValue": "yes"}],
        "Tags": [{"Key": "workbook", "Value": ID}],
    }  # fmt: skip
    script.answers("cloudformation", "create_stack", {"StackId": "s"}, asked)
    script.answers("cloudformation", "describe_stacks", stack("CREATE_COMPLETE"))
    assert template.create(account, {"NatGateway": "yes"}) == "created"


def test_a_stack_that_is_there_is_changed_or_left(account, script):
    for is_new in (False, True):
        script.refuses("cloudformation", "create_stack", "AlreadyExistsException", "it is there")
        script.answers("cloudformation", "describe_stacks", stack("CREATE_COMPLETE"))
        if is_new:
            script.refuses("cloudformation", "update_stack", "ValidationError", "No updates are to be performed.")
        else:
            script.answers("cloudformation", "update_stack", {"StackId": "s"})
            script.answers("cloudformation", "describe_stacks", stack("UPDATE_COMPLETE"))
    assert [template.create(account, {}), template.create(account, {})] == ["changed", "was there"]


def test_a_stack_that_an_interrupted_command_left_in_the_making_is_waited_for(account, script):
    script.refuses("cloudformation", "create_stack", "AlreadyExistsException", "it is there")
    for status in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"):
        script.answers("cloudformation", "describe_stacks", stack(status))
    assert template.create(account, {}) == "created"


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        ("UPDATE_IN_PROGRESS", "wait until that is done"),
        ("DELETE_IN_PROGRESS", "wait until that is done"),
        ("ROLLBACK_COMPLETE", "clean-up"),
        ("DELETE_FAILED", "clean-up"),
    ],
)
def test_a_stack_that_cannot_be_changed_says_what_to_do(account, script, status, remedy):
    script.refuses("cloudformation", "create_stack", "AlreadyExistsException", "it is there")
    script.answers("cloudformation", "describe_stacks", stack(status))
    with pytest.raises(SetupError, match=f"is in {status}.*{remedy}"):
        template.create(account, {})


def test_the_first_failure_is_the_reason(account, script):
    script.answers("cloudformation", "create_stack", {"StackId": "s"})
    script.answers("cloudformation", "describe_stacks", stack("ROLLBACK_COMPLETE"))
    event = {"StackId": "s", "EventId": "e", "StackName": "s", "ResourceStatus": "CREATE_FAILED"}
    events = [
        event | {"Timestamp": "2026-11-28T10:00:02", "LogicalResourceId": "Nat", "ResourceStatusReason": "cancelled"},
        event | {"Timestamp": "2026-11-28T10:00:01", "LogicalResourceId": "Cluster", "ResourceStatusReason": "quota"},
    ]
    script.answers("cloudformation", "describe_stack_events", {"StackEvents": events})
    with pytest.raises(SetupError, match=r"could not be made: Cluster: quota"):
        template.create(account, {})


def test_nothing_is_made_without_yes(account, monkeypatch, capsys):
    monkeypatch.setattr(command.Workbook, "load", classmethod(lambda kind: account))
    monkeypatch.setattr(template, "create", lambda *arguments: pytest.fail("it was made"))
    assert command.main(["create", "NatGateway=yes"]) == 1
    assert "Nothing was made. With --yes" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", ["NatGateway", "NoSuch=yes"])
def test_a_parameter_that_is_none_is_said(account, monkeypatch, capsys, wrong):
    monkeypatch.setattr(command.Workbook, "load", classmethod(lambda kind: account))
    assert command.main(["create", wrong, "--yes"]) == 2
    assert wrong.partition("=")[0] in capsys.readouterr().err
