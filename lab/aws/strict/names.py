"""Names and places that AWS refuses: a bucket of somebody else's, a region that must not be named, an apostrophe."""

import re

from lab.aws.errors import AwsError
from lab.aws.protocol import REGION
from lab.aws.strict.rule import Asked, Rule

SOMEBODYS = re.compile(r"user-0{12}-bucket|(test|data|my-bucket|pinterest-data)")
"""Buckets that somebody else has had for years; the first is that of whoever takes the simplest id."""

_DESCRIPTION = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}")


def _somebodys_bucket(asked: Asked) -> None:
    if asked.operation.service != "s3":
        return
    name = asked.operation.call.path.lstrip("/").partition("/")[0]
    if not SOMEBODYS.fullmatch(name):
        return
    if asked.operation.name == "CreateBucket":
        raise AwsError(
            "BucketAlreadyExists",
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
            "Please select a different name and try again.",
            409,
        )
    raise AwsError("AccessDenied", "Access Denied", 403)


def _region(asked: Asked) -> None:
    if asked.is_call("s3", "CreateBucket"):
        place = asked.operation.parameters().get("CreateBucketConfiguration", {}).get("LocationConstraint")
        if place == REGION == "us-east-1":
            raise AwsError("InvalidLocationConstraint", "The specified location-constraint is not valid", 400)


def _description(asked: Asked) -> None:
    if asked.is_call("ec2", "CreateSecurityGroup"):
        said = asked.operation.parameters()["Description"]
        if not _DESCRIPTION.fullmatch(said):
            raise AwsError(
                "InvalidParameterValue",
                f"Value ({said}) for parameter GroupDescription is invalid. Character sets beyond ASCII are not "
                "supported, nor are others than a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*",
            )


def rules() -> tuple[Rule, ...]:
    """Make the rules."""
    return (
        Rule(
            "names of buckets are unique in the world",
            'Amazon S3 API Reference, CreateBucket: "BucketAlreadyExists"',
            _somebodys_bucket,
        ),
        Rule(
            "us-east-1 is not named",
            'Amazon S3 API Reference, CreateBucketConfiguration: LocationConstraint is absent for us-east-1',
            _region,
        ),
        Rule(
            "descriptions of security groups are plain",
            "Amazon EC2 API Reference, CreateSecurityGroup: GroupDescription, constraints for VPCs",
            _description,
        ),
    )
