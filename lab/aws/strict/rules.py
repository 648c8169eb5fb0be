"""The rules, in the order in which a call meets them."""

import time
from collections.abc import Sequence

from lab.aws.identity.principals import Directory
from lab.aws.protocol import Answer, Operation
from lab.aws.strict import connectors, console, names, spreading
from lab.aws.strict.rule import Asked, Rule


def all_rules() -> tuple[Rule, ...]:
    """Make every rule anew, as an endpoint begins with them."""
    return (*names.rules(), spreading.rule(), connectors.rule(), console.rule())


def hold(rules: Sequence[Rule], operation: Operation, known: Directory) -> Answer | None:
    """Let the rules hear of a call, until one refuses or answers it."""
    asked = Asked(operation, known, time.monotonic())
    for rule in rules:
        if (answer := rule.hold(asked)) is not None:
            return answer
    return None
