"""MSK Connect: custom plugins out of S3 objects, worker configurations, connectors on the real worker."""

from collections.abc import Mapping
from typing import Any

from lab.aws.base_service import BaseService
from lab.aws.endpoint import Endpoint
from lab.aws.msk import records
from lab.aws.msk.connect_worker import Worker
from lab.aws.msk.connector_operations import ConnectorOperations
from lab.aws.msk.connectors import Connectors
from lab.aws.msk.custom_plugins import CustomPlugins
from lab.aws.msk.members import MSK_CONNECT
from lab.aws.msk.records import Records
from lab.aws.msk.worker_configurations import WorkerConfigurations


class MskConnect(BaseService):
    """Amazon MSK Connect in front of one real worker.

    Where AWS would start workers for each connector, all connectors share one, which starts anew when a plugin is
    added.
    """

    title = "MSK Connect"
    members = MSK_CONNECT

    def __init__(self, endpoint: Endpoint, worker: Worker):
        kept = Records(endpoint)
        self._plugins = CustomPlugins(endpoint, kept)
        configurations = WorkerConfigurations(kept)
        self._connectors = Connectors(endpoint, kept, worker, self._plugins, configurations)
        self._operations = ConnectorOperations(kept, worker, self._connectors)
        self._records = kept
        self.parts = (self._plugins, configurations, self._connectors, self._operations)

    async def list_tags_for_resource(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Answer ListTagsForResource."""
        kept, arn = self._records, parameters["resourceArn"]
        where = next((one for one in (kept.plugins, kept.configurations) if arn in one), kept.connectors)
        return {"tags": records.get(where, arn).get("tags", {})}

    def resume(self) -> None:
        """Go on with what a crash of this process cut short."""
        for part in (self._connectors, self._operations, self._plugins):
            part.resume()
