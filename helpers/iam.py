"""Roles: whom each trusts, what it may do, and the one way to make, change and delete them.

Three roles work in the pipeline: `access_role` for the client machine and the connector (milestones 3 and 4),
`airflow_role` for Airflow (milestone 8), `kinesis_role` for API Gateway (milestone 9).
"""

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from helpers.config import Workbook, tag_list
from helpers.kafka import msk
from helpers.waiting import wait_until

Document = dict[str, Any]
Made = TypeVar("Made")

SPREADING_SECONDS = 60
"""IAM's changes are known everywhere after some seconds, ten mostly (IAM User Guide, "Eventual consistency")."""

NOT_KNOWN_YET = ("Invalid IAM Instance Profile", "Invalid principal in policy")
"""With these words other services, and IAM itself, refuse a role or profile that was made a moment ago."""

POLICY_VERSION = "2012-10-17"

ACCESS_SERVICES = ("ec2.amazonaws.com", "kafkaconnect.amazonaws.com")
"""Who acts in the access role: the client machine and the connector."""


@dataclass(frozen=True)
class Role:
    """A role as it is to be.

    Attributes
    ----------
    name : str
        The role's name.
    services : tuple of str
        Who acts in it: names of AWS services.
    policies : mapping of str to dict
        Its inline policies: name → document.
    """

    name: str
    services: tuple[str, ...]
    policies: Mapping[str, Document]


def access_role(workbook: Workbook, cluster: str) -> Role:
    """Describe the role of the client machine and the connector: it may use the learner's topics and bucket.

    Parameters
    ----------
    workbook : Workbook
        Gives the names.
    cluster : str
        ARN of the MSK cluster.
    """
    policies = {
        "kafka": kafka_policy(cluster, f"{workbook.id}.*"),
        "bucket": bucket_policy(workbook.bucket),
        "connect": connect_policy(cluster),
    }
    return Role(workbook.access_role, ACCESS_SERVICES, policies)


def airflow_role(workbook: Workbook, account: str) -> Role:
    """Describe the role with which Airflow works: it may read the bucket, and use its own logs, metrics and queue.

    Parameters
    ----------
    workbook : Workbook
        Gives region, bucket and environment.
    account : str
        The account's 12 digits.
    """
    services = ("airflow.amazonaws.com", "airflow-env.amazonaws.com")
    reading = bucket_policy(workbook.bucket, "s3:GetObject*", "s3:GetBucket*", "s3:List*")
    return Role(workbook.airflow_role, services, {"bucket": reading, "environment": _mwaa_policy(workbook, account)})


def _mwaa_policy(workbook: Workbook, account: str) -> Document:
    """Write what MWAA does in the role's name (Amazon MWAA User Guide, "Amazon MWAA execution role").

    The queue is encrypted with a key of AWS's, which is in an account of AWS's: hence "any key but this account's".
    """
    place = f"{workbook.region}:{account}"
    logs = ["CreateLogStream", "CreateLogGroup", "PutLogEvents", "GetLogEvents", "GetLogRecord", "GetLogGroupFields",
            "GetQueryResults"]  # fmt: skip
    queue = ["ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ReceiveMessage",
             "SendMessage"]  # fmt: skip
    keys = [f"kms:{action}" for action in ("Decrypt", "DescribeKey", "GenerateDataKey*", "Encrypt")]
    return _policy(
        _allow("airflow:PublishMetrics", f"arn:aws:airflow:{place}:environment/{workbook.airflow}"),
        _allow([f"logs:{action}" for action in logs], f"arn:aws:logs:{place}:log-group:airflow-{workbook.airflow}-*"),
        _allow(["logs:DescribeLogGroups", "s3:GetAccountPublicAccessBlock", "cloudwatch:PutMetricData"], "*"),
        _allow([f"sqs:{action}" for action in queue], f"arn:aws:sqs:{workbook.region}:*:airflow-celery-*"),
        {"Effect": "Allow", "Action": keys, "NotResource": f"arn:aws:kms:*:{account}:key/*"},
    )


