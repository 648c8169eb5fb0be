"""MSK Connect: the connector that carries the topics into the bucket, and how far it has come."""

import base64
import contextlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from helpers import iam
from helpers.config import Workbook
from helpers.kafka import client as kafka_client
from helpers.kafka import custom_plugin, msk
from helpers.waiting import WaitedInVain, wait_until

WORKER_PROPERTIES = {
    "key.converter": "org.apache.kafka.connect.storage.StringConverter",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
}
"""How a worker reads records when a connector does not say otherwise."""

CONNECT_VERSION = "3.7.x"
"""The newest Kafka Connect that MSK Connect offered in 2026; the lab runs its own."""

PATIENCE_SECONDS = 900
"""AWS takes five to ten minutes to start a connector's workers."""

QUICK_SECONDS = 30
"""The lab takes less; after that, MSK Connect is asked less often."""


LOG_DAYS = 7
"""How long the connector's log is kept."""

USUAL = {
    "connector.class": "S3SinkConnector",
    "tasks.max": "3",
    "schema.compatibility": "NONE",
    "storage.class": "io.confluent.connect.s3.storage.S3Storage",
    "format.class": "io.confluent.connect.s3.format.json.JsonFormat",
    "partitioner.class": "io.confluent.connect.storage.partitioner.DefaultPartitioner",
    "key.converter": "org.apache.kafka.connect.storage.StringConverter",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
}
"""What every connector of the pipeline has, whatever it stores and where."""

_NO_REASON = "MSK Connect does not say why; see its log group."


class ConnectorError(Exception):
    """The connector was refused, failed, or is behind; the text says which and why."""


def sink_properties(
    workbook: Workbook, flush_size: int = 1, folder: str = "topics", rotate_schedule_ms: int = -1
) -> dict[str, str]:
    """Write down the connector's properties, under the names of Confluent's S3 sink.

    Parameters
    ----------
    workbook : Workbook
        Gives bucket, region and topics.
    flush_size : int
        Records an object.
    folder : str
        First part of every key.
    rotate_schedule_ms : int
        Longest wait, in milliseconds, until a partial object is written; -1 waits for a full one.
    """
    return USUAL | {
        "topics.regex": f"{workbook.id}.*",
        "s3.bucket.name": workbook.bucket,
        "s3.region": workbook.region,
        "topics.dir": folder,
        "flush.size": str(flush_size),
        "rotate.schedule.interval.ms": str(rotate_schedule_ms),
        "timezone": "UTC",  # Confluent's sink asks for one as soon as a schedule is set
        "value.converter.schemas.enable": "false",
    }


def create_worker_configuration(workbook: Workbook) -> str:
    """Create the worker configuration unless it is there.

    Returns
    -------
    str
        Its ARN.
    """
    client = workbook.client("kafkaconnect")
    for page in client.get_paginator("list_worker_configurations").paginate():
        for found in page["workerConfigurations"]:
            if found["name"] == workbook.worker_configuration:
                return found["workerConfigurationArn"]
    text = "".join(f"{name}={value}\n" for name, value in WORKER_PROPERTIES.items())
    content = base64.b64encode(text.encode()).decode()
    made = client.create_worker_configuration(
        name=workbook.worker_configuration, propertiesFileContent=content, tags=workbook.tags
    )
    return made["workerConfigurationArn"]


def create_log_group(workbook: Workbook) -> str:
    """Create the log group of the connector's workers unless it is there: MSK Connect does not make it.

    Returns
    -------
    str
        Its name.
    """
    logs = workbook.client("logs")
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=workbook.connector_logs, tags=workbook.tags)
    logs.put_retention_policy(logGroupName=workbook.connector_logs, retentionInDays=LOG_DAYS)
    return workbook.connector_logs


def connector_request(workbook: Workbook, properties: Mapping[str, str], plugin: str, role: str) -> dict[str, Any]:
    """Write down everything that MSK Connect wants to know of a new connector.

    Parameters
    ----------
    workbook : Workbook
        Gives names and brokers.
    properties : mapping of str to str
        See `sink_properties`.
    plugin, role : str
        ARNs of the custom plugin, and of the role that the connector works with.
    """
    cluster = {"bootstrapServers": msk.brokers(workbook), "vpc": msk.network(workbook)}
    logs = {"cloudWatchLogs": {"enabled": True, "logGroup": create_log_group(workbook)}}
    return {
        "connectorName": workbook.connector,
        "connectorConfiguration": dict(properties),
        "kafkaConnectVersion": CONNECT_VERSION,
        "kafkaCluster": {"apacheKafkaCluster": cluster},
        "kafkaClusterClientAuthentication": {"authenticationType": "IAM"},
        "kafkaClusterEncryptionInTransit": {"encryptionType": "TLS"},
        "plugins": [{"customPlugin": {"customPluginArn": plugin, "revision": 1}}],
        "serviceExecutionRoleArn": role,
        "workerConfiguration": {"workerConfigurationArn": create_worker_configuration(workbook), "revision": 1},
        "capacity": {"provisionedCapacity": {"mcuCount": 1, "workerCount": 1}},
        "logDelivery": {"workerLogDelivery": logs},
        "tags": workbook.tags,
    }


