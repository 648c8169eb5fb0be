"""The edge: every request to the AWS endpoint comes in here and goes its way through the steps of `chain`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence

import aiohttp
from aiohttp import web

from lab.aws.api_gateway.data_plane import DataPlane
from lab.aws.api_gateway.deployments import Deployments
from lab.aws.base_service import Answering
from lab.aws.door import chain, error_dialect
from lab.aws.door.body import LARGEST_BODY
from lab.aws.door.handling import Handling
from lab.aws.door.services import Services
from lab.aws.ec2 import Ec2
from lab.aws.endpoint import Endpoint
from lab.aws.identity.principals import Key
from lab.aws.protocol import Answer, Call, refusal
from lab.aws.s3.front import S3Front
from lab.aws.strict.rule import Rule


class Edge:
    """All services behind one port."""

    def __init__(
        self,
        endpoint: Endpoint,
        http: aiohttp.ClientSession,
        ec2: Ec2,
        deployments: Deployments,
        own: Mapping[str, Answering],
        rules: Sequence[Rule] = (),
    ):
        data_plane = DataPlane(endpoint, deployments, http, self.perform, ec2.lets_gateway_in)
        self._services = Services(endpoint, ec2, deployments, data_plane, S3Front(endpoint, http), own, rules)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; whatever happens, in a form that AWS's clients understand."""
        path, _, query = request.raw_path.partition("?")
        head = Call(request.method, path, query, request.headers, b"")
        try:
            answer = await chain.follow(chain.REQUEST, self._services, Handling(head, request))
        except Exception:  # not even a refusal could be written
            chain.LOG.exception("%s %s failed", request.method, path)
            answer = refusal(chain.failure())
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    async def perform(self, call: Call, service: str, caller: Key) -> Answer:
        """Let a service answer somebody who is known, if their policies allow it.

        Parameters
        ----------
        call : Call
            In its plainest form (`canonical_call`).
        service : str
            Name under which the service is signed.
        caller : Key
            Who calls.
        """
        handling = Handling(call, dialect=error_dialect.of(call, service), service=service, caller=caller)
        return await chain.follow(chain.KNOWN_CALLER, self._services, handling)


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