def kinesis_role(workbook: Workbook, account: str) -> Role:
    """Describe the role in which API Gateway calls Kinesis: it may list all streams, and manage and fill the learner's.

    Parameters
    ----------
    workbook : Workbook
        Gives region and streams.
    account : str
        The account's 12 digits.
    """
    streams = f"arn:aws:kinesis:{workbook.region}:{account}:stream/streaming-{workbook.id}-*"
    actions = ("CreateStream", "DeleteStream", "DescribeStream", "PutRecord", "PutRecords")
    policy = _policy(
        _allow("kinesis:ListStreams", "*"), _allow([f"kinesis:{action}" for action in actions], streams)
    )
    return Role(workbook.kinesis_role, ("apigateway.amazonaws.com",), {"streams": policy})


def trust_policy(services: Sequence[str], *roles: str) -> Document:
    """Write who may assume a role: the services that act in it, and further roles.

    Parameters
    ----------
    services : sequence of str
        Names of AWS services.
    *roles : str
        ARNs. Since 2022 a role does not trust itself: a program on the client machine that names the role in
        ``awsRoleArn`` assumes the role that it has already, so the role must be listed here.
    """
    principals = [{"Service": list(services)}, *([{"AWS": list(roles)}] if roles else [])]
    return _policy(
        *({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"} for principal in principals)
    )


def kafka_policy(cluster: str, topics: str) -> Document:
    """Write what a role may do in Kafka: everything with some topics, and its consumer groups.

    Parameters
    ----------
    cluster : str
        ARN of the cluster.
    topics : str
        Pattern of the topics' names, such as ``0a1b2c3d4e5f.*``.
    """
    allowed = {
        cluster: ["Connect", "DescribeCluster", "WriteDataIdempotently"],
        msk.part_arn(cluster, "topic", topics): ["*Topic*", "ReadData", "WriteData"],
        msk.part_arn(cluster, "group", "*"): ["AlterGroup", "DescribeGroup", "DeleteGroup"],
    }
    return _policy(
        *(_allow([f"kafka-cluster:{action}" for action in actions], arn) for arn, actions in allowed.items())
    )


def connect_policy(cluster: str) -> Document:
    """Write what MSK Connect itself needs of a connector's role: topics and groups for its workers' own notes.

    (Amazon MSK Developer Guide, "Understand service execution role".)
    """
    own = "__amazon_msk_connect_*"
    topics = [f"kafka-cluster:{action}" for action in ("CreateTopic", "DescribeTopic", "ReadData", "WriteData")]
    groups = [f"kafka-cluster:{action}" for action in ("AlterGroup", "DescribeGroup")]
    return _policy(
        _allow(topics, msk.part_arn(cluster, "topic", own)), _allow(groups, msk.part_arn(cluster, "group", own))
    )


def bucket_policy(bucket: str, *actions: str) -> Document:
    """Write what a role may do in S3.

    Parameters
    ----------
    bucket : str
        Name of the bucket; nothing is allowed with others.
    *actions : str
        Such as ``s3:GetObject*``; by default everything.
    """
    arn = f"arn:aws:s3:::{bucket}"
    return _policy(_allow(list(actions) or "s3:*", [arn, f"{arn}/*"]))


def _allow(actions: str | list[str], resources: str | list[str]) -> Document:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def _policy(*statements: Document) -> Document:
    return {"Version": POLICY_VERSION, "Statement": list(statements)}


def make(workbook: Workbook, role: Role) -> str:
    """Make a role as it is to be, whatever it was before.

    Returns
    -------
    str
        Its ARN. On AWS a new role can be assumed some ten seconds later; see `when_known`.
    """
    arn = create(workbook, role.name, trust_policy(role.services))
    set_policies(workbook, role.name, role.policies)
    return arn


def make_access_role(workbook: Workbook) -> str:
    """Make the access role with all that the milestones give it: it trusts itself, and machines can take it.

    Returns
    -------
    str
        Its ARN.
    """
    role = access_role(workbook, msk.cluster_arn(workbook))
    arn = make(workbook, role)
    set_trust(workbook, role.name, trust_policy(role.services, arn))
    create_instance_profile(workbook, role.name)
    return arn


def complete_access_role(workbook: Workbook) -> str:
    """Make the access role, or give the one that is there those policies that it has none of by name.

    Returns
    -------
    str
        Its ARN.
    """
    there = arn(workbook, workbook.access_role)
    if there is None:
        return make_access_role(workbook)
    iam, role = workbook.client("iam"), access_role(workbook, msk.cluster_arn(workbook))
    has = iam.list_role_policies(RoleName=role.name)["PolicyNames"]
    for name in role.policies.keys() - has:
        iam.put_role_policy(RoleName=role.name, PolicyName=name, PolicyDocument=json.dumps(role.policies[name]))
    return there


def create(workbook: Workbook, role: str, trust: Document) -> str:
    """Create a role unless it is there; its trust policy is replaced in any case.

    Returns
    -------
    str
        ARN of the role.
    """
    iam = workbook.client("iam")
    try:
        iam.create_role(
            RoleName=role, AssumeRolePolicyDocument=json.dumps(trust), Tags=tag_list(workbook.tags)
        )
    except iam.exceptions.EntityAlreadyExistsException:
        set_trust(workbook, role, trust)
    return iam.get_role(RoleName=role)["Role"]["Arn"]


def create_instance_profile(workbook: Workbook, role: str) -> None:
    """Put a role into an instance profile of its name, by which a machine takes it, unless it is there."""
    iam = workbook.client("iam")
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_instance_profile(InstanceProfileName=role, Tags=tag_list(workbook.tags))
    with contextlib.suppress(iam.exceptions.LimitExceededException):  # it holds one role, this one
        iam.add_role_to_instance_profile(InstanceProfileName=role, RoleName=role)


def set_trust(workbook: Workbook, role: str, trust: Document) -> None:
    """Replace a role's trust policy."""
    iam, document = workbook.client("iam"), json.dumps(trust)
    when_known(lambda: iam.update_assume_role_policy(RoleName=role, PolicyDocument=document))


def when_known(call: Callable[[], Made], every: float = 2) -> Made:
    """Make a call that names a role; while AWS says that it does not know the role yet, make it again.

    Parameters
    ----------
    call : callable
        Such as a launch with a new instance profile.
    every : float
        Seconds between two tries.

    Raises
    ------
    WaitedInVain
        If the role is not known after a minute.
    """

    def made() -> list[Made]:
        try:
            return [call()]
        except ClientError as error:
            if not any(words in error.response["Error"]["Message"] for words in NOT_KNOWN_YET):
                raise
            return []

    return wait_until(made, SPREADING_SECONDS, "AWS to know the new role everywhere", every)[0]


def set_policies(workbook: Workbook, role: str, policies: Mapping[str, Document]) -> None:
    """Make these a role's only inline policies.

    Parameters
    ----------
    workbook : Workbook
        Gives the account.
    role : str
        Name of the role.
    policies : mapping of str to dict
        Name → document.
    """
    iam = workbook.client("iam")
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        if name not in policies:
            iam.delete_role_policy(RoleName=role, PolicyName=name)
    for name, document in policies.items():
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


def arn(workbook: Workbook, role: str) -> str | None:
    """Return a role's ARN; None if there is no such role."""
    iam = workbook.client("iam")
    try:
        return iam.get_role(RoleName=role)["Role"]["Arn"]
    except iam.exceptions.NoSuchEntityException:
        return None


def account(workbook: Workbook) -> str:
    """Return the 12 digits of the account that the workbook works in."""
    return workbook.client("sts").get_caller_identity()["Account"]


def delete(workbook: Workbook, role: str) -> None:
    """Delete a role with its inline policies and its instance profile, as far as they are there."""
    iam = workbook.client("iam")
    with contextlib.suppress(iam.exceptions.NoSuchEntityException):
        for profile in iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]:
            iam.remove_role_from_instance_profile(InstanceProfileName=profile["InstanceProfileName"], RoleName=role)
            iam.delete_instance_profile(InstanceProfileName=profile["InstanceProfileName"])
        set_policies(workbook, role, {})
        iam.delete_role(RoleName=role)
