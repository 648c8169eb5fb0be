"""What MSK Connect keeps: its plugins, worker configurations, connectors and operations, and the work behind them."""

import asyncio
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from lab.aws.endpoint import LOG, Endpoint
from lab.aws.errors import AwsError
from lab.aws.msk.connect_worker import ConnectFailed
from lab.core import iam_file

Parameters = Mapping[str, Any]
Record = dict[str, Any]


class Records:
    """The records, by ARN, each in the form in which AWS describes it.

    Attributes
    ----------
    plugins, configurations, connectors, operations : dict
        ARN → record.
    one_at_a_time : asyncio.Lock
        Held while a decision is made and written down.
    """

    def __init__(self, endpoint: Endpoint):
        self._endpoint = endpoint
        self._tasks: set[asyncio.Task[None]] = set()
        self.one_at_a_time = asyncio.Lock()
        kept = endpoint.state.own["kafkaconnect"]
        self.plugins: dict[str, Record] = kept.setdefault("plugins", {})
        self.configurations: dict[str, Record] = kept.setdefault("worker configurations", {})
        self.connectors: dict[str, Record] = kept.setdefault("connectors", {})
        self.operations: dict[str, Record] = kept.setdefault("operations", {})

    def updates(self) -> dict[str, str]:
        """List the updates that are not finished: operation → connector."""
        return {
            operation: record["connectorArn"]
            for operation, record in self.operations.items()
            if record["connectorOperationState"] == "UPDATE_IN_PROGRESS"
        }

    async def add(
        self, where: dict, kind: str, parameters: Parameters, more: Mapping[str, Any], arn: str | None = None
    ) -> str:
        """Keep a new record under an ARN of its own, or one that it was given before.

        Raises
        ------
        AwsError
            If there is one of that name.
        """
        name = parameters["name"]
        arn = arn or new_arn(kind, name)
        arn_name = {"custom-plugin": "customPluginArn", "connector": "connectorArn"}.get(kind, "workerConfigurationArn")
        record = {
            "name": name, "creationTime": now(), "description": parameters.get("description", ""), arn_name: arn,
            "tags": dict(parameters.get("tags", {})), **more,
        }  # fmt: skip
        async with self.one_at_a_time:
            if any(one["name"] == name for one in where.values()):
                raise AwsError("ConflictException", f"There is a {kind} named {name} already.", 409)
            await self.change(where, arn, **record)
        return arn

    async def change(self, where: dict, arn: str, **fields: Any) -> None:
        """Change a record; it is on disk then."""
        await self._endpoint.change("kafkaconnect", where, arn, fields)

    async def note(self, where: dict, arn: str, **fields: Any) -> None:
        """Change a record behind the answers; it is on disk soon."""
        await self._endpoint.note("kafkaconnect", where, arn, fields)

    async def remove(self, where: dict, arn: str) -> None:
        """Forget a record; it is gone from disk then."""
        await self._endpoint.change("kafkaconnect", where, arn, None)

    async def forget(self, where: dict, arn: str) -> None:
        """Forget a record behind the answers; it is gone from disk soon."""
        await self._endpoint.note("kafkaconnect", where, arn, None)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something behind the answer."""
        task = asyncio.create_task(_logged(work))
        self._tasks.add(task)  # asyncio alone would forget it
        task.add_done_callback(self._tasks.discard)


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        LOG.exception("MSK Connect failed")


def new_arn(kind: str, name: str) -> str:
    """Make the ARN of something new."""
    return f"arn:aws:kafkaconnect:us-east-1:{iam_file.ACCOUNT}:{kind}/{name}/{uuid4()}"


def get(where: Mapping[str, Record], arn: str) -> Record:
    """Return a record.

    Raises
    ------
    AwsError
        If there is none.
    """
    if arn not in where:
        raise AwsError("NotFoundException", f"There is no {arn}.", 404)
    return where[arn]


def named(where: Mapping[str, Record], prefix: str) -> list[Record]:
    """List the records whose names begin with a prefix."""
    return [one for one in where.values() if one["name"].startswith(prefix)]


def explained(error: Exception) -> str:
    """Put into words why something failed; what nobody expected goes to the log."""
    reason = str(error)
    if not isinstance(error, ConnectFailed | ClientError):
        LOG.error("MSK Connect failed", exc_info=error)
    return reason


def now() -> datetime:
    """Tell the time, as AWS writes it into records."""
    return datetime.now(UTC)
