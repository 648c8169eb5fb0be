"""The custom plugin of MSK Connect: a zip in the bucket that was looked through and given a name."""

from pathlib import Path
from typing import Any

from helpers.config import Workbook
from helpers.waiting import wait_until

FOLDER = "kafka-connect-s3"
"""Where in the bucket the plugin's zip lies."""

PATIENCE_SECONDS = 300


class PluginError(Exception):
    """The plugin could not be made; the text says which and why."""


def upload(workbook: Workbook, archive: Path) -> str:
    """Copy the plugin's zip from this computer into the bucket.

    Returns
    -------
    str
        Its key in the bucket.
    """
    key = f"{FOLDER}/{archive.name}"
    workbook.client("s3").upload_file(str(archive), workbook.bucket, key)
    return key


def create(workbook: Workbook, key: str, name: str | None = None) -> str:
    """Make a custom plugin out of a zip in the bucket, unless there is one of that name.

    Parameters
    ----------
    workbook : Workbook
        Gives the names of plugin and bucket.
    key : str
        The zip's key in the bucket.
    name : str, optional
        Name of the plugin; by default the workbook's.

    Returns
    -------
    str
        ARN of the plugin.

    Raises
    ------
    PluginError
        If the object is not there or is no plugin.
    """
    client, name = workbook.client("kafkaconnect"), name or workbook.plugin
    if (there := _plugin(client, name)) and there["customPluginState"] != "CREATE_FAILED":
        return there["customPluginArn"]
    if there:
        client.delete_custom_plugin(customPluginArn=there["customPluginArn"])
    location = {"s3Location": {"bucketArn": f"arn:aws:s3:::{workbook.bucket}", "fileKey": key}}
    made = client.create_custom_plugin(name=name, contentType="ZIP", location=location, tags=workbook.tags)
    arn = made["customPluginArn"]
    state = wait_until(lambda: _made(client, arn), PATIENCE_SECONDS, f"the custom plugin {name} to be made")
    if state["customPluginState"] != "ACTIVE":
        raise PluginError(f"{name} could not be made: {_reason(state)}")
    return arn


def _reason(state: dict[str, Any]) -> str:
    return state.get("stateDescription", {}).get("message", "MSK Connect does not say why")


def _plugin(client: Any, name: str) -> dict[str, Any] | None:
    pages = client.get_paginator("list_custom_plugins").paginate()
    plugins = (plugin for page in pages for plugin in page["customPlugins"])
    return next((plugin for plugin in plugins if plugin["name"] == name), None)


def _made(client: Any, arn: str) -> dict[str, Any] | None:
    state = client.describe_custom_plugin(customPluginArn=arn)
    return None if state["customPluginState"] == "CREATING" else state
