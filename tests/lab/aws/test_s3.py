"""S3 through the AWS endpoint: for keys that S3Proxy does not know, as far as their policies go."""

import contextlib
import io
import os
import urllib.error
import urllib.request
import uuid

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore import httpchecksum
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.handlers import validate_bucket_name
from callers import policy, refused
from crashes import pid

from lab.services import s3 as s3_service

pytestmark = pytest.mark.lab

KEYS = [
    "plain",
    "with blank",
    "a+b=c",
    "é/静/ü",
    "sl/a/sh",
    "q?x",
    "x;y",
    "x#y",
    "x\\y",
    "~.-_",
    "%41",
    "(1)!*'",
    "trailing/x ",
]


@pytest.fixture(scope="module")
def buckets(runtime):
    names = [f"test-{uuid.uuid4().hex[:8]}-{end}" for end in ("mine", "other")]
    own = s3_service.client(runtime)
    for name in names:
        own.create_bucket(Bucket=name)
    own.put_object(Bucket=names[1], Key="secret", Body=b"secret")
    yield names
    for name in names:
        for listed in own.list_objects_v2(Bucket=name).get("Contents", []):
            own.delete_object(Bucket=name, Key=listed["Key"])
        own.delete_bucket(Bucket=name)


@pytest.fixture
def s3(role, buckets):
    """A session whose role has one bucket, and no other."""
    role.may(policy("s3:*", resource=[f"arn:aws:s3:::{buckets[0]}", f"arn:aws:s3:::{buckets[0]}/*"]))
    # without this boto3 still presigns with version 2, which S3 has given up for new buckets
    return role.assumed().client("s3", config=Config(signature_version="s3v4", retries={"total_max_attempts": 1}))


@pytest.mark.parametrize("key", KEYS)
def test_objects_come_back_as_they_went(s3, buckets, key):
    body = os.urandom(1000)
    s3.put_object(Bucket=buckets[0], Key=key, Body=body, ContentType="text/x", Metadata={"a": "b"})
    found = s3.get_object(Bucket=buckets[0], Key=key)
    assert found["Body"].read() == body
    assert (found["ContentType"], found["Metadata"]) == ("text/x", {"a": "b"})
    assert s3.head_object(Bucket=buckets[0], Key=key)["ContentLength"] == 1000
    assert s3.get_object(Bucket=buckets[0], Key=key, Range="bytes=1-3")["Body"].read() == body[1:4]
    listed = s3.list_objects_v2(Bucket=buckets[0], Prefix=key)["Contents"]
    assert [one["Key"] for one in listed] == [key]
    url = s3.generate_presigned_url("get_object", Params={"Bucket": buckets[0], "Key": key}, ExpiresIn=60)
    with urllib.request.urlopen(url, timeout=5) as answer:
        assert answer.read() == body
    s3.delete_object(Bucket=buckets[0], Key=key)
    with refused("404"):
        s3.head_object(Bucket=buckets[0], Key=key)


def test_the_same_objects_are_in_s3_itself(s3, buckets, runtime):
    s3.put_object(Bucket=buckets[0], Key="shared/é +", Body=b"x")
    assert s3_service.client(runtime).get_object(Bucket=buckets[0], Key="shared/é +")["Body"].read() == b"x"
    s3.delete_objects(Bucket=buckets[0], Delete={"Objects": [{"Key": "shared/é +"}]})
    assert s3.list_objects_v2(Bucket=buckets[0], Prefix="shared/")["KeyCount"] == 0


def test_large_objects_go_in_parts(s3, buckets):
    body = os.urandom(12 * 2**20)
    parts = TransferConfig(multipart_threshold=5 * 2**20, multipart_chunksize=5 * 2**20)
    s3.upload_fileobj(io.BytesIO(body), buckets[0], "large", Config=parts)
    back = io.BytesIO()
    s3.download_fileobj(buckets[0], "large", back, Config=parts)
    assert back.getvalue() == body
    begun = s3.create_multipart_upload(Bucket=buckets[0], Key="never")["UploadId"]
    s3.abort_multipart_upload(Bucket=buckets[0], Key="never", UploadId=begun)


def test_a_large_object_in_one_piece_is_taken_or_refused_in_words(s3, buckets, lab, runtime):
    before = pid(lab, "s3")
    body = os.urandom(31 * 2**20)
    s3.put_object(Bucket=buckets[0], Key="one piece", Body=body)
    assert s3.get_object(Bucket=buckets[0], Key="one piece")["Body"].read() == body
    with refused("EntityTooLarge", "up to 32 MB: send it in parts"):
        s3.put_object(Bucket=buckets[0], Key="one piece", Body=body + body)
    with refused("MaxMessageLengthExceeded", "too big"):  # S3 itself keeps what is signed in memory
        s3_service.client(runtime).put_object(Bucket=buckets[0], Key="one piece", Body=body)
    assert pid(lab, "s3") == before, "and it has not run out of it"


