"""The role in which API Gateway calls Kinesis: whom it trusts, and which streams it may use."""

import contextlib
import json
from typing import Any

from helpers.config import Workbook
from helpers.iam import POLICY_VERSION

Document = dict[str, Any]

SERVICE = "apigateway.amazonaws.com"
"""Who acts in the role."""

POLICY = "streams"
"""Name of the role's one inline policy."""

STREAM_ACTIONS = ("CreateStream", "DeleteStream", "DescribeStream", "PutRecord", "PutRecords")


def trust_policy() -> Document:
    """Write who may assume the role: API Gateway."""
    statement = {"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "sts:AssumeRole"}
    return {"Version": POLICY_VERSION, "Statement": [statement]}


def streams_policy(workbook: Workbook, account: str) -> Document:
    """Write what the role may do: list all streams, and manage and fill the learner's.

    Parameters
    ----------
    workbook : Workbook
        Gives region and streams.
    account : str
        The account's 12 digits.
    """
    stream = f"arn:aws:kinesis:{workbook.region}:{account}:stream/streaming-{workbook.id}-*"
    statements = [
        {"Effect": "Allow", "Action": "kinesis:ListStreams", "Resource": "*"},
        {"Effect": "Allow", "Action": [f"kinesis:{action}" for action in STREAM_ACTIONS], "Resource": stream},
    ]
    return {"Version": POLICY_VERSION, "Statement": statements}


def create(workbook: Workbook) -> str:
    """Create the role unless it is there, and give it its trust and its policy in any case.

    Returns
    -------
    str
        ARN of the role. On AWS a new role can be assumed some ten seconds later.
    """
    iam = workbook.client("iam")
    name, trust = workbook.kinesis_role, json.dumps(trust_policy())
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    arn = iam.get_role(RoleName=name)["Role"]["Arn"]
    policy = streams_policy(workbook, account=arn.split(":")[4])
    iam.put_role_policy(RoleName=name, PolicyName=POLICY, PolicyDocument=json.dumps(policy))
    return arn


def delete(workbook: Workbook) -> None:
    """Delete the role if it is there."""
    iam = workbook.client("iam")
    with contextlib.suppress(iam.exceptions.NoSuchEntityException):
        for policy in iam.list_role_policies(RoleName=workbook.kinesis_role)["PolicyNames"]:
            iam.delete_role_policy(RoleName=workbook.kinesis_role, PolicyName=policy)
        iam.delete_role(RoleName=workbook.kinesis_role)
