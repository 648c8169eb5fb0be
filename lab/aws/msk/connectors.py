"""Connectors of MSK Connect on the real worker: made, described, deleted."""

import asyncio
import contextlib
import re
from collections.abc import Mapping
from typing import Any

from lab.aws.endpoint import Endpoint
from lab.aws.errors import AwsError
from lab.aws.msk import connector_role, records
from lab.aws.msk.connect_worker import ConnectFailed, Worker
from lab.aws.msk.custom_plugins import CustomPlugins, plugin_arns
from lab.aws.msk.records import Parameters, Records, explained
from lab.aws.msk.worker_configurations import WorkerConfigurations
from lab.services import kafka

S3_SINK = "io.confluent.connect.s3.S3SinkConnector"
"""Confluent's name of its sink for S3."""

UNDER_WAY = ("CREATING", "UPDATING", "DELETING")


class Connectors:
    """Where AWS would start workers for each connector, all share one."""

    def __init__(
        self,
        endpoint: Endpoint,
        kept: Records,
        worker: Worker,
        plugins: CustomPlugins,
        configurations: WorkerConfigurations,
    ):
        self._endpoint = endpoint
        self._records = kept
        self._worker = worker
        self._plugins = plugins
        self._configurations = configurations

    def resume(self) -> None:
        """Go on with what a crash of this process cut short; updates are for `ConnectorOperations`."""
        updated = self._records.updates().values()
        for arn, connector in self._records.connectors.items():
            state = connector["connectorState"]
            if state == "DELETING":
                self._records.start(self._delete(arn))
            elif state == "CREATING" or (state == "UPDATING" and arn not in updated):
                self._records.start(self._create(arn))

    async def create_connector(self, parameters: Parameters) -> dict[str, Any]:
        """Answer CreateConnector; plugin, role and tasks are seen to behind the answer."""
        _check_only_revisions(parameters)
        if parameters["kafkaClusterEncryptionInTransit"]["encryptionType"] != "TLS":
            raise AwsError("BadRequestException", "The brokers speak TLS alone: encryptionType must be TLS.")
        for arn in plugin_arns(parameters):
            if records.get(self._records.plugins, arn)["customPluginState"] != "ACTIVE":
                raise AwsError("BadRequestException", f"The custom plugin {arn} is not ACTIVE.")
        if chosen := parameters.get("workerConfiguration"):
            records.get(self._records.configurations, chosen["workerConfigurationArn"])
        name, role = parameters["connectorName"], parameters["serviceExecutionRoleArn"]
        arn = records.new_arn("connector", name)
        if not connector_role.is_trusting(self._endpoint.directory, role, arn):
            raise AwsError(
                "BadRequestException",
                f"MSK Connect cannot assume {role}: its trust policy must allow sts:AssumeRole to the service "
                f"{connector_role.SERVICE}, for this account's connectors.",
            )
        if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z-]{0,127}", name):
            raise AwsError("BadRequestException", f"connectorName {name!r} may hold letters, digits and hyphens only.")
        await self._records.add(
            self._records.connectors, "connector", {**parameters, "name": name},
            {**parameters, "connectorState": "CREATING", "currentVersion": "K1"}, arn,
        )  # fmt: skip
        self._records.start(self._create(arn))
        return {"connectorArn": arn, "connectorName": name, "connectorState": "CREATING"}

    async def _create(self, arn: str) -> None:
        connector = self._records.connectors[arn]
        try:
            await self._provide_plugins(connector)
            await self.run(connector, connector["connectorConfiguration"])
        except Exception as error:  # whatever it is, a connector that waits for ever would be worse
            with contextlib.suppress(ConnectFailed):
                # before anybody hears of it: they may create one of the same name at once
                await self._worker.delete(connector["connectorName"])
            failed = {"code": "UnknownError.ConnectorFailed", "message": explained(error)}
            await self._records.note(self._records.connectors, arn, connectorState="FAILED", stateDescription=failed)
            return
        await self._records.note(self._records.connectors, arn, connectorState="RUNNING")

    async def _provide_plugins(self, connector: Parameters) -> None:
        connectors = self._records.connectors.values()
        in_use = {self._plugins.loaded_as(arn) for other in connectors for arn in plugin_arns(other)}
        for arn in plugin_arns(connector):
            await self._worker.provide(self._plugins.loaded_as(arn), self._plugins.archive(arn), in_use)

    async def run(self, connector: Parameters, properties: Mapping[str, str]) -> None:
        """Give a connector its properties and wait until it runs.

        Raises
        ------
        ConnectFailed
            With the reason.
        """
        self._check_cluster(connector)
        name = connector["connectorName"]
        topics = await asyncio.to_thread(_topics, self._endpoint.runtime, properties)
        required = connector_role.required_actions(name, properties, topics)
        role = connector["serviceExecutionRoleArn"]
        if missing := connector_role.gaps(self._endpoint.directory, role, required):
            raise ConnectFailed(f"Access denied: no policy of {role} allows {missing[0]}.")
        await self._worker.configure(name, self._configurations.defaults(connector) | _with_short_name(properties))

    def _check_cluster(self, connector: Parameters) -> None:
        servers = connector["kafkaCluster"]["apacheKafkaCluster"]["bootstrapServers"]
        brokers = f"127.0.0.1:{self._endpoint.runtime.lab.ports['kafka']}"
        if servers != brokers:
            raise ConnectFailed(f"No broker of {servers!r} answers; get_bootstrap_brokers names {brokers}.")
        if connector["kafkaClusterClientAuthentication"]["authenticationType"] != "IAM":
            raise ConnectFailed("The brokers ask for IAM: authenticationType must be IAM.")

    async def describe_connector(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DescribeConnector; a running one is asked how it does."""
        connector = dict(records.get(self._records.connectors, parameters["connectorArn"]))
        running = connector["connectorState"] == "RUNNING"
        if running and (reason := await self._worker.failure(connector["connectorName"])):
            connector["connectorState"] = "FAILED"
            connector["stateDescription"] = {"code": "UnknownError.TaskFailed", "message": reason}
        return connector

    async def list_connectors(self, parameters: Parameters) -> dict[str, Any]:
        """Answer ListConnectors."""
        prefix = parameters.get("connectorNamePrefix", "")
        return {"connectors": [c for c in self._records.connectors.values() if c["connectorName"].startswith(prefix)]}

    async def delete_connector(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DeleteConnector; its tasks end behind the answer."""
        arn = parameters["connectorArn"]
        async with self._records.one_at_a_time:
            connector = records.get(self._records.connectors, arn)
            check_idle(connector)
            check_version(connector, parameters.get("currentVersion", connector["currentVersion"]))
            await self._records.change(self._records.connectors, arn, connectorState="DELETING")
        self._records.start(self._delete(arn))
        return {"connectorArn": arn, "connectorState": "DELETING"}

    async def _delete(self, arn: str) -> None:
        try:
            await self._worker.delete(self._records.connectors[arn]["connectorName"])
        except ConnectFailed as error:
            failed = {"code": "UnknownError.ConnectorFailed", "message": str(error)}
            await self._records.note(self._records.connectors, arn, connectorState="FAILED", stateDescription=failed)
            return
        for operation in [one for one, record in self._records.operations.items() if record["connectorArn"] == arn]:
            await self._records.forget(self._records.operations, operation)
        await self._records.forget(self._records.connectors, arn)


def check_version(connector: Parameters, version: str) -> None:
    """Refuse to touch a connector that has been changed since somebody looked.

    Raises
    ------
    AwsError
        If the version is not current.
    """
    if version != connector["currentVersion"]:
        raise AwsError(
            "BadRequestException", f"currentVersion {version!r} is not current: describe_connector tells which is."
        )


def check_idle(connector: Parameters) -> None:
    """Refuse to touch a connector that is being changed.

    Raises
    ------
    AwsError
        While it is under way.
    """
    if connector["connectorState"] in UNDER_WAY:
        state = connector["connectorState"]
        raise AwsError("ConflictException", f"The connector is {state}: wait for that to end.", 409)


def _check_only_revisions(parameters: Parameters) -> None:
    """Refuse another revision than the first of a plugin or of a worker configuration: nothing makes a second."""
    chosen = [plugin["customPlugin"] for plugin in parameters["plugins"]]
    chosen += [parameters["workerConfiguration"]] if "workerConfiguration" in parameters else []
    for one in chosen:
        if one["revision"] != 1:
            arn = one.get("customPluginArn") or one["workerConfigurationArn"]
            raise AwsError("BadRequestException", f"{arn} has no revision {one['revision']}: the only one is 1.")


def _with_short_name(properties: Mapping[str, str]) -> dict[str, str]:
    """Call Confluent's S3 sink by the short name, which is that of the workbook's own sink too."""
    named = properties.get("connector.class", "").strip()
    return {**properties, "connector.class": S3_SINK.rpartition(".")[2]} if named == S3_SINK else dict(properties)


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
