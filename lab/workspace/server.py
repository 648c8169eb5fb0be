"""The workspace's door: checks the token, finds the work of an address, turns refusals into answers."""

import asyncio
import hmac
import json
import logging
import threading
from collections.abc import Awaitable, Callable

from aiohttp import web

from lab.core import browsers
from lab.workspace.errors import WorkspaceError
from lab.workspace.routing import Address, Answers, Fields

LOG = logging.getLogger("workspace")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LARGEST_BODY = 16 * 2**20


class Workspace:
    """Answers requests.

    Parameters
    ----------
    addresses : dict
        Method and path → what answers there.
    page : callable
        Number and key of a run → its page.
    token : str
        What a caller must bring.
    """

    def __init__(self, addresses: dict[Address, Answers], page: Callable[[int, str], str], token: str):
        self._addresses = addresses
        self._page = page
        self._token = token

    async def show(self, request: web.Request) -> web.Response:
        """Show the page of a run."""
        try:
            page = await asyncio.to_thread(self._page, int(request.match_info["run_id"]), request.query.get("key", ""))
        except WorkspaceError as error:
            return web.Response(text=error.message, status=error.status)
        return web.Response(text=page, content_type="text/html")

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        try:
            self._check_token(request)
            work = self._addresses.get((request.method, request.path))
            if work is None:
                raise WorkspaceError("ENDPOINT_NOT_FOUND", f"No API found for '{request.method} {request.path}'", 404)
            return web.json_response(await asyncio.to_thread(work, await _asked(request)))
        except WorkspaceError as error:
            return web.json_response({"error_code": error.code, "message": error.message}, status=error.status)
        except KeyError as error:
            message = f"Missing required field: {error.args[0]}"
            return web.json_response({"error_code": "INVALID_PARAMETER_VALUE", "message": message}, status=400)
        except web.HTTPException:
            raise
        except Exception:
            LOG.exception("%s %s failed", request.method, request.path)
            message = "The lab failed; `python -m lab logs cluster` tells why."
            return web.json_response({"error_code": "INTERNAL_ERROR", "message": message}, status=500)

    def _check_token(self, request: web.Request) -> None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not hmac.compare_digest(token.encode(), self._token.encode()):
            raise WorkspaceError("PERMISSION_DENIED", "Invalid access token.", 403)


@web.middleware
async def no_strangers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn away what a page of another site sends, before anything else is looked at."""
    if words := browsers.refusal(request.method, request.headers):
        return web.json_response({"error_code": "PERMISSION_DENIED", "message": words}, status=403)
    return await handler(request)


async def _asked(request: web.Request) -> Fields:
    if request.method == "GET":
        return dict(request.query)
    try:
        asked = json.loads(await request.read() or b"{}")
    except ValueError as error:
        raise WorkspaceError("MALFORMED_REQUEST", f"The body is not JSON: {error}.") from error
    if not isinstance(asked, dict):
        raise WorkspaceError("MALFORMED_REQUEST", "The body must be a JSON object.")
    return asked


def serve(workspace: Workspace, port: int) -> None:
    """Serve from a thread of its own until the process ends; return once the port is bound."""
    bound: threading.Event = threading.Event()
    failed: list[BaseException] = []

    async def run() -> None:
        application = web.Application(client_max_size=LARGEST_BODY, middlewares=[no_strangers])
        application.router.add_get(r"/run/{run_id:\d+}", workspace.show)
        application.router.add_route("*", "/{path:.*}", workspace.handle)
        runner = web.AppRunner(application, access_log=None, handle_signals=False)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        bound.set()
        await asyncio.Event().wait()

    def work() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            failed.append(error)
            bound.set()

    threading.Thread(target=work, name="workspace", daemon=True).start()
    bound.wait()
    if failed:
        raise failed[0]
