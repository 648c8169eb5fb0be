"""Calls of deployed APIs: find stage and method, check, run the integration."""

import re
from datetime import UTC, datetime
from uuid import uuid4

import aiohttp

from helpers.lab.aws import signature
from helpers.lab.aws.api_gateway import http_integration, routing
from helpers.lab.aws.api_gateway.deployments import Deployments
from helpers.lab.aws.api_gateway.errors import gateway_error
from helpers.lab.aws.api_gateway.requests import Invocation
from helpers.lab.aws.endpoint import Endpoint
from helpers.lab.aws.errors import AwsError
from helpers.lab.aws.protocol import Answer, Call

LARGEST_PAYLOAD = 10 * 2**20
"""Bytes (API Gateway quotas, payload size)."""

_PATH = re.compile(r"/restapis/(?P<api>[a-z0-9]+)/(?P<stage>[\w-]+)/_user_request_(?P<path>(/.*)?)")


class DataPlane:
    """The invoke URLs of all stages: ``/restapis/<api>/<stage>/_user_request_/<path>``."""

    def __init__(self, endpoint: Endpoint, deployments: Deployments, http: aiohttp.ClientSession):
        self._endpoint = endpoint
        self._deployments = deployments
        self._http = http

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
        invocation = Invocation(call, stage, match, request_id)
        return self._refusal(invocation) or await self._integrate(invocation)

    def _refusal(self, invocation: Invocation) -> Answer | None:
        method = invocation.match.method
        missing = [
            name for name, required in (method.get("requestParameters") or {}).items()
            if str(required).lower() == "true" and not name.startswith("method.request.path.")
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
        integration = invocation.match.method.get("methodIntegration")
        if not integration or integration["type"] != "HTTP_PROXY":
            return gateway_error(500, "Internal server error", invocation.id, "InternalServerErrorException")
        return await http_integration.answer(invocation, self._http)
