"""A REST API that answers as a test tells it to, and remembers what it was asked."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DROP = "drop"
"""An answer that never comes."""


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    content_type: str
    body: Any


class FakeApi:
    """Serves on a port of its own.

    Parameters
    ----------
    good : callable
        Makes the right answer from a request's body.
    *script
        What to answer first: an HTTP status (with ``{"message": "words"}``), `DROP`, a body to go with HTTP 200, or a
        status and a body.
    """

    def __init__(self, good: Callable[[Any], Any], *script: Any):
        self.good, self.script, self.requests = good, list(script), []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/prod/"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, asked: Asked) -> tuple[int, Any] | None:
        """The status and the body for a request; None for no answer at all."""
        self.requests.append(asked)
        match self.script.pop(0) if self.script else self.good(asked.body):
            case str():
                return None
            case int(status):
                return status, {"message": "words"}
            case (status, body):
                return status, body
            case body:
                return 200, body


def _handler(api: FakeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            said = api.answer(Asked(self.command, self.path, self.headers["Content-Type"], body))
            if said is None:
                self.close_connection = True
                return
            data = json.dumps(said[1]).encode()
            self.send_response(said[0])
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_PUT = answer

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
