"""What all routes share: bodies read within limits, answers as JSON, and every failure as a sentence."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from lab.core import browsers
from lab.rest_proxy import formats
from lab.rest_proxy.errors import Problem
from lab.rest_proxy.settings import Limits

log = logging.getLogger(__name__)

BODY_SECONDS = 20
"""How long a client may take to send a body."""


class Doorkeeper:
    """Lets in as many requests, and as many bytes, as the proxy can hold.

    Parameters
    ----------
    limits : Limits
        How many those are.
    """

    def __init__(self, limits: Limits):
        self._limits = limits
        self._requests = 0
        self._bytes = 0

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count a request as long as it is served."""
        if self._requests >= self._limits.request_queue_capacity:
            raise Problem(429, f"Too many requests: {self._requests} are being served. Try again.", retry_after=1)
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    @contextmanager
    def room(self, request: web.Request) -> Iterator[None]:
        """Hold room for a request's body until what it brought is stored."""
        largest = self._limits.request_max_bytes
        size = largest if request.content_length is None else request.content_length
        if size > largest:
            raise too_large(largest)
        if self._bytes and self._bytes + size > self._limits.producer_buffer_memory:
            raise Problem(
                429, f"Too many requests: {self._bytes} bytes wait for the brokers already. Try again.", retry_after=1
            )
        self._bytes += size
        try:
            yield
        finally:
            self._bytes -= size


def too_large(largest: int) -> Problem:
    """Say how large a body may be."""
    return Problem(413, f"The body is larger than {largest} bytes: send fewer records at once.")


async def body_of(request: web.Request) -> bytes:
    """Read a body.

    Raises
    ------
    Problem
        413 if it is too large, 408 if it takes too long, 400 if it cannot be read as HTTP.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise Problem(408, f"The body did not arrive within {BODY_SECONDS} s.") from None
    except web.HTTPRequestEntityTooLarge as error:
        raise too_large(request.client_max_size) from error
    except (HttpProcessingError, web.RequestPayloadError, ConnectionError) as error:
        raise Problem(400, f"Bad Request: the body cannot be read: {error!s:.200}") from error


def answer(content: object, kind: str = formats.V2, status: int = 200) -> web.Response:
    """Answer with JSON."""
    return web.Response(body=json.dumps(content).encode(), status=status, headers={"Content-Type": kind})


def refusal(problem: Problem) -> web.Response:
    """Answer with what is wrong."""
    response = answer(problem.body, status=problem.status)
    if problem.retry_after:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def in_words(doorkeeper: Doorkeeper) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
    """Make the layer around all routes that turns failures into answers."""

    @web.middleware
    async def layer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if words := browsers.refusal(request.method, request.headers):
                raise Problem(403, words)
            with doorkeeper.request():
                return await handler(request)
        except Problem as problem:
            response = refusal(problem)
        except web.HTTPException as error:
            response = refusal(Problem(error.status, f"HTTP {error.status} {error.reason}: see the API's paths."))
            if allowed := error.headers.get("Allow"):
                response.headers["Allow"] = allowed
        except Exception:
            log.exception("%s %r failed", request.method, request.path[:200])
            response = refusal(Problem(500, "Internal Server Error: the proxy's log says more."))
        if not request.content.is_eof():
            response.force_close()  # rather than to read what nobody wants
        return response

    return layer
