"""What an exercise consists of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Result = Mapping[Any, Any]
"""What an answer gives: case → value, as in ``{"8.2M": 8200000}`` or ``{2018: ("education", 203)}``."""


class NotAttempted(Exception):
    """The gap is still there."""


@dataclass(frozen=True)
class Twin:
    """A typical wrong answer.

    Attributes
    ----------
    answer : callable
        A function like the solution.
    sentence : str
        Which mistake makes exactly this, and what to try.
    """

    answer: Callable[..., Any]
    sentence: str


@dataclass(frozen=True)
class Exercise:
    """A gap in a notebook, and how an answer is judged.

    Attributes
    ----------
    solution : callable
        The function that is asked for: its name, its parameters and its source are what the learner has to write.
    evaluate : callable
        Takes an answer and what else `check` was given; returns a `Result`.
    twins : tuple of Twin
        Tried in this order.
    hints : tuple of str
        One a step; the last one nearly gives it away.
    more : str
        One more thing to think about, for those who were right.
    """

    solution: Callable[..., Any]
    evaluate: Callable[..., Result]
    twins: tuple[Twin, ...]
    hints: tuple[str, ...]
    more: str


def given(value: Any) -> Any:
    """Hand on what an answer gave.

    Raises
    ------
    NotAttempted
        If it gave nothing: a function whose body is still ``...`` returns None.
    """
    if value is None or value is ...:
        raise NotAttempted
    return value
