"""What a request to S3 may say: what S3Proxy reads, what is checked here, and what is refused in words.

S3Proxy ignores some of it and refuses the rest as "a header you provided": neither names what is meant. Members go by
their names on the wire, which botocore's model has too.
"""

from lab.aws.errors import AwsError
from lab.aws.protocol import Call
from lab.core.iam_file import ACCOUNT

PASSED_ON = {
    "ListBuckets", "CreateBucket", "DeleteBucket", "HeadBucket", "GetBucketLocation", "GetBucketAcl", "ListObjects",
    "ListObjectsV2", "GetObject", "HeadObject", "GetObjectAcl", "GetObjectAttributes", "PutObject", "CopyObject",
    "DeleteObject", "DeleteObjects", "CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload",
    "AbortMultipartUpload", "ListParts", "ListMultipartUploads",
}  # fmt: skip
"""Operations that S3Proxy answers."""

READ = {
    # headers
    "cache-control", "content-disposition", "content-encoding", "content-language", "content-length", "content-md5",
    "content-type", "expires", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "range",
    "x-amz-checksum-algorithm", "x-amz-checksum-crc32", "x-amz-checksum-crc32c", "x-amz-checksum-crc64nvme",
    "x-amz-checksum-mode", "x-amz-checksum-sha1", "x-amz-checksum-sha256", "x-amz-checksum-type", "x-amz-copy-source",
    "x-amz-copy-source-if-match", "x-amz-copy-source-if-modified-since", "x-amz-copy-source-if-none-match",
    "x-amz-copy-source-if-unmodified-since", "x-amz-copy-source-range", "x-amz-max-parts", "x-amz-metadata-directive",
    "x-amz-mp-object-size", "x-amz-object-attributes", "x-amz-part-number-marker", "x-amz-sdk-checksum-algorithm",
    # parameters of the query string
    "continuation-token", "delimiter", "encoding-type", "fetch-owner", "key-marker", "marker", "max-keys", "max-parts",
    "max-uploads", "part-number-marker", "partNumber", "prefix", "response-cache-control",
    "response-content-disposition", "response-content-encoding", "response-content-language", "response-content-type",
    "response-expires", "start-after", "upload-id-marker", "uploadId",
}  # fmt: skip
"""S3Proxy does as they say, or refuses by itself a value that it does not know."""

CHECKED = {
    "x-amz-acl": {"private", "bucket-owner-full-control"},
    "x-amz-storage-class": {"STANDARD"},
    "x-amz-server-side-encryption": {"AES256"},
    "x-amz-object-ownership": {"BucketOwnerEnforced"},
    "x-amz-bucket-object-lock-enabled": {"false", "False"},
    "x-amz-bucket-namespace": {"global"},
    "x-amz-expected-bucket-owner": {ACCOUNT},
    "x-amz-source-expected-bucket-owner": {ACCOUNT},
    "x-amz-request-payer": {"requester"},
    "x-amz-tagging-directive": {"COPY"},
}
"""Headers of which S3Proxy need not hear, with the values that say how it is in the lab anyway."""

REFUSED = {
    "x-amz-bypass-governance-retention": "locks of objects", "x-amz-object-lock-": "locks of objects",
    "x-amz-mfa": "deletion by MFA", "x-amz-tagging": "tags of objects (it has those of buckets)",
    "x-amz-grant-": "access control lists: use policies",
    "x-amz-server-side-encryption-": "keys of KMS or of the customer; SSE-S3 (AES256) is what it has",
    "x-amz-copy-source-server-side-encryption-": "keys of the customer",
    "x-amz-website-redirect-location": "websites", "x-amz-write-offset-bytes": "appending",
    "x-amz-optional-object-attributes": "restoring from an archive", "x-amz-if-match-": "deletion on this condition",
    "x-amz-checksum-": "this checksum: CRC32, CRC32C, CRC64NVME, SHA1 and SHA256 are what it has",
    "x-amz-object-annotation-directive": "annotations", "versionId": "versions of objects",
    "max-buckets": "lists of buckets in parts", "bucket-region": "buckets of other regions",
}  # fmt: skip
"""What the lab's S3 lacks, by the name, or its beginning, of what asks for it."""

REFUSED_AT = {
    ("ListBuckets", "prefix"): "lists of buckets in parts",
    ("ListBuckets", "continuation-token"): "lists of buckets in parts",
    ("GetObject", "partNumber"): "reading by the number of a part; Range says which bytes",
    ("HeadObject", "partNumber"): "reading by the number of a part; Range says which bytes",
}  # fmt: skip
"""What S3Proxy knows in other operations and ignores in these."""

_OF_THE_REQUEST = {
    "x-amz-date", "x-amz-security-token", "x-amz-content-sha256", "x-amz-user-agent", "x-amz-trailer",
    "x-amz-decoded-content-length",
}  # fmt: skip


def check(operation: str, call: Call) -> None:
    """Refuse what S3Proxy would ignore, or refuse in words that do not tell what is meant.

    Raises
    ------
    AwsError
        Naming header or parameter, value and what the lab lacks.
    """
    for header, value in call.headers.items():
        name = header.lower()
        if name in CHECKED:
            _check_value(name, value)
        elif name.startswith("x-amz-") and name not in READ | _OF_THE_REQUEST and not name.startswith("x-amz-meta-"):
            raise _unknown(name)
    for pair in call.query.split("&"):
        name = pair.partition("=")[0]
        if why := REFUSED_AT.get((operation, name)):
            raise _lacking(name, why)
        if name in REFUSED:
            raise _unknown(name)


def reason(name: str) -> str | None:
    """Say what the lab lacks that a header or parameter asks for; None if it is not on the list."""
    found = [one for one in REFUSED if name == one or (one.endswith("-") and name.startswith(one))]
    return REFUSED[max(found, key=len)] if found else None


def _check_value(name: str, value: str) -> None:
    if value in CHECKED[name]:
        return
    if name.endswith("expected-bucket-owner"):
        raise AwsError("AccessDenied", f"Access Denied: the buckets here are of the account {ACCOUNT}.", 403)
    if name == "x-amz-acl":
        raise AwsError(
            "AccessControlListNotSupported", f"The bucket does not allow ACLs ({name}: {value}): use policies."
        )
    allowed = ", ".join(sorted(CHECKED[name]))
    raise AwsError("NotImplemented", f"The lab's S3 has {name}: {allowed}, not {value!r}; AWS may have.", 501)


def _unknown(name: str) -> AwsError:
    return _lacking(name, reason(name) or "what this header asks for")


def _lacking(name: str, what: str) -> AwsError:
    return AwsError("NotImplemented", f"The lab's S3 does not have {what}; AWS does. Leave {name} out.", 501)
