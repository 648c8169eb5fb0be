"""What a page of another site, or a program without a credential, hears at every port on which a lab listens."""

import contextlib
import itertools
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from lab.core import processes

SECONDS = 3
"""How long an answer is waited for: who says nothing to a stranger has refused."""

REFUSALS = (b"400", b"401", b"403")
"""Statuses with which a server turns somebody away; 404 would mean that it has looked."""

UNSIGNED = (b"<Code>NoSuchBucket</Code>", b"<Code>NotImplemented</Code>")
"""As on AWS, S3 tells somebody who has not signed that a bucket is not there, or that it does not know the method."""

REQUESTS = ("GET /", "POST /", "GET /connectors", "POST /connectors/x/restart", "GET /topics", "POST /consumers/x",
            "GET /api/v2/version", "POST /auth/token", "GET /api/2.0/dbfs/list?path=/", "POST /RPC2")  # fmt: skip

FOREIGN = (
    "Host: evil.example",
    "Host: 127.0.0.1.evil.example:{port}",
    "Host: 127.0.0.1:{port}\r\nOrigin: http://evil.example",
    "Host: localhost:{port}\r\nOrigin: null",
    "Host: 127.0.0.1:{port}\r\nSec-Fetch-Site: cross-site",
)


def listening(home: Path) -> dict[int, str]:
    """Every port of a lab: number → command of the process."""
    found = {}
    for process in processes.of_lab(home):
        with contextlib.suppress(psutil.Error):  # it may have ended by now
            for connection in process.net_connections("tcp"):
                if connection.status == psutil.CONN_LISTEN:
                    found[connection.laddr.port] = " ".join(process.cmdline())[-80:]
    return found


def unguarded(ports: dict[int, str]) -> list[str]:
    """Say where a stranger was answered, and with what."""
    with ThreadPoolExecutor(32) as pool:
        ways = list(itertools.product(ports, (False, True)))
        speaking = [way for way, said in zip(ways, pool.map(lambda way: _says(*way), ways), strict=True) if said]
        calls = list(itertools.product(speaking, REQUESTS, FOREIGN))
        answers = list(pool.map(lambda call: _says(*call[0], *call[1:]), calls))
    return [
        f"{port} ({ports[port]}): {request}, {headers!r}: {answer.splitlines()[0].decode()}"
        for ((port, _), request, headers), answer in zip(calls, answers, strict=True)
        if answer and not _is_refusal(answer)
    ]


def _is_refusal(answer: bytes) -> bool:
    return answer.split()[1] in REFUSALS or any(words in answer for words in UNSIGNED)


def _says(port: int, tls: bool, request: str = "GET /", headers: str = "Host: 127.0.0.1:{port}") -> bytes | None:
    """What a web server answers; None if there is none, or if it says nothing."""
    text = f"{request} HTTP/1.1\r\n{headers.format(port=port)}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    try:
        with _connection(port, tls) as connection:
            connection.sendall(text.encode())
            answer = b"".join(iter(lambda: connection.recv(2000), b""))
    except OSError:  # closed, silent, or no TLS
        return None
    return answer if answer.startswith(b"HTTP/1") else None


@contextlib.contextmanager
def _connection(port: int, tls: bool) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as plain:
        if not tls:
            yield plain
            return
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(plain) as wrapped:
            yield wrapped
