"""What an exercise consists of."""

import dis
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Result = Mapping[Any, Any]
"""What an answer gives: case → value, as in ``{"8.2M": 8200000}`` or ``{2018: ("education", 203)}``."""


class NotAttempted(Exception):
    """The gap is still there."""


class SystemAway(Exception):
    """The system that judges does not answer; the text says which. It tells nothing about the answer."""


@dataclass(frozen=True)
class Twin:
    """A typical wrong answer.

    Attributes
    ----------
    answer : callable or str
        A function like the solution; its body as text, where a file is what is asked for.
    sentence : str
        Which mistake makes exactly this, and what to try.
    gives : mapping, optional
        What tells this mistake, where the exercise states what is `wanted`: these cases of the result, whatever the
        others are. Then the twin's answer is tried by the tests only.
    """

    answer: Callable[..., Any] | str
    sentence: str
    gives: Result | None = None


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
    wanted : mapping, optional
        What a right answer gives, where trying one takes the time of a running system: the learner's answer alone is
        tried then. A result may hold further cases, which tell mistakes apart.
    """

    solution: Callable[..., Any]
    evaluate: Callable[..., Result]
    twins: tuple[Twin, ...]
    hints: tuple[str, ...]
    more: str
    wanted: Result | None = None


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


def stopped_or(call: Callable[[], Any]) -> Any:
    """Call for one case of a result; what an answer raises there is its value, so that errors are told apart."""
    try:
        return call()
    except NotAttempted:
        raise
    except Exception as error:  # whatever code that somebody is learning to write may raise
        return f"stops with {type(error).__name__}: {error}"


def whole(kind: str) -> str:
    """Name a column's type, whole numbers alike: `bigint` is as good an answer as `int`."""
    return "int" if kind == "bigint" else kind


_NOTHING = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}
"""Steps of a function whose body is ``...``."""


def attempt(answer: Callable[..., Any]) -> None:
    """Look whether there is anything in a function that gives nothing back.

    Raises
    ------
    NotAttempted
        If its body is still ``...``.
    """
    if not does_something(answer):
        raise NotAttempted


def does_something(answer: Any) -> bool:
    """Tell whether a function does more than give a constant back, without calling it."""
    code = getattr(answer, "__code__", None)
    return code is None or any(step.opname not in _NOTHING for step in dis.get_instructions(code))


def is_gap(answer: Any) -> bool:
    """Tell whether a function does nothing and gives nothing back, without calling it."""
    return not does_something(answer) and all(
        step.argval is None for step in dis.get_instructions(answer) if step.opname in ("LOAD_CONST", "RETURN_CONST")
    )
