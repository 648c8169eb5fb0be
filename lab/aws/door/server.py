"""The edge: every request to the AWS endpoint comes in here, is checked, and goes to the service it asks for."""

import asyncio
import contextlib
import dataclasses
import json
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import aiohttp
from aiohttp import web
from botocore.exceptions import ClientError

from lab.aws.api_gateway.data_plane import DataPlane
from lab.aws.api_gateway.deployments import Deployments
from lab.aws.base_service import Answering
from lab.aws.door import authorization, error_dialect, signature
from lab.aws.door.canonical_call import plain
from lab.aws.ec2 import Ec2
from lab.aws.endpoint import Endpoint
from lab.aws.errors import AwsError
from lab.aws.identity import iam, sts
from lab.aws.identity.principals import Key
from lab.aws.protocol import Answer, Call, Operation, refusal
from lab.aws.s3 import S3Front
from lab.core import browsers

LOG = logging.getLogger("aws")

LARGEST_BODY = 32 * 2**20
"""Bytes: more than AWS's clients send in one part, and as much as S3Proxy takes without running out of memory."""

BODY_SECONDS = 60

INSTANCE_CREDENTIALS = "/instance-credentials"


class Edge:
    """All services behind one port."""

    def __init__(
        self,
        endpoint: Endpoint,
        http: aiohttp.ClientSession,
        ec2: Ec2,
        deployments: Deployments,
        own: Mapping[str, Answering],
    ):
        self._endpoint = endpoint
        self._own = own
        self._ec2 = ec2
        self._deployments = deployments
        self._data_plane = DataPlane(endpoint, deployments, http, self.perform)
        self._s3 = S3Front(endpoint.runtime, http)
        port = endpoint.runtime.lab.ports["aws"]
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; whatever happens, in a form that AWS's clients understand."""
        path, _, query = request.raw_path.partition("?")
        head = Call(request.method, path, query, request.headers, b"")
        try:
            answer = await self._answer(head, request)
        except Exception:
            LOG.exception("%s %s failed", request.method, path)
            answer = refusal(_failed())
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    async def _answer(self, head: Call, request: web.Request) -> Answer:
        if head.headers.get("Host") not in self._hosts:
            # a page in a browser could otherwise reach the lab under a name of its own
            return _forbidden(f"This endpoint is {self._hosts[0]}, not {head.headers.get('Host')!r}.")
        if words := browsers.refusal(head.method, head.headers):
            return _forbidden(words)
        if not head.path.startswith("/"):
            return refusal(AwsError("InvalidURI", "The request's target must be a path.", 400))
        if head.path == INSTANCE_CREDENTIALS:
            return await self._instance_credentials(head)
        if self._data_plane.concerns(head):
            return await self._called(head, request)
        return await self._signed(head, request)

    async def _instance_credentials(self, call: Call) -> Answer:
        found = await self._ec2.credentials(call.headers.get("Authorization", ""))
        if found is None:
            return _forbidden("No running instance with a role that trusts ec2.amazonaws.com shows this token.")
        return Answer(200, {"Content-Type": "application/json"}, json.dumps(found).encode())

    async def _called(self, head: Call, request: web.Request) -> Answer:
        """Answer a call of a deployed API, which need not be signed."""
        try:
            return await self._data_plane.answer(dataclasses.replace(head, body=await _body(request)))
        except AwsError as error:
            return refusal(error)

    async def _signed(self, head: Call, request: web.Request) -> Answer:
        spoken = error_dialect.of(head)
        try:
            signed = signature.read(head)
            spoken = error_dialect.of(head, signed.service)
            caller = signature.signer(signed, self._endpoint.directory.keys)
            # nobody unknown makes the lab read a body
            call = dataclasses.replace(head, body=await _body(request))
            signature.verify(call, signed, caller, datetime.now(UTC))
            return await self.perform(plain(call, signed), signed.service, caller)
        except AwsError as error:
            return refusal(error, spoken)
        except Exception:
            LOG.exception("%s %s failed", head.method, head.path)
            return refusal(_failed(), spoken)

    async def perform(self, call: Call, service: str, caller: Key) -> Answer:
        """Let a service answer somebody who is known, if their policies allow it.

        Parameters
        ----------
        call : Call
            In its plainest form (`plain_call`).
        service : str
            Name under which the service is signed.
        caller : Key
            Who calls.
        """
        spoken, operation = error_dialect.of(call, service), None
        try:
            operation = Operation(service, call)
            authorization.check(self._endpoint.directory, caller, call, operation)
            return await self._dispatch(call, operation, caller)
        except AwsError as error:
            return refusal(error, spoken, operation)
        except ClientError as error:
            told = error.response["Error"]
            return refusal(AwsError(told["Code"], told["Message"]), spoken, operation)
        except Exception:
            LOG.exception("%s %s failed", call.method, call.path)
            return refusal(_failed(), spoken, operation)

    async def _dispatch(self, call: Call, operation: Operation, caller: Key) -> Answer:
        if operation.service in self._own:
            return await self._own[operation.service].answer(operation)
        match operation.service:
            case "iam":
                return await iam.answer(self._endpoint, operation)
            case "sts":
                return await sts.answer(self._endpoint, operation, caller)
            case "ec2":
                return await self._ec2.answer(operation)
            case "apigateway" if operation.name == "TestInvokeMethod":
                return await self._data_plane.test(operation)
            case "apigateway":
                return await self._deployments.answer(operation)
            case "s3":
                return await self._s3.answer(call)
            case _:
                return await self._endpoint.pass_on(operation)


async def _body(request: web.Request) -> bytes:
    too_large = AwsError(
        "EntityTooLarge", f"The lab takes bodies of up to {LARGEST_BODY // 2**20} MB: send it in parts."
    )
    if (request.content_length or 0) > LARGEST_BODY:
        raise too_large
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise too_large from error
    except TimeoutError as error:
        raise AwsError("RequestTimeout", f"The body did not come within {BODY_SECONDS} s.") from error
    except (web.RequestPayloadError, aiohttp.ClientError, OSError, ValueError) as error:
        raise AwsError("IncompleteBody", "The body broke off, or is not encoded as its headers say.") from error


def _failed() -> AwsError:
    return AwsError("InternalFailure", "The lab failed; `python -m lab logs aws` tells why.", 500)


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
    stop = asyncio.Event()
    keeping = asyncio.create_task(endpoint.keep(stop))
    try:
        yield
    finally:
        await runner.cleanup()
        stop.set()
        await keeping
