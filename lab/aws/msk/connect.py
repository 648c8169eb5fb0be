"""MSK Connect: custom plugins out of S3 objects, worker configurations, connectors on the real worker."""

import asyncio
import base64
import contextlib
import hashlib
import re
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import javaproperties
from botocore.exceptions import ClientError

from lab.aws.base_service import OwnService
from lab.aws.endpoint import LOG, Endpoint
from lab.aws.errors import AwsError
from lab.aws.msk import connector_role
from lab.aws.msk.connect_worker import ConnectFailed, Worker, check
from lab.core import iam_file
from lab.services import kafka, s3

CONVERTERS = re.compile(r"(key|value|header)\.converter(\..+)?")
"""Properties of a worker that one connector can have for itself on a worker that others share."""

UNDER_WAY = ("CREATING", "UPDATING", "DELETING")

Parameters = Mapping[str, Any]


class MskConnect(OwnService):
    """Amazon MSK Connect in front of one real worker.

    Where AWS would start workers for each connector, all connectors share one, which starts anew when a plugin is
    added.
    """

    title = "MSK Connect"

    def __init__(self, endpoint: Endpoint, worker: Worker):
        self._endpoint = endpoint
        self._worker = worker
        self._tasks: set[asyncio.Task[None]] = set()
        self._one_at_a_time = asyncio.Lock()
        kept = endpoint.state.own["kafkaconnect"]
        self._plugins: dict[str, dict[str, Any]] = kept.setdefault("plugins", {})
        self._configurations: dict[str, dict[str, Any]] = kept.setdefault("worker configurations", {})
        self._connectors: dict[str, dict[str, Any]] = kept.setdefault("connectors", {})
        self._operations: dict[str, dict[str, Any]] = kept.setdefault("operations", {})

    def resume(self) -> None:
        """Go on with what a crash of this process cut short."""
        updates = {
            record["connectorArn"]: operation
            for operation, record in self._operations.items()
            if record["connectorOperationState"] == "UPDATE_IN_PROGRESS"
        }
        for arn, connector in self._connectors.items():
            if connector["connectorState"] == "DELETING":
                self._start(self._delete(arn))
            elif connector["connectorState"] == "UPDATING" and arn in updates:
                self._start(self._update(updates[arn]))
            elif connector["connectorState"] in UNDER_WAY:
                self._start(self._create(arn))
        for arn, plugin in self._plugins.items():
            if plugin["customPluginState"] == "CREATING":
                self._start(self._fetch(arn))

    # custom plugins

    async def create_custom_plugin(self, parameters: Parameters) -> dict[str, Any]:
        """Answer CreateCustomPlugin; the object is fetched behind the answer."""
        arn = await self._add(
            self._plugins, "custom-plugin", parameters,
            {
                "customPluginState": "CREATING",
                "latestRevision": {
                    "revision": 1, "contentType": parameters["contentType"], "location": parameters["location"],
                    "creationTime": _now(),
                },
            },
        )  # fmt: skip
        self._start(self._fetch(arn))
        return {"customPluginArn": arn, "customPluginState": "CREATING", "name": parameters["name"], "revision": 1}

    async def _fetch(self, arn: str) -> None:
        revision = self._plugins[arn]["latestRevision"]
        place = revision["location"]["s3Location"]
        bucket = place["bucketArn"].rpartition(":")[2]
        suffix = ".jar" if revision["contentType"] == "JAR" else ".zip"
        archive = self._folder / f"{arn.rpartition('/')[2]}{suffix}"
        try:
            described = await asyncio.to_thread(_download, self._endpoint.runtime, bucket, place["fileKey"], archive)
        except Exception as error:  # whatever it is, a plugin that is CREATING for ever would be worse
            text = f"s3://{bucket}/{place['fileKey']}: {_explained(error)}"
            failed = {"code": "InvalidInput.PluginLocation", "message": text}
            await self._note(self._plugins, arn, customPluginState="CREATE_FAILED", stateDescription=failed)
            return
        done = revision | {"fileDescription": described}
        await self._note(self._plugins, arn, customPluginState="ACTIVE", latestRevision=done, file=archive.name)

    async def describe_custom_plugin(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DescribeCustomPlugin."""
        return _get(self._plugins, parameters["customPluginArn"])

    async def list_custom_plugins(self, parameters: Parameters) -> dict[str, Any]:
        """Answer ListCustomPlugins."""
        return {"customPlugins": _named(self._plugins, parameters.get("namePrefix", ""))}

    async def delete_custom_plugin(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DeleteCustomPlugin."""
        arn = parameters["customPluginArn"]
        plugin = _get(self._plugins, arn)
        if plugin["customPluginState"] == "CREATING":
            raise AwsError("ConflictException", "The plugin is CREATING: wait for that to end.", 409)
        users = [c["connectorName"] for c in self._connectors.values() if arn in _plugin_arns(c)]
        if users:
            raise AwsError("BadRequestException", f"The plugin is used by the connector {users[0]}: delete that first.")
        await self._endpoint.change("kafkaconnect", self._plugins, arn, None)
        (self._folder / plugin.get("file", "none")).unlink(missing_ok=True)
        return {"customPluginArn": arn, "customPluginState": "DELETING"}

    # worker configurations

    async def create_worker_configuration(self, parameters: Parameters) -> dict[str, Any]:
        """Answer CreateWorkerConfiguration."""
        properties = _decoded(parameters["propertiesFileContent"])
        if others := [name for name in properties if not CONVERTERS.fullmatch(name)]:
            raise AwsError(
                "BadRequestException",
                f"On the lab's worker, which all connectors share, a worker configuration sets converters only, not "
                f"{others[0]}; on AWS it may set more.",
            )
        revision = {
            "revision": 1, "creationTime": _now(), "propertiesFileContent": parameters["propertiesFileContent"]
        }  # fmt: skip
        arn = await self._add(
            self._configurations, "worker-configuration", parameters,
            {"latestRevision": revision, "workerConfigurationState": "ACTIVE"},
        )  # fmt: skip
        return _get(self._configurations, arn)

    async def describe_worker_configuration(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DescribeWorkerConfiguration."""
        return _get(self._configurations, parameters["workerConfigurationArn"])

    async def list_worker_configurations(self, parameters: Parameters) -> dict[str, Any]:
        """Answer ListWorkerConfigurations."""
        return {"workerConfigurations": _named(self._configurations, parameters.get("namePrefix", ""))}

    async def delete_worker_configuration(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DeleteWorkerConfiguration."""
        arn = parameters["workerConfigurationArn"]
        _get(self._configurations, arn)
        await self._endpoint.change("kafkaconnect", self._configurations, arn, None)
        return {"workerConfigurationArn": arn, "workerConfigurationState": "DELETING"}

    # connectors

    async def create_connector(self, parameters: Parameters) -> dict[str, Any]:
        """Answer CreateConnector; plugin, role and tasks are seen to behind the answer."""
        for arn in _plugin_arns(parameters):
            if _get(self._plugins, arn)["customPluginState"] != "ACTIVE":
                raise AwsError("BadRequestException", f"The custom plugin {arn} is not ACTIVE.")
        if chosen := parameters.get("workerConfiguration"):
            _get(self._configurations, chosen["workerConfigurationArn"])
        name, role = parameters["connectorName"], parameters["serviceExecutionRoleArn"]
        arn = _new_arn("connector", name)
        if not connector_role.is_trusting(self._endpoint.directory, role, arn):
            raise AwsError(
                "BadRequestException",
                f"MSK Connect cannot assume {role}: its trust policy must allow sts:AssumeRole to the service "
                f"{connector_role.SERVICE}, for this account's connectors.",
            )
        if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z-]{0,127}", name):
            raise AwsError("BadRequestException", f"connectorName {name!r} may hold letters, digits and hyphens only.")
        await self._add(
            self._connectors, "connector", {**parameters, "name": name},
            {**parameters, "connectorState": "CREATING", "currentVersion": "K1"}, arn,
        )  # fmt: skip
        self._start(self._create(arn))
        return {"connectorArn": arn, "connectorName": name, "connectorState": "CREATING"}

    async def _create(self, arn: str) -> None:
        connector = self._connectors[arn]
        try:
            await self._provide_plugins(connector)
            await self._run(connector, connector["connectorConfiguration"])
        except Exception as error:  # whatever it is, a connector that waits for ever would be worse
            with contextlib.suppress(ConnectFailed):
                # before anybody hears of it: they may create one of the same name at once
                await self._worker.delete(connector["connectorName"])
            failed = {"code": "UnknownError.ConnectorFailed", "message": _explained(error)}
            await self._note(self._connectors, arn, connectorState="FAILED", stateDescription=failed)
            return
        await self._note(self._connectors, arn, connectorState="RUNNING")

    async def _provide_plugins(self, connector: Parameters) -> None:
        in_use = {self._loaded_as(arn) for other in self._connectors.values() for arn in _plugin_arns(other)}
        for arn in _plugin_arns(connector):
            await self._worker.provide(self._loaded_as(arn), self._folder / self._plugins[arn]["file"], in_use)

    def _loaded_as(self, plugin: str) -> str:
        """Name a plugin's folder on the worker by its content: one that is there twice would be loaded once."""
        return str(self._plugins[plugin]["latestRevision"]["fileDescription"]["fileMd5"])

    async def _run(self, connector: Parameters, properties: Mapping[str, str]) -> None:
        """Give a connector its properties and wait until it runs.

        Raises
        ------
        ConnectFailed
            With the reason.
        """
        self._check_cluster(connector)
        name = connector["connectorName"]
        topics = await asyncio.to_thread(_topics, self._endpoint.runtime, properties)
        needed = connector_role.needs(name, properties, topics)
        role = connector["serviceExecutionRoleArn"]
        if missing := connector_role.gaps(self._endpoint.directory, role, needed):
            raise ConnectFailed(f"Access denied: no policy of {role} allows {missing[0]}.")
        await self._worker.configure(name, self._defaults(connector) | dict(properties))

    def _check_cluster(self, connector: Parameters) -> None:
        servers = connector["kafkaCluster"]["apacheKafkaCluster"]["bootstrapServers"]
        brokers = f"127.0.0.1:{self._endpoint.runtime.lab.ports['kafka']}"
        if servers != brokers:
            raise ConnectFailed(f"No broker of {servers!r} answers; get_bootstrap_brokers names {brokers}.")
        if connector["kafkaClusterClientAuthentication"]["authenticationType"] != "IAM":
            raise ConnectFailed("The brokers ask for IAM: authenticationType must be IAM.")

    def _defaults(self, connector: Parameters) -> dict[str, str]:
        chosen = connector.get("workerConfiguration")
        if not chosen:
            return {}
        configuration = self._configurations.get(chosen["workerConfigurationArn"])
        return _decoded(configuration["latestRevision"]["propertiesFileContent"]) if configuration else {}

    async def describe_connector(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DescribeConnector; a running one is asked how it does."""
        connector = dict(_get(self._connectors, parameters["connectorArn"]))
        running = connector["connectorState"] == "RUNNING"
        if running and (reason := await self._worker.failure(connector["connectorName"])):
            connector["connectorState"] = "FAILED"
            connector["stateDescription"] = {"code": "UnknownError.TaskFailed", "message": reason}
        return connector

    async def list_connectors(self, parameters: Parameters) -> dict[str, Any]:
        """Answer ListConnectors."""
        prefix = parameters.get("connectorNamePrefix", "")
        return {"connectors": [c for c in self._connectors.values() if c["connectorName"].startswith(prefix)]}

    async def update_connector(self, parameters: Parameters) -> dict[str, Any]:
        """Answer UpdateConnector; other properties take effect behind the answer, or are rolled back."""
        async with self._one_at_a_time:
            return await self._begin_update(parameters)

    async def _begin_update(self, parameters: Parameters) -> dict[str, Any]:
        arn = parameters["connectorArn"]
        connector = _get(self._connectors, arn)
        version = parameters["currentVersion"]
        if version != connector["currentVersion"]:
            raise AwsError(
                "BadRequestException", f"currentVersion {version!r} is not current: describe_connector tells which is."
            )
        _check_idle(connector)
        if connector["connectorState"] != "RUNNING":
            state = connector["connectorState"]
            raise AwsError("BadRequestException", f"The connector is {state}: only one that is RUNNING can be updated.")
        if "connectorConfiguration" not in parameters:
            raise AwsError("BadRequestException", "In the lab only connectorConfiguration can be updated.")
        operation = _operation_arn(arn)
        record = {
            "connectorArn": arn, "connectorOperationArn": operation, "connectorOperationState": "UPDATE_IN_PROGRESS",
            "connectorOperationType": "UPDATE_CONNECTOR_CONFIGURATION", "creationTime": _now(),
            "originConnectorConfiguration": connector["connectorConfiguration"],
            "targetConnectorConfiguration": parameters["connectorConfiguration"],
        }  # fmt: skip
        await self._change(self._operations, operation, **record)
        await self._change(self._connectors, arn, connectorState="UPDATING")
        self._start(self._update(operation))
        return {"connectorArn": arn, "connectorState": "UPDATING", "connectorOperationArn": operation}

    async def _update(self, operation: str) -> None:
        record = self._operations[operation]
        connector = self._connectors[record["connectorArn"]]
        target, origin = record["targetConnectorConfiguration"], record["originConnectorConfiguration"]
        outcome: dict[str, Any] = {"connectorOperationState": "UPDATE_COMPLETE"}
        current = target
        try:
            await self._run(connector, target)
        except Exception as error:
            current = origin
            told = {"code": "UnknownError.ConnectorFailed", "message": _explained(error)}
            outcome = {"connectorOperationState": "ROLLBACK_COMPLETE", "errorInfo": told}
            try:
                await self._run(connector, origin)
            except Exception:
                outcome["connectorOperationState"] = "ROLLBACK_FAILED"
        version = f"K{int(connector['currentVersion'][1:]) + 1}"
        await self._note(
            self._connectors, record["connectorArn"],
            connectorState="RUNNING", currentVersion=version, connectorConfiguration=current,
        )  # fmt: skip
        await self._note(self._operations, operation, endTime=_now(), **outcome)

    async def describe_connector_operation(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DescribeConnectorOperation."""
        return _get(self._operations, parameters["connectorOperationArn"])

    async def list_connector_operations(self, parameters: Parameters) -> dict[str, Any]:
        """Answer ListConnectorOperations."""
        arn = parameters["connectorArn"]
        return {"connectorOperations": [o for o in self._operations.values() if o["connectorArn"] == arn]}

    async def delete_connector(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DeleteConnector; its tasks end behind the answer."""
        arn = parameters["connectorArn"]
        async with self._one_at_a_time:
            _check_idle(_get(self._connectors, arn))
            await self._change(self._connectors, arn, connectorState="DELETING")
        self._start(self._delete(arn))
        return {"connectorArn": arn, "connectorState": "DELETING"}

    async def _delete(self, arn: str) -> None:
        try:
            await self._worker.delete(self._connectors[arn]["connectorName"])
        except ConnectFailed as error:
            failed = {"code": "UnknownError.ConnectorFailed", "message": str(error)}
            await self._note(self._connectors, arn, connectorState="FAILED", stateDescription=failed)
            return
        for operation in [one for one, record in self._operations.items() if record["connectorArn"] == arn]:
            await self._endpoint.note("kafkaconnect", self._operations, operation, None)
        await self._endpoint.note("kafkaconnect", self._connectors, arn, None)

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
        connector, began = _get(self._connectors, arn), _now()
        _check_idle(connector)
        try:
            await self._worker.act(connector["connectorName"], action, method)
        except ConnectFailed as error:
            raise AwsError("ServiceUnavailableException", str(error), 503) from error
        if outcome:
            await self._change(self._connectors, arn, **outcome)
        operation = _operation_arn(arn)
        await self._change(
            self._operations, operation, connectorArn=arn, connectorOperationArn=operation, creationTime=began,
            endTime=_now(), connectorOperationState=f"{kind}_COMPLETE", connectorOperationType=f"{kind}_CONNECTOR",
        )  # fmt: skip
        return {"connectorArn": arn, "connectorOperationArn": operation}

    # what the above share

    @property
    def _folder(self) -> Path:
        return self._endpoint.runtime.lab.home / "aws" / "plugins"

    async def _add(
        self, where: dict, kind: str, parameters: Parameters, more: Mapping[str, Any], arn: str | None = None
    ) -> str:
        name = parameters["name"]
        arn = arn or _new_arn(kind, name)
        arn_name = {"custom-plugin": "customPluginArn", "connector": "connectorArn"}.get(kind, "workerConfigurationArn")
        record = {
            "name": name, "creationTime": _now(), "description": parameters.get("description", ""), arn_name: arn,
            **more,
        }  # fmt: skip
        async with self._one_at_a_time:
            if any(one["name"] == name for one in where.values()):
                raise AwsError("ConflictException", f"There is a {kind} named {name} already.", 409)
            await self._change(where, arn, **record)
        return arn

    async def _change(self, where: dict, arn: str, **fields: Any) -> None:
        """Change a record; it is on disk then."""
        await self._endpoint.change("kafkaconnect", where, arn, fields)

    async def _note(self, where: dict, arn: str, **fields: Any) -> None:
        """Change a record behind the answers; it is on disk soon."""
        await self._endpoint.note("kafkaconnect", where, arn, fields)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_logged(work))
        self._tasks.add(task)  # asyncio alone would forget it
        task.add_done_callback(self._tasks.discard)


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        LOG.exception("MSK Connect failed")


def _download(runtime: Any, bucket: str, key: str, archive: Path) -> dict[str, Any]:
    """Fetch a plugin, look whether it is one, and describe its file."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    s3.client(runtime).download_file(bucket, key, str(archive))
    check(archive)
    with archive.open("rb") as content:
        return {"fileMd5": hashlib.file_digest(content, "md5").hexdigest(), "fileSize": archive.stat().st_size}


def _topics(runtime: Any, properties: Mapping[str, str]) -> list[str]:
    """List the topics that a connector reads: those it names, or those there are that its pattern matches."""
    if "topics" in properties:
        return [topic.strip() for topic in properties["topics"].split(",")]
    pattern = properties.get("topics.regex", "")
    try:
        with kafka.admin(runtime) as client:
            return [topic for topic in client.list_topics() if re.fullmatch(pattern, topic)]
    except re.error as error:
        raise ConnectFailed(f"topics.regex {pattern!r} is no pattern: {error}.") from error


def _check_idle(connector: Parameters) -> None:
    if connector["connectorState"] in UNDER_WAY:
        state = connector["connectorState"]
        raise AwsError("ConflictException", f"The connector is {state}: wait for that to end.", 409)


def _explained(error: Exception) -> str:
    reason = str(error)
    if not isinstance(error, ConnectFailed | ClientError):
        LOG.error("MSK Connect failed", exc_info=error)
    if "Failed to find any class" in reason and "io.confluent" in reason:
        return f"{reason} The workbook's own plugin goes by the short name S3SinkConnector, as Confluent's does too."
    return reason


def _new_arn(kind: str, name: str) -> str:
    return f"arn:aws:kafkaconnect:us-east-1:{iam_file.ACCOUNT}:{kind}/{name}/{uuid4()}"


def _operation_arn(connector: str) -> str:
    return f"{connector.replace(':connector/', ':connector-operation/')}/{uuid4()}"


def _plugin_arns(connector: Parameters) -> list[str]:
    return [plugin["customPlugin"]["customPluginArn"] for plugin in connector["plugins"]]


def _get(where: Mapping[str, dict[str, Any]], arn: str) -> dict[str, Any]:
    if arn not in where:
        raise AwsError("NotFoundException", f"There is no {arn}.", 404)
    return where[arn]


def _named(where: Mapping[str, dict[str, Any]], prefix: str) -> list[dict[str, Any]]:
    return [one for one in where.values() if one["name"].startswith(prefix)]


def _decoded(content: str) -> dict[str, str]:
    try:
        return javaproperties.loads(base64.b64decode(content, validate=True).decode())
    except ValueError as error:
        raise AwsError("BadRequestException", f"propertiesFileContent is no properties file: {error}.") from error


def _now() -> datetime:
    return datetime.now(UTC)
