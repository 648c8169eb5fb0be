"""What integrations see of a request: its parameters by place, its body, its context."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from lab.aws.api_gateway.routing import Match
from lab.aws.api_gateway.stages import Stage
from lab.aws.protocol import Call
from lab.core.iam_file import ACCOUNT


@dataclass(frozen=True)
class Invocation:
    """One call of a deployed API.

    Attributes
    ----------
    call : Call
        As it came.
    stage : Stage
        What was called.
    match : Match
        The method that answers.
    id : str
        Request id.
    came : datetime
        When.
    log : list of str
        What happened, in the words of API Gateway's execution logs; `TestInvokeMethod` shows it.
    """

    call: Call
    stage: Stage
    match: Match
    id: str = field(default_factory=lambda: str(uuid4()))
    came: datetime = field(default_factory=lambda: datetime.now(UTC))
    log: list[str] = field(default_factory=list)

    @property
    def integration(self) -> Mapping[str, Any]:
        """What answers the method, in API Gateway's own form."""
        return self.match.method.get("methodIntegration") or {}

    @property
    def body(self) -> str:
        """The request's body as text."""
        return self.call.body.decode(errors="replace")

    @property
    def parameters(self) -> dict[str, Mapping[str, str]]:
        """What ``$input.params()`` holds."""
        return {"path": self.match.path_parameters, "querystring": self.query, "header": dict(self.call.headers)}

    @property
    def query(self) -> Mapping[str, str]:
        """Parameters of the query string; of several values of one name the last."""
        return dict(parse_qsl(self.call.query, keep_blank_values=True))

    def value(self, expression: str) -> str | None:
        """Evaluate a mapping expression such as ``method.request.path.proxy`` or ``'a literal'``."""
        if expression.startswith("'") and expression.endswith("'"):
            return expression[1:-1]
        source, _, rest = expression.partition(".request.")
        place, _, name = rest.partition(".")
        if source not in ("method", "integration"):
            kind, _, name = expression.partition(".")
            if kind == "context":
                return self._of_context(name)
            return self.stage.variables.get(name) if kind == "stageVariables" else None
        if place == "header":
            return self.call.headers.get(name)
        return {"path": self.match.path_parameters, "querystring": self.query}.get(place, {}).get(name)

    def _of_context(self, name: str) -> str | None:
        value: Any = self.context
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return None if value is None else str(value)

    @property
    def context(self) -> dict[str, Any]:
        """What ``$context`` holds."""
        return {
            "requestId": self.id,
            "extendedRequestId": self.id,
            "accountId": ACCOUNT,
            "apiId": self.stage.api,
            "stage": self.stage.name,
            "httpMethod": self.call.method,
            "path": self.call.path,
            "protocol": "HTTP/1.1",
            "resourcePath": self.match.resource_path,
            "requestTimeEpoch": int(self.came.timestamp() * 1000),
            "requestTime": self.came.strftime("%d/%b/%Y:%H:%M:%S %z"),
            "identity": {"sourceIp": "127.0.0.1", "userAgent": self.call.headers.get("User-Agent", "")},
        }
