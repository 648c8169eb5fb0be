"""Calls of deployed APIs: find stage and method, check, run the integration."""

import logging
import re
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
from multidict import CIMultiDict

from lab.aws import members
from lab.aws.api_gateway import http_integration, mock_integration, routing, service_integration
from lab.aws.api_gateway.deployments import VALIDATED, Deployments
from lab.aws.api_gateway.errors import GatewayRefusal, gateway_error, misconfigured
from lab.aws.api_gateway.http_integration import Reaches
from lab.aws.api_gateway.members import API_GATEWAY
from lab.aws.api_gateway.requests import Invocation
from lab.aws.api_gateway.service_integration import Perform
from lab.aws.api_gateway.stages import Stage
from lab.aws.door import signature
from lab.aws.endpoint import Endpoint
from lab.aws.errors import AwsError
from lab.aws.protocol import Answer, Call, Operation

LOG = logging.getLogger("aws")

LARGEST_PAYLOAD = 10 * 2**20
"""Bytes (API Gateway quotas, payload size)."""

_PATH = re.compile(r"/restapis/(?P<api>[a-z0-9]+)/(?P<stage>[\w-]+)/_user_request_(?P<path>(/.*)?)")


class DataPlane:
    """The invoke URLs of all stages: ``/restapis/<api>/<stage>/_user_request_/<path>``.

    They behave as a regional endpoint does: a GET may have a body, which an edge-optimised one would refuse.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        deployments: Deployments,
        http: aiohttp.ClientSession,
        perform: Perform,
        reaches: Reaches,
    ):
        self._endpoint = endpoint
        self._deployments = deployments
        self._http = http
        self._perform = perform
        self._reaches = reaches

    @staticmethod
    def concerns(call: Call) -> bool:
        """Tell whether a request is a call of a deployed API."""
        return _PATH.fullmatch(call.path) is not None

    async def answer(self, call: Call) -> Answer:
        """Answer a call of a deployed API."""
        found = _PATH.fullmatch(call.path)
        stage = found and self._deployments.stage(found["api"], found["stage"])
        request_id = str(uuid4())
        if not found or not stage:
            return gateway_error(403, "Forbidden", request_id, "ForbiddenException")
        match = routing.find(stage.resources, call.method, found["path"])
        if not match:
            words = "Missing Authentication Token"  # API Gateway's words for a path or method that it does not have
            return gateway_error(403, words, request_id, "MissingAuthenticationTokenException")
        if len(call.body) > LARGEST_PAYLOAD:
            return gateway_error(413, "Request Too Long", request_id, "RequestTooLargeException")
        if match.method.get("apiKeyRequired") and call.headers.get("x-api-key") not in stage.api_keys:
            return gateway_error(403, "Forbidden", request_id, "ForbiddenException")
        return await self._run(Invocation(call, stage, match, request_id))

    async def test(self, operation: Operation) -> Answer:
        """Answer TestInvokeMethod: run a method as it is now, deployed or not, and tell what happened.

        Raises
        ------
        AwsError
            If there is no such resource or method.
        """
        asked = operation.parameters()
        members.check("API Gateway", operation.name, API_GATEWAY[operation.name], asked)
        resource = await self._deployments.resource(asked["restApiId"], asked["resourceId"])
        methods = resource.get("resourceMethods") or {}
        method = methods.get(asked["httpMethod"]) or methods.get("ANY")
        if not method:
            raise AwsError("NotFoundException", "Invalid Method identifier specified", 404)
        path, _, query = asked.get("pathWithQueryString", resource["path"]).partition("?")
        match = routing.find([resource], asked["httpMethod"], path) or routing.Match(resource["path"], method, {})
        headers = CIMultiDict({"Host": operation.call.headers["Host"]} | asked.get("headers", {}))
        call = Call(asked["httpMethod"], path, query, headers, asked.get("body", "").encode())
        stage = Stage(asked["restApiId"], "test-invoke-stage", asked.get("stageVariables", {}), [])
        invocation = Invocation(call, stage, match)
        started = time.monotonic()
        answer = await self._run(invocation)
        return operation.answer(_told(invocation, answer, time.monotonic() - started))

    async def _run(self, invocation: Invocation) -> Answer:
        try:
            return self._refusal(invocation) or await self._integrate(invocation)
        except GatewayRefusal as refused:
            if refused.status >= 500:
                LOG.warning("%s %s: %s", invocation.call.method, invocation.call.path, invocation.log[-1])
            return gateway_error(refused.status, refused.message, invocation.id, refused.kind)

    def _refusal(self, invocation: Invocation) -> Answer | None:
        method = invocation.match.method
        missing = [
            name for name, required in (method.get("requestParameters") or {}).items()
            if method.get(VALIDATED) and str(required).lower() == "true" and not name.startswith("method.request.path.")
            and invocation.value(name) is None
        ]  # fmt: skip
        if missing:
            names = ", ".join(name.split(".", 3)[3] for name in missing)
            words = f"Missing required request parameters: [{names}]"
            return gateway_error(400, words, invocation.id, "BadRequestException")
        if method.get("authorizationType") == "AWS_IAM":
            try:
                signed = signature.read(invocation.call)
                key = signature.signer(signed, self._endpoint.directory.keys)
                signature.verify(invocation.call, signed, key, datetime.now(UTC))
            except AwsError as error:
                return gateway_error(403, error.message, invocation.id, error.code)
        return None

    async def _integrate(self, invocation: Invocation) -> Answer:
        match invocation.integration.get("type"):
            case "HTTP_PROXY":
                return await http_integration.answer(invocation, self._http, self._reaches)
            case "AWS":
                return await service_integration.answer(invocation, self._endpoint.directory, self._perform)
            case "MOCK":
                return mock_integration.answer(invocation)
        invocation.log.append("Execution failed due to configuration error: the method has no integration")
        raise misconfigured()


def _told(invocation: Invocation, answer: Answer, seconds: float) -> dict[str, Any]:
    assert isinstance(answer.body, bytes)
    return {
        "status": answer.status,
        "body": answer.body.decode(errors="replace"),
        "headers": dict(answer.headers),
        "multiValueHeaders": {name: [value] for name, value in answer.headers.items()},
        "log": "\n".join([f"Execution log for request {invocation.id}", *invocation.log]),
        "latency": int(seconds * 1000),
    }
