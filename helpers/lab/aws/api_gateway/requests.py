"""What integrations see of a request: its parameters by place, its body, its context."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl
from uuid import uuid4

from helpers.lab.aws.api_gateway.deployments import Stage
from helpers.lab.aws.api_gateway.routing import Match
from helpers.lab.aws.protocol import Call


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
    """

    call: Call
    stage: Stage
    match: Match
    id: str = field(default_factory=lambda: str(uuid4()))

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
            places: Mapping[str, Mapping[str, str]] = {
                "stageVariables": self.stage.variables, "context": self.context
            }  # fmt: skip
            return places.get(kind, {}).get(name)
        if place == "header":
            return self.call.headers.get(name)
        return {"path": self.match.path_parameters, "querystring": self.query}.get(place, {}).get(name)

    @property
    def context(self) -> Mapping[str, str]:
        """What ``$context`` holds."""
        return {
            "requestId": self.id,
            "apiId": self.stage.api,
            "stage": self.stage.name,
            "httpMethod": self.call.method,
            "resourcePath": self.match.resource_path,
        }
