"""CloudWatch Logs: groups can be made, listed and deleted; what the lab's services write is in the lab's own logs."""

import time
from collections.abc import Mapping
from typing import Any

from lab.aws.base_service import BaseService
from lab.aws.endpoint import Endpoint
from lab.aws.errors import AwsError
from lab.aws.members import Members
from lab.aws.protocol import REGION
from lab.core.iam_file import ACCOUNT

Parameters = Mapping[str, Any]

LOGS = {
    "CreateLogGroup": Members(
        {"logGroupName", "tags"}, refused={"kmsKeyId", "logGroupClass", "deletionProtectionEnabled"}
    ),
    "DeleteLogGroup": Members({"logGroupName"}),
    "PutRetentionPolicy": Members({"logGroupName"}, {"retentionInDays": "no events are in the lab's groups"}),
    "DescribeLogGroups": Members(
        {"logGroupNamePrefix"},
        {"limit": "all there is fits into one answer", "nextToken": "no answer has one"},
        {"accountIdentifiers", "logGroupNamePattern", "includeLinkedAccounts", "logGroupClass", "logGroupIdentifiers"},
    ),
    "ListTagsForResource": Members({"resourceArn"}),
}
"""What calls of CloudWatch Logs may say."""


class Logs(BaseService):
    """Groups without events: MSK Connect wants one to be there, and whoever cleans up wants it gone."""

    title = "CloudWatch Logs"
    members = LOGS

    def __init__(self, endpoint: Endpoint):
        self._endpoint = endpoint
        self._groups: dict[str, dict[str, Any]] = endpoint.state.own["logs"].setdefault("groups", {})

    async def create_log_group(self, parameters: Parameters) -> dict[str, Any]:
        """Answer CreateLogGroup."""
        name = parameters["logGroupName"]
        if name in self._groups:
            raise AwsError("ResourceAlreadyExistsException", "The specified log group already exists")
        made = {
            "logGroupName": name, "creationTime": int(time.time() * 1000), "storedBytes": 0, "metricFilterCount": 0,
            "arn": f"{_arn(name)}:*", "logGroupArn": _arn(name), "tags": dict(parameters.get("tags", {})),
        }  # fmt: skip
        await self._change(name, made)
        return {}

    async def delete_log_group(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DeleteLogGroup."""
        self._get(parameters)
        await self._change(parameters["logGroupName"], None)
        return {}

    async def put_retention_policy(self, parameters: Parameters) -> dict[str, Any]:
        """Answer PutRetentionPolicy: kept and told."""
        group = self._get(parameters)
        await self._change(group["logGroupName"], {"retentionInDays": parameters["retentionInDays"]})
        return {}

    async def describe_log_groups(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DescribeLogGroups."""
        prefix = parameters.get("logGroupNamePrefix", "")
        return {"logGroups": [group for name, group in sorted(self._groups.items()) if name.startswith(prefix)]}

    async def list_tags_for_resource(self, parameters: Parameters) -> dict[str, Any]:
        """Answer ListTagsForResource."""
        for name, group in self._groups.items():
            if parameters["resourceArn"] == _arn(name):
                return {"tags": group["tags"]}
        raise _missing()

    def _get(self, parameters: Parameters) -> dict[str, Any]:
        if parameters["logGroupName"] not in self._groups:
            raise _missing()
        return self._groups[parameters["logGroupName"]]

    async def _change(self, name: str, fields: dict[str, Any] | None) -> None:
        await self._endpoint.change("logs", self._groups, name, fields)


def _arn(name: str) -> str:
    return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"


def _missing() -> AwsError:
    return AwsError("ResourceNotFoundException", "The specified log group does not exist.")
