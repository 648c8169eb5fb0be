"""The edge: every request to the AWS endpoint comes in here, is checked, and goes to the service it asks for."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import aiohttp
from aiohttp import web
from botocore.exceptions import ClientError

from helpers.lab.aws import authorization, iam_rules, signature, sts_rules
from helpers.lab.aws.api_gateway.data_plane import DataPlane
from helpers.lab.aws.api_gateway.deployments import Deployments
from helpers.lab.aws.directory import Key
from helpers.lab.aws.ec2_rules import Ec2
from helpers.lab.aws.endpoint import Endpoint
from helpers.lab.aws.errors import AwsError
from helpers.lab.aws.own_service import OwnService
from helpers.lab.aws.protocol import Answer, Call, Operation, refusal
from helpers.lab.aws.s3_front import S3Front

LOG = logging.getLogger("aws")

LARGEST_BODY = 128 * 2**20
"""Bytes: room for a plugin's zip in one PUT."""

INSTANCE_CREDENTIALS = "/instance-credentials"


class Edge:
    """All services behind one port."""

    def __init__(
        self,
        endpoint: Endpoint,
        http: aiohttp.ClientSession,
        ec2: Ec2,
        deployments: Deployments,
        own: Mapping[str, OwnService],
    ):
        self._endpoint = endpoint
        self._own = own
        self._ec2 = ec2
        self._deployments = deployments
        self._data_plane = DataPlane(endpoint, deployments, http)
        self._s3 = S3Front(endpoint.runtime, http)
        port = endpoint.runtime.lab.ports["aws"]
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; whatever happens, in a form that AWS's clients understand."""
        call = Call(
            request.method, request.raw_path.partition("?")[0], request.raw_path.partition("?")[2], request.headers,
            await request.read(),
        )  # fmt: skip
        answer = await self._answer(call)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    async def _answer(self, call: Call) -> Answer:
        if call.headers.get("Host") not in self._hosts:
            # a page in a browser could otherwise reach the lab under a name of its own
            return _forbidden(f"This endpoint is {self._hosts[0]}, not {call.headers.get('Host')!r}.")
        if call.path == INSTANCE_CREDENTIALS:
            return await self._instance_credentials(call)
        if self._data_plane.concerns(call):
            return await self._data_plane.answer(call)
        return await self._signed(call)

    async def _instance_credentials(self, call: Call) -> Answer:
        found = await self._ec2.credentials(call.headers.get("Authorization", ""))
        if found is None:
            return _forbidden("No running instance with a role that trusts ec2.amazonaws.com shows this token.")
        return Answer(200, {"Content-Type": "application/json"}, json.dumps(found).encode())

    async def _signed(self, call: Call) -> Answer:
        service, operation = _guess(call), None
        try:
            signed = signature.read(call)
            service = signed.service
            operation = Operation(service, call)
            known = self._endpoint.directory
            caller = signature.verify(call, signed, known.keys.get(signed.key_id), datetime.now(UTC))
            authorization.check(known, caller, call, operation)
            return await self._dispatch(call, operation, caller)
        except AwsError as error:
            return refusal(error, service, operation)
        except ClientError as error:
            told = error.response["Error"]
            return refusal(AwsError(told["Code"], told["Message"]), service, operation)
        except Exception:
            LOG.exception("%s %s failed", call.method, call.path)
            error = AwsError("InternalFailure", "The lab failed; `python -m helpers.lab logs aws` tells why.", 500)
            return refusal(error, service, operation)

    async def _dispatch(self, call: Call, operation: Operation, caller: Key) -> Answer:
        if operation.service in self._own:
            return await self._own[operation.service].answer(operation)
        match operation.service:
            case "iam":
                return await iam_rules.answer(self._endpoint, call, operation)
            case "sts":
                return await sts_rules.answer(self._endpoint, call, operation, caller)
            case "ec2":
                return await self._ec2.answer(call, operation)
            case "apigateway":
                return await self._deployments.answer(call, operation)
            case "s3":
                return await self._s3.answer(call)
            case _:
                return await self._endpoint.pass_on(call, operation)


def _guess(call: Call) -> str | None:
    """Tell in which service's words to refuse a request that names none."""
    return "sts" if call.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded") else None


def _forbidden(message: str) -> Answer:
    return refusal(AwsError("Forbidden", message, 403))


@contextlib.asynccontextmanager
async def running(endpoint: Endpoint, edge: Edge) -> AsyncIterator[None]:
    """Serve while the block runs."""
    application = web.Application(client_max_size=LARGEST_BODY)
    application.router.add_route("*", "/{path:.*}", edge.handle)
    runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", endpoint.runtime.lab.ports["aws"]).start()
    keeping = asyncio.create_task(endpoint.keep())
    try:
        yield
    finally:
        keeping.cancel()
        await runner.cleanup()
        await endpoint.moto.run(endpoint.state.save)
