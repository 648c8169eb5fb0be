"""What a call needs: IAM actions, each with the resource that it acts on (AWS's Service Authorization Reference)."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from lab.aws.identity.principals import Directory, Key
from lab.aws.kinesis.errors import Refusal
from lab.aws.kinesis.iterators import ShardIterator
from lab.aws.protocol import REGION, Call, Operation
from lab.core.iam_file import ACCOUNT

S3_ACTIONS = {
    "HeadObject": "GetObject", "ListObjects": "ListBucket", "ListObjectsV2": "ListBucket", "HeadBucket": "ListBucket",
    "ListBuckets": "ListAllMyBuckets", "CreateMultipartUpload": "PutObject", "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject", "CopyObject": "PutObject", "UploadPartCopy": "PutObject",
    "DeleteObjects": "DeleteObject", "ListParts": "ListMultipartUploadParts",
    "ListMultipartUploads": "ListBucketMultipartUploads", "ListObjectVersions": "ListBucketVersions",
    "PutBucketEncryption": "PutEncryptionConfiguration", "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration", "DeleteBucketTagging": "PutBucketTagging",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock", "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
}  # fmt: skip
"""S3 operations whose action has another name."""

ALL = "*"
"""Stands for the resource of an action that is about no particular one: a policy must allow it on all."""

UNKNOWN = None
"""Stands for a resource that the lab does not work out."""

IAM_KINDS = {
    "InstanceProfileName": "instance-profile", "GroupName": "group", "RoleName": "role", "UserName": "user",
    "PolicyName": "policy",
}  # fmt: skip
"""Parameters that name what an IAM call acts on; the first that is there counts."""

CALLERS_OWN = {
    "ChangePassword", "CreateAccessKey", "DeleteAccessKey", "GetUser", "ListAccessKeys", "UpdateAccessKey",
}  # fmt: skip
"""IAM operations that act on the caller when they name no user."""


@dataclass(frozen=True)
class RequiredAction:
    """One thing that the caller's policies must allow.

    Attributes
    ----------
    action : str
        For example ``s3:PutObject``.
    resource : str or None
        ARN, `ALL` or `UNKNOWN`.
    """

    action: str
    resource: str | None


def of(known: Directory, caller: Key, call: Call, operation: Operation) -> list[RequiredAction]:
    """List what a call needs; all of it must be allowed."""
    match operation.service:
        case "s3":
            return list(_s3(call, operation))
        case "apigateway":
            path = unquote(call.path)
            needed = RequiredAction(f"apigateway:{call.method}", f"arn:aws:apigateway:{REGION}::{path}")
            return [needed, *_passing(known, operation)]
        case "kinesis":
            return [RequiredAction(_action(operation), stream) for stream in _streams(operation)]
        case "iam":
            return [*_iam(known, caller, operation), *_passing(known, operation)]
        case "ec2":
            return [*_ec2(operation), *_passing(known, operation)]
        case "kafka" | "kafkaconnect":
            return [*_named_by_arn(operation), *_passing(known, operation)]
        case "airflow":
            return [RequiredAction(_action(operation), _environment(operation)), *_passing(known, operation)]
        case _:
            return [RequiredAction(_action(operation), UNKNOWN)]


def _action(operation: Operation) -> str:
    return f"{operation.service}:{operation.name}"


def _s3(call: Call, operation: Operation) -> Iterator[RequiredAction]:
    action = f"s3:{S3_ACTIONS.get(operation.name, operation.name)}"
    bucket, _, key = unquote(call.path).lstrip("/").partition("/")
    if operation.name == "DeleteObjects":
        for listed in operation.parameters()["Delete"]["Objects"]:
            yield RequiredAction(action, f"arn:aws:s3:::{bucket}/{listed['Key']}")
        return
    yield RequiredAction(action, f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "") if bucket else ALL)
    if operation.name in ("CopyObject", "UploadPartCopy"):
        source = unquote(call.headers.get("X-Amz-Copy-Source", "").partition("?")[0]).lstrip("/")
        yield RequiredAction("s3:GetObject", f"arn:aws:s3:::{source}")


def _streams(operation: Operation) -> set[str]:
    """Name the streams in a call, however it names them; two names of two streams need both."""
    parameters = operation.parameters()
    found = {parameters["ConsumerARN"]} if "ConsumerARN" in parameters else set()
    for named in ("StreamARN", "ResourceARN"):
        if named in parameters:  # whatever account it names, the stream of that name here is what is acted on
            found.add(_stream_arn(parameters[named].rpartition("/")[2]))
    if "StreamName" in parameters:
        found.add(_stream_arn(parameters["StreamName"]))
    if "ShardIterator" in parameters:
        found.add(_stream_arn(_stream_of(parameters["ShardIterator"])))
    if operation.name == "ListShards" and "NextToken" in parameters:
        found.add(_stream_arn(parameters["NextToken"].rpartition("/")[0]))
    return found or {ALL}


def _stream_of(iterator: str) -> str:
    try:
        return ShardIterator.read(iterator, now=0).stream
    except Refusal:
        return ""  # the service says what is wrong with it


def _stream_arn(name: str) -> str:
    return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"


def _iam(known: Directory, caller: Key, operation: Operation) -> Iterator[RequiredAction]:
    parameters = operation.parameters()
    named = next((name for name in IAM_KINDS if name in parameters), None)
    if named and not (named == "PolicyName" and "PolicyArn" in parameters):
        kind, name = IAM_KINDS[named], parameters[named]
        yield RequiredAction(_action(operation), _iam_arn(known, kind, name, parameters.get("Path", "/")))
    elif "PolicyArn" in parameters:
        yield RequiredAction(_action(operation), parameters["PolicyArn"])
    else:
        yield RequiredAction(_action(operation), caller.owner if operation.name in CALLERS_OWN else ALL)


def _iam_arn(known: Directory, kind: str, name: str, path: str) -> str:
    """Name a user or role as IAM has it, path included; others, and new ones, by the path in the call."""
    there = (arn for arn in known.policies if f":{kind}/" in arn and arn.endswith(f"/{name}"))
    return next(there, f"arn:aws:iam::{ACCOUNT}:{kind}{path}{name}")


def _ec2(operation: Operation) -> Iterator[RequiredAction]:
    parameters = operation.parameters()
    listed = parameters.get("InstanceIds", ()) if not operation.reads_only else ()  # Describe… is about all
    for one in listed or (None,):
        arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{one}" if one else UNKNOWN
        yield RequiredAction(_action(operation), arn)


def _named_by_arn(operation: Operation) -> Iterator[RequiredAction]:
    """Name a cluster, plugin or connector, by the first ARN that the operation asks for; what is new has none yet."""
    shape = operation.model.input_shape
    required = shape.required_members if shape else ()
    arns = [name for name in required if name.lower().endswith("arn") and name != "serviceExecutionRoleArn"]
    yield RequiredAction(_action(operation), operation.parameters()[arns[0]] if arns else ALL)


def _environment(operation: Operation) -> str:
    """Name an environment; who works in it needs one of Airflow's roles there, and has them all if any."""
    name = operation.parameters().get("Name")
    if name is None:
        return ALL
    if operation.name in ("CreateWebLoginToken", "InvokeRestApi"):
        return f"arn:aws:airflow:{REGION}:{ACCOUNT}:role/{name}/Admin"
    return f"arn:aws:airflow:{REGION}:{ACCOUNT}:environment/{name}"


def _passing(known: Directory, operation: Operation) -> Iterator[RequiredAction]:
    """Who gives a role to something that works with it must be allowed to pass it on."""
    parameters = operation.parameters()
    roles = ("serviceExecutionRoleArn", "credentials", "ExecutionRoleArn")  # MSK Connect's, API Gateway's, MWAA's
    role = next((parameters[name] for name in roles if parameters.get(name)), None)
    for patch in parameters.get("patchOperations", ()):
        if patch.get("path") == "/credentials":
            role = patch.get("value")
    if profile := parameters.get("IamInstanceProfile"):
        role = known.profiles.get(profile.get("Arn") or profile.get("Name"))
    if operation.name == "AddRoleToInstanceProfile":
        role = _iam_arn(known, "role", parameters["RoleName"], "/")
    if role:
        yield RequiredAction("iam:PassRole", role)