def test_an_empty_object_is_one(s3, buckets):
    s3.put_object(Bucket=buckets[0], Key="empty", Body=b"")
    assert s3.get_object(Bucket=buckets[0], Key="empty")["Body"].read() == b""


def test_a_missing_object_and_a_missing_bucket_are_told_apart(s3, buckets, role):
    with refused("NoSuchKey"):
        s3.get_object(Bucket=buckets[0], Key="missing")
    role.may(policy("s3:*"), "all")
    with refused("NoSuchBucket"):
        s3.get_object(Bucket="test-no-such-bucket", Key="missing")


def test_another_bucket_is_closed(s3, buckets):
    mine, other = buckets
    with refused("AccessDenied", rf"s3:GetObject on resource: arn:aws:s3:::{other}/secret"):
        s3.get_object(Bucket=other, Key="secret")
    for operation, parameters in [
        ("put_object", {"Key": "x", "Body": b""}), ("list_objects_v2", {}), ("delete_object", {"Key": "secret"}),
        ("create_multipart_upload", {"Key": "x"}), ("delete_bucket", {}), ("get_bucket_acl", {}),
        ("delete_objects", {"Delete": {"Objects": [{"Key": "secret"}]}}), ("list_multipart_uploads", {}),
    ]:  # fmt: skip
        with refused("AccessDenied"):
            getattr(s3, operation)(Bucket=other, **parameters)
    with refused("AccessDenied", f"s3:GetObject on resource: arn:aws:s3:::{other}/secret"):
        s3.copy_object(Bucket=mine, Key="stolen", CopySource={"Bucket": other, "Key": "secret"})
    for operation in ("head_bucket", "head_object"):
        with refused("403"):
            getattr(s3, operation)(Bucket=other, **({"Key": "secret"} if operation == "head_object" else {}))
    with refused("AccessDenied"):
        s3.list_buckets()
    url = s3.generate_presigned_url("get_object", Params={"Bucket": other, "Key": "secret"})
    with pytest.raises(urllib.error.HTTPError) as closed:
        urllib.request.urlopen(url, timeout=5)
    assert closed.value.code == 403


WAYS_AROUND = [
    "topics/../{}",
    "topics/./../{}",
    "topics/x/../../{}",
    "topics//../{}",
    "topics/%2e%2e/{}",
    "topics/..;/{}",
]


@pytest.mark.parametrize("key", WAYS_AROUND)
@pytest.mark.parametrize("goal", ["secret", "../{}/secret"])
def test_no_way_around_by_the_name_of_a_key(role, buckets, runtime, key, goal):
    mine, other = buckets
    own = s3_service.client(runtime)
    own.put_object(Bucket=mine, Key="secret", Body=b"secret")
    role.may(policy("s3:*Object", resource=f"arn:aws:s3:::{mine}/topics/*"))
    s3, around = role.assumed().client("s3"), key.format(goal.format(other))
    for attempt in (
        lambda: s3.get_object(Bucket=mine, Key=around)["Body"].read() == b"secret",
        lambda: s3.put_object(Bucket=mine, Key=around, Body=b"x") and False,
        lambda: s3.copy_object(Bucket=mine, Key="topics/c", CopySource={"Bucket": mine, "Key": around}) and False,
    ):
        with contextlib.suppress(ClientError):
            assert not attempt()
    for bucket in buckets:
        assert own.get_object(Bucket=bucket, Key="secret")["Body"].read() == b"secret"
    with contextlib.suppress(ClientError):
        assert own.get_object(Bucket=mine, Key="topics/c")["Body"].read() != b"secret"


@pytest.mark.parametrize("key", ["a/../b", "./a", "a//b", "a/.", ".."])
def test_names_that_a_folder_would_change_are_refused(s3, buckets, key):
    for operation, more in (("get_object", {}), ("put_object", {"Body": b""}), ("delete_object", {})):
        with refused("InvalidURI", "keeps objects as files"):
            getattr(s3, operation)(Bucket=buckets[0], Key=key, **more)
    with refused("InvalidURI"):
        s3.copy_object(Bucket=buckets[0], Key="c", CopySource={"Bucket": buckets[0], "Key": key})


def test_copies_within_the_bucket_are_fine(s3, buckets):
    s3.put_object(Bucket=buckets[0], Key="from é", Body=b"1")
    s3.copy_object(Bucket=buckets[0], Key="to", CopySource={"Bucket": buckets[0], "Key": "from é"})
    assert s3.get_object(Bucket=buckets[0], Key="to")["Body"].read() == b"1"


