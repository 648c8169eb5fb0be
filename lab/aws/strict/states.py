"""What is new stays CREATING for a while: minutes on AWS, seconds here, on a clock that goes fast."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lab.aws.errors import AwsError
from lab.aws.protocol import Answer
from lab.aws.strict.rule import Asked, Rule

CREATING = "CREATING"


@dataclass(frozen=True)
class Slow:
    """A kind of thing that takes its time.

    Attributes
    ----------
    service, create : str
        Whose it is, and what makes it.
    key : str
        Member by which later calls name it; the answer to `create` has it, or the call.
    state : str
        Member of an answer that holds its state.
    seconds : float
        How long it stays CREATING here.
    too_early : tuple of str
        Operations that are refused meanwhile.
    code, status : str and int
        With which they are.
    """

    service: str
    create: str
    key: str
    state: str
    seconds: float
    too_early: tuple[str, ...]
    code: str
    status: int


SLOW = (
    Slow(
        "kafkaconnect", "CreateConnector", "connectorArn", "connectorState", 8,
        ("UpdateConnector", "DeleteConnector", "PauseConnector", "RestartConnector"), "ConflictException", 409,
    ),
    Slow(
        "kafkaconnect", "CreateCustomPlugin", "customPluginArn", "customPluginState", 4,
        ("DeleteCustomPlugin",), "ConflictException", 409,
    ),
    Slow(
        "airflow", "CreateEnvironment", "Name", "Status", 10,
        ("UpdateEnvironment", "DeleteEnvironment", "InvokeRestApi", "CreateWebLoginToken"),
        "ValidationException", 400,
    ),
)  # fmt: skip
"""Five to ten minutes, one, and twenty to thirty on AWS. Streams of Kinesis take their time in any lab."""


class States:
    """Remembers what is new, and until when."""

    def __init__(self) -> None:
        self._new_until: dict[str, float] = {}

    def hold(self, asked: Asked) -> None:
        """Refuse what may not be done yet with a new thing.

        Raises
        ------
        AwsError
            Saying that it is CREATING.
        """
        for slow in SLOW:
            if asked.is_call(slow.service, *slow.too_early):
                name = asked.operation.parameters()[slow.key]
                if self._is_new(name, asked.now):
                    raise AwsError(slow.code, f"{name} is {CREATING}: wait for that to end.", slow.status)
        self._check_plugins(asked)

    def _check_plugins(self, asked: Asked) -> None:
        if asked.is_call("kafkaconnect", "CreateConnector"):
            for plugin in asked.operation.parameters()["plugins"]:
                if self._is_new(arn := plugin["customPlugin"]["customPluginArn"], asked.now):
                    raise AwsError("BadRequestException", f"The custom plugin {arn} is not ACTIVE.")

    def retell(self, asked: Asked, answer: Answer) -> Answer:
        """Note what was made, and tell of new things that they are CREATING."""
        own = [slow for slow in SLOW if slow.service == asked.operation.service]
        if not own or answer.status >= 400 or not isinstance(answer.body, bytes) or not answer.body:
            return answer
        told = json.loads(answer.body)
        for slow in own:
            if asked.is_call(slow.service, slow.create):
                name = told.get(slow.key) or asked.operation.parameters()[slow.key]
                self._new_until[name] = asked.now + slow.seconds
            for thing in _things(told):
                if slow.state in thing and self._is_new(thing.get(slow.key, ""), asked.now):
                    thing[slow.state] = CREATING
                    thing.pop("stateDescription", None)
        return Answer(answer.status, answer.headers, json.dumps(told).encode())

    def _is_new(self, name: str, now: float) -> bool:
        return now < self._new_until.get(name, now)


def _things(told: Any) -> Iterator[dict[str, Any]]:
    """Find every object in an answer."""
    if isinstance(told, dict):
        yield told
    for value in told.values() if isinstance(told, dict) else told if isinstance(told, list) else ():
        yield from _things(value)


def rule() -> Rule:
    """Make the rule, with nothing new yet."""
    source = (
        'Amazon MSK Developer Guide, "Create a connector": state Creating, then Running; Amazon MWAA User Guide, '
        '"Create an Amazon MWAA environment": 20 to 30 minutes'
    )
    kept = States()
    return Rule("new things are CREATING for a while", source, kept.hold, kept.retell)
