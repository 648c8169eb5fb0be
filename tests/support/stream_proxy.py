"""The way from HTTP to Kinesis, built as milestone 9 builds it, for the tests that post into streams."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3

from helpers import iam
from helpers.config import Workbook
from helpers.gateway import kinesis_proxy, rest_api


@dataclass
class StreamProxy:
    """A deployed API, and the streams behind it."""

    workbook: Workbook
    api: str
    invoke_url: str
    kinesis: Any

    def read(self, table: str) -> list[dict]:
        """Everything in one stream, shard by shard."""
        stream, found = self.workbook.stream(table), []
        for shard in self.kinesis.list_shards(StreamName=stream)["Shards"]:
            where = {"StreamName": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
            iterator = self.kinesis.get_shard_iterator(**where)["ShardIterator"]
            records = self.kinesis.get_records(ShardIterator=iterator)["Records"]
            found += [record | {"ShardId": shard["ShardId"]} for record in records]
        return found


@contextlib.contextmanager
def deployed(workbook: Workbook, shards: int = 2) -> Iterator[StreamProxy]:
    """Build everything, and delete it afterwards."""
    kinesis = boto3.client("kinesis", region_name=workbook.region)
    api = rest_api.create_api(workbook)
    role = iam.make(workbook, iam.kinesis_role(workbook, iam.account(workbook)))
    kinesis_proxy.create(workbook, api, role)
    for stream in workbook.streams:
        kinesis.create_stream(StreamName=stream, ShardCount=shards)
    try:
        yield StreamProxy(workbook, api, rest_api.deploy(workbook, api), kinesis)
    finally:
        for stream in kinesis.list_streams()["StreamNames"]:
            if stream in workbook.streams:
                kinesis.delete_stream(StreamName=stream)
        boto3.client("apigateway", region_name=workbook.region).delete_rest_api(restApiId=api)
        iam.delete(workbook, workbook.kinesis_role)
