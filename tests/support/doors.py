"""The doors of a lab through which bodies come in, and a way to send them whatever bytes a test likes."""

import contextlib
import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from signed import call, signed

from lab.aws.identity.principals import Key

SECONDS = 10
"""How long an answer may take."""

Headers = dict[str, str]


@dataclass(frozen=True)
class Answer:
    """What a door said: status 0 stands for a connection that was closed without a word."""

    status: int
    body: str

    @property
    def is_clear(self) -> bool:
        """Tell whether it takes what came, or refuses it in a sentence."""
        return self.status < 400 or (self.status < 500 and " " in self.body and "Traceback" not in self.body)


@dataclass(frozen=True)
class Door:
    """Something that takes bodies.

    Attributes
    ----------
    port : int
        Where it listens on loopback.
    method, path : str
        A call that takes a body.
    good : str
        A body for it that changes nothing that another test minds.
    headers : dict
        What a client says beside the body.
    sign : callable, optional
        Adds a signature to the headers of a call.
    tls : ssl.SSLContext, optional
        For a door that asks for a certificate.
    """

    port: int
    method: str
    path: str
    good: str
    headers: Headers
    sign: Callable[[str, str, bytes, Headers], Headers] | None = None
    tls: ssl.SSLContext | None = None

    def ask(self, body: bytes, said: int | None = None, /, **more: str) -> Answer:
        """Send a body and hear the answer.

        Parameters
        ----------
        body : bytes
            As it goes over the wire; then no more is sent.
        said : int, optional
            Length that is announced; by default the right one.
        **more : str
            Further headers.
        """
        headers = {"Host": f"127.0.0.1:{self.port}", **self.headers, **_names(more)}
        if self.sign:
            headers = self.sign(self.method, self.path, body, headers)
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        lines += [f"Content-Length: {len(body) if said is None else said}", "Connection: close", "", ""]
        with self._connection() as connection:
            with contextlib.suppress(OSError):  # it may refuse by the head, and hang up
                connection.sendall("\r\n".join(lines).encode() + body)
                if said is not None:
                    connection.shutdown(socket.SHUT_WR)
            return _read(connection)

    def ask_well(self) -> Answer:
        """Send the good body."""
        return self.ask(self.good.encode())

    @contextlib.contextmanager
    def _connection(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS) as plain:
            if self.tls is None:
                yield plain
            else:
                with self.tls.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped:
                    yield wrapped


def _names(more: Mapping[str, str]) -> Headers:
    return {name.replace("_", "-"): value for name, value in more.items()}


def _read(connection: socket.socket) -> Answer:
    found = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while piece := connection.recv(65536):
            found += piece
    head, _, body = found.partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1] if head.startswith(b"HTTP/") else b"0"
    return Answer(int(status), body.decode(errors="replace"))


def signing(service: str, key: Key) -> Callable[[str, str, bytes, Headers], Headers]:
    """Sign as AWS's clients do."""

    def sign(method: str, path: str, body: bytes, headers: Headers) -> Headers:
        unsigned = call(method, path, body, headers)
        return dict(signed(service, unsigned, key, at=datetime.now(UTC).replace(microsecond=0)).headers)

    return sign


def bodies(good: str) -> dict[str, bytes]:
    """Spoil a body in the ways that clients do."""
    names = json.loads(good) if good.startswith("{") else {}
    first = next(iter(names), "x")
    return {
        "nothing": b"",
        "no JSON": b"hello, {",
        "half of it": good.encode()[: len(good) // 2],
        "twice": good.encode() * 2,
        "a list": b"[]",
        "null": b"null",
        "a number": b"7",
        "text": b'"text"',
        "NaN": b'{"%s": NaN}' % first.encode(),
        "deep": b'{"a":' * 100_000,
        "UTF-16": good.encode("utf-16"),
        "UTF-32": good.encode("utf-32"),
        "latin-1": '{"é": "è"}'.encode("latin-1"),
        "byte order mark": b"\xef\xbb\xbf" + good.encode(),
        "zero bytes": b"\0" * 100,
        "half of a character": b'{"%s": "\\ud800"}' % first.encode(),
        "wrong case": json.dumps({name.swapcase(): value for name, value in names.items()}).encode(),
        "blanks around names": json.dumps({f" {name} ": value for name, value in names.items()}).encode(),
        "names alone": json.dumps(dict.fromkeys(names)).encode(),
        "other kinds": json.dumps({name: [{"a": 1}] for name in names}).encode(),
        "blank values": json.dumps(dict.fromkeys(names, "  ")).encode(),
        "long values": json.dumps(dict.fromkeys(names, "x" * 1_000_000)).encode(),
        "a form": b"a=b&c=%zz&&=",
        "XML": b"<a><b/></a>",
    }


def timed(work: Callable[[], Answer]) -> tuple[Answer, float]:
    """Measure how long an answer takes."""
    began = time.monotonic()
    return work(), time.monotonic() - began
