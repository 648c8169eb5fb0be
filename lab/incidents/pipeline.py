"""The pipeline that incidents strike: built as milestones 3 to 9 build it, as far as it is not there."""

import contextlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from helpers.client_machine import furnishing, ssh
from helpers.config import Workbook
from helpers.databricks.laptop.dbutils import Api, DBUtils
from helpers.gateway import rest_api, rest_proxy
from helpers.kafka import client as kafka_client
from helpers.kafka import msk_connect, sink_objects
from helpers.notebook import catch_up
from lab.core import addresses
from lab.core.layout import Lab
from lab.core.runtime import Runtime, existing_runtime

FOLDER = "drill"
"""First part of the keys of the objects that arrive during a drill."""


@dataclass(frozen=True)
class Pipeline:
    """Where an incident strikes.

    Attributes
    ----------
    lab : Lab
        The running lab.
    workbook : Workbook
        Names and addresses.
    invoke_url : str
        The REST API, which leads to the REST proxy and to Kinesis.
    api : str
        Its id.
    since : mapping of str to int
        Topic → its end offset when the incident was made: what came later must all arrive.
    """

    lab: Lab
    workbook: Workbook
    invoke_url: str
    api: str
    since: Mapping[str, int] = field(default_factory=dict)

    @property
    def runtime(self) -> Runtime:
        """Secrets and programs of the lab."""
        return existing_runtime(self.lab)

    @property
    def mount_point(self) -> str:
        """Where the bucket is mounted."""
        return f"/mnt/{self.workbook.id}"

    def workspace(self) -> Api:
        """Speak to the workspace's REST API."""
        found = addresses.variables(self.runtime)
        return Api(found["DATABRICKS_HOST"], found["DATABRICKS_TOKEN"])

    def dbutils(self) -> DBUtils:
        """Files, mounts and secrets of the workspace."""
        return DBUtils(addresses.variables(self.runtime))

    def mount(self, bucket: str) -> None:
        """Mount a bucket at the mount point, in place of what is there."""
        fs, keys = self.dbutils().fs, self.runtime.credentials
        self.unmount()
        fs.mount(f"s3n://{keys.access_key_id}:{quote(keys.secret_access_key, safe='')}@{bucket}", self.mount_point)

    def keys(self, folder: str, bucket: str | None = None) -> list[str]:
        """List the objects of a folder of the bucket, or of another one."""
        pages = self.workbook.client("s3").get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=bucket or self.workbook.bucket, Prefix=f"{folder}/")
        return [entry["Key"] for page in found for entry in page.get("Contents", ())]

    def unmount(self) -> None:
        """Take the mount away, if there is one."""
        fs = self.dbutils().fs
        if any(mount.mountPoint == self.mount_point for mount in fs.mounts()):
            with contextlib.redirect_stdout(io.StringIO()):  # it says so, and would give something away
                fs.unmount(self.mount_point)

    def sink_properties(self, **changed: str) -> dict[str, str]:
        """Write the properties with which the connector stores what comes within a second."""
        usual = msk_connect.sink_properties(self.workbook, 50, folder=FOLDER, rotate_schedule_ms=500)
        return usual | {name.replace("_", "."): value for name, value in changed.items()}

    def forward_to(self, address: str) -> None:
        """Let the API pass requests on to an address, and deploy it."""
        resource = rest_api.create_proxy_resource(self.workbook, self.api)
        rest_api.forward(self.workbook, self.api, resource, address)
        rest_api.deploy(self.workbook, self.api)

    def proxy_address(self) -> str:
        """Tell where the REST proxy listens."""
        with ssh.connect(self.workbook) as machine:
            return f"http://{ssh.host(self.workbook)}:{rest_proxy.port(machine)}"


def build(lab: Lab, workbook: Workbook) -> Pipeline:
    """Build what is missing: topics, connector, machine with its proxy, API, streams, mount."""
    sink_objects.create_bucket(workbook)
    kafka_client.create_topics(workbook)
    api = rest_api.create_api(workbook)
    pipeline = Pipeline(lab, workbook, catch_up.streams(workbook), api)
    msk_connect.put_connector(workbook, pipeline.sink_properties())
    with catch_up.ready_machine(workbook, furnishing.KAFKA, furnishing.IAM_JAR) as machine:
        pipeline.forward_to(catch_up.running_proxy(workbook, machine))
    pipeline.mount(workbook.bucket)
    return pipeline


def find(lab: Lab, workbook: Workbook, since: Mapping[str, int]) -> Pipeline:
    """Find the pipeline as it is, broken or not."""
    api = rest_api.create_api(workbook)
    return Pipeline(lab, workbook, rest_api.invoke_url(workbook, api), api, since)


def rows_of_a_post() -> dict[str, dict[str, Any]]:
    """Make a post with which a drill tries the pipeline; its key is no post's of the workbook."""
    return {
        "pin": {"index": 999_999, "category": "drill"},
        "geo": {"ind": 999_999, "country": "Drill"},
        "user": {"ind": 999_999, "first_name": "Drill"},
    }
