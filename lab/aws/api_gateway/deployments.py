"""Deployments are snapshots: what a stage serves changes when it is deployed again, not before."""

import asyncio
import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from moto.apigateway.models import apigateway_backends
from multidict import CIMultiDict

from lab.aws.api_gateway import control_rules, integration_patch, integrations, patches
from lab.aws.api_gateway.stages import Stage
from lab.aws.endpoint import Endpoint
from lab.aws.errors import AwsError
from lab.aws.protocol import Answer, Call, Operation
from lab.core.iam_file import ACCOUNT

MOST_RESOURCES = 500

VALIDATED = "parameters are validated"
"""Stands in a method of a snapshot beside API Gateway's own words: what its request validator said then."""

PUT = ("type", *integration_patch.VALUES, *integration_patch.MAPPINGS)
"""What a PutIntegration says."""

_AS_MOTO_WANTS_IT = "AWS4-HMAC-SHA256 Credential=lab/20260101/us-east-1/apigateway/aws4_request, "


class Deployments:
    """The deployments of all APIs, and which of them each stage serves."""

    def __init__(self, endpoint: Endpoint):
        self._endpoint = endpoint
        self._stages: dict[tuple[str, str], Stage] = {}
        self._one_at_a_time = asyncio.Lock()
        endpoint.views.append(self.look)

    @property
    def _snapshots(self) -> dict[str, list]:
        """Resources of each deployment, by ``<api>/<deployment>``."""
        return self._endpoint.state.own["apigateway"]

    def stage(self, api: str, name: str) -> Stage | None:
        """Return what a stage serves; None if there is no such stage."""
        return self._stages.get((api, name))

    async def answer(self, operation: Operation) -> Answer:
        """Let moto answer a call of API Gateway's control plane, and note what is deployed since."""
        if operation.name == "UpdateIntegration":
            return await self._update_integration(operation)
        if operation.name in patches.KNOWN:
            return await self._update(operation)
        integrations.check(operation)
        if operation.name.startswith("Update") and not operation.parameters().get("patchOperations"):
            raise AwsError("BadRequestException", "patchOperations is missing: a list of {op, path, value}.")
        kept: Any = None

        def first() -> None:
            nonlocal kept
            control_rules.before(operation)
            kept = control_rules.stage_to_keep(operation)

        def then(answer: Answer) -> None:
            if kept:
                control_rules.keep_stage(operation, kept, json.loads(answer.body)["id"])
            self._after(operation, answer)

        return await self._endpoint.pass_on(operation, first, then)

    async def _update_integration(self, operation: Operation) -> Answer:
        """Answer UpdateIntegration: put the integration as its patches make it, and keep its responses."""
        async with self._one_at_a_time:
            asked = operation.parameters()
            resource = await self.resource(asked["restApiId"], asked["resourceId"])
            method = (resource.get("resourceMethods") or {}).get(asked["httpMethod"], {})
            there = method.get("methodIntegration")
            if not there:
                raise AwsError("NotFoundException", "Invalid Integration identifier specified", 404)
            wanted = integration_patch.patched(there, asked.get("patchOperations", []))
            body = json.dumps({name: value for name, value in wanted.items() if name in PUT and value is not None})
            put = Operation("apigateway", dataclasses.replace(operation.call, method="PUT", body=body.encode()))
            integrations.check(put)
            responses = None

            def first() -> None:
                nonlocal responses
                control_rules.before(put)
                responses = control_rules.integration(asked).integration_responses

            def then(answer: Answer) -> None:
                control_rules.integration(asked).integration_responses = responses

            answer = await self._endpoint.pass_on(put, first, then)
            return dataclasses.replace(answer, status=200)

    async def _update(self, operation: Operation) -> Answer:
        """Answer an update that moto does not have: patch its object, and tell it as it is then."""
        told = dataclasses.replace(operation.call, method="GET", body=b"")

        def work() -> tuple[Answer, int]:
            patches.apply(operation)
            self._endpoint.state.touch("apigateway")
            return self._endpoint.moto.answer(told), self._endpoint.state.generation

        answer, generation = await self._endpoint.moto.run(work)
        await self._endpoint.saved(generation)
        return answer

    def _after(self, operation: Operation, answer: Answer) -> None:
        if operation.name == "CreateDeployment":
            api = operation.parameters()["restApiId"]
            deployment = json.loads(answer.body)["id"]
            self._snapshots[f"{api}/{deployment}"] = self._resources(api)
            self._endpoint.state.touch("api gateway's snapshots")
        self.look()

    async def resource(self, api: str, resource: str) -> Mapping[str, Any]:
        """Return a resource as it is now, deployed or not.

        Raises
        ------
        AwsError
            If there is none.
        """
        for one in await self._endpoint.moto.run(self._resources, api):
            if one["id"] == resource:
                return one
        raise AwsError("NotFoundException", "Invalid Resource identifier specified", 404)

    def _resources(self, api: str) -> list[Mapping[str, Any]]:
        path, query = f"/restapis/{api}/resources", f"embed=methods&limit={MOST_RESOURCES}"
        headers = CIMultiDict({"Host": "127.0.0.1", "Authorization": _AS_MOTO_WANTS_IT})
        listed = json.loads(self._endpoint.moto.answer(Call("GET", path, query, headers, b"")).body)
        resources = listed.get("item", [])
        for resource in resources:
            for method in (resource.get("resourceMethods") or {}).values():
                method[VALIDATED] = control_rules.validates_parameters(api, method.get("requestValidatorId"))
        return resources

    def look(self) -> None:
        """Look which deployment each stage serves; on moto's thread."""
        self._stages = {
            (api.id, stage.name): Stage(
                api.id, stage.name, dict(stage.variables or {}),
                self._snapshots.get(f"{api.id}/{stage.deployment_id}", []),
                control_rules.api_keys(api.id, stage.name),
            )
            for backend in apigateway_backends[ACCOUNT].values()
            for api in backend.apis.values()
            for stage in api.stages.values()
        }  # fmt: skip