def test_a_prefix_is_a_border_too(role, buckets):
    role.may(policy("s3:*Object", resource=f"arn:aws:s3:::{buckets[0]}/topics/*"))
    s3 = role.assumed().client("s3")
    s3.put_object(Bucket=buckets[0], Key="topics/x", Body=b"1")
    with refused("AccessDenied"):
        s3.put_object(Bucket=buckets[0], Key="topic", Body=b"1")
    with refused("AccessDenied"):
        s3.list_objects_v2(Bucket=buckets[0])


def test_a_presigned_url_ends_and_is_good_for_its_object_only(s3, buckets):
    put = s3.generate_presigned_url("put_object", Params={"Bucket": buckets[0], "Key": "put"}, ExpiresIn=60)
    request = urllib.request.Request(put, data=b"by url", method="PUT")
    assert urllib.request.urlopen(request, timeout=5).status == 200
    assert s3.get_object(Bucket=buckets[0], Key="put")["Body"].read() == b"by url"
    with pytest.raises(urllib.error.HTTPError) as changed:
        urllib.request.urlopen(
            urllib.request.Request(put.replace("/put?", "/get?"), data=b"x", method="PUT"), timeout=5
        )
    assert changed.value.code == 403
    assert b"SignatureDoesNotMatch" in changed.value.read()


def test_old_signatures_are_refused_with_the_remedy(role, buckets):
    old = role.assumed().client("s3", config=Config(signature_version="s3", retries={"total_max_attempts": 1}))
    with refused("InvalidRequest", "Please use AWS4-HMAC-SHA256"):
        old.list_buckets()
    url = old.generate_presigned_url("get_object", Params={"Bucket": buckets[0], "Key": "x"})
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(url, timeout=5)
    assert b"s3v4" in refusal.value.read()


