"""What keeps something: buckets with all versions of their objects, secrets, parameters."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from helpers.account.kinds.kind import Kind, Resource, is_own
from helpers.config import Workbook

MOST_AT_ONCE = 1000
"""So many objects one call deletes (Amazon S3 API Reference, DeleteObjects)."""

NO_VERSIONS = {"NotImplemented", "NotImplementedException"}
"""With these words an S3 that keeps no versions answers who asks for them."""


def _buckets(workbook: Workbook) -> list[Resource]:
    found = workbook.client("s3").list_buckets()["Buckets"]
    return [Resource("buckets", one["Name"], one["Name"]) for one in found if is_own(workbook, one["Name"])]


def _delete_bucket(workbook: Workbook, one: Resource) -> None:
    s3 = workbook.client("s3")
    for batch in _batches(_objects(s3, one.handle)):
        told = s3.delete_objects(Bucket=one.handle, Delete={"Objects": batch, "Quiet": True})
        if errors := told.get("Errors"):
            raise ClientError({"Error": {"Code": errors[0]["Code"], "Message": errors[0]["Message"]}}, "DeleteObjects")
    s3.delete_bucket(Bucket=one.handle)


def _objects(s3: Any, bucket: str) -> Iterator[dict[str, str]]:
    """List every version and every mark of a deletion; a bucket that once had versions is not empty before."""
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                yield {"Key": one["Key"], "VersionId": one["VersionId"]}
    except ClientError as error:
        if error.response["Error"]["Code"] not in NO_VERSIONS:
            raise
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            yield from ({"Key": one["Key"]} for one in page.get("Contents", ()))


def _batches(objects: Iterator[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    batch: list[dict[str, str]] = []
    for one in objects:
        batch.append(one)
        if len(batch) == MOST_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _secrets(workbook: Workbook) -> list[Resource]:
    pages = workbook.client("secretsmanager").get_paginator("list_secrets").paginate()
    found = [one for page in pages for one in page["SecretList"]]
    return [
        Resource("secrets", one["Name"], one["ARN"])
        for one in found
        if is_own(workbook, one["Name"], one.get("Tags", ()))
    ]


def _parameters(workbook: Workbook) -> list[Resource]:
    names = [{"Key": "Name", "Option": "Contains", "Values": [workbook.id]}]
    pages = workbook.client("ssm").get_paginator("describe_parameters").paginate(ParameterFilters=names)
    return [Resource("parameters", one["Name"], one["Name"]) for page in pages for one in page["Parameters"]]


BUCKETS = Kind("buckets", _buckets, _delete_bucket)
SECRETS = Kind(
    "secrets",
    _secrets,
    lambda workbook, one: workbook.client("secretsmanager").delete_secret(
        SecretId=one.handle, ForceDeleteWithoutRecovery=True
    ),
)
PARAMETERS = Kind(
    "parameters", _parameters, lambda workbook, one: workbook.client("ssm").delete_parameter(Name=one.handle)
)
