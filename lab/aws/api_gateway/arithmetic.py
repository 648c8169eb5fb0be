"""Velocity's operators, on values as Java has them.

Source: the answers of Apache Velocity 1.7 and 2.4.1, which agree in all that is here.
"""

import math
import operator
from collections.abc import Callable
from typing import Any

from lab.aws.api_gateway import java

Operator = Callable[[Any, Any], Any]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _of_numbers(title: str, work: Operator) -> Operator:
    """Make an operator of numbers: with nothing beside it, or a division by nought, it gives nothing."""

    def calculate(one: Any, other: Any) -> Any:
        if one is None or other is None:
            return None
        if not (_is_number(one) and _is_number(other)):
            raise ValueError(f"The lab's templates have no {title} for {java.text(one)!r} and {java.text(other)!r}.")
        try:
            return work(one, other)
        except ZeroDivisionError:
            return None

    return calculate


def add(one: Any, other: Any) -> Any:
    """Add numbers, or join text with whatever stands beside it."""
    if one is None or other is None:
        return None
    if _is_number(one) and _is_number(other):
        return one + other
    return java.text(one) + java.text(other)


def _divide(one: Any, other: Any) -> Any:
    """Divide; the quotient of whole numbers is cut, not rounded down."""
    if isinstance(one, float) or isinstance(other, float):
        return one / other
    quotient = abs(one) // abs(other)
    return quotient if (one < 0) == (other < 0) else -quotient


def _remainder(one: Any, other: Any) -> Any:
    """Give the remainder, which has the sign of what is divided."""
    whole = isinstance(one, int) and isinstance(other, int)
    return one - other * _divide(one, other) if whole else math.fmod(one, other)


def equal(one: Any, other: Any) -> bool:
    """Compare numbers by value, and things of two kinds by what they print."""
    if one is None or other is None:
        return one is other
    if (_is_number(one) and _is_number(other)) or java.kind(one) == java.kind(other):
        return one == other
    return java.text(one) == java.text(other)


def _ordered(work: Operator) -> Operator:
    """Make a comparison, which is false of all but numbers."""

    def compare(one: Any, other: Any) -> bool:
        return _is_number(one) and _is_number(other) and work(one, other)

    return compare


OPERATORS: dict[str, Operator] = {
    "+": add,
    "-": _of_numbers("-", operator.sub),
    "*": _of_numbers("*", operator.mul),
    "/": _of_numbers("/", _divide),
    "%": _of_numbers("%", _remainder),
    **dict.fromkeys(("==", "eq"), equal),
    **dict.fromkeys(("!=", "ne"), lambda one, other: not equal(one, other)),
    **dict.fromkeys((">", "gt"), _ordered(operator.gt)),
    **dict.fromkeys((">=", "ge"), _ordered(operator.ge)),
    **dict.fromkeys(("<", "lt"), _ordered(operator.lt)),
    **dict.fromkeys(("<=", "le"), _ordered(operator.le)),
}
"""By the signs and words that templates write."""