def test_a_users_key_works_at_the_address_of_the_workbook_as_far_as_its_policies_go(workbook, learner, buckets):
    iam, name = learner("iam"), f"test-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    document = policy("s3:*", resource=[f"arn:aws:s3:::{buckets[0]}", f"arn:aws:s3:::{buckets[0]}/*"])
    iam.put_user_policy(UserName=name, PolicyName="s3", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    try:
        s3 = boto3.client(
            "s3", region_name=workbook.region,
            aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"],
        )  # fmt: skip
        s3.put_object(Bucket=buckets[0], Key="users", Body=b"1")
        with refused("AccessDenied", f"s3:GetObject on resource: arn:aws:s3:::{buckets[1]}/secret"):
            s3.get_object(Bucket=buckets[1], Key="secret")
    finally:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        iam.delete_user_policy(UserName=name, PolicyName="s3")
        iam.delete_user(UserName=name)


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA256"])
@pytest.mark.parametrize("size", [0, 10, 200_000, 3 * 2**20])
def test_a_body_in_chunks_with_a_checksum_behind_it_comes_through(s3, buckets, monkeypatch, algorithm, size):
    """What boto3 and the AWS CLI send over TLS, which the lab does not speak: they are made to send it without."""
    parse = httpchecksum.urlparse
    monkeypatch.setattr(httpchecksum, "urlparse", lambda url: parse(url.replace("http:", "https:")))
    seen = []
    s3.meta.events.register("before-send.s3.PutObject", lambda request, **_: seen.append(dict(request.headers)))
    body = os.urandom(size)
    s3.put_object(Bucket=buckets[0], Key="chunks", Body=body, ChecksumAlgorithm=algorithm)
    assert seen[0]["X-Amz-Content-SHA256"] == b"STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    found = s3.get_object(Bucket=buckets[0], Key="chunks")
    assert found["Body"].read() == body
    assert not found.get("ContentEncoding")


def test_a_checksum_that_does_not_fit_is_refused(s3, buckets):
    with refused("BadDigest"):
        s3.put_object(Bucket=buckets[0], Key="wrong", Body=b"1", ChecksumCRC32="AAAAAA==")


@pytest.mark.parametrize("name", ["Bad_Bucket", "ab", "a..b", "192.168.5.4", "-a-b", "xn--a", "a-s3alias", "a" * 70])
def test_bad_names_of_buckets_are_refused_with_the_rule(learner, name):
    s3 = learner("s3")
    s3.meta.events.unregister("before-parameter-build.s3", validate_bucket_name)
    with refused("InvalidBucketName", "3 to 63 small letters"):
        s3.create_bucket(Bucket=name)


def test_what_mwaa_and_tutorials_set_on_a_bucket_is_kept_and_told(s3, buckets):
    """The AWS CLI's calls in MWAA's tutorial: versioning and no public access."""
    mine, other = buckets
    blocked = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    assert "Status" not in s3.get_bucket_versioning(Bucket=mine)
    assert s3.get_public_access_block(Bucket=mine)["PublicAccessBlockConfiguration"] == blocked, "AWS's default"
    s3.put_bucket_versioning(Bucket=mine, VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket=mine)["Status"] == "Enabled"
    s3.put_public_access_block(Bucket=mine, PublicAccessBlockConfiguration=blocked | {"BlockPublicAcls": False})
    assert not s3.get_public_access_block(Bucket=mine)["PublicAccessBlockConfiguration"]["BlockPublicAcls"]
    s3.delete_public_access_block(Bucket=mine)
    with refused("NoSuchPublicAccessBlockConfiguration"):
        s3.get_public_access_block(Bucket=mine)
    with refused("NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=mine)
    s3.put_bucket_tagging(Bucket=mine, Tagging={"TagSet": [{"Key": "é", "Value": "1"}]})
    assert s3.get_bucket_tagging(Bucket=mine)["TagSet"] == [{"Key": "é", "Value": "1"}]
    s3.delete_bucket_tagging(Bucket=mine)
    with refused("NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=mine)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=mine, ServerSideEncryptionConfiguration={"Rules": [rule]})
    told = s3.get_bucket_encryption(Bucket=mine)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert told["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    with refused("AccessDenied", "s3:PutBucketPublicAccessBlock"):
        s3.put_public_access_block(Bucket=other, PublicAccessBlockConfiguration=blocked)


def test_settings_go_with_the_bucket(learner):
    s3, name = learner("s3"), f"test-{uuid.uuid4().hex[:8]}"
    for _ in range(2):
        s3.create_bucket(Bucket=name)
        assert "Status" not in s3.get_bucket_versioning(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
        s3.delete_bucket(Bucket=name)
    with refused("NoSuchBucket"):
        s3.get_bucket_versioning(Bucket=name)


def test_sse_s3_is_taken_and_told(s3, buckets):
    answer = s3.put_object(Bucket=buckets[0], Key="sse", Body=b"1", ServerSideEncryption="AES256")
    assert answer["ServerSideEncryption"] == "AES256"
    assert s3.head_object(Bucket=buckets[0], Key="sse")["ServerSideEncryption"] == "AES256"


LACKING = [
    ("put_object", {"ServerSideEncryption": "aws:kms"}, "AES256, not 'aws:kms'"),
    ("put_object", {"SSECustomerKey": "k" * 32, "SSECustomerAlgorithm": "AES256"}, "keys of KMS or of the customer"),
    ("put_object", {"Tagging": "a=b"}, "tags of objects"),
    ("put_object", {"StorageClass": "GLACIER"}, "STANDARD, not 'GLACIER'"),
    ("put_object", {"ObjectLockMode": "GOVERNANCE"}, "locks of objects"),
    ("put_object", {"ACL": "public-read"}, "does not allow ACLs"),
    ("put_object", {"GrantRead": "id=1"}, "access control lists"),
    ("put_object", {"ExpectedBucketOwner": "111111111111"}, "of the account 123456789012"),
    ("get_object", {"VersionId": "1"}, "versions of objects"),
    ("delete_object", {"VersionId": "1"}, "versions of objects"),
    ("get_object", {"PartNumber": 1}, "Range"),
    ("put_object_tagging", {"Tagging": {"TagSet": []}}, "does not answer PutObjectTagging"),
    ("list_object_versions", {}, "does not answer ListObjectVersions; AWS does. It keeps no versions"),
    ("put_bucket_policy", {"Policy": "{}"}, "does not answer PutBucketPolicy"),
    ("put_bucket_acl", {"ACL": "private"}, "does not answer PutBucketAcl"),
    ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled", "MFADelete": "Enabled"}}, "by MFA"),
    ("put_bucket_encryption", {"ServerSideEncryptionConfiguration": {"Rules": [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}}, "AES256"),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "more", "words"), LACKING)
def test_what_the_lab_lacks_is_refused_in_words_that_say_so(s3, buckets, operation, more, words):
    key = {} if "bucket" in operation or "list" in operation else {"Key": "lacking"}
    if operation == "put_object":
        key["Body"] = b"1"
    with pytest.raises(ClientError, match=words):
        getattr(s3, operation)(Bucket=buckets[0], **key, **more)


def test_settings_that_say_how_it_is_are_taken(s3, buckets):
    s3.put_object(
        Bucket=buckets[0], Key="plain", Body=b"1", ACL="bucket-owner-full-control", StorageClass="STANDARD",
        ExpectedBucketOwner="123456789012", RequestPayer="requester",
    )  # fmt: skip
