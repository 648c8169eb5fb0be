"""The workspace's REST API: DBFS and secrets as Databricks has them, mounts in a form of the lab's own.

Databricks has no public address for mounts: `dbutils` speaks to its cluster directly.
"""

import asyncio
import base64
import binascii
import hmac
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from helpers.lab.workspace.dbfs import Dbfs
from helpers.lab.workspace.errors import WorkspaceError
from helpers.lab.workspace.mounts import Mounts
from helpers.lab.workspace.secrets import Secrets

LOG = logging.getLogger("workspace")

LARGEST_READ = 2**20
"""Bytes of one answer (DBFS API: at most 1 MB)."""

LARGEST_BODY = 16 * 2**20

Fields = dict[str, Any]


class Workspace:
    """What the API's addresses do."""

    def __init__(self, dbfs: Dbfs, mounts: Mounts, secrets: Secrets, token: str):
        self._dbfs, self._mounts, self._secrets = dbfs, mounts, secrets
        self._token = token
        self._addresses: dict[tuple[str, str], Callable[[Fields], Fields]] = {
            ("GET", "/api/2.0/dbfs/list"): self._list,
            ("GET", "/api/2.0/dbfs/get-status"): lambda asked: asdict(dbfs.status(asked["path"])),
            ("GET", "/api/2.0/dbfs/read"): self._read,
            ("POST", "/api/2.0/dbfs/put"): self._put,
            ("POST", "/api/2.0/dbfs/mkdirs"): self._make_folders,
            ("POST", "/api/2.0/dbfs/delete"): self._delete,
            ("POST", "/api/2.0/dbfs/move"): lambda asked: self._copy(asked, move=True),
            ("POST", "/api/2.0/dbfs/copy"): lambda asked: self._copy(asked, move=False),
            ("GET", "/api/2.0/secrets/get"): self._secret,
            ("GET", "/api/2.0/secrets/list"): self._secret_keys,
            ("GET", "/api/2.0/secrets/scopes/list"): lambda _: {"scopes": [{"name": n} for n in secrets.scopes()]},
            ("GET", "/api/lab/mounts/list"): lambda _: {"mounts": mounts.all()},
            ("POST", "/api/lab/mounts/mount"): self._mount,
            ("POST", "/api/lab/mounts/unmount"): self._unmount,
        }

    def _list(self, asked: Fields) -> Fields:
        return {"files": [asdict(status) for status in self._dbfs.list(asked["path"])]}

    def _read(self, asked: Fields) -> Fields:
        length = min(int(asked.get("length", LARGEST_READ)), LARGEST_READ)
        data = self._dbfs.read(asked["path"], int(asked.get("offset", 0)), length)
        return {"bytes_read": len(data), "data": base64.b64encode(data).decode()}

    def _put(self, asked: Fields) -> Fields:
        try:
            content = base64.b64decode(asked["contents"], validate=True)
        except binascii.Error as error:
            raise WorkspaceError("INVALID_PARAMETER_VALUE", f"contents is not base64: {error}.") from error
        self._dbfs.write(asked["path"], content, bool(asked.get("overwrite", False)))
        return {}

    def _make_folders(self, asked: Fields) -> Fields:
        self._dbfs.make_folders(asked["path"])
        return {}

    def _delete(self, asked: Fields) -> Fields:
        return {"deleted": self._dbfs.delete(asked["path"], bool(asked.get("recursive", False)))}

    def _copy(self, asked: Fields, move: bool) -> Fields:
        recursive = bool(asked.get("recursive", move))
        self._dbfs.copy(asked["source_path"], asked["destination_path"], recursive, move)
        return {}

    def _secret(self, asked: Fields) -> Fields:
        return {"key": asked["key"], "value": self._secrets.get(asked["scope"], asked["key"])}

    def _secret_keys(self, asked: Fields) -> Fields:
        return {"secrets": [{"key": key} for key in self._secrets.keys(asked["scope"])]}

    def _mount(self, asked: Fields) -> Fields:
        self._mounts.mount(asked["source"], asked["mount_point"], asked.get("extra_configs") or {})
        return {}

    def _unmount(self, asked: Fields) -> Fields:
        self._mounts.unmount(asked["mount_point"])
        return {}

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
            message = "The lab failed; `python -m helpers.lab logs cluster` tells why."
            return web.json_response({"error_code": "INTERNAL_ERROR", "message": message}, status=500)

    def _check_token(self, request: web.Request) -> None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not hmac.compare_digest(token.encode(), self._token.encode()):
            raise WorkspaceError("PERMISSION_DENIED", "Invalid access token.", 403)


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
        application = web.Application(client_max_size=LARGEST_BODY)
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
