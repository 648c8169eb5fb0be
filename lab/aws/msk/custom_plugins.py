"""Custom plugins of MSK Connect: archives out of S3 objects."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

from lab.aws.endpoint import Endpoint
from lab.aws.errors import AwsError
from lab.aws.msk import records
from lab.aws.msk.connect_worker import check
from lab.aws.msk.records import Parameters, Records, explained
from lab.services import s3


class CustomPlugins:
    """Fetched from the bucket when they are made, and kept beside the state of the endpoint."""

    def __init__(self, endpoint: Endpoint, kept: Records):
        self._endpoint = endpoint
        self._records = kept

    def resume(self) -> None:
        """Go on with what a crash of this process cut short."""
        for arn, plugin in self._records.plugins.items():
            if plugin["customPluginState"] == "CREATING":
                self._records.start(self._fetch(arn))

    async def create_custom_plugin(self, parameters: Parameters) -> dict[str, Any]:
        """Answer CreateCustomPlugin; the object is fetched behind the answer."""
        arn = await self._records.add(
            self._records.plugins, "custom-plugin", parameters,
            {
                "customPluginState": "CREATING",
                "latestRevision": {
                    "revision": 1, "contentType": parameters["contentType"], "location": parameters["location"],
                    "creationTime": records.now(),
                },
            },
        )  # fmt: skip
        self._records.start(self._fetch(arn))
        return {"customPluginArn": arn, "customPluginState": "CREATING", "name": parameters["name"], "revision": 1}

    async def _fetch(self, arn: str) -> None:
        revision = self._records.plugins[arn]["latestRevision"]
        place = revision["location"]["s3Location"]
        bucket = place["bucketArn"].rpartition(":")[2]
        suffix = ".jar" if revision["contentType"] == "JAR" else ".zip"
        archive = self._folder / f"{arn.rpartition('/')[2]}{suffix}"
        try:
            described = await asyncio.to_thread(_download, self._endpoint.runtime, bucket, place["fileKey"], archive)
        except Exception as error:  # whatever it is, a plugin that is CREATING for ever would be worse
            text = f"s3://{bucket}/{place['fileKey']}: {explained(error)}"
            failed = {"code": "InvalidInput.PluginLocation", "message": text}
            await self._note(arn, customPluginState="CREATE_FAILED", stateDescription=failed)
            return
        done = revision | {"fileDescription": described}
        await self._note(arn, customPluginState="ACTIVE", latestRevision=done, file=archive.name)

    async def _note(self, arn: str, **fields: Any) -> None:
        await self._records.note(self._records.plugins, arn, **fields)

    async def describe_custom_plugin(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DescribeCustomPlugin."""
        return records.get(self._records.plugins, parameters["customPluginArn"])

    async def list_custom_plugins(self, parameters: Parameters) -> dict[str, Any]:
        """Answer ListCustomPlugins."""
        return {"customPlugins": records.named(self._records.plugins, parameters.get("namePrefix", ""))}

    async def delete_custom_plugin(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DeleteCustomPlugin."""
        arn = parameters["customPluginArn"]
        plugin = records.get(self._records.plugins, arn)
        if plugin["customPluginState"] == "CREATING":
            raise AwsError("ConflictException", "The plugin is CREATING: wait for that to end.", 409)
        users = [c["connectorName"] for c in self._records.connectors.values() if arn in plugin_arns(c)]
        if users:
            raise AwsError("BadRequestException", f"The plugin is used by the connector {users[0]}: delete that first.")
        await self._records.remove(self._records.plugins, arn)
        (self._folder / plugin.get("file", "none")).unlink(missing_ok=True)
        return {"customPluginArn": arn, "customPluginState": "DELETING"}

    def archive(self, arn: str) -> Path:
        """Where a plugin's file is."""
        return self._folder / self._records.plugins[arn]["file"]

    def loaded_as(self, arn: str) -> str:
        """Name a plugin's folder on the worker by its content: one that is there twice would be loaded once."""
        return str(self._records.plugins[arn]["latestRevision"]["fileDescription"]["fileMd5"])

    @property
    def _folder(self) -> Path:
        return self._endpoint.runtime.lab.home / "aws" / "plugins"


def plugin_arns(connector: Parameters) -> list[str]:
    """Name the plugins that a connector uses."""
    return [plugin["customPlugin"]["customPluginArn"] for plugin in connector["plugins"]]


def _download(runtime: Any, bucket: str, key: str, archive: Path) -> dict[str, Any]:
    """Fetch a plugin, look whether it is one, and describe its file."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    s3.client(runtime).download_file(bucket, key, str(archive))
    check(archive)
    with archive.open("rb") as content:
        return {"fileMd5": hashlib.file_digest(content, "md5").hexdigest(), "fileSize": archive.stat().st_size}
