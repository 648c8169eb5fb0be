"""The Connect worker behind MSK Connect: its REST interface, and the plugins it is started with."""

import asyncio
import json
import shutil
import time
import zipfile
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import aiohttp
import psutil

from lab.control.supervision import Supervisor
from lab.core.runtime import Runtime
from lab.services.connect import address, client_tls, plugins_folder

BUSY = (404, 409, 500, 503)
"""What a Connect worker answers while it joins its group or moves tasks about."""

START_SECONDS = 60
"""How long a worker may take to answer after a start, or a connector until its tasks run."""

LARGEST_PLUGIN = 512 * 2**20
"""Bytes, unpacked."""


class ConnectFailed(Exception):
    """The worker refused or failed; the text says why."""


class Worker:
    """The worker of this lab."""

    def __init__(self, runtime: Runtime, http: aiohttp.ClientSession):
        self._runtime = runtime
        self._http = http
        self._address, self._tls = address(runtime.lab), client_tls(runtime.lab)
        self._restarting = asyncio.Lock()

    async def provide(self, plugin: str, archive: Path, in_use: Iterable[str]) -> None:
        """Make the worker load a plugin; a worker that has it already is left alone.

        Parameters
        ----------
        plugin : str
            Name of the plugin's folder.
        archive : Path
            The plugin's zip or jar.
        in_use : iterable of str
            Folders of the plugins that connectors use; others are forgotten.
        """
        async with self._restarting:
            folder = plugins_folder(self._runtime.lab)
            if (folder / plugin).is_dir() and not await asyncio.to_thread(self._is_older_than, folder / plugin):
                return
            keep = {plugin, *in_use}
            for other in folder.iterdir():
                if other.name not in keep:
                    shutil.rmtree(other)
            await asyncio.to_thread(unpack, archive, folder / plugin)
            await asyncio.to_thread(Supervisor(self._runtime).restart_service, "connect")
            await _until(self._answers, "Kafka Connect to answer after its restart")

    def _is_older_than(self, folder: Path) -> bool:
        """Tell whether the worker was started before a plugin was put there."""
        state = Supervisor(self._runtime).states()["connect"]
        if not state.running:
            raise ConnectFailed("Kafka Connect is not running: `python -m lab up connect` starts it.")
        return psutil.Process(state.pid).create_time() < folder.stat().st_mtime

    async def _answers(self) -> bool:
        return (await self._request("GET", "/connectors"))[0] == 200

    async def configure(self, name: str, properties: Mapping[str, str]) -> None:
        """Create a connector or give it other properties, and wait until all its tasks run with them.

        Raises
        ------
        ConnectFailed
            If a property is refused, or the connector or a task fails.
        """
        limit = time.monotonic() + START_SECONDS
        status, answer = await self._patiently("PUT", f"/connectors/{name}/config", limit, dict(properties))
        if status not in (200, 201):
            raise ConnectFailed(str(answer.get("message", answer)))
        restarted = False

        async def started() -> bool:
            nonlocal restarted
            if await self._runs_with(name, properties, limit):
                return True
            reason = await self.failure(name)
            if reason and restarted:
                raise ConnectFailed(reason)
            if reason:
                # a failure from before this call: new properties alone do not start a failed task again
                await self.act(name, "restart?includeTasks=true&onlyFailed=true", "POST")
                restarted = True
            return False

        await _until(started, "the tasks to start")

    async def _runs_with(self, name: str, properties: Mapping[str, str], limit: float) -> bool:
        _, state = await self._patiently("GET", f"/connectors/{name}/status", limit)
        _, tasks = await self._patiently("GET", f"/connectors/{name}/tasks", limit)
        if not isinstance(tasks, list) or not tasks:
            return False
        current = all(properties.items() <= task["config"].items() for task in tasks)
        running = sum(part["state"] == "RUNNING" for part in state["tasks"])
        return current and running == len(tasks) == int(properties.get("tasks.max", "1"))

    async def failure(self, name: str) -> str | None:
        """Tell why a connector or one of its tasks failed; None if none did, or the worker does not know it."""
        _, state = await self._request("GET", f"/connectors/{name}/status")
        parts = [*state["tasks"], state["connector"]] if "tasks" in state else []
        return next((cause(part["trace"]) for part in parts if part["state"] == "FAILED"), None)

    async def act(self, name: str, action: str, method: str = "PUT") -> None:
        """Do something to a connector: ``pause``, ``resume``, ``restart?…``.

        Raises
        ------
        ConnectFailed
            If the worker refuses, or does not answer.
        """
        limit = time.monotonic() + START_SECONDS
        status, answer = await self._patiently(method, f"/connectors/{name}/{action}", limit)
        if status >= 300:
            raise ConnectFailed(str(answer.get("message", answer)))

    async def delete(self, name: str) -> None:
        """Delete a connector if there is one; its committed offsets stay."""

        async def is_gone() -> bool:
            return (await self._request("DELETE", f"/connectors/{name}"))[0] in (204, 404)

        await _until(is_gone, f"{name} to be deleted")

    async def _patiently(self, method: str, path: str, limit: float, body: object = None) -> tuple[int, Any]:
        while True:
            status, answer = await self._request(method, path, body)
            if status not in BUSY or time.monotonic() > limit:
                return status, answer
            await asyncio.sleep(0.3)

    async def _request(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        try:
            # without a body there is nothing to call an octet-stream, which the worker would not take
            none = () if body is not None else ("Content-Type",)
            url = self._address + path
            async with self._http.request(method, url, json=body, skip_auto_headers=none, ssl=self._tls) as answer:
                return answer.status, json.loads(await answer.read() or b"{}")
        except aiohttp.ClientError as error:
            return 503, {"message": f"Kafka Connect does not answer: {error}"}
        except ValueError:  # a page of its web server, before its own interface is there
            return 503, {"message": "Kafka Connect is starting"}


async def _until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Ask the worker again and again, as `helpers.waiting` does where nobody else is kept waiting.

    Raises
    ------
    ConnectFailed
        If the time is up.
    """
    limit = time.monotonic() + START_SECONDS
    while not await condition():
        if time.monotonic() > limit:
            raise ConnectFailed(f"Waited {START_SECONDS} s in vain for {what}.")
        await asyncio.sleep(0.2)


def unpack(archive: Path, folder: Path) -> None:
    """Put a plugin's jars into a folder of their own, wherever in the zip they are.

    Raises
    ------
    ConnectFailed
        If the file is no zip, holds no jar, or is too large.
    """
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for name, content in _jars(archive):
        (unfinished / name).write_bytes(content)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


def _jars(archive: Path) -> Iterable[tuple[str, bytes]]:
    check(archive)
    if archive.suffix == ".jar":
        yield archive.name, archive.read_bytes()
        return
    with zipfile.ZipFile(archive) as content:
        for entry in content.infolist():
            if entry.filename.endswith(".jar"):
                yield PurePosixPath(entry.filename).name, content.read(entry)


def check(archive: Path) -> None:
    """Refuse what is no plugin.

    Raises
    ------
    ConnectFailed
        If the file is no archive, is damaged, holds no jar, or is too large.
    """
    if not zipfile.is_zipfile(archive):
        raise ConnectFailed(f"The file is not a {archive.suffix.removeprefix('.')} archive.")
    if archive.suffix == ".jar":
        return
    try:
        with zipfile.ZipFile(archive) as content:
            jars = [entry for entry in content.infolist() if entry.filename.endswith(".jar")]
    except zipfile.BadZipFile as error:
        raise ConnectFailed(f"The zip archive is damaged: {error}.") from error
    if not jars:
        raise ConnectFailed("The zip holds no jar file.")
    if sum(entry.file_size for entry in jars) > LARGEST_PLUGIN:
        raise ConnectFailed(f"The plugin unpacks to more than {LARGEST_PLUGIN // 2**20} MB.")


def cause(trace: str) -> str:
    """Tell the reasons in a Java trace, from the outermost to the innermost, each once."""
    lines = [line.removeprefix("Caused by: ") for line in trace.splitlines() if not line.startswith("\t")]
    reasons: list[str] = []
    for line in lines[1:] or lines:  # the first line only says that the worker gave up
        message = line.split(": ", 1)[-1].strip()
        if message and not any(message in reason for reason in reasons):
            reasons.append(message)
    return " Because: ".join(reasons)
