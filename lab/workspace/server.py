"""The workspace's door: checks the token, finds the work of an address, turns refusals into answers."""

import asyncio
import base64
import hmac
import json
import logging
import threading
from collections.abc import Awaitable, Callable

from aiohttp import web

from lab.core import browsers
from lab.workspace import absent
from lab.workspace.errors import WorkspaceError
from lab.workspace.routing import Address, Answers, Fields

LOG = logging.getLogger("workspace")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LARGEST_BODY = 16 * 2**20

_FILES = ("content", "contents")
"""Fields that hold a file; in JSON they are in base64."""


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
            work = self._addresses.get((request.method, request.path))
            if request.path.startswith("/api/"):  # clients look for /.well-known/… before they have a token
                self._check_token(request)
            if work is None:
                raise WorkspaceError("ENDPOINT_NOT_FOUND", absent.words(request.method, request.path), 404)
            answer = await asyncio.to_thread(work, await _asked(request))
            return web.Response(body=answer) if isinstance(answer, bytes) else web.json_response(answer)
        except WorkspaceError as error:
            return _refusal(error)
        except KeyError as error:
            return _refusal(WorkspaceError("INVALID_PARAMETER_VALUE", f"Missing required field: {error.args[0]}"))
        except Exception:
            LOG.exception("%s %s failed", request.method, request.path)
            message = "The lab failed; `python -m lab logs cluster` tells why."
            return _refusal(WorkspaceError("INTERNAL_ERROR", message, 500))

    def _check_token(self, request: web.Request) -> None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not hmac.compare_digest(token.encode(errors="replace"), self._token.encode()):
            raise WorkspaceError("PERMISSION_DENIED", "Invalid access token.", 403)


def _refusal(error: WorkspaceError) -> web.Response:
    return web.json_response({"error_code": error.code, "message": error.message}, status=error.status)


@web.middleware
async def no_strangers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn away what a page of another site sends, before anything else is looked at."""
    if words := browsers.refusal(request.method, request.headers):
        return web.json_response({"error_code": "PERMISSION_DENIED", "message": words}, status=403)
    return await handler(request)


async def _asked(request: web.Request) -> Fields:
    """Read what a request asks: its query, and its body, which Databricks' own examples send with GET too."""
    try:
        body = await (_form(request) if request.content_type == "multipart/form-data" else _json(request))
    except web.HTTPRequestEntityTooLarge:
        raise WorkspaceError(
            "MALFORMED_REQUEST",
            f"The request is longer than {LARGEST_BODY} bytes, the most that the lab's workspace takes: "
            "dbfs/create, dbfs/add-block and dbfs/close bring a file in pieces.",
            413,
        ) from None
    except (web.RequestPayloadError, ConnectionError) as error:
        raise WorkspaceError("MALFORMED_REQUEST", f"The body could not be read: {error}.") from None
    return {**request.query, **body}


async def _form(request: web.Request) -> Fields:
    """Read a form, as ``curl -F`` sends it: files in it are put as they would stand in JSON."""
    try:
        form = await request.post()
    except ValueError as error:
        raise WorkspaceError("MALFORMED_REQUEST", f"The body is not the form that it says it is: {error}.") from None
    found = {}
    for name, value in form.items():
        content = value.file.read() if isinstance(value, web.FileField) else value.encode()
        found[name] = base64.b64encode(content).decode() if name in _FILES else content.decode(errors="replace")
    return found


async def _json(request: web.Request) -> Fields:
    try:
        asked = json.loads(await request.read() or b"{}", parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise WorkspaceError("MALFORMED_REQUEST", f"The body is not JSON: {error}.") from None
    if not isinstance(asked, dict):
        raise WorkspaceError("MALFORMED_REQUEST", "The body must be a JSON object.")
    return asked


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


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
