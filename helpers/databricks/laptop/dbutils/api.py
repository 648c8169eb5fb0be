"""The workspace's REST API, and what `dbutils` raises when it refuses."""

import contextlib
import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any


class ExecutionError(Exception):
    """The workspace refused; the text is what Java said on the cluster."""


class Api:
    """The workspace's REST API, at ``DATABRICKS_HOST`` with ``DATABRICKS_TOKEN``."""

    def __init__(self, host: str, token: str):
        self._host = host
        self._token = token

    def get(self, path: str, /, **asked: Any) -> dict[str, Any]:
        """Ask for something."""
        return self._answer("GET", f"{path}?{urllib.parse.urlencode(asked)}")

    def post(self, path: str, /, **asked: Any) -> dict[str, Any]:
        """Ask to do something."""
        return self._answer("POST", path, json.dumps(asked).encode())

    def _answer(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self._host + path, body, headers, method=method)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=120) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with contextlib.suppress(ValueError):
                raise ExecutionError(json.load(error)["message"]) from None
            raise
        except OSError as error:
            raise ExecutionError(
                f"The workspace does not answer: {error}. On the laptop, `python -m lab status` tells whether "
                "the cluster runs."
            ) from error
