"""The rules, in the order in which a call meets them; all of them speak on moto's thread."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab.aws.protocol import Answer
from lab.aws.strict import behalf, connectors, console, environments, names, spreading, states, throttling
from lab.aws.strict.rule import Asked, Rule

Buckets = Callable[[], Mapping[str, Mapping[str, Any]]]


def all_rules(buckets: Buckets = dict) -> tuple[Rule, ...]:
    """Make every rule anew, as an endpoint begins with them.

    Parameters
    ----------
    buckets : callable
        Gives the settings of each bucket, as `lab.aws.s3.bucket_settings` keeps them.
    """
    return (
        throttling.rule(), behalf.rule(), *names.rules(), spreading.rule(), *connectors.rules(),
        environments.rule(buckets), states.rule(), console.rule(),
    )  # fmt: skip


def hold(rules: Sequence[Rule], asked: Asked) -> Answer | None:
    """Let the rules hear of a call, until one refuses or answers it."""
    for rule in rules:
        if (answer := rule.hold(asked)) is not None:
            return answer
    return None


def retell(rules: Sequence[Rule], asked: Asked, answer: Answer) -> Answer:
    """Let the rules hear of an answer, each of what the one before made of it."""
    for rule in rules:
        if rule.retell:
            answer = rule.retell(asked, answer)
    return answer