def create_connector(workbook: Workbook, request: Mapping[str, Any]) -> None:
    """Create the connector and wait until it runs.

    Parameters
    ----------
    workbook : Workbook
        Gives the connector's name.
    request : mapping
        See `connector_request`.

    Raises
    ------
    ConnectorError
        If it is refused or fails, with the reason; a connector that failed stays listed.
    """
    try:
        workbook.client("kafkaconnect").create_connector(**request)
    except ClientError as error:
        raise ConnectorError(f"{workbook.connector} was refused: {error.response['Error']['Message']}") from error
    state = _settled(workbook)
    if state["connectorState"] != "RUNNING":
        raise ConnectorError(f"{workbook.connector} failed: {_reason(state)}")


def update_connector(workbook: Workbook, properties: Mapping[str, str]) -> None:
    """Give the connector other properties and wait until its tasks run with them.

    Raises
    ------
    ConnectorError
        If it cannot run with them; MSK Connect then goes back to those it had.
    """
    client = workbook.client("kafkaconnect")
    there = _described(client, workbook)
    if there is None:
        raise ConnectorError(f"There is no connector {workbook.connector}. Create it first.")
    try:
        started = client.update_connector(
            connectorArn=there["connectorArn"],
            currentVersion=there["currentVersion"],
            connectorConfiguration=dict(properties),
        )
    except ClientError as error:
        raise ConnectorError(f"{workbook.connector} was not updated: {error.response['Error']['Message']}") from error
    _settled(workbook)
    outcome = client.describe_connector_operation(connectorOperationArn=started["connectorOperationArn"])
    if outcome["connectorOperationState"] != "UPDATE_COMPLETE":
        raise ConnectorError(f"{workbook.connector} was not updated: {_error(outcome)}")


def _settled(workbook: Workbook) -> dict[str, Any]:
    """Wait until the connector is under way no more; one that is not there is ``DELETED``."""
    client = workbook.client("kafkaconnect")
    awaited = f"{workbook.connector} to be created, updated or deleted"

    def settled() -> dict[str, Any] | None:
        state = _described(client, workbook) or {"connectorState": "DELETED"}
        return None if state["connectorState"] in ("CREATING", "UPDATING", "DELETING") else state

    try:
        return wait_until(settled, QUICK_SECONDS, awaited)
    except WaitedInVain:
        return wait_until(settled, PATIENCE_SECONDS, awaited, every=5)


def _described(client: Any, workbook: Workbook) -> dict[str, Any] | None:
    for page in client.get_paginator("list_connectors").paginate(connectorNamePrefix=workbook.connector):
        for found in page["connectors"]:
            if found["connectorName"] == workbook.connector:
                with contextlib.suppress(client.exceptions.NotFoundException):  # gone since it was listed
                    return client.describe_connector(connectorArn=found["connectorArn"])
    return None


def _reason(state: Mapping[str, Any]) -> str:
    return state.get("stateDescription", {}).get("message", _NO_REASON)


def _error(operation: Mapping[str, Any]) -> str:
    return operation.get("errorInfo", {}).get("message", _NO_REASON)


def put_connector(workbook: Workbook, properties: Mapping[str, str]) -> None:
    """Make the connector run with these properties: create it, with all it needs, or update it.

    Raises
    ------
    ConnectorError
        If it is refused or fails, with the reason.
    """
    there = _settled(workbook)
    role = iam.complete_access_role(workbook)  # one that notebook 01 has left has less than a connector needs
    if there["connectorState"] == "FAILED":
        delete_connector(workbook)
    if there["connectorState"] in ("FAILED", "DELETED"):
        plugin = custom_plugin.create(workbook, custom_plugin.upload(workbook, Path(workbook.sink_plugin)))
        create_connector(workbook, connector_request(workbook, properties, plugin, role))
    elif there["connectorConfiguration"] != dict(properties):
        update_connector(workbook, properties)


def state(workbook: Workbook) -> str | None:
    """Tell the connector's state in MSK Connect's word; None if there is none."""
    there = _described(workbook.client("kafkaconnect"), workbook)
    return there and there["connectorState"]


def delete_connector(workbook: Workbook) -> bool:
    """Delete the connector and wait until it is gone; its committed offsets stay.

    Returns
    -------
    bool
        Whether there was one.
    """
    there = _settled(workbook)
    if there["connectorState"] == "DELETED":
        return False
    workbook.client("kafkaconnect").delete_connector(connectorArn=there["connectorArn"])
    _settled(workbook)
    return True


def wait_until_stored(workbook: Workbook, timeout: float = 120) -> float:
    """Wait until every record now in the topics is in the bucket.

    The connector is a consumer group; it commits an offset only when the records before it are stored, so a lag of
    zero means that all of them are.

    Returns
    -------
    float
        Seconds it took.

    Raises
    ------
    ConnectorError
        If the connector fails, or the time is up.
    """
    started = time.monotonic()
    client = workbook.client("kafkaconnect")
    behind: dict[str, int] = {}

    def stored() -> bool:
        behind.update(kafka_client.lag(workbook, f"connect-{workbook.connector}"))
        if not any(behind.values()):
            return True
        there = _described(client, workbook)
        if there is None:
            raise ConnectorError(f"There is no connector {workbook.connector}. Create it first.")
        if there["connectorState"] == "FAILED":
            raise ConnectorError(f"{workbook.connector} failed: {_reason(there)}")
        return False

    try:
        wait_until(stored, timeout, "the connector to store every record")
    except WaitedInVain as error:
        raise ConnectorError(
            f"After {timeout:.0f} s {workbook.connector} has still to store {behind}. A flush.size larger than "
            "the rest of the records, with no rotate.schedule.interval.ms, keeps them waiting for ever."
        ) from error
    return time.monotonic() - started
