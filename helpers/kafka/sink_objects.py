"""What has landed in the bucket: the objects the connector wrote, read by their names."""

import re
from dataclasses import dataclass

from botocore.exceptions import ClientError

from helpers.config import SetupError, Workbook, tag_list

FORBIDDEN, NOT_FOUND = 403, 404

_KEY = re.compile(
    r"[^/]+/(?P<topic>[^/]+)/partition=(?P<partition>\d+)/(?P=topic)\+(?P=partition)\+(?P<offset>\d+)\.json"
)


@dataclass(frozen=True, order=True)
class LandedObject:
    """One object of a topic.

    Attributes
    ----------
    topic : str
        Topic its records come from.
    partition : int
        Partition of the topic.
    offset : int
        Offset of its first record.
    key : str
        Its name in the bucket.
    size : int
        Bytes.
    """

    topic: str
    partition: int
    offset: int
    key: str
    size: int


def create_bucket(workbook: Workbook) -> str:
    """Create the bucket unless it is there.

    Returns
    -------
    str
        "created" or "was there".

    Raises
    ------
    SetupError
        If the bucket is somebody else's: names of buckets are unique in the world.
    """
    s3 = workbook.client("s3")
    try:
        s3.head_bucket(Bucket=workbook.bucket)
        return "was there"
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == FORBIDDEN:
            raise SetupError(
                f"The bucket {workbook.bucket} is there and closed to you: it is somebody else's, or your policies do "
                "not allow s3:ListBucket on it. Draw another WORKBOOK_ID in .env, or have it allowed."
            ) from error
        if status != NOT_FOUND:
            raise
    s3.create_bucket(Bucket=workbook.bucket, **in_region(workbook.region))
    s3.put_bucket_tagging(Bucket=workbook.bucket, Tagging={"TagSet": tag_list(workbook.tags)})
    return "created"


def in_region(region: str) -> dict[str, dict[str, str]]:
    """Say where a bucket is to be; us-east-1 is the one region that must not be named (S3 API, CreateBucket)."""
    return {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}


def objects(workbook: Workbook, folder: str = "topics", since: dict[str, int] | None = None) -> list[LandedObject]:
    """List the objects of the three topics.

    Parameters
    ----------
    workbook : Workbook
        Gives the bucket.
    folder : str
        First part of the keys.
    since : dict of str to int, optional
        Topic → first offset of interest, as `kafka_client.end_offsets` gave it before posting.

    Returns
    -------
    list of LandedObject
        By topic, partition and offset.
    """
    pages = workbook.client("s3").get_paginator("list_objects_v2").paginate(Bucket=workbook.bucket, Prefix=f"{folder}/")
    found = []
    for entry in (entry for page in pages for entry in page.get("Contents", ())):
        if match := _KEY.fullmatch(entry["Key"]):
            offset = int(match["offset"])
            if match["topic"] in workbook.topics and offset >= (since or {}).get(match["topic"], 0):
                item = LandedObject(match["topic"], int(match["partition"]), offset, entry["Key"], entry["Size"])
                found.append(item)
    return sorted(found)


def text(workbook: Workbook, key: str) -> str:
    """Read one object as text."""
    return workbook.client("s3").get_object(Bucket=workbook.bucket, Key=key)["Body"].read().decode()
