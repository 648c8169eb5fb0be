"""The HTTP_PROXY integration: the request goes on to another web server, whose answer comes back as it is."""

import re
from collections.abc import Awaitable, Callable
from urllib.parse import quote

import aiohttp
from yarl import URL

from lab.aws.api_gateway.errors import gateway_error, misconfigured
from lab.aws.api_gateway.requests import Invocation
from lab.aws.protocol import Answer

LONGEST_MILLISECONDS = 29_000
"""API Gateway waits no longer for an integration (default quota)."""

HOP_BY_HOP = {
    "connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-authorization",
    "proxy-authenticate", "host", "content-length", "expect", "date", "server",
}  # fmt: skip

_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")
_VARIABLE = re.compile(r"\{([\w-]+)\}")


Reaches = Callable[[URL], Awaitable[bool]]
"""Tells whether API Gateway reaches a web server: a firewall may stand before it."""


async def answer(invocation: Invocation, http: aiohttp.ClientSession, reaches: Reaches) -> Answer:
    """Pass a request on.

    Parameters
    ----------
    invocation : Invocation
        What to pass on; its method's integration names the server.
    http : ClientSession
        Keeps connections.
    reaches : callable
        Tells whether the server is to be reached.
    """
    integration = invocation.match.method["methodIntegration"]
    mapped = integration.get("requestParameters") or {}
    uri = _STAGE_VARIABLE.sub(lambda found: invocation.stage.variables.get(found[1], found[0]), integration["uri"])
    if missing := _STAGE_VARIABLE.search(uri):
        invocation.log.append(f"Execution failed due to configuration error: the stage has no variable {missing[1]!r}")
        raise misconfigured()
    url = _VARIABLE.sub(lambda found: _path_value(invocation, mapped, found), uri)
    if _VARIABLE.search(url):
        return gateway_error(500, "Internal server error", invocation.id)
    method = integration.get("httpMethod") or "ANY"
    headers = {name: value for name, value in invocation.call.headers.items() if name.lower() not in HOP_BY_HOP}
    headers |= _mapped_headers(invocation, mapped)
    try:
        target = URL(url + (f"?{invocation.call.query}" if invocation.call.query else ""), encoded=True)
        if not await reaches(target):
            raise aiohttp.ClientConnectionError(f"{target.authority} lets nobody in")
        async with http.request(
            invocation.call.method if method == "ANY" else method,
            target, headers=headers, data=invocation.call.body, allow_redirects=False, auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=(integration.get("timeoutInMillis") or LONGEST_MILLISECONDS) / 1000),
        ) as reply:  # fmt: skip
            kept = {name: value for name, value in reply.headers.items() if name.lower() not in HOP_BY_HOP}
            return Answer(reply.status, kept | {"x-amzn-RequestId": invocation.id}, await reply.read())
    except TimeoutError:
        return gateway_error(504, "Endpoint request timed out", invocation.id)
    except (aiohttp.ClientError, ValueError):
        return gateway_error(504, "Network error communicating with endpoint", invocation.id)


def _path_value(invocation: Invocation, mapped: dict[str, str], found: re.Match[str]) -> str:
    expression = mapped.get(f"integration.request.path.{found.group(1)}")
    value = invocation.value(expression) if expression else None
    return found.group() if value is None else quote(value, safe="/:@!$&'()*+,;=~-._")


def _mapped_headers(invocation: Invocation, mapped: dict[str, str]) -> dict[str, str]:
    values = {
        name.removeprefix("integration.request.header."): invocation.value(expression)
        for name, expression in mapped.items()
        if name.startswith("integration.request.header.")
    }
    return {name: value for name, value in values.items() if value is not None}
