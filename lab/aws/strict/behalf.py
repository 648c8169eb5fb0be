"""What a call has done on the caller's behalf needs permissions too: tags, network interfaces, log delivery."""

from collections.abc import Mapping
from typing import Any

from lab.aws.errors import AwsError
from lab.aws.identity import policies
from lab.aws.strict.rule import Asked, Rule
from lab.core.iam_file import ACCOUNT

Said = Mapping[str, Any]

_NETWORK = ("ec2:CreateNetworkInterface", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs")

_LOG_DELIVERY = (
    "logs:CreateLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:PutResourcePolicy",
)  # fmt: skip


NEEDED: dict[str, dict[str, tuple[str, ...]]] = {
    "ec2:RunInstances": {"TagSpecifications": ("ec2:CreateTags",)},
    "ec2:CreateKeyPair": {"TagSpecifications": ("ec2:CreateTags",)},
    "ec2:CreateSecurityGroup": {"TagSpecifications": ("ec2:CreateTags",)},
    "iam:CreateRole": {"Tags": ("iam:TagRole",)},
    "iam:CreateInstanceProfile": {"Tags": ("iam:TagInstanceProfile",)},
    "apigateway:CreateRestApi": {"tags": ("apigateway:PUT",)},
    "kinesis:CreateStream": {"Tags": ("kinesis:AddTagsToStream",)},
    "logs:CreateLogGroup": {"tags": ("logs:TagResource",)},
    "kafkaconnect:CreateWorkerConfiguration": {"tags": ("kafkaconnect:TagResource",)},
    "kafkaconnect:CreateCustomPlugin": {"tags": ("kafkaconnect:TagResource",)},
    "kafkaconnect:CreateConnector": {
        "connectorName": (*_NETWORK, "iam:CreateServiceLinkedRole"),
        "logDelivery": _LOG_DELIVERY,
        "tags": ("kafkaconnect:TagResource",),
    },
    "airflow:CreateEnvironment": {
        "Name": (*_NETWORK, "ec2:CreateVpcEndpoint", "iam:CreateServiceLinkedRole"),
        "Tags": ("airflow:TagResource",),
    },
}
"""``<service>:<operation>`` → its members, and the actions that each needs beside the operation's own."""


def _hold(asked: Asked) -> None:
    wanted = NEEDED.get(f"{asked.operation.service}:{asked.operation.name}", {})
    said = asked.operation.parameters() if wanted else {}
    documents = asked.known.policies.get(asked.caller.owner, ())
    for member, actions in wanted.items():
        for action in actions if said.get(member) else ():
            if not policies.allows(documents, action, _resource(action, said)):
                raise AwsError(_code(asked.operation.service), _told(asked.caller.session, action), 403)


def _resource(action: str, said: Said) -> str | None:
    """Name what an action is about, where policies name such things: roles and instance profiles."""
    kinds = {"iam:TagRole": ("role", "RoleName"), "iam:TagInstanceProfile": ("instance-profile", "InstanceProfileName")}
    if action not in kinds:
        return None
    kind, member = kinds[action]
    return f"arn:aws:iam::{ACCOUNT}:{kind}/{said[member]}"


def _code(service: str) -> str:
    if service == "ec2":
        return "UnauthorizedOperation"
    return "AccessDenied" if service == "iam" else "AccessDeniedException"


def _told(session: str, action: str) -> str:
    return (
        f"User: {session} is not authorized to perform: {action} because no identity-based policy allows the "
        f"{action} action"
    )


def rule() -> Rule:
    """Make the rule."""
    source = (
        'Amazon EC2 User Guide, "Grant permission to tag Amazon EC2 resources during creation"; IAM User Guide, '
        '"Tagging IAM resources"; Amazon MSK Developer Guide, "IAM policies for MSK Connect"; Amazon MWAA User Guide, '
        '"Accessing an Amazon MWAA environment"'
    )
    return Rule("what is done on the caller's behalf needs permissions", source, _hold)
