"""Worker configurations of MSK Connect: how connectors read records when they do not say otherwise."""

import base64
import re
from typing import Any

import javaproperties

from lab.aws.errors import AwsError
from lab.aws.msk import records
from lab.aws.msk.records import Parameters, Records

CONVERTERS = re.compile(r"(key|value|header)\.converter(\..+)?")
"""Properties of a worker that one connector can have for itself on a worker that others share."""


class WorkerConfigurations:
    """Properties that a connector is given beside its own."""

    def __init__(self, kept: Records):
        self._records = kept

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
            "revision": 1, "creationTime": records.now(), "propertiesFileContent": parameters["propertiesFileContent"]
        }  # fmt: skip
        arn = await self._records.add(
            self._records.configurations, "worker-configuration", parameters,
            {"latestRevision": revision, "workerConfigurationState": "ACTIVE"},
        )  # fmt: skip
        return records.get(self._records.configurations, arn)

    async def describe_worker_configuration(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DescribeWorkerConfiguration."""
        return records.get(self._records.configurations, parameters["workerConfigurationArn"])

    async def list_worker_configurations(self, parameters: Parameters) -> dict[str, Any]:
        """Answer ListWorkerConfigurations."""
        return {"workerConfigurations": records.named(self._records.configurations, parameters.get("namePrefix", ""))}

    async def delete_worker_configuration(self, parameters: Parameters) -> dict[str, Any]:
        """Answer DeleteWorkerConfiguration."""
        arn = parameters["workerConfigurationArn"]
        records.get(self._records.configurations, arn)
        await self._records.remove(self._records.configurations, arn)
        return {"workerConfigurationArn": arn, "workerConfigurationState": "DELETING"}

    def defaults(self, connector: Parameters) -> dict[str, str]:
        """Return the properties that a connector has by its worker configuration."""
        chosen = connector.get("workerConfiguration")
        if not chosen:
            return {}
        configuration = self._records.configurations.get(chosen["workerConfigurationArn"])
        return _decoded(configuration["latestRevision"]["propertiesFileContent"]) if configuration else {}


def _decoded(content: str) -> dict[str, str]:
    try:
        return javaproperties.loads(base64.b64decode(content, validate=True).decode())
    except ValueError as error:
        raise AwsError("BadRequestException", f"propertiesFileContent is no properties file: {error}.") from error
