"""What a rule is: one way in which AWS differs, with its source."""

from collections.abc import Callable
from dataclasses import dataclass

from lab.aws.identity.principals import Directory, Key
from lab.aws.protocol import Answer, Operation


@dataclass(frozen=True)
class Asked:
    """A call that is allowed and about to be done.

    Attributes
    ----------
    operation : Operation
        What is asked for.
    known : Directory
        Whom IAM knows.
    now : float
        Seconds of a clock that only goes forward.
    caller : Key
        Who calls.
    by_service : bool
        Whether a service of AWS's calls on somebody's behalf, and no program over the wire.
    """

    operation: Operation
    known: Directory
    now: float
    caller: Key
    by_service: bool = False

    def is_call(self, service: str, *names: str) -> bool:
        """Tell whether it is one of some operations."""
        return self.operation.service == service and self.operation.name in names


@dataclass(frozen=True)
class Rule:
    """One way in which AWS differs.

    Attributes
    ----------
    name : str
        In the words of a list.
    source : str
        Where it is written that AWS does so.
    hold : callable
        Hears of every call; refuses by an `AwsError`, answers in the service's place, or lets it pass by None.
    retell : callable, optional
        Hears of every answer, and may tell another.
    """

    name: str
    source: str
    hold: Callable[[Asked], Answer | None]
    retell: Callable[[Asked, Answer], Answer] | None = None
