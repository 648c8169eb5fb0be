"""Settings of buckets that S3Proxy does not have: kept and told, as far as the lab does as they say.

Versions of objects are not kept: that a bucket has versioning is remembered, since MWAA asks for it, and whoever asks
for a version is refused.
"""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from lab.aws.errors import AwsError

Settings = Mapping[str, Any]

BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
SSE_S3 = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]}
MOST_TAGS = 50

OPERATIONS = {
    "PutBucketVersioning", "GetBucketVersioning",
    "PutPublicAccessBlock", "GetPublicAccessBlock", "DeletePublicAccessBlock",
    "PutBucketTagging", "GetBucketTagging", "DeleteBucketTagging",
    "PutBucketEncryption", "GetBucketEncryption", "DeleteBucketEncryption",
}  # fmt: skip

READ = {"Bucket", "VersioningConfiguration", "PublicAccessBlockConfiguration", "Tagging", "MFA",
        "ServerSideEncryptionConfiguration", "ExpectedBucketOwner"}  # fmt: skip
"""Members of these operations that are read here; `MFA` is refused, as a header, by `members`."""

MEANINGLESS = {"ContentMD5": "checked by the signature", "ChecksumAlgorithm": "checked by the signature"}


def check_form(body: bytes, shape: Any) -> None:
    """Refuse a document of another kind, or with elements that the setting does not have, in any other case.

    Parameters
    ----------
    body : bytes
        Well-formed: what stands for the members has been read.
    shape : StructureShape
        The model of the operation's input; its payload is what the body is.

    Raises
    ------
    AwsError
        ``MalformedXML``, naming the element.
    """
    wanted = shape.serialization["payload"]
    known = {kind.serialization.get("name", name) for name, kind in shape.members[wanted].members.items()}
    root = ElementTree.fromstring(body)
    tags = [element.tag.rpartition("}")[2] for element in (root, *root)]
    if others := [tag for tag in tags[:1] if tag != wanted] + [tag for tag in tags[1:] if tag not in known]:
        raise AwsError(
            "MalformedXML", f"The XML you provided was not well-formed: <{others[0]}> is no part of {wanted} here."
        )


def changed(operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Tell what an operation changes of a bucket's settings; None stands for a setting that is taken away.

    Raises
    ------
    AwsError
        If it asks for what the lab's S3 does not do.
    """
    match operation:
        case "PutBucketVersioning":
            return {"versioning": _versioning(asked["VersioningConfiguration"])}
        case "PutPublicAccessBlock":
            wanted = asked["PublicAccessBlockConfiguration"]
            return {"public access": {name: bool(wanted.get(name, False)) for name in BLOCKS}}
        case "DeletePublicAccessBlock":
            return {"public access": {}}
        case "PutBucketTagging":
            return {"tags": _tags(asked["Tagging"]["TagSet"])}
        case "DeleteBucketTagging":
            return {"tags": None}
        case "PutBucketEncryption":
            _check_encryption(asked["ServerSideEncryptionConfiguration"]["Rules"])
            return {}
        case _:
            return {}


def told(operation: str, settings: Settings) -> dict[str, Any]:
    """Answer an operation from a bucket's settings, or AWS's defaults for new buckets.

    Raises
    ------
    AwsError
        If there is nothing to tell.
    """
    match operation:
        case "GetBucketVersioning":
            return {"Status": settings["versioning"]} if settings.get("versioning") else {}
        case "GetPublicAccessBlock":
            found = settings.get("public access")
            if found == {}:
                words = "The public access block configuration was not found"
                raise AwsError("NoSuchPublicAccessBlockConfiguration", words, 404)
            return {"PublicAccessBlockConfiguration": found or dict.fromkeys(BLOCKS, True)}
        case "GetBucketTagging":
            if not settings.get("tags"):
                raise AwsError("NoSuchTagSet", "The TagSet does not exist", 404)
            return {"TagSet": settings["tags"]}
        case "GetBucketEncryption":
            return {"ServerSideEncryptionConfiguration": SSE_S3}
        case _:
            return {}


def _versioning(wanted: Mapping[str, Any]) -> str:
    if wanted.get("MFADelete") == "Enabled":
        raise AwsError("NotImplemented", "The lab's S3 does not have deletion by MFA; AWS does.", 501)
    if wanted.get("Status") not in ("Enabled", "Suspended"):
        raise AwsError("IllegalVersioningConfigurationException", "Status must be Enabled or Suspended.")
    return wanted["Status"]


def _tags(wanted: list[dict[str, str]]) -> list[dict[str, str]]:
    names = [tag["Key"] for tag in wanted]
    if len(names) != len(set(names)):
        raise AwsError("InvalidTag", "Cannot provide multiple Tags with the same key")
    if len(names) > MOST_TAGS:
        raise AwsError("BadRequest", f"A bucket has at most {MOST_TAGS} tags, not {len(names)}.")
    return wanted


def _check_encryption(rules: list[dict[str, Any]]) -> None:
    for rule in rules:
        kind = rule.get("ApplyServerSideEncryptionByDefault", {}).get("SSEAlgorithm")
        others = rule.keys() - {"ApplyServerSideEncryptionByDefault", "BucketKeyEnabled"}
        if kind != "AES256" or others:
            raise AwsError(
                "NotImplemented",
                f"The lab's S3 has SSE-S3 (AES256) only, not {', '.join(sorted(others)) or kind!r}; AWS may have.",
                501,
            )
