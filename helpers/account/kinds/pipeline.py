"""What is billed by the hour: connectors, Airflow, streams. And what belongs to them: plugins, APIs, log groups."""

from typing import Any

from helpers.account.kinds.kind import Kind, Resource, is_own
from helpers.config import Workbook
from helpers.kinesis import streams
from helpers.waiting import wait_until

SECONDS = 2700
"""MWAA takes twenty minutes or more to delete an environment."""

EVERY_SECONDS = 2.0


def _pages(client: Any, operation: str, member: str, **asked: Any) -> list[Any]:
    return [one for page in client.get_paginator(operation).paginate(**asked) for one in page[member]]


def _connectors(workbook: Workbook) -> list[Resource]:
    found = _pages(workbook.client("kafkaconnect"), "list_connectors", "connectors")
    return [
        Resource("connectors", one["connectorName"], one["connectorArn"], "MSK Connect, MCU", _mcus(one))
        for one in found
        if is_own(workbook, one["connectorName"])
    ]


def _mcus(connector: dict[str, Any]) -> float:
    provisioned = connector.get("capacity", {}).get("provisionedCapacity", {})
    return provisioned.get("mcuCount", 1) * provisioned.get("workerCount", 1)


def _delete_connector(workbook: Workbook, one: Resource) -> None:
    client = workbook.client("kafkaconnect")
    client.delete_connector(connectorArn=one.handle)

    def gone() -> bool:
        return one.handle not in [left.handle for left in _connectors(workbook)]

    wait_until(gone, SECONDS, f"the connector {one.name} to be gone", EVERY_SECONDS)


def _plugins(workbook: Workbook) -> list[Resource]:
    found = _pages(workbook.client("kafkaconnect"), "list_custom_plugins", "customPlugins")
    return [
        Resource("custom plugins", one["name"], one["customPluginArn"])
        for one in found
        if is_own(workbook, one["name"]) and one["customPluginState"] != "DELETING"
    ]


def _worker_configurations(workbook: Workbook) -> list[Resource]:
    found = _pages(workbook.client("kafkaconnect"), "list_worker_configurations", "workerConfigurations")
    return [
        Resource("worker configurations", one["name"], one["workerConfigurationArn"])
        for one in found
        if is_own(workbook, one["name"])
    ]


def _environments(workbook: Workbook) -> list[Resource]:
    found = _pages(workbook.client("mwaa"), "list_environments", "Environments")
    return [Resource("Airflow environments", one, one, "MWAA mw1.small", 1) for one in found if is_own(workbook, one)]


def _delete_environment(workbook: Workbook, one: Resource) -> None:
    workbook.client("mwaa").delete_environment(Name=one.handle)

    def gone() -> bool:
        return one.handle not in [left.handle for left in _environments(workbook)]

    wait_until(gone, SECONDS, f"the environment {one.name} to be gone", EVERY_SECONDS)


def _streams(workbook: Workbook) -> list[Resource]:
    client = workbook.client("kinesis")
    own = [name for name in _pages(client, "list_streams", "StreamNames") if is_own(workbook, name)]
    return [Resource("streams", name, name, "Kinesis shard", _shards(client, name)) for name in own]


def _shards(client: Any, stream: str) -> int:
    return client.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["OpenShardCount"]


def _apis(workbook: Workbook) -> list[Resource]:
    found = _pages(workbook.client("apigateway"), "get_rest_apis", "items")
    own = (one for one in found if is_own(workbook, one["name"], one.get("tags", {})))
    return [Resource("REST APIs", one["name"], one["id"]) for one in own]


def _log_groups(workbook: Workbook) -> list[Resource]:
    found = _pages(workbook.client("logs"), "describe_log_groups", "logGroups")
    names = (one["logGroupName"] for one in found)
    return [Resource("log groups", name, name) for name in names if is_own(workbook, name)]


CONNECTORS = Kind("connectors", _connectors, _delete_connector)
PLUGINS = Kind(
    "custom plugins",
    _plugins,
    lambda workbook, one: workbook.client("kafkaconnect").delete_custom_plugin(customPluginArn=one.handle),
)
WORKER_CONFIGURATIONS = Kind(
    "worker configurations",
    _worker_configurations,
    lambda workbook, one: workbook.client("kafkaconnect").delete_worker_configuration(
        workerConfigurationArn=one.handle
    ),
)
ENVIRONMENTS = Kind("Airflow environments", _environments, _delete_environment)
STREAMS = Kind("streams", _streams, lambda workbook, one: streams.delete(workbook, one.handle))
APIS = Kind(
    "REST APIs", _apis, lambda workbook, one: workbook.client("apigateway").delete_rest_api(restApiId=one.handle)
)
LOG_GROUPS = Kind(
    "log groups",
    _log_groups,
    lambda workbook, one: workbook.client("logs").delete_log_group(logGroupName=one.handle),
)
