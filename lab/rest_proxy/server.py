"""Start the proxy, keep it running until a signal, stop it without losing what it has accepted."""

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable

from aiohttp import web

from lab.core import machine_services
from lab.rest_proxy.brokers import Brokers
from lab.rest_proxy.cluster import Cluster
from lab.rest_proxy.consumer_routes import ConsumerRoutes
from lab.rest_proxy.consumers import Consumers
from lab.rest_proxy.errors import StartError
from lab.rest_proxy.producing import Sender
from lab.rest_proxy.routes import Topics
from lab.rest_proxy.settings import HOST, Settings
from lab.rest_proxy.sign_in import Tokens
from lab.rest_proxy.web import Doorkeeper, in_words

log = logging.getLogger(__name__)

FIRST_SECONDS = 8
"""How long to wait for the brokers before listening without them."""

STOP_SECONDS = 10
"""How long requests may take to end when the proxy stops, and how long their records."""


async def serve(settings: Settings) -> None:
    """Run the proxy until a signal asks it to stop.

    Raises
    ------
    StartError
        If the credentials or the brokers' answers show that it cannot work, or the port is taken.
    """
    tokens = Tokens(settings.login, settings.region)
    tokens.token()  # says at once what is wrong with the credentials
    brokers = Brokers(settings, tokens)
    log.info("Brokers: %s. Signing in with %s.", brokers.servers, tokens.whose())
    cluster, sender = await asyncio.gather(  # each waits a second for its first token
        asyncio.to_thread(Cluster, brokers), asyncio.to_thread(Sender, brokers, settings.limits)
    )
    await Proxy(settings, brokers, cluster, sender).run()


class Proxy:
    """All parts of a running proxy.

    Parameters
    ----------
    settings : Settings
        What to run with.
    brokers, cluster, sender
        The way to the brokers, what they hold, and what hands them records.
    """

    def __init__(self, settings: Settings, brokers: Brokers, cluster: Cluster, sender: Sender):
        self._settings = settings
        self.brokers = brokers
        self.cluster = cluster
        self.sender = sender
        self.consumers = Consumers(brokers, settings.limits)
        self.doorkeeper = Doorkeeper(settings.limits)
        self._stopping = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="reports", daemon=True)

    def _poll(self) -> None:
        """Take the reports of the Kafka clients, in a thread of its own."""
        while not self._stopping.is_set():
            try:
                self.sender.poll(0.2)
                self.cluster.poll()
            except Exception:  # without this thread no request would ever be answered
                log.exception("A report of a Kafka client could not be taken")

    async def run(self) -> None:
        """Serve until a signal asks to stop.

        Raises
        ------
        StartError
            If the brokers cannot be reached, and waiting will not help; or if the port is taken.
        """
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        self._poller.start()
        tasks = [asyncio.create_task(self._close_idle())]
        try:
            reached = await self._first_contact()
            async with self._listening():
                tasks.append(asyncio.create_task(self._announce(reached)))
                with machine_services.recorded(os.environ):
                    await stop.wait()
                log.info("Stopping: no new requests are taken.")
        finally:
            for task in tasks:
                task.cancel()
            await self._close()

    async def _first_contact(self) -> bool:
        end = asyncio.get_running_loop().time() + FIRST_SECONDS
        while asyncio.get_running_loop().time() < end:
            if await asyncio.to_thread(self.cluster.reach, 1):
                return True
            if (trouble := self.brokers.trouble) and trouble.lasting:
                raise StartError(trouble.words)
        return False

    async def _announce(self, reached: bool) -> None:
        """Say that the proxy is ready, once it has reached the brokers."""
        address = f"http://{HOST}:{self._settings.port}"
        if not reached:
            log.warning("Listening at %s without brokers, and trying on.", address)
        while not reached:
            await asyncio.sleep(1)
            reached = await asyncio.to_thread(self.cluster.reach, 2)
        log.info("Server started, listening for requests at %s", address)

    async def _close_idle(self) -> None:
        while True:
            await asyncio.sleep(min(1, self._settings.limits.consumer_instance_timeout_ms / 1000))
            await self.consumers.close_idle()

    @contextlib.asynccontextmanager
    async def _listening(self):
        limits = self._settings.limits
        runner = web.AppRunner(
            application(self, self._settings), access_log=None, keepalive_timeout=limits.idle_timeout_ms / 1000,
            shutdown_timeout=STOP_SECONDS, logger=_quiet(), lingering_time=2,
        )  # fmt: skip
        await runner.setup()
        server = await self._listen(_bounded(runner.server, limits.connector_connection_limit))
        try:
            yield
        finally:
            server.close()
            await runner.cleanup()

    async def _listen(self, protocol: Callable[[], asyncio.Protocol]) -> asyncio.Server:
        port = self._settings.port
        try:
            return await asyncio.get_running_loop().create_server(protocol, HOST, port, family=socket.AF_INET)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise StartError(f"The proxy cannot listen on port {port}: {error.strerror}.") from error
            raise StartError(
                f"Port {port} is in use. Is a proxy running already? Stop it, or give another port as listeners."
            ) from error

    async def _close(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self.consumers.close_all()
        lost = await asyncio.to_thread(self.sender.flush, STOP_SECONDS)
        if lost:
            log.error("%d records were not acknowledged; their clients have not been told that they were.", lost)
        self._stopping.set()
        self.cluster.close()


def application(proxy: Proxy, settings: Settings) -> web.Application:
    """Put the routes together."""
    limits = settings.limits
    app = web.Application(middlewares=[in_words(proxy.doorkeeper)], client_max_size=limits.request_max_bytes)
    seconds = limits.producer_delivery_timeout_ms / 1000
    app.add_routes(Topics(proxy.cluster, proxy.sender, proxy.brokers, proxy.doorkeeper, seconds).routes())
    app.add_routes(ConsumerRoutes(proxy.consumers, proxy.brokers, proxy.cluster, proxy.doorkeeper, settings).routes())
    return app


class _Full(asyncio.Protocol):
    """Sends a connection away that is one too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        body = b'{"error_code": 503, "message": "Too many connections: close some, or keep one and reuse it."}'
        transport.write(
            b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/vnd.kafka.v2+json\r\n"
            b"Retry-After: 1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        transport.close()


def _bounded(server: web.Server, most: int) -> Callable[[], asyncio.Protocol]:
    return lambda: server() if len(server.connections) < most else _Full()


def _quiet() -> logging.Logger:
    """Make a logger that leaves out what is no news: that somebody sent something that is not HTTP."""
    logger = logging.getLogger("aiohttp.server")
    logger.setLevel(logging.CRITICAL)
    return logger
