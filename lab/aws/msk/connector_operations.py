"""Operations on connectors of MSK Connect, each with a record that can be asked for: update, pause, resume, restart."""

from typing import Any
from uuid import uuid4

from lab.aws.errors import AwsError
from lab.aws.msk import records
from lab.aws.msk.connect_worker import ConnectFailed, Worker
from lab.aws.msk.connectors import Connectors, check_idle, check_version
from lab.aws.msk.records import Parameters, Records, explained


class ConnectorOperations:
    """What is done to connectors that are there."""

    def __init__(self, kept: Records, worker: Worker, connectors: Connectors):
        self._records = kept
        self._worker = worker
        self._run = connectors.run

    def resume(self) -> None:
        """Go on with updates that a crash of this process cut short."""
        for operation, arn in self._records.updates().items():
            if self._records.connectors.get(arn, {}).get("connectorState") == "UPDATING":
                self._records.start(self._update(operation))

    async def update_connector(self, parameters: Parameters) -> dict[str, Any]:
        """Answer UpdateConnector; other properties take effect behind the answer, or are rolled back."""
        async with self._records.one_at_a_time:
            return await self._begin_update(parameters)

    async def _begin_update(self, parameters: Parameters) -> dict[str, Any]:
        arn = parameters["connectorArn"]
        connector = records.get(self._records.connectors, arn)
        check_version(connector, parameters["currentVersion"])
        check_idle(connector)
        if connector["connectorState"] != "RUNNING":
            state = connector["connectorState"]
            raise AwsError("BadRequestException", f"The connector is {state}: only one that is RUNNING can be updated.")
        if "connectorConfiguration" not in parameters:
            raise AwsError("BadRequestException", "In the lab only connectorConfiguration can be updated.")
        operation = _operation_arn(arn)
        record = {
            "connectorArn": arn, "connectorOperationArn": operation, "connectorOperationState": "UPDATE_IN_PROGRESS",
            "connectorOperationType": "UPDATE_CONNECTOR_CONFIGURATION", "creationTime": records.now(),
            "originConnectorConfiguration": connector["connectorConfiguration"],
            "targetConnectorConfiguration": parameters["connectorConfiguration"],
        }  # fmt: skip
        await self._records.change(self._records.operations, operation, **record)
        await self._records.change(self._records.connectors, arn, connectorState="UPDATING")
        self._records.start(self._update(operation))
        return {"connectorArn": arn, "connectorState": "UPDATING", "connectorOperationArn": operation}

    async def _update(self, operation: str) -> None:
        record = self._records.operations[operation]
        connector = self._records.connectors[record["connectorArn"]]
        target, origin = record["targetConnectorConfiguration"], record["originConnectorConfiguration"]
        outcome: dict[str, Any] = {"connectorOperationState": "UPDATE_COMPLETE"}
        current = target
        try:
            await self._run(connector, target)
        except Exception as error:
            current = origin
            told = {"code": "UnknownError.ConnectorFailed", "message": explained(error)}
            outcome = {"connectorOperationState": "ROLLBACK_COMPLETE", "errorInfo": told}
            try:
                await self._run(connector, origin)
            except Exception:
                outcome["connectorOperationState"] = "ROLLBACK_FAILED"
        version = f"K{int(connector['currentVersion'][1:]) + 1}"
        await self._records.note(
            self._records.connectors, record["connectorArn"],
            connectorState="RUNNING", currentVersion=version, connectorConfiguration=current,
        )  # fmt: skip
        await self._records.note(self._records.operations, operation, endTime=records.now(), **outcome)

    async def describe_connector_operation(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DescribeConnectorOperation."""
        return records.get(self._records.operations, parameters["connectorOperationArn"])

    async def list_connector_operations(self, parameters: Parameters) -> dict[str, Any]:
        """Answer ListConnectorOperations."""
        arn = parameters["connectorArn"]
        return {"connectorOperations": [o for o in self._records.operations.values() if o["connectorArn"] == arn]}

    async def pause_connector(self, parameters: Parameters) -> dict[str, Any]:
        """Answer PauseConnector."""
        return await self._act(parameters["connectorArn"], "PAUSE", "pause", "PUT", connectorState="PAUSED")

    async def resume_connector(self, parameters: Parameters) -> dict[str, Any]:
        """Answer ResumeConnector."""
        return await self._act(parameters["connectorArn"], "RESUME", "resume", "PUT", connectorState="RUNNING")

    async def restart_connector(self, parameters: Parameters) -> dict[str, Any]:
        """Answer RestartConnector."""
        only_failed = str(parameters.get("onlyFailedTasks", False)).lower()
        action = f"restart?includeTasks=true&onlyFailed={only_failed}"
        return await self._act(parameters["connectorArn"], "RESTART", action, "POST")

    async def _act(self, arn: str, kind: str, action: str, method: str, **outcome: str) -> dict[str, Any]:
        """Do something that the worker does at once, and keep a record of it."""
        connector, began = records.get(self._records.connectors, arn), records.now()
        check_idle(connector)
        try:
            await self._worker.act(connector["connectorName"], action, method)
        except ConnectFailed as error:
            raise AwsError("ServiceUnavailableException", str(error), 503) from error
        if outcome:
            await self._records.change(self._records.connectors, arn, **outcome)
        operation = _operation_arn(arn)
        await self._records.change(
            self._records.operations, operation,
            connectorArn=arn, connectorOperationArn=operation, creationTime=began, endTime=records.now(),
            connectorOperationState=f"{kind}_COMPLETE", connectorOperationType=f"{kind}_CONNECTOR",
        )  # fmt: skip
        return {"connectorArn": arn, "connectorOperationArn": operation}


def _operation_arn(connector: str) -> str:
    return f"{connector.replace(':connector/', ':connector-operation/')}/{uuid4()}"
