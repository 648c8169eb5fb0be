"""The role that the client machine and the connector work with: whom it trusts, and what it may do."""

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from helpers.config import Workbook
from helpers.kafka import msk

Document = dict[str, Any]

SERVICES = ("ec2.amazonaws.com", "kafkaconnect.amazonaws.com")
"""Who acts in the role: the client machine and the connector."""

POLICY_VERSION = "2012-10-17"


def trust_policy(*roles: str) -> Document:
    """Write who may assume the role: the services that act in it, and further roles.

    Parameters
    ----------
    *roles : str
        ARNs. Since 2022 a role does not trust itself: a program on the client machine that names the role in
        ``awsRoleArn`` assumes the role that it has already, so the role must be listed here.
    """
    statements: list[Document] = [
        {"Effect": "Allow", "Principal": {"Service": list(SERVICES)}, "Action": "sts:AssumeRole"}
    ]
    if roles:
        statements.append({"Effect": "Allow", "Principal": {"AWS": list(roles)}, "Action": "sts:AssumeRole"})
    return {"Version": POLICY_VERSION, "Statement": statements}


def kafka_policy(workbook: Workbook) -> Document:
    """Write what the role may do in Kafka: everything with the learner's topics, and its consumer groups."""
    cluster = msk.cluster_arn(workbook)
    allowed = {
        cluster: ["Connect", "DescribeCluster", "WriteDataIdempotently"],
        msk.part_arn(cluster, "topic", f"{workbook.id}.*"): ["*Topic*", "ReadData", "WriteData"],
        msk.part_arn(cluster, "group", "*"): ["AlterGroup", "DescribeGroup", "DeleteGroup"],
    }
    statements = [
        {"Effect": "Allow", "Action": [f"kafka-cluster:{action}" for action in actions], "Resource": arn}
        for arn, actions in allowed.items()
    ]
    return {"Version": POLICY_VERSION, "Statement": statements}


def bucket_policy(workbook: Workbook) -> Document:
    """Write what the role may do in S3: everything with the learner's bucket."""
    bucket = f"arn:aws:s3:::{workbook.bucket}"
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": [bucket, f"{bucket}/*"]}
    return {"Version": POLICY_VERSION, "Statement": [statement]}


def create(workbook: Workbook, trust: Document) -> str:
    """Create the role and its instance profile unless they are there; the trust policy is replaced in any case.

    Returns
    -------
    str
        ARN of the role.
    """
    iam = workbook.client("iam")
    name = workbook.access_role
    try:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    except iam.exceptions.EntityAlreadyExistsException:
        set_trust(workbook, trust)
    _unless_there(iam, "create_instance_profile", InstanceProfileName=name)
    with contextlib.suppress(iam.exceptions.LimitExceededException):  # it holds one role, this one
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    return iam.get_role(RoleName=name)["Role"]["Arn"]


def _unless_there(iam: Any, operation: str, **parameters: str) -> None:
    try:
        getattr(iam, operation)(**parameters)
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityAlreadyExists":
            raise


def set_trust(workbook: Workbook, trust: Document) -> None:
    """Replace the role's trust policy."""
    workbook.client("iam").update_assume_role_policy(RoleName=workbook.access_role, PolicyDocument=json.dumps(trust))


def set_policies(workbook: Workbook, policies: Mapping[str, Document]) -> None:
    """Make these the role's only inline policies.

    Parameters
    ----------
    workbook : Workbook
        Gives the role.
    policies : mapping of str to dict
        Name → document.
    """
    iam = workbook.client("iam")
    role = workbook.access_role
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        if name not in policies:
            iam.delete_role_policy(RoleName=role, PolicyName=name)
    for name, document in policies.items():
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


def arn(workbook: Workbook) -> str | None:
    """Return the role's ARN; None if there is no such role."""
    iam = workbook.client("iam")
    try:
        return iam.get_role(RoleName=workbook.access_role)["Role"]["Arn"]
    except iam.exceptions.NoSuchEntityException:
        return None


def complete(workbook: Workbook) -> str:
    """Give the role all that the milestones give it, whatever it had before.

    Returns
    -------
    str
        ARN of the role.
    """
    role = create(workbook, trust_policy())
    set_trust(workbook, trust_policy(role))
    set_policies(workbook, {"kafka": kafka_policy(workbook), "bucket": bucket_policy(workbook)})
    return role
