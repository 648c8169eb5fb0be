"""Authorisation: whether the policies of whoever calls allow what the call asks for."""

from typing import Any
from urllib.parse import unquote

from helpers.lab.aws import policies
from helpers.lab.aws.directory import Directory, Key
from helpers.lab.aws.errors import AwsError
from helpers.lab.aws.protocol import Call, Operation
from helpers.lab.iam import ACCOUNT

S3_ACTIONS = {
    "HeadObject": "GetObject", "ListObjects": "ListBucket", "ListObjectsV2": "ListBucket", "HeadBucket": "ListBucket",
    "ListBuckets": "ListAllMyBuckets", "CreateMultipartUpload": "PutObject", "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject", "CopyObject": "PutObject", "UploadPartCopy": "PutObject",
    "DeleteObjects": "DeleteObject", "ListParts": "ListMultipartUploadParts",
    "ListMultipartUploads": "ListBucketMultipartUploads",
}  # fmt: skip
"""S3 operations whose action has another name (Service Authorization Reference, Amazon S3)."""

ALWAYS = ("sts:GetCallerIdentity", "sts:AssumeRole")
"""Anybody may ask who they are; who may assume a role is for its trust policy to say."""


def check(known: Directory, caller: Key, call: Call, operation: Operation) -> None:
    """Refuse a call that the caller's policies do not allow.

    Raises
    ------
    AwsError
        ``AccessDenied``, with action and resource, as AWS words it.
    """
    action = action_of(call, operation)
    resource = _resource(call, operation)
    if action in ALWAYS or policies.allows(known.policies.get(caller.owner, ()), action, resource):
        return
    where = f" on resource: {resource}" if resource else ""
    code = "UnauthorizedOperation" if operation.service == "ec2" else "AccessDenied"
    if operation.service not in ("ec2", "iam", "sts", "s3"):
        code = "AccessDeniedException"
    raise AwsError(
        code,
        f"User: {caller.session} is not authorized to perform: {action}{where} because no identity-based policy "
        f"allows the {action} action",
        403,
    )


def action_of(call: Call, operation: Operation) -> str:
    """Name the IAM action of a call."""
    if operation.service == "apigateway":
        return f"apigateway:{call.method}"
    if operation.service == "s3":
        return f"s3:{S3_ACTIONS.get(operation.name, operation.name)}"
    return f"{operation.service}:{operation.name}"


def _resource(call: Call, operation: Operation) -> str | None:
    """Name what a call acts on, for the services whose policies are worth writing in the workbook."""
    if operation.service == "s3":
        path = unquote(call.path).strip("/") or "*"
        return f"arn:aws:s3:::{path}"
    if operation.service == "kinesis":
        return _stream(operation.parameters())
    return None


def _stream(parameters: dict[str, Any]) -> str | None:
    name = parameters.get("StreamName")
    return f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/{name}" if name else parameters.get("StreamARN")
